//! Every process from beat to beat: who it is, once; what it did, each time.
//!
//! A beat costs one `pread` of `stat` for a process that is known; the other facts are read when it is new and
//! again after an exec. Where it is told to whom something happened, it lists all processes only now and then, and
//! lets those rest that do nothing. Its identity is (pid, start time), because a pid alone is used again. It judges
//! nothing.

mod descriptors;
mod facts;
mod kin;
mod known;
mod listing;
pub(in crate::collect) mod program;
mod rest;
mod sensors;
pub(in crate::collect) mod stat;

pub(in crate::collect) use listing::Listing;
pub(in crate::collect) use program::socket_inode;
pub use rest::Hints;
pub use stat::Identity;

use super::accounts::Accounts;
use super::fault::Fault;
use super::kept::{READ, read_whole};
use super::{Root, Seen, host};
use crate::model::{Process, Safe};
use chrono::{DateTime, TimeDelta, Utc};
use descriptors::Budget;
use known::{FactsState, Known};
use program::AccountFrom;
use rustix::fd::AsFd;
use rustix::fs::{AtFlags, Mode};
use rustix::io::Errno;
use sensors::Missed;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A clock that is corrected by less does not move start times.
const CLOCK_SLACK: TimeDelta = TimeDelta::seconds(2);

/// So often all processes are listed, even where the kernel tells who is born.
const LIST_EVERY: Duration = Duration::from_secs(10);

/// So few of whom something is told are always asked one by one.
const FEW: usize = 16;

/// How many known processes a beat asks for a change of their account. Few change it after their first seconds,
/// in which they are read again anyhow.
const ACCOUNT_CHECKS_PER_BEAT: usize = 16;

/// How processes are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Files of /proc that are kept open at most; fewer where the limits or the memory of the machine say so.
    /// 0 keeps none: slower, and the kernel holds 6 KiB less for each. Default 16384.
    pub kept_files_max: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { kept_files_max: 16_384 }
    }
}

/// Reads all processes from beat to beat.
#[derive(Debug)]
pub struct Collector {
    listing: Listing,
    accounts: Accounts,
    account_from: AccountFrom,
    live: bool,
    own_pid: Option<u32>,
    /// Our own program's file: another home-soc, the recorder beside the screen, is family too.
    own_exe: Option<Safe>,
    booted_at: Option<DateTime<Utc>>,
    budget: Budget,
    hints: Hints,
    /// When all were listed last, if every one of them could be read since.
    listed_at: Option<Instant>,
    pids: Vec<u32>,
    known: Vec<Known>,
    spare: Vec<Known>,
    next_account_check: usize,
    buffer: Vec<u8>,
    path: String,
}

/// The file of this very program, where the root is this machine's.
fn own_exe(root: &Root) -> Option<Safe> {
    use std::os::unix::ffi::OsStrExt as _;
    let exe = root.is_live().then(|| std::fs::read_link(root.path("/proc/self/exe")).ok()).flatten()?;
    Some(Safe::from_bytes(exe.as_os_str().as_bytes()))
}

impl Collector {
    /// A collector for the machine below `root`; nothing is read yet.
    #[expect(clippy::needless_pass_by_value, reason = "every collector owns its root and its settings")]
    pub fn new(root: Root, settings: Settings) -> Self {
        let live = root.is_live();
        let own_pid =
            std::fs::read_link(root.path("/proc/self")).ok().and_then(|target| target.to_str()?.parse().ok());
        Self {
            listing: Listing::new(&root),
            accounts: Accounts::new(&root),
            account_from: if live { AccountFrom::Folder } else { AccountFrom::Status },
            live,
            own_pid,
            own_exe: own_exe(&root),
            booted_at: host::boot_time(&root),
            budget: if live {
                Budget::of_this_process(settings.kept_files_max as usize)
            } else {
                Budget::none()
            },
            hints: Hints::default(),
            listed_at: None,
            pids: Vec::new(),
            known: Vec::new(),
            spare: Vec::new(),
            next_account_check: 0,
            buffer: Vec::with_capacity(8192),
            path: String::with_capacity(32),
        }
    }

    /// Takes what is known before the next reading, which may then leave out what did not change.
    pub fn expect(&mut self, hints: Hints) {
        self.hints = hints;
        if let Some(stirred) = &mut self.hints.stirred {
            stirred.sort_unstable();
            stirred.dedup();
        }
    }

