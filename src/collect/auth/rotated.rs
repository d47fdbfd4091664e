//! The files that rotation leaves beside a log: which they are, which are newer, and how they are opened.
//!
//! It reads no content but that of compressed ones, which are history and never grow.

use flate2::read::MultiGzDecoder;
use rustix::fs::{Mode, OFlags};
use std::fs::{File, Metadata};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What makes a file the same file: device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId(u64, u64);

impl FileId {
    pub(super) fn of(meta: &Metadata) -> Self {
        Self(meta.dev(), meta.ino())
    }
}

/// A file that was the log once: `auth.log.1`, `auth.log.2.gz`, `secure-20261122`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sibling {
    pub(super) path: PathBuf,
    pub(super) id: FileId,
    /// Seconds and nanoseconds of the last change of content.
    pub(super) changed_at: (i64, i64),
}

impl Sibling {
    pub(super) fn is_compressed(&self) -> bool {
        self.path.extension().is_some_and(|extension| extension == "gz")
    }
}

/// When the content last changed.
pub(super) fn changed_at(meta: &Metadata) -> (i64, i64) {
    (meta.mtime(), meta.mtime_nsec())
}

/// Opens a log for reading, refusing pipes and devices and never waiting for one.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
    }
}

/// Lists what rotation made of `path` and left uncompressed, oldest change first.
pub(super) fn siblings(path: &Path) -> Vec<Sibling> {
    let mut all = all_siblings(path);
    all.retain(|sibling| !sibling.is_compressed());
    all
}

/// Lists what rotation made of `path`, compressed or not, oldest change first.
pub(super) fn all_siblings(path: &Path) -> Vec<Sibling> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Vec::new();
    };
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let sibling = |entry: std::fs::DirEntry| {
        let found = entry.file_name();
        if !is_rotated_name(found.to_str()?.strip_prefix(name)?) {
            return None;
        }
        let meta = entry.metadata().ok().filter(Metadata::is_file)?;
        Some(Sibling { path: entry.path(), id: FileId::of(&meta), changed_at: changed_at(&meta) })
    };
    let mut siblings: Vec<Sibling> = entries.flatten().filter_map(sibling).collect();
    siblings.sort_by(|a, b| (a.changed_at, &a.path).cmp(&(b.changed_at, &b.path)));
    siblings
}

/// True for what logrotate appends to a name: `.1`, `.2.gz`, `-20261122`, `-20261122-1763800000.gz`.
fn is_rotated_name(rest: &str) -> bool {
    let rest = rest.strip_suffix(".gz").unwrap_or(rest);
    rest.strip_prefix(['.', '-']).is_some_and(|digits| {
        digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-' || byte == b'_')
    })
}

/// Hands the lines of a compressed file to `line`, at most `bytes` of them unpacked.
///
/// # Errors
/// When it cannot be read or is damaged; the lines before the damage were handed out.
pub(super) fn read_compressed(path: &Path, bytes: u64, line: &mut dyn FnMut(&[u8])) -> io::Result<()> {
    let mut text = BufReader::new(MultiGzDecoder::new(BufReader::new(open(path)?)).take(bytes));
    let mut one = Vec::new();
    loop {
        one.clear();
        (&mut text).take(super::follow::LINE_BYTES as u64).read_until(b'\n', &mut one)?;
        match one.last() {
            None => return Ok(()),
            Some(b'\n') => line(&one[..one.len() - 1]),
            Some(_) => {
                line(&one);
                text.skip_until(b'\n')?;
            }
        }
    }
}
