//! One series of lines on the disk: the active file, and its closing when the day, the month or the size turns.

use super::append::{Appender, Links};
use super::disk::Disk;
use super::series::{self, Series};
use crate::outputs::safe_file::Folder;
use anyhow::{Context, Result};
use chrono::{DateTime, Datelike as _, TimeDelta, Utc};

/// Writes one series.
pub(super) struct Writer {
    series: &'static Series,
    file: Appender,
    turn: Turn,
    /// Number and time of the last line in the active file.
    last: Option<(u64, DateTime<Utc>)>,
}

/// When a file is closed, beside when it is large.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Daily,
    Monthly,
    Never,
}

/// A line, its number and its time.
pub(super) struct Entry {
    pub(super) line: Vec<u8>,
    pub(super) seq: u64,
    pub(super) at: DateTime<Utc>,
}

impl Writer {
    /// Opens the active file of a series, whose last line has this number and time. Lines wait for others for the
    /// time of `hold`.
    pub(super) fn open(
        folder: &Folder,
        series: &'static Series,
        turn: Turn,
        links: Links,
        last: Option<(u64, DateTime<Utc>)>,
        hold: TimeDelta,
    ) -> Result<Self> {
        Ok(Self { series, file: Appender::open(folder, series.active, links, hold)?, turn, last })
    }

    /// Writes a line, in a new file when it is time for one; answers whether one was closed.
    ///
    /// # Errors
    /// The line waits in memory, or the file could not be closed and goes on.
    pub(super) fn write(
        &mut self,
        disk: &mut dyn Disk,
        folder: &Folder,
        entry: Entry,
        most_bytes: u64,
    ) -> Result<bool> {
        let closed = self.close_if_due(disk, folder, entry.at, most_bytes);
        let Entry { line, seq, at } = entry;
        self.file.append(disk, folder, line, seq, at)?;
        self.last = Some((seq, at));
        closed
    }

    /// Tries again to write what waits.
    pub(super) fn retry(&mut self, disk: &mut dyn Disk, folder: &Folder, now: DateTime<Utc>) -> Result<()> {
        if self.file.waiting() > 0 { self.file.retry(disk, folder, now) } else { Ok(()) }
    }

    /// Writes what waits without regard to pauses.
    pub(super) fn flush(&mut self, disk: &mut dyn Disk, folder: &Folder, now: DateTime<Utc>) -> Result<()> {
        self.file.flush(disk, folder, now)
    }

    /// Writes what waits without regard to pauses, and syncs.
    pub(super) fn finish(&mut self, disk: &mut dyn Disk, folder: &Folder, now: DateTime<Utc>) -> Result<()> {
        self.file.flush(disk, folder, now)?;
        self.file.sync(disk, now, None)
    }

    /// Makes what was written last, when `every` has passed since the last time (`None`: now).
    pub(super) fn sync(
        &mut self,
        disk: &mut dyn Disk,
        now: DateTime<Utc>,
        every: Option<TimeDelta>,
    ) -> Result<()> {
        self.file.sync(disk, now, every)
    }

    fn close_if_due(
        &mut self,
        disk: &mut dyn Disk,
        folder: &Folder,
        at: DateTime<Utc>,
        most_bytes: u64,
    ) -> Result<bool> {
        let Some((seq, last)) = self.last else { return Ok(false) };
        let turned = match self.turn {
            Turn::Daily => at.date_naive() > last.date_naive(),
            Turn::Monthly => (at.year(), at.month()) > (last.year(), last.month()),
            Turn::Never => false,
        };
        // What waits belongs before the next line: it is written to the same file first.
        if !(turned || self.file.length() >= most_bytes)
            || self.file.length() == 0
            || !self.file.let_go(disk, folder, at)
        {
            return Ok(false);
        }
        let ending = if self.series.packed { series::PACKED } else { series::PLAIN };
        let name = format!("{}{ending}", self.series.closed_stem(seq, last));
        if folder.length(&name).is_some() {
            // Only a clock and a number that both stand still lead here.
            return Ok(false);
        }
        self.file
            .close_as(disk, folder, &name)
            .with_context(|| format!("cannot close {}", folder.path_of(self.series.active).display()))?;
        self.last = None;
        Ok(true)
    }
}
