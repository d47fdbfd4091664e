//! What the screen can have done: accept a risk, send a signal, read a log. Others do it, behind these traits.
//!
//! Without hands the screen only looks, and the keys for what is missing are not there.

use crate::model::{Acceptance, FindingId, Safe};
use chrono::{DateTime, Utc};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// What can be done here; `None` is not possible, or not wished (`--read-only`).
#[derive(Clone, Default)]
pub struct Hands {
    /// Accepts risks.
    pub acceptances: Option<Arc<dyn Acceptances>>,
    /// Sends signals.
    pub signals: Option<Arc<dyn Signals>>,
    /// Writes files.
    pub exports: Option<Arc<dyn Exports>>,
    /// Reads log lines.
    pub logs: Option<Arc<dyn Logs>>,
    /// Asks for the names of addresses.
    pub names: Option<Arc<dyn Names>>,
}

/// Reads log lines that a person asked for. It may take its time: it is called off the drawing thread.
pub trait Logs: Send + Sync {
    /// The newest lines of a process, newest last; lines from before `since` are another's that had its pid.
    ///
    /// # Errors
    /// They cannot be read, in words.
    fn of_process(&self, pid: u32, since: Option<DateTime<Utc>>) -> anyhow::Result<Vec<LogLine>>;
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// Who, and what.
    pub words: Safe,
}

/// Asks the resolver of this machine for names. It may take its time: it is called off the drawing thread.
pub trait Names: Send + Sync {
    /// The name of an address; `None` when it has none that is known.
    ///
    /// # Errors
    /// Nobody answers, in words.
    fn of(&self, address: IpAddr) -> anyhow::Result<Option<Safe>>;
}

/// Writes files that a person asked for. It may take its time: it is called off the drawing thread.
pub trait Exports: Send + Sync {
    /// Writes a new file, and answers where it is; `name` has no extension.
    ///
    /// # Errors
    /// It could not be written, in words.
    fn save(&self, name: &str, extension: &str, text: &str) -> anyhow::Result<PathBuf>;
}

/// Keeps the risks that a person took. It may take its time: it is called off the drawing thread.
pub trait Acceptances: Send + Sync {
    /// Accepts the risk of a finding.
    ///
    /// # Errors
    /// It could not be kept, in words.
    fn accept(&self, id: &FindingId, acceptance: Acceptance) -> anyhow::Result<()>;

    /// Takes an acceptance back.
    ///
    /// # Errors
    /// It was not accepted, or that could not be kept.
    fn take_back(&self, id: &FindingId) -> anyhow::Result<()>;
}

/// Pins processes, so that a signal never hits another that got the same pid.
pub trait Signals: Send + Sync {
    /// Pins the process with this pid and start time (clock ticks since boot).
    ///
    /// # Errors
    /// It is gone, or its pid is another's by now.
    fn pin(&self, pid: u32, start_ticks: u64) -> anyhow::Result<Box<dyn Pinned>>;
}

/// One process that is held, by what it is and not by its number.
pub trait Pinned: Send {
    /// Tells what stands in the way, before anything is sent.
    fn standing(&self) -> Standing;

    /// Sends a signal.
    ///
    /// # Errors
    /// It was refused, or the process is gone.
    fn send(&self, signal: Signal) -> anyhow::Result<()>;
}

/// What stands between a person and a process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Why a signal would be refused, in a sentence.
    pub refusal: Option<String>,
    /// Why it must be meant: the word `yes` is asked for.
    pub caution: Option<String>,
}

/// The signals that are offered (signal(7)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the kernel's")]
pub enum Signal {
    Stop,
    Term,
    Kill,
    Cont,
    Hup,
    Int,
}

impl Signal {
    /// All of them, in the order of the dialog.
    pub const ALL: [Self; 6] = [Self::Stop, Self::Term, Self::Kill, Self::Cont, Self::Hup, Self::Int];

    /// The name without `SIG`, as `kill` takes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stop => "STOP",
            Self::Term => "TERM",
            Self::Kill => "KILL",
            Self::Cont => "CONT",
            Self::Hup => "HUP",
            Self::Int => "INT",
        }
    }

    /// What it does, in words.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Stop => "pause it, keeps memory for evidence",
            Self::Term => "ask it to stop",
            Self::Kill => "stop it now, memory is lost",
            Self::Cont => "let a paused one go on",
            Self::Hup => "hang up; many daemons read their settings again",
            Self::Int => "interrupt, as ^C does",
        }
    }
}

/// The process that a signal is for, as it stood in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its pid.
    pub pid: u32,
    /// Its start in clock ticks since boot: with the pid, its identity.
    pub start_ticks: u64,
    /// Its short name.
    pub name: String,
    /// Its account.
    pub user: String,
    /// Its command line.
    pub command: String,
    /// Its start on the clock.
    pub started_at: Option<DateTime<Utc>>,
    /// An alert is open about it: it is paused rather than ended, so that its memory is kept.
    pub alert: bool,
    /// It belongs to the session of the person at this screen.
    pub ours: bool,
}
