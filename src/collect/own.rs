//! What this program costs: its own processor time with that of its finished children, and its memory.

use super::Root;
use super::fields::{number, words};
use super::kept::Kept;
use crate::model::OwnCost;
use std::time::Duration;

/// Measures this program from beat to beat.
#[derive(Debug)]
pub struct Meter {
    stat: Kept,
    statm: Kept,
    buffer: Vec<u8>,
    used: Option<Duration>,
}

impl Meter {
    /// Starts with nothing to compare with: the first reading has no percentage.
    pub fn new() -> Self {
        let root = Root::real();
        Self {
            stat: Kept::new(&root, "/proc/self/stat"),
            statm: Kept::new(&root, "/proc/self/statm"),
            buffer: Vec::new(),
            used: None,
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
        OwnCost { cpu_pct, rss_bytes: self.resident(), beat_ms: None }
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
