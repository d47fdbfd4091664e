//! Follows a growing text file over every way in which logs are rotated, and hands out whole lines.
//!
//! A file is its inode, not its name. When the name stands for a new file, the old one is read to its end first,
//! and goes on being read until its writer has moved on. It does not know what a line means, and it sleeps
//! nowhere: the caller polls. Pipes and devices are refused; symbolic links are followed, because
//! `/var/log` belongs to root and moving logs to another disk by a link is common.

use super::lines::Lines;
use super::rotated::{self, FileId};
use chrono::{DateTime, Utc};
use std::collections::VecDeque;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The longest line that is handed out; the rest of a longer one is skipped.
pub const LINE_BYTES: usize = 64 << 10;
/// What is read from a file at once.
const CHUNK_BYTES: usize = 256 << 10;
/// How many of the last bytes read are remembered, to notice a file that was written anew.
const TAIL_BYTES: usize = 64;
/// Polls without growth after which a file that was rotated away is let go, once its successor has content.
const IDLE_POLLS: u32 = 40;
/// At most this many files are held open at once.
const FILES: usize = 16;

/// What a follower met on its way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Met {
    /// Lines longer than [`LINE_BYTES`], whose rest was skipped.
    pub cut: u64,
    /// Times the name came to stand for another file.
    pub rotations: u64,
    /// Times the file was emptied or written anew in place; what was written just before that may be lost.
    pub truncations: u64,
    /// Lines without an end when their file was emptied: lost.
    pub torn: u64,
}

/// How a poll ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Polled {
    /// Everything that is there was handed out.
    AtEnd,
    /// There is more: poll again at once.
    More,
}

/// Follows one path.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    /// Oldest first; the last is what the path stood for when last looked at.
    files: VecDeque<Open>,
    buffer: Vec<u8>,
    met: Met,
}

/// A file that is being read.
#[derive(Debug)]
struct Open {
    file: File,
    id: FileId,
    /// Everything before it was read.
    offset: u64,
    /// The bytes just before `offset`.
    tail: Vec<u8>,
    lines: Lines,
    /// Length and time of the last change at the last poll: the same again means there is nothing to do.
    stamp: Option<(u64, i64, i64)>,
    idle_polls: u32,
}

impl Follower {
    /// Follows `path` from its beginning; a file that does not exist yet is waited for.
    pub fn from_beginning(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            files: VecDeque::new(),
            buffer: vec![0; CHUNK_BYTES],
            met: Met::default(),
        }
    }

    /// Follows `path`, beginning at most `bytes` before the present end, with the first whole line. `before` are
    /// rotated files, oldest first, that are read first; they count towards `bytes`.
    pub fn from_tail(path: &Path, before: &[PathBuf], bytes: u64) -> io::Result<Self> {
        let mut follower = Self::from_beginning(path);
        let mut left = bytes;
        for path in before.iter().chain([&follower.path]) {
            follower.files.push_back(Open::new(rotated::open(path)?)?);
        }
        for open in follower.files.iter_mut().rev() {
            let len = open.file.metadata()?.len();
            if len > left {
                open.skip_to_line_at(len - left)?;
            }
            left = left.saturating_sub(len);
        }
        Ok(follower)
    }

    /// What was met so far.
    pub const fn met(&self) -> Met {
        self.met
    }

    /// When the newest file was last written; `None` when nothing is in it.
    pub fn changed_at(&self) -> Option<DateTime<Utc>> {
        let (_, second, nano) = self.files.back()?.stamp.filter(|(len, ..)| *len > 0)?;
        DateTime::from_timestamp(second, nano as u32)
    }

    /// Hands every new whole line, without its end, to `line`; stops early after about `budget` bytes.
    ///
    /// # Errors
    /// When the path cannot be opened or read; the next poll tries again. A missing file is no error.
    pub fn poll(&mut self, budget: usize, line: &mut dyn FnMut(&[u8])) -> io::Result<Polled> {
        let looked = self.look_for_rotation();
        // A writer that moved on wrote its last line into the old file before its first into the new one. Taking
        // the lengths newest first and reading oldest first therefore keeps the order.
        let mut bounds = Vec::with_capacity(self.files.len());
        for open in self.files.iter().rev() {
            bounds.push(open.file.metadata()?);
        }
        let mut left = budget;
        for (open, meta) in self.files.iter_mut().zip(bounds.iter().rev()) {
            let mut reading = Reading { buffer: &mut self.buffer, met: &mut self.met, line };
            if open.read_to(meta, &self.path, &mut left, &mut reading)? == Polled::More {
                return Ok(Polled::More);
            }
        }
        self.let_go(line);
        // What is open was read even when its successor cannot be.
        looked.map(|()| Polled::AtEnd)
    }

    /// Opens what the path stands for now, and whatever came and went in between.
    fn look_for_rotation(&mut self) -> io::Result<()> {
        let meta = match std::fs::metadata(&self.path) {
            Ok(meta) => meta,
            // Rotated away and not created anew yet: the writer still has the old file.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let id = FileId::of(&meta);
        let Some(newest) = self.files.back() else {
            self.files.push_back(Open::new(rotated::open(&self.path)?)?);
            return Ok(());
        };
        if newest.id == id {
            return Ok(());
        }
        let known: Vec<FileId> = self.files.iter().map(|open| open.id).collect();
        let changed = rotated::changed_at(&newest.file.metadata()?);
        let file = rotated::open(&self.path)?;
        for sibling in rotated::siblings(&self.path) {
            if sibling.changed_at > changed && sibling.id != id && !known.contains(&sibling.id) {
                // It may be compressed or removed at this very moment.
                if let Ok(open) = rotated::open(&sibling.path).and_then(Open::new) {
                    self.met.rotations += 1;
                    self.files.push_back(open);
                }
            }
        }
        self.met.rotations += 1;
        self.files.push_back(Open::new(file)?);
        Ok(())
    }

    /// Closes files that were rotated away and whose writer has moved on.
    fn let_go(&mut self, line: &mut dyn FnMut(&[u8])) {
        while let [first, second, ..] = self.files.make_contiguous() {
            let moved_on = first.idle_polls >= IDLE_POLLS && second.offset > 0;
            if !moved_on && self.files.len() <= FILES {
                break;
            }
            // Nobody will write the end of its last line any more.
            if let Some(mut open) = self.files.pop_front() {
                open.lines.finish(line);
            }
        }
    }
}

