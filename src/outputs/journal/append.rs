//! Appending whole lines to one file, whatever the disk does.
//!
//! A line that cannot be written waits in a bounded ring and is tried again; what falls out of the ring is
//! counted, and the first line after it says exactly what is missing. A half-written line is cut off again, or
//! ended where it cannot be cut, so that no line is ever glued to another. It does not know what a line means.

use super::chain::{self, Hash};
use super::disk::Disk;
use crate::outputs::document;
use crate::outputs::safe_file::Folder;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// Lines and bytes that wait at most while the disk takes none.
const WAITING_LINES: usize = 1000;
const WAITING_BYTES: usize = 2 * 1024 * 1024;

/// Lines that are held back at most while the disk is spared.
const HELD_LINES: usize = 200;

/// The longest pause between two tries.
const LONGEST_PAUSE_S: i64 = 30;

/// Which lines are missing before the line that carries this, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// How many beats were not stored.
    pub lost: u64,
    /// Number of the first one.
    pub from_seq: u64,
    /// Number of the last one.
    pub to_seq: u64,
    /// Time of the first one, RFC 3339.
    pub from: String,
    /// Time of the last one, RFC 3339.
    pub to: String,
    /// What the system said.
    pub reason: String,
}

struct Waiting {
    seq: u64,
    at: DateTime<Utc>,
    line: Vec<u8>,
}

/// A file that takes whole lines.
pub(super) struct Appender {
    name: &'static str,
    file: File,
    links: Links,
    /// How long a line may wait for others before it is written.
    hold: TimeDelta,
    /// Where the file ends by our own count.
    length: u64,
    tail: Tail,
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    gap: Option<Gap>,
    reason: String,
    pause: Option<Pause>,
    dirty: bool,
    synced_at: Option<DateTime<Utc>>,
}

/// What every line says of the line before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Links {
    /// Lines of this kind carry no such key.
    None,
    /// The key is there and null.
    Unchained,
    /// The key is the hash of the line before; `None` at the very first line.
    Chained(Option<Hash>),
}

/// How the file ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tail {
    /// With a newline, or it is empty.
    Whole,
    /// With a part of a line that we wrote after `length`: it may be cut off, the line is still waiting.
    Ours,
    /// With a part of a line that is not ours to cut: it is ended with a newline.
    Foreign,
}

struct Pause {
    since: DateTime<Utc>,
    seconds: i64,
}

impl Appender {
    /// Opens the file. What stands at its end must have been looked at before. Lines wait for others for the time of
    /// `hold`.
    pub(super) fn open(folder: &Folder, name: &'static str, links: Links, hold: TimeDelta) -> Result<Self> {
        let file = folder.append(name)?;
        let length = file.metadata()?.len();
        let tail = tail_of(&file, length)?;
        Ok(Self {
            name,
            file,
            links,
            hold,
            length,
            tail,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            gap: None,
            reason: String::new(),
            pause: None,
            dirty: false,
            synced_at: None,
        })
    }

    /// Bytes in the file.
    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    /// Closes the file under another name; the next line begins a new one.
    ///
    /// # Errors
    /// The file stays the active one.
    pub(super) fn close_as(&mut self, disk: &mut dyn Disk, folder: &Folder, name: &str) -> io::Result<()> {
        disk.sync(&self.file)?;
        disk.rename(folder, self.name, name)?;
        self.dirty = false;
        disk.sync_names(folder)
    }

    /// Lines that wait for the disk.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Appends a line and whatever waited before it, oldest first.
    ///
    /// # Errors
    /// The disk took not all of it; the rest waits and is tried again at a later line.
    pub(super) fn append(
        &mut self,
        disk: &mut dyn Disk,
        folder: &Folder,
        line: Vec<u8>,
        seq: u64,
        at: DateTime<Utc>,
    ) -> Result<()> {
        self.waiting_bytes += line.len();
        self.waiting.push_back(Waiting { seq, at, line });
        let result = self.retry(disk, folder, at);
        self.drop_excess();
        result
    }

