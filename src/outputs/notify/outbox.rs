//! Letters that wait, and how each channel fares. At least once: a letter goes away when its channel took it.
//!
//! It is bounded in number and in age; what had to be given up is counted and said. It sends nothing itself.

use super::channel::{Name, Outcome};
use super::letter::{Kind, Letter};
use crate::model::fingerprint;
use crate::text;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Letters that wait at most; the oldest makes room.
const LETTERS_CAP: usize = 100;
/// A letter that could not be delivered for so long is given up.
const KEPT_FOR: TimeDelta = TimeDelta::days(7);
/// The first wait after a failure; each further one is twice as long.
const FIRST_WAIT_S: i64 = 5;
/// The longest wait of our own choice.
const LONGEST_WAIT_S: i64 = 15 * 60;
/// The wait after a refusal: only a changed setting mends that.
const REFUSED_WAIT: TimeDelta = TimeDelta::hours(1);
/// The longest wait that is believed, also after a clock was set back.
const WAIT_MOST: TimeDelta = TimeDelta::hours(25);

/// A letter and the channels that have not taken it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    letter: Letter,
    /// The channels, with the attempts that failed.
    channels: BTreeMap<Name, u32>,
}

/// How a channel fares.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fare {
    /// When it last took a letter.
    pub delivered_at: Option<DateTime<Utc>>,
    /// Since when nothing goes through.
    pub failing_since: Option<DateTime<Utc>>,
    /// Attempts that failed since then.
    pub failures: u32,
    /// What happened last, without any secret.
    pub why: Option<String>,
    /// It will not work until a setting is changed.
    pub is_refused: bool,
    /// The other side asked for the wait.
    #[serde(default)]
    pub is_asked: bool,
    /// It is not tried before.
    pub not_before: Option<DateTime<Utc>>,
    /// Letters that were given up.
    pub given_up: u64,
}

/// The letters that wait.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Outbox {
    waiting: VecDeque<Waiting>,
    pub(super) fares: BTreeMap<Name, Fare>,
}

impl Outbox {
    /// Takes a letter for some channels.
    pub(super) fn put(&mut self, letter: Letter, channels: impl Iterator<Item = Name>) {
        let channels: BTreeMap<Name, u32> = channels.map(|name| (name, 0)).collect();
        if channels.is_empty() {
            return;
        }
        self.waiting.push_back(Waiting { letter, channels });
        while self.waiting.len() > LETTERS_CAP {
            if let Some(lost) = self.waiting.pop_front() {
                self.give_up(&lost);
            }
        }
    }

    /// Forgets the channels that are no longer configured, and tries the others at once, for a setting may have
    /// changed; only a wait that the other side asked for still holds.
    pub(super) fn keep_only(&mut self, channels: &[Name]) {
        for waiting in &mut self.waiting {
            waiting.channels.retain(|name, _| channels.contains(name));
        }
        self.waiting.retain(|waiting| !waiting.channels.is_empty());
        self.fares.retain(|name, _| channels.contains(name));
        for fare in self.fares.values_mut() {
            fare.is_refused = false;
            fare.not_before = fare.not_before.filter(|_| fare.is_asked);
        }
    }

    /// The next letter of each channel that may be tried now; of several the one that failed least, then the oldest.
    pub(super) fn due(&mut self, now: DateTime<Utc>) -> Vec<(Name, Letter)> {
        self.give_up_old(now);
        let mut due: BTreeMap<Name, (u32, &Letter)> = BTreeMap::new();
        for waiting in &self.waiting {
            for (name, tries) in &waiting.channels {
                let may = self.fares.get(name).is_none_or(|fare| is_due(fare.not_before, now));
                if may && due.get(name).is_none_or(|(least, _)| tries < least) {
                    due.insert(*name, (*tries, &waiting.letter));
                }
            }
        }
        due.into_iter().map(|(name, (_, letter))| (name, letter.clone())).collect()
    }

