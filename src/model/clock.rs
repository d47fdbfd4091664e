//! Which local time to show: the machine's zone, or a fixed one in tests and for `--tz`.
//!
//! It converts; it never asks what time it is now.

use super::ZoneRules;
use chrono::{DateTime, FixedOffset, Local, MappedLocalTime, Offset, TimeZone, Utc};

/// The zone in which times are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Zone {
    /// The machine's own zone with its daylight saving.
    #[default]
    Local,
    /// One offset for all times.
    Fixed(FixedOffset),
    /// A named zone with its history. It lives as long as the program: there is one, from the command line.
    Named(&'static ZoneRules),
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
            Self::Named(rules) => {
                let offset = rules.offset_s(time.timestamp());
                let offset = i32::try_from(offset).ok().and_then(FixedOffset::east_opt).unwrap_or(Utc.fix());
                offset.from_utc_datetime(&time.naive_utc())
            }
        }
    }
    /// Seconds east of Greenwich at a time, in seconds since the epoch.
    pub fn offset_s(self, second: i64) -> i64 {
        match self {
            Self::Fixed(offset) => i64::from(offset.local_minus_utc()),
            Self::Named(rules) => rules.offset_s(second),
            Self::Local => DateTime::from_timestamp(second, 0)
                .map_or(0, |time| i64::from(time.with_timezone(&Local).offset().local_minus_utc())),
        }
    }

    /// Seconds east of Greenwich at a local time, given in seconds as if it were UTC. Of the two times that a
    /// clock shows when it is set back, the earlier; a time that it skips counts as before the step.
    pub fn offset_at_local_s(self, local: i64) -> i64 {
        match self {
            Self::Fixed(offset) => i64::from(offset.local_minus_utc()),
            Self::Named(rules) => rules.offset_at_local_s(local),
            Self::Local => {
                let Some(time) = DateTime::from_timestamp(local, 0) else { return 0 };
                match Local.offset_from_local_datetime(&time.naive_utc()) {
                    MappedLocalTime::Single(offset) | MappedLocalTime::Ambiguous(offset, _) => {
                        i64::from(offset.local_minus_utc())
                    }
                    // 24 hours back no clock was set.
                    MappedLocalTime::None => self.offset_s(local - 86_400),
                }
            }
        }
    }
}
