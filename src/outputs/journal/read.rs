//! Reading the record: the last lines by seeking back, any stretch at any resolution, good lines around damaged
//! ones, in bounded memory.
//!
//! It changes nothing and trusts nothing: the directory may hold any bytes.

use super::grains::{Found, Grain};
use super::known::Known;
use super::line;
use super::moments::Latest;
use super::rollup::Row;
use super::scan::Files;
use super::series::{SAMPLES, Series};
use crate::model::{Column, Columns, History, Sample, Span, Zone};
use crate::outputs::safe_file::Folder;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most samples that are held at once; a longer stretch is thinned to so many columns.
const MOST_SAMPLES: usize = 100_000;

/// Reads the record of a data directory.
#[derive(Debug, Clone)]
pub struct Reader {
    dir: PathBuf,
    zone: Zone,
    pub(super) latest: Option<Latest>,
    /// Shared with its clones.
    pub(super) known: Arc<Known>,
}

/// How much of the past is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stored {
    /// The earliest time of which something is known.
    pub since: Option<DateTime<Utc>>,
    /// Size of all files of the data directory, in bytes.
    pub bytes: u64,
}

impl Reader {
    /// A reader of this directory; lines without a zone are read in the machine's own.
    pub fn new(dir: PathBuf) -> Self {
        Self { dir, zone: Zone::Local, latest: None, known: Arc::default() }
    }

    /// Reads lines without a zone in this one.
    #[must_use]
    pub fn in_zone(mut self, zone: Zone) -> Self {
        self.zone = zone;
        self
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) const fn zone(&self) -> Zone {
        self.zone
    }

    /// The directory opened; `None` where there is none yet.
    pub(super) fn folder(&self) -> Result<Option<Folder>> {
        if self.dir.exists() { Folder::open(&self.dir).map(Some) } else { Ok(None) }
    }

    /// The files of one kind in it, with what is known of them.
    pub(super) fn files<'a>(&self, folder: &'a Folder, series: &'static Series) -> Result<Files<'a>> {
        Files::open_with(folder, series, Arc::clone(&self.known))
    }

    /// How much of the past is kept.
    pub fn stored(&self) -> Result<Stored> {
        let Some(folder) = self.folder()? else { return Ok(Stored::default()) };
        let bytes = folder.names()?.iter().filter_map(|name| folder.length(name)).sum();
        let mut since = None;
        for grain in [Grain::Hours, Grain::Minutes, Grain::Beats] {
            since = since.into_iter().chain(self.kept(&folder, grain)?.first().map(|(from, _)| *from)).min();
        }
        Ok(Stored { since, bytes })
    }

