//! Who got in: after guessing, for the first time in this way, or only according to a forged line.

use super::say::shut_out;
use super::source::{self, LedUp, network, parse};
use super::{Desk, is_guess};
use crate::assess::first_seen::{LOGINS, SUDO};
use crate::assess::rules::Name;
use crate::assess::say_when;
use crate::assess::sighting::{Round, Sighting};
use crate::model::{AuthEvent, Confidence, Level, Safe};
use crate::text;
use chrono::{DateTime, TimeDelta, Utc};

/// After so long a record a first login is a warning; before that it is a note.
const LONG_RECORD: TimeDelta = TimeDelta::days(7);

/// Tells whether a source is known well enough that some failures before a success are a typo.
pub(super) fn is_familiar(event: &AuthEvent, desk: &Desk<'_>) -> bool {
    let Some(address) = &event.address else { return true };
    let Some(ip) = parse(address) else { return false };
    if ip.is_loopback() || desk.own_address.map(|own| own.to_canonical()) == Some(ip) {
        return true;
    }
    let user = event.user.as_deref().unwrap_or("?");
    let learning = desk
        .known
        .watched_since(LOGINS)
        .is_none_or(|since| record_h(since, desk.now) < desk.settings.thresholds.learning_h);
    desk.known.get(LOGINS, &format!("{user} from {}", network(ip))).is_some()
        || (learning && source::is_near(ip))
}

/// Tells a key that this user has used before.
pub(super) fn is_known_key(event: &AuthEvent, desk: &Desk<'_>) -> bool {
    let user = event.user.as_deref().unwrap_or("?");
    event.key.as_ref().is_some_and(|key| desk.known.get(LOGINS, &format!("{user} with {key}")).is_some())
}

fn record_h(since: DateTime<Utc>, at: DateTime<Utc>) -> f64 {
    (at - since).as_seconds_f64() / 3600.0
}

/// A login after a run of failures: possible compromise.
pub(super) fn guessed(
    event: &AuthEvent,
    key: &Safe,
    led_up: LedUp,
    at: DateTime<Utc>,
    desk: &Desk<'_>,
) -> Sighting {
    let user = event.user.as_deref().unwrap_or("?");
    let from = if key == "local" { "at this machine".to_owned() } else { format!("from {key}") };
    let first = led_up.first.unwrap_or(at);
    let failures = text::plural(led_up.failures, "failure");
    let mut sighting = Sighting::new(Name::SuccessAfterGuessing, at)
        .key("address", key)
        .key("user", user)
        .title(&format!("{user} got in after {failures} {from}"))
        .why(&format!(
            "{failures} from the same source came in the {} before. That is how a guessed password looks.",
            say_when(at - first)
        ))
        .compromise()
        .confidence(if is_guess(event) { Confidence::High } else { Confidence::Medium })
        .points(desk.settings.score.points.success_after_guessing)
        .between(at, at)
        .proof("sign-in log", Some(first), &format!("{failures} from here on"))
        .proof("sign-in log", Some(at), &event.raw);
    let is_own = parse(key).is_some_and(|ip| desk.own_address.map(|own| own.to_canonical()) == Some(ip));
    if !is_own {
        sighting = shut_out(end_sessions(sighting, key, desk), key, desk);
    }
    sighting.fix("See who is here", &["loginctl", "list-sessions"], None)
}

/// Adds a step for each open session from a source that is not the person's own; ids are digits only.
fn end_sessions(mut sighting: Sighting, key: &Safe, desk: &Desk<'_>) -> Sighting {
    let here = desk.logins.and_then(|logins| logins.here.as_deref()).unwrap_or_default();
    let theirs = here.iter().filter(|session| {
        !session.you && session.from.is_some() && source::key(session.from.as_ref()) == *key
    });
    for id in theirs.filter_map(|session| session.id.as_deref()).take(3) {
        if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) {
            let argv = ["sudo", "loginctl", "terminate-session", id];
            sighting = sighting.fix("If it was not you: end that session", &argv, Some("ends a login"));
        }
    }
    sighting
}

