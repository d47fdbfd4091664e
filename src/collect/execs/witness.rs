//! Looks at a process in the moment of its exec: command line first, it is the first to be gone.
//!
//! It remembers which processes descend from this program, and the names of parents, so that a child that lives
//! one millisecond still has its family. It does not wait and does not judge.

use super::queue::Sighting;
use crate::collect::processes::{program, stat};
use crate::model::{LINE_CAP_BYTES, Safe};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Instant;

/// Most processes whose family is remembered; beyond it the memory begins anew.
const KNOWN: usize = 8192;

/// As much of a command line as is kept, and one byte more so that a cut can be seen.
const HEAD_BYTES: usize = LINE_CAP_BYTES + 1;

/// What is remembered of a living process.
#[derive(Debug, Default)]
struct Known {
    ppid: Option<u32>,
    name: Option<Safe>,
}

/// Reads processes below one `/proc`.
#[derive(Debug)]
pub(super) struct Witness {
    proc: OwnedFd,
    /// Device and inode of the root folder that this program sees.
    files: Option<(u64, u64)>,
    known: HashMap<u32, Known>,
    own: HashSet<u32>,
}

impl Witness {
    /// A witness for the folder `proc`.
    pub(super) fn new(proc: &Path) -> rustix::io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self {
            proc: rustix::fs::openat(CWD, proc, flags, Mode::empty())?,
            files: root_of(CWD, "/"),
            known: HashMap::new(),
            own: HashSet::from([std::process::id()]),
        })
    }

    /// Remembers a birth.
    pub(super) fn born(&mut self, parent: u32, child: u32) {
        if self.own.contains(&parent) {
            self.own.insert(child);
        }
        self.remember(child).ppid = Some(parent);
    }

    /// Forgets a process that ended.
    pub(super) fn gone(&mut self, pid: u32) {
        self.known.remove(&pid);
        self.own.remove(&pid);
    }

    /// Forgets all families: after a loss of events a number may belong to another process.
    pub(super) fn forget(&mut self) {
        self.known.clear();
        let me = std::process::id();
        let mut own = std::mem::take(&mut self.own);
        own.retain(|pid| *pid == me || self.parent(*pid) == Some(me));
        self.own = own;
    }

    /// Looks at a process that has just become another program.
    pub(super) fn look(&mut self, pid: u32, seen: Instant) -> Sighting {
        let folder = self.folder(pid);
        let folder = folder.as_ref();
        // A process without memory of its own any more has an empty command line: it is lost, not empty.
        let argv = folder.and_then(|folder| head(folder, "cmdline")).filter(|line| !line.is_empty());
        let exe = folder.and_then(|folder| program::executable(folder, &mut Vec::new()).0);
        let line = folder.and_then(|folder| head(folder, "stat"));
        let stat = line.as_deref().and_then(stat::parse);
        let files = folder.and_then(|folder| root_of(folder, "root"));
        let uid = folder.and_then(|folder| rustix::fs::fstat(folder).ok()).map(|meta| meta.st_uid);

        let known = self.remember(pid);
        // Without `stat` the name is unknown: it is another program now than the one that was known by name.
        known.name = stat.map(|stat| Safe::from_bytes(stat.name));
        known.ppid = stat.map(|stat| stat.now.ppid).or(known.ppid);
        let (name, parent) = (known.name.clone(), known.ppid);
        if parent.is_some_and(|parent| self.own.contains(&parent)) {
            self.own.insert(pid);
        }
        Sighting {
            seen,
            pid,
            start_ticks: stat.map(|stat| stat.now.start_ticks),
            ppid: parent,
            parent: parent.and_then(|parent| self.name(parent)),
            uid,
            name,
            argv: argv.map(|line| program::command_line(&line)),
            exe,
            foreign: files.map(|files| Some(files) != self.files),
            own: self.own.contains(&pid),
        }
    }

    fn name(&mut self, pid: u32) -> Option<Safe> {
        if let Some(name) = self.known.get(&pid).and_then(|known| known.name.clone()) {
            return Some(name);
        }
        let line = head(&self.folder(pid)?, "stat")?;
        let name = Safe::from_bytes(stat::parse(&line)?.name);
        self.remember(pid).name = Some(name.clone());
        Some(name)
    }

    fn remember(&mut self, pid: u32) -> &mut Known {
        if self.known.len() >= KNOWN && !self.known.contains_key(&pid) {
            self.known.clear();
        }
        self.known.entry(pid).or_default()
    }

    fn parent(&self, pid: u32) -> Option<u32> {
        Some(stat::parse(&head(&self.folder(pid)?, "stat")?)?.now.ppid)
    }

    fn folder(&self, pid: u32) -> Option<OwnedFd> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat(&self.proc, pid.to_string(), flags, Mode::empty()).ok()
    }
}

/// Which root folder is meant: a container has another one.
fn root_of(folder: impl AsFd, name: &str) -> Option<(u64, u64)> {
    let meta = rustix::fs::statat(folder, name, AtFlags::empty()).ok()?;
    Some((meta.st_dev, meta.st_ino))
}

/// Reads the first [`HEAD_BYTES`] of a file of the process.
fn head(folder: &OwnedFd, file: &str) -> Option<Vec<u8>> {
    let file = rustix::fs::openat(folder, file, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let mut bytes = Vec::with_capacity(HEAD_BYTES);
    rustix::io::read(&file, rustix::buffer::spare_capacity(&mut bytes)).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_process_is_seen_whole_and_a_dead_one_by_what_is_remembered() {
        let mut witness = Witness::new(Path::new("/proc")).unwrap();
        let me = witness.look(std::process::id(), Instant::now());
        assert!(
            me.own
                && me.foreign == Some(false)
                && me.argv.is_some()
                && me.exe.is_some()
                && me.parent.is_some()
        );

        let nobody = 4_194_305;
        witness.born(std::process::id(), nobody);
        let dead = witness.look(nobody, Instant::now());
        assert_eq!((dead.argv, dead.ppid, dead.own), (None, Some(std::process::id()), true));
        witness.gone(nobody);
        assert!(!witness.look(nobody, Instant::now()).own);
    }
}
