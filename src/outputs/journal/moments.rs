//! The moments of a week, in packed blocks of five minutes: written whole, found by their heads.
//!
//! A block that could not be written is cut off again and said; moments are a comfort, the lines are the record.

use super::append::reason;
use super::disk::Disk;
use super::members::{self, Head, Heads};
use super::moment::{self, Moment, Told};
use super::read::Reader;
use super::series::{self, MOMENTS};
use super::tail;
use crate::model::Snapshot;
use crate::outputs::safe_file::Folder;
use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use std::fs::File;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Moments are not kept closer than this, in seconds.
const APART_S: f64 = 9.5;
/// Nor farther apart, however large they are.
const MOST_APART_S: f64 = 300.0;
/// What moments should cost at most, 4 MB a day: where one is large, they are kept farther apart.
const MOST_BYTES_PER_S: f64 = 4e6 / 86_400.0;
/// A block of fewer moments does not tell what they cost.
const LINES_THAT_TELL: u32 = 5;
/// A block is written when its first moment is so old.
const BLOCK_AGE: TimeDelta = TimeDelta::minutes(5);
/// Or when its lines are so long together.
const BLOCK_BYTES: usize = 512 * 1024;
/// A file is closed at this size, beside once a day: what is closed can be dropped when room is short.
const FILE_BYTES: u64 = 4 * 1024 * 1024;

/// The moments that are not on the disk yet, shared between the writer and readers in the same process.
#[derive(Debug, Clone, Default)]
pub struct Latest(Arc<Mutex<Vec<u8>>>);

impl Latest {
    fn block(&self) -> MutexGuard<'_, Vec<u8>> {
        // A block is a list of whole lines at any time, also when another thread ended badly.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Blocks that are unpacked in search of one moment.
const TRIES: usize = 16;

/// Writes moments.
pub(super) struct Moments {
    file: File,
    /// Where the last whole block ends; `None` when what follows it could not be cut.
    length: Option<u64>,
    told: Told,
    block: Latest,
    lines: u32,
    first: Option<DateTime<Utc>>,
    last: Option<DateTime<Utc>>,
    last_seq: u64,
    /// Seconds between two moments.
    apart_s: f64,
    /// Day of the newest block in the active file.
    written: Option<DateTime<Utc>>,
}

impl Moments {
    /// Opens the file; a torn block at its end is left to readers, and a new file is begun at the next block.
    pub(super) fn open(folder: &Folder) -> Result<Self> {
        let file = folder.append(MOMENTS.active)?;
        let end = file.metadata()?.len();
        let mut heads = Heads::new(&file, end);
        let newest = heads.by_ref().map(|head| head.to).max();
        let whole = heads.reached() == end;
        Ok(Self {
            length: whole.then_some(end),
            file,
            told: Told::default(),
            block: Latest::default(),
            lines: 0,
            first: None,
            last: None,
            last_seq: 0,
            apart_s: APART_S,
            written: newest.and_then(|to| DateTime::from_timestamp(to, 0)),
        })
    }

    /// The moments that are not on the disk yet.
    pub(super) fn latest(&self) -> Latest {
        self.block.clone()
    }

    /// Keeps a beat; `news` brings it to the disk at once.
    pub(super) fn hear(
        &mut self,
        disk: &mut dyn Disk,
        folder: &Folder,
        snapshot: &Snapshot,
        news: bool,
    ) -> Result<()> {
        let at = snapshot.at;
        let too_soon =
            self.last.is_some_and(|last| at >= last && (at - last).as_seconds_f64() < self.apart_s);
        if too_soon && !news {
            return Ok(());
        }
        let line = self.told.line(snapshot)?;
        let length = {
            let mut block = self.block.block();
            block.extend_from_slice(&line);
            block.len()
        };
        self.lines += 1;
        self.last = Some(at);
        self.last_seq = snapshot.seq;
        let first = *self.first.get_or_insert(at);
        // A clock that was set back ends a block, too: its head must tell the times in it.
        if news || at - first >= BLOCK_AGE || at < first || length >= BLOCK_BYTES {
            self.flush(disk, folder)?;
        }
        Ok(())
    }

