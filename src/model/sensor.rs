//! What the program can see, what not, and how to open its eyes.

use super::{Fix, Safe};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The state of one source of readings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sensor {
    /// Stable name, `auth.journal`, `proc.exe`.
    pub id: String,
    /// What it sees.
    pub state: SensorState,
    /// One word for machines: `permission_denied`, `not_found`, `unsupported`, `stopped`, `damaged`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// One sentence for people: what is not seen, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub says: Option<Safe>,
    /// How many it saw, of `total`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<u64>,
    /// How many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// When its newest event happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_event_at: Option<DateTime<Utc>>,
    /// The smallest fix, as an argument list that works today.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub fix: Vec<String>,
    /// Other ways to mend it, best first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub alternatives: Vec<Fix>,
    /// Where it looked and what happened there.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub looked: Vec<Looked>,
}

/// How much a sensor sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SensorState {
    /// Everything.
    Ok,
    /// A part; `seen` of `total` where it can be counted.
    Partial,
    /// Nothing.
    Blind,
}

/// One place that a sensor looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looked {
    /// The place: a path or a command.
    pub place: Safe,
    /// What happened: `permission denied`, `does not exist (normal on Debian 12 and later)`.
    pub result: Safe,
}

impl Sensor {
    /// A sensor that sees everything.
    pub fn ok(id: &str) -> Self {
        Self::with_state(id, SensorState::Ok)
    }

    /// A sensor that sees a part, and why.
    pub fn partial(id: &str, reason: &str, says: &str) -> Self {
        Self {
            reason: Some(reason.into()),
            says: Some(says.into()),
            ..Self::with_state(id, SensorState::Partial)
        }
    }

    /// A sensor that sees nothing, and why.
    pub fn blind(id: &str, reason: &str, says: &str) -> Self {
        Self {
            reason: Some(reason.into()),
            says: Some(says.into()),
            ..Self::with_state(id, SensorState::Blind)
        }
    }

    /// Adds the smallest fix.
    #[must_use]
    pub fn fixed_by(mut self, argv: &[&str]) -> Self {
        self.fix = argv.iter().map(ToString::to_string).collect();
        self
    }

    fn with_state(id: &str, state: SensorState) -> Self {
        Self {
            id: id.into(),
            state,
            reason: None,
            says: None,
            seen: None,
            total: None,
            last_event_at: None,
            fix: Vec::new(),
            alternatives: Vec::new(),
            looked: Vec::new(),
        }
    }
}
