//! The lines of a plain file: between two offsets, from a time on by halving, or from the end. Which files there are is
//! for `scan` to know.

use super::line;
use super::lines::{Line, LinesBack};
use super::scan::{Found, Stretch};
use crate::model::Zone;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt as _;

const CHUNK: usize = 256 * 1024;
/// Halving stops at so many bytes: reading them costs less than another step.
const CLOSE_ENOUGH: u64 = 128 * 1024;
/// So many lines in a row from outside the stretch end the search: single ones come from a clock that jumped.
const STRAYS: u32 = 400;

/// Gives the lines of a plain file from the stretch's beginning on, until many in a row are after it.
pub(super) fn forward(
    file: &File,
    stretch: Stretch,
    zone: Zone,
    take: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>,
) -> io::Result<ControlFlow<()>> {
    let end = file.metadata()?.len();
    let start = if stretch.from == i64::MIN { 0 } else { start_of(file, end, stretch.from, zone)? };
    let mut strays = 0;
    let mut over = false;
    let flow = lines(file, start, end, &mut |found| {
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

/// Gives the lines of a plain file, the last first.
pub(super) fn back(
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

/// Gives every line between two offsets; the first must begin a line. A last line without a newline is given
/// only when it is read to its end elsewhere: a writer may be in the middle of it.
pub(super) fn lines(
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
