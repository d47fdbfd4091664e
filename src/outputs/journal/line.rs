//! One line of the record as numbers: ours, the original Python program's, or a future version's.
//!
//! It takes what it understands and counts the rest. A value that is missing or no number stays absent; it
//! never becomes a zero.

use crate::model::{Sample, Zone};
use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

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
    timestamp: Option<Text<'a>>,
    #[serde(borrow, default)]
    time: Option<Text<'a>>,
    #[serde(default)]
    seq: Number,
    #[serde(default)]
    security_score: Number,
    #[serde(borrow, default)]
    entries: Entries<'a>,
    #[serde(default)]
    metrics: Metrics,
}

#[derive(Deserialize, Default)]
struct Metrics {
    #[serde(default)]
    cpu_used_pct: Number,
    #[serde(default)]
    net_rx_bytes_per_s: Number,
    #[serde(default)]
    net_tx_bytes_per_s: Number,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, default)]
    metric: Option<Text<'a>>,
    #[serde(default)]
    value: Number,
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
    let stamp = |text: &Option<Text<'_>>| text.as_ref().and_then(|text| text.0.as_deref().map(str::to_owned));
    let at = stamp(&raw.time)
        .and_then(|time| DateTime::parse_from_rfc3339(&time).ok())
        .map(|time| time.with_timezone(&Utc))
        .or_else(|| stamp(&raw.timestamp).and_then(|stamp| local_time(&stamp, zone)))?;
    let mut bad_values = 0;
    let mut take = |number: &Number| match number {
        Number::Is(value) => Some(*value),
        Number::Absent => None,
        Number::Bad => {
            bad_values += 1;
            None
        }
    };
    let entry = |metric: &str| {
        let found = raw
            .entries
            .0
            .iter()
            .find(|entry| entry.metric.as_ref().is_some_and(|name| name.0.as_deref() == Some(metric)));
        found.map_or(&Number::Absent, |entry| &entry.value)
    };
    let sample = Sample {
        at,
        score: take(&raw.security_score),
        cpu_load: take(entry("cpu_load")),
        cpu_used_pct: take(&raw.metrics.cpu_used_pct),
        memory_used_pct: take(entry("memory_used_pct")),
        established_connections: take(entry("established_connections")),
        failed_logins: take(entry("failed_logins")),
        net_rx_bytes_per_s: take(&raw.metrics.net_rx_bytes_per_s),
        net_tx_bytes_per_s: take(&raw.metrics.net_tx_bytes_per_s),
    };
    let seq = match raw.seq {
        Number::Is(value) if (0.0..9e15).contains(&value) => Some(value as u64),
        _ => None,
    };
    Some(Reading { sample, seq, bad_values })
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

/// A number, or why it is none.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
enum Number {
    Is(f64),
    /// Missing or null: it could not be seen.
    #[default]
    Absent,
    /// A text, a truth value, a list.
    Bad,
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl<'de> Visitor<'de> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_f64<E>(self, value: f64) -> Result<Number, E> {
        Ok(if value.is_finite() { Number::Is(value) } else { Number::Bad })
    }

    fn visit_u64<E>(self, value: u64) -> Result<Number, E> {
        Ok(Number::Is(value as f64))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Number, E> {
        Ok(Number::Is(value as f64))
    }

    fn visit_unit<E>(self) -> Result<Number, E> {
        Ok(Number::Absent)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Number, E> {
        Ok(Number::Bad)
    }

    fn visit_str<E>(self, _: &str) -> Result<Number, E> {
        Ok(Number::Bad)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Number, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Number::Bad)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Number, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Number::Bad)
    }
}

/// A text; anything else reads as none.
struct Text<'a>(Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Any<'a> {
            #[serde(borrow)]
            Text(Cow<'a, str>),
            Other(IgnoredAny),
        }
        Ok(match Any::deserialize(deserializer)? {
            Any::Text(text) => Self(Some(text)),
            Any::Other(_) => Self(None),
        })
    }
}

/// The rows of a line; what is no list of objects reads as no rows.
#[derive(Default)]
struct Entries<'a>(Vec<Entry<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Any<'a> {
            #[serde(borrow)]
            Rows(Vec<Entry<'a>>),
            Other(IgnoredAny),
        }
        Ok(match Any::deserialize(deserializer)? {
            Any::Rows(rows) => Self(rows),
            Any::Other(_) => Self::default(),
        })
    }
}
