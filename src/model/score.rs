//! The score as a bill: 100 less its rows, and no other arithmetic anywhere.

use super::{Category, FindingId, Safe};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The verdict of one beat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// 0-100.
    pub value: u8,
    /// A sensor is blind: the true score may be lower.
    pub is_upper_bound: bool,
    /// The word for the value.
    pub band: Band,
    /// The value before the last change.
    pub previous: Option<u8>,
    /// When it last changed.
    pub changed_at: Option<DateTime<Utc>>,
    /// Points lost through settings and blindness: what would be so on a quiet day, too.
    pub posture: u8,
    /// Points lost through what happened or is happening.
    pub activity: u8,
    /// The rows; their points sum to 100 - value.
    pub deductions: Vec<Deduction>,
}

/// One row of the bill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deduction {
    /// The finding that it is charged for; `None` for the ceiling row.
    pub finding: Option<FindingId>,
    /// Points taken.
    pub points: u8,
    /// Which cap it counts against; `None` for the ceiling row.
    pub group: Option<Category>,
    /// The reason, in words.
    pub title: Safe,
    /// When some of it comes back by itself: that moment and the points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovers: Option<(DateTime<Utc>, u8)>,
}

/// What a value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// 90-100.
    Normal,
    /// 70-89: busy, or a small thing to mend.
    Minor,
    /// 50-69.
    SomethingOff,
    /// 0-49: possible compromise.
    Serious,
}

impl Band {
    /// The band of a value.
    pub const fn of(value: u8) -> Self {
        match value {
            90.. => Self::Normal,
            70..=89 => Self::Minor,
            50..=69 => Self::SomethingOff,
            _ => Self::Serious,
        }
    }
}
