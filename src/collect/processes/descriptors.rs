//! How many files of /proc may stay open: a kept one is read at half the price of opening it again.
//!
//! It raises this program's soft limit to its hard limit, never beyond, and leaves room for everybody else.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What a kept `stat` holds in the kernel: an inode, an entry of its name, and the buffer of one page it is
/// written through.
const KERNEL_BYTES_EACH: u64 = 6 << 10;

/// The share of main memory that kept files may hold in the kernel: one part in this many.
const MEMORY_SHARE: u64 = 200;

/// Counts kept files against their limit.
#[derive(Debug)]
pub(super) struct Budget {
    limit: usize,
    used: usize,
}

impl Budget {
    /// As many as `wanted`, the limits of this process and the memory of this machine allow.
    pub(super) fn of_this_process(wanted: usize) -> Self {
        let mut limits = getrlimit(Resource::Nofile);
        let goal = limits.maximum.unwrap_or(u64::MAX).min(wanted as u64 * 2);
        if limits.current.is_some_and(|current| current < goal) {
            // Refused by some sandboxes: then the lower limit is what there is.
            let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(goal), maximum: limits.maximum });
            limits = getrlimit(Resource::Nofile);
        }
        let open_files = limits.current.unwrap_or(u64::MAX);
        let memory = rustix::system::sysinfo();
        let memory_bytes = (memory.totalram as u64).saturating_mul(u64::from(memory.mem_unit));
        let affordable = memory_bytes / MEMORY_SHARE / KERNEL_BYTES_EACH;
        // A quarter of the limit, and never fewer than 64, stays for journals, sockets and the record.
        let spare = open_files.saturating_sub((open_files / 4).max(64));
        Self { limit: (wanted as u64).min(spare).min(affordable) as usize, used: 0 }
    }

    /// Keeps nothing open: for recorded machines, whose files may be replaced at any time.
    pub(super) const fn none() -> Self {
        Self { limit: 0, used: 0 }
    }

    /// Asks for one more file to keep.
    pub(super) fn take(&mut self) -> bool {
        let granted = self.used < self.limit;
        self.used += usize::from(granted);
        granted
    }

    /// Gives one back.
    pub(super) fn give(&mut self) {
        self.used = self.used.saturating_sub(1);
    }

    /// After the limit was hit all the same, and all were given back: keep half as many from now on.
    pub(super) fn halve(&mut self) {
        self.limit = self.used.min(self.limit) / 2;
        self.used = 0;
    }
}
