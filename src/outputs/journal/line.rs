//! One line of the record as numbers: ours, the original Python program's, or a future version's.
//!
//! It takes what it understands and counts the rest. A value that is missing or no number stays absent; it
//! never becomes a zero.

use crate::model::{Metric, Sample, Zone};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// The longest line that is read; nothing that we write comes near it.
pub(super) const CAP: usize = 1024 * 1024;

/// What a line tells.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reading {
    pub(super) sample: Sample,
    pub(super) seq: Option<u64>,
    /// Values that should be numbers and are not.
    pub(super) bad_values: u64,
}

#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(borrow, default)]
    timestamp: Datum<'a>,
    #[serde(borrow, default)]
    time: Datum<'a>,
    #[serde(borrow, default)]
    seq: Datum<'a>,
    #[serde(borrow, default)]
    security_score: Datum<'a>,
    #[serde(borrow, default)]
    entries: Datum<'a>,
    #[serde(borrow, default)]
    metrics: Datum<'a>,
}

/// Reads a line; `None` when it is no JSON object or has no time.
pub(super) fn read(bytes: &[u8], zone: Zone) -> Option<Reading> {
    let text = std::str::from_utf8(bytes).ok()?;
    let patched;
    let raw: Raw<'_> = if let Ok(raw) = serde_json::from_str(text) {
        raw
    } else {
        // Python writes NaN and Infinity bare, which is no JSON.
        patched = without_bare_words(text)?;
        serde_json::from_str(&patched).ok()?
    };
    let at = raw.time.text().and_then(utc_time).or_else(|| local_time(raw.timestamp.text()?, zone))?;
    let mut bad_values = 0;
    let mut take = |datum: &Datum<'_>| match datum {
        Datum::Number(value) => Some(*value),
        Datum::Absent => None,
        _ => {
            bad_values += 1;
            None
        }
    };
    let mut sample = Sample::unseen(at);
    sample.set(Metric::Score, take(&raw.security_score));
    if let Datum::List(rows) = &raw.entries {
        for row in rows {
            let metric = match row.metric.text() {
                Some("cpu_load") => Metric::CpuLoad,
                Some("memory_used_pct") => Metric::MemoryUsedPct,
                Some("established_connections") => Metric::EstablishedConnections,
                Some("failed_logins") => Metric::FailedLogins,
                // A process name with a space in it broke the original's rows: these values are text as well.
                Some("process_cpu") => {
                    take(&row.value);
                    continue;
                }
                _ => continue,
            };
            sample.set(metric, take(&row.value));
        }
    }
    if let Datum::Object(metrics) = &raw.metrics {
        sample.set(Metric::CpuUsedPct, take(&metrics.cpu_used_pct));
        sample.set(Metric::NetRxBytesPerS, take(&metrics.net_rx_bytes_per_s));
        sample.set(Metric::NetTxBytesPerS, take(&metrics.net_tx_bytes_per_s));
    }
    let seq = match raw.seq {
        Datum::Number(value) if (0.0..9e15).contains(&value) => Some(value as u64),
        _ => None,
    };
    Some(Reading { sample, seq, bad_values })
}

/// The time of a line of any kind, without reading the rest where the line is ours.
pub(super) fn time_of(bytes: &[u8], zone: Zone) -> Option<DateTime<Utc>> {
    #[derive(Deserialize)]
    struct Times<'a> {
        #[serde(borrow, default)]
        time: Datum<'a>,
        #[serde(borrow, default)]
        timestamp: Datum<'a>,
    }
    // In a line of ours nothing before its own time has a key of that name.
    if let Some(at) = memchr::memmem::find(bytes, b"\"time\":\"") {
        let text = bytes.get(at + 8..at + 32).and_then(|text| std::str::from_utf8(text).ok());
        if let Some(time) = text.and_then(own_time) {
            return Some(time);
        }
    }
    let times: Times<'_> = serde_json::from_slice(bytes).ok()?;
    times.time.text().and_then(utc_time).or_else(|| local_time(times.timestamp.text()?, zone))
}

