//! Sign-ins: counted over 24 hours per source, and judged: noise, typos, guessing, break-ins, forgeries.
//!
//! Each event is counted once, at its own time. It does not parse lines and does not decide who said the truth.

mod accounts;
mod grants;
mod refusals;
mod say;
mod source;
mod window;

use super::baseline::{Baselines, Series};
use super::first_seen::{HABITS, Known, SUDO};
use super::rules::Name;
use super::settings::Settings;
use super::sighting::Round;
use crate::model::{AuthEvent, AuthKind, AuthReading, HourCounts, Logins, PasswordLogins, Safe, SignIns};
use chrono::{DateTime, TimeDelta, Utc};
use refusals::Refusals;
use source::{SourceLog, Try};
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use window::{hour_place, minute, oldest};

/// Sources that are told apart; the quietest one makes room.
const SOURCES_CAP: usize = 800;
/// Sources that are listed.
const SOURCES_SHOWN: usize = 50;
/// Events that are shown.
const RECENT_CAP: usize = 200;
/// After a password was taken over the network, passwords count as on for so long.
const PASSWORDS_ON: TimeDelta = TimeDelta::days(30);

/// The habit of taking passwords.
const PASSWORDS: &str = "passwords are taken";

/// What sign-ins are counted with, over the beats.
#[derive(Debug, Default)]
pub(super) struct Access {
    minutes: VecDeque<(i64, Counts)>,
    sources: HashMap<Safe, SourceLog>,
    /// Sources that had to make room, by the minute of their last try.
    forgotten: window::Window,
    refusals: Refusals,
    recent: VecDeque<Arc<AuthEvent>>,
    reading: Option<(Safe, bool, Option<DateTime<Utc>>)>,
    /// The minute before which everything was forgotten.
    forgot_before: Option<i64>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    failed: u64,
    existing: u64,
    accepted: u64,
    sudo: u64,
    denied: u64,
    probes: u64,
}

/// One beat's view of the sign-ins.
pub(super) struct Desk<'a> {
    pub(super) settings: &'a Settings,
    pub(super) known: &'a mut Known,
    pub(super) baselines: &'a mut Baselines,
    /// Whether this beat is a measure of normal days.
    pub(super) learns: bool,
    pub(super) logins: Option<&'a Logins>,
    pub(super) own_address: Option<IpAddr>,
    /// What sshd's settings say of passwords, where they are known.
    pub(super) passwords: Option<PasswordLogins>,
    pub(super) now: DateTime<Utc>,
}

impl Desk<'_> {
    /// Tells whether no password is the right one, by sshd's settings. Who came in with one goes by other settings.
    fn refuses_passwords(&self) -> bool {
        self.passwords == Some(PasswordLogins::Refused) && !self.took_password_within(TimeDelta::days(1))
    }

    /// Tells whether somebody came in over the network with a password.
    fn took_password_within(&self, span: TimeDelta) -> bool {
        self.known.get(HABITS, PASSWORDS).is_some_and(|seen| self.now - seen.last < span)
    }
}

impl Access {
    /// Counts what is new and says what is to be said.
    pub(super) fn judge(&mut self, round: &mut Round, reading: Option<&AuthReading>, desk: &mut Desk<'_>) {
        let Some(reading) = reading else {
            self.reading = None;
            return;
        };
        self.listen(round, reading, desk);
        self.forget(desk.now);
        self.reading = Some((reading.source.clone(), reading.caught_up, reading.last_line_at));
        if reading.caught_up {
            for name in [
                Name::FailedLogins,
                Name::GuessingRun,
                Name::SuccessAfterGuessing,
                Name::FirstLogin,
                Name::RefusedSudo,
                Name::ForgedLine,
                Name::FirstSudo,
                Name::SecondRoot,
                Name::PowerfulGroup,
            ] {
                round.looked(name);
            }
        }
        let usual = reading.caught_up && self.is_usual(desk);
        self.say_failures(round, desk, &reading.source, usual);
        self.refusals.say(round, desk);
    }

    /// Counts what is new and notes what it shows at once; what it adds up to is for [`Self::judge`] to say.
    pub(super) fn listen(&mut self, round: &mut Round, reading: &AuthReading, desk: &mut Desk<'_>) {
        if let Some(first) = reading.events.first() {
            desk.known.watch(SUDO, first.time.unwrap_or(desk.now).min(desk.now));
        }
        for event in &reading.events {
            self.hear(round, event, desk);
        }
    }

    /// Tells whether the failures of the last hour are as many as on other days, and learns from them.
    fn is_usual(&self, desk: &mut Desk<'_>) -> bool {
        let since = minute(desk.now) - 60;
        let failed: u64 = self
            .minutes
            .iter()
            .rev()
            .take_while(|(at, _)| *at > since)
            .map(|(_, counts)| counts.failed)
            .sum();
        let failed = failed as f64;
        desk.baselines.hear(Series::FailedPerHour, failed, desk.learns, desk.now);
        desk.baselines.range(Series::FailedPerHour, desk.now).is_some_and(|range| {
            failed <= range.median || range.ratio(failed) <= desk.settings.thresholds.peak_ratio
        })
    }

