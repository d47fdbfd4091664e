//! The writer: what one beat adds to every file, and what a start takes over from the last run.

use super::alerts::Alerts;
use super::append::Links;
use super::chain;
use super::disk::{Disk, RealDisk};
use super::keep::Keeper;
use super::line;
use super::moments::{Latest, Moments};
use super::rollup::{Counting, Finished, Row};
use super::scan::{Files, Stretch};
use super::series::{ALERTS, HOURS, MINUTES, SAMPLES, Series};
use super::settings::Settings;
use super::tail;
use super::writer::{Entry, Turn, Writer};
use super::{Opened, Viewer};
use crate::model::{Safe, Sample, Snapshot, Zone};
use crate::outputs::Output;
use crate::outputs::document::{self, Document};
use crate::outputs::safe_file::Folder;
use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

const LOCK: &str = "record.lock";

/// How many lines are looked at from the end for the last number.
const LOOK_BACK: usize = 1000;

/// How many beats are counted again after a crash: a minute of the fastest ones.
const COUNT_AGAIN: usize = 20_000;

/// The writer of the record.
pub struct Record {
    folder: Folder,
    disk: Box<dyn Disk>,
    settings: Settings,
    zone: Zone,
    samples: Writer,
    alerts_file: Writer,
    minutes: Writer,
    hours: Writer,
    moments: Moments,
    alerts: Alerts,
    counting: Counting,
    keeper: Keeper,
    next_seq: u64,
    notes: Vec<Safe>,
    /// Held as long as this lives: the lock goes with the descriptor, also when the process is killed.
    _lock: File,
}

impl Record {
    /// Opens the record in a directory, creates it where it is missing, and repairs what a crash left behind.
    ///
    /// # Errors
    /// The directory or a file is refused or cannot be written; the error names it and says what to do.
    pub fn open(dir: &Path, settings: Settings, zone: Zone, now: DateTime<Utc>) -> Result<Opened> {
        Self::open_on(dir, settings, zone, now, Box::new(RealDisk))
    }

    /// The same on another disk: how tests put failures in the writer's way.
    pub fn open_on(
        dir: &Path,
        settings: Settings,
        zone: Zone,
        now: DateTime<Utc>,
        mut disk: Box<dyn Disk>,
    ) -> Result<Opened> {
        let folder = Folder::open_private(dir)?;
        let lock = match lock(&folder)? {
            Ok(lock) => lock,
            Err(writer) => return Ok(Opened::Viewer(Viewer { dir: dir.to_owned(), writer })),
        };
        let mut notes = Vec::new();
        for series in [&SAMPLES, &ALERTS, &MINUTES, &HOURS] {
            match tail::repair(&mut *disk, &folder, series.active, now) {
                Ok(note) => notes.extend(note),
                Err(error) => notes.push(Safe::new(&format!("{error:#}"))),
            }
        }
        let links = |series| -> Result<Links> {
            if settings.chain {
                Ok(Links::Chained(last_line(&folder, series)?.map(|line| chain::hash(&line))))
            } else {
                Ok(Links::Unchained)
            }
        };
        let last = last_numbered(&folder, zone)?;
        let minute = last_row(&folder, &MINUTES)?;
        let hour = last_row(&folder, &HOURS)?;
        let ended = |row: &Option<Row>| row.as_ref().map(|row| (row.to_seq, row.time));
        let alert = last_line(&folder, &ALERTS)?;
        let hold = settings.sync.hold();
        let alerted = alert.as_deref().and_then(|line| line::read(line, zone));
        let mut record = Self {
            samples: Writer::open(&folder, &SAMPLES, Turn::Daily, links(&SAMPLES)?, last, hold)?,
            alerts_file: Writer::open(
                &folder,
                &ALERTS,
                Turn::Monthly,
                links(&ALERTS)?,
                alerted.map(|read| (read.seq.unwrap_or(0), read.sample.at)),
                TimeDelta::zero(),
            )?,
            minutes: Writer::open(&folder, &MINUTES, Turn::Daily, Links::None, ended(&minute), hold)?,
            hours: Writer::open(&folder, &HOURS, Turn::Never, Links::None, ended(&hour), hold)?,
            moments: Moments::open(&folder)?,
            alerts: Alerts::after(alert.as_deref()),
            counting: Counting::default(),
            keeper: Keeper::default(),
            next_seq: last.map_or(1, |(seq, _)| seq + 1),
            notes,
            folder,
            disk,
            settings,
            zone,
            _lock: lock,
        };
        if let Err(error) = record.count_again(minute.as_ref(), hour.as_ref()) {
            record.notes.push(Safe::new(&format!("{error:#}")));
        }
        Ok(Opened::Writer(Box::new(record)))
    }

