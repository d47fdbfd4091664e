//! The year of time stamps that state none, and the point in time of those that state no zone.
//!
//! It does not read a clock: `now` comes with [`Clock`].

use super::timestamp::{Stamp, start_of};
use crate::model::Zone;
use chrono::{DateTime, Datelike, Utc};

/// How far a stamp may lie in the future before its year is taken to be the one before: clocks differ and
/// zones are guessed wrong by up to a day.
const AHEAD_S: i64 = 26 * 3600;

/// The context in which time stamps without a year or a zone are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// The present.
    pub now: DateTime<Utc>,
    /// The zone of local times.
    pub zone: Zone,
    /// The year of the first line, where the user knows it; from then on a month decrease is a year step.
    pub year: Option<i32>,
    /// A time after which no line was written, such as a rotated file's time of change.
    pub upper_bound: Option<DateTime<Utc>>,
}

impl Clock {
    /// The clock of lines that are written now, in local time.
    pub const fn live(now: DateTime<Utc>, zone: Zone) -> Self {
        Self { now, zone, year: None, upper_bound: None }
    }

    /// The latest local time (seconds, as if it were UTC) that a line can have.
    fn limit_local(&self) -> i64 {
        let bound = self.upper_bound.map_or(self.now, |bound| bound.min(self.now)).timestamp();
        bound + AHEAD_S + self.zone.offset_s(bound)
    }
}

/// Turns stamps into points in time. It remembers the month while a file is read forward.
#[derive(Debug, Clone)]
pub(super) struct Calendar {
    clock: Clock,
    /// Latest local time that a line can have, and its year.
    limit: i64,
    limit_year: i32,
    /// Year and place in it of the line before, where the user gave the year of the first line.
    forward: Option<(i32, u8, u8)>,
    /// The last day asked for and its start: lines come in runs of one day.
    day: Option<((u8, u8), i64)>,
    /// The offset that held in the last quarter of an hour asked for.
    offset: Option<(i64, i64)>,
    /// The last stamp asked for and its instant: a second has many lines.
    last: (Stamp, Option<(i64, u32)>),
}

impl Calendar {
    pub(super) fn new(clock: Clock) -> Self {
        let limit = clock.limit_local();
        Self {
            clock,
            limit,
            limit_year: year_of(limit),
            forward: None,
            day: None,
            offset: None,
            last: (Stamp::None, None),
        }
    }

    /// Moves the present on; a year may begin while a log is followed.
    pub(super) fn set_now(&mut self, now: DateTime<Utc>) {
        self.clock.now = now;
        self.limit = self.clock.limit_local();
        self.limit_year = year_of(self.limit);
        self.day = None;
        self.last = (Stamp::None, None);
    }

    /// Seconds since the epoch and microseconds.
    pub(super) fn instant(&mut self, stamp: Stamp) -> Option<(i64, u32)> {
        if self.last.0 != stamp {
            self.last = (stamp, self.read(stamp));
        }
        self.last.1
    }

    fn read(&mut self, stamp: Stamp) -> Option<(i64, u32)> {
        match stamp {
            Stamp::None => None,
            Stamp::Instant { second, micros } => Some((second, micros)),
            Stamp::Local { second, micros } => Some((self.utc_of(second), micros)),
            Stamp::Yearless { month, day, second_of_day, micros } => {
                let local = match self.clock.year {
                    Some(first) => self.forward(first, month, day)?,
                    None => self.latest(month, day, second_of_day)?,
                } + i64::from(second_of_day);
                Some((self.utc_of(local), micros))
            }
        }
    }

    /// Start of the latest such day that is not in the future.
    fn latest(&mut self, month: u8, day: u8, second_of_day: u32) -> Option<i64> {
        if let Some((known, start)) = self.day
            && known == (month, day)
        {
            return Some(start);
        }
        // 29 February may be eight years back, around 1900 and 2100.
        let start = (0..=8).find_map(|back| {
            let start = start_of(self.limit_year - back, month, day)?;
            (start + i64::from(second_of_day) <= self.limit).then_some(start)
        })?;
        // The day of the limit itself is this year's in the morning and last year's in the evening.
        let is_limit = start_of(self.limit_year, month, day)
            .is_some_and(|day| (0..86_400).contains(&(self.limit - day)));
        if !is_limit {
            self.day = Some(((month, day), start));
        }
        Some(start)
    }