    /// Notes what became of an attempt.
    pub(super) fn note(&mut self, name: Name, letter: &str, outcome: Outcome, now: DateTime<Utc>) {
        let fare = self.fares.entry(name).or_default();
        let (why, after, is_refused) = match outcome {
            Outcome::Delivered => {
                *fare = Fare { delivered_at: Some(now), given_up: fare.given_up, ..Fare::default() };
                for waiting in self.waiting.iter_mut().filter(|waiting| waiting.letter.id == letter) {
                    waiting.channels.remove(&name);
                }
                self.waiting.retain(|waiting| !waiting.channels.is_empty());
                return;
            }
            Outcome::Later { why, after } => (why, after, false),
            Outcome::Refused { why } => (why, None, true),
        };
        fare.failing_since = Some(fare.failing_since.map_or(now, |since| since.min(now)));
        fare.failures = fare.failures.saturating_add(1);
        fare.is_refused = is_refused;
        let asked = after.and_then(|after| TimeDelta::from_std(after).ok());
        let own = if is_refused { REFUSED_WAIT } else { back_off(name, letter, fare.failures, now) };
        fare.is_asked = asked.is_some();
        let wait = asked.map_or(own, |asked| asked.max(TimeDelta::seconds(1)));
        fare.not_before = Some(now + wait.min(WAIT_MOST));
        fare.why = Some(why);
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.letter.id == letter) {
            if let Some(tries) = waiting.channels.get_mut(&name) {
                *tries = tries.saturating_add(1);
            }
        }
    }

    /// When something may be tried next; `None` when nothing waits.
    pub(super) fn next_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let names = self.waiting.iter().flat_map(|waiting| waiting.channels.keys());
        names.map(|name| self.fares.get(name).and_then(|fare| fare.not_before).unwrap_or(now)).min()
    }

    /// How many letters wait for a channel.
    pub(super) fn waiting(&self, name: Name) -> u64 {
        self.waiting.iter().filter(|waiting| waiting.channels.contains_key(&name)).count() as u64
    }

    /// Tells whether a sign of life already waits.
    pub(super) fn has_ping(&self) -> bool {
        self.waiting.iter().any(|waiting| waiting.letter.kind == Kind::Ping)
    }

    /// What does not go through, in words; `None` when everything does.
    pub(super) fn trouble(&self, now: DateTime<Utc>) -> Option<String> {
        let failing = self.fares.iter().filter_map(|(name, fare)| {
            let since = fare.failing_since?;
            let why = fare.why.as_deref().unwrap_or("no reason is known");
            let what = if fare.is_refused { "is set up wrongly, undeliverable" } else { "is undeliverable" };
            Some(format!("{name} {what} for {}: {why}", minutes(now - since)))
        });
        let lost: u64 = self.fares.values().map(|fare| fare.given_up).sum();
        let lost = (lost > 0).then(|| format!("{} had to be given up", text::plural(lost, "message")));
        let all: Vec<String> = failing.chain(lost).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }

    fn give_up_old(&mut self, now: DateTime<Utc>) {
        let is_old = |waiting: &Waiting| {
            let most = if waiting.letter.kind == Kind::Ping { TimeDelta::days(1) } else { KEPT_FOR };
            now - waiting.letter.at > most
        };
        let old: Vec<Waiting> = self.waiting.iter().filter(|waiting| is_old(waiting)).cloned().collect();
        self.waiting.retain(|waiting| !is_old(waiting));
        for lost in &old {
            self.give_up(lost);
        }
    }

    fn give_up(&mut self, lost: &Waiting) {
        for name in lost.channels.keys().filter(|_| lost.letter.kind != Kind::Ping) {
            let fare = self.fares.entry(*name).or_default();
            fare.given_up = fare.given_up.saturating_add(1);
        }
    }
}

/// Tells whether a wait is over; one that is longer than any we ask for comes from a clock that was set back.
fn is_due(not_before: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    not_before.is_none_or(|at| at <= now || at - now > WAIT_MOST)
}

/// 5 s, 10 s, 20 s ... 15 min, give or take a quarter: many machines must not come back at one stroke.
fn back_off(name: Name, letter: &str, failures: u32, now: DateTime<Utc>) -> TimeDelta {
    let doubled = FIRST_WAIT_S << failures.saturating_sub(1).min(10);
    let seconds = doubled.min(LONGEST_WAIT_S) as f64;
    let seed = format!("{name} {letter} {failures} {}", now.timestamp_nanos_opt().unwrap_or_default());
    let share = (fingerprint(seed.as_bytes()) >> 40) as f64 / (1_u64 << 24) as f64;
    TimeDelta::milliseconds((seconds * (0.75 + share / 2.0) * 1000.0) as i64)
}

fn minutes(span: TimeDelta) -> String {
    match span.num_minutes() {
        ..1 => "less than 1 min".to_owned(),
        min @ 1..120 => format!("{min} min"),
        min => format!("{} h", min / 60),
    }
}
