//! The lines of a packed file, member by member. Which files there are is for `scan` to know.

use super::known::{Hops, Known};
use super::line;
use super::members;
use super::scan::{Found, Stretch};
use std::fs::File;
use std::io;
use std::ops::ControlFlow;

/// Gives every line of a packed file.
pub(super) fn all(
    file: &File,
    take: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>,
) -> io::Result<ControlFlow<()>> {
    Ok(forward(file, &*Known::default().hops(file)?, Stretch::ALWAYS, take))
}

/// Gives the lines of a packed file whose heads touch the stretch.
pub(super) fn forward(
    file: &File,
    hops: &Hops,
    stretch: Stretch,
    take: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    for head in hops.heads.iter().filter(|head| stretch.touches(head.from, head.to)) {
        match members::unpack(file, head) {
            Ok(bytes) => lines(&bytes).try_for_each(&mut *take)?,
            // A damaged member is one damaged line: how many it held is not known.
            Err(_) => take(None)?,
        }
    }
    lines(&torn(file, hops)).try_for_each(take)
}

/// Gives the lines of a packed file, the last first.
pub(super) fn back(
    file: &File,
    hops: &Hops,
    take: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    lines(&torn(file, hops)).rev().try_for_each(&mut *take)?;
    for head in hops.heads.iter().rev() {
        match members::unpack(file, head) {
            Ok(bytes) => lines(&bytes).rev().try_for_each(&mut *take)?,
            Err(_) => take(None)?,
        }
    }
    ControlFlow::Continue(())
}

/// What can be had of a last member that was not written to its end.
fn torn(file: &File, hops: &Hops) -> Vec<u8> {
    if hops.reached < hops.end { members::unpack_torn(file, hops.reached, hops.end) } else { Vec::new() }
}

/// The lines of an unpacked member; those that are too long are damage.
fn lines(bytes: &[u8]) -> impl DoubleEndedIterator<Item = Found<'_>> {
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let lines = (!body.is_empty()).then(|| body.split(|byte| *byte == b'\n'));
    lines.into_iter().flatten().map(|one| (one.len() <= line::CAP).then_some(one))
}
