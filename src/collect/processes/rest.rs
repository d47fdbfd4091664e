//! Who need not be read in a beat: the kernel told nothing of them, and the machine's own count leaves no work to them.

use super::known::Known;
use super::{Collector, hertz, read_once, stat};
use std::time::Duration;

/// So much work, in percent of one core, that nobody who was read has done wakes all who rest.
const UNEXPLAINED_PCT: f64 = 3.0;

/// What is known before a reading.
#[derive(Debug, Default)]
pub struct Hints {
    /// Pids of all to whom something happened since the last reading: they were born, became another program, changed
    /// their name or account, or ended. `None` where that is not certain: then everything is read.
    pub stirred: Option<Vec<u32>>,
    /// What all processors worked since the last reading, in percent of one core.
    pub busy_pct: Option<f64>,
}

impl Collector {
    /// Whether the machine worked more than those who were read.
    pub(super) fn is_work_unexplained(&self, elapsed: Duration) -> bool {
        let ticks: u64 = self.known.iter().filter(|known| !known.rests()).map(Known::worked).sum();
        let explained_pct = ticks as f64 / hertz() as f64 / elapsed.as_secs_f64() * 100.0;
        self.hints.busy_pct.is_none_or(|busy| busy - explained_pct > UNEXPLAINED_PCT)
    }

    /// Reads those who rest after all.
    pub(super) fn wake_all(&mut self) {
        for known in self.known.iter_mut().filter(|known| known.rests()) {
            let Some(file) = known.file.take() else { continue };
            // Who ended meanwhile is told in the next beat.
            let read = read_once(&file, &mut self.buffer).is_ok();
            match stat::parse(&self.buffer)
                .filter(|stat| read && stat.now.start_ticks == known.now.start_ticks)
            {
                Some(stat) => known.seen_again(stat, Some(file), Some(Duration::ZERO)),
                None => known.file = Some(file),
            }
        }
    }
}
