//! The numbers of a beat as OpenMetrics text, for Prometheus and its kin. The names are stable; README lists them.
//!
//! What could not be seen has no sample: a scraper then says "absent", and never sees a made-up zero.

use crate::model::{Interface, Level, SensorState, Snapshot};

/// The media type of the text.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Writes every number of a beat.
pub fn text(snapshot: &Snapshot) -> String {
    let mut out = Exposition::default();
    verdict(snapshot, &mut out);
    machine(snapshot, &mut out);
    sign_ins(snapshot, &mut out);
    let own = &snapshot.readings.own;
    out.one("home_soc_self_cpu_percent", "Processor use of home-soc, percent of one core", own.cpu_pct);
    out.one(
        "home_soc_self_resident_bytes",
        "Resident memory of home-soc",
        own.rss_bytes.map(|bytes| bytes as f64),
    );
    out.one(
        "home_soc_self_io_calls",
        "Reads and writes of home-soc in the last beat",
        own.io_calls.map(|calls| calls as f64),
    );
    out.one("home_soc_self_beat_seconds", "Duration of a beat", own.beat_ms.map(|ms| ms / 1000.0));
    out.0.push_str("# EOF\n");
    out.0
}

fn verdict(snapshot: &Snapshot, out: &mut Exposition) {
    let host = &snapshot.host;
    let labels = [("host", host.name.as_str()), ("version", env!("CARGO_PKG_VERSION"))];
    out.family("home_soc_info", "This machine and this program");
    out.sample("home_soc_info", &labels, Some(1.0));
    out.one("home_soc_score", "Security score, 0-100", Some(f64::from(snapshot.score.value)));
    let bound = if snapshot.score.is_upper_bound { 1.0 } else { 0.0 };
    out.one(
        "home_soc_score_is_upper_bound",
        "1 when a sensor is blind: the true score may be lower",
        Some(bound),
    );
    out.family("home_soc_findings", "Open findings by level");
    for (level, name) in [(Level::Alert, "alert"), (Level::Warning, "warning"), (Level::Info, "info")] {
        out.sample("home_soc_findings", &[("level", name)], Some(snapshot.count(level) as f64));
    }
    out.family("home_soc_sensors", "Sensors by what they see");
    for (state, name) in
        [(SensorState::Ok, "ok"), (SensorState::Partial, "partial"), (SensorState::Blind, "blind")]
    {
        out.sample("home_soc_sensors", &[("state", name)], Some(snapshot.sensors_in(state) as f64));
    }
    let at = snapshot.at.timestamp_millis() as f64 / 1000.0;
    out.one("home_soc_beat_timestamp_seconds", "When the beat was taken", Some(at));
    out.one("home_soc_interval_seconds", "Time between beats", Some(snapshot.interval_s));
}

type Rate = fn(&Interface) -> Option<f64>;

fn machine(snapshot: &Snapshot, out: &mut Exposition) {
    let readings = &snapshot.readings;
    let system = &readings.system;
    let load = system.load;
    out.family("home_soc_load", "Load average");
    for (minutes, value) in [
        ("1", load.map(|load| load.one_min)),
        ("5", load.map(|load| load.five_min)),
        ("15", load.map(|load| load.fifteen_min)),
    ] {
        out.sample("home_soc_load", &[("minutes", minutes)], value);
    }
    let cpu = system.cpu.as_ref();
    out.one("home_soc_cpu_cores", "Processor cores", cpu.map(|cpu| f64::from(cpu.cores)));
    out.one("home_soc_cpu_used_percent", "Processor use of all cores", cpu.and_then(|cpu| cpu.used_pct));
    let memory = system.memory.as_ref();
    out.one("home_soc_memory_total_bytes", "Main memory", memory.map(|memory| memory.total_bytes as f64));
    out.one(
        "home_soc_memory_used_bytes",
        "Main memory in use",
        memory.map(|memory| memory.used_bytes as f64),
    );
    out.one("home_soc_memory_used_percent", "Main memory in use", memory.map(|memory| memory.used_pct));
    out.one("home_soc_swap_used_percent", "Swap in use", system.swap.and_then(|swap| swap.used_pct));
    out.family("home_soc_disk_used_percent", "File system in use");
    for disk in system.disks.iter().flatten() {
        out.sample("home_soc_disk_used_percent", &[("mount", &disk.mount)], Some(disk.used_pct));
    }
    let rates: [(&str, &str, Rate); 2] = [
        ("home_soc_network_received_bytes_per_second", "Received by an interface", |one| one.rx_bytes_per_s),
        ("home_soc_network_sent_bytes_per_second", "Sent by an interface", |one| one.tx_bytes_per_s),
    ];
    for (name, help, rate) in rates {
        out.family(name, help);
        for one in system.interfaces.iter().flatten().filter(|one| !one.loopback) {
            out.sample(name, &[("interface", &one.name)], rate(one));
        }
    }
    let processes = readings.processes.as_ref().map(|list| list.len() as f64);
    out.one("home_soc_processes", "Processes", processes);
    let sockets = readings.sockets.as_deref();
    let listening = sockets.map(|sockets| sockets.listeners.len() as f64);
    out.one("home_soc_listening_sockets", "Listening sockets", listening);
    let established = sockets.and_then(|sockets| sockets.established).map(|count| count as f64);
    out.one("home_soc_established_connections", "Established TCP connections", established);
}

fn sign_ins(snapshot: &Snapshot, out: &mut Exposition) {
    // Half of a day's counts would be a plausible lie.
    let seen = snapshot.sign_ins.as_ref().filter(|seen| seen.caught_up);
    for (name, help, count) in [
        (
            "home_soc_failed_logins_24h",
            "Refused credentials of the last 24 hours",
            seen.map(|seen| seen.failed_24h),
        ),
        (
            "home_soc_failed_login_sources_24h",
            "Addresses of the refused credentials",
            seen.map(|seen| seen.failed_sources_24h),
        ),
        (
            "home_soc_accepted_logins_24h",
            "Accepted credentials of the last 24 hours",
            seen.map(|seen| seen.accepted_24h),
        ),
        (
            "home_soc_sudo_24h",
            "Commands run through sudo in the last 24 hours",
            seen.map(|seen| seen.sudo_24h),
        ),
        ("home_soc_sudo_denied_24h", "Refused ones", seen.map(|seen| seen.sudo_denied_24h)),
    ] {
        out.one(name, help, count.map(|count| count as f64));
    }
}

/// Text being written, a family of gauges after the other.
#[derive(Default)]
struct Exposition(String);

impl Exposition {
    /// A family with one sample, or none where it could not be seen.
    fn one(&mut self, name: &str, help: &str, value: Option<f64>) {
        self.family(name, help);
        self.sample(name, &[], value);
    }

    fn family(&mut self, name: &str, help: &str) {
        self.0.push_str(&format!("# TYPE {name} gauge\n"));
        // A unit is the end of the name, and only where the name ends in one.
        if let Some(unit) =
            ["bytes", "seconds", "percent"].iter().find(|unit| name.ends_with(&format!("_{unit}")))
        {
            self.0.push_str(&format!("# UNIT {name} {unit}\n"));
        }
        self.0.push_str(&format!("# HELP {name} {help}\n"));
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: Option<f64>) {
        let Some(value) = value.filter(|value| value.is_finite()) else { return };
        let labels: Vec<String> =
            labels.iter().map(|(key, value)| format!("{key}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        self.0.push_str(&format!("{name}{labels} {value}\n"));
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