/// Tells a whole JSON object.
pub(super) fn is_object(bytes: &[u8]) -> bool {
    bytes.first() == Some(&b'{') && serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

/// An RFC 3339 time; our own spelling is read without the general parser, which costs as much as the line.
pub(super) fn utc_time(text: &str) -> Option<DateTime<Utc>> {
    own_time(text).or_else(|| Some(DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc)))
}

/// `2026-11-22T13:32:07.123Z`
fn own_time(text: &str) -> Option<DateTime<Utc>> {
    let bytes: &[u8; 24] = text.as_bytes().try_into().ok()?;
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (23, b'Z')];
    if marks.iter().any(|(at, mark)| bytes[*at] != *mark) {
        return None;
    }
    let number = |from: usize, to: usize| {
        bytes[from..to]
            .iter()
            .try_fold(0_u32, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0')))
    };
    let date = NaiveDate::from_ymd_opt(i32::try_from(number(0, 4)?).ok()?, number(5, 7)?, number(8, 10)?)?;
    let time = date.and_hms_milli_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?, number(20, 23)?)?;
    Some(time.and_utc())
}

/// `2025-11-30 11:25:10` in a zone. Of an hour that happens twice the first is taken; one that a clock skipped
/// is moved to after the jump.
pub(super) fn local_time(stamp: &str, zone: Zone) -> Option<DateTime<Utc>> {
    let local = NaiveDateTime::parse_from_str(stamp, "%Y-%m-%d %H:%M:%S").ok()?.and_utc().timestamp();
    DateTime::from_timestamp(local - zone.offset_at_local_s(local), 0)
}

/// The text with bare `NaN`, `Infinity` and `-Infinity` as strings; `None` when there is none.
fn without_bare_words(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    let mut changed = false;
    while let Some(at) = rest.find(['"', 'N', 'I', '-']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let word = ["-Infinity", "Infinity", "NaN"].into_iter().find(|word| rest.starts_with(word));
        let taken = match word {
            Some(word) => {
                out.push_str("\"NaN\"");
                changed = true;
                rest = &rest[word.len()..];
                continue;
            }
            None if rest.starts_with('"') => string_end(rest),
            None => 1,
        };
        out.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    out.push_str(rest);
    changed.then_some(out)
}

/// The length of the JSON string at the beginning of `text`.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Any JSON, of which we keep what we understand.
#[derive(Debug, Default)]
enum Datum<'a> {
    Number(f64),
    Text(Cow<'a, str>),
    List(Vec<Object<'a>>),
    Object(Box<Object<'a>>),
    /// Missing or null: it could not be seen.
    #[default]
    Absent,
    /// A truth value.
    Other,
}

/// The keys of a row of `entries`, and of `metrics`, that we understand.
#[derive(Debug, Default)]
struct Object<'a> {
    metric: Datum<'a>,
    value: Datum<'a>,
    cpu_used_pct: Datum<'a>,
    net_rx_bytes_per_s: Datum<'a>,
    net_tx_bytes_per_s: Datum<'a>,
}

impl Datum<'_> {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Datum<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DatumVisitor)
    }
}

struct DatumVisitor;

