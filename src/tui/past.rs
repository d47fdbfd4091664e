//! The past as the screen knows it: the beats since the start, and what the record was asked for.
//!
//! Reading the record is done by the loop, off the drawing thread.

use crate::model::{History, Metric, Sample, Snapshot};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::VecDeque;

/// Beats that are kept for the small curves.
const TREND_BEATS: usize = 240;

/// The beats since the start, oldest first, bounded.
#[derive(Debug, Clone, Default)]
pub struct Trend {
    samples: VecDeque<Sample>,
}

impl Trend {
    /// Adds a beat.
    pub fn hear(&mut self, snapshot: &Snapshot) {
        if self.samples.len() == TREND_BEATS {
            self.samples.pop_front();
        }
        self.samples.push_back(sample(snapshot));
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
    Sample {
        at: snapshot.at,
        score: Some(f64::from(snapshot.score.value)),
        cpu_load: system.load.map(|load| load.one_min),
        cpu_used_pct: system.cpu.as_ref().and_then(|cpu| cpu.used_pct),
        memory_used_pct: system.memory.map(|memory| memory.used_pct),
        established_connections: snapshot
            .readings
            .sockets
            .as_ref()
            .and_then(|s| s.established)
            .map(|n| n as f64),
        failed_logins: snapshot.sign_ins.as_ref().map(|sign_ins| sign_ins.failed_24h as f64),
        net_rx_bytes_per_s: rate(|link| link.rx_bytes_per_s),
        net_tx_bytes_per_s: rate(|link| link.tx_bytes_per_s),
    }
}

/// A stretch of time that the record is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Its start.
    pub from: DateTime<Utc>,
    /// Its end.
    pub to: DateTime<Utc>,
    /// How many samples at most.
    pub columns: usize,
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
    Known(Thinned),
}

/// A stretch of the record, thinned to columns as soon as it was read: a month of beats would not fit into a small
/// machine's memory. The least and the greatest value of each column stay, so that no spike is averaged away.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Thinned {
    /// One for each column in which something was seen, oldest first.
    columns: Vec<Column>,
    /// Time of the newest sample.
    newest: Option<DateTime<Utc>>,
    /// Lines and values that could not be read, and were skipped.
    pub skipped: u64,
}

#[derive(Debug, Clone, PartialEq)]
struct Column {
    at: DateTime<Utc>,
    cells: [Option<Cell>; METRICS.len()],
}

const METRICS: [Metric; 8] = [
    Metric::Score,
    Metric::CpuLoad,
    Metric::CpuUsedPct,
    Metric::MemoryUsedPct,
    Metric::EstablishedConnections,
    Metric::FailedLogins,
    Metric::NetRxBytesPerS,
    Metric::NetTxBytesPerS,
];

impl Thinned {
    /// Thins what was read to the columns of the stretch that was asked for.
    pub fn new(history: &History, stretch: Stretch) -> Self {
        let mut columns: Vec<Column> = Vec::new();
        let mut place = None;
        for sample in &history.samples {
            let Some(now) = stretch.column(sample.at) else { continue };
            if place != Some(now) {
                columns.push(Column { at: sample.at, cells: [None; METRICS.len()] });
                place = Some(now);
            }
            let Some(column) = columns.last_mut() else { continue };
            for (cell, metric) in column.cells.iter_mut().zip(METRICS) {
                if let Some(value) = sample.get(metric).filter(|value| value.is_finite()) {
                    *cell = Some(Cell::of(value).after(*cell));
                }
            }
        }
        Self {
            columns,
            newest: history.samples.last().map(|sample| sample.at),
            skipped: history.skipped_lines + history.skipped_values,
        }
    }
}

impl Stretch {
    /// The column in which a moment lies; `None` when it lies outside.
    pub fn column(self, at: DateTime<Utc>) -> Option<usize> {
        let span_ms = (self.to - self.from).num_milliseconds().max(1);
        let at_ms = (at - self.from).num_milliseconds();
        let place = i128::from(at_ms) * self.columns as i128 / i128::from(span_ms);
        (0..span_ms).contains(&at_ms).then_some(place as usize)
    }
}

/// One column of a curve: what was seen in its time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cell {
    /// The least value.
    pub min: f64,
    /// The greatest value.
    pub max: f64,
    /// The last value.
    pub last: f64,
}

impl Cell {
    /// A cell in which one value was seen.
    const fn of(value: f64) -> Self {
        Self { min: value, max: value, last: value }
    }

    /// This cell, with what was seen before it in the same column.
    const fn after(self, before: Option<Self>) -> Self {
        match before {
            Some(before) => {
                Self { min: before.min.min(self.min), max: before.max.max(self.max), last: self.last }
            }
            None => self,
        }
    }
}

/// Puts samples into columns of equal time; a column in which nothing was seen is a gap.
pub fn columns(past: &Past, trend: &Trend, metric: Metric, stretch: Stretch) -> Vec<Option<Cell>> {
    let mut cells: Vec<Option<Cell>> = vec![None; stretch.columns];
    let mut put = |at: DateTime<Utc>, seen: Option<Cell>| {
        if let (Some(seen), Some(cell)) = (seen, stretch.column(at).and_then(|place| cells.get_mut(place))) {
            *cell = Some(seen.after(*cell));
        }
    };
    let mut newest = stretch.from;
    if let Past::Known(record) = past {
        newest = record.newest.unwrap_or(newest);
        let place = METRICS.iter().position(|known| *known == metric).unwrap_or(0);
        for column in &record.columns {
            put(column.at, column.cells[place]);
        }
    }
    // Beats that came after the record was read.
    for sample in trend.since(newest + TimeDelta::milliseconds(1)) {
        put(sample.at, sample.get(metric).filter(|value| value.is_finite()).map(Cell::of));
    }
    cells
}