/// Compares a login with all before it, and notes it.
pub(super) fn judge_first(
    round: &mut Round,
    event: &AuthEvent,
    failures: u64,
    at: DateTime<Utc>,
    desk: &mut Desk<'_>,
) {
    let since = *desk.known.watched_since(LOGINS).get_or_insert(at).min(&mut at.clone());
    desk.known.watch(LOGINS, at);
    let user = event.user.as_deref().unwrap_or("?");
    let ip = event.address.as_deref().and_then(parse);
    let from = ip.map_or_else(|| event.address.as_deref().unwrap_or("?").to_owned(), network);
    let method = event.method.as_deref().and_then(|method| method.split('/').next()).unwrap_or("?");
    let learning = record_h(since, at) < desk.settings.thresholds.learning_h;
    let mut is_new = |what: &str| {
        let name = format!("{user} {what}");
        let new = desk.known.get(LOGINS, &name).is_none_or(|seen| seen.first >= at);
        desk.known.see(LOGINS, &name, at, learning);
        new
    };
    let near_own = ip.is_some_and(|ip| ip.is_loopback());
    let new_place = is_new(&format!("from {from}")) && !near_own;
    let new_method = is_new(&format!("by {method}"));
    let new_key = event.key.as_ref().map(|key| is_new(&format!("with {key}")));
    let is_own = ip.is_some() && ip == desk.own_address.map(|own| own.to_canonical());
    if learning || is_own || !(new_place || new_method || new_key == Some(true)) {
        return;
    }
    let points = desk.settings.score.points.first_login;
    let near = ip.is_some_and(source::is_near);
    let after_failures = failures >= 2;
    let short_record = at - since < LONG_RECORD;
    let (level, share) = match () {
        () if after_failures && !near => (Level::Alert, 2.0),
        () if after_failures => (Level::Warning, 1.5),
        // One's own key from a hotel, or a known network: worth a note.
        () if new_place && new_key == Some(false) && !new_method => (Level::Info, 0.3),
        () if near || short_record => (Level::Info, 0.3),
        () => (Level::Warning, 1.0),
    };
    let news =
        [(new_place, "this network"), (new_method, "this method"), (new_key == Some(true), "this key")];
    let news: Vec<_> = news.into_iter().filter(|(new, _)| *new).map(|(_, what)| what).collect();
    let mut why = format!("In {} of records {user} never used {}.", say_when(at - since), news.join(" or "));
    if failures > 0 {
        why.push_str(&format!(" {} came just before.", text::plural(failures, "failure")));
    }
    let mut sighting = Sighting::new(Name::FirstLogin, at)
        .key("user", user)
        .key("network", &from)
        .key("method", method)
        .detail("address", event.address.as_deref().unwrap_or("?"))
        .title(&format!(
            "{user} logged in from {} for the first time",
            event.address.as_deref().unwrap_or("?")
        ))
        .why(&why)
        .level(level)
        .points(points * share)
        .between(at, at)
        .proof("sign-in log", Some(at), &event.raw);
    if !new_place {
        sighting =
            sighting.title(&format!("{user} logged in with {} for the first time", news.join(" and ")));
    }
    if let Some(key) = &event.key {
        sighting = sighting.key("key", key);
    }
    round.saw(sighting.fix("See who is here", &["loginctl", "list-sessions"], None));
}

/// An account that became another one and never did so before. Root needs nobody's leave.
pub(super) fn first_sudo(event: &AuthEvent, at: DateTime<Utc>, desk: &mut Desk<'_>) -> Option<Sighting> {
    let user = event.user.as_deref().filter(|user| *user != "root")?;
    let since = desk.known.watched_since(SUDO)?;
    let learning = record_h(since, at) < desk.settings.thresholds.learning_h;
    let is_new = desk.known.get(SUDO, user).is_none_or(|seen| seen.first >= at);
    desk.known.see(SUDO, user, at, learning);
    (is_new && !learning).then(|| {
        Sighting::new(Name::FirstSudo, at)
            .key("user", user)
            .title(&format!("{user} used {} for the first time", event.service))
            .why(&format!("In {} of records {user} never did.", say_when(at - since)))
            .points(desk.settings.score.points.first_login * 0.3)
            .between(at, at)
            .proof("sign-in log", Some(at), &event.raw)
    })
}

/// A line that somebody else wrote in a login service's name.
pub(super) fn forged(event: &AuthEvent, forger: &Safe, at: DateTime<Utc>, desk: &Desk<'_>) -> Sighting {
    Sighting::new(Name::ForgedLine, at)
        .key("service", &event.service)
        .key("written by", forger)
        .title(&format!("{forger} wrote a line in the name of {}", event.service))
        .points(desk.settings.score.points.forged_line)
        .between(at, at)
        .count(u64::from(event.count))
        .proof("journal", Some(at), &event.raw)
}
