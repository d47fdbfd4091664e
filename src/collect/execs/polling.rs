//! The fallback where the kernel tells no events: the list of processes, compared with itself a moment ago.
//!
//! It sees what lives at least that moment; a program that another one became by exec alone is not seen.

use rustix::fs::{CWD, Dir, Mode, OFlags};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Compares lists of processes.
#[derive(Debug)]
pub(super) struct Poll {
    proc: PathBuf,
    /// The end of `/proc/loadavg`: the number given to the newest process.
    newest: Vec<u8>,
    before: HashSet<u32>,
}

impl Poll {
    /// Takes those that live already as known.
    pub(super) fn new(proc: &Path) -> Self {
        let mut poll = Self { proc: proc.to_owned(), newest: Vec::new(), before: HashSet::new() };
        poll.compare();
        poll
    }

    /// The processes that came since the last call, and those that went.
    pub(super) fn compare(&mut self) -> (Vec<u32>, Vec<u32>) {
        // Listing costs a hundred times as much as this line, and most of the time nothing was born.
        let newest = std::fs::read(self.proc.join("loadavg")).ok().and_then(|line| {
            let at = memchr::memrchr(b' ', &line)?;
            Some(line[at..].to_vec())
        });
        if newest.as_ref().is_some_and(|newest| *newest == self.newest) {
            return Default::default();
        }
        self.newest = newest.unwrap_or_default();
        let now = list(&self.proc);
        let mut born: Vec<_> = now.difference(&self.before).copied().collect();
        born.sort_unstable();
        let gone = self.before.difference(&now).copied().collect();
        self.before = now;
        (born, gone)
    }
}

fn list(proc: &Path) -> HashSet<u32> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(mut dir) = rustix::fs::openat(CWD, proc, flags, Mode::empty()).and_then(Dir::new) else {
        return HashSet::new();
    };
    std::iter::from_fn(|| dir.read()?.ok())
        .filter_map(|entry| entry.file_name().to_str().ok()?.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_new_once() {
        let folder = tempfile::tempdir().unwrap();
        let add = |pid: &str, newest: &str| {
            std::fs::create_dir(folder.path().join(pid)).unwrap();
            std::fs::write(folder.path().join("loadavg"), format!("0.1 0.1 0.1 1/100 {newest}\n")).unwrap();
        };
        add("1", "1");
        let mut poll = Poll::new(folder.path());
        add("20", "20");
        add("self", "20");
        assert_eq!(poll.compare(), (vec![20], vec![]));
        assert_eq!(poll.compare(), (vec![], vec![]));
        std::fs::remove_dir(folder.path().join("20")).unwrap();
        add("30", "30");
        assert_eq!(poll.compare(), (vec![30], vec![20]));
    }
}
