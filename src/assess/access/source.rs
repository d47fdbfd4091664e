//! One source of tries over 24 hours: how often, for which names, whether it looks like a program or like a person.

use super::window::{Window, minute};
use crate::model::{Safe, Source, SourceState, fingerprint};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::VecDeque;
use std::net::IpAddr;

/// Names that are kept per source: those tried most and last.
const NAMES_CAP: usize = 24;
/// Names beyond these that are still told apart, so that each counts once.
const MORE_NAMES_CAP: usize = 256;
/// Names that are shown per source.
const NAMES_SHOWN: usize = 12;
/// Failures that are kept as leading up to a success.
const PENDING_CAP: usize = 32;
/// How long before a success failures belong to it.
const LEADS_UP: TimeDelta = TimeDelta::hours(1);
/// Minutes in which many failures make a run.
const RUN_MINUTES: i64 = 10;

/// A failure, as far as the source cares.
#[derive(Debug, Clone, Copy)]
pub(super) struct Try<'a> {
    pub(super) at: DateTime<Utc>,
    pub(super) n: u32,
    pub(super) user: Option<&'a Safe>,
    /// It cannot succeed: the name does not exist, or nothing that could be guessed was offered.
    pub(super) hopeless: bool,
    /// A password was offered, whoever for.
    pub(super) guess: bool,
}

/// What led up to a success.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct LedUp {
    /// Refused guesses.
    pub(super) failures: u64,
    pub(super) first: Option<DateTime<Utc>>,
}

/// A time in which a program was at work.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) since: DateTime<Utc>,
    pub(super) last: DateTime<Utc>,
}

/// One source.
#[derive(Debug, Default)]
pub(super) struct SourceLog {
    /// All refused credentials.
    pub(super) failed: Window,
    /// Of these, those that could have succeeded and were not a typo.
    pub(super) serious: Window,
    /// Of these, those that could not succeed.
    pub(super) hopeless: Window,
    /// Of these, the owner's typos.
    pub(super) typos: Window,
    pub(super) accepted: Window,
    /// Names that were offered before any credential, and do not exist.
    pub(super) knocks: Window,
    names: Vec<(Safe, u32, i64)>,
    /// Fingerprints of names that are not kept, in order.
    more_names: Vec<u32>,
    pending: VecDeque<(DateTime<Utc>, u32, Option<Safe>, bool)>,
    pub(super) run: Option<Run>,
    pub(super) got_in: bool,
    pub(super) banned: bool,
    /// Some tries came by another way than sshd.
    pub(super) by_others: bool,
    pub(super) first: Option<DateTime<Utc>>,
    pub(super) last: Option<DateTime<Utc>>,
}

impl SourceLog {
    /// Counts a failure; `run_failures` in ten minutes make a run.
    pub(super) fn fail(&mut self, attempt: Try<'_>, run_failures: f64) {
        let minute = minute(attempt.at);
        self.touch(attempt.at);
        self.failed.add(minute, attempt.n);
        let kind = if attempt.hopeless { &mut self.hopeless } else { &mut self.serious };
        kind.add(minute, attempt.n);
        if let Some(user) = attempt.user {
            self.name(user, attempt.n, minute);
        }
        if attempt.guess {
            // So many are no typos: what is too old to lead up to anything is not kept as if it did.
            if self.pending.len() >= PENDING_CAP
                && let Some((when, n, ..)) = self.pending.pop_front()
                && attempt.at - when <= LEADS_UP
                && let Some((_, next, ..)) = self.pending.front_mut()
            {
                *next = next.saturating_add(n);
            }
            self.pending.push_back((attempt.at, attempt.n, attempt.user.cloned(), attempt.hopeless));
            if self.failed.since(minute - RUN_MINUTES + 1) as f64 >= run_failures {
                let earliest = attempt.at - TimeDelta::minutes(RUN_MINUTES);
                let began = self.first.map_or(earliest, |first| first.max(earliest));
                let run = self.run.get_or_insert(Run { since: began, last: attempt.at });
                run.last = run.last.max(attempt.at);
            }
        }
    }

    /// Notes a name that does not exist, offered before any credential.
    pub(super) fn knock(&mut self, at: DateTime<Utc>, user: Option<&Safe>, n: u32) {
        self.touch(at);
        self.knocks.add(minute(at), n.max(1));
        if let Some(user) = user {
            self.name(user, 0, minute(at));
        }
    }

    /// Notes a success of `user`, and answers the failures that led up to it. With `same_user` only failures of the
    /// same name count: at a shared terminal one person's typos are not another's.
    pub(super) fn succeed(&mut self, at: DateTime<Utc>, user: Option<&Safe>, same_user: bool) -> LedUp {
        self.touch(at);
        let mut led_up = LedUp::default();
        for (when, n, name, _) in &self.pending {
            let near = *when <= at && at - *when <= LEADS_UP;
            if near && (!same_user || name.as_ref() == user) {
                led_up.failures += u64::from(*n);
                led_up.first = Some(led_up.first.map_or(*when, |first| first.min(*when)));
            }
        }
        led_up
    }

    /// Ends what led up to a success; as a typo it is forgiven and counts as such.
    pub(super) fn settle(&mut self, user: Option<&Safe>, same_user: bool, typo: bool) {
        let mut settled = Vec::new();
        self.pending.retain(|(at, n, name, hopeless)| {
            let belongs = !same_user || name.as_ref() == user;
            if belongs {
                settled.push((minute(*at), *n, *hopeless));
            }
            !belongs
        });
        if typo {
            for (minute, n, hopeless) in settled {
                let kind = if hopeless { &mut self.hopeless } else { &mut self.serious };
                kind.take(minute, n);
                self.typos.add(minute, n);
            }
        }
    }

