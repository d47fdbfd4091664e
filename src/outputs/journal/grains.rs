//! The grains of the past: beats, minutes, hours. Which of them stands for which part of a stretch, and what it tells.

use super::line;
use super::read::Reader;
use super::rollup::Row;
use super::scan::Stretch;
use super::series::{HOURS, MINUTES, SAMPLES, Series};
use crate::model::Sample;
use crate::outputs::safe_file::Folder;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use std::ops::ControlFlow;

/// A resolution in which the past is kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grain {
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

    /// How long one row of it is.
    pub(super) const fn step(self) -> TimeDelta {
        match self {
            Self::Beats => TimeDelta::zero(),
            Self::Minutes => TimeDelta::minutes(1),
            Self::Hours => TimeDelta::hours(1),
        }
    }

    /// This one, then those that stand for it where it is not kept: a coarser one where it is kept no more, a finer
    /// one where it does not reach yet or was never made.
    const fn in_order(self) -> [Self; 3] {
        match self {
            Self::Beats => [Self::Beats, Self::Minutes, Self::Hours],
            Self::Minutes => [Self::Minutes, Self::Hours, Self::Beats],
            Self::Hours => [Self::Hours, Self::Minutes, Self::Beats],
        }
    }
}

/// From when to when, both included.
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

/// What was found in a stretch.
pub(super) enum Found {
    Sample(Sample),
    Row(Box<Row>),
    Damage { lines: u64, values: u64 },
}

impl Reader {
    /// Gives what is known of a stretch, in the wanted grain where it is kept, else in the next that is.
    pub(super) fn rows(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        grain: Grain,
        take: &mut dyn FnMut(Found) -> ControlFlow<()>,
    ) -> Result<()> {
        let Some(folder) = self.folder()? else { return Ok(()) };
        let mut parts = Vec::new();
        let mut open = vec![(from, to)];
        for one in grain.in_order() {
            if !open.is_empty() {
                open = divide(&open, &self.kept(&folder, one)?, |between| {
                    parts.push(Part { grain: one, between, whole_rows: one > grain });
                });
            }
        }
        parts.sort_by_key(|part| part.between);
        for part in parts {
            if self.part(&folder, &part, take)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The stretches of a grain that are kept, earliest first: what was imported, and our own.
    pub(super) fn kept(&self, folder: &Folder, grain: Grain) -> Result<Vec<Between>> {
        let files = self.files(folder, grain.series())?;
        let mut kept = Vec::new();
        for (from, to) in files.imported()? {
            kept.extend(DateTime::from_timestamp(from, 0).zip(DateTime::from_timestamp(to, 999_999_999)));
        }
        if let Some((first, last)) = files.own(self.zone())? {
            // Beats are read to the end of the stretch: there is nothing finer.
            let last =
                if grain == Grain::Beats { DateTime::<Utc>::MAX_UTC - TimeDelta::days(1) } else { last };
            kept.push((first, last));
        }
        for (_, end) in &mut kept {
            *end += (grain.step() - TICK).max(TimeDelta::zero());
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
        self.files(folder, grain.series())?.forward(stretch, self.zone(), &mut |found| {
            let Some(bytes) = found else {
                flow = take(Found::Damage { lines: 1, values: 0 });
                return flow;
            };
            if grain == Grain::Beats {
                let Some(reading) = line::read(bytes, self.zone()) else {
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
                let last = if whole_rows { to - grain.step() + TICK } else { to };
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

/// Gives the parts of some stretches that are kept, earliest first, and answers the parts that are not.
fn divide(open: &[Between], kept: &[Between], mut give: impl FnMut(Between)) -> Vec<Between> {
    let mut left = Vec::new();
    for &(from, to) in open {
        let mut at = from;
        for &(start, end) in kept {
            let (start, end) = (start.max(at), end.min(to));
            if start > end {
                continue;
            }
            if at < start {
                left.push((at, start - TICK));
            }
            give((start, end));
            at = end + TICK;
        }
        if at <= to {
            left.push((at, to));
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(from: i64, to: i64) -> Between {
        let at = |ms| DateTime::from_timestamp_millis(ms).unwrap();
        (at(from), at(to))
    }

    #[test]
    fn what_is_kept_and_what_is_not_are_the_whole_stretch() {
        let kept = [between(-50, -10), between(20, 40), between(30, 60), between(80, 500)];
        let mut given = Vec::new();
        let left = divide(&[between(0, 90), between(95, 99)], &kept, |part| given.push(part));
        assert_eq!(given, [between(20, 40), between(41, 60), between(80, 90), between(95, 99)]);
        assert_eq!(left, [between(0, 19), between(61, 79)]);
        assert_eq!(divide(&[between(0, 9)], &[], |_| panic!("nothing is kept")), [between(0, 9)]);
    }
}
