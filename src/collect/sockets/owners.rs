//! The processes behind sockets: inode to process, looked up once for each socket.
//!
//! A lookup walks /proc/PID/fd, which is dear. So only sockets that were not seen before start one; it asks
//! first those who hold sockets already and those who are new, ends as soon as everybody is found, and the
//! longer a walk was, the later the next one.

use crate::collect::Root;
use crate::collect::processes::socket_inode;
use crate::model::{Owner, Process};
use chrono::{DateTime, Utc};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{CWD, Mode, OFlags, RawDir};
use rustix::io::Errno;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::hash::{BuildHasherDefault, Hasher};
use std::path::PathBuf;

/// A walk over this many descriptors is paid with one beat without another.
const LINKS_PER_BEAT: usize = 4096;

/// Below so many sockets nothing is given back: a flood of connections must not be remembered by its memory for ever,
/// and an ordinary day must not grow and shrink.
pub(super) const FEW: usize = 1024;

/// What opening the folder of one process costs, in descriptors.
const LINKS_PER_FOLDER: usize = 4;

/// After so many complete walks without a trace the socket has no process (the kernel's own, or not ours to
/// see). One is not enough: it may have been handed from one process to another meanwhile.
const WALKS: u8 = 2;

/// What is remembered of one socket.
#[derive(Debug)]
struct Known {
    since: Option<DateTime<Utc>>,
    door: bool,
    /// The beats in which it was first and last met.
    first: u64,
    seen: u64,
    lookup: Lookup,
}

/// How far the lookup of one socket is.
#[derive(Debug)]
enum Lookup {
    /// Not found in so many walks over everybody.
    Wanted(u8),
    Found(Owner),
    Nobody,
}

/// Spreads inode numbers over a table: they come from the kernel's counter, so nobody can choose them to collide.
#[derive(Debug, Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        // The table takes its place from the low bits and its tag from the high ones: both must depend on all.
        let product = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = product ^ (product >> 32);
    }
}

/// A process that holds sockets.
#[derive(Debug)]
struct Holder {
    start_ticks: u64,
    alive: u64,
    /// The beat of the last walk.
    walked: u64,
    /// The beat before which it is not walked again.
    rests_until: u64,
}

/// The memory of sockets and their processes.
#[derive(Debug)]
pub(in crate::collect) struct Owners {
    proc: PathBuf,
    folder: Option<OwnedFd>,
    known: HashMap<u64, Known, BuildHasherDefault<Spread>>,
    /// How many of these have no process yet, and how many of those were met in this beat.
    wanted: usize,
    asked: usize,
    /// How many of these are doors, and how many of those were met in this beat.
    doors: usize,
    doors_met: usize,
    holders: HashMap<u32, Holder>,
    /// The beat before which not everybody is walked again.
    all_rest_until: u64,
    /// The newest start that the last walk met: who started since is asked first, and once; this program itself,
    /// with its thousands of kept files, must not be walked every beat.
    newest_start: u64,
    /// Folders that the last walk over everybody was not permitted to open.
    denied: usize,
    beat: u64,
    path: String,
    entries: Vec<u8>,
}

impl Owners {
    pub(in crate::collect) fn new(root: &Root) -> Self {
        Self {
            proc: root.path("/proc"),
            folder: None,
            known: HashMap::default(),
            wanted: 0,
            asked: 0,
            doors: 0,
            doors_met: 0,
            holders: HashMap::new(),
            all_rest_until: 0,
            newest_start: u64::MAX,
            denied: 0,
            beat: 0,
            path: String::new(),
            entries: Vec::with_capacity(32 << 10),
        }
    }

    /// Starts a beat with its processes.
    pub(in crate::collect) fn begin(&mut self, processes: Option<&[Process]>) {
        self.beat += 1;
        self.asked = 0;
        self.doors_met = 0;
        if let Some(processes) = processes {
            self.bury_dead_holders(processes);
        }
    }

