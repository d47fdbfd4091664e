//! The record: every beat a line in `monitor_metrics.jsonl`, every change of an alert a line in
//! `monitor_alerts.jsonl`.
//!
//! One process writes, by a file lock; others view. Lines are whole or not there. It judges nothing and never
//! rewrites what it wrote.

mod alerts;
mod append;
mod disk;
mod line;
mod lines;
mod read;
mod settings;
mod tail;

pub use append::Gap;
pub use disk::{Disk, RealDisk};
pub use read::Reader;
pub use settings::{Settings, Sync};

use super::Output;
use super::document::Document;
use super::safe_file::Folder;
use crate::model::{Safe, Snapshot, Zone};
use alerts::Alerts;
use anyhow::{Context, Result};
use append::Appender;
use chrono::{DateTime, Utc};
use lines::LinesBack;
use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The active file of samples; the name is the original's.
pub const METRICS: &str = "monitor_metrics.jsonl";

/// The active file of alerts; the name is the original's.
pub const ALERTS: &str = "monitor_alerts.jsonl";

const LOCK: &str = "record.lock";

/// How many lines are looked at from the end for the last number.
const LOOK_BACK: usize = 1000;

/// What opening the record led to.
#[expect(clippy::large_enum_variant, reason = "there is one of it in a process")]
pub enum Opened {
    /// This process writes.
    Writer(Record),
    /// Another process writes; this one can read what it wrote.
    Viewer(Viewer),
}

/// A record that another process writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// The data directory.
    pub dir: PathBuf,
    /// The process that writes, where it told.
    pub writer: Option<u32>,
}

/// The writer of the record.
pub struct Record {
    folder: Folder,
    disk: Box<dyn Disk>,
    settings: Settings,
    zone: Zone,
    metrics: Appender,
    alerts_file: Appender,
    alerts: Alerts,
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
        let mut lock = folder.append(LOCK)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Who writes is only shown to people: not knowing it is no error.
                drop((&lock).take(32).read_to_string(&mut holder));
                return Ok(Opened::Viewer(Viewer {
                    dir: dir.to_owned(),
                    writer: holder.trim().parse().ok(),
                }));
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", folder.path_of(LOCK).display()));
            }
        }
        // Only for people as well: `None` in the viewer when it fails.
        drop(
            lock.set_len(0)
                .and_then(|()| lock.rewind())
                .and_then(|()| write!(lock, "{}", std::process::id())),
        );

        let mut notes = Vec::new();
        for name in [METRICS, ALERTS] {
            match tail::repair(&mut *disk, &folder, name, now) {
                Ok(note) => notes.extend(note),
                Err(error) => notes.push(Safe::new(&format!("{error:#}"))),
            }
        }
        let metrics = Appender::open(&folder, METRICS)?;
        let alerts_file = Appender::open(&folder, ALERTS)?;
        let next_seq = last_seq(&folder, zone)?.map_or(1, |seq| seq + 1);
        let alerts = Alerts::after(last_alert(&folder)?.as_deref());
        Ok(Opened::Writer(Self {
            folder,
            disk,
            settings,
            zone,
            metrics,
            alerts_file,
            alerts,
            next_seq,
            notes,
            _lock: lock,
        }))
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

    /// Writes what waits and makes it last: for the end of the program.
    ///
    /// # Errors
    /// Says what could not be written.
    pub fn close(&mut self, now: DateTime<Utc>) -> Result<()> {
        let written = [
            self.alerts_file.flush(&mut *self.disk, &self.folder, now),
            self.metrics.flush(&mut *self.disk, &self.folder, now),
            self.alerts_file.sync(&mut *self.disk, now, None),
            self.metrics.sync(&mut *self.disk, now, None),
        ];
        first_error(written)
    }
}

impl Output for Record {
    fn name(&self) -> &'static str {
        "record"
    }

    fn hear(&mut self, snapshot: &Arc<Snapshot>) -> Result<()> {
        let at = snapshot.at;
        self.next_seq = self.next_seq.max(snapshot.seq + 1);
        let news = self.alerts.line(snapshot, self.zone);
        let disk = &mut *self.disk;
        let alerts = match news {
            Some(line) => self
                .alerts_file
                .append(disk, &self.folder, line, snapshot.seq, at)
                .and_then(|()| self.alerts_file.sync(disk, at, None)),
            None if self.alerts_file.waiting() > 0 => self.alerts_file.retry(disk, &self.folder, at),
            None => Ok(()),
        };
        let line = Document::line(snapshot, self.zone).to_line()?;
        let metrics = self
            .metrics
            .append(disk, &self.folder, line, snapshot.seq, at)
            .and_then(|()| self.metrics.sync(disk, at, self.settings.sync.every()));
        first_error([alerts, metrics])
    }

    fn close(&mut self, now: DateTime<Utc>) -> Result<()> {
        Self::close(self, now)
    }
}

/// All errors in one, in words.
fn first_error(results: impl IntoIterator<Item = Result<()>>) -> Result<()> {
    let said: Vec<String> =
        results.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")).collect();
    if said.is_empty() { Ok(()) } else { Err(anyhow::anyhow!(said.join("; "))) }
}

fn last_seq(folder: &Folder, zone: Zone) -> Result<Option<u64>> {
    let Some(file) = folder.read(METRICS)? else { return Ok(None) };
    let end = file.metadata()?.len();
    for found in LinesBack::new(&file, end).take(LOOK_BACK) {
        if let Some(seq) = found?.bytes.and_then(|bytes| line::read(&bytes, zone)).and_then(|read| read.seq) {
            return Ok(Some(seq));
        }
    }
    Ok(None)
}

fn last_alert(folder: &Folder) -> Result<Option<Vec<u8>>> {
    let Some(file) = folder.read(ALERTS)? else { return Ok(None) };
    let end = file.metadata()?.len();
    for found in LinesBack::new(&file, end).take(LOOK_BACK) {
        if let Some(bytes) = found?.bytes
            && serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok()
        {
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}
