//! What is kept of a process from beat to beat, beside what is told of it.

use super::stat::{Numbers, Stat};
use crate::model::Program;
use rustix::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

/// A process as it was seen last.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) pid: u32,
    pub(super) file: Option<OwnedFd>,
    pub(super) now: Numbers,
    /// Ticks at the beat before; `None` when it is new.
    pub(super) ticks_before: Option<u64>,
    /// The time between its last two readings.
    pub(super) over: Duration,
    /// The time since its last reading, for one that rests.
    unread: Duration,
    pub(super) name: Name,
    pub(super) program: Arc<Program>,
    pub(super) exe_denied: bool,
    pub(super) facts: FactsState,
}

/// How far the lasting facts of a process are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FactsState {
    /// Not read yet, or outdated.
    Due,
    /// Read while it was young.
    Early,
    /// Read.
    Settled,
}

/// The first bytes of the kernel's short name, to see an exec by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name([u8; 16]);

impl Name {
    pub(super) fn new(raw: &[u8]) -> Self {
        let mut bytes = [0; 16];
        for (slot, byte) in bytes.iter_mut().zip(raw) {
            *slot = *byte;
        }
        Self(bytes)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.split(|byte| *byte == 0).next().unwrap_or_default()
    }
}

impl Known {
    /// A process that was not there in the beat before.
    pub(super) fn first_seen(pid: u32, stat: Stat<'_>, file: Option<OwnedFd>) -> Self {
        Self {
            pid,
            file,
            now: stat.now,
            ticks_before: None,
            over: Duration::ZERO,
            unread: Duration::ZERO,
            name: Name::new(stat.name),
            program: Arc::default(),
            exe_denied: false,
            facts: FactsState::Due,
        }
    }

    /// Whether it need not be read in this beat: who sleeps and did nothing is asked every three to five seconds.
    pub(super) fn may_rest(&self, elapsed: Duration) -> bool {
        let now = self.now;
        let sleeps = matches!(now.state, b'S' | b'I') && self.ticks_before == Some(now.cpu_ticks);
        // Not all of them in the same beat.
        let rest = Duration::from_secs(3 + u64::from(self.pid % 3));
        sleeps && self.file.is_some() && self.unread + elapsed < rest
    }

    /// Lets it rest for a beat.
    pub(super) fn rest(&mut self, elapsed: Duration) {
        self.unread += elapsed;
    }

    /// It was not read in this beat.
    pub(super) fn rests(&self) -> bool {
        !self.unread.is_zero()
    }

    /// What it worked between its last two readings, in clock ticks; all of it when it is new.
    pub(super) fn worked(&self) -> u64 {
        self.now.cpu_ticks.saturating_sub(self.ticks_before.unwrap_or(0))
    }

    /// The same process one beat later, or after a rest.
    pub(super) fn seen_again(&mut self, stat: Stat<'_>, file: Option<OwnedFd>, elapsed: Option<Duration>) {
        let (name, now) = (Name::new(stat.name), stat.now);
        // A stack that vanishes is no exec: the process ended, or forbade us to look. And a kernel worker is
        // renamed with its work.
        let moved = now.stack != 0 && now.stack != self.now.stack;
        if !now.kernel_thread && !now.is_dead() && (moved || name != self.name) {
            self.name = name;
            self.facts = FactsState::Due;
        }
        self.ticks_before = Some(self.now.cpu_ticks);
        self.over = elapsed.unwrap_or_default() + std::mem::take(&mut self.unread);
        self.now = now;
        self.file = file;
    }

    /// True where an executable is to be expected: not for kernel threads and zombies.
    pub(super) fn has_executable(&self) -> bool {
        !self.now.kernel_thread && !self.now.is_dead()
    }
}

/// The place of a pid in the ascending list.
pub(super) fn find(known: &[Known], pid: u32) -> Option<usize> {
    known.binary_search_by_key(&pid, |known| known.pid).ok()
}
