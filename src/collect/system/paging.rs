//! Traffic with disks and swap, from /proc/vmstat. A kernel that does not count it is not blind: no sensor is raised.

use crate::collect::Root;
use crate::collect::fields::{lines, number};
use crate::collect::kept::Kept;
use crate::model::Paging;
use std::time::Duration;

/// What the kernel counts since boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counters {
    disk_bytes: u64,
    swap_in_bytes: u64,
}

/// The counters, with their last values.
#[derive(Debug)]
pub(super) struct Traffic {
    file: Kept,
    before: Option<Counters>,
}

impl Traffic {
    pub(super) fn new(root: &Root) -> Self {
        Self { file: Kept::new(root, "/proc/vmstat"), before: None }
    }

    /// Rates over `elapsed`.
    pub(super) fn read(&mut self, buffer: &mut Vec<u8>, elapsed: Option<Duration>) -> Option<Paging> {
        let now = self.file.read(buffer).ok().and_then(|()| parse(buffer));
        let before = std::mem::replace(&mut self.before, now);
        let seconds = elapsed.map(|elapsed| elapsed.as_secs_f64()).filter(|seconds| *seconds > 0.0);
        let rate =
            |count: fn(Counters) -> u64| Some(count(now?).checked_sub(count(before?))? as f64 / seconds?);
        now.map(|_| Paging {
            disk_bytes_per_s: rate(|counters| counters.disk_bytes),
            swap_in_bytes_per_s: rate(|counters| counters.swap_in_bytes),
        })
    }
}

/// `pgpgin` and `pgpgout` are in KiB, `pswpin` in pages.
fn parse(text: &[u8]) -> Option<Counters> {
    let (mut read, mut written, mut swapped) = (None, None, None);
    for line in lines(text) {
        let place = match line {
            [b'p', b'g', b'p', b'g', b'i', b'n', b' ', ..] => &mut read,
            [b'p', b'g', b'p', b'g', b'o', b'u', b't', b' ', ..] => &mut written,
            [b'p', b's', b'w', b'p', b'i', b'n', b' ', ..] => &mut swapped,
            _ => continue,
        };
        *place = line.split(|byte| *byte == b' ').nth(1).and_then(number);
    }
    Some(Counters {
        disk_bytes: read?.saturating_add(written?).saturating_mul(1024),
        swap_in_bytes: swapped?.saturating_mul(rustix::param::page_size() as u64),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_read_and_damage_is_absent() {
        let text = b"nr_free_pages 5\npgpgin 100\npgpgout 28\npgpgoutrun 9\npswpin 2\npswpout 3\n";
        let counters = parse(text).unwrap();
        assert_eq!(counters.disk_bytes, 128 * 1024);
        assert_eq!(counters.swap_in_bytes, 2 * rustix::param::page_size() as u64);
        for damaged in ["", "pgpgin 1\npgpgout 2\n", "pgpgin x\npgpgout 2\npswpin 1\n"] {
            assert_eq!(parse(damaged.as_bytes()), None, "{damaged}");
        }
    }

    #[test]
    fn there_is_no_rate_at_first_and_none_when_a_counter_runs_backwards() {
        let base = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(base.path().join("proc")).unwrap();
        let write = |disk: u64| {
            let text = format!("pgpgin {disk}\npgpgout 0\npswpin 0\n");
            std::fs::write(base.path().join("proc/vmstat"), text).unwrap();
        };
        let mut traffic = Traffic::new(&Root::fixture(base.path()));
        let mut rate = |elapsed| traffic.read(&mut Vec::new(), elapsed).unwrap().disk_bytes_per_s;
        write(1000);
        assert_eq!(rate(None), None);
        write(3000);
        assert_eq!(rate(Some(Duration::from_secs(2))), Some(1000.0 * 1024.0));
        write(5);
        assert_eq!(rate(Some(Duration::from_secs(2))), None);
    }
}
