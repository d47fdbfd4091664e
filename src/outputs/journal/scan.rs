//! Every line of a kind in a stretch of time, from closed, packed and active files, in bounded memory.
//!
//! What is plainly outside the stretch is not read: packed members by their heads, plain files by halving.

use super::known::{Hops, Known};
use super::line;
use super::lines::{Line, LinesBack};
use super::members;
use super::series::{Closed, Series};
use crate::model::Zone;
use crate::outputs::safe_file::Folder;
use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

const CHUNK: usize = 256 * 1024;
/// Halving stops at so many bytes: reading them costs less than another step.
const CLOSE_ENOUGH: u64 = 128 * 1024;
/// So many lines in a row from outside the stretch end the search: single ones come from a clock that jumped.
const STRAYS: u32 = 400;

/// A stretch of time in seconds since 1970, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) from: i64,
    pub(super) to: i64,
}

impl Stretch {
    pub(super) const ALWAYS: Self = Self { from: i64::MIN, to: i64::MAX };

    const fn touches(self, from: i64, to: i64) -> bool {
        from <= self.to && to >= self.from
    }

    /// Tells that a file whose first line follows `from` and whose last is at `to` holds nothing of it. Both must
    /// be a day after it: after a jump of the clock one of them says little.
    const fn is_before(self, from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
        let end = self.to.saturating_add(86_400);
        from.timestamp() > end && to.timestamp() > end
    }
}

/// One line as it was found; `None` when it is too long to be one.
pub(super) type Found<'a> = Option<&'a [u8]>;

/// The files of one kind, as they stand when reading begins.
pub(super) struct Files<'a> {
    folder: &'a Folder,
    series: &'static Series,
    /// Opened before the others are listed, so that a file that is closed meanwhile is not missed.
    active: Option<File>,
    closed: Vec<Closed>,
    known: Arc<Known>,
}

impl<'a> Files<'a> {
    pub(super) fn open(folder: &'a Folder, series: &'static Series) -> Result<Self> {
        Self::open_with(folder, series, Arc::default())
    }

    /// The same with what is known of the packed ones.
    pub(super) fn open_with(folder: &'a Folder, series: &'static Series, known: Arc<Known>) -> Result<Self> {
        let active = folder.read(series.active)?;
        let mut closed = series.closed(folder)?;
        if let Some(active) = &active {
            closed.retain(|one| !folder.leads_to(&one.name, active));
        }
        Ok(Self { folder, series, active, closed, known })
    }

    /// Leaves out what was imported.
    pub(super) fn ours(mut self) -> Self {
        self.closed.retain(|one| one.to.is_some());
        self
    }

    /// Gives every line that may be in the stretch, in the order of writing; lines outside it come as well.
    pub(super) fn forward(
        &self,
        stretch: Stretch,
        zone: Zone,
        take: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut before = None;
        for one in &self.closed {
            let after = before.zip(one.to).is_some_and(|(from, to)| stretch.is_before(from, to));
            before = one.to.or(before);
            if after || one.to.is_some_and(|to| to.timestamp() < stretch.from) {
                continue;
            }
            let Some((file, packed)) = self.open_closed(one)? else { continue };
            let say = || format!("cannot read {}", self.folder.path_of(&one.name).display());
            let flow = if packed {
                forward_packed(&file, &*self.known.hops(&file).with_context(say)?, stretch, take)
            } else {
                forward_plain(&file, stretch, zone, take).with_context(say)?
            };
            if flow.is_break() {
                return Ok(());
            }
        }
        let Some(file) = &self.active else { return Ok(()) };
        let say = || format!("cannot read {}", self.folder.path_of(self.series.active).display());
        // Whether it was broken off makes no difference here: nothing follows.
        let _flow = if self.series.packed {
            forward_packed(file, &*self.known.hops(file).with_context(say)?, stretch, take)
        } else {
            forward_plain(file, stretch, zone, take).with_context(say)?
        };
        Ok(())
    }

