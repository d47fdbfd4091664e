//! Memory and swap from proc_meminfo(5).

use crate::collect::fields::{lines, number, words};
use crate::model::{Memory, Swap};

/// What /proc/meminfo says.
#[derive(Debug, PartialEq)]
pub(super) struct Found {
    pub(super) memory: Memory,
    pub(super) swap: Option<Swap>,
}

/// Reads the figures; `None` when the total is missing or nothing says how much is available.
pub(super) fn parse(text: &[u8]) -> Option<Found> {
    let [mut total, mut available, mut free, mut buffers, mut cached, mut reclaimable, mut shared] =
        [None; 7];
    let [mut swap_total, mut swap_free] = [None; 2];
    for line in lines(text) {
        let mut words = words(line);
        let slot = match words.next() {
            Some(b"MemTotal:") => &mut total,
            Some(b"MemAvailable:") => &mut available,
            Some(b"MemFree:") => &mut free,
            Some(b"Buffers:") => &mut buffers,
            Some(b"Cached:") => &mut cached,
            Some(b"SReclaimable:") => &mut reclaimable,
            Some(b"Shmem:") => &mut shared,
            Some(b"SwapTotal:") => &mut swap_total,
            Some(b"SwapFree:") => &mut swap_free,
            _ => continue,
        };
        *slot = words.next().and_then(number).and_then(|kib| kib.checked_mul(1024));
    }
    let total_bytes = total.filter(|total| *total > 0)?;
    let available = available.or_else(|| {
        // Kernels before 3.14 and some container layers do not estimate it; this is what free(1) did then.
        let reusable = cached? + reclaimable.unwrap_or(0) + buffers?;
        Some(free? + reusable.saturating_sub(shared.unwrap_or(0)))
    })?;
    let available_bytes = available.min(total_bytes);
    let used_bytes = total_bytes - available_bytes;
    let memory = Memory {
        total_bytes,
        available_bytes,
        used_bytes,
        used_pct: used_bytes as f64 / total_bytes as f64 * 100.0,
    };
    let swap = swap_total.zip(swap_free).map(|(total_bytes, free)| {
        let used_bytes = total_bytes.saturating_sub(free);
        let used_pct = (total_bytes > 0).then(|| used_bytes as f64 / total_bytes as f64 * 100.0);
        Swap { total_bytes, used_bytes, used_pct }
    });
    Some(Found { memory, swap })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_is_total_without_available() {
        let found = parse(
            b"MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 540 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
        )
        .unwrap();
        assert_eq!((found.memory.used_bytes, found.memory.used_pct), (460 * 1024, 46.0));
        assert_eq!(found.swap.map(|swap| (swap.total_bytes, swap.used_pct)), Some((0, None)));
    }

    #[test]
    fn an_old_kernel_without_an_estimate_is_estimated_from_its_caches() {
        let text = b"MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 50 kB\nCached: 300 kB\nShmem: 50 kB\n";
        assert_eq!(parse(text).unwrap().memory.available_bytes, 400 * 1024);
    }

    #[test]
    fn damaged_figures_are_absent() {
        for bad in [
            &b""[..],
            b"MemTotal: x kB\nMemAvailable: 1 kB\n",
            b"MemTotal: 10 kB\n",
            b"MemTotal: 0 kB\nMemAvailable: 0 kB\n",
        ] {
            assert_eq!(parse(bad), None);
        }
        let no_swap = parse(b"MemTotal: 10 kB\nMemAvailable: 5 kB\nSwapTotal: ? kB\n").unwrap();
        assert_eq!(no_swap.swap, None);
    }
}