    /// Reads all processes, the busiest first; CPU is over `elapsed`, the time since the last call.
    pub fn read(&mut self, now: DateTime<Utc>, elapsed: Option<Duration>) -> Seen<Arc<Vec<Process>>> {
        if let Err(fault) = self.list() {
            self.known.clear();
            return Seen { value: None, sensors: vec![fault.blinds("proc", "Processes")] };
        }
        // The first process of all is everybody's ancestor and always there: who cannot see it cannot see others.
        let hidden = self.live && self.pids.first() != Some(&1);
        let mut missed = Missed { hidden, ..Missed::default() };
        self.keep_boot_time(now);
        self.look_at_all(elapsed, &mut missed);
        if !missed.is_nothing() {
            self.listed_at = None;
        }
        self.check_accounts();
        self.learn_facts(now, &mut missed);
        if let Some(own_pid) = self.own_pid {
            kin::mark_ancestors(own_pid, &mut self.known);
        }
        self.hints = Hints::default();
        let sensors = vec![sensors::list(self.known.len(), &missed), sensors::executables(&self.known)];
        Seen { value: Some(Arc::new(self.processes())), sensors }
    }

    /// Fills `pids`: the known ones with those who stirred since, or all that /proc lists.
    fn list(&mut self) -> Result<(), Fault> {
        // Of very many, most are gone already, and to ask for each is dearer than the list.
        if let Some(stirred) = &self.hints.stirred
            && stirred.len() <= (self.known.len() / 2).max(FEW)
            && self.listed_at.is_some_and(|at| at.elapsed() < LIST_EVERY)
        {
            self.pids.clear();
            self.pids.extend(self.known.iter().map(|known| known.pid));
            self.pids.extend(stirred);
            self.pids.sort_unstable();
            self.pids.dedup();
            return Ok(());
        }
        self.listed_at = None;
        self.listing.read(&mut self.pids)?;
        self.listed_at = Some(Instant::now());
        Ok(())
    }

    /// Follows a clock that was set (a machine without a battery starts in 1970): start times stand on it.
    fn keep_boot_time(&mut self, now: DateTime<Utc>) {
        if !self.live {
            return;
        }
        let up = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let Some(booted_at) = now.checked_sub_signed(TimeDelta::seconds(up.tv_sec)) else { return };
        let moved = self.booted_at.is_none_or(|before| (booted_at - before).abs() > CLOCK_SLACK);
        if moved {
            self.booted_at = Some(booted_at);
            for known in &mut self.known {
                Arc::make_mut(&mut known.program).started_at = start(self.booted_at, known.now.start_ticks);
            }
        }
    }

    /// Reads `stat` of every listed process; all of them first, so that the time between two readings of one
    /// process is the time between two beats.
    fn look_at_all(&mut self, elapsed: Option<Duration>, missed: &mut Missed) {
        let mut old = std::mem::take(&mut self.known);
        let mut new = std::mem::take(&mut self.spare);
        let mut pids = std::mem::take(&mut self.pids);
        let mut known = old.drain(..).peekable();
        for pid in pids.drain(..) {
            while let Some(gone) = known.next_if(|known| known.pid < pid) {
                self.forget(&gone);
            }
            let mut before = known.next_if(|known| known.pid == pid);
            // Where nobody tells who is born, its number may be another's meanwhile.
            if let (Some(known), Some(elapsed), Some(stirred)) = (&mut before, elapsed, &self.hints.stirred)
                && known.may_rest(elapsed)
                && stirred.binary_search(&pid).is_err()
            {
                known.rest(elapsed);
                new.extend(before);
                continue;
            }
            match self.look_at(pid, before, elapsed) {
                Ok(Some(seen)) => new.push(seen),
                Ok(None) => {}
                Err(errno) => missed.count(errno),
            }
        }
        for gone in known {
            self.forget(&gone);
        }
        if missed.starved > 0 {
            // The limit was hit although room was left for others: give back what was kept.
            self.budget.halve();
            for known in &mut new {
                known.file = None;
            }
        }
        self.pids = pids;
        self.spare = old;
        self.known = new;
        if let Some(elapsed) = elapsed
            && self.is_work_unexplained(elapsed)
        {
            self.wake_all();
        }
    }

