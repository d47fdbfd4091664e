//! The numbers that are watched: their names on disk, how they are told to people, and from where on they matter.

use crate::text;

/// A number that is watched. A machine has twelve of them at most: swapping is watched where the kernel does not tell
/// how long programs wait for memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::assess) enum Series {
    UnexplainedCpu,
    PressureCpu,
    PressureMemory,
    PressureIo,
    Memory,
    SwapIn,
    DiskBytes,
    NetBytes,
    Connections,
    Listeners,
    Processes,
    Execs,
    FailedPerHour,
}

/// Every number with its name on disk, which never changes.
const NAMES: &[(Series, &str)] = &[
    (Series::UnexplainedCpu, "unexplained_cpu"),
    (Series::PressureCpu, "pressure_cpu"),
    (Series::PressureMemory, "pressure_memory"),
    (Series::PressureIo, "pressure_io"),
    (Series::Memory, "memory"),
    (Series::SwapIn, "swap_in"),
    (Series::DiskBytes, "disk_bytes"),
    (Series::NetBytes, "net_bytes"),
    (Series::Connections, "connections"),
    (Series::Listeners, "listeners"),
    (Series::Processes, "processes"),
    (Series::Execs, "execs"),
    (Series::FailedPerHour, "failed_per_hour"),
];

impl Series {
    /// The name on disk and in findings.
    pub(in crate::assess) fn name(self) -> &'static str {
        NAMES.iter().find(|(series, _)| *series == self).map_or("", |(_, name)| name)
    }

    /// The number with this name; `None` for one that this version does not know.
    pub(in crate::assess) fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(series, _)| *series)
    }

    /// The least value that is worth a word, however calm the machine is on other days.
    pub(in crate::assess) const fn floor(self) -> f64 {
        match self {
            Self::UnexplainedCpu | Self::PressureCpu | Self::PressureIo | Self::Listeners => 20.0,
            Self::Memory | Self::Connections => 50.0,
            Self::SwapIn => 1e6,
            Self::DiskBytes => 20e6,
            Self::NetBytes => 2e6,
            Self::Processes => 200.0,
            Self::Execs => 300.0,
            Self::PressureMemory | Self::FailedPerHour => 5.0,
        }
    }

    /// A value in words: `disk traffic 12 MiB/s`.
    pub(in crate::assess) fn say(self, value: f64) -> String {
        let what = match self {
            Self::UnexplainedCpu => "unexplained CPU",
            Self::PressureCpu => "waiting for a core",
            Self::PressureMemory => "waiting for memory",
            Self::PressureIo => "waiting for disks",
            Self::Memory => "memory in use",
            Self::SwapIn => "swapping in",
            Self::DiskBytes => "disk traffic",
            Self::NetBytes => "network traffic",
            Self::Connections => "connections",
            Self::Listeners => "open doors",
            Self::Processes => "processes",
            Self::Execs => "programs started a minute",
            Self::FailedPerHour => "failed logins an hour",
        };
        format!("{what} {}", self.show(value))
    }

    /// A value with its unit.
    pub(in crate::assess) fn show(self, value: f64) -> String {
        match self {
            Self::UnexplainedCpu
            | Self::PressureCpu
            | Self::PressureMemory
            | Self::PressureIo
            | Self::Memory => format!("{value:.0} %"),
            Self::SwapIn | Self::DiskBytes | Self::NetBytes => format!("{}/s", text::bytes_long(value)),
            _ => text::count(value.round().max(0.0) as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_name_of_its_own() {
        for (series, name) in NAMES {
            assert_eq!(Series::named(name), Some(*series));
            assert_eq!(series.name(), *name);
            assert!(series.say(5.0).contains('5'), "{}", series.say(5.0));
        }
        assert_eq!(Series::named("tomorrow's"), None);
    }
}
