//! One line of /proc/PID/stat, cut and read (proc_pid_stat(5)). It allocates nothing.

use crate::collect::fields::{number, signed, words};

/// The flag of kernel threads in the ninth field (linux/sched.h).
const PF_KTHREAD: u64 = 0x0020_0000;

/// The fields that are used, borrowed from the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::collect) struct Stat<'a> {
    /// The short name, any bytes, a newline and brackets among them.
    pub(in crate::collect) name: &'a [u8],
    pub(in crate::collect) now: Numbers,
}

/// What may change from beat to beat, and the start time, which may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::collect) struct Numbers {
    pub(in crate::collect) state: u8,
    pub(in crate::collect) ppid: u32,
    pub(in crate::collect) kernel_thread: bool,
    /// Time in user and kernel mode, in clock ticks.
    pub(in crate::collect) cpu_ticks: u64,
    pub(in crate::collect) nice: i8,
    pub(in crate::collect) threads: u32,
    /// Start time in clock ticks since boot.
    pub(in crate::collect) start_ticks: u64,
    pub(in crate::collect) rss_pages: u64,
    /// Bottom of the stack: another one after an exec. 0 where we are not permitted to see it.
    pub(in crate::collect) stack: u64,
}

impl Numbers {
    /// True for a process that has ended and waits for its parent.
    pub(super) const fn is_dead(&self) -> bool {
        matches!(self.state, b'Z' | b'X' | b'x')
    }
}

/// Who has a pid at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Start time in clock ticks since boot.
    pub start_ticks: u64,
    /// The parent's pid.
    pub ppid: u32,
    /// It has ended and waits for its parent.
    pub is_dead: bool,
}

impl Identity {
    /// Reads who has this pid on the machine that we run on; `None` when nobody has it, or it is hidden.
    pub fn of(pid: u32) -> Option<Self> {
        let line = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
        let now = parse(&line)?.now;
        Some(Self { start_ticks: now.start_ticks, ppid: now.ppid, is_dead: now.is_dead() })
    }
}

/// Reads the line; `None` when it is not one.
pub(in crate::collect) fn parse(line: &[u8]) -> Option<Stat<'_>> {
    // The name is the process's own choice and may hold `) R 1`: only the last bracket is the kernel's.
    let open = memchr::memchr(b'(', line)?;
    let close = memchr::memrchr(b')', line)?;
    let name = line.get(open + 1..close)?;
    let mut words = words(line.get(close + 1..)?);
    let state = *words.next()?.first()?;
    let ppid = u32::try_from(number(words.next()?)?).ok()?;
    let flags = number(words.nth(4)?)?;
    let user = number(words.nth(4)?)?;
    let system = number(words.next()?)?;
    let nice = signed(words.nth(3)?)?;
    let threads = number(words.next()?)?;
    let start_ticks = number(words.nth(1)?)?;
    let rss_pages = signed(words.nth(1)?)?;
    // Older recordings may end here.
    let stack = words.nth(3).and_then(number).unwrap_or(0);
    Some(Stat {
        name,
        now: Numbers {
            state: if state.is_ascii_alphabetic() { state } else { return None },
            ppid,
            kernel_thread: flags & PF_KTHREAD != 0,
            cpu_ticks: user.checked_add(system)?,
            nice: i8::try_from(nice).ok()?,
            threads: u32::try_from(threads).ok()?,
            start_ticks,
            rss_pages: u64::try_from(rss_pages).unwrap_or(0),
            stack,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(name: &str) -> String {
        format!(
            "4242 ({name}) S 7 4242 4242 0 -1 4194560 100 0 0 0 250 50 0 0 20 -5 3 0 987654 10000000 321 \
             18446744073709551615 1 2 140722 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
        )
    }

    #[test]
    fn every_field_is_taken_from_its_place() {
        let text = line("nginx");
        let stat = parse(text.as_bytes()).unwrap();
        let expected = Numbers {
            state: b'S',
            ppid: 7,
            kernel_thread: false,
            cpu_ticks: 300,
            nice: -5,
            threads: 3,
            start_ticks: 987_654,
            rss_pages: 321,
            stack: 140_722,
        };
        assert_eq!((stat.name, stat.now), (&b"nginx"[..], expected));
    }

    #[test]
    fn a_name_cannot_pretend_to_be_other_fields() {
        for name in ["x\n) R 1", ") R 1 1 1 (", "((()))", "", " ", ")"] {
            let text = line(name);
            let stat = parse(text.as_bytes()).unwrap();
            assert_eq!((stat.name, stat.now.ppid, stat.now.state), (name.as_bytes(), 7, b'S'), "{name:?}");
        }
    }

    #[test]
    fn a_line_that_is_cut_short_or_garbled_is_no_process() {
        let whole = line("a");
        for length in 0..whole.find("987654").unwrap() {
            assert_eq!(parse(&whole.as_bytes()[..length]), None, "{length}");
        }
        for bad in ["4242 (a) S seven", "4242 a S 7", ")(", "\u{0}"] {
            assert_eq!(parse(bad.as_bytes()), None);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
        }
    }
}
