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
    Known {
        /// What was asked for.
        stretch: Stretch,
        /// What the record holds of it.
        history: History,
    },
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

/// Puts samples into columns of equal time; a column in which nothing was seen is a gap.
pub fn columns(past: &Past, trend: &Trend, metric: Metric, stretch: Stretch) -> Vec<Option<Cell>> {
    let mut cells: Vec<Option<Cell>> = vec![None; stretch.columns];
    let span_ms = (stretch.to - stretch.from).num_milliseconds().max(1);
    let mut put = |sample: &Sample| {
        let Some(value) = sample.get(metric).filter(|value| value.is_finite()) else { return };
        let at = (sample.at - stretch.from).num_milliseconds();
        if (0..span_ms).contains(&at) {
            let place = (i128::from(at) * stretch.columns as i128 / i128::from(span_ms)) as usize;
            if let Some(cell) = cells.get_mut(place) {
                *cell = Some(cell.map_or(Cell { min: value, max: value, last: value }, |cell| Cell {
                    min: cell.min.min(value),
                    max: cell.max.max(value),
                    last: value,
                }));
            }
        }
    };
    let mut newest = stretch.from;
    if let Past::Known { history, .. } = past {
        for sample in &history.samples {
            newest = newest.max(sample.at);
            put(sample);
        }
    }
    // Beats that came after the record was read.
    trend.since(newest + TimeDelta::milliseconds(1)).for_each(&mut put);
    cells
}
