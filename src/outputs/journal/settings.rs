//! What a user can choose about the record.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// The record's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How soon a sample is written, and lasts through a power cut: `strict`, `balanced` or `sdcard`; default
    /// `balanced`.
    pub sync: Sync,
    /// Every line carries the SHA-256 of the line before it, and `verify` names the breaks; default false.
    pub chain: bool,
    /// Days for which every beat is kept; default 7.
    pub raw_days: u32,
    /// Days for which every minute is kept, as least, mean and most; default 90. Hours are kept for ever.
    pub minute_days: u32,
    /// Days for which every tab can be shown as it was; default 7.
    pub moment_days: u32,
    /// Days for which alerts are kept; default 730.
    pub alert_days: u32,
    /// Size of the whole record in MiB, at most a tenth of its file system; what is oldest goes first; default
    /// 256.
    pub max_mib: u32,
    /// Size in MiB at which the active file is closed and a new one begun, beside once a day; default 16.
    pub segment_mib: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sync: Sync::default(),
            chain: false,
            raw_days: 7,
            minute_days: 90,
            moment_days: 7,
            alert_days: 730,
            max_mib: 256,
            segment_mib: 16,
        }
    }
}

/// How often the disk is written to and asked to make writes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sync {
    /// Every line at once.
    Strict,
    /// Every line is written at once, so that a killed program loses nothing; what a power cut may take is synced
    /// at once for alerts, every 60 s for samples.
    #[default]
    Balanced,
    /// Alerts at once. Samples wait up to five minutes in memory, which a killed program loses, and are written
    /// together: each write costs a memory card far more than its bytes.
    Sdcard,
}

impl Sync {
    /// The time between two syncs of samples; `None` for each line.
    pub(super) const fn every(self) -> Option<TimeDelta> {
        match self {
            Self::Strict => None,
            Self::Balanced => Some(TimeDelta::seconds(60)),
            Self::Sdcard => Some(TimeDelta::minutes(10)),
        }
    }

    /// How long a sample may wait to be written.
    pub(super) const fn hold(self) -> TimeDelta {
        match self {
            Self::Strict | Self::Balanced => TimeDelta::zero(),
            Self::Sdcard => TimeDelta::minutes(5),
        }
    }
}
