//! What was looked at within the last hour and need not be looked at again. It knows keys only.

use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;

/// So long a look is good for.
const GOOD_FOR: TimeDelta = TimeDelta::hours(1);
/// Keys that are kept; a flood costs looks, not memory.
const CAP: usize = 4096;

/// Keys with the time of their last look.
#[derive(Debug, Default)]
pub(super) struct Lately {
    looks: HashMap<u64, DateTime<Utc>>,
}

impl Lately {
    /// Tells whether a look is due, and takes it as taken. A clock that went back makes it due.
    pub(super) fn is_due(&mut self, key: u64, now: DateTime<Utc>) -> bool {
        let due = !self.is_fresh(key, now);
        if due {
            self.note(key, now);
        }
        due
    }

    /// Tells whether the last look is still good.
    pub(super) fn is_fresh(&self, key: u64, now: DateTime<Utc>) -> bool {
        self.looks.get(&key).is_some_and(|at| *at <= now && now - *at < GOOD_FOR)
    }

    /// Notes a look.
    pub(super) fn note(&mut self, key: u64, now: DateTime<Utc>) {
        if self.looks.len() >= CAP && !self.looks.contains_key(&key) {
            self.looks.retain(|_, at| now - *at < GOOD_FOR && *at <= now);
            if self.looks.len() >= CAP {
                self.looks.clear();
            }
        }
        self.looks.insert(key, now);
    }
}

/// One key of several numbers.
pub(super) fn key(parts: &[u64]) -> u64 {
    parts.iter().fold(0, |key, part| (key ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_due_once_an_hour_and_after_a_clock_went_back() {
        let at = |minutes| DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
        let mut lately = Lately::default();
        assert!(lately.is_due(1, at(100)) && !lately.is_due(1, at(159)) && lately.is_due(1, at(160)));
        assert!(lately.is_due(1, at(10)) && lately.is_due(2, at(10)));
        for n in 0..100_000 {
            lately.is_due(key(&[n, 7]), at(10));
        }
        assert!(lately.looks.len() <= CAP);
        assert_ne!(key(&[1, 2]), key(&[2, 1]));
    }
}