impl<'de> Visitor<'de> for DatumVisitor {
    type Value = Datum<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_f64<E>(self, value: f64) -> Result<Datum<'de>, E> {
        Ok(Datum::Number(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Datum<'de>, E> {
        Ok(Datum::Number(value as f64))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Datum<'de>, E> {
        Ok(Datum::Number(value as f64))
    }

    fn visit_unit<E>(self) -> Result<Datum<'de>, E> {
        Ok(Datum::Absent)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Datum<'de>, E> {
        Ok(Datum::Other)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Datum<'de>, E> {
        Ok(Datum::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Datum<'de>, E> {
        Ok(Datum::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Datum<'de>, A::Error> {
        let mut rows = Vec::new();
        while let Some(datum) = list.next_element()? {
            if let Datum::Object(row) = datum {
                rows.push(*row);
            }
        }
        Ok(Datum::List(rows))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Datum<'de>, A::Error> {
        let mut object = Object::default();
        while let Some(key) = map.next_key::<Datum<'de>>()? {
            let place = match key.text() {
                Some("metric") => &mut object.metric,
                Some("value") => &mut object.value,
                Some("cpu_used_pct") => &mut object.cpu_used_pct,
                Some("net_rx_bytes_per_s") => &mut object.net_rx_bytes_per_s,
                Some("net_tx_bytes_per_s") => &mut object.net_tx_bytes_per_s,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *place = map.next_value()?;
        }
        Ok(Datum::Object(Box::new(object)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(line: &str) -> Option<(Option<f64>, Option<f64>, u64)> {
        let reading = read(line.as_bytes(), Zone::utc())?;
        let get = |metric| reading.sample.get(metric);
        Some((get(Metric::Score), get(Metric::CpuLoad), reading.bad_values))
    }

    #[test]
    fn lines_of_the_original_are_read_and_what_is_no_number_is_counted() {
        let line = |score: &str, load: &str| {
            format!(
                r#"{{"timestamp": "2025-11-30 11:25:10", "security_score": {score}, "entries": [
                   {{"level": "info", "metric": "cpu_load", {load} "message": "NaN \"-Infinity\""}},
                   {{"level": "info", "metric": "process_cpu", "value": "Content", "pid": 5}}, 7, null]}}"#
            )
        };
        assert_eq!(score(&line("92", "\"value\": 0.42,")), Some((Some(92.0), Some(0.42), 1)));
        assert_eq!(score(&line("NaN", "\"value\": -Infinity,")), Some((None, None, 3)));
        assert_eq!(score(&line("\"92\"", "\"value\": [1],")), Some((None, None, 3)));
        assert_eq!(score(&line("null", "")), Some((None, None, 1)));
        assert_eq!(score(&line("true", "\"value\": {\"a\": 1},")), Some((None, None, 3)));
        let at = read(line("1", "").as_bytes(), Zone::utc()).unwrap().sample.at;
        assert_eq!(at.to_rfc3339(), "2025-11-30T11:25:10+00:00");
    }

    #[test]
    fn what_has_no_time_or_is_no_object_is_no_line() {
        for line in
            ["", "{}", "[]", "7", "null", "{\"time\":5}", "{\"time\":\"soon\"}", "\0\0\0", "{\"time\":"]
        {
            assert_eq!(score(line), None, "{line}");
        }
        assert_eq!(read(b"\xff\xfe", Zone::utc()), None);
    }

    #[test]
    fn a_future_version_gives_what_we_understand() {
        let line = r#"{"v":99,"time":"2031-01-01T00:00:00Z","security_score":50,"entries":{"new":"shape"},
                      "metrics":[1,2],"seq":-4}"#;
        assert_eq!(score(line), Some((Some(50.0), None, 0)));
        assert_eq!(read(line.as_bytes(), Zone::utc()).unwrap().seq, None);
    }

    #[test]
    fn our_own_times_are_read_like_any_others() {
        for text in ["2026-11-22T13:32:07.123Z", "2024-02-29T23:59:59.999Z"] {
            assert_eq!(own_time(text), Some(DateTime::parse_from_rfc3339(text).unwrap().to_utc()));
        }
        for text in ["2026-02-30T13:32:07.123Z", "2026-11-22T25:32:07.123Z", "2026-11-22 13:32:07.123Z", ""] {
            assert_eq!(own_time(text), None);
        }
        let east = utc_time("2026-11-22T13:32:07+02:00").unwrap();
        assert_eq!(east.to_rfc3339(), "2026-11-22T11:32:07+00:00");
    }
}
