//! The numbers of a beat under the names that scripts rely on, units in the names.

use crate::model::{Interface, Safe, SignIns, Snapshot};
use serde::Serialize;

/// Numbers of one beat; the record's line leaves out those that its entries have already.
#[derive(Debug, Serialize)]
pub(super) struct Metrics<'a> {
    #[serde(flatten)]
    charted: Charted,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    rest: Option<Rest<'a>>,
}

/// What charts draw and no entry has.
#[derive(Debug, Serialize)]
struct Charted {
    cpu_used_pct: Option<f64>,
    swap_used_pct: Option<f64>,
    net_rx_bytes_per_s: Option<f64>,
    net_tx_bytes_per_s: Option<f64>,
    disk_used_pct: Option<f64>,
    processes: Option<u64>,
    failed_login_sources_24h: Option<u64>,
    self_cpu_pct: Option<f64>,
    self_rss_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Rest<'a> {
    cpu_load_1m: Option<f64>,
    cpu_load_5m: Option<f64>,
    cpu_load_15m: Option<f64>,
    cpu_cores: Option<u32>,
    cpu_system_pct: Option<f64>,
    cpu_iowait_pct: Option<f64>,
    cpu_steal_pct: Option<f64>,
    pressure_cpu_some_avg10_pct: Option<f64>,
    pressure_memory_some_avg10_pct: Option<f64>,
    pressure_io_some_avg10_pct: Option<f64>,
    uptime_s: Option<f64>,
    memory_total_bytes: Option<u64>,
    memory_used_bytes: Option<u64>,
    memory_available_bytes: Option<u64>,
    memory_used_pct: Option<f64>,
    swap_total_bytes: Option<u64>,
    swap_used_bytes: Option<u64>,
    disk: Option<Vec<Disk<'a>>>,
    interfaces: Option<&'a [Interface]>,
    temperatures: Option<Vec<Temperature<'a>>>,
    listening_sockets: Option<u64>,
    established_connections: Option<u64>,
    failed_logins_24h: Option<u64>,
    accepted_logins_24h: Option<u64>,
    sudo_24h: Option<u64>,
    sudo_denied_24h: Option<u64>,
    self_io_calls: Option<u64>,
    self_beat_ms: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Disk<'a> {
    mount: &'a Safe,
    file_system: &'a Safe,
    total_bytes: u64,
    used_bytes: u64,
    used_pct: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Temperature<'a> {
    label: &'a Safe,
    celsius: Option<f64>,
    critical_celsius: Option<f64>,
}

impl<'a> Metrics<'a> {
    pub(super) fn for_line(snapshot: &Snapshot) -> Self {
        let system = &snapshot.readings.system;
        let own = &snapshot.readings.own;
        let fullest = system.disks.as_ref().and_then(|disks| {
            disks.iter().map(|disk| disk.used_pct).filter(|pct| pct.is_finite()).max_by(f64::total_cmp)
        });
        Self {
            charted: Charted {
                cpu_used_pct: system.cpu.as_ref().and_then(|cpu| optional(cpu.used_pct, 1)),
                swap_used_pct: system.swap.and_then(|swap| optional(swap.used_pct, 1)),
                net_rx_bytes_per_s: traffic(snapshot, |interface| interface.rx_bytes_per_s),
                net_tx_bytes_per_s: traffic(snapshot, |interface| interface.tx_bytes_per_s),
                disk_used_pct: optional(fullest, 1),
                processes: snapshot.readings.processes.as_ref().map(|list| list.len() as u64),
                failed_login_sources_24h: counted(snapshot).map(|seen| seen.failed_sources_24h),
                self_cpu_pct: optional(own.cpu_pct, 2),
                self_rss_bytes: own.rss_bytes,
            },
            rest: None,
        }
    }

