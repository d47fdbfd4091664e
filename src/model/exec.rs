//! Programs that were started, each seen at the moment of its exec, however short its life.

use super::{Exe, Provenance, Safe};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The programs that were started since the last beat.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ExecReading {
    /// Starts in the order of their happening, bounded; what did not fit is in `overruns`.
    pub events: Vec<ExecEvent>,
    /// Starts that were seen, kept in `events` or not.
    pub seen: u64,
    /// Of `events`, those whose command line was gone before it could be read.
    pub lost_argv: u64,
    /// Process events that are missing from `events`: lost by the kernel when its buffer was full, or seen and
    /// not kept. 0 means that nothing is missing.
    pub overruns: u64,
}

/// One program that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecEvent {
    /// When.
    pub at: DateTime<Utc>,
    /// The process that became this program.
    pub pid: u32,
    /// Its start time in clock ticks since boot: with the pid, the identity; `None` when it was gone too soon.
    pub start_ticks: Option<u64>,
    /// Its parent.
    pub ppid: Option<u32>,
    /// The parent's short name.
    pub parent: Option<Safe>,
    /// Effective user id.
    pub uid: Option<u32>,
    /// The kernel's short name (comm).
    pub name: Option<Safe>,
    /// Command line; `None` when it was lost: the process ended before it could be read.
    pub argv: Option<Safe>,
    /// Executable; `None` when it was gone or not permitted.
    pub exe: Option<Exe>,
    /// Whether a package owns the executable; `None` when unknown.
    #[serde(default)]
    pub package: Option<Provenance>,
    /// It sees other files than we do (a container): its paths are not ours. `None` when it was gone too soon.
    #[serde(default)]
    pub foreign: Option<bool>,
    /// This program or a child of it: never a finding.
    pub own: bool,
}

impl ExecEvent {
    /// The command line as people know it, else `name (argv lost)`.
    pub fn command(&self) -> String {
        match (&self.argv, &self.name) {
            (Some(argv), _) if !argv.is_empty() => argv.to_string(),
            (_, Some(name)) => format!("{name} (argv lost)"),
            _ => "(argv lost)".to_owned(),
        }
    }
}