    /// Notes that a socket is there; `appeared` is kept of its first time.
    pub(in crate::collect) fn meet(&mut self, inode: u64, door: bool, appeared: Option<DateTime<Utc>>) {
        let (beat, wanted, doors) = (self.beat, &mut self.wanted, &mut self.doors);
        let known = self.known.entry(inode).or_insert_with(|| {
            *wanted += 1;
            *doors += usize::from(door);
            Known { since: appeared, door, first: beat, seen: 0, lookup: Lookup::Wanted(0) }
        });
        self.asked += usize::from(matches!(known.lookup, Lookup::Wanted(_)));
        self.doors_met += usize::from(known.door && known.seen != self.beat);
        known.seen = self.beat;
    }

    /// Forgets sockets that were not met in this beat; connections only where they were listed.
    pub(in crate::collect) fn forget_closed(&mut self, connections_too: bool) {
        if !connections_too && self.doors == self.doors_met {
            return;
        }
        let beat = self.beat;
        let (wanted, doors) = (&mut self.wanted, &mut self.doors);
        self.known.retain(|_, known| {
            let stays = known.seen == beat || (!known.door && !connections_too);
            if !stays {
                *doors -= usize::from(known.door);
            }
            if !stays && matches!(known.lookup, Lookup::Wanted(_)) {
                *wanted -= 1;
            }
            stays
        });
        if self.known.capacity() / 4 > self.known.len() + FEW {
            self.known.shrink_to(2 * self.known.len());
        }
    }

    /// Looks for the processes of all sockets that are wanted, when one of those that were met in this beat is.
    pub(in crate::collect) fn look_up(&mut self, processes: &[Process]) {
        if self.asked == 0 {
            return;
        }
        let everybody = self.all_rest_until <= self.beat;
        let (near, far) = self.in_order(processes, everybody);
        self.walk_near(near.iter().map(|at| &processes[*at]));
        if everybody && self.wanted > 0 {
            self.walk_far(far.iter().map(|at| &processes[*at]));
            if self.wanted > 0 {
                self.give_up_after_walks();
            }
        }
        self.newest_start = processes.iter().map(|process| process.program.start_ticks).max().unwrap_or(0);
    }

    /// The places of those who are asked first, and of the others where they are asked too.
    ///
    /// The first of several that share a socket is its master; the process that starts all others comes last,
    /// because it only keeps a descriptor for them.
    fn in_order(&self, processes: &[Process], everybody: bool) -> (Vec<usize>, Vec<usize>) {
        let (mut near, mut far) = (Vec::new(), Vec::new());
        for (at, process) in processes.iter().enumerate() {
            let program = &process.program;
            // A kernel thread and a zombie have no descriptors.
            if program.kernel_thread || process.state == 'Z' {
                continue;
            }
            let key = (program.pid == 1, program.pid, at);
            if program.start_ticks > self.newest_start || self.holders.contains_key(&program.pid) {
                near.push(key);
            } else if everybody {
                far.push(key);
            }
        }
        near.sort_unstable();
        far.sort_unstable();
        let places = |keys: Vec<(bool, u32, usize)>| keys.into_iter().map(|(_, _, at)| at).collect();
        (places(near), places(far))
    }

