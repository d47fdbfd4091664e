//! The whole record in memory at ever coarser steps, so that any stretch of it is answered without reading it.
//!
//! It is read once, and then catches up with the lines that were added. Each step keeps its newest rungs; what a step
//! has forgotten a coarser one still holds. It writes nothing, and knows no more than the record does.

use super::grains::{Found, Grain};
use super::line;
use super::read::Reader;
use super::rollup::Row;
use super::series::SAMPLES;
use crate::model::{Column, Metric, Numbers, Sample, Span};
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::VecDeque;
use std::ops::ControlFlow;

/// How long the rungs are, in seconds; each is a multiple of the one before.
const STEPS_S: [i64; 7] = [15, 60, 300, 900, 3600, 14_400, 57_600];

/// The most rungs of a step, each of 136 bytes.
const MOST_RUNGS: usize = 2048;

/// So much of the newest past is read beat by beat; before it minutes will do.
const IN_BEATS: TimeDelta = TimeDelta::days(2);

/// The most lines that are caught up with; after more the record is read anew.
const MOST_NEW: usize = 20_000;

/// The record in steps.
#[derive(Debug)]
pub struct Ladder {
    steps: [Step; STEPS_S.len()],
    /// The time of the last line that it knows.
    last: Option<DateTime<Utc>>,
    /// The names of what was imported.
    imported: Vec<String>,
}

#[derive(Debug)]
struct Step {
    seconds: i64,
    /// In the order of their times.
    rungs: VecDeque<Rung>,
    /// From this second on nothing is missing.
    since: i64,
}

/// A stretch of time of which something is known.
#[derive(Debug)]
struct Rung {
    /// How many of its length lie between it and 1970.
    number: i32,
    beats: u32,
    told: [Told; Metric::ALL.len()],
}

/// A span in half its room; nothing was seen where `seen` is zero.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    least: f32,
    mean: f32,
    most: f32,
    seen: u32,
}

