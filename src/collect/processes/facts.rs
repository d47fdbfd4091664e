//! The lasting facts of processes: who each is, read once, and again after an exec.

use super::known::{FactsState, Known};
use super::sensors::Missed;
use super::{Collector, kin, program, read_once, start, stat};
use crate::collect::kept::READ;
use crate::model::{Program, Safe};
use chrono::{DateTime, Utc};
use rustix::fs::Mode;
use std::fmt::Write as _;
use std::sync::Arc;

/// At most this many new processes are read in full in one beat: a fork bomb must not hold the heart.
const FACTS_PER_BEAT: usize = 8192;

/// A process younger than this may still become somebody else without an exec that shows (a daemon that drops
/// its rights, a shell before its command): it is read again when it is older.
const YOUNG_S: i64 = 5;

impl Collector {
    /// Reads the lasting facts of processes that are new, changed, or were young when they were read.
    pub(super) fn learn_facts(&mut self, now: DateTime<Utc>, missed: &mut Missed) {
        let mut known = std::mem::take(&mut self.known);
        let mut left = FACTS_PER_BEAT;
        for at in 0..known.len() {
            let process = &known[at];
            let age_s = process.program.started_at.map(|started| (now - started).num_seconds());
            let due = match process.facts {
                FactsState::Due => true,
                FactsState::Early => age_s.is_some_and(|age| age >= YOUNG_S),
                FactsState::Settled => false,
            };
            if !due {
                continue;
            }
            if left == 0 {
                missed.unread_facts += 1;
                continue;
            }
            left -= 1;
            let own =
                process.program.own || self.own_pid.is_some_and(|own| kin::descends_from(own, &known, at));
            self.learn(&mut known[at], own, now);
        }
        self.known = known;
    }

    /// Reads the lasting facts of one process; when it died meanwhile, what is known of it stays.
    fn learn(&mut self, known: &mut Known, own: bool, now: DateTime<Utc>) {
        let started_at = start(self.booted_at, known.now.start_ticks);
        let bare = known.now.kernel_thread || known.now.is_dead();
        self.path.clear();
        let _ = write!(self.path, "{}", known.pid);
        let facts =
            program::read(self.listing.folder(), &self.path, bare, self.account_from, &mut self.buffer);
        // Facts were read by pid: they are this process's only if it still lives now.
        let name = self.name_if_alive(known);
        let facts = facts.ok().filter(|_| name.is_some());
        let was_learned = known.program.pid == known.pid;
        if facts.is_none() && was_learned {
            return;
        }
        let facts = facts.unwrap_or_default();
        known.exe_denied = facts.exe_denied;
        let is_own_exe =
            facts.exe.as_ref().is_some_and(|exe| !exe.deleted && Some(&exe.path) == self.own_exe.as_ref());
        known.program = Arc::new(Program {
            pid: known.pid,
            start_ticks: known.now.start_ticks,
            started_at,
            uid: facts.uid,
            user: facts.uid.and_then(|uid| self.accounts.name(uid)),
            name: name.unwrap_or_else(|| Safe::from_bytes(known.name.as_bytes())),
            cmdline: facts.cmdline,
            exe: facts.exe,
            kernel_thread: known.now.kernel_thread,
            own: own || (is_own_exe && !known.now.kernel_thread),
            ours: known.program.ours,
            login_uid: facts.login_uid,
            cgroup: facts.cgroup,
            stdio_socket: facts.stdio_socket,
            package: None,
        });
        let young = started_at.is_some_and(|started| (now - started).num_seconds() < YOUNG_S);
        known.facts = if young { FactsState::Early } else { FactsState::Settled };
    }

    /// The full name, while the pid still belongs to the process that was seen.
    fn name_if_alive(&mut self, known: &Known) -> Option<Safe> {
        if let Some(file) = &known.file {
            read_once(file, &mut self.buffer).ok()?;
        } else {
            self.path.clear();
            let _ = write!(self.path, "{}/stat", known.pid);
            let file =
                rustix::fs::openat(self.listing.folder(), self.path.as_str(), READ, Mode::empty()).ok()?;
            read_once(&file, &mut self.buffer).ok()?;
        }
        let stat = stat::parse(&self.buffer)?;
        (stat.now.start_ticks == known.now.start_ticks).then(|| Safe::from_bytes(stat.name))
    }
}
