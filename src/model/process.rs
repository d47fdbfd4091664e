//! A process: what it is for its whole life, and what it did since the last beat.

use super::Safe;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One process in one beat. Its identity is (pid, start time): a pid alone is used again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Process {
    /// What does not change from beat to beat; shared between beats.
    #[serde(flatten)]
    pub program: Arc<Program>,
    /// Parent's pid; it changes when the parent dies.
    pub ppid: u32,
    /// The kernel's one-letter state (`R`, `S`, `D`, `Z`, ...).
    pub state: char,
    /// Percent of one core since the last beat; `None` when it was seen for the first time.
    pub cpu_pct: Option<f32>,
    /// Processor time over the whole life, in milliseconds.
    pub cpu_time_ms: u64,
    /// Resident memory.
    pub rss_bytes: u64,
    /// Threads.
    pub threads: u32,
    /// Niceness, -20 to 19.
    pub nice: i8,
}

/// The lasting facts of a process, read once per (pid, start time) and again after an exec.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Process id.
    pub pid: u32,
    /// Start time in clock ticks since boot (proc_pid_stat(5) field 22): with the pid, the identity.
    pub start_ticks: u64,
    /// Start time on the clock; `None` when the boot time is unknown.
    pub started_at: Option<DateTime<Utc>>,
    /// Effective user id; `None` when it could not be read.
    pub uid: Option<u32>,
    /// User name of `uid`; `None` when no such account is known.
    pub user: Option<Safe>,
    /// The kernel's short name (comm), at most 15 bytes.
    pub name: Safe,
    /// Command line; empty for kernel threads and zombies, `None` when it could not be read.
    pub cmdline: Option<Safe>,
    /// Executable; `None` when it could not be read (other users' without root) or there is none.
    pub exe: Option<Exe>,
    /// A kernel thread by its PF_KTHREAD flag, not by its name.
    pub kernel_thread: bool,
    /// This program or a child of it: never a finding.
    pub own: bool,
    /// An ancestor of this program: the user's own session.
    pub ours: bool,
    /// Audit login uid: who logged in, whatever the process became since; `None` for daemons.
    pub login_uid: Option<u32>,
    /// Control group path.
    pub cgroup: Option<Safe>,
    /// Socket inode behind standard input, output and error where all three are one socket: how a remote shell
    /// looks. `None` when they are not, or could not be read.
    #[serde(default)]
    pub stdio_socket: Option<u64>,
    /// Whether a package owns the executable; `None` when unknown: not yet looked up, no package database, or a
    /// container's own files.
    #[serde(default)]
    pub package: Option<Provenance>,
}

/// Where a file comes from, as the package databases tell. It does not say that the file is unmodified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// A package of the system brought it.
    Packaged,
    /// No package owns it.
    Unpackaged,
}

/// An executable as the kernel names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exe {
    /// Path without the ` (deleted)` mark.
    pub path: Safe,
    /// The file was removed or replaced since the start.
    pub deleted: bool,
    /// Another file stands at the path now: an upgrade, not a removal. False where that could not be looked at.
    #[serde(default)]
    pub replaced: bool,
}

impl Process {
    /// The command line as people know it, else `[name]`.
    pub fn command(&self) -> String {
        match &self.program.cmdline {
            Some(line) if !line.is_empty() => line.to_string(),
            _ => format!("[{}]", self.program.name),
        }
    }
}
