//! What was seen before: the judge's memory of kinds of things, bounded. It does not know what is good or bad.

use crate::model::fingerprint;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Logins: an account with a network, a method or a key.
pub(super) const LOGINS: &str = "login";
/// Open doors: port and reach, with the program where it can be seen.
pub(super) const DOORS: &str = "door";
/// Programs that no package brought, with their parents.
pub(super) const PROGRAMS: &str = "program";
/// Accounts that became another one, and by which command.
pub(super) const SUDO: &str = "sudo";
/// Programs with the ports that they call.
pub(super) const TALKS: &str = "talk";
/// Services that no package brought, each with a hash of what it runs.
pub(super) const UNITS: &str = "unit";
/// Kernel modules that no package brought.
pub(super) const MODULES: &str = "module";
/// USB devices by their numbers.
pub(super) const DEVICES: &str = "device";
/// What this machine does: it takes passwords.
pub(super) const HABITS: &str = "habit";

/// Kinds that are kept; a file of another version may hold others.
const KINDS_CAP: usize = 12;
/// Things of one kind that are remembered; those that were not seen for longest are forgotten first. Kinds do not take
/// each other's room: a flood of programs makes no login new.
const THINGS_CAP: usize = 250;
/// The same for kinds of which a machine has few at a time.
const FEW_CAP: usize = 128;
/// Bytes of a name that are kept; of a longer one the end becomes a hash.
const NAME_CAP: usize = 60;
/// How far ahead of now a thing can have been seen, when the clock was right.
const AHEAD: TimeDelta = TimeDelta::days(2);
/// After so long a thing is usual.
const USUAL_AFTER: TimeDelta = TimeDelta::days(7);

/// Things seen before, by kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Known {
    kinds: BTreeMap<String, Things>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Things {
    /// Since when they are watched: what was there at that moment is the starting point.
    since: Option<DateTime<Utc>>,
    by_name: BTreeMap<String, Seen>,
}

/// When one thing was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(i64, i64, bool)", into = "(i64, i64, bool)")]
pub struct Seen {
    /// For the first time.
    pub first: DateTime<Utc>,
    /// For the last time.
    pub last: DateTime<Utc>,
    /// It was there when watching began, or has been there for long enough.
    pub usual: bool,
}

/// On disk: both times in microseconds since 1970.
impl From<Seen> for (i64, i64, bool) {
    fn from(seen: Seen) -> Self {
        (seen.first.timestamp_micros(), seen.last.timestamp_micros(), seen.usual)
    }
}

impl From<(i64, i64, bool)> for Seen {
    fn from((first, last, usual): (i64, i64, bool)) -> Self {
        let time = |micros| DateTime::from_timestamp_micros(micros).unwrap_or_default();
        Self { first: time(first), last: time(last), usual }
    }
}

impl Known {
    /// Since when things of this kind are watched.
    pub(super) fn watched_since(&self, kind: &str) -> Option<DateTime<Utc>> {
        self.kinds.get(kind)?.since
    }

    /// Starts watching a kind; a second start changes nothing, and a start that lies ahead is taken as now.
    pub(super) fn watch(&mut self, kind: &str, now: DateTime<Utc>) {
        if let Some(things) = self.kind(kind) {
            things.since = Some(things.since.map_or(now, |since| since.min(now)));
        }
    }

    /// What is known of a thing.
    pub(super) fn get(&self, kind: &str, name: &str) -> Option<&Seen> {
        self.kinds.get(kind)?.by_name.get(&*short(name))
    }

    /// Notes a thing at a moment, and answers what is known of it now. `usual` makes it part of the starting point.
    pub(super) fn see(&mut self, kind: &str, name: &str, at: DateTime<Utc>, usual: bool) -> Seen {
        let fresh = Seen { first: at, last: at, usual };
        let cap = if [TALKS, MODULES, DEVICES].contains(&kind) { FEW_CAP } else { THINGS_CAP };
        let Some(things) = self.kind(kind) else { return fresh };
        let name = short(name);
        if let Some(seen) = things.by_name.get_mut(&*name) {
            seen.first = seen.first.min(at);
            // What lies far ahead was noted under a clock that was wrong; a log tells the last day out of order.
            let was_ahead = seen.last - at > AHEAD;
            seen.last = if was_ahead { at } else { seen.last.max(at) };
            seen.usual |= usual || seen.last - seen.first > USUAL_AFTER;
            return *seen;
        }
        things.make_room(cap);
        things.by_name.insert(name.into_owned(), fresh);
        fresh
    }

    fn kind(&mut self, kind: &str) -> Option<&mut Things> {
        if self.kinds.len() >= KINDS_CAP && !self.kinds.contains_key(kind) {
            return None;
        }
        Some(self.kinds.entry(kind.to_owned()).or_default())
    }
}

impl Things {
    /// One in eight makes room at once, so that a flood does not search at every name.
    fn make_room(&mut self, cap: usize) {
        if self.by_name.len() < cap {
            return;
        }
        let mut ages: Vec<_> = self.by_name.values().map(|seen| (seen.last, seen.first)).collect();
        let (_, oldest, _) = ages.select_nth_unstable(cap / 8);
        let oldest = *oldest;
        self.by_name.retain(|_, seen| (seen.last, seen.first) > oldest);
    }
}

/// The name as it is kept.
fn short(name: &str) -> std::borrow::Cow<'_, str> {
    if name.len() <= NAME_CAP {
        return name.into();
    }
    let end = (0..=NAME_CAP - 17).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
    format!("{}~{:016x}", &name[..end], fingerprint(name.as_bytes())).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 123_456_000).unwrap()
    }

    #[test]
    fn a_flood_of_one_kind_takes_no_room_of_another_and_stays_bounded() {
        let mut known = Known::default();
        known.see(LOGINS, "anna from 192.0.2.0/24", at(0), true);
        for n in 0..10_000 {
            known.see(PROGRAMS, &format!("/srv/{n:0100}/run"), at(n), false);
        }
        assert!(known.get(LOGINS, "anna from 192.0.2.0/24").is_some());
        assert!(known.get(PROGRAMS, &format!("/srv/{:0100}/run", 9_999)).is_some());
        assert!(known.kinds[PROGRAMS].by_name.len() <= THINGS_CAP);
        assert!(known.kinds[PROGRAMS].by_name.keys().all(|name| name.len() <= NAME_CAP));
    }

    #[test]
    fn what_was_seen_survives_the_way_to_disk_to_the_microsecond() {
        let mut known = Known::default();
        known.watch(DOORS, at(0));
        known.see(DOORS, "tcp 22 Everyone", at(5), true);
        let text = serde_json::to_string(&known).unwrap();
        let back: Known = serde_json::from_str(&text).unwrap();
        assert_eq!(back, known, "{text}");
        assert!(serde_json::from_str::<Known>(r#"{"kinds":{"x":{"by_name":{"y":[9e18,0,true]}}}}"#).is_err());
        assert!(serde_json::from_str::<Known>(r#"{"kinds":{"moon":{"phase":1}},"more":2}"#).is_ok());
    }

    #[test]
    fn a_thing_is_usual_after_a_week_and_a_clock_that_was_ahead_makes_nothing_usual() {
        let mut known = Known::default();
        assert!(!known.see(DOORS, "x", at(0), false).usual);
        assert!(known.see(DOORS, "x", at(8 * 86_400), false).usual);
        known.see(DOORS, "y", at(3000 * 86_400), false);
        assert!(!known.see(DOORS, "y", at(10), false).usual);
        assert!(!known.see(DOORS, "y", at(20), false).usual);
    }
}
