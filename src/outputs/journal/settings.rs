//! What a user can choose about the record.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// The record's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How soon what was written must last through a power cut; default `balanced`.
    pub sync: Sync,
}

/// How often the disk is asked to make writes last. A killed program loses nothing in any case: this is about
/// power cuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sync {
    /// Every line at once.
    Strict,
    /// Alerts at once, samples every 60 s.
    #[default]
    Balanced,
    /// Alerts at once, samples every 10 minutes: kind to a memory card.
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
}
