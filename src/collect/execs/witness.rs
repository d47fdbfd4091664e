//! Looks at a process in the moment of its exec: command line first, it is the first to be gone.
//!
//! It remembers which processes descend from this program, and the names of parents, so that a child that lives
//! one millisecond still has its family. It does not wait and does not judge.

use super::queue::Sighting;
use crate::model::Safe;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Instant;

/// Most processes whose family is remembered; beyond it the memory begins anew.
const KNOWN: usize = 8192;

/// As much of a command line as is kept, and one byte more so that a cut can be seen.
const ARGV_BYTES: usize = crate::model::LINE_CAP_BYTES + 1;

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
    known: HashMap<u32, Known>,
    own: HashSet<u32>,
}

/// What `/proc/PID/stat` tells here.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    name: Safe,
    ppid: u32,
    start_ticks: u64,
}

impl Witness {
    /// A witness for the folder `proc`.
    pub(super) fn new(proc: &Path) -> rustix::io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self {
            proc: rustix::fs::openat(CWD, proc, flags, Mode::empty())?,
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
        own.retain(|pid| *pid == me || self.stat(*pid).is_some_and(|stat| stat.ppid == me));
        self.own = own;
    }

    /// Looks at a process that has just become another program.
    pub(super) fn look(&mut self, pid: u32, seen: Instant) -> Sighting {
        // A process without memory of its own any more has an empty command line: it is lost, not empty.
        let argv = self.read(pid, "cmdline").filter(|line| !line.is_empty()).map(|line| words(&line));
        let exe = self.link(pid, "exe");
        let stat = self.stat(pid);
        let folder = rustix::fs::statat(&self.proc, pid.to_string(), AtFlags::empty());
        let known = self.remember(pid);
        if let Some(stat) = &stat {
            known.ppid = Some(stat.ppid);
            known.name = Some(stat.name.clone());
        } else {
            // It runs another program now than the one that we knew by name.
            known.name = None;
        }
        let parent = known.ppid;
        if parent.is_some_and(|parent| self.own.contains(&parent)) {
            self.own.insert(pid);
        }
        Sighting {
            seen,
            pid,
            start_ticks: stat.as_ref().map(|stat| stat.start_ticks),
            ppid: parent,
            parent: parent.and_then(|parent| self.name(parent)),
            uid: folder.ok().map(|meta| meta.st_uid),
            name: stat.map(|stat| stat.name),
            argv,
            exe,
            own: self.own.contains(&pid),
        }
    }

    fn name(&mut self, pid: u32) -> Option<Safe> {
        if let Some(name) = self.known.get(&pid).and_then(|known| known.name.clone()) {
            return Some(name);
        }
        let name = self.stat(pid)?.name;
        self.remember(pid).name = Some(name.clone());
        Some(name)
    }

    fn remember(&mut self, pid: u32) -> &mut Known {
        if self.known.len() >= KNOWN && !self.known.contains_key(&pid) {
            self.known.clear();
        }
        self.known.entry(pid).or_default()
    }

    fn stat(&self, pid: u32) -> Option<Stat> {
        parse_stat(&self.read(pid, "stat")?)
    }

    /// Reads the first [`ARGV_BYTES`] of a file of the process.
    fn read(&self, pid: u32, file: &str) -> Option<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&self.proc, format!("{pid}/{file}"), flags, Mode::empty()).ok()?;
        let mut bytes = Vec::with_capacity(ARGV_BYTES);
        rustix::io::read(&fd, rustix::buffer::spare_capacity(&mut bytes)).ok()?;
        Some(bytes)
    }

    fn link(&self, pid: u32, file: &str) -> Option<Safe> {
        let target = rustix::fs::readlinkat(&self.proc, format!("{pid}/{file}"), Vec::new()).ok()?;
        Some(Safe::from_bytes(target.as_bytes()))
    }
}

/// A command line with blanks between its words.
fn words(cmdline: &[u8]) -> Safe {
    let cmdline = cmdline.strip_suffix(&[0]).unwrap_or(cmdline);
    let line: Vec<u8> = cmdline.iter().map(|byte| if *byte == 0 { b' ' } else { *byte }).collect();
    Safe::from_bytes(&line)
}

fn parse_stat(stat: &[u8]) -> Option<Stat> {
    // The name may hold anything, brackets too: what follows its last bracket is the kernel's.
    let (open, close) = (memchr::memchr(b'(', stat)?, memchr::memrchr(b')', stat)?);
    let name = Safe::from_bytes(stat.get(open + 1..close)?);
    let mut fields = std::str::from_utf8(&stat[close + 1..]).ok()?.split_ascii_whitespace();
    let ppid = fields.nth(1)?.parse().ok()?;
    let start_ticks = fields.nth(17)?.parse().ok()?;
    Some(Stat { name, ppid, start_ticks })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_does_not_move_the_fields() {
        let line = b"42 (x\n) R 1 (y)) S 7 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 12345 0 0";
        let stat = parse_stat(line).unwrap();
        assert_eq!((stat.name.as_str(), stat.ppid, stat.start_ticks), ("x^J) R 1 (y)", 7, 12345));
        for end in 0..line.len() - 6 {
            let _ = parse_stat(&line[..end]);
        }
    }

    #[test]
    fn words_keep_their_order_and_only_the_last_end_is_cut() {
        assert_eq!(words(b"sh\0-c\0a b\0").as_str(), "sh -c a b");
        assert_eq!(words(b"a\0\0").as_str(), "a ");
        assert_eq!(words(b"\0").as_str(), "");
    }

    #[test]
    fn our_own_process_is_seen_whole_and_a_dead_one_by_what_is_remembered() {
        let mut witness = Witness::new(Path::new("/proc")).unwrap();
        let me = witness.look(std::process::id(), Instant::now());
        assert!(me.own && me.argv.is_some() && me.exe.is_some() && me.parent.is_some());

        let nobody = 4_194_305;
        witness.born(std::process::id(), nobody);
        let dead = witness.look(nobody, Instant::now());
        assert_eq!((dead.argv, dead.ppid, dead.own), (None, Some(std::process::id()), true));
        witness.gone(nobody);
        assert!(!witness.look(nobody, Instant::now()).own);
    }
}
