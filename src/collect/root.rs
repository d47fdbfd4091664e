//! Where the machine's files are: the real places, or a tree of the same shape in tests.

use std::path::{Path, PathBuf};

/// The folders that collectors read below.
#[derive(Debug, Clone)]
pub struct Root {
    base: PathBuf,
    live: bool,
}

impl Root {
    /// This machine.
    pub fn real() -> Self {
        Self { base: PathBuf::from("/"), live: true }
    }

    /// A recorded machine: `base/proc`, `base/etc`, `base/var`, ... Sockets of the kernel, processes of our own
    /// and other live sources are not asked.
    pub fn fixture(base: impl Into<PathBuf>) -> Self {
        Self { base: base.into(), live: false }
    }

    /// True when live kernel interfaces (netlink, journalctl, pids of our own) belong to this root.
    pub const fn is_live(&self) -> bool {
        self.live
    }

    /// The place of an absolute path of the machine: `root.path("/proc/stat")`.
    pub fn path(&self, absolute: &str) -> PathBuf {
        self.base.join(absolute.trim_start_matches('/'))
    }

    /// The root folder itself.
    pub fn base(&self) -> &Path {
        &self.base
    }
}