    /// The number that the next beat should have.
    pub const fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// What was repaired or could not be, in words.
    pub fn notes(&self) -> &[Safe] {
        &self.notes
    }

    /// The data directory.
    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    /// The moments that are not on the disk yet, for a reader in this process.
    pub fn latest(&self) -> Latest {
        self.moments.latest()
    }

    /// Counts the beats that no minute and no hour has counted yet. What was imported was counted then.
    fn count_again(&mut self, minute: Option<&Row>, hour: Option<&Row>) -> Result<()> {
        // Beats of another program have no number: of them the time tells what was counted.
        let is_counted = |row: &Row| {
            hour.is_some_and(|hour| {
                let unnumbered = row.to_seq == 0;
                row.to_seq <= hour.to_seq
                    && !(unnumbered && row.time >= hour.time + TimeDelta::seconds(hour.step_s))
            })
        };
        let mut minutes = Vec::new();
        Files::open(&self.folder, &MINUTES)?.ours().back(&mut |found| {
            match found.and_then(Row::read) {
                Some(row) if is_counted(&row) => return ControlFlow::Break(()),
                Some(row) => minutes.push(row),
                None => {}
            }
            if minutes.len() < LOOK_BACK { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        for row in minutes.iter().rev() {
            if let Some(hour) = self.counting.add_minute(row) {
                self.write_row(&hour, &HOURS)?;
            }
        }
        let Some(minute) = minute else { return self.count_all() };
        let minute_ends = minute.time + TimeDelta::seconds(minute.step_s);
        let mut beats: Vec<(Sample, u64)> = Vec::new();
        Files::open(&self.folder, &SAMPLES)?.ours().back(&mut |found| {
            if let Some(reading) = found.and_then(|bytes| line::read(bytes, self.zone)) {
                match reading.seq {
                    Some(seq) if seq <= minute.to_seq => return ControlFlow::Break(()),
                    // Another program gave it no number.
                    None if reading.sample.at < minute_ends => return ControlFlow::Break(()),
                    seq => beats.push((reading.sample, seq.unwrap_or(0))),
                }
            }
            if beats.len() < COUNT_AGAIN { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        for (sample, seq) in beats.iter().rev() {
            self.count(sample, *seq)?;
        }
        Ok(())
    }

    /// Counts every beat of a record that no minute was ever made of: another program began it.
    fn count_all(&mut self) -> Result<()> {
        let folder = Folder::open(self.folder.path())?;
        let mut counted = Ok(());
        Files::open(&folder, &SAMPLES)?.ours().forward(Stretch::ALWAYS, self.zone, &mut |found| {
            if let Some(reading) = found.and_then(|bytes| line::read(bytes, self.zone)) {
                counted = self.count(&reading.sample, reading.seq.unwrap_or(0));
            }
            if counted.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        counted
    }

    fn count(&mut self, sample: &Sample, seq: u64) -> Result<()> {
        let Finished { minute, hour } = self.counting.add(sample, seq);
        let minute = minute.map_or(Ok(()), |row| self.write_row(&row, &MINUTES));
        let hour = hour.map_or(Ok(()), |row| self.write_row(&row, &HOURS));
        all([minute, hour])
    }

    fn write_row(&mut self, row: &Row, series: &'static Series) -> Result<()> {
        let entry = Entry { line: document::json_line(row)?, seq: row.to_seq, at: row.time };
        let writer = if *series == HOURS { &mut self.hours } else { &mut self.minutes };
        let most = u64::from(self.settings.segment_mib.max(1)) << 20;
        writer.write(&mut *self.disk, &self.folder, entry, most).map(drop)
    }
}

impl Output for Record {
    fn name(&self) -> &'static str {
        "record"
    }

    fn hear(&mut self, snapshot: &Arc<Snapshot>) -> Result<()> {
        let (seq, at) = (snapshot.seq, snapshot.at);
        self.next_seq = self.next_seq.max(seq + 1);
        let most = u64::from(self.settings.segment_mib.max(1)) << 20;
        let news = self.alerts.line(snapshot, self.zone);
        let is_news = news.is_some();
        let disk = &mut *self.disk;
        let alerts = match news {
            Some(line) => self
                .alerts_file
                .write(disk, &self.folder, Entry { line, seq, at }, most)
                .and_then(|_| self.alerts_file.sync(disk, at, None)),
            None => self.alerts_file.retry(disk, &self.folder, at),
        };
        let line = Document::line(snapshot, self.zone).to_line()?;
        let reading = line::read(&line, self.zone);
        let samples = self
            .samples
            .write(disk, &self.folder, Entry { line, seq, at }, most)
            // What led to an alert lasts as long as the alert does.
            .and_then(|_| if is_news { self.samples.flush(disk, &self.folder, at) } else { Ok(()) })
            .and_then(|()| self.samples.sync(disk, at, self.settings.sync.every()));
        let counted = reading.map_or(Ok(()), |reading| self.count(&reading.sample, seq));
        let waiting = all([
            self.minutes.retry(&mut *self.disk, &self.folder, at),
            self.hours.retry(&mut *self.disk, &self.folder, at),
        ]);
        let kept = self.keeper.step(&mut *self.disk, &self.folder, &self.settings, self.zone, at);
        let remembered = if self.settings.moment_days > 0 {
            self.moments.hear(&mut *self.disk, &self.folder, snapshot, is_news)
        } else {
            Ok(())
        };
        all([alerts, samples, counted, waiting, kept, remembered])
    }

    fn close(&mut self, now: DateTime<Utc>) -> Result<()> {
        let Self { disk, folder, .. } = self;
        let writers = [&mut self.alerts_file, &mut self.samples, &mut self.minutes, &mut self.hours];
        let written = writers.map(|writer| writer.finish(&mut **disk, folder, now));
        all(written.into_iter().chain([self.moments.flush(&mut **disk, folder)]))
    }
}

/// All errors in one, in words.
fn all(results: impl IntoIterator<Item = Result<()>>) -> Result<()> {
    let said: Vec<String> =
        results.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")).collect();
    if said.is_empty() { Ok(()) } else { Err(anyhow::anyhow!(said.join("; "))) }
}

/// Takes the lock of the only writer, or answers who has it.
fn lock(folder: &Folder) -> Result<Result<File, Option<u32>>> {
    let mut lock = folder.append(LOCK)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // Who writes is only shown to people: not knowing it is no error.
            drop((&lock).take(32).read_to_string(&mut holder));
            return Ok(Err(holder.trim().parse().ok()));
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", folder.path_of(LOCK).display()));
        }
    }
    // For people as well: a full disk must not keep the monitor from starting.
    drop(lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| write!(lock, "{}", std::process::id())));
    Ok(Ok(lock))
}

/// The last whole JSON object of a series.
fn last_line(folder: &Folder, series: &'static Series) -> Result<Option<Vec<u8>>> {
    let mut last = None;
    let mut looked = 0;
    Files::open(folder, series)?.ours().back(&mut |found| {
        looked += 1;
        last = found.filter(|bytes| line::is_object(bytes)).map(<[u8]>::to_vec);
        if last.is_some() || looked >= LOOK_BACK { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(last)
}

fn last_row(folder: &Folder, series: &'static Series) -> Result<Option<Row>> {
    Ok(last_line(folder, series)?.as_deref().and_then(Row::read))
}

/// Number and time of the last beat.
fn last_numbered(folder: &Folder, zone: Zone) -> Result<Option<(u64, DateTime<Utc>)>> {
    let mut last = None;
    let mut looked = 0;
    Files::open(folder, &SAMPLES)?.ours().back(&mut |found| {
        looked += 1;
        let reading = found.and_then(|bytes| line::read(bytes, zone));
        last = reading.and_then(|reading| reading.seq.map(|seq| (seq, reading.sample.at)));
        if last.is_some() || looked >= LOOK_BACK { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(last)
}