    /// Start of that day in the year that reading forward has come to.
    fn forward(&mut self, first: i32, month: u8, day: u8) -> Option<i64> {
        let (year, last_month, last_day) = self.forward.unwrap_or((first, month, day));
        // Lines of several writers overtake each other by moments: that is no step.
        let behind = month + 1 == last_month && last_day <= 2 && day >= 27;
        let before_new_year = month == 12 && last_month == 1 && last_day <= 2 && day >= 30 && year > first;
        if before_new_year {
            return start_of(year - 1, month, day);
        }
        if behind {
            return start_of(year, month, day);
        }
        let year = if month < last_month { year + 1 } else { year };
        let mut at = year;
        // A leap day only exists in a leap year; a wrong year was given, but the line is still worth reading.
        let start = loop {
            match start_of(at, month, day) {
                Some(start) => break start,
                None if at < year + 8 => at += 1,
                None => return None,
            }
        };
        self.forward = Some((at, month, day));
        Some(start)
    }

    fn utc_of(&mut self, local: i64) -> i64 {
        // Offsets change on quarters of an hour.
        let quarter = local.div_euclid(900);
        if let Some((known, offset)) = self.offset
            && known == quarter
        {
            return local - offset;
        }
        let offset = self.clock.zone.offset_at_local_s(local);
        self.offset = Some((quarter, offset));
        local - offset
    }
}

fn year_of(local: i64) -> i32 {
    DateTime::from_timestamp(local, 0).map_or(1970, |time| time.year())
}

#[cfg(test)]
mod tests {
    use super::super::timestamp;
    use super::*;

    fn times(clock: Clock, lines: &[&str]) -> Vec<String> {
        let mut calendar = Calendar::new(clock);
        let time = |line: &&str| {
            let (second, _) = calendar.instant(timestamp::read(line.as_bytes()).0).unwrap();
            DateTime::from_timestamp(second, 0).unwrap().format("%Y-%m-%d %H:%M:%S").to_string()
        };
        lines.iter().map(time).collect()
    }

    fn noon() -> Clock {
        Clock::live("2026-11-22T12:00:00Z".parse().unwrap(), Zone::utc())
    }

    #[test]
    fn the_year_is_the_latest_that_is_not_in_the_future() {
        let lines = ["Nov 23 20:00:00 a", "Nov 23 08:00:00 a", "Nov 23 20:00:00 a", "Jan  1 00:00:00 a"];
        assert_eq!(
            times(noon(), &lines),
            ["2025-11-23 20:00:00", "2026-11-23 08:00:00", "2025-11-23 20:00:00", "2026-01-01 00:00:00"]
        );
        let rotated = Clock { upper_bound: "2024-03-01T00:00:00Z".parse().ok(), ..noon() };
        assert_eq!(
            times(rotated, &["Dec 31 01:00:00 a", "Feb 29 01:00:00 a"]),
            ["2023-12-31 01:00:00", "2024-02-29 01:00:00"]
        );
    }

    #[test]
    fn from_a_given_year_on_a_month_decrease_is_a_year_step() {
        let lines = [
            "Nov 30 00:00:00 a",
            "Dec 31 23:59:59 a",
            "Jan  1 00:00:01 a",
            "Dec 31 23:59:59 a",
            "Feb  1 00:00:00 a",
            "Jan 31 23:59:59 a",
            "Mar  1 00:00:00 a",
        ];
        assert_eq!(
            times(Clock { year: Some(2015), ..noon() }, &lines),
            [
                "2015-11-30 00:00:00",
                "2015-12-31 23:59:59",
                "2016-01-01 00:00:01",
                "2015-12-31 23:59:59",
                "2016-02-01 00:00:00",
                "2016-01-31 23:59:59",
                "2016-03-01 00:00:00"
            ]
        );
    }
}
