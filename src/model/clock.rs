//! Which local time to show: the machine's zone, or a fixed one in tests and for `--tz`.
//!
//! It converts; it never asks what time it is now.

use chrono::{DateTime, FixedOffset, Local, Offset, TimeZone, Utc};

/// The zone in which times are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Zone {
    /// The machine's own zone with its daylight saving.
    #[default]
    Local,
    /// One offset for all times.
    Fixed(FixedOffset),
}

impl Zone {
    /// UTC, for tests and recorded machines.
    pub fn utc() -> Self {
        Self::Fixed(Utc.fix())
    }

    /// Converts to this zone, with the offset that was in force at that time.
    pub fn at(self, time: DateTime<Utc>) -> DateTime<FixedOffset> {
        match self {
            Self::Local => time.with_timezone(&Local).fixed_offset(),
            Self::Fixed(offset) => offset.from_utc_datetime(&time.naive_utc()),
        }
    }
}
