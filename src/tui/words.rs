//! Sentences for what the model knows as data: events, times, sensors, commands.
//!
//! Words only: no look is chosen here.

pub use crate::outputs::events::sentence as event;

use crate::model::{Band, Finding, Score, Sensor, Zone};
use crate::text;
use chrono::{DateTime, Datelike, Utc};

/// A moment as short as it can be told: `14:31:40` today, `Sat 23:47` this week, `3 Oct` before.
pub fn when(time: DateTime<Utc>, now: DateTime<Utc>, zone: Zone) -> String {
    let (then, today) = (zone.at(time), zone.at(now));
    let days = (today.date_naive() - then.date_naive()).num_days();
    match days {
        0 => then.format("%H:%M:%S").to_string(),
        1..7 => then.format("%a %H:%M").to_string(),
        _ if then.year() == today.year() => then.format("%-d %b").to_string(),
        _ => then.format("%-d %b %Y").to_string(),
    }
}

/// A moment with its day in words: `today 13:58`, `Sat 23:47`, `3 Oct 2025`.
pub fn when_long(time: DateTime<Utc>, now: DateTime<Utc>, zone: Zone) -> String {
    let (then, today) = (zone.at(time), zone.at(now));
    match (today.date_naive() - then.date_naive()).num_days() {
        0 => then.format("today %H:%M").to_string(),
        1..7 => then.format("%a %H:%M").to_string(),
        _ if then.year() == today.year() => then.format("%-d %b %H:%M").to_string(),
        _ => then.format("%-d %b %Y").to_string(),
    }
}

/// A moment to the second: `13:58:20` today, `Sat 21 Nov 23:47:10` this year.
pub fn when_exactly(time: DateTime<Utc>, now: DateTime<Utc>, zone: Zone) -> String {
    let (then, today) = (zone.at(time), zone.at(now));
    let form = match then.year() == today.year() {
        true if then.date_naive() == today.date_naive() => "%H:%M:%S",
        true => "%a %-d %b %H:%M:%S",
        false => "%-d %b %Y %H:%M:%S",
    };
    then.format(form).to_string()
}

/// Seconds between two moments, never less than none.
pub fn seconds(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    ((to - from).num_milliseconds() as f64 / 1000.0).max(0.0)
}

/// What a score asks of the person, at length and in one word. A good score that is only an upper bound is not
/// called normal.
pub const fn verdict(score: &Score) -> (&'static str, &'static str) {
    match (score.band, score.is_upper_bound) {
        (Band::Normal, false) => ("ALL NORMAL", "NORMAL"),
        (Band::Normal, true) => ("AS FAR AS I SEE", "AS SEEN"),
        (Band::Minor, _) => ("MINOR", "MINOR"),
        (Band::SomethingOff, _) => ("SOMETHING IS OFF", "LOOK"),
        (Band::Serious, _) => ("ACT NOW", "ACT NOW"),
    }
}

/// A command as it is typed: arguments with other than harmless characters are quoted.
pub fn command(argv: &[String]) -> String {
    let quote = |argument: &String| {
        let harmless = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+%".contains(c);
        if !argument.is_empty() && argument.chars().all(harmless) {
            argument.clone()
        } else {
            format!("'{}'", argument.replace('\'', r"'\''"))
        }
    };
    argv.iter().map(quote).collect::<Vec<_>>().join(" ")
}

/// What a sensor cannot see, in one sentence.
pub fn sensor(sensor: &Sensor) -> String {
    let says = sensor.says.as_deref().or(sensor.reason.as_deref()).unwrap_or("it does not say why");
    match (sensor.seen, sensor.total) {
        (Some(seen), Some(total)) if total > seen && !says.contains(&total.to_string()) => {
            format!("{says} ({} of {} seen)", text::count(seen), text::count(total))
        }
        _ => says.to_owned(),
    }
}

/// The smallest fix of a finding that is a command.
pub fn fix(finding: &Finding) -> Option<String> {
    finding.fix.iter().find(|fix| !fix.argv.is_empty()).map(|fix| command(&fix.argv))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_pasted_as_it_stands() {
        let argv = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(command(&argv(&["sudo", "kill", "-STOP", "7"])), "sudo kill -STOP 7");
        assert_eq!(command(&argv(&["a b", "it's", ""])), r"'a b' 'it'\''s' ''");
    }

    #[test]
    fn a_moment_is_told_as_short_as_it_can_be() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let now = at("2026-11-22T14:32:07Z");
        assert_eq!(when(at("2026-11-22T13:58:11Z"), now, Zone::utc()), "13:58:11");
        assert_eq!(when(at("2026-11-21T23:47:00Z"), now, Zone::utc()), "Sat 23:47");
        assert_eq!(when(at("2026-10-03T23:47:00Z"), now, Zone::utc()), "3 Oct");
        assert_eq!(when_long(at("2026-11-22T13:58:11Z"), now, Zone::utc()), "today 13:58");
    }
}