    /// Writes what is held back; answers whether nothing waits any more.
    pub(super) fn let_go(&mut self, disk: &mut dyn Disk, folder: &Folder, now: DateTime<Utc>) -> bool {
        if self.is_holding(now) {
            // A failure is kept, and said at the next line.
            self.flush(disk, folder, now).is_ok()
        } else {
            self.waiting.is_empty()
        }
    }

    /// Tells whether what waits only waits to be written together.
    fn is_holding(&self, now: DateTime<Utc>) -> bool {
        let Some(oldest) = self.waiting.front() else { return false };
        // A clock that was set back must not hold them for a year.
        let young = oldest.at <= now && now - oldest.at < self.hold;
        young && self.waiting.len() < HELD_LINES && self.pause.is_none()
    }

    /// Writes what waits, unless it is held back or was tried too lately.
    pub(super) fn retry(&mut self, disk: &mut dyn Disk, folder: &Folder, now: DateTime<Utc>) -> Result<()> {
        if self.is_holding(now) {
            return Ok(());
        }
        if self.may_try(now) { self.flush(disk, folder, now) } else { Err(self.say()) }
    }

    /// Writes what waits, if something does.
    pub(super) fn flush(&mut self, disk: &mut dyn Disk, folder: &Folder, now: DateTime<Utc>) -> Result<()> {
        match self.write_waiting(disk, folder) {
            Ok(()) => {
                self.pause = None;
                Ok(())
            }
            Err(error) => {
                self.reason = reason(&error);
                let seconds = self.pause.as_ref().map_or(1, |pause| (pause.seconds * 2).min(LONGEST_PAUSE_S));
                self.pause = Some(Pause { since: now, seconds });
                Err(self.say())
            }
        }
    }

    /// Syncs what was written, when `every` has passed since the last time (`None`: now).
    pub(super) fn sync(
        &mut self,
        disk: &mut dyn Disk,
        now: DateTime<Utc>,
        every: Option<TimeDelta>,
    ) -> Result<()> {
        let due = match (every, self.synced_at) {
            (None, _) => true,
            // A clock that was set back must not put off the next sync for a year.
            (Some(every), Some(last)) => now - last >= every || now < last,
            (Some(_), None) => {
                self.synced_at = Some(now);
                false
            }
        };
        if !self.dirty || !due {
            return Ok(());
        }
        self.synced_at = Some(now);
        disk.sync(&self.file)
            .map_err(|error| anyhow::anyhow!("cannot sync {}: {}", self.name, reason(&error)))?;
        self.dirty = false;
        Ok(())
    }

    fn may_try(&self, now: DateTime<Utc>) -> bool {
        self.pause.as_ref().is_none_or(|pause| (now - pause.since).num_seconds().abs() >= pause.seconds)
    }