    fn hear(&mut self, round: &mut Round, event: &Arc<AuthEvent>, desk: &mut Desk<'_>) {
        // A stamp that lies ahead is a clock that was set back: it counts as now, once.
        let at = event.time.unwrap_or(desk.now).min(desk.now);
        if let Some(forger) = &event.forged_by {
            round.saw(grants::forged(event, forger, at, desk));
            return;
        }
        if event.duplicate_of.is_some() {
            return;
        }
        let fresh = minute(at) >= oldest(desk.now);
        if fresh && !is_routine(event) {
            self.recent.push_back(Arc::clone(event));
            if self.recent.len() > RECENT_CAP {
                self.recent.pop_front();
            }
        }
        match event.kind {
            AuthKind::Failed if fresh => self.fail(event, at, desk),
            // Where only keys are taken, names are all that is ever tried.
            AuthKind::InvalidUser if fresh => {
                self.source(source::key(event.address.as_ref())).knock(at, event.user.as_ref(), event.count);
            }
            AuthKind::Accepted => self.accept(round, event, at, fresh, desk),
            AuthKind::Sudo | AuthKind::Su => {
                if fresh {
                    self.count(at, |counts, n| counts.sudo += n, event.count);
                }
                self.refusals.forgive(event.user.as_ref(), at);
                round.saw_if(grants::first_sudo(event, at, desk));
                self.enter(round, event, at, desk);
            }
            AuthKind::SessionOpened if is_person_at_the_machine(event) => self.enter(round, event, at, desk),
            AuthKind::SudoDenied | AuthKind::SuFailed if fresh => {
                self.count(at, |counts, n| counts.denied += n, event.count);
                self.refusals.hear(event, at);
            }
            AuthKind::Probe if fresh => self.count(at, |counts, n| counts.probes += n, event.count),
            AuthKind::Lockout if event.address.is_some() && fresh => {
                self.source(source::key(event.address.as_ref())).banned = true;
            }
            AuthKind::AccountAdded | AuthKind::AccountChanged | AuthKind::GroupChanged => {
                round.saw_if(accounts::judge(event, at, desk));
            }
            _ => {}
        }
    }

    fn fail(&mut self, event: &AuthEvent, at: DateTime<Utc>, desk: &Desk<'_>) {
        let exists = event.user_exists == Some(true);
        self.count(
            at,
            |counts, n| {
                counts.failed += n;
                counts.existing += if exists { n } else { 0 };
            },
            event.count,
        );
        let guess = is_guess(event);
        let attempt = Try {
            at,
            n: event.count.max(1),
            user: event.user.as_ref(),
            hopeless: !guess || event.user_exists == Some(false),
            guess,
        };
        let run_failures = desk.settings.thresholds.run_failures;
        let log = self.source(source::key(event.address.as_ref()));
        log.fail(attempt, run_failures);
        log.by_others |= event.address.is_none() || !event.service.starts_with("sshd");
    }

    fn accept(
        &mut self,
        round: &mut Round,
        event: &AuthEvent,
        at: DateTime<Utc>,
        fresh: bool,
        desk: &mut Desk<'_>,
    ) {
        if fresh {
            self.count(at, |counts, n| counts.accepted += n, event.count);
            self.source(source::key(event.address.as_ref())).accepted.add(minute(at), event.count.max(1));
        }
        if event.address.is_some() && is_guess(event) {
            desk.known.see(HABITS, PASSWORDS, at, true);
        }
        self.enter(round, event, at, desk);
    }

    /// Somebody is in: was it a typo, a guess, or nothing at all before it?
    fn enter(&mut self, round: &mut Round, event: &AuthEvent, at: DateTime<Utc>, desk: &mut Desk<'_>) {
        let key = source::key(event.address.as_ref());
        let local = event.address.is_none();
        let familiar = grants::is_familiar(event, desk);
        let mut led_up = source::LedUp::default();
        if let Some(log) = self.sources.get_mut(&key) {
            led_up = log.succeed(at, event.user.as_ref(), local);
            let thresholds = &desk.settings.thresholds;
            let typo = led_up.failures as f64 <= thresholds.typo_failures && familiar;
            // A known key that is taken after a neighbour's guesses is not a guessed password.
            let by_known_key = !is_guess(event) && grants::is_known_key(event, desk);
            if led_up.failures as f64 >= thresholds.guesses_before_success && !by_known_key {
                log.got_in = true;
                round.saw(grants::guessed(event, &key, led_up, at, desk));
            }
            log.settle(event.user.as_ref(), local, typo);
        }
        if !local && event.kind == AuthKind::Accepted {
            grants::judge_first(round, event, led_up.failures, at, desk);
        }
    }

    fn count(&mut self, at: DateTime<Utc>, add: impl FnOnce(&mut Counts, u64), n: u32) {
        let minute = minute(at);
        let place = self.minutes.partition_point(|(at, _)| *at < minute);
        if self.minutes.get(place).is_none_or(|(at, _)| *at != minute) {
            self.minutes.insert(place, (minute, Counts::default()));
        }
        if let Some((_, counts)) = self.minutes.get_mut(place) {
            add(counts, u64::from(n.max(1)));
        }
    }

