//! A small kernel file that is read again every beat: opened once, then one `pread` a beat into a lent buffer.
//!
//! It knows nothing of the content. In a recorded machine the file is opened anew each time, because a test may
//! replace it.

use super::Root;
use super::fault::Fault;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use std::path::{Path, PathBuf};

/// No file of the kernel that is read here is longer; a damaged tree must not fill the memory.
const CAP_BYTES: usize = 4 << 20;

/// One file below a root.
#[derive(Debug)]
pub(crate) struct Kept {
    path: PathBuf,
    open: Option<OwnedFd>,
    keep: bool,
    records: Records,
}

/// How long the records of a file may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Records {
    /// Always well below half a page.
    Short,
    /// As long as somebody makes them: a mount's line holds its path.
    Long,
}

/// The kernel fills a page with records until the next does not fit, and makes the whole content again to answer that
/// there is no more. When records are short, so few bytes can only be all of them.
const SURELY_WHOLE: usize = 2048;

impl Kept {
    /// Names a file of short records; nothing is opened yet.
    pub(crate) fn new(root: &Root, absolute: &str) -> Self {
        Self { path: root.path(absolute), open: None, keep: root.is_live(), records: Records::Short }
    }

    /// Names a file whose records may be of any length; nothing is opened yet.
    pub(crate) fn of_long_records(root: &Root, absolute: &str) -> Self {
        Self { records: Records::Long, ..Self::new(root, absolute) }
    }

    /// Where the file is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the whole file into `buffer`, whose old content is dropped.
    pub(crate) fn read(&mut self, buffer: &mut Vec<u8>) -> Result<(), Fault> {
        self.try_read(buffer).map_err(|errno| Fault::unreadable(&self.path, errno))
    }

    fn try_read(&mut self, buffer: &mut Vec<u8>) -> rustix::io::Result<()> {
        if let Some(fd) = &self.open {
            if read(fd, buffer, self.records).is_ok() {
                return Ok(());
            }
            // The file behind the descriptor is gone (a module was unloaded): look for it again.
            self.open = None;
        }
        let fd = rustix::fs::openat(CWD, &self.path, READ, Mode::empty())?;
        read(&fd, buffer, self.records)?;
        if self.keep {
            self.open = Some(fd);
        }
        Ok(())
    }
}

/// How files of the machine are opened: no FIFO or device can hold the beat.
pub(crate) const READ: OFlags =
    OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

/// Reads from the start to the end, up to the cap; the old content of `buffer` is dropped.
pub(crate) fn read_whole(fd: impl AsFd, buffer: &mut Vec<u8>) -> rustix::io::Result<()> {
    read(fd, buffer, Records::Long)
}

fn read(fd: impl AsFd, buffer: &mut Vec<u8>, records: Records) -> rustix::io::Result<()> {
    buffer.clear();
    // More than what is surely whole: a short answer is then never one for want of room.
    buffer.reserve(2 * SURELY_WHOLE);
    loop {
        if buffer.len() >= CAP_BYTES {
            return Err(Errno::FBIG);
        }
        if buffer.capacity() - buffer.len() < 512 {
            buffer.reserve(buffer.capacity().max(4096));
        }
        let offset = buffer.len() as u64;
        match rustix::io::pread(fd.as_fd(), rustix::buffer::spare_capacity(buffer), offset) {
            Ok(0) => return Ok(()),
            Ok(got) if records == Records::Short && offset == 0 && got < SURELY_WHOLE => return Ok(()),
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// Opens `path` below `dir`, reads it whole and closes it.
pub(crate) fn read_at(
    dir: impl AsFd,
    path: impl rustix::path::Arg,
    buffer: &mut Vec<u8>,
) -> rustix::io::Result<()> {
    read_whole(rustix::fs::openat(dir, path, READ, Mode::empty())?, buffer)
}

/// Reads a file of short records that is asked of many processes.
pub(crate) fn read_short(path: &Path, buffer: &mut Vec<u8>) -> rustix::io::Result<()> {
    read(rustix::fs::openat(CWD, path, READ, Mode::empty())?, buffer, Records::Short)
}

/// Reads a file that is needed once or seldom.
pub(crate) fn read_path(path: &Path, buffer: &mut Vec<u8>) -> Result<(), Fault> {
    read_at(CWD, path, buffer).map_err(|errno| Fault::unreadable(path, errno))
}
