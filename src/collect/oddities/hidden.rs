//! Processes that live and cannot be seen: what answers to its number must stand in the list of `/proc`.
//!
//! A rootkit in the kernel filters the list, seldom the rest. A mount over a folder of `/proc` needs no rootkit.
//! Threads answer too and are not listed: they are told apart. A look covers the newest numbers and a share of
//! all others, so that four million possible ones cost no more than thirty thousand.

use crate::collect::Root;
use crate::collect::fault::Fault;
use crate::collect::fields::{lines, number, words};
use crate::collect::kept::read_path;
use crate::collect::processes::{Listing, program, stat};
use crate::model::{Evidence, HiddenProcess, Hiding, Safe};
use chrono::{DateTime, Utc};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open, test_kill_process};
use std::ops::RangeInclusive;

/// Numbers that one look asks, of the newest and of the others each.
const NEWEST: u32 = 32_768;
const OTHERS: u32 = 65_536;

/// At most this many are told; a machine with more is lost anyhow.
const MANY: usize = 64;

/// Why it cannot be looked for.
#[derive(Debug)]
pub(super) enum Blind {
    /// `/proc` shows a part only, by a mount option.
    Limited,
    /// It cannot be read.
    Fault(Fault),
}

/// Looks for hidden processes, from look to look.
#[derive(Debug)]
pub(super) struct Search {
    root: Root,
    listing: Listing,
    /// Where the next look goes on among the others.
    next: u32,
}

impl Search {
    pub(super) fn new(root: &Root) -> Self {
        Self { root: root.clone(), listing: Listing::new(root), next: 1 }
    }

    /// Takes a look.
    pub(super) fn look(&mut self, now: DateTime<Utc>) -> Result<Vec<HiddenProcess>, Blind> {
        let listed = self.list()?;
        if listed.binary_search(&1).is_err() && lives(1) {
            return Err(Blind::Limited);
        }
        let [newest, others] = self.ranges();
        let mut suspects: Vec<u32> = newest
            .clone()
            .chain(others.filter(|pid| !newest.contains(pid)))
            .filter(|pid| listed.binary_search(pid).is_err() && lives(*pid) && is_process(*pid, &self.root))
            .collect();
        // Who was born after the list was made stands in the next one; twice, because numbers are used again.
        for _ in 0..2 {
            if suspects.is_empty() {
                break;
            }
            let listed = self.list()?;
            suspects.retain(|pid| {
                listed.binary_search(pid).is_err() && lives(*pid) && is_process(*pid, &self.root)
            });
        }
        suspects.sort_unstable();
        suspects.dedup();
        let unlisted = suspects.into_iter().map(|pid| self.describe(pid, Hiding::Unlisted, None, now));
        let mut hidden: Vec<_> = unlisted.take(MANY).collect();
        let covers = self.covers();
        let covered = covers.iter().filter(|(pid, _)| lives(*pid)).take(MANY);
        hidden.extend(covered.map(|(pid, mount)| self.describe(*pid, Hiding::Covered, Some(mount), now)));
        Ok(hidden)
    }

    fn list(&mut self) -> Result<Vec<u32>, Blind> {
        let mut pids = Vec::new();
        self.listing.read(&mut pids).map_err(Blind::Fault)?;
        Ok(pids)
    }

    /// The numbers of this look: those given last, and the next share of all.
    fn ranges(&mut self) -> [RangeInclusive<u32>; 2] {
        let one = |path: &str| {
            let mut line = Vec::new();
            read_path(&self.root.path(path), &mut line).ok()?;
            u32::try_from(number(words(line.trim_ascii()).last()?)?).ok()
        };
        // The kernel's own limits: 4,194,304 where a machine has 64 bits.
        let limit = one("/proc/sys/kernel/pid_max").unwrap_or(32_768).clamp(301, 4_194_304);
        let newest = one("/proc/loadavg").unwrap_or(limit).min(limit);
        let first = self.next;
        let last = first.saturating_add(OTHERS - 1).min(limit);
        self.next = if last >= limit { 1 } else { last + 1 };
        [newest.saturating_sub(NEWEST - 1).max(1)..=newest, first..=last]
    }

    /// Mounts that lie over folders of processes (proc_pid_mountinfo(5)).
    fn covers(&self) -> Vec<(u32, Safe)> {
        let mut text = Vec::new();
        if read_path(&self.root.path("/proc/self/mountinfo"), &mut text).is_err() {
            return Vec::new();
        }
        let mut covers: Vec<_> =
            lines(&text).filter_map(|line| Some((covered(line)?, Safe::from_bytes(line)))).collect();
        covers.sort_by_key(|(pid, _)| *pid);
        covers.dedup_by_key(|(pid, _)| *pid);
        covers
    }

