//! Minutes and hours: the least, the mean and the most of every number, so that years stay small.
//!
//! A row says up to which beat it counts, so that after a crash the rest is counted again from the lines, each
//! exactly once. The mean of a score hides what matters; charts take its least.

use crate::model::{Metric, Sample};
use crate::outputs::document;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The numbers that are rolled up, with their names in a row.
pub(super) const METRICS: [(Metric, &str); 8] = [
    (Metric::Score, "score"),
    (Metric::CpuLoad, "cpu_load"),
    (Metric::CpuUsedPct, "cpu_used_pct"),
    (Metric::MemoryUsedPct, "memory_used_pct"),
    (Metric::EstablishedConnections, "established_connections"),
    (Metric::FailedLogins, "failed_logins"),
    (Metric::NetRxBytesPerS, "net_rx_bytes_per_s"),
    (Metric::NetTxBytesPerS, "net_tx_bytes_per_s"),
];

/// Seconds of a row.
pub(super) const MINUTE_S: i64 = 60;
/// Seconds of a row of hours.
pub(super) const HOUR_S: i64 = 3600;

/// Least, mean, most, and how many were seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "(f64, f64, f64, u64)", into = "(f64, f64, f64, u64)")]
pub(super) struct Span {
    pub(super) least: f64,
    pub(super) mean: f64,
    pub(super) most: f64,
    pub(super) seen: u64,
}

impl From<(f64, f64, f64, u64)> for Span {
    fn from((least, mean, most, seen): (f64, f64, f64, u64)) -> Self {
        Self { least, mean, most, seen }
    }
}

impl From<Span> for (f64, f64, f64, u64) {
    fn from(span: Span) -> Self {
        let short = |value: f64| document::finite(value, 3).unwrap_or(0.0);
        (short(span.least), short(span.mean), short(span.most), span.seen)
    }
}

impl Span {
    fn of(value: f64) -> Self {
        Self { least: value, mean: value, most: value, seen: 1 }
    }

    fn join(self, other: Self) -> Self {
        let seen = self.seen + other.seen;
        let share = other.seen as f64 / seen.max(1) as f64;
        Self {
            least: self.least.min(other.least),
            mean: self.mean + (other.mean - self.mean) * share,
            most: self.most.max(other.most),
            seen,
        }
    }
}

/// A stretch of time in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    /// When it begins.
    #[serde(serialize_with = "with_millis")]
    pub(super) time: DateTime<Utc>,
    /// How long it is, in seconds.
    pub(super) step_s: i64,
    /// How many beats it counts.
    pub(super) beats: u64,
    /// The last beat that it counts.
    pub(super) to_seq: u64,
    #[serde(default)]
    score: Option<Span>,
    #[serde(default)]
    cpu_load: Option<Span>,
    #[serde(default)]
    cpu_used_pct: Option<Span>,
    #[serde(default)]
    memory_used_pct: Option<Span>,
    #[serde(default)]
    established_connections: Option<Span>,
    #[serde(default)]
    failed_logins: Option<Span>,
    #[serde(default)]
    net_rx_bytes_per_s: Option<Span>,
    #[serde(default)]
    net_tx_bytes_per_s: Option<Span>,
}

fn with_millis<S: serde::Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&document::time(*time))
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
            score: None,
            cpu_load: None,
            cpu_used_pct: None,
            memory_used_pct: None,
            established_connections: None,
            failed_logins: None,
            net_rx_bytes_per_s: None,
            net_tx_bytes_per_s: None,
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
        for (metric, _) in METRICS {
            if let Some(value) = sample.get(metric) {
                self.join_span(metric, Span::of(value));
            }
        }
    }

    /// Counts everything that another row counts.
    pub(super) fn join(&mut self, other: &Self) {
        self.beats += other.beats;
        self.to_seq = self.to_seq.max(other.to_seq);
        for (metric, _) in METRICS {
            if let Some(span) = other.span(metric) {
                self.join_span(metric, span);
            }
        }
    }

    pub(super) const fn span(&self, metric: Metric) -> Option<Span> {
        match metric {
            Metric::Score => self.score,
            Metric::CpuLoad => self.cpu_load,
            Metric::CpuUsedPct => self.cpu_used_pct,
            Metric::MemoryUsedPct => self.memory_used_pct,
            Metric::EstablishedConnections => self.established_connections,
            Metric::FailedLogins => self.failed_logins,
            Metric::NetRxBytesPerS => self.net_rx_bytes_per_s,
            Metric::NetTxBytesPerS => self.net_tx_bytes_per_s,
        }
    }

    const fn span_mut(&mut self, metric: Metric) -> &mut Option<Span> {
        match metric {
            Metric::Score => &mut self.score,
            Metric::CpuLoad => &mut self.cpu_load,
            Metric::CpuUsedPct => &mut self.cpu_used_pct,
            Metric::MemoryUsedPct => &mut self.memory_used_pct,
            Metric::EstablishedConnections => &mut self.established_connections,
            Metric::FailedLogins => &mut self.failed_logins,
            Metric::NetRxBytesPerS => &mut self.net_rx_bytes_per_s,
            Metric::NetTxBytesPerS => &mut self.net_tx_bytes_per_s,
        }
    }

    fn join_span(&mut self, metric: Metric, span: Span) {
        let place = self.span_mut(metric);
        *place = Some(place.map_or(span, |before| before.join(span)));
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
        Sample {
            at: DateTime::from_timestamp(second, 0).unwrap(),
            score: Some(100.0 - second as f64 / 60.0),
            cpu_load: load,
            cpu_used_pct: None,
            memory_used_pct: None,
            established_connections: None,
            failed_logins: None,
            net_rx_bytes_per_s: None,
            net_tx_bytes_per_s: None,
        }
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
        let load = minutes[0].span(Metric::CpuLoad).unwrap();
        assert_eq!((load.least, load.mean, load.most, load.seen), (1.0, 3.0, 5.0, 4));
        let hour = &hours[0];
        assert_eq!((hour.beats, hour.to_seq, hour.time.timestamp()), (360, 359, 0));
        let load = hour.span(Metric::CpuLoad).unwrap();
        assert_eq!((load.least, load.most, load.seen), (1.0, 359.0, 240));
        assert!((load.mean - 180.0).abs() < 1e-9);
        assert_eq!(hour.span(Metric::MemoryUsedPct), None);
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
