//! The pids of /proc, listed through one kept descriptor.

use crate::collect::Root;
use crate::collect::fault::Fault;
use crate::collect::fields::number;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{CWD, Mode, OFlags, RawDir, SeekFrom};
use std::path::PathBuf;

/// Room for some 1,300 entries a call.
const BUFFER_BYTES: usize = 32 << 10;

/// The folder /proc.
#[derive(Debug)]
pub(in crate::collect) struct Listing {
    path: PathBuf,
    open: Option<OwnedFd>,
    buffer: Vec<u8>,
}

impl Listing {
    pub(in crate::collect) fn new(root: &Root) -> Self {
        Self { path: root.path("/proc"), open: None, buffer: Vec::with_capacity(BUFFER_BYTES) }
    }

    /// Fills `pids`, ascending and each once.
    pub(in crate::collect) fn read(&mut self, pids: &mut Vec<u32>) -> Result<(), Fault> {
        pids.clear();
        self.list(pids).map_err(|errno| {
            self.open = None;
            Fault::unreadable(&self.path, errno)
        })
    }

    /// The folder itself, to open `PID/...` below it.
    pub(in crate::collect) fn folder(&self) -> BorrowedFd<'_> {
        self.open.as_ref().map_or(CWD, AsFd::as_fd)
    }

    fn list(&mut self, pids: &mut Vec<u32>) -> rustix::io::Result<()> {
        let folder = match &mut self.open {
            Some(folder) => {
                rustix::fs::seek(&*folder, SeekFrom::Start(0))?;
                folder
            }
            closed => {
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
                closed.insert(rustix::fs::openat(CWD, &self.path, flags, Mode::empty())?)
            }
        };
        let mut entries = RawDir::new(&*folder, self.buffer.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            let pid = number(entry?.file_name().to_bytes()).and_then(|pid| u32::try_from(pid).ok());
            pids.extend(pid.filter(|pid| *pid > 0));
        }
        // The kernel lists them in order; other file systems do not.
        if !pids.is_sorted() {
            pids.sort_unstable();
        }
        pids.dedup();
        Ok(())
    }
}
