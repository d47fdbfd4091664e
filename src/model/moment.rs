//! Moments as people type them: `-2h`, `14:30`, `yesterday 22:00`, `2026-11-22 13:58`, `2026-11-22`.

use super::Zone;
use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

/// Reads a moment relative to `now`; a time of day without a date is the latest one that is not in the future.
/// `None` when it is none.
pub fn moment(text: &str, now: DateTime<Utc>, zone: Zone) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if text == "now" {
        return Some(now);
    }
    if let Some(span) = text.strip_prefix('-') {
        return now.checked_sub_signed(span_of(span)?);
    }
    if let Some(span) = text.strip_prefix('+') {
        return now.checked_add_signed(span_of(span)?);
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let here = zone.at(now).naive_local();
    let (day, clock) = match text.split_once([' ', 'T']) {
        Some((day, clock)) => (Some(day), Some(clock)),
        None if text.contains(':') => (None, Some(text)),
        None => (Some(text), None),
    };
    let time = match clock {
        Some(clock) => {
            ["%H:%M:%S", "%H:%M"].iter().find_map(|form| NaiveTime::parse_from_str(clock, form).ok())?
        }
        None => NaiveTime::MIN,
    };
    let date = match day {
        None if time <= here.time() => here.date(),
        None | Some("yesterday") => here.date().checked_sub_days(Days::new(1))?,
        Some("today") => here.date(),
        Some(day) => NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?,
    };
    at_local(date.and_time(time), zone)
}

/// A span as people type it: `90s`, `15m`, `2h`, `7d`, `4w`.
fn span_of(text: &str) -> Option<TimeDelta> {
    let unit = text.chars().last()?;
    let number: i64 = text[..text.len() - unit.len_utf8()].parse().ok()?;
    match unit {
        's' => TimeDelta::try_seconds(number),
        'm' => TimeDelta::try_minutes(number),
        'h' => TimeDelta::try_hours(number),
        'd' => TimeDelta::try_days(number),
        'w' => TimeDelta::try_weeks(number),
        _ => None,
    }
}

fn at_local(time: NaiveDateTime, zone: Zone) -> Option<DateTime<Utc>> {
    let local = time.and_utc().timestamp();
    DateTime::from_timestamp(local.checked_sub(zone.offset_at_local_s(local))?, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::FixedOffset;

    #[test]
    fn moments_are_read_as_people_type_them() {
        let now = "2026-11-22T13:32:07Z".parse().unwrap();
        let zone = Zone::Fixed(FixedOffset::east_opt(3600).unwrap());
        for (text, moment_utc) in [
            ("now", "2026-11-22T13:32:07Z"),
            ("-2h", "2026-11-22T11:32:07Z"),
            ("-90s", "2026-11-22T13:30:37Z"),
            ("+1d", "2026-11-23T13:32:07Z"),
            ("14:30", "2026-11-22T13:30:00Z"),
            ("23:00", "2026-11-21T22:00:00Z"),
            ("yesterday 22:40", "2026-11-21T21:40:00Z"),
            ("2026-11-22 13:58", "2026-11-22T12:58:00Z"),
            ("2026-11-22", "2026-11-21T23:00:00Z"),
            ("2026-11-22T12:58:11Z", "2026-11-22T12:58:11Z"),
        ] {
            assert_eq!(moment(text, now, zone), Some(moment_utc.parse().unwrap()), "{text}");
        }
        for text in ["", "-", "-2", "-h", "25:00", "soon", "-99999999999999999h", "2026-13-01"] {
            assert_eq!(moment(text, now, zone), None, "{text}");
        }
    }
}
