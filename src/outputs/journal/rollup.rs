//! Minutes and hours: the least, the mean and the most of every number, so that years stay small.
//!
//! A row says up to which beat it counts, so that after a crash the rest is counted again from the lines, each
//! exactly once. The mean of a score hides what matters; charts take its least.

use crate::model::{Metric, Numbers, Sample, Span};
use crate::outputs::document;
use chrono::{DateTime, Utc};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{SerializeMap as _, Serializer};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// Seconds of a row.
pub(super) const MINUTE_S: i64 = 60;
/// Seconds of a row of hours.
pub(super) const HOUR_S: i64 = 3600;

/// A stretch of time in numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// When it begins.
    pub(super) time: DateTime<Utc>,
    /// How long it is, in seconds.
    pub(super) step_s: i64,
    /// How many beats it counts.
    pub(super) beats: u64,
    /// The last beat that it counts.
    pub(super) to_seq: u64,
    pub(super) spans: Numbers<Span>,
}

impl Row {
    /// An empty row of this length around a moment.
    pub(super) fn around(at: DateTime<Utc>, step_s: i64) -> Self {
        let start = at.timestamp().div_euclid(step_s) * step_s;
        Self {
            time: DateTime::from_timestamp(start, 0).unwrap_or(at),
            step_s,
            beats: 0,
            to_seq: 0,
            spans: Numbers::UNSEEN,
        }
    }

    /// Reads a row; `None` when it is none.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let row: Self = serde_json::from_slice(bytes).ok()?;
        (row.step_s > 0).then_some(row)
    }

    pub(super) fn is_around(&self, at: DateTime<Utc>) -> bool {
        at.timestamp().div_euclid(self.step_s) * self.step_s == self.time.timestamp()
    }

    /// Counts one beat.
    pub(super) fn add(&mut self, sample: &Sample, seq: u64) {
        self.beats += 1;
        self.to_seq = self.to_seq.max(seq);
        self.spans.join(&sample.numbers.map(Span::of));
    }

    /// Counts everything that another row counts.
    pub(super) fn join(&mut self, other: &Self) {
        self.beats += other.beats;
        self.to_seq = self.to_seq.max(other.to_seq);
        self.spans.join(&other.spans);
    }
}

/// Least, mean, most, and how many were seen, as a row tells them.
type SpanText = (f64, f64, f64, u64);

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("time", &document::time(self.time))?;
        map.serialize_entry("step_s", &self.step_s)?;
        map.serialize_entry("beats", &self.beats)?;
        map.serialize_entry("to_seq", &self.to_seq)?;
        let short = |value: f64| document::finite(value, 3).unwrap_or(0.0);
        for metric in Metric::ALL {
            let span = self.spans.get(metric);
            let told: Option<SpanText> =
                span.map(|span| (short(span.least), short(span.mean), short(span.most), span.seen));
            map.serialize_entry(metric.name(), &told)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RowVisitor)
    }
}

struct RowVisitor;

impl<'de> Visitor<'de> for RowVisitor {
    type Value = Row;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row of minutes or hours")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
        let mut row = Row::around(DateTime::UNIX_EPOCH, 1);
        let mut time = None;
        (row.step_s, row.beats) = (0, 0);
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                "time" => time = super::line::utc_time(&map.next_value::<Cow<'de, str>>()?),
                "step_s" => row.step_s = map.next_value()?,
                "beats" => row.beats = map.next_value()?,
                "to_seq" => row.to_seq = map.next_value()?,
                name => match Metric::named(name) {
                    Some(metric) => {
                        let told: Option<SpanText> = map.next_value()?;
                        let span = told.map(|(least, mean, most, seen)| Span { least, mean, most, seen });
                        row.spans.set(metric, span);
                    }
                    None => drop(map.next_value::<IgnoredAny>()?),
                },
            }
        }
        row.time = time.ok_or_else(|| serde::de::Error::missing_field("time"))?;
        Ok(row)
    }
}

/// The minute and the hour that are being counted.
#[derive(Debug, Default)]
pub(super) struct Counting {
    minute: Option<Row>,
    hour: Option<Row>,
}

/// Rows that are finished.
#[derive(Debug, Default)]
pub(super) struct Finished {
    pub(super) minute: Option<Row>,
    pub(super) hour: Option<Row>,
}

impl Counting {
    /// Counts one beat; answers the rows that it ends.
    pub(super) fn add(&mut self, sample: &Sample, seq: u64) -> Finished {
        let mut finished = Finished::default();
        if self.minute.as_ref().is_some_and(|minute| !minute.is_around(sample.at)) {
            finished.minute = self.minute.take();
            if let Some(minute) = &finished.minute {
                finished.hour = self.add_minute(minute);
            }
        }
        self.minute.get_or_insert_with(|| Row::around(sample.at, MINUTE_S)).add(sample, seq);
        finished
    }

    /// Ends the minute and the hour that are being counted.
    pub(super) fn finish(&mut self) -> Vec<Finished> {
        let minute = self.minute.take();
        let ended = minute.as_ref().and_then(|minute| self.add_minute(minute));
        vec![Finished { minute, hour: ended }, Finished { minute: None, hour: self.hour.take() }]
    }

    /// Counts a finished minute; answers the hour that it ends.
    pub(super) fn add_minute(&mut self, minute: &Row) -> Option<Row> {
        let ended = self.hour.take_if(|hour| !hour.is_around(minute.time));
        self.hour.get_or_insert_with(|| Row::around(minute.time, HOUR_S)).join(minute);
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(second: i64, load: Option<f64>) -> Sample {
        let mut sample = Sample::unseen(DateTime::from_timestamp(second, 0).unwrap());
        sample.set(Metric::Score, Some(100.0 - second as f64 / 60.0));
        sample.set(Metric::CpuLoad, load);
        sample
    }

    #[test]
    fn least_mean_and_most_are_exact_and_the_unseen_counts_for_nothing() {
        let mut counting = Counting::default();
        let mut minutes = Vec::new();
        let mut hours = Vec::new();
        for seq in 0..=720 {
            let load = (seq % 3 != 0).then_some(seq as f64);
            let finished = counting.add(&sample(seq * 10, load), seq as u64);
            minutes.extend(finished.minute);
            hours.extend(finished.hour);
        }
        assert_eq!((minutes.len(), hours.len()), (120, 1));
        let load = minutes[0].spans.get(Metric::CpuLoad).unwrap();
        assert_eq!((load.least, load.mean, load.most, load.seen), (1.0, 3.0, 5.0, 4));
        let hour = &hours[0];
        assert_eq!((hour.beats, hour.to_seq, hour.time.timestamp()), (360, 359, 0));
        let load = hour.spans.get(Metric::CpuLoad).unwrap();
        assert_eq!((load.least, load.most, load.seen), (1.0, 359.0, 240));
        assert!((load.mean - 180.0).abs() < 1e-9);
        assert_eq!(hour.spans.get(Metric::MemoryUsedPct), None);
        let line = document::json_line(hour).unwrap();
        assert_eq!(Row::read(&line).unwrap().beats, 360);
    }

    #[test]
    fn a_clock_that_jumps_back_begins_a_row_of_its_own() {
        let mut counting = Counting::default();
        counting.add(&sample(1_000_000, Some(1.0)), 1);
        let finished = counting.add(&sample(0, Some(2.0)), 2);
        assert_eq!(finished.minute.unwrap().to_seq, 1);
        assert_eq!(counting.add(&sample(60, Some(2.0)), 3).hour.unwrap().time.timestamp(), 997_200);
    }
}
