//! The past as the screen knows it: the beats since the start, what the record was asked for, and a moment that is
//! looked back at.
//!
//! The loop reads the record with it, off the drawing thread.

use crate::model::{Columns, Metric, Sample, Snapshot, Span};
use crate::outputs::journal::{AlertEvent, Reader, Stored};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::VecDeque;
use std::sync::Arc;

/// Beats that are kept for the small curves.
const TREND_BEATS: usize = 240;

/// The time before a moment from which its small curves are drawn.
const TREND_BEFORE: TimeDelta = TimeDelta::minutes(40);

/// Columns of the curve of the last 24 hours.
pub const DAY_COLUMNS: usize = 96;

/// The beats since the start, oldest first, bounded.
#[derive(Debug, Clone, Default)]
pub struct Trend {
    samples: VecDeque<Sample>,
}

impl Trend {
    /// Adds a beat.
    pub fn hear(&mut self, snapshot: &Snapshot) {
        self.push(sample(snapshot));
    }

    fn push(&mut self, sample: Sample) {
        if self.samples.len() == TREND_BEATS {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    /// The newest `columns` values of a metric, oldest first.
    pub fn values(&self, metric: Metric, columns: usize) -> Vec<Option<f64>> {
        let skip = self.samples.len().saturating_sub(columns);
        self.samples.iter().skip(skip).map(|sample| sample.get(metric)).collect()
    }

    /// The beats of a stretch of time.
    fn since(&self, from: DateTime<Utc>) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(move |sample| sample.at >= from)
    }
}

/// The numbers of one beat, as the record keeps them.
fn sample(snapshot: &Snapshot) -> Sample {
    let system = &snapshot.readings.system;
    let rate = |pick: fn(&crate::model::Interface) -> Option<f64>| {
        let rates: Vec<f64> =
            system.interfaces.as_ref()?.iter().filter(|link| !link.loopback).filter_map(pick).collect();
        (!rates.is_empty()).then(|| rates.iter().sum())
    };
    let sockets = snapshot.readings.sockets.as_ref();
    let mut sample = Sample::unseen(snapshot.at);
    sample.set(Metric::Score, Some(f64::from(snapshot.score.value)));
    sample.set(Metric::CpuLoad, system.load.map(|load| load.one_min));
    sample.set(Metric::CpuUsedPct, system.cpu.as_ref().and_then(|cpu| cpu.used_pct));
    sample.set(Metric::MemoryUsedPct, system.memory.map(|memory| memory.used_pct));
    sample.set(Metric::EstablishedConnections, sockets.and_then(|s| s.established).map(|n| n as f64));
    sample.set(Metric::FailedLogins, snapshot.sign_ins.as_ref().map(|seen| seen.failed_24h as f64));
    sample.set(Metric::NetRxBytesPerS, rate(|link| link.rx_bytes_per_s));
    sample.set(Metric::NetTxBytesPerS, rate(|link| link.tx_bytes_per_s));
    sample
}

/// A stretch of time that the record is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Its start.
    pub from: DateTime<Utc>,
    /// Its end.
    pub to: DateTime<Utc>,
    /// How many columns.
    pub columns: usize,
}

impl Stretch {
    /// The 24 hours before a moment.
    pub fn day_before(at: DateTime<Utc>) -> Self {
        Self { from: at - TimeDelta::hours(24), to: at, columns: DAY_COLUMNS }
    }

    /// The column in which a moment lies; `None` when it lies outside.
    pub fn column(self, at: DateTime<Utc>) -> Option<usize> {
        let span_ms = (self.to - self.from).num_milliseconds().max(1);
        let at_ms = (at - self.from).num_milliseconds();
        let place = i128::from(at_ms) * self.columns as i128 / i128::from(span_ms);
        (0..span_ms).contains(&at_ms).then_some(place as usize)
    }

    /// The time of one column.
    pub fn step(self) -> TimeDelta {
        (self.to - self.from) / self.columns.max(1) as i32
    }
}

/// What the record told.
#[derive(Debug, Default)]
pub enum Past {
    /// Nothing was asked yet.
    #[default]
    Unasked,
    /// There is no record to ask.
    None,
    /// The record cannot be read, in words.
    Failed(String),
    /// The last answer.
    Known(Told),
}

/// A stretch of the record.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Told {
    /// Its numbers.
    pub columns: Columns,
    /// What changed in it, oldest first.
    pub events: Vec<AlertEvent>,
    /// How much of the past is kept.
    pub stored: Stored,
}

