//! Everything that was read in one beat. Absent is absent: a sensor says why.

use super::{AuthReading, ExecReading, Inventory, Logins, Oddities, Process, Sockets, System};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What the collectors brought in one beat.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Readings {
    /// The machine as a whole.
    pub system: System,
    /// Processes, top CPU first.
    pub processes: Option<Arc<Vec<Process>>>,
    /// Sockets.
    pub sockets: Option<Arc<Sockets>>,
    /// New sign-in events; `None` when no source can be read.
    pub auth: Option<AuthReading>,
    /// Sessions and login records.
    pub logins: Option<Arc<Logins>>,
    /// Programs that were started since the last beat; `None` when nothing can tell.
    #[serde(default)]
    pub execs: Option<Arc<ExecReading>>,
    /// Contradictions and rare things; kept from beat to beat, looked at in a slower pace.
    #[serde(default)]
    pub oddities: Option<Arc<Oddities>>,
    /// What seldom changes, from the latest look; not recorded, findings tell what was new.
    #[serde(skip)]
    pub inventory: Option<Arc<Inventory>>,
    /// What this program costs.
    pub own: OwnCost,
    /// How long each reader took for this beat; not recorded.
    #[serde(skip)]
    pub timings: Vec<Timing>,
}

/// The time that one reader took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timing {
    /// The reader, by the name of its sensor.
    pub reader: &'static str,
    /// Milliseconds.
    pub ms: f64,
}

/// The cost of this program and its children.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct OwnCost {
    /// Percent of one core since the last beat.
    pub cpu_pct: Option<f64>,
    /// Resident memory of this process.
    pub rss_bytes: Option<u64>,
    /// Reads and writes of this program, its threads included, since the last beat.
    #[serde(default)]
    pub io_calls: Option<u64>,
    /// Time that the last beat took, collection and judgement, in milliseconds.
    pub beat_ms: Option<f64>,
}
