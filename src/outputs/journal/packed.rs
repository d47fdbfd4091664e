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

/// Gives the lines of a packed file, the last first.
pub(super) fn back(
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
