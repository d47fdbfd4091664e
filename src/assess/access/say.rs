//! What is said about failed logins: one finding per source that matters, one for the rest, one for the noise.

use super::source::{SourceLog, is_near, parse};
use super::{Access, Desk, PASSWORDS_ON, keep_first};
use crate::assess::rules::Name;
use crate::assess::sighting::{Round, Sighting};
use crate::model::{Level, Safe};
use crate::text;
use chrono::{DateTime, Utc};

/// Sources that get a finding of their own.
const OWN_FINDINGS: usize = 10;
/// Runs that are named although they cannot succeed.
const HOPELESS_RUNS: usize = 3;

/// The log files that a command may name: the usual ones only.
const LOG_FILES: &[&str] = &["/var/log/auth.log", "/var/log/secure", "/var/log/messages"];

impl Access {
    /// Says what the failures of 24 hours come to; `usual` tells that there are as many on other days.
    pub(super) fn say_failures(&self, round: &mut Round, desk: &Desk<'_>, source: &Safe, usual: bool) {
        let heard = |log: &SourceLog| !log.failed.is_empty() || !log.knocks.is_empty();
        let swept = |log: &SourceLog| log.names_total() as f64 >= desk.settings.thresholds.sweep_names;
        let mut sources: Vec<_> = self.sources.iter().filter(|(_, log)| heard(log)).collect();
        let worse = |(a, log): &(&Safe, &SourceLog), (b, other): &(&Safe, &SourceLog)| {
            let weight = |log: &SourceLog| (log.serious.total(), log.failed.total());
            weight(other).cmp(&weight(log)).then_with(|| a.cmp(b))
        };
        let own = sources.len().min(OWN_FINDINGS);
        if sources.len() > own {
            sources.select_nth_unstable_by(own, worse);
        }
        sources[..own].sort_unstable_by(worse);
        let mut hopeless = Sum::default();
        let mut others = Sum::default();
        let mut runs = Vec::new();
        for (place, (key, log)) in sources.into_iter().enumerate() {
            let serious = serious(key, log, usual, desk);
            hopeless.add(log, log.hopeless.total() + log.serious.total() - serious);
            if place >= OWN_FINDINGS {
                others.add(log, serious);
            } else if serious > 0 || log.typos.total() > 0 {
                round.saw(one_source(key, log, serious, desk, source));
            }
            if log.run.is_some() || swept(log) {
                if serious > 0 && place < OWN_FINDINGS {
                    round.saw(run(key, log, serious, desk, source));
                } else {
                    runs.push((key, log));
                }
            }
        }
        keep_first(&mut runs, HOPELESS_RUNS, worse);
        for (key, log) in runs {
            round.saw(run(key, log, serious(key, log, usual, desk), desk, source));
        }
        groups(round, desk, &hopeless, &others, usual);
    }
}

/// The failures of a source that could have succeeded and are not as every day.
fn serious(key: &Safe, log: &SourceLog, usual: bool, desk: &Desk<'_>) -> u64 {
    // Where sshd takes keys only, no password is the right one.
    let refused = desk.refuses_passwords() && !log.by_others;
    // From far away and as every day: noise, until it gets louder or somebody gets in.
    let noise = usual && parse(key).is_some_and(|ip| !is_near(ip));
    if refused || noise { 0 } else { log.serious.total() }
}

fn one_source(key: &Safe, log: &SourceLog, serious: u64, desk: &Desk<'_>, source: &Safe) -> Sighting {
    let points = &desk.settings.score.points;
    let typos = log.typos.total();
    let mut asked = logarithmic(points.failed_logins_step, points.failed_logins_max, serious);
    if typos > 0 {
        asked = (asked + points.own_typo).min(points.failed_logins_max);
    }
    let names = log.names();
    let total = log.names_total();
    let (who, tried) = match names.as_slice() {
        [] => (String::new(), String::new()),
        [one] if total == 1 => (format!(" for {one}"), String::new()),
        // Not all that was tried counts: a name that does not exist cannot be guessed.
        _ if total > serious + typos => (String::new(), format!(", {total} names tried")),
        _ => (format!(" for {}", text::plural(total, "name")), String::new()),
    };
    let from = if key == "local" { "at this machine".to_owned() } else { format!("from {key}") };
    let title = if serious == 0 {
        format!("{}{who} {from}{tried}", text::plural(typos, "mistyped password"))
    } else {
        format!("{}{who} {from}{tried}", text::plural(serious, "failed login"))
    };
    let serious_enough = serious as f64 >= desk.settings.thresholds.failed_logins_warning;
    let list = names.iter().map(Safe::as_str).collect::<Vec<_>>().join(", ");
    let sighting = Sighting::new(Name::FailedLogins, desk.now)
        .key("address", key)
        .title(&title)
        .level(if serious_enough { Level::Warning } else { Level::Info })
        .points(asked)
        .between(log.first.unwrap_or(desk.now), log.last.unwrap_or(desk.now))
        .count(serious + typos)
        .proof(source, log.last, &format!("{} refused; names: {list}", log.failed.total()));
    shut_out(show_lines(sighting, key, source), key, desk)
}