    pub(super) fn all(snapshot: &'a Snapshot) -> Self {
        let system = &snapshot.readings.system;
        let sockets = snapshot.readings.sockets.as_deref();
        let signs = counted(snapshot);
        let cpu = system.cpu.as_ref();
        let pressure = system.pressure.unwrap_or_default();
        let memory = system.memory.as_ref();
        let rest = Rest {
            cpu_load_1m: system.load.and_then(|load| finite(load.one_min, 2)),
            cpu_load_5m: system.load.and_then(|load| finite(load.five_min, 2)),
            cpu_load_15m: system.load.and_then(|load| finite(load.fifteen_min, 2)),
            cpu_cores: cpu.map(|cpu| cpu.cores),
            cpu_system_pct: cpu.and_then(|cpu| optional(cpu.system_pct, 1)),
            cpu_iowait_pct: cpu.and_then(|cpu| optional(cpu.iowait_pct, 1)),
            cpu_steal_pct: cpu.and_then(|cpu| optional(cpu.steal_pct, 1)),
            pressure_cpu_some_avg10_pct: pressure.cpu.and_then(|line| finite(line.some_avg10_pct, 2)),
            pressure_memory_some_avg10_pct: pressure.memory.and_then(|line| finite(line.some_avg10_pct, 2)),
            pressure_io_some_avg10_pct: pressure.io.and_then(|line| finite(line.some_avg10_pct, 2)),
            uptime_s: optional(system.uptime_s, 2),
            memory_total_bytes: memory.map(|memory| memory.total_bytes),
            memory_used_bytes: memory.map(|memory| memory.used_bytes),
            memory_available_bytes: memory.map(|memory| memory.available_bytes),
            memory_used_pct: memory.and_then(|memory| finite(memory.used_pct, 1)),
            swap_total_bytes: system.swap.map(|swap| swap.total_bytes),
            swap_used_bytes: system.swap.map(|swap| swap.used_bytes),
            disk: system.disks.as_ref().map(|disks| {
                disks
                    .iter()
                    .map(|disk| Disk {
                        mount: &disk.mount,
                        file_system: &disk.file_system,
                        total_bytes: disk.total_bytes,
                        used_bytes: disk.used_bytes,
                        used_pct: finite(disk.used_pct, 1),
                    })
                    .collect()
            }),
            interfaces: system.interfaces.as_deref(),
            temperatures: system.temperatures.as_ref().map(|list| {
                list.iter()
                    .map(|one| Temperature {
                        label: &one.label,
                        celsius: finite(one.celsius, 1),
                        critical_celsius: optional(one.critical_celsius, 1),
                    })
                    .collect()
            }),
            listening_sockets: sockets.map(|sockets| sockets.listeners.len() as u64),
            established_connections: sockets.and_then(|sockets| sockets.established),
            failed_logins_24h: signs.map(|seen| seen.failed_24h),
            accepted_logins_24h: signs.map(|seen| seen.accepted_24h),
            sudo_24h: signs.map(|seen| seen.sudo_24h),
            sudo_denied_24h: signs.map(|seen| seen.sudo_denied_24h),
            self_io_calls: snapshot.readings.own.io_calls,
            self_beat_ms: optional(snapshot.readings.own.beat_ms, 2),
        };
        Self { rest: Some(rest), ..Self::for_line(snapshot) }
    }
}

/// The 24-hour counts, once the past has been read: half of them would be a plausible lie.
pub(super) fn counted(snapshot: &Snapshot) -> Option<&SignIns> {
    snapshot.sign_ins.as_ref().filter(|seen| seen.caught_up)
}

/// Bytes per second over every interface but loopback; `None` when no interface has a rate yet.
fn traffic(snapshot: &Snapshot, rate: impl Fn(&Interface) -> Option<f64>) -> Option<f64> {
    let interfaces = snapshot.readings.system.interfaces.as_ref()?;
    let rates: Vec<f64> = interfaces.iter().filter(|one| !one.loopback).filter_map(rate).collect();
    if rates.is_empty() && interfaces.iter().any(|one| !one.loopback) {
        return None;
    }
    finite(rates.iter().sum(), 0)
}

/// A number that JSON can carry, rounded to so many decimals; `None` for NaN and infinities.
pub(crate) fn finite(value: f64, decimals: i32) -> Option<f64> {
    let scale = 10_f64.powi(decimals);
    let rounded = (value * scale).round() / scale;
    if rounded.is_finite() { Some(rounded) } else { value.is_finite().then_some(value) }
}

fn optional(value: Option<f64>, decimals: i32) -> Option<f64> {
    value.and_then(|value| finite(value, decimals))
}
