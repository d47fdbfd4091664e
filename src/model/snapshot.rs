//! One beat: what was read, what was judged, and how well it could be seen.

use super::{Finding, Level, Readings, Safe, Score, Sensor, SensorState, SignIns, Status};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One beat of the heart. It is immutable once made; every output gets the same one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Number of the beat, +1 for ever, over restarts where a record is kept.
    pub seq: u64,
    /// Short boot id: numbers that count from boot compare only within it.
    pub boot: String,
    /// This machine.
    pub host: Host,
    /// When the beat was taken.
    pub at: DateTime<Utc>,
    /// Seconds between beats.
    pub interval_s: f64,
    /// The verdict.
    pub score: Score,
    /// What was read.
    pub readings: Readings,
    /// Sign-ins of the last 24 hours; `None` when no source can be read.
    pub sign_ins: Option<SignIns>,
    /// Open and accepted findings, worst first.
    pub findings: Vec<Finding>,
    /// Every source of readings and its state.
    pub sensors: Vec<Sensor>,
    /// Checks that ran and found nothing, in words.
    pub checks_passed: Vec<String>,
    /// What went wrong inside this program, in words.
    pub errors: Vec<Safe>,
}

/// Facts about the machine that do not change while it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Host name.
    pub name: Safe,
    /// A hash of the machine id: stable, and not the id itself.
    pub id: String,
    /// `Debian GNU/Linux 13 (trixie)`.
    pub os: Option<Safe>,
    /// Kernel release.
    pub kernel: Option<Safe>,
    /// The processor's name.
    #[serde(default)]
    pub cpu: Option<Safe>,
}

impl Snapshot {
    /// The worst level among open findings.
    pub fn level(&self) -> Option<Level> {
        self.open().map(|finding| finding.level).max()
    }

    /// Findings that are neither accepted nor solved.
    pub fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.status == Status::Open)
    }

    /// How many open findings have this level.
    pub fn count(&self, level: Level) -> usize {
        self.open().filter(|finding| finding.level == level).count()
    }

    /// How many sensors have this state.
    pub fn sensors_in(&self, state: SensorState) -> usize {
        self.sensors.iter().filter(|sensor| sensor.state == state).count()
    }

    /// The sensor with this id.
    pub fn sensor(&self, id: &str) -> Option<&Sensor> {
        self.sensors.iter().find(|sensor| sensor.id == id)
    }
}
