//! What was seen before: the judge's memory of kinds of things, bounded. It does not know what is good or bad.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Things that are remembered; the one that was not seen for longest is forgotten first.
const CAP: usize = 1500;
/// After so long a thing is usual.
const USUAL_AFTER: TimeDelta = TimeDelta::days(7);

/// Things seen before, by a key that says what they are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Known {
    things: BTreeMap<String, Seen>,
    /// Since when things of a kind are watched: what was there at that moment is the starting point.
    watched_since: BTreeMap<String, DateTime<Utc>>,
}

/// When one thing was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// For the first time.
    pub first: DateTime<Utc>,
    /// For the last time.
    pub last: DateTime<Utc>,
    /// It was there when watching began, or has been there for long enough.
    pub usual: bool,
}

impl Known {
    /// Since when things of this kind are watched.
    pub(super) fn watched_since(&self, kind: &str) -> Option<DateTime<Utc>> {
        self.watched_since.get(kind).copied()
    }

    /// Starts watching a kind; a second start changes nothing, and a start that lies ahead is taken as now.
    pub(super) fn watch(&mut self, kind: &str, now: DateTime<Utc>) {
        let since = self.watched_since.entry(kind.to_owned()).or_insert(now);
        *since = (*since).min(now);
    }

    /// What is known of a thing.
    pub(super) fn get(&self, key: &str) -> Option<&Seen> {
        self.things.get(key)
    }

    /// Notes a thing at a moment, and answers what is known of it now. `usual` makes it part of the starting point.
    pub(super) fn see(&mut self, key: String, at: DateTime<Utc>, usual: bool) -> Seen {
        if let Some(seen) = self.things.get_mut(&key) {
            seen.first = seen.first.min(at);
            seen.last = seen.last.max(at);
            seen.usual |= usual || seen.last - seen.first > USUAL_AFTER;
            return *seen;
        }
        self.make_room();
        let seen = Seen { first: at, last: at, usual };
        self.things.insert(key, seen);
        seen
    }

    fn make_room(&mut self) {
        if self.things.len() >= CAP
            && let Some(oldest) =
                self.things.iter().min_by_key(|(_, seen)| (seen.last, seen.first)).map(|(key, _)| key.clone())
        {
            self.things.remove(&oldest);
        }
    }
}