    /// Forgets what is older than a minute, and tells whether anything is left.
    pub(super) fn forget_before(&mut self, oldest: i64) -> bool {
        for window in [
            &mut self.failed,
            &mut self.serious,
            &mut self.hopeless,
            &mut self.typos,
            &mut self.accepted,
            &mut self.knocks,
        ] {
            window.forget_before(oldest);
        }
        self.names.retain(|(_, _, last)| *last >= oldest);
        // Nearly in the order of time; the few that are not lead up to nothing any more.
        while self.pending.front().is_some_and(|(at, ..)| minute(*at) < oldest) {
            self.pending.pop_front();
        }
        if self.run.is_some_and(|run| minute(run.last) < oldest) {
            self.run = None;
        }
        let quiet = self.failed.is_empty() && self.knocks.is_empty();
        if quiet {
            self.more_names.clear();
        }
        !quiet || !self.accepted.is_empty()
    }

    /// Different names tried, counted up to a bound.
    pub(super) fn names_total(&self) -> u64 {
        (self.names.len() + self.more_names.len()) as u64
    }

    /// Names tried, most often first, then last first.
    pub(super) fn names(&self) -> Vec<Safe> {
        let mut names: Vec<_> = self.names.iter().collect();
        names.sort_by(|a, b| b.1.cmp(&a.1).then(b.2.cmp(&a.2)).then_with(|| a.0.cmp(&b.0)));
        names.into_iter().take(NAMES_SHOWN).map(|(name, ..)| name.clone()).collect()
    }

    /// The row of this source.
    pub(super) fn row(&self, address: &Safe, yours: bool, now: DateTime<Utc>) -> Source {
        Source {
            address: address.clone(),
            tries: self.failed.total(),
            accepted: self.accepted.total(),
            names: self.names(),
            names_total: self.names_total(),
            first_at: self.first,
            last_at: self.last,
            state: match () {
                () if self.got_in => SourceState::GotIn,
                () if yours => SourceState::Yours,
                () if self.banned => SourceState::Banned,
                () => SourceState::Open,
            },
            hours: self.failed.hours(now),
        }
    }

    pub(super) fn touch(&mut self, at: DateTime<Utc>) {
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
    }

    fn name(&mut self, user: &Safe, n: u32, minute: i64) {
        if let Some((_, count, last)) = self.names.iter_mut().find(|(name, ..)| name == user) {
            *count = count.saturating_add(n);
            *last = (*last).max(minute);
            return;
        }
        if let Ok(place) = self.more_names.binary_search(&short(user)) {
            self.more_names.remove(place);
        }
        if self.names.len() == NAMES_CAP {
            // A new name takes the place of the one that was tried least, and of these longest ago.
            let least = self.names.iter().enumerate().min_by_key(|(_, (_, count, last))| (*count, *last));
            let Some((least, _)) = least else { return };
            let (name, ..) = self.names.swap_remove(least);
            let short = short(&name);
            if let Err(place) = self.more_names.binary_search(&short)
                && self.more_names.len() < MORE_NAMES_CAP
            {
                self.more_names.insert(place, short);
            }
        }
        self.names.push((user.clone(), n, minute));
    }
}

/// A fingerprint of a name, short: two of a few hundred that look alike would cost one in a count.
fn short(name: &Safe) -> u32 {
    fingerprint(name.as_bytes()) as u32
}

/// The key of a source: an address, the /64 of an IPv6 one, the name that the speaker logged, or `local`.
pub(super) fn key(address: Option<&Safe>) -> Safe {
    let Some(text) = address.filter(|text| !text.is_empty()) else { return Safe::new("local") };
    match parse(text) {
        Some(IpAddr::V6(v6)) if !v6.is_loopback() => Safe::new(&network(IpAddr::V6(v6))),
        Some(ip) => Safe::new(&ip.to_string()),
        None => text.clone(),
    }
}

/// Reads an address as logged: with a zone, or an IPv4 one in IPv6 clothes; also the key of a network.
pub(super) fn parse(text: &str) -> Option<IpAddr> {
    let plain = text.split(['%', '/']).next().unwrap_or(text);
    plain.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

/// The network that a person usually keeps: the /24, or the /64 of an IPv6 address.
pub(super) fn network(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{}/64", std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// Tells addresses that only neighbours have: private, link-local, loopback.
pub(super) const fn is_near(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_counts_once_and_the_last_ones_are_kept() {
        let mut log = SourceLog::default();
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let mut knock = |n: usize, seconds: i64| {
            log.knock(at + TimeDelta::seconds(seconds), Some(&Safe::new(&format!("name{n}"))), 1);
        };
        for round in 0..3 {
            for n in 0..100 {
                knock(n, round * 6_000 + n as i64 * 60);
            }
        }
        assert_eq!(log.names_total(), 100);
        assert!(log.names().iter().all(|name| name.as_str() > "name7"), "{:?}", log.names());
        let at = at + TimeDelta::hours(6);
        for n in 0..5 {
            let user = Safe::new("root");
            let attempt =
                Try { at: at + TimeDelta::seconds(n), n: 1, user: Some(&user), hopeless: false, guess: true };
            log.fail(attempt, 10.0);
        }
        for n in 200..10_000 {
            log.knock(at, Some(&Safe::new(&format!("name{n}"))), 1);
        }
        assert_eq!(log.names()[0].as_str(), "root", "what was tried most stays");
        assert_eq!(log.names_total(), (NAMES_CAP + MORE_NAMES_CAP) as u64);
    }
}