    /// Gives every line from the newest back. Imported lines are the oldest.
    pub(super) fn back(&self, take: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>) -> Result<()> {
        if let Some(file) = &self.active {
            let say = || format!("cannot read {}", self.folder.path_of(self.series.active).display());
            if self.back_through(file, self.series.packed, take).with_context(say)?.is_break() {
                return Ok(());
            }
        }
        for one in self.closed.iter().rev() {
            let Some((file, packed)) = self.open_closed(one)? else { continue };
            let say = || format!("cannot read {}", self.folder.path_of(&one.name).display());
            if self.back_through(&file, packed, take).with_context(say)?.is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The times that each imported file spans, in seconds.
    pub(super) fn imported(&self) -> Result<Vec<(i64, i64)>> {
        let mut spans = Vec::new();
        for one in self.closed.iter().filter(|one| one.to.is_none()) {
            let Some((file, _)) = self.open_closed(one)? else { continue };
            let hops = self.known.hops(&file)?;
            let span = hops
                .heads
                .iter()
                .filter(|head| head.from != i64::MIN)
                .map(|head| (head.from, head.to))
                .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
            spans.extend(span);
        }
        Ok(spans)
    }

    /// The first and the last time that we wrote ourselves.
    pub(super) fn own(&self, zone: Zone) -> Result<Option<(DateTime<Utc>, DateTime<Utc>)>> {
        let own = Files {
            folder: self.folder,
            series: self.series,
            active: self.active.as_ref().map(File::try_clone).transpose()?,
            closed: self.closed.clone(),
            known: Arc::clone(&self.known),
        }
        .ours();
        let mut first = None;
        own.forward(Stretch::ALWAYS, zone, &mut |found| {
            first = found.and_then(|bytes| line::time_of(bytes, zone));
            if first.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        let mut last = None;
        own.back(&mut |found| {
            last = found.and_then(|bytes| line::time_of(bytes, zone));
            if last.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(first.zip(last))
    }

    /// Every file with its name and whether it is packed, in the order of writing.
    pub(super) fn each(&self) -> Result<Vec<(String, File, bool)>> {
        let mut files = Vec::new();
        for one in &self.closed {
            if let Some((file, packed)) = self.open_closed(one)? {
                files.push((one.name.clone(), file, packed));
            }
        }
        if let Some(file) = &self.active {
            files.push((self.series.active.to_owned(), file.try_clone()?, self.series.packed));
        }
        Ok(files)
    }

    fn back_through(
        &self,
        file: &File,
        packed: bool,
        take: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>,
    ) -> io::Result<ControlFlow<()>> {
        if packed {
            Ok(back_through_packed(file, &*self.known.hops(file)?, take))
        } else {
            back_through_plain(file, take)
        }
    }

    fn open_closed(&self, one: &Closed) -> Result<Option<(File, bool)>> {
        if let Some(file) = self.folder.read(&one.name)? {
            return Ok(Some((file, one.packed)));
        }
        // It was packed since it was listed.
        let packed = format!("{}.gz", one.name);
        Ok(self.folder.read(&packed)?.map(|file| (file, true)))
    }
}

/// Gives every line of a packed file.
pub(super) fn all_packed(
    file: &File,
    take: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>,
) -> io::Result<ControlFlow<()>> {
    Ok(forward_packed(file, &*Known::default().hops(file)?, Stretch::ALWAYS, take))
}

/// Gives the lines of a packed file whose heads touch the stretch.
fn forward_packed(
    file: &File,
    hops: &Hops,
    stretch: Stretch,
    take: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    for head in &hops.heads {
        if !stretch.touches(head.from, head.to) {
            continue;
        }
        let Ok(bytes) = members::unpack(file, head) else {
            // A damaged member is one damaged line: how many it held is not known.
            if take(None).is_break() {
                return ControlFlow::Break(());
            }
            continue;
        };
        if give(&bytes, take).is_break() {
            return ControlFlow::Break(());
        }
    }
    if hops.reached < hops.end {
        let bytes = members::unpack_torn(file, hops.reached, hops.end);
        return give(&bytes, take);
    }
    ControlFlow::Continue(())
}

fn give(bytes: &[u8], take: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if body.is_empty() {
        return ControlFlow::Continue(());
    }
    for one in body.split(|byte| *byte == b'\n') {
        take((one.len() <= line::CAP).then_some(one))?;
    }
    ControlFlow::Continue(())
}

/// Gives the lines of a plain file from the stretch's beginning on, until many in a row are after it.
fn forward_plain(
    file: &File,
    stretch: Stretch,
    zone: Zone,
    take: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>,
) -> io::Result<ControlFlow<()>> {
    let end = file.metadata()?.len();
    let start = if stretch.from == i64::MIN { 0 } else { start_of(file, end, stretch.from, zone)? };
    let mut strays = 0;
    let mut over = false;
    let flow = lines_forward(file, start, end, &mut |found| {
        if stretch.to != i64::MAX
            && let Some(at) = found.and_then(|bytes| line::time_of(bytes, zone))
        {
            strays = if at.timestamp() > stretch.to { strays + 1 } else { 0 };
            if strays > STRAYS {
                over = true;
                return ControlFlow::Break(());
            }
        }
        take(found)
    })?;
    Ok(if over { ControlFlow::Continue(()) } else { flow })
}

/// Gives every line between two offsets; the first must begin a line. A last line without a newline is given
/// only when it is read to its end elsewhere: a writer may be in the middle of it.
pub(super) fn lines_forward(
    file: &File,
    start: u64,
    end: u64,
    take: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>,
) -> io::Result<ControlFlow<()>> {
    let mut at = start;
    let mut held: Vec<u8> = Vec::with_capacity(CHUNK);
    let mut too_long = false;
    while at < end {
        let kept = held.len();
        let size = ((end - at) as usize).min(CHUNK);
        held.resize(kept + size, 0);
        let read = file.read_at(&mut held[kept..], at)?;
        if read == 0 {
            break;
        }
        held.truncate(kept + read);
        at += read as u64;
        let mut begin = 0;
        let mut searched = kept;
        while let Some(newline) = memchr::memchr(b'\n', &held[searched..]) {
            let stop = searched + newline;
            let one = &held[begin..stop];
            let found = (!too_long && one.len() <= line::CAP).then_some(one);
            too_long = false;
            if take(found).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            begin = stop + 1;
            searched = begin;
        }
        held.drain(..begin);
        if held.len() > line::CAP {
            too_long = true;
            held.clear();
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// The offset of a line before which nothing is as late as `from`, as far as the file is in order.
fn start_of(file: &File, end: u64, from: i64, zone: Zone) -> io::Result<u64> {
    let (mut low, mut high) = (0, end);
    while high - low > CLOSE_ENOUGH {
        let middle = low + (high - low) / 2;
        match first_time_after(file, middle, high, zone)? {
            Some((offset, time)) if time < from => low = offset,
            Some(_) | None => high = middle,
        }
    }
    Ok(low)
}

/// The first line after an offset that has a time, and its offset.
fn first_time_after(file: &File, after: u64, end: u64, zone: Zone) -> io::Result<Option<(u64, i64)>> {
    let mut at = after;
    let mut held = Vec::new();
    let mut begin = None;
    while at < end && at - after <= line::CAP as u64 {
        let kept = held.len();
        held.resize(kept + 16 * 1024, 0);
        let read = file.read_at(&mut held[kept..], at)?;
        if read == 0 {
            break;
        }
        held.truncate(kept + read);
        at += read as u64;
        let mut searched = kept;
        while let Some(newline) = memchr::memchr(b'\n', &held[searched..]) {
            let stop = searched + newline;
            if let Some(begin) = begin
                && let Some(time) = line::time_of(&held[begin..stop], zone)
            {
                let offset = after + begin as u64;
                return Ok((offset < end).then_some((offset, time.timestamp())));
            }
            begin = Some(stop + 1);
            searched = stop + 1;
        }
    }
    Ok(None)
}

fn back_through_plain(
    file: &File,
    take: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>,
) -> io::Result<ControlFlow<()>> {
    for line in LinesBack::new(file, file.metadata()?.len()) {
        let Line { bytes, whole, .. } = line?;
        // A line that is being written right now is no damage.
        if (whole || bytes.as_ref().is_some_and(|bytes| line::is_object(bytes)))
            && take(bytes.as_deref()).is_break()
        {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

fn back_through_packed(
    file: &File,
    hops: &Hops,
    take: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let torn =
        if hops.reached < hops.end { members::unpack_torn(file, hops.reached, hops.end) } else { Vec::new() };
    if give_back(&torn, take).is_break() {
        return ControlFlow::Break(());
    }
    for head in hops.heads.iter().rev() {
        let flow = match members::unpack(file, head) {
            Ok(bytes) => give_back(&bytes, take),
            Err(_) => take(None),
        };
        if flow.is_break() {
            return ControlFlow::Break(());
        }
    }
    ControlFlow::Continue(())
}

fn give_back(bytes: &[u8], take: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if body.is_empty() {
        return ControlFlow::Continue(());
    }
    for one in body.rsplit(|byte| *byte == b'\n') {
        take((one.len() <= line::CAP).then_some(one))?;
    }
    ControlFlow::Continue(())
}
