//! Reading the record: the last lines by seeking back, any stretch at any resolution, good lines around damaged
//! ones, in bounded memory.
//!
//! It changes nothing and trusts nothing: the directory may hold any bytes.

use super::line;
use super::moments::Latest;
use super::rollup::Row;
use super::scan::{Files, Stretch};
use super::series::{HOURS, MINUTES, SAMPLES, Series};
use crate::model::{Column, Columns, History, Sample, Span, Zone};
use crate::outputs::safe_file::Folder;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// The most samples that are held at once; a longer stretch is thinned to so many columns.
const MOST_SAMPLES: usize = 100_000;

/// Reads the record of a data directory.
#[derive(Debug, Clone)]
pub struct Reader {
    dir: PathBuf,
    zone: Zone,
    pub(super) latest: Option<Latest>,
}

/// How much of the past is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stored {
    /// The earliest time of which something is known.
    pub since: Option<DateTime<Utc>>,
    /// Size of all files of the data directory, in bytes.
    pub bytes: u64,
}

/// A resolution in which the past is kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Grain {
    Beats,
    Minutes,
    Hours,
}

impl Grain {
    const fn series(self) -> &'static Series {
        match self {
            Self::Beats => &SAMPLES,
            Self::Minutes => &MINUTES,
            Self::Hours => &HOURS,
        }
    }

    const fn finer(self) -> Option<Self> {
        match self {
            Self::Beats => None,
            Self::Minutes => Some(Self::Beats),
            Self::Hours => Some(Self::Minutes),
        }
    }

    const fn coarser(self) -> Option<Self> {
        match self {
            Self::Beats => Some(Self::Minutes),
            Self::Minutes => Some(Self::Hours),
            Self::Hours => None,
        }
    }
}

impl Reader {
    /// A reader of this directory; lines without a zone are read in the machine's own.
    pub const fn new(dir: PathBuf) -> Self {
        Self { dir, zone: Zone::Local, latest: None }
    }

