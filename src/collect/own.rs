//! What this program costs: its own processor time with that of its finished children, its memory, and its reads
//! and writes. The kernel counts no other system calls of a process.

use super::Root;
use super::fields::{lines, number, words};
use super::kept::Kept;
use crate::model::OwnCost;
use std::time::Duration;

/// Measures this program from beat to beat.
#[derive(Debug)]
pub struct Meter {
    stat: Kept,
    statm: Kept,
    io: Kept,
    buffer: Vec<u8>,
    used: Option<Duration>,
    io_calls: Option<u64>,
}

impl Meter {
    /// Starts with nothing to compare with: the first reading has no percentage.
    pub fn new() -> Self {
        let root = Root::real();
        Self {
            stat: Kept::new(&root, "/proc/self/stat"),
            statm: Kept::new(&root, "/proc/self/statm"),
            io: Kept::new(&root, "/proc/self/io"),
            buffer: Vec::new(),
            used: None,
            io_calls: None,
        }
    }

    /// Reads the cost since the last call, which was `elapsed` ago; `beat_ms` is left to the caller.
    pub fn read(&mut self, elapsed: Option<Duration>) -> OwnCost {
        let used = self.used();
        let before = self.used.replace(used);
        let cpu_pct =
            elapsed.filter(|elapsed| !elapsed.is_zero()).zip(before).and_then(|(elapsed, before)| {
                Some(used.checked_sub(before)?.as_secs_f64() / elapsed.as_secs_f64() * 100.0)
            });
        let io_calls = self.io_calls();
        let calls_before = std::mem::replace(&mut self.io_calls, io_calls);
        OwnCost {
            cpu_pct,
            rss_bytes: self.resident(),
            io_calls: io_calls.zip(calls_before).and_then(|(now, before)| now.checked_sub(before)),
            beat_ms: None,
        }
    }

    /// Processor time so far: our threads to the nanosecond, children that ended to the tick.
    fn used(&mut self) -> Duration {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        let ours = Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32);
        let children = self.stat.read(&mut self.buffer).ok().and_then(|()| children_ticks(&self.buffer));
        let hertz = rustix::param::clock_ticks_per_second().max(1) as f64;
        ours + Duration::from_secs_f64(children.unwrap_or(0) as f64 / hertz)
    }

    fn resident(&mut self) -> Option<u64> {
        self.statm.read(&mut self.buffer).ok()?;
        let pages = words(&self.buffer).nth(1).and_then(number)?;
        Some(pages * rustix::param::page_size() as u64)
    }

    /// Reads and writes so far, `syscr` and `syscw` of proc_pid_io(5).
    fn io_calls(&mut self) -> Option<u64> {
        self.io.read(&mut self.buffer).ok()?;
        let value = |name: &[u8]| {
            let line = lines(&self.buffer).find_map(|line| line.strip_prefix(name))?;
            number(words(line).next()?)
        };
        Some(value(b"syscr:")? + value(b"syscw:")?)
    }
}

impl Default for Meter {
    fn default() -> Self {
        Self::new()
    }
}

/// `cutime` + `cstime` of proc_pid_stat(5): children that were waited for.
fn children_ticks(stat: &[u8]) -> Option<u64> {
    let after_name = &stat[memchr::memrchr(b')', stat)? + 1..];
    let mut words = words(after_name).skip(13);
    Some(number(words.next()?)? + number(words.next()?)?)
}