impl Told {
    /// Reads a stretch of the record.
    ///
    /// # Errors
    /// The record cannot be read.
    pub fn read(record: &Reader, stretch: Stretch) -> anyhow::Result<Self> {
        Ok(Self {
            columns: record.columns(stretch.from, stretch.to, stretch.columns)?,
            events: record.alerts(stretch.from, stretch.to)?,
            stored: record.stored()?,
        })
    }
}

/// A moment of the past with all that the tabs show of it.
#[derive(Debug)]
pub struct Recalled {
    /// The beat; of long lists a part.
    pub snapshot: Arc<Snapshot>,
    /// How long the lists were.
    pub kept: Kept,
    /// The beats before it.
    pub trend: Trend,
    /// The 24 hours before it.
    pub day: Past,
}

/// How many there were, where a moment keeps a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Kept {
    pub processes: Option<u64>,
    pub connections: Option<u64>,
}

impl Recalled {
    /// Reads the last moment that was kept until a time; `None` when there is none so old.
    ///
    /// # Errors
    /// The record cannot be read.
    pub fn read(record: &Reader, at: DateTime<Utc>) -> anyhow::Result<Option<Self>> {
        let Some(moment) = record.moment(at)? else { return Ok(None) };
        let at = moment.snapshot.at;
        let mut trend = Trend::default();
        for sample in record.samples(at - TREND_BEFORE, at)?.samples {
            trend.push(sample);
        }
        Ok(Some(Self {
            snapshot: Arc::new(moment.snapshot),
            kept: Kept { processes: moment.processes, connections: moment.connections },
            trend,
            day: Past::Known(Told::read(record, Stretch::day_before(at))?),
        }))
    }
}

/// Puts what was seen of a number into columns of equal time; a column in which nothing was seen is a gap, but one
/// between two beats that follow each other as they should.
pub fn columns(
    past: &Past,
    trend: &Trend,
    metric: Metric,
    stretch: Stretch,
    interval_s: f64,
) -> Vec<Option<Span>> {
    let mut spans: Vec<Option<Span>> = vec![None; stretch.columns];
    let mut put = |at: DateTime<Utc>, seen: Option<Span>| {
        if let (Some(seen), Some(span)) = (seen, stretch.column(at).and_then(|place| spans.get_mut(place))) {
            *span = Some(span.map_or(seen, |before| before.join(seen)));
        }
    };
    let mut newest = stretch.from;
    if let Past::Known(told) = past {
        for column in told.columns.columns.iter().flatten() {
            newest = column.at.max(newest);
            put(column.at, column.spans.get(metric));
        }
    }
    // Beats that came after the record was read.
    for sample in trend.since(newest + TimeDelta::milliseconds(1)) {
        put(sample.at, sample.get(metric).filter(|value| value.is_finite()).map(Span::of));
    }
    bridge(&mut spans, (3.0 * interval_s / seconds(stretch.step())) as usize);
    spans
}

/// Fills runs of at most `most` empty columns between two that are not: no beat was due in them.
fn bridge(spans: &mut [Option<Span>], most: usize) {
    let mut last: Option<(usize, Span)> = None;
    for place in 0..spans.len() {
        let Some(span) = spans[place] else { continue };
        if let Some((before, held)) = last
            && place - before - 1 <= most
        {
            spans[before + 1..place].fill(Some(held));
        }
        last = Some((place, span));
    }
}

fn seconds(span: TimeDelta) -> f64 {
    span.num_milliseconds().max(1) as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_between_two_beats_that_are_due_are_no_gap() {
        let from = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let stretch = Stretch { from, to: from + TimeDelta::seconds(120), columns: 60 };
        let mut trend = Trend::default();
        for second in (0..40).step_by(10).chain((90..120).step_by(10)) {
            let mut sample = Sample::unseen(from + TimeDelta::seconds(second + 1));
            sample.set(Metric::CpuLoad, Some(1.0));
            trend.push(sample);
        }
        let seen = |interval_s: f64| -> usize {
            columns(&Past::None, &trend, Metric::CpuLoad, stretch, interval_s).iter().flatten().count()
        };
        assert_eq!(seen(10.0), 16 + 11, "the pause of a minute stays a gap");
        assert_eq!(seen(0.5), 7);
    }
}