    fn describe(&self, pid: u32, how: Hiding, mount: Option<&Safe>, now: DateTime<Utc>) -> HiddenProcess {
        let evidence = |source: &str, text: String| Evidence {
            source: Safe::new(source),
            at: Some(now),
            text: Safe::new(&text),
        };
        let mut proof = vec![evidence("kill(2)", format!("process {pid} answers: it lives"))];
        proof.push(match mount {
            Some(mount) => evidence("/proc/self/mountinfo", mount.to_string()),
            None => evidence("/proc", format!("{pid} is missing from the list")),
        });
        let read = |file: &str| {
            let mut bytes = Vec::new();
            read_path(&self.root.path(&format!("/proc/{pid}/{file}")), &mut bytes).ok().map(|()| bytes)
        };
        let line = read("stat");
        HiddenProcess {
            pid,
            how,
            name: line.as_deref().and_then(stat::parse).map(|stat| Safe::from_bytes(stat.name)),
            cmdline: read("cmdline").map(|line| program::command_line(&line)),
            uid: read("status").as_deref().and_then(program::effective_uid),
            evidence: proof,
        }
    }
}

/// The process whose folder this mount covers, or a part of it.
fn covered(mount: &[u8]) -> Option<u32> {
    let place = words(mount).nth(4)?.strip_prefix(b"/proc/")?;
    let pid = place.split(|byte| *byte == b'/').next()?;
    u32::try_from(number(pid)?).ok()
}

/// Tells whether a process or thread has this number.
fn lives(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
    // Refused is an answer, too.
    test_kill_process(pid) != Err(Errno::SRCH)
}

/// Tells a process from a thread of one.
fn is_process(pid: u32, root: &Root) -> bool {
    let Some(id) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
    match pidfd_open(id, PidfdFlags::empty()) {
        Ok(_) => true,
        // Kernels say the one or the other for a thread.
        Err(Errno::INVAL | Errno::NOENT | Errno::SRCH) => false,
        // Older than Linux 5.3, or no descriptor left: ask the folder, which a rootkit may hide.
        Err(_) => {
            let mut status = Vec::new();
            read_path(&root.path(&format!("/proc/{pid}/status")), &mut status).is_ok_and(|()| {
                let group = lines(&status).find_map(|line| line.strip_prefix(b"Tgid:"));
                group.and_then(|group| number(group.trim_ascii())) == Some(u64::from(pid))
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_mount_over_a_process_covers_one() {
        let line =
            |place: &str| format!("36 25 0:32 / {place} rw,nosuid shared:5 - tmpfs none rw").into_bytes();
        assert_eq!(covered(&line("/proc/42")), Some(42));
        assert_eq!(covered(&line("/proc/42/exe")), Some(42));
        for other in ["/proc", "/proc/sys/fs/binfmt_misc", "/proc/42x", "/tmp/proc/42", "/proc/"] {
            assert_eq!(covered(&line(other)), None, "{other}");
        }
        assert_eq!(covered(b"36 25"), None);
    }

    #[test]
    fn a_thread_is_no_process_and_nobody_is_hidden_here() {
        assert!(is_process(std::process::id(), &Root::real()));
        let tid = std::thread::spawn(|| {
            let tid = rustix::thread::gettid().as_raw_nonzero().get() as u32;
            (lives(tid), is_process(tid, &Root::real()))
        });
        assert_eq!(tid.join().ok(), Some((true, false)));
    }

    #[test]
    fn the_looks_together_ask_every_number() {
        let base = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(base.path().join("proc/sys/kernel")).unwrap();
        std::fs::write(base.path().join("proc/sys/kernel/pid_max"), "200000\n").unwrap();
        std::fs::write(base.path().join("proc/loadavg"), "0.0 0.0 0.0 1/100 150000\n").unwrap();
        let mut search = Search::new(&Root::fixture(base.path()));
        let looks: Vec<_> = (0..5).map(|_| search.ranges()).collect();
        assert!(looks.iter().all(|look| look[0] == (117_233..=150_000)));
        let others: Vec<_> = looks.iter().map(|look| look[1].clone()).collect();
        assert_eq!(others[..4], [1..=65_536, 65_537..=131_072, 131_073..=196_608, 196_609..=200_000]);
        assert_eq!(others[4], 1..=65_536);
    }
}