    fn write_waiting(&mut self, disk: &mut dyn Disk, folder: &Folder) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        if !folder.leads_to(self.name, &self.file) {
            // Somebody moved or removed the file: what comes now belongs to a new one.
            self.file = folder.append(self.name).map_err(io::Error::other)?;
            self.length = self.file.metadata()?.len();
            self.tail = tail_of(&self.file, self.length)?;
        }
        while let Some(next) = self.waiting.pop_front() {
            let line = finished(&next.line, self.gap.as_ref(), &self.links);
            if let Err(error) = self.write_line(disk, &line) {
                self.waiting.push_front(next);
                return Err(error);
            }
            if let Links::Chained(last) = &mut self.links {
                *last = Some(chain::hash(line.strip_suffix(b"\n").unwrap_or(&line)));
            }
            self.gap = None;
            self.waiting_bytes -= next.line.len();
        }
        Ok(())
    }

    fn write_line(&mut self, disk: &mut dyn Disk, line: &[u8]) -> io::Result<()> {
        let found = self.file.metadata()?.len();
        if found != self.length && self.tail != Tail::Ours {
            // Somebody else wrote to the file or cut it.
            self.length = found;
            self.tail = tail_of(&self.file, found)?;
        }
        if self.tail == Tail::Ours {
            self.cut_own_tail(disk);
        }
        let mut todo = line;
        if self.tail == Tail::Ours && self.lacks_only_newline(line, found)? {
            todo = b"\n";
        } else if self.tail != Tail::Whole {
            self.write_all(disk, b"\n")?;
            self.length = found + 1;
            self.tail = Tail::Whole;
        }
        if let Err(error) = self.write_all(disk, todo) {
            if self.file.metadata().map_or(self.length, |found| found.len()) != self.length {
                self.tail = Tail::Ours;
                self.cut_own_tail(disk);
            }
            return Err(error);
        }
        self.length = self.file.metadata().map_or(self.length + line.len() as u64, |found| found.len());
        self.tail = Tail::Whole;
        self.dirty = true;
        Ok(())
    }

    fn write_all(&self, disk: &mut dyn Disk, bytes: &[u8]) -> io::Result<()> {
        let mut done = 0;
        while done < bytes.len() {
            match disk.write(&self.file, &bytes[done..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(taken) => done += taken,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Tells whether all of `line` but its newline stands at the end already: writing it again would double it.
    fn lacks_only_newline(&self, line: &[u8], end: u64) -> io::Result<bool> {
        let body = line.strip_suffix(b"\n").unwrap_or(line);
        if end - self.length != body.len() as u64 {
            return Ok(false);
        }
        let mut found = vec![0; body.len()];
        self.file.read_exact_at(&mut found, self.length)?;
        Ok(found == body)
    }

    fn cut_own_tail(&mut self, disk: &mut dyn Disk) {
        if disk.cut(&self.file, self.length).is_ok() {
            self.tail = Tail::Whole;
        }
    }

    fn drop_excess(&mut self) {
        while self.waiting.len() > WAITING_LINES || self.waiting_bytes > WAITING_BYTES {
            let Some(lost) = self.waiting.pop_front() else { return };
            self.waiting_bytes -= lost.line.len();
            let at = document::time(lost.at);
            match &mut self.gap {
                Some(gap) => {
                    gap.lost += 1;
                    gap.to_seq = lost.seq;
                    gap.to = at;
                    gap.reason.clone_from(&self.reason);
                }
                None => {
                    self.gap = Some(Gap {
                        lost: 1,
                        from_seq: lost.seq,
                        to_seq: lost.seq,
                        from: at.clone(),
                        to: at,
                        reason: self.reason.clone(),
                    });
                }
            }
        }
    }

    fn say(&self) -> anyhow::Error {
        let lost = self.gap.as_ref().map_or(0, |gap| gap.lost);
        let lost = if lost > 0 { format!(", {lost} older ones are lost") } else { String::new() };
        anyhow::anyhow!(
            "cannot write {}: {}; {} waiting in memory{lost}",
            self.name,
            self.reason,
            crate::text::plural(self.waiting.len() as u64, "line"),
        )
    }
}

/// What the system said, without the error's number.
pub(super) fn reason(error: &io::Error) -> String {
    let said = error.to_string();
    said.split(" (os error").next().unwrap_or(&said).to_owned()
}

/// The line with what is only known when it is written: the gap before it, and the hash of the line before.
fn finished<'a>(line: &'a [u8], gap: Option<&Gap>, links: &Links) -> Cow<'a, [u8]> {
    let (Some(body), false) = (line.strip_suffix(b"}\n"), gap.is_none() && *links == Links::None) else {
        return Cow::Borrowed(line);
    };
    let mut finished = Vec::with_capacity(line.len() + 100);
    finished.extend_from_slice(body);
    if let Some(gap) = gap.and_then(|gap| document::json_line(gap).ok()) {
        finished.extend_from_slice(b",\"gap\":");
        finished.extend_from_slice(gap.strip_suffix(b"\n").unwrap_or(&gap));
    }
    match links {
        Links::None => {}
        Links::Unchained | Links::Chained(None) => finished.extend_from_slice(b",\"prev\":null"),
        Links::Chained(Some(hash)) => {
            finished.extend_from_slice(b",\"prev\":\"");
            finished.extend_from_slice(hash);
            finished.push(b'"');
        }
    }
    finished.extend_from_slice(b"}\n");
    Cow::Owned(finished)
}

fn tail_of(file: &File, length: u64) -> io::Result<Tail> {
    let mut last = [0];
    if length == 0 {
        return Ok(Tail::Whole);
    }
    file.read_exact_at(&mut last, length - 1)?;
    Ok(if last == *b"\n" { Tail::Whole } else { Tail::Foreign })
}