    /// The last `count` samples, oldest first.
    pub fn last(&self, count: usize) -> Result<History> {
        let mut history = History::default();
        let Some(folder) = self.folder()? else { return Ok(history) };
        let count = count.min(MOST_SAMPLES);
        if count == 0 {
            return Ok(history);
        }
        self.files(&folder, &SAMPLES)?.back(&mut |found| {
            match found.and_then(|bytes| line::read(bytes, self.zone)) {
                Some(reading) => {
                    history.skipped_values += reading.bad_values;
                    history.samples.push(reading.sample);
                }
                None => history.skipped_lines += 1,
            }
            if history.samples.len() < count { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        history.samples.reverse();
        Ok(history)
    }

    /// The samples of a stretch of time, both ends included, oldest first. A stretch of more beats than memory
    /// should hold comes thinned; where the beats are gone, minutes and hours stand for them with their means.
    pub fn samples(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<History> {
        let mut history = History::default();
        let mut too_many = false;
        self.rows(from, to, Grain::Beats, &mut |row| {
            match row {
                Found::Sample(sample) => history.samples.push(sample),
                Found::Row(row) => history.samples.push(mean(&row)),
                Found::Damage { lines, values } => {
                    history.skipped_lines += lines;
                    history.skipped_values += values;
                }
            }
            too_many = history.samples.len() > MOST_SAMPLES;
            if too_many { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if too_many {
            return self.thinned(from, to, MOST_SAMPLES / 4);
        }
        // A clock that was set back leaves lines that are out of order.
        history.samples.sort_by_key(|sample| sample.at);
        Ok(history)
    }

    /// The samples of a stretch of time, thinned to so many columns; each column keeps its least and its most.
    fn thinned(&self, from: DateTime<Utc>, to: DateTime<Utc>, columns: usize) -> Result<History> {
        let columns = self.columns(from, to, columns)?;
        let samples = columns.columns.into_iter().flatten().flat_map(|column| {
            let tell = |pick: fn(Span) -> f64| Sample { at: column.at, numbers: column.spans.map(pick) };
            let (low, high) = (tell(|span| span.least), tell(|span| span.most));
            if low == high { vec![low] } else { vec![low, high] }
        });
        Ok(History {
            samples: samples.collect(),
            skipped_lines: columns.skipped_lines,
            skipped_values: columns.skipped_values,
        })
    }

    /// A stretch of time in so many columns, each with the least, the mean and the most of every number; `None`
    /// where nothing was recorded.
    pub fn columns(&self, from: DateTime<Utc>, to: DateTime<Utc>, count: usize) -> Result<Columns> {
        self.columns_or_beats(from, to, count, 0).map(|(columns, _)| columns)
    }

    /// The same, and beside it the beats themselves, oldest first, where they are no more than so many and no
    /// coarser grain was wanted.
    pub(super) fn columns_or_beats(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        count: usize,
        most_beats: usize,
    ) -> Result<(Columns, Option<Vec<Sample>>)> {
        let count = count.clamp(1, MOST_SAMPLES);
        let span_ms = (to - from).num_milliseconds().max(1);
        let step_s = span_ms as f64 / 1000.0 / count as f64;
        // A column of ninety seconds is drawn from minutes: no more than one edge is shared.
        let grain = match step_s {
            step if step >= 3600.0 => Grain::Hours,
            step if step >= 60.0 => Grain::Minutes,
            _ => Grain::Beats,
        };
        let mut rows: Vec<Option<Row>> = vec![None; count];
        let (mut beats, mut counted) = ((grain == Grain::Beats).then(Vec::new), 0);
        let mut result = Columns { from, step_s, ..Columns::default() };
        let place = |at: DateTime<Utc>| {
            let ms = (at - from).num_milliseconds();
            // Times are whole milliseconds; the last column takes the very end.
            let column = (i128::from(ms) * count as i128 / i128::from(span_ms)) as usize;
            (ms >= 0 && at <= to).then_some(column.min(count - 1))
        };
        let first_step = grain.step();
        self.rows(from - first_step, to, grain, &mut |found| {
            let (at, row, sample) = match found {
                Found::Sample(sample) => {
                    let mut row = Row::around(sample.at, 1);
                    row.add(&sample, 0);
                    (sample.at, row, sample)
                }
                // The middle of a row decides where it belongs.
                Found::Row(row) => {
                    let sample = mean(&row);
                    (row.time + TimeDelta::seconds(row.step_s / 2), *row, sample)
                }
                Found::Damage { lines, values } => {
                    result.skipped_lines += lines;
                    result.skipped_values += values;
                    return ControlFlow::Continue(());
                }
            };
            counted += row.beats;
            if counted > most_beats as u64 {
                beats = None;
            }
            if let Some(beats) = &mut beats {
                beats.push(sample);
            }
            if let Some(column) = place(at) {
                match &mut rows[column] {
                    Some(held) => held.join(&row),
                    empty => *empty = Some(row),
                }
            }
            ControlFlow::Continue(())
        })?;
        let at = |column: usize| {
            from + TimeDelta::milliseconds((i128::from(span_ms) * column as i128 / count as i128) as i64)
        };
        result.columns = rows
            .iter()
            .enumerate()
            .map(|(place, row)| {
                row.as_ref().map(|row| Column { at: at(place), beats: row.beats, spans: row.spans })
            })
            .collect();
        if let Some(beats) = &mut beats {
            // A clock that was set back leaves lines that are out of order.
            beats.sort_by_key(|sample| sample.at);
        }
        Ok((result, beats))
    }
}

fn mean(row: &Row) -> Sample {
    Sample { at: row.time, numbers: row.spans.map(|span| span.mean) }
}
