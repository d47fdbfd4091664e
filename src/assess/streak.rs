//! How long something has been so without a break, by the clock and not by the number of beats.

use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;

/// A break between two beats that ends every streak: nobody looked for so long.
const LONGEST_BLINK: TimeDelta = TimeDelta::minutes(15);
/// Streaks that are kept.
const CAP: usize = 4096;

/// Running streaks by key.
#[derive(Debug, Default)]
pub(super) struct Streaks {
    running: HashMap<u64, Streak>,
    last_beat: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy)]
struct Streak {
    since: DateTime<Utc>,
    /// Touched in this beat.
    now: bool,
}

impl Streaks {
    /// Begins a beat: after a long break, or when the clock went back, every streak is over.
    pub(super) fn begin(&mut self, now: DateTime<Utc>) {
        let broken = self.last_beat.is_some_and(|last| now < last || now - last > LONGEST_BLINK);
        if broken {
            self.running.clear();
        }
        self.running.values_mut().for_each(|streak| streak.now = false);
        self.last_beat = Some(now);
    }

    /// Notes that it is so now, and answers since when, and for how many seconds.
    pub(super) fn goes_on(&mut self, key: u64, now: DateTime<Utc>) -> (DateTime<Utc>, f64) {
        if self.running.len() >= CAP && !self.running.contains_key(&key) {
            return (now, 0.0);
        }
        let streak = self.running.entry(key).or_insert(Streak { since: now, now: true });
        streak.now = true;
        (streak.since, (now - streak.since).as_seconds_f64())
    }

    /// Ends a beat: what was not so is over.
    pub(super) fn end(&mut self) {
        self.running.retain(|_, streak| streak.now);
    }
}
