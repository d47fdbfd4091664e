//! The past of a number as points: every beat where they are few, else columns with least, mean and most.
//!
//! Where nothing ran there is no point.

use super::line;
use super::{Ladder, Reader};
use crate::model::{Column, Metric, Sample, Snapshot, Zone};
use crate::outputs::document::{self, Document};
use anyhow::Result;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// A stretch of the record, read once for all its numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    step_s: Option<f64>,
    held: Held,
}

#[derive(Debug, Clone, PartialEq)]
enum Held {
    Beats(Vec<Sample>),
    Columns(Vec<Column>),
}

/// The points of one number: what `history --format json` prints.
#[derive(Debug, Serialize)]
pub struct Points {
    metric: &'static str,
    from: String,
    to: String,
    step_s: Option<f64>,
    #[serde(rename = "points")]
    pub(super) list: Vec<Point>,
}

/// One point.
#[derive(Debug, Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Point {
    Beat { time: String, value: Option<f64> },
    Column { time: String, min: f64, max: f64, mean: f64 },
}

impl Stretch {
    /// Reads a stretch of time as at most so many points.
    pub fn between(reader: &Reader, from: DateTime<Utc>, to: DateTime<Utc>, most: usize) -> Result<Self> {
        let (columns, beats) = reader.columns_or_beats(from, to, most, most)?;
        if let Some(samples) = beats {
            return Ok(Self { from, to, step_s: step_of(&samples), held: Held::Beats(samples) });
        }
        let held = Held::Columns(columns.columns.into_iter().flatten().collect());
        Ok(Self { from, to, step_s: document::finite(columns.step_s, 3), held })
    }

    /// Takes a stretch of time from memory, as at most so many columns; `None` where the record must be asked.
    pub fn on(ladder: &Ladder, from: DateTime<Utc>, to: DateTime<Utc>, most: usize) -> Option<Self> {
        let (step_s, columns) = ladder.columns(from, to, most)?;
        Some(Self { from, to, step_s: Some(step_s as f64), held: Held::Columns(columns) })
    }

    /// Reads the newest beats.
    pub fn latest(reader: &Reader, count: usize, now: DateTime<Utc>) -> Result<Self> {
        let samples = reader.last(count)?.samples;
        let from = samples.first().map_or(now, |sample| sample.at);
        Ok(Self { from, to: now.max(from), step_s: step_of(&samples), held: Held::Beats(samples) })
    }

    /// The points of one number.
    pub fn points(&self, metric: Metric) -> Points {
        let points = match &self.held {
            Held::Beats(samples) => samples.iter().map(|sample| beat(sample, metric)).collect(),
            Held::Columns(columns) => columns.iter().filter_map(|column| point(column, metric)).collect(),
        };
        Points {
            metric: metric.name(),
            from: document::time(self.from),
            to: document::time(self.to),
            step_s: self.step_s,
            list: points,
        }
    }
}

/// The numbers of a beat as its line in the record holds them.
pub fn sample(snapshot: &Snapshot, zone: Zone) -> Option<Sample> {
    let line = Document::line(snapshot, zone).to_line().ok()?;
    line::read(&line, zone).map(|reading| reading.sample)
}

fn beat(sample: &Sample, metric: Metric) -> Point {
    Point::Beat { time: document::time(sample.at), value: sample.get(metric) }
}

fn point(column: &Column, metric: Metric) -> Option<Point> {
    let span = column.spans.get(metric)?;
    let short = |value| document::finite(value, 3);
    Some(Point::Column {
        time: document::time(column.at),
        min: short(span.least)?,
        max: short(span.most)?,
        mean: short(span.mean)?,
    })
}

/// The usual time between two beats, in seconds.
fn step_of(samples: &[Sample]) -> Option<f64> {
    let mut steps: Vec<i64> =
        samples.windows(2).map(|pair| (pair[1].at - pair[0].at).num_milliseconds()).collect();
    let middle = steps.len() / 2;
    let (_, step, _) = (!steps.is_empty()).then(|| steps.select_nth_unstable(middle))?;
    document::finite(*step as f64 / 1000.0, 3)
}