/// What reading a file needs of its follower.
struct Reading<'a> {
    buffer: &'a mut [u8],
    met: &'a mut Met,
    line: &'a mut dyn FnMut(&[u8]),
}

impl Open {
    fn new(file: File) -> io::Result<Self> {
        Ok(Self {
            id: FileId::of(&file.metadata()?),
            file,
            offset: 0,
            tail: Vec::new(),
            lines: Lines::of_at_most(LINE_BYTES),
            stamp: None,
            idle_polls: 0,
        })
    }

    /// Starts with the first line that begins at or after `offset`.
    fn skip_to_line_at(&mut self, offset: u64) -> io::Result<()> {
        let mut buffer = vec![0; LINE_BYTES];
        self.offset = offset;
        loop {
            let read = self.file.read_at(&mut buffer, self.offset)?;
            if read == 0 {
                return Ok(());
            }
            let end = memchr::memchr(b'\n', &buffer[..read]);
            let skipped = end.map_or(read, |end| end + 1);
            remember_tail(&mut self.tail, &buffer[..skipped]);
            self.offset += skipped as u64;
            if end.is_some() {
                return Ok(());
            }
        }
    }

    fn read_to(
        &mut self,
        meta: &Metadata,
        path: &Path,
        left: &mut usize,
        reading: &mut Reading<'_>,
    ) -> io::Result<Polled> {
        let stamp = (meta.len(), meta.mtime(), meta.mtime_nsec());
        if self.stamp == Some(stamp) {
            self.idle_polls = self.idle_polls.saturating_add(1);
            return Ok(Polled::AtEnd);
        }
        self.idle_polls = 0;
        if meta.len() < self.offset || !self.is_continued()? {
            self.start_anew(path, reading)?;
        }
        if self.read_between(meta.len(), left, reading)? == Polled::More {
            return Ok(Polled::More);
        }
        self.stamp = Some(stamp);
        Ok(Polled::AtEnd)
    }

    /// True when the bytes before the offset are still those that were read.
    fn is_continued(&self) -> io::Result<bool> {
        same_tail(&self.file, self.offset, &self.tail)
    }

    /// Handles a file that was emptied in place: what a copy of it still holds is read, then all that is new.
    fn start_anew(&mut self, path: &Path, reading: &mut Reading<'_>) -> io::Result<()> {
        reading.met.truncations += 1;
        for sibling in rotated::siblings(path).into_iter().rev() {
            let Ok(copy) = rotated::open(&sibling.path) else { continue };
            let len = copy.metadata()?.len();
            let is_copy = !self.tail.is_empty() && sibling.id != self.id && len > self.offset;
            if is_copy && same_tail(&copy, self.offset, &self.tail)? {
                let emptied = std::mem::replace(&mut self.file, copy);
                let read = self.read_between(len, &mut { usize::MAX }, reading);
                self.file = emptied;
                read?;
                break;
            }
        }
        reading.met.torn += u64::from(self.lines.is_waiting());
        self.lines.forget();
        self.tail.clear();
        // A writer that does not append leaves a hole of any size before its next line.
        self.offset = rustix::fs::seek(&self.file, rustix::fs::SeekFrom::Data(0)).unwrap_or(0);
        Ok(())
    }

    fn read_between(&mut self, end: u64, left: &mut usize, reading: &mut Reading<'_>) -> io::Result<Polled> {
        while self.offset < end {
            if *left == 0 {
                return Ok(Polled::More);
            }
            let want = usize::try_from(end - self.offset).unwrap_or(usize::MAX).min(reading.buffer.len());
            let read = match self.file.read_at(&mut reading.buffer[..want], self.offset) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let chunk = &reading.buffer[..read];
            self.offset += read as u64;
            remember_tail(&mut self.tail, chunk);
            let cut = self.lines.cut();
            self.lines.take(chunk, reading.line);
            reading.met.cut += self.lines.cut() - cut;
            *left = left.saturating_sub(read);
        }
        Ok(Polled::AtEnd)
    }
}

fn remember_tail(tail: &mut Vec<u8>, chunk: &[u8]) {
    let new = &chunk[chunk.len().saturating_sub(TAIL_BYTES)..];
    let surplus = (tail.len() + new.len()).saturating_sub(TAIL_BYTES);
    tail.drain(..surplus);
    tail.extend_from_slice(new);
}

/// True when the bytes of `file` just before `offset` are `tail`.
fn same_tail(file: &File, offset: u64, tail: &[u8]) -> io::Result<bool> {
    let mut now = [0; TAIL_BYTES];
    let now = &mut now[..tail.len()];
    match file.read_exact_at(now, offset.saturating_sub(tail.len() as u64)) {
        Ok(()) => Ok(now == tail),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
