//! The machine as a whole: load, processor, memory, disks, network rates, temperatures.

use super::Safe;
use serde::{Deserialize, Serialize};

/// System-wide figures of one beat; each part is `None` where it could not be read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct System {
    /// Seconds since boot, suspend included.
    pub uptime_s: Option<f64>,
    /// Load averages.
    pub load: Option<Load>,
    /// Processor use since the last beat.
    pub cpu: Option<Cpu>,
    /// Pressure stall information; absent where the kernel has none.
    pub pressure: Option<Pressure>,
    /// Main memory.
    pub memory: Option<Memory>,
    /// Swap; `total_bytes` 0 means that there is none.
    pub swap: Option<Swap>,
    /// Traffic with disks and swap; absent where the kernel does not count it.
    #[serde(default)]
    pub paging: Option<Paging>,
    /// Mounted file systems that hold data.
    pub disks: Option<Vec<Disk>>,
    /// Network interfaces.
    pub interfaces: Option<Vec<Interface>>,
    /// Temperature sensors; an empty list means that the machine has none.
    pub temperatures: Option<Vec<Temperature>>,
}

/// Load averages, in runnable or uninterruptible tasks (proc_loadavg(5)).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Load {
    pub one_min: f64,
    pub five_min: f64,
    pub fifteen_min: f64,
}

/// Processor use between two beats, in percent of all cores (0-100).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cpu {
    /// Logical processors that are online.
    pub cores: u32,
    /// Busy share of all cores; `None` until two samples exist.
    pub used_pct: Option<f64>,
    /// Share spent in the kernel.
    pub system_pct: Option<f64>,
    /// Share spent idle while a disk was waited for.
    pub iowait_pct: Option<f64>,
    /// Share taken by the hypervisor for others.
    pub steal_pct: Option<f64>,
    /// Busy share of each core, in the kernel's order.
    pub per_core_pct: Vec<f32>,
}

/// Pressure stall information of the three resources (kernel: accounting/psi).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Pressure {
    pub cpu: Option<PressureLine>,
    pub memory: Option<PressureLine>,
    pub io: Option<PressureLine>,
}

/// Share of time, in percent, in which some (or all) tasks waited for a resource.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the kernel's own names")]
pub struct PressureLine {
    pub some_avg10_pct: f64,
    pub some_avg60_pct: f64,
    pub full_avg10_pct: Option<f64>,
}

/// Main memory in bytes (proc_meminfo(5)); used = total - available.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Memory {
    pub total_bytes: u64,
    pub available_bytes: u64,
    pub used_bytes: u64,
    pub used_pct: f64,
}

/// Swap in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Swap {
    pub total_bytes: u64,
    pub used_bytes: u64,
    /// 0-100; `None` without swap.
    pub used_pct: Option<f64>,
}

/// Traffic between memory and disks since the last beat (/proc/vmstat).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Paging {
    /// Bytes per second read from and written to block devices; `None` until two samples exist.
    pub disk_bytes_per_s: Option<f64>,
    /// Bytes per second read back from swap; `None` until two samples exist.
    pub swap_in_bytes_per_s: Option<f64>,
}

/// One mounted file system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    /// Where it is mounted.
    pub mount: Safe,
    /// Its kind, `ext4`.
    pub file_system: Safe,
    /// Its size.
    pub total_bytes: u64,
    /// What is written.
    pub used_bytes: u64,
    /// The same in per cent of what users may fill, as df(1) counts: less than the size where blocks are kept back.
    pub used_pct: f64,
}

impl Disk {
    /// What users may still fill.
    pub fn free_bytes(&self) -> u64 {
        let unwritten = self.total_bytes.saturating_sub(self.used_bytes);
        if self.used_pct <= 0.0 {
            return unwritten;
        }
        let free = self.used_bytes as f64 * (100.0 - self.used_pct).max(0.0) / self.used_pct;
        unwritten.min(free as u64)
    }
}

/// One network interface with its rates since the last beat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interface {
    /// Kernel name, `eth0`.
    pub name: Safe,
    /// Whether the link is up; `None` where the kernel does not say.
    pub up: Option<bool>,
    /// True for `lo`: its traffic never leaves the machine and is not summed.
    pub loopback: bool,
    /// Received bytes per second; `None` until two samples exist.
    pub rx_bytes_per_s: Option<f64>,
    /// Sent bytes per second; `None` until two samples exist.
    pub tx_bytes_per_s: Option<f64>,
    /// Errors and drops in both directions since boot.
    pub errors: u64,
}

/// One temperature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Temperature {
    /// The sensor's own label.
    pub label: Safe,
    /// Degrees Celsius.
    pub celsius: f64,
    /// The sensor's own critical mark, in degrees Celsius.
    pub critical_celsius: Option<f64>,
}