    /// Writes the block that is being filled.
    ///
    /// # Errors
    /// The block is lost, and the error says so.
    pub(super) fn flush(&mut self, disk: &mut dyn Disk, folder: &Folder) -> Result<()> {
        let (Some(first), Some(last)) = (self.first.take(), self.last) else { return Ok(()) };
        let block = self.block.block().clone();
        let lines = std::mem::take(&mut self.lines);
        self.told = Told::default();
        let written = self.write(disk, folder, &block, lines, (first, last));
        // Only now: a reader finds them in one of the two places at any time.
        self.block.block().clear();
        written
    }

    fn write(
        &mut self,
        disk: &mut dyn Disk,
        folder: &Folder,
        block: &[u8],
        lines: u32,
        (first, last): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<()> {
        let turned = self.written.is_some_and(|written| first.date_naive() > written.date_naive());
        let full = self.length.is_none_or(|length| length >= FILE_BYTES);
        if turned || full || !folder.leads_to(MOMENTS.active, &self.file) {
            self.begin_new_file(disk, folder)?;
        }
        let (from, to) = (first.min(last), first.max(last));
        // A time between two seconds counts as in both.
        let member = members::pack(block, (from.timestamp(), to.timestamp() + 1), lines)?;
        // A block that an alert ended early says little of what moments cost.
        if lines >= LINES_THAT_TELL || to - from >= BLOCK_AGE {
            let seconds = (to - from).as_seconds_f64() + self.apart_s;
            let share = member.len() as f64 / seconds / MOST_BYTES_PER_S;
            self.apart_s = (self.apart_s * share).clamp(APART_S, MOST_APART_S);
        }
        let length = self.file.metadata()?.len();
        if let Err(error) = tail::write_all(disk, &self.file, &member) {
            self.length = disk.cut(&self.file, length).ok().map(|()| length);
            anyhow::bail!(
                "cannot write {}: {}; {} of looking back are lost",
                MOMENTS.active,
                reason(&error),
                crate::text::age_long((to - from).as_seconds_f64())
            );
        }
        self.length = Some(length + member.len() as u64);
        self.written = Some(last);
        Ok(())
    }

    fn begin_new_file(&mut self, disk: &mut dyn Disk, folder: &Folder) -> Result<()> {
        let at = self.written.or(self.last).unwrap_or_default();
        let name = format!("{}{}", MOMENTS.closed_stem(self.last_seq, at), series::PACKED);
        if folder.leads_to(MOMENTS.active, &self.file) && folder.length(&name).is_none() {
            disk.rename(folder, MOMENTS.active, &name)
                .with_context(|| format!("cannot close {}", folder.path_of(MOMENTS.active).display()))?;
        }
        self.file = folder.append(MOMENTS.active)?;
        self.length = Some(self.file.metadata()?.len());
        Ok(())
    }
}

impl Reader {
    /// Reads with these moments, too, which are not on the disk yet.
    #[must_use]
    pub fn with_latest(mut self, latest: Latest) -> Self {
        self.latest = Some(latest);
        self
    }

    /// The last moment that was kept at or before a time; `None` when there is none so old. Its own time says how
    /// far it is off: where nothing ran it may be long before. The latest five minutes are known only to the
    /// process that records, unless an alert opened, changed or closed since.
    pub fn moment(&self, at: DateTime<Utc>) -> Result<Option<Moment>> {
        if let Some(latest) = &self.latest
            && let Some(moment) = moment::last_until(&latest.block(), at.timestamp_millis())
        {
            return Ok(Some(moment));
        }
        let Some(folder) = self.folder()? else { return Ok(None) };
        let files = self.files(&folder, &MOMENTS)?.each()?;
        let mut blocks: Vec<(&File, Head)> = Vec::new();
        for (_, file, _) in &files {
            let hops = self.known.hops(file)?;
            let before = hops.heads.iter().filter(|head| head.from <= at.timestamp());
            blocks.extend(before.map(|head| (file, *head)));
        }
        blocks.sort_by_key(|(_, head)| head.from);
        // Of a damaged block nothing is known; the one before it is the last that is.
        let readable = blocks.iter().rev().filter_map(|(file, head)| members::unpack(file, head).ok());
        Ok(readable.take(TRIES).find_map(|block| moment::last_until(&block, at.timestamp_millis())))
    }
}
