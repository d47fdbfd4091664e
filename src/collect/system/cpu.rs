//! Processor use from two samples of proc_stat(5). It keeps the last sample, and reads no clock: the counters
//! themselves say how much time went by.

use crate::collect::Root;
use crate::collect::fault::Fault;
use crate::collect::fields::{lines, number, words};
use crate::collect::kept::Kept;
use crate::model::Cpu;

/// Ticks of one processor, or of all, since boot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Ticks {
    system: u64,
    idle: u64,
    iowait: u64,
    steal: u64,
    total: u64,
}

/// One sample of all processors.
#[derive(Debug, Default)]
struct Sample {
    all: Ticks,
    cores: Vec<(u32, Ticks)>,
}

/// The processors, with the last sample.
#[derive(Debug)]
pub(super) struct Processors {
    file: Kept,
    last: Option<Sample>,
    spare: Sample,
}

impl Processors {
    pub(super) fn new(root: &Root) -> Self {
        Self { file: Kept::new(root, "/proc/stat"), last: None, spare: Sample::default() }
    }

    /// Use since the last call; the first call knows only the number of cores.
    pub(super) fn read(&mut self, buffer: &mut Vec<u8>) -> Result<Cpu, Fault> {
        self.file.read(buffer)?;
        let mut new = std::mem::take(&mut self.spare);
        if parse(buffer, &mut new).is_none() {
            self.last = None;
            return Err(Fault::damaged(self.file.path(), "the processor lines are not counters"));
        }
        let cpu = use_between(self.last.as_ref(), &new);
        self.spare = self.last.replace(new).unwrap_or_default();
        Ok(cpu)
    }
}

fn use_between(old: Option<&Sample>, new: &Sample) -> Cpu {
    let mut cpu = Cpu { cores: new.cores.len() as u32, ..Cpu::default() };
    let Some(old) = old else { return cpu };
    let passed = passed(old.all, new.all);
    cpu.used_pct = busy_pct(passed);
    cpu.system_pct = share_pct(passed.system, passed.total);
    cpu.iowait_pct = share_pct(passed.iowait, passed.total);
    cpu.steal_pct = share_pct(passed.steal, passed.total);
    // A core that came or went in between has no interval: then no core's figure is shown for one beat.
    let same = old.cores.iter().map(|core| core.0).eq(new.cores.iter().map(|core| core.0));
    if same {
        let each = old.cores.iter().zip(&new.cores);
        let shares =
            each.map(|((_, old), (_, new))| busy_pct(self::passed(*old, *new)).map(|pct| pct as f32));
        // A core whose counters stood still (it slept without ticks) was not busy.
        cpu.per_core_pct = shares.map(Option::unwrap_or_default).collect();
    }
    cpu
}

/// The ticks between two samples; `iowait` and `idle` may run backwards a little on real kernels.
fn passed(old: Ticks, new: Ticks) -> Ticks {
    Ticks {
        system: new.system.saturating_sub(old.system),
        idle: new.idle.saturating_sub(old.idle),
        iowait: new.iowait.saturating_sub(old.iowait),
        steal: new.steal.saturating_sub(old.steal),
        total: new.total.saturating_sub(old.total),
    }
}

/// What was neither idle nor waiting for a disk.
fn busy_pct(passed: Ticks) -> Option<f64> {
    share_pct(passed.total.saturating_sub(passed.idle + passed.iowait), passed.total)
}

fn share_pct(part: u64, total: u64) -> Option<f64> {
    (total > 0).then(|| (part as f64 / total as f64 * 100.0).min(100.0))
}

/// Fills `sample` from the text of /proc/stat; `None` when the summary line is missing or damaged.
fn parse(text: &[u8], sample: &mut Sample) -> Option<()> {
    sample.cores.clear();
    let mut summary = None;
    for line in lines(text) {
        // The processor lines come first; the long line of interrupts after them is not looked at.
        let Some(rest) = line.strip_prefix(b"cpu") else { break };
        let mut words = words(rest);
        if rest.starts_with(b" ") {
            summary = Some(ticks(words)?);
        } else {
            let core = u32::try_from(number(words.next()?)?).ok()?;
            sample.cores.push((core, ticks(words)?));
        }
    }
    sample.all = summary?;
    Some(())
}

/// user nice system idle iowait irq softirq steal; guest time is inside user and nice already.
fn ticks<'a>(words: impl Iterator<Item = &'a [u8]>) -> Option<Ticks> {
    let mut counted = [0_u64; 8];
    let mut found = 0;
    for (slot, word) in counted.iter_mut().zip(words) {
        *slot = number(word)?;
        found += 1;
    }
    let [_user, _nice, system, idle, iowait, irq, softirq, steal] = counted;
    // Kernels before 2.6 had four columns; fewer is damage.
    (found >= 4).then_some(())?;
    let total = counted.iter().try_fold(0_u64, |sum, ticks| sum.checked_add(*ticks))?;
    Some(Ticks { system: system + irq + softirq, idle, iowait, steal, total })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(text: &str) -> Option<Sample> {
        let mut sample = Sample::default();
        parse(text.as_bytes(), &mut sample).map(|()| sample)
    }

    #[test]
    fn one_busy_core_of_two_is_half_of_the_machine() {
        let old =
            sample("cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\ncpu1 0 0 0 0 0 0 0 0 0 0\n").unwrap();
        let new = sample(
            "cpu  80 0 20 90 10 0 0 0 0 0\ncpu0 80 0 20 0 0 0 0 0 0 0\ncpu1 0 0 0 90 10 0 0 0 0 0\nintr 1",
        )
        .unwrap();
        let cpu = use_between(Some(&old), &new);
        assert_eq!(
            (cpu.cores, cpu.used_pct, cpu.system_pct, cpu.iowait_pct),
            (2, Some(50.0), Some(10.0), Some(5.0))
        );
        assert_eq!(cpu.per_core_pct, [100.0, 0.0]);
    }

    #[test]
    fn the_first_sample_knows_the_cores_and_no_use() {
        let only = sample("cpu  1 2 3 4\ncpu0 1 2 3 4\n").unwrap();
        let cpu = use_between(None, &only);
        assert_eq!((cpu.cores, cpu.used_pct), (1, None));
        assert!(cpu.per_core_pct.is_empty());
    }

    #[test]
    fn a_core_that_went_offline_hides_the_cores_for_one_beat_and_not_the_machine() {
        let old = sample("cpu  0 0 0 0\ncpu0 0 0 0 0\ncpu1 0 0 0 0\n").unwrap();
        let new = sample("cpu  50 0 0 50\ncpu0 50 0 0 50\n").unwrap();
        let cpu = use_between(Some(&old), &new);
        assert_eq!((cpu.cores, cpu.used_pct), (1, Some(50.0)));
        assert!(cpu.per_core_pct.is_empty());
    }

    #[test]
    fn damaged_counters_are_no_sample() {
        for bad in ["", "cpu  1 2\n", "cpu  a b c d\n", "cpu0 1 2 3 4\n", "intr 5\n"] {
            assert!(sample(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn counters_that_stand_still_or_run_backwards_give_no_negative_share() {
        let old = sample("cpu  100 0 0 100 50\n").unwrap();
        let new = sample("cpu  100 0 0 150 40\n").unwrap();
        assert_eq!(use_between(Some(&old), &new).used_pct, Some(0.0));
        assert_eq!(use_between(Some(&new), &new).used_pct, None);
    }
}
