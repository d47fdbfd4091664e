//! `history` and `export`: the past of one number for a script, and whole lines for another program.

use super::Reader;
use super::line;
use super::scan::{Files, Stretch};
use super::series::SAMPLES;
use crate::model::{Column, Metric, Sample};
use crate::outputs::document;
use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::io::Write;
use std::ops::ControlFlow;

/// More points than this are thinned to columns.
const MOST_POINTS: usize = 2000;

/// How the past is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A head line, then a line a point.
    Csv,
    /// One document; `export` writes a line a beat.
    Json,
}

#[derive(Serialize)]
struct Document<'a> {
    metric: &'a str,
    from: String,
    to: String,
    step_s: Option<f64>,
    points: Vec<Point>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Point {
    Beat { time: String, value: Option<f64> },
    Column { time: String, min: f64, max: f64, mean: f64 },
}

/// Finds a metric by its name in the record; `security_score` is the original's name for the score.
pub fn metric(name: &str) -> Result<Metric> {
    let wanted = if name == "security_score" { "score" } else { name };
    Metric::named(wanted).with_context(|| {
        let known = Metric::ALL.map(Metric::name).join(", ");
        format!("no metric is named {name}; the record keeps {known}")
    })
}

/// Writes one number over a stretch of time: every beat, or at most 2,000 columns with least, most and mean.
/// Where nothing ran there is no point.
pub fn history(
    reader: &Reader,
    metric: Metric,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    format: Format,
    out: &mut dyn Write,
) -> Result<()> {
    let columns = reader.columns(from, to, MOST_POINTS)?;
    let beats: u64 = columns.columns.iter().flatten().map(|column| column.beats).sum();
    let all_kept = beats <= MOST_POINTS as u64 && columns.step_s < 60.0;
    let (step_s, points) = if all_kept {
        let samples = reader.samples(from, to)?.samples;
        (step_of(&samples), samples.iter().map(|sample| beat(sample, metric)).collect())
    } else {
        let points = columns.columns.iter().flatten().filter_map(|column| point(column, metric));
        (document::finite(columns.step_s, 3), points.collect::<Vec<Point>>())
    };
    match format {
        Format::Json => {
            let document = Document {
                metric: metric.name(),
                from: document::time(from),
                to: document::time(to),
                step_s,
                points,
            };
            out.write_all(&document::json_line(&document)?)?;
        }
        Format::Csv => {
            writeln!(out, "time,value")?;
            for point in points {
                match point {
                    Point::Beat { time, value } => {
                        writeln!(
                            out,
                            "{time},{}",
                            value.map_or_else(String::new, |value| value.to_string())
                        )?;
                    }
                    // A score's mean hides what matters.
                    Point::Column { time, min, mean, .. } => {
                        writeln!(out, "{time},{}", if metric == Metric::Score { min } else { mean })?;
                    }
                }
            }
        }
    }
    Ok(())
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

/// Writes every beat of a stretch: its line as it stands in the record, or its numbers as CSV.
pub fn export(
    reader: &Reader,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    format: Format,
    out: &mut dyn Write,
) -> Result<()> {
    if format == Format::Csv {
        writeln!(out, "time,{}", Metric::ALL.map(Metric::name).join(","))?;
    }
    let Some(folder) = reader.folder()? else { return Ok(()) };
    let mut written = Ok(());
    let stretch = Stretch { from: from.timestamp(), to: to.timestamp() };
    Files::open(&folder, &SAMPLES)?.forward(stretch, reader.zone(), &mut |found| {
        let Some(bytes) = found else { return ControlFlow::Continue(()) };
        let Some(reading) = line::read(bytes, reader.zone()) else { return ControlFlow::Continue(()) };
        let sample = &reading.sample;
        if sample.at < from || sample.at > to {
            return ControlFlow::Continue(());
        }
        written = match format {
            Format::Json => out.write_all(bytes).and_then(|()| out.write_all(b"\n")),
            Format::Csv => {
                let values = Metric::ALL
                    .map(|metric| sample.get(metric).map_or_else(String::new, |value| value.to_string()));
                writeln!(out, "{},{}", document::time(sample.at), values.join(","))
            }
        };
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(written?)
}
