//! The lines of a package list, one at a time: some have tens of megabytes.

use crate::collect::kept::READ;
use rustix::fs::Mode;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// No package list is longer; a damaged one must not keep the reader for ever.
const FILE_CAP_BYTES: u64 = 256 << 20;

/// Hands the lines of a file to `hear`, without their ends.
///
/// # Errors
/// The file cannot be opened or read; the words name it.
pub(super) fn each_line(path: &Path, mut hear: impl FnMut(&[u8])) -> io::Result<()> {
    let at_place = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let file =
        File::from(rustix::fs::open(path, READ, Mode::empty()).map_err(|errno| at_place(errno.into()))?);
    let mut reader = BufReader::new(file.take(FILE_CAP_BYTES));
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).map_err(at_place)? > 0 {
        hear(line.strip_suffix(b"\n").unwrap_or(&line));
        line.clear();
    }
    Ok(())
}
