//! `history` and `export`: the past of one number for a script, and whole lines for another program.

use super::Reader;
use super::line;
use super::points::{Point, Stretch};
use super::scan::{self, Files};
use super::series::SAMPLES;
use crate::model::Metric;
use crate::outputs::document;
use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
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
    let points = Stretch::between(reader, from, to, MOST_POINTS)?.points(metric);
    match format {
        Format::Json => {
            out.write_all(&document::json_line(&points)?)?;
        }
        Format::Csv => {
            writeln!(out, "time,value")?;
            for point in points.list {
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
    let stretch = scan::Stretch { from: from.timestamp(), to: to.timestamp() };
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