/// The noise in one calm line, and the many that are behind the worst ones in another.
fn groups(round: &mut Round, desk: &Desk<'_>, hopeless: &Sum, others: &Sum, usual: bool) {
    let points = &desk.settings.score.points;
    if hopeless.failures > 0 {
        let refused = desk.refuses_passwords();
        // Where passwords are taken, a sweep may yet meet a name that exists.
        let most =
            points.failed_logins_noise * if desk.took_password_within(PASSWORDS_ON) { 2.0 } else { 1.0 };
        let asked = logarithmic(points.failed_logins_step, most, hopeless.failures);
        let sources = text::plural(hopeless.sources, "source");
        let failures = text::plural(hopeless.failures, "failed login");
        let (title, why) = if usual {
            let why =
                "As many as on other days, and nobody got in. A success, or a rising rate, would be told.";
            (format!("{failures} from {sources}, usual for you"), why)
        } else if refused {
            let why =
                "sshd takes no passwords by its settings: whatever is guessed, nobody gets in that way.";
            (format!("{failures} that cannot succeed, {sources}"), why)
        } else {
            let why = "The names do not exist, or nothing was offered that could be guessed: the noise of the internet.";
            (format!("{failures} that cannot succeed, {sources}"), why)
        };
        round.saw(
            hopeless
                .sighting("names that do not exist", &title, desk.now)
                .why(why)
                .level(Level::Info)
                .points(asked),
        );
    }
    if others.failures > 0 {
        let asked = logarithmic(points.failed_logins_step, points.failed_logins_max, others.failures);
        let title = format!(
            "{} from {} more",
            text::plural(others.failures, "failed login"),
            text::plural(others.sources, "source")
        );
        round.saw(others.sighting("other sources", &title, desk.now).level(Level::Warning).points(asked));
    }
}

/// Failures of several sources.
#[derive(Debug, Default)]
struct Sum {
    failures: u64,
    sources: u64,
    first: Option<DateTime<Utc>>,
    last: Option<DateTime<Utc>>,
}

impl Sum {
    fn add(&mut self, log: &SourceLog, failures: u64) {
        if failures == 0 {
            return;
        }
        self.failures += failures;
        self.sources += 1;
        self.first = [self.first, log.first].into_iter().flatten().min();
        self.last = self.last.max(log.last);
    }

    fn sighting(&self, group: &str, title: &str, now: DateTime<Utc>) -> Sighting {
        Sighting::new(Name::FailedLogins, now)
            .key("group", group)
            .title(title)
            .between(self.first.unwrap_or(now), self.last.unwrap_or(now))
            .count(self.failures)
    }
}

/// A program at work. Against names that do not exist it is worth a note, against others a warning.
fn run(key: &Safe, log: &SourceLog, serious: u64, desk: &Desk<'_>, source: &Safe) -> Sighting {
    let swept = log.names_total() as f64 >= desk.settings.thresholds.sweep_names;
    let from = if key == "local" { "at this machine".to_owned() } else { format!("by {key}") };
    let title = if swept {
        format!("{} tried {from}", text::plural(log.names_total(), "different name"))
    } else {
        format!("passwords are being guessed {from}")
    };
    let (began, ended) = log
        .run
        .map_or((log.first.unwrap_or(desk.now), log.last.unwrap_or(desk.now)), |run| (run.since, run.last));
    let dangerous = serious as f64 >= desk.settings.thresholds.failed_logins_warning;
    let sighting = Sighting::new(Name::GuessingRun, desk.now)
        .key("address", key)
        .title(&title)
        .level(if dangerous { Level::Warning } else { Level::Info })
        .points(if dangerous { desk.settings.score.points.guessing_run } else { 0.0 })
        .between(began, ended)
        .count(log.failed.total())
        .proof(source, Some(ended), &format!("{} refused in 24 hours", log.failed.total()));
    shut_out(show_lines(sighting, key, source), key, desk)
}

/// Adds the command that shows the lines of a source; only an address that reads as one enters it.
pub(super) fn show_lines(sighting: Sighting, key: &str, source: &str) -> Sighting {
    let Some(ip) = parse(key) else { return sighting };
    let ip = ip.to_string();
    if source.starts_with("journal") {
        return sighting.fix("Read the lines", &["sudo", "journalctl", "--since=-24h", "--grep", &ip], None);
    }
    match LOG_FILES.iter().find(|path| source.contains(*path)) {
        Some(path) => sighting.fix("Read the lines", &["sudo", "grep", "-F", &ip, path], None),
        None => sighting,
    }
}

/// Adds the command that sends an address no answer any more: it works beside any firewall, ends open connections,
/// too, and a restart takes it back. It is never offered for the address that the person comes from.
pub(super) fn shut_out(sighting: Sighting, key: &str, desk: &Desk<'_>) -> Sighting {
    let Some(ip) = parse(key).filter(|ip| !ip.is_loopback()) else { return sighting };
    if desk.own_address.map(|own| own.to_canonical()) == Some(ip) {
        return sighting;
    }
    let ip = ip.to_string();
    let risk = "shuts out everybody behind that address; `del` for `add` takes it back";
    sighting.fix("Shut that address out", &["sudo", "ip", "route", "add", "blackhole", &ip], Some(risk))
}

/// `step · log2(1 + n)`, at most `most`: the first failures say more than the later ones.
fn logarithmic(step: f64, most: f64, n: u64) -> f64 {
    (step * (1.0 + n as f64).log2()).min(most)
}