    /// Reads one process; `Ok(None)` when it is gone.
    fn look_at(
        &mut self,
        pid: u32,
        mut before: Option<Known>,
        elapsed: Option<Duration>,
    ) -> rustix::io::Result<Option<Known>> {
        let mut kept = before.as_mut().and_then(|known| known.file.take());
        if let Some(file) = &kept
            && read_once(file, &mut self.buffer).is_err()
        {
            // The process behind the descriptor is dead; the pid may live again.
            kept = None;
            self.budget.give();
            before = None;
        }
        if kept.is_none() {
            self.path.clear();
            let _ = write!(self.path, "{pid}/stat");
            match rustix::fs::openat(self.listing.folder(), self.path.as_str(), READ, Mode::empty()) {
                Ok(file) => {
                    if let Err(errno) = read_once(&file, &mut self.buffer) {
                        return gone_or(errno);
                    }
                    kept = self.budget.take().then_some(file);
                }
                Err(errno) => return gone_or(errno),
            }
        }
        let Some(stat) = stat::parse(&self.buffer) else {
            if kept.is_some() {
                self.budget.give();
            }
            return Err(Errno::INVAL);
        };
        Ok(Some(match before.filter(|known| known.now.start_ticks == stat.now.start_ticks) {
            Some(mut known) => {
                known.seen_again(stat, kept, elapsed);
                known
            }
            None => Known::first_seen(pid, stat, kept),
        }))
    }

    fn forget(&mut self, gone: &Known) {
        if gone.file.is_some() {
            self.budget.give();
        }
    }

    /// Asks some known processes, in turn, whether their account changed without an exec.
    fn check_accounts(&mut self) {
        if self.accounts.refresh() {
            for known in &mut self.known {
                let user = known.program.uid.and_then(|uid| self.accounts.name(uid));
                if user != known.program.user {
                    Arc::make_mut(&mut known.program).user = user;
                }
            }
        }
        if self.account_from != AccountFrom::Folder || self.known.is_empty() {
            return;
        }
        for _ in 0..ACCOUNT_CHECKS_PER_BEAT.min(self.known.len()) {
            self.next_account_check = (self.next_account_check + 1) % self.known.len();
            let known = &mut self.known[self.next_account_check];
            self.path.clear();
            let _ = write!(self.path, "{}", known.pid);
            let folder = self.listing.folder();
            if let Ok(owner) = rustix::fs::statat(folder, self.path.as_str(), AtFlags::SYMLINK_NOFOLLOW)
                && known.program.uid != Some(owner.st_uid)
            {
                known.facts = FactsState::Due;
            }
        }
    }

    /// The readings, the busiest first, the idle ones by pid.
    fn processes(&self) -> Vec<Process> {
        let hertz = hertz();
        let page_bytes = rustix::param::page_size() as u64;
        let reading = |known: &Known| {
            let now = known.now;
            let ticks = known.ticks_before.and_then(|before| now.cpu_ticks.checked_sub(before));
            let seconds = known.over.as_secs_f64();
            let cpu_pct = ticks
                .filter(|_| seconds > 0.0)
                .map(|ticks| (ticks as f64 / hertz as f64 / seconds * 100.0) as f32);
            Process {
                program: Arc::clone(&known.program),
                ppid: now.ppid,
                state: char::from(now.state),
                cpu_pct,
                cpu_time_ms: now.cpu_ticks.saturating_mul(1000) / hertz,
                rss_bytes: now.rss_pages.saturating_mul(page_bytes),
                threads: now.threads,
                nice: now.nice,
            }
        };
        let is_busy = |known: &&Known| known.ticks_before.is_some_and(|before| known.now.cpu_ticks > before);
        let mut list = Vec::with_capacity(self.known.len());
        list.extend(self.known.iter().filter(is_busy).map(reading));
        list.sort_by(|a, b| b.cpu_pct.unwrap_or(0.0).total_cmp(&a.cpu_pct.unwrap_or(0.0)));
        list.extend(self.known.iter().filter(|known| !is_busy(known)).map(reading));
        list
    }
}

/// Clock ticks in a second.
fn hertz() -> u64 {
    rustix::param::clock_ticks_per_second().max(1)
}

/// The clock time of a start in ticks since boot.
fn start(booted_at: Option<DateTime<Utc>>, ticks: u64) -> Option<DateTime<Utc>> {
    let millis = ticks.checked_mul(1000)? / hertz();
    booted_at?.checked_add_signed(TimeDelta::try_milliseconds(i64::try_from(millis).ok()?)?)
}

/// One read of a file that the kernel gives in one piece.
fn read_once(file: impl AsFd, buffer: &mut Vec<u8>) -> rustix::io::Result<()> {
    buffer.clear();
    buffer.reserve(4096);
    match rustix::io::pread(&file, rustix::buffer::spare_capacity(buffer), 0) {
        Ok(_) => Ok(()),
        Err(Errno::INTR) => read_whole(file, buffer),
        Err(errno) => Err(errno),
    }
}

/// A process that ended between the listing and the reading is no fault.
fn gone_or<T>(errno: Errno) -> rustix::io::Result<Option<T>> {
    match errno {
        Errno::NOENT | Errno::SRCH => Ok(None),
        other => Err(other),
    }
}