    fn source(&mut self, key: Safe) -> &mut SourceLog {
        if self.sources.len() >= SOURCES_CAP && !self.sources.contains_key(&key) {
            // One in eight makes room at once, so that a flood of new sources does not search at every line.
            let mut quietest: Vec<_> = self
                .sources
                .iter()
                .map(|(key, log)| ((log.got_in, log.accepted.total() > 0, log.failed.total(), log.last), key))
                .collect();
            keep_first(&mut quietest, SOURCES_CAP / 8, Ord::cmp);
            let quietest: Vec<_> = quietest.into_iter().map(|(_, key)| key.clone()).collect();
            for key in quietest {
                if let Some(log) = self.sources.remove(&key)
                    && let Some(last) = log.last
                    && !log.failed.is_empty()
                {
                    self.forgotten.add(minute(last), 1);
                }
            }
        }
        self.sources.entry(key).or_default()
    }

    fn forget(&mut self, now: DateTime<Utc>) {
        let oldest = oldest(now);
        // What is counted by the minute grows old by the minute.
        if self.forgot_before.replace(oldest) == Some(oldest) {
            return;
        }
        while self.minutes.front().is_some_and(|(at, _)| *at < oldest) {
            self.minutes.pop_front();
        }
        self.forgotten.forget_before(oldest);
        self.sources.retain(|_, log| log.forget_before(oldest));
        self.refusals.forget_before(oldest);
        while self.recent.front().is_some_and(|event| event.time.is_some_and(|at| minute(at) < oldest)) {
            self.recent.pop_front();
        }
    }

    /// What the last 24 hours add up to; `None` while no source can be read.
    pub(super) fn sign_ins(&self, own_address: Option<IpAddr>, now: DateTime<Utc>) -> Option<SignIns> {
        let (source, caught_up, last_line_at) = self.reading.clone()?;
        let mut sums = Counts::default();
        let mut hours = vec![HourCounts::default(); 24];
        for (at, counts) in &self.minutes {
            sums.failed += counts.failed;
            sums.existing += counts.existing;
            sums.accepted += counts.accepted;
            sums.sudo += counts.sudo;
            sums.denied += counts.denied;
            sums.probes += counts.probes;
            if let Some(hour) = hour_place(*at, now) {
                hours[hour].failed += counts.failed;
                hours[hour].accepted += counts.accepted;
                hours[hour].sudo += counts.sudo;
            }
        }
        let mut rows: Vec<_> = self.sources.iter().filter(|(_, log)| !log.failed.is_empty()).collect();
        let failed_sources = rows.len() as u64 + self.forgotten.total();
        keep_first(&mut rows, SOURCES_SHOWN, |(a, log), (b, other)| {
            other.failed.total().cmp(&log.failed.total()).then_with(|| a.cmp(b))
        });
        let yours = own_address.map(|ip| source::key(Some(&Safe::new(&ip.to_string()))));
        Some(SignIns {
            source,
            failed_24h: sums.failed,
            failed_sources_24h: failed_sources,
            failed_existing_24h: sums.existing,
            accepted_24h: sums.accepted,
            sudo_24h: sums.sudo,
            sudo_denied_24h: sums.denied,
            probes_24h: sums.probes,
            hours,
            sources_more: failed_sources - rows.len() as u64,
            sources: rows
                .into_iter()
                .map(|(key, log)| log.row(key, yours.as_ref() == Some(key), now))
                .collect(),
            recent: self.recent.iter().cloned().collect(),
            caught_up,
            last_line_at,
        })
    }
}

/// Keeps the first few in their order; the others are not sorted.
fn keep_first<T>(list: &mut Vec<T>, few: usize, order: impl Fn(&T, &T) -> std::cmp::Ordering) {
    if list.len() > few {
        if few > 0 {
            list.select_nth_unstable_by(few - 1, &order);
        }
        list.truncate(few);
    }
    list.sort_unstable_by(order);
}

/// Tells tries that offered something that can be guessed. A key cannot; `none` is a question, not a try.
fn is_guess(event: &AuthEvent) -> bool {
    event.method.as_ref().is_none_or(|method| {
        !["publickey", "none", "hostbased", "gssapi"]
            .iter()
            .any(|unguessable| method.starts_with(unguessable))
    })
}

/// Tells sessions that machines open all day.
fn is_routine(event: &AuthEvent) -> bool {
    matches!(event.kind, AuthKind::SessionOpened | AuthKind::SessionClosed | AuthKind::Other)
        && ["cron", "CRON", "crond", "systemd-user", "atd"].contains(&event.service.as_str())
}

/// Tells a session that somebody opened at a terminal or a login screen; the network's have their own events.
fn is_person_at_the_machine(event: &AuthEvent) -> bool {
    event.address.is_none() && !is_routine(event) && !event.service.starts_with("sshd")
}