    /// Asks holders that do not rest, and new processes.
    fn walk_near<'a>(&mut self, processes: impl Iterator<Item = &'a Process>) {
        for process in processes {
            if self.wanted == 0 {
                break;
            }
            let pid = process.program.pid;
            if self.holders.get(&pid).is_some_and(|holder| holder.rests_until > self.beat) {
                continue;
            }
            let links = self.walk(process).unwrap_or(0);
            if let Some(holder) = self.holders.get_mut(&pid) {
                holder.rests_until = self.beat + (links / LINKS_PER_BEAT) as u64;
                holder.walked = self.beat;
            }
        }
    }

    /// Asks everybody else.
    fn walk_far<'a>(&mut self, processes: impl Iterator<Item = &'a Process>) {
        let mut cost = 0;
        self.denied = 0;
        for process in processes {
            if self.wanted == 0 {
                break;
            }
            match self.walk(process) {
                Ok(links) => cost += links,
                Err(Errno::ACCESS | Errno::PERM) => self.denied += 1,
                Err(_) => {}
            }
            cost += LINKS_PER_FOLDER;
        }
        self.all_rest_until = self.beat + (cost / LINKS_PER_BEAT) as u64;
    }

    /// The process behind a socket, and when the socket appeared.
    pub(in crate::collect) fn of(&self, inode: u64) -> (Option<&Owner>, Option<DateTime<Utc>>) {
        match self.known.get(&inode) {
            Some(Known { since, lookup: Lookup::Found(owner), .. }) => (Some(owner), *since),
            Some(known) => (None, known.since),
            None => (None, None),
        }
    }

    /// True while some are searched for: a look asks so many descriptors, and the next one goes on.
    pub(in crate::collect) const fn is_searching(&self) -> bool {
        self.wanted > 0
    }

    /// True when the last walk over everybody met folders that it could not open.
    pub(in crate::collect) const fn was_denied(&self) -> bool {
        self.denied > 0
    }

    /// Wants the sockets of processes that ended: somebody else may hold them still.
    fn bury_dead_holders(&mut self, processes: &[Process]) {
        if self.holders.is_empty() {
            return;
        }
        for process in processes {
            if let Some(holder) = self.holders.get_mut(&process.program.pid)
                && holder.start_ticks == process.program.start_ticks
            {
                holder.alive = self.beat;
            }
        }
        let before = self.holders.len();
        let beat = self.beat;
        self.holders.retain(|_, holder| holder.alive == beat);
        if self.holders.len() == before {
            return;
        }
        for known in self.known.values_mut() {
            if let Lookup::Found(owner) = &known.lookup
                && !self.holders.contains_key(&owner.pid)
            {
                known.lookup = Lookup::Wanted(0);
                self.wanted += 1;
            }
        }
    }

    /// Looks at every descriptor of one process and tells how many there were.
    fn walk(&mut self, process: &Process) -> rustix::io::Result<usize> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let proc = match &mut self.folder {
            Some(folder) => folder,
            closed => {
                closed.insert(rustix::fs::openat(CWD, &self.proc, flags | OFlags::PATH, Mode::empty())?)
            }
        };
        self.path.clear();
        let _ = write!(self.path, "{}/fd", process.program.pid);
        let descriptors = rustix::fs::openat(proc.as_fd(), self.path.as_str(), flags, Mode::empty())?;
        let mut links = 0;
        let mut found = 0;
        let mut entries = RawDir::new(&descriptors, self.entries.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let mut target = [0_u8; 32];
            let length = match rustix::fs::readlinkat_raw(&descriptors, entry.file_name(), &mut target[..]) {
                Ok(length) => length,
                // The folder may be open to us and what is in it not; the first answer holds for all.
                Err(Errno::ACCESS | Errno::PERM) => return Err(Errno::ACCESS),
                Err(_) => continue,
            };
            links += 1;
            let Some(known) = socket_inode(&target[..length]).and_then(|inode| self.known.get_mut(&inode))
            else {
                continue;
            };
            if matches!(known.lookup, Lookup::Wanted(_)) {
                let program = &process.program;
                known.lookup = Lookup::Found(Owner {
                    pid: program.pid,
                    start_ticks: program.start_ticks,
                    name: program.name.clone(),
                });
                found += 1;
                self.wanted -= 1;
                if self.wanted == 0 {
                    break;
                }
            }
        }
        if found > 0 {
            let start_ticks = process.program.start_ticks;
            self.holders.entry(process.program.pid).or_insert(Holder {
                start_ticks,
                alive: self.beat,
                walked: self.beat,
                rests_until: self.beat + (links / LINKS_PER_BEAT) as u64,
            });
        }
        Ok(links)
    }

    /// Counts a walk over everybody for every socket that it did not find. Holders that rest were not asked in it,
    /// but before: what was there then counts.
    fn give_up_after_walks(&mut self) {
        let all_walked_since = self.holders.values().map(|holder| holder.walked).min().unwrap_or(self.beat);
        for known in self.known.values_mut() {
            if let Lookup::Wanted(walks) = &mut known.lookup
                && known.first <= all_walked_since
            {
                *walks += 1;
                if *walks >= WALKS {
                    known.lookup = Lookup::Nobody;
                    self.wanted -= 1;
                }
            }
        }
    }
}