impl Ladder {
    /// Reads the record.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(reader: &Reader, now: DateTime<Utc>) -> Result<Self> {
        let step = |seconds| Step { seconds, rungs: VecDeque::new(), since: i64::MIN };
        let last = reader.last(1)?.samples.last().map(|sample| sample.at);
        let mut ladder = Self { steps: STEPS_S.map(step), last, imported: imported(reader)? };
        let hour = (now - IN_BEATS).timestamp().div_euclid(3600) * 3600;
        let beats_from = DateTime::from_timestamp(hour, 0).unwrap_or(now);
        let before = beats_from - TimeDelta::milliseconds(1);
        for (from, to, grain) in
            [(DateTime::UNIX_EPOCH, before, Grain::Minutes), (beats_from, now, Grain::Beats)]
        {
            reader.rows(from, to, grain, &mut |found| {
                match found {
                    Found::Sample(sample) => ladder.add(&sample),
                    Found::Row(row) => ladder.add_row(&row),
                    Found::Damage { .. } => {}
                }
                ControlFlow::Continue(())
            })?;
        }
        Ok(ladder)
    }

    /// Takes the lines that were added since. False when the record is not the one that it knows: lines were imported,
    /// cut off or replaced, and it must be read anew.
    ///
    /// # Errors
    /// The record cannot be read.
    pub fn catch_up(&mut self, reader: &Reader) -> Result<bool> {
        if imported(reader)? != self.imported {
            return Ok(false);
        }
        let Some(folder) = reader.folder()? else { return Ok(self.last.is_none()) };
        let mut new: Vec<Sample> = Vec::new();
        let mut is_known = self.last.is_none();
        reader.files(&folder, &SAMPLES)?.back(&mut |found| {
            if let Some(reading) = found.and_then(|bytes| line::read(bytes, reader.zone())) {
                if Some(reading.sample.at) == self.last {
                    is_known = true;
                    return ControlFlow::Break(());
                }
                new.push(reading.sample);
            }
            if new.len() > MOST_NEW { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if !is_known || new.len() > MOST_NEW {
            return Ok(false);
        }
        for sample in new.iter().rev() {
            self.add(sample);
        }
        self.last = new.first().map(|sample| sample.at).or(self.last);
        Ok(true)
    }

    /// A stretch of time in columns of equal length, at most so many, and their length in seconds. `None` where the
    /// record itself must be asked: it holds no more beats than columns are wanted, or it is finer than what is known.
    pub(super) fn columns(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        most: usize,
    ) -> Option<(i64, Vec<Column>)> {
        // One more column than fits: the first begins before the stretch does.
        let wanted = ((to - from).num_seconds() / (most as i64 - 1).max(1) + 1).max(1);
        let (from_s, to_s) = (from.timestamp(), to.timestamp());
        let length = |step: &Step| step.seconds * ((wanted - 1) / step.seconds + 1);
        let able = self.steps.iter().filter(|step| step.since <= from_s);
        let step = able.min_by_key(|step| (length(step), -step.seconds))?;
        let column_s = length(step);
        let mut told: Vec<(i64, Row)> = Vec::new();
        let first = step.rungs.partition_point(|rung| (i64::from(rung.number) + 1) * step.seconds <= from_s);
        for rung in step.rungs.range(first..) {
            let at = i64::from(rung.number) * step.seconds;
            if at > to_s {
                break;
            }
            let place = at.div_euclid(column_s);
            let row = rung.row(at);
            match told.last_mut() {
                Some((last, held)) if *last == place => held.join(&row),
                _ => told.push((place, row)),
            }
        }
        let beats: u64 = told.iter().map(|(_, row)| row.beats).sum();
        let at = |place: i64| DateTime::from_timestamp(place * column_s, 0).unwrap_or(from).max(from);
        (beats > most as u64 && most > 1).then(|| {
            let column =
                |(place, row): (i64, Row)| Column { at: at(place), beats: row.beats, spans: row.spans };
            (column_s, told.into_iter().map(column).collect())
        })
    }

    fn add(&mut self, sample: &Sample) {
        let mut row = Row::around(sample.at, 1);
        row.add(sample, 0);
        self.add_row(&row);
    }

    fn add_row(&mut self, row: &Row) {
        for step in &mut self.steps {
            if step.seconds < row.step_s {
                // It cannot tell what happened within the row.
                step.forget_before(row.time.timestamp() + row.step_s);
            } else {
                step.add(row);
            }
        }
    }
}

impl Step {
    fn add(&mut self, row: &Row) {
        // A time thousands of years away is no time of a record.
        let Ok(number) = i32::try_from(row.time.timestamp().div_euclid(self.seconds)) else { return };
        if i64::from(number) * self.seconds < self.since {
            return;
        }
        let place = match self.rungs.back() {
            Some(last) if last.number < number => Err(self.rungs.len()),
            Some(last) if last.number == number => Ok(self.rungs.len() - 1),
            _ => self.rungs.binary_search_by_key(&number, |rung| rung.number),
        };
        match place {
            Ok(place) => self.rungs[place].join(row),
            Err(place) => {
                let mut rung = Rung { number, beats: 0, told: Default::default() };
                rung.join(row);
                self.rungs.insert(place, rung);
            }
        }
        if self.rungs.len() > MOST_RUNGS
            && let Some(first) = self.rungs.front()
        {
            self.forget_before((i64::from(first.number) + 1) * self.seconds);
        }
    }

    fn forget_before(&mut self, second: i64) {
        self.since = self.since.max(second);
        while self.rungs.front().is_some_and(|rung| self.seconds * i64::from(rung.number) < self.since) {
            self.rungs.pop_front();
        }
    }
}

impl Rung {
    fn join(&mut self, row: &Row) {
        self.beats = self.beats.saturating_add(u32::try_from(row.beats).unwrap_or(u32::MAX));
        for (metric, span) in row.spans.seen() {
            let told = &mut self.told[metric as usize];
            *told = Told::of(told.span().map_or(span, |before| before.join(span)));
        }
    }

    fn row(&self, at: i64) -> Row {
        let mut spans = Numbers::UNSEEN;
        for metric in Metric::ALL {
            spans.set(metric, self.told[metric as usize].span());
        }
        let mut row = Row::around(DateTime::from_timestamp(at, 0).unwrap_or_default(), 1);
        (row.beats, row.spans) = (u64::from(self.beats), spans);
        row
    }
}

impl Told {
    /// Charts show three decimals: seven digits are enough.
    fn of(span: Span) -> Self {
        let seen = u32::try_from(span.seen).unwrap_or(u32::MAX);
        Self { least: span.least as f32, mean: span.mean as f32, most: span.most as f32, seen }
    }

    fn span(self) -> Option<Span> {
        let Self { least, mean, most, seen } = self;
        (seen > 0).then(|| Span {
            least: f64::from(least),
            mean: f64::from(mean),
            most: f64::from(most),
            seen: u64::from(seen),
        })
    }
}

/// The names of what was imported.
fn imported(reader: &Reader) -> Result<Vec<String>> {
    let Some(folder) = reader.folder()? else { return Ok(Vec::new()) };
    let closed = SAMPLES.closed(&folder)?;
    Ok(closed.into_iter().filter(|one| one.to.is_none()).map(|one| one.name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Zone;
    use std::fs;
    use std::io::Write as _;

    /// 2026-11-22T13:00:00Z
    const NOON: i64 = 1_795_352_400;

    fn time(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn line(second: i64, load: f64) -> String {
        let time = time(second).format("%Y-%m-%dT%H:%M:%S.000Z");
        format!(
            "{{\"timestamp\":\"2026-01-01 00:00:00\",\"time\":\"{time}\",\"security_score\":90,\"entries\":[{{\"metric\":\"cpu_load\",\"value\":{load}}}]}}\n"
        )
    }

    /// A day of beats that another program wrote, with an hour missing.
    fn record() -> (tempfile::TempDir, Reader, Vec<(i64, f64)>) {
        let beats: Vec<(i64, f64)> = (0..8640)
            .filter(|n| !(3000..3360).contains(n))
            .map(|n| (NOON - 86_400 + n * 10, f64::from(n as u32 % 977) / 100.0))
            .collect();
        let folder = tempfile::tempdir().unwrap();
        let lines: String = beats.iter().map(|(at, load)| line(*at, *load)).collect();
        fs::write(folder.path().join("monitor_metrics.jsonl"), lines).unwrap();
        let reader = Reader::new(folder.path().to_owned()).in_zone(Zone::utc());
        (folder, reader, beats)
    }

    fn append(folder: &tempfile::TempDir, text: &str) {
        let path = folder.path().join("monitor_metrics.jsonl");
        fs::OpenOptions::new().append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn it_tells_what_the_record_holds_at_every_length() {
        let (_folder, reader, beats) = record();
        let ladder = Ladder::read(&reader, time(NOON)).unwrap();
        for (from, to, most) in [(86_400, 0, 400), (86_400, 0, 2000), (43_000, 10, 7), (80_000, 30_001, 50)] {
            let (from, to) = (NOON - from, NOON - to);
            let (step, columns) = ladder.columns(time(from), time(to), most).unwrap();
            assert!(columns.len() <= most && step * most as i64 >= to - from, "{step} s, {}", columns.len());
            for (place, column) in columns.iter().enumerate() {
                let start = column.at.timestamp().div_euclid(step) * step;
                // The first and the last are cut where a rung ends.
                let is_edge = place == 0 || place + 1 == columns.len();
                let inside =
                    |at: i64| (start..start + step).contains(&at) && (is_edge || (from..=to).contains(&at));
                let loads = || beats.iter().filter(|(at, _)| inside(*at)).map(|(_, load)| *load);
                let span = column.spans.get(Metric::CpuLoad).unwrap();
                let (least, most) =
                    loads().fold((f64::MAX, f64::MIN), |(a, b), load| (a.min(load), b.max(load)));
                if !is_edge {
                    let mean = loads().sum::<f64>() / loads().count() as f64;
                    assert!((span.mean - mean).abs() < 1e-4, "{} is not {mean}", span.mean);
                    assert_eq!((span.least as f32, span.most as f32), (least as f32, most as f32));
                    assert_eq!(column.beats, loads().count() as u64);
                }
                assert!(span.least >= f64::from(least as f32) && span.most <= f64::from(most as f32));
                assert_eq!(column.spans.get(Metric::MemoryUsedPct), None, "what was not seen stays so");
            }
        }
        let gap = ladder.columns(time(NOON - 86_400), time(NOON), 400).unwrap().1;
        assert!(
            gap.windows(2).any(|pair| pair[1].at - pair[0].at >= TimeDelta::minutes(56)),
            "a gap stays one"
        );
        assert!(ladder.columns(time(NOON - 600), time(NOON), 400).is_none(), "few beats are told one by one");
    }

    #[test]
    fn it_catches_up_and_notices_another_record() {
        let (folder, reader, beats) = record();
        let mut ladder = Ladder::read(&reader, time(NOON)).unwrap();
        let count = |ladder: &Ladder| {
            let (_, columns) = ladder.columns(time(NOON - 90_000), time(NOON + 86_400), 100).unwrap();
            columns.iter().map(|column| column.beats).sum::<u64>()
        };
        assert!(ladder.catch_up(&reader).unwrap());
        assert_eq!(count(&ladder), beats.len() as u64);
        // A clock that is set back in between.
        append(
            &folder,
            &(line(NOON + 20, 1.0) + "no line\n" + &line(NOON - 50_005, 2.0) + &line(NOON + 30, 77.0)),
        );
        assert!(ladder.catch_up(&reader).unwrap());
        assert!(ladder.catch_up(&reader).unwrap());
        assert_eq!(count(&ladder), beats.len() as u64 + 3);
        // It ends as before, but is shorter.
        let path = folder.path().join("monitor_metrics.jsonl");
        fs::write(&path, line(NOON + 40, 1.0)).unwrap();
        assert!(!ladder.catch_up(&reader).unwrap());
        let mut ladder = Ladder::read(&reader, time(NOON + 60)).unwrap();
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, line(NOON - 99_999, 5.0)).unwrap();
        super::super::import(folder.path(), &elsewhere, Zone::utc(), &mut Vec::new()).unwrap();
        assert!(!ladder.catch_up(&reader).unwrap(), "something was imported");
    }

    #[test]
    fn years_take_no_more_room_and_lose_only_detail() {
        let folder = tempfile::tempdir().unwrap();
        let mut ladder = Ladder::read(&Reader::new(folder.path().to_owned()), time(NOON)).unwrap();
        let beats = 500_000;
        for n in 0..beats {
            let mut sample = Sample::unseen(time(NOON + n * 200));
            sample.set(Metric::CpuLoad, Some(if n == 7 { 99.0 } else { 1.0 }));
            ladder.add(&sample);
        }
        assert!(ladder.steps.iter().all(|step| step.rungs.len() <= MOST_RUNGS));
        let (_, columns) = ladder.columns(time(NOON), time(NOON + beats * 200), 400).unwrap();
        assert_eq!(columns.iter().map(|column| column.beats).sum::<u64>(), beats as u64);
        assert!(columns[0].spans.get(Metric::CpuLoad).unwrap().most > 98.0, "a spike stays one");
        let newest =
            ladder.columns(time(NOON + beats * 200 - 86_400), time(NOON + beats * 200), 100).unwrap();
        assert!(newest.1.len() > 70, "{}", newest.1.len());
    }
}
