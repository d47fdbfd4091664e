//! The desk: gathers news into letters, with measure: one message for a story, quiet hours, a digest after many.
//!
//! It is pure and small: it is held under a lock for microseconds, by the heartbeat and by the courier. Its whole
//! state is one value, which is kept on disk.

use super::channel::{Name, Outcome};
use super::letter::{Context, Draft, Letter, ScoreNow, beside};
use super::news::{Alerts, Change, News, Spans};
use super::outbox::{Fare, Outbox};
use super::settings::Settings;
use crate::model::{Host, Snapshot, Zone};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// News that is gathered at most; what is more is counted.
const NEWS_CAP: usize = 200;
/// Lines of context that are gathered at most.
const CONTEXT_CAP: usize = 30;
/// The stretch in which messages are counted.
const DAY: TimeDelta = TimeDelta::hours(24);
/// A sign of life tells of a beat that is no older.
const FRESH: TimeDelta = TimeDelta::minutes(15);

/// What is kept over a restart.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct State {
    alerts: Alerts,
    news: Vec<News>,
    context: Vec<Context>,
    more: u64,
    since: Option<DateTime<Utc>>,
    /// The score before the news.
    score_before: Option<u8>,
    /// The score that the last message told.
    score_told: Option<u8>,
    /// When messages of the last day were written, oldest first.
    written: VecDeque<DateTime<Utc>>,
    letters: u64,
    pinged_at: Option<DateTime<Utc>>,
    pub(super) outbox: Outbox,
}

/// The desk.
#[derive(Debug)]
pub(super) struct Desk {
    settings: Settings,
    channels: Vec<Name>,
    zone: Zone,
    state: State,
    last: Option<Last>,
    is_changed: bool,
}

/// What a letter needs of the last beat.
#[derive(Debug, Clone)]
struct Last {
    at: DateTime<Utc>,
    host: Host,
    score: ScoreNow,
    interval: TimeDelta,
}

impl Desk {
    pub(super) fn new(settings: Settings, zone: Zone, mut state: State) -> Self {
        let channels = settings.names();
        state.outbox.keep_only(&channels);
        Self { settings, channels, zone, state, last: None, is_changed: true }
    }

    /// Hears a beat; answers whether there is something to do.
    pub(super) fn hear(&mut self, beat: &Snapshot) -> bool {
        let spans = Spans {
            over_after: TimeDelta::seconds(self.settings.gather_s.into()),
            remind_after: TimeDelta::hours(self.settings.reminder_h.into()),
        };
        let news = self.state.alerts.hear(beat, spans);
        let is_news = !news.is_empty();
        if is_news && self.state.news.is_empty() {
            self.state.since = Some(beat.at);
            self.state.score_before =
                self.last.as_ref().and_then(|last| last.score.value).or(beat.score.previous);
        }
        for piece in news {
            self.gather(piece);
        }
        if is_news {
            let beside = beat.findings.iter().filter_map(|finding| beside(finding, &self.state.news));
            self.state.context = beside.take(CONTEXT_CAP).collect();
            self.is_changed = true;
        }
        self.last = Some(Last {
            at: beat.at,
            host: beat.host.clone(),
            score: ScoreNow {
                value: Some(beat.score.value),
                is_upper_bound: beat.score.is_upper_bound,
                previous: None,
            },
            interval: TimeDelta::milliseconds((beat.interval_s * 1000.0) as i64),
        });
        is_news
    }

    /// Adds a piece; what opened and ended before it was told is told once.
    fn gather(&mut self, piece: News) {
        let same = self.state.news.iter().position(|old| old.finding.id == piece.finding.id);
        let Some(at) = same else {
            if self.state.news.len() < NEWS_CAP {
                self.state.news.push(piece);
            } else {
                self.state.more += 1;
            }
            return;
        };
        let old = &mut self.state.news[at];
        match (old.change, piece.change) {
            (Change::Opened | Change::Worsened, Change::Solved) => old.over_already = true,
            // It is back before anybody heard that it was over.
            (Change::Solved, Change::Opened) => drop(self.state.news.remove(at)),
            (Change::Opened, Change::Opened | Change::Worsened | Change::StillOpen) => {
                *old = News { change: Change::Opened, ..piece };
            }
            _ => *old = piece,
        }
        if self.state.news.is_empty() {
            self.state.since = None;
        }
    }

    /// Writes what is due; answers whether anything may be sent now.
    pub(super) fn write(&mut self, now: DateTime<Utc>) -> bool {
        self.state.written.retain(|at| *at <= now && now - *at < DAY);
        if self.sealed_at().is_some_and(|at| at <= now) && !self.is_quiet(now) {
            self.seal(now);
        }
        self.ping(now);
        self.state.outbox.next_at(now).is_some_and(|at| at <= now)
    }

    /// When what is gathered becomes a letter; `None` when there is no news.
    fn sealed_at(&self) -> Option<DateTime<Utc>> {
        let since = self.state.since.filter(|_| !self.state.news.is_empty())?;
        let gathered = since + TimeDelta::seconds(self.settings.gather_s.into());
        if !self.is_over_measure() {
            return Some(gathered);
        }
        let last = self.state.written.back()?;
        Some(gathered.max(*last + TimeDelta::hours(self.settings.digest_h.into())))
    }