    /// Reads lines without a zone in this one.
    #[must_use]
    pub const fn in_zone(mut self, zone: Zone) -> Self {
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
        Files::open(&folder, &SAMPLES)?.back(&mut |found| {
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
        let mut result = Columns { from, step_s, ..Columns::default() };
        let place = |at: DateTime<Utc>| {
            let ms = (at - from).num_milliseconds();
            // Times are whole milliseconds; the last column takes the very end.
            let column = (i128::from(ms) * count as i128 / i128::from(span_ms)) as usize;
            (ms >= 0 && at <= to).then_some(column.min(count - 1))
        };
        let first_step = grain_step(grain);
        self.rows(from - first_step, to, grain, &mut |found| {
            let (at, row) = match found {
                Found::Sample(sample) => {
                    let mut row = Row::around(sample.at, 1);
                    row.add(&sample, 0);
                    (sample.at, row)
                }
                // The middle of a row decides where it belongs.
                Found::Row(row) => (row.time + TimeDelta::seconds(row.step_s / 2), *row),
                Found::Damage { lines, values } => {
                    result.skipped_lines += lines;
                    result.skipped_values += values;
                    return ControlFlow::Continue(());
                }
            };
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
        Ok(result)
    }

    /// Gives what is known of a stretch, in the wanted grain where it is kept, else in the next that is.
    fn rows(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        grain: Grain,
        take: &mut dyn FnMut(Found) -> ControlFlow<()>,
    ) -> Result<()> {
        let Some(folder) = self.folder()? else { return Ok(()) };
        let mut parts = Vec::new();
        self.divide(&folder, (from, to), grain, (true, true), &mut parts)?;
        parts.sort_by_key(|part| part.between);
        for part in parts {
            if self.part(&folder, &part, take)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Divides a stretch among the grains: where this one is not kept any more a coarser one may stand, and what
    /// it does not reach yet is read from a finer one.
    fn divide(
        &self,
        folder: &Folder,
        (from, to): Between,
        grain: Grain,
        (coarser, finer): (bool, bool),
        parts: &mut Vec<Part>,
    ) -> Result<()> {
        let mut at = from;
        let mut before_something = false;
        for (start, end) in self.kept(folder, grain)? {
            before_something |= start > to;
            let (start, end) = (start.max(at), end.min(to));
            if start > end {
                continue;
            }
            if coarser
                && at < start
                && let Some(coarser) = grain.coarser()
            {
                self.divide(folder, (at, start - TICK), coarser, (true, false), parts)?;
            }
            parts.push(Part { grain, between: (start, end), whole_rows: coarser && !finer });
            at = end + TICK;
        }
        if at > to {
            return Ok(());
        }
        match (grain.finer(), grain.coarser()) {
            (Some(next), _) if finer && !before_something => {
                self.divide(folder, (at, to), next, (false, true), parts)
            }
            (_, Some(next)) if coarser => self.divide(folder, (at, to), next, (true, false), parts),
            _ => Ok(()),
        }
    }

    /// The stretches of a grain that are kept, earliest first: what was imported, and our own.
    fn kept(&self, folder: &Folder, grain: Grain) -> Result<Vec<Between>> {
        let files = Files::open(folder, grain.series())?;
        let mut kept = Vec::new();
        for (from, to) in files.imported()? {
            kept.extend(DateTime::from_timestamp(from, 0).zip(DateTime::from_timestamp(to, 999_999_999)));
        }
        if let Some((first, last)) = files.own(self.zone)? {
            // Beats are read to the end of the stretch: there is nothing finer.
            let last =
                if grain == Grain::Beats { DateTime::<Utc>::MAX_UTC - TimeDelta::days(1) } else { last };
            kept.push((first, last));
        }
        for (_, end) in &mut kept {
            *end += (grain_step(grain) - TICK).max(TimeDelta::zero());
        }
        kept.sort();
        Ok(kept)
    }

    fn part(
        &self,
        folder: &Folder,
        part: &Part,
        take: &mut dyn FnMut(Found) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        let &Part { grain, between: (from, to), whole_rows } = part;
        let stretch = Stretch { from: from.timestamp(), to: to.timestamp() };
        let mut flow = ControlFlow::Continue(());
        Files::open(folder, grain.series())?.forward(stretch, self.zone, &mut |found| {
            let Some(bytes) = found else {
                flow = take(Found::Damage { lines: 1, values: 0 });
                return flow;
            };
            if grain == Grain::Beats {
                let Some(reading) = line::read(bytes, self.zone) else {
                    flow = take(Found::Damage { lines: 1, values: 0 });
                    return flow;
                };
                if reading.sample.at < from || reading.sample.at > to {
                    return ControlFlow::Continue(());
                }
                if reading.bad_values > 0 {
                    take(Found::Damage { lines: 0, values: reading.bad_values })?;
                }
                flow = take(Found::Sample(reading.sample));
            } else {
                // Where a coarser grain stands before a finer one, a row that reaches into it would count twice.
                let last = if whole_rows { to - grain_step(grain) + TICK } else { to };
                flow = match Row::read(bytes) {
                    Some(row) if row.time >= from && row.time <= last => take(Found::Row(Box::new(row))),
                    Some(_) => ControlFlow::Continue(()),
                    None => take(Found::Damage { lines: 1, values: 0 }),
                };
            }
            flow
        })?;
        Ok(flow)
    }
}

type Between = (DateTime<Utc>, DateTime<Utc>);

/// The smallest step between two times of the record.
const TICK: TimeDelta = TimeDelta::milliseconds(1);

/// A part of a stretch that is read from one grain.
struct Part {
    grain: Grain,
    between: Between,
    /// Only rows that end in it count.
    whole_rows: bool,
}

enum Found {
    Sample(Sample),
    Row(Box<Row>),
    Damage { lines: u64, values: u64 },
}

const fn grain_step(grain: Grain) -> TimeDelta {
    match grain {
        Grain::Beats => TimeDelta::zero(),
        Grain::Minutes => TimeDelta::minutes(1),
        Grain::Hours => TimeDelta::hours(1),
    }
}

fn mean(row: &Row) -> Sample {
    Sample { at: row.time, numbers: row.spans.map(|span| span.mean) }
}