    fn is_over_measure(&self) -> bool {
        self.state.written.len() >= self.settings.max_per_day as usize
    }

    fn is_quiet(&self, now: DateTime<Utc>) -> bool {
        self.settings.quiet().is_some_and(|hours| hours.hold(self.zone.at(now).time()))
    }

    fn seal(&mut self, now: DateTime<Utc>) {
        let is_digest = self.is_over_measure();
        let is_last = !is_digest && self.state.written.len() + 1 >= self.settings.max_per_day as usize;
        let note = is_last.then(|| {
            format!(
                "This is message {} of 24 hours: what follows comes as a digest every {} h.",
                self.settings.max_per_day, self.settings.digest_h
            )
        });
        let last = self.last.as_ref();
        let score = last.map_or_else(ScoreNow::default, |last| last.score);
        // What got worse is measured against before, what got better against what was heard last.
        let is_good = self.state.news.iter().all(|news| news.change >= Change::Solved);
        let previous = self.state.score_told.filter(|_| is_good).or(self.state.score_before);
        self.state.score_told = score.value;
        let draft = Draft {
            id: self.next_id(now),
            at: now,
            host: self.last.as_ref().map(|last| last.host.clone()).unwrap_or_default(),
            score: ScoreNow { previous, ..score },
            news: std::mem::take(&mut self.state.news),
            context: std::mem::take(&mut self.state.context),
            more: std::mem::take(&mut self.state.more),
            note,
        };
        let letter = draft.write(is_digest, self.zone);
        let channels = self.channels.iter().copied().filter(|name| *name != Name::Ping);
        self.state.outbox.put(letter, channels);
        self.state.since = None;
        self.state.written.push_back(now);
        self.is_changed = true;
    }

    /// Puts a sign of life into the outbox when one is due and the heart beats.
    fn ping(&mut self, now: DateTime<Utc>) {
        let Some(due) = self.ping_at() else { return };
        let is_alive = self.last.as_ref().is_some_and(|last| now - last.at <= FRESH.max(last.interval * 3));
        // A clock that was set back must not silence it.
        let due = if due - now > DAY * 8 { now } else { due };
        if now < due || !is_alive || self.state.outbox.has_ping() {
            return;
        }
        let letter = Letter::ping(self.next_id(now), now);
        self.state.outbox.put(letter, std::iter::once(Name::Ping));
        self.state.pinged_at = Some(now);
        self.is_changed = true;
    }

    fn ping_at(&self) -> Option<DateTime<Utc>> {
        let every = TimeDelta::hours(self.settings.ping.as_ref()?.every_h.into());
        Some(self.state.pinged_at.map_or(DateTime::UNIX_EPOCH, |at| at + every))
    }

    fn next_id(&mut self, now: DateTime<Utc>) -> String {
        self.state.letters += 1;
        let host = self.last.as_ref().map_or("", |last| last.host.id.as_str());
        format!("{}{}-{}", host, now.format("%Y%m%dT%H%M%S"), self.state.letters)
    }

    /// What may be sent now, one letter a channel.
    pub(super) fn due(&mut self, now: DateTime<Utc>) -> Vec<(Name, Letter)> {
        self.state.outbox.due(now)
    }

    /// Notes what became of an attempt.
    pub(super) fn note(&mut self, name: Name, letter: &Letter, outcome: Outcome, now: DateTime<Utc>) {
        self.state.outbox.note(name, &letter.id, outcome, now);
        self.is_changed = true;
    }

    /// When there is something to do next; `None` when only news can bring it.
    pub(super) fn next_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let sealed = self
            .sealed_at()
            .map(|at| if self.is_quiet(now) { at.max(now + TimeDelta::minutes(1)) } else { at });
        let ping = self.ping_at().filter(|_| !self.state.outbox.has_ping());
        [sealed, self.state.outbox.next_at(now), ping].into_iter().flatten().min()
    }

    /// What does not go through, in words.
    pub(super) fn trouble(&self, now: DateTime<Utc>) -> Option<String> {
        self.state.outbox.trouble(now)
    }

    /// The state, when it changed since it was last asked for.
    pub(super) fn changed(&mut self) -> Option<State> {
        std::mem::take(&mut self.is_changed).then(|| self.state.clone())
    }

    /// The settings that it goes by.
    #[cfg(test)]
    pub(super) const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How a channel fares.
    #[cfg(test)]
    pub(super) fn status(&self, name: Name) -> (Fare, u64) {
        self.state.fare(name)
    }

    /// Says that the state could not be kept: it is asked for again.
    pub(super) const fn keep_again(&mut self) {
        self.is_changed = true;
    }
}

impl State {
    /// How a channel fares, and how many letters wait for it.
    pub(super) fn fare(&self, name: Name) -> (Fare, u64) {
        (self.outbox.fares.get(&name).cloned().unwrap_or_default(), self.outbox.waiting(name))
    }

    /// Alerts that wait to be told.
    pub(super) const fn gathered(&self) -> usize {
        self.news.len()
    }
}
