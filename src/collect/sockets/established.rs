//! The number of established TCP connections: the kernel's own counter, which costs nothing, corrected by a real
//! count now and then, which is dear.
//!
//! The counter (`CurrEstab` of /proc/net/snmp, IPv4 and IPv6 together) is established plus close-wait by
//! RFC 1213, and kernels from 6.10 keep to it; older ones count only what is established. The difference
//! changes slowly, so it is measured and then subtracted.

use crate::collect::Root;
use crate::collect::fields::{lines, number, words};
use crate::collect::kept::Kept;
use chrono::{DateTime, TimeDelta, Utc};

/// How old a correction may become.
const CORRECTED_EVERY: TimeDelta = TimeDelta::seconds(10);

/// Above this many a count would be felt (a microsecond each), and the difference no longer matters.
const COUNTED_UP_TO: u64 = 2000;

/// The counter and its last correction.
#[derive(Debug)]
pub(super) struct Established {
    counters: Kept,
    told: Option<u64>,
    correction: Option<Correction>,
}

/// What the counter said, and how many there were.
#[derive(Debug, Clone, Copy)]
struct Correction {
    told: Option<u64>,
    counted: u64,
    at: DateTime<Utc>,
}

impl Established {
    pub(super) fn new(root: &Root) -> Self {
        Self { counters: Kept::new(root, "/proc/net/snmp"), told: None, correction: None }
    }

    /// Reads the counter; false when it is time to count and [`Established::correct`] it.
    pub(super) fn is_exact(&mut self, buffer: &mut Vec<u8>, now: DateTime<Utc>) -> bool {
        self.told = self.counters.read(buffer).ok().and_then(|()| current(buffer));
        match (self.told, self.correction) {
            (Some(0), _) => true,
            (Some(told), _) if told > COUNTED_UP_TO => true,
            // A clock that was set back makes it due, too.
            (Some(_), Some(last)) => (last.at..last.at + CORRECTED_EVERY).contains(&now),
            (Some(_), None) | (None, _) => false,
        }
    }

    /// Takes a real count in.
    pub(super) fn correct(&mut self, counted: u64, now: DateTime<Utc>) {
        self.correction = Some(Correction { told: self.told, counted, at: now });
    }

    /// The corrected number; `None` when the kernel tells none and none was counted.
    pub(super) fn number(&self) -> Option<u64> {
        match (self.told, self.correction) {
            (Some(told), Some(Correction { told: Some(before), counted, .. })) => {
                Some(told.saturating_sub(before.saturating_sub(counted)))
            }
            (Some(told), _) => Some(told),
            (None, last) => last.map(|last| last.counted),
        }
    }
}

/// Finds `CurrEstab` by its heading.
fn current(text: &[u8]) -> Option<u64> {
    let mut tcp = lines(text).filter(|line| line.starts_with(b"Tcp:"));
    let at = words(tcp.next()?).position(|heading| heading == b"CurrEstab")?;
    number(words(tcp.next()?).nth(at)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_count_is_found_by_its_heading() {
        let text = b"Ip: Forwarding\nIp: 2\nTcp: RtoMin CurrEstab InSegs\nTcp: 200 47 9\nUdp: x\nUdp: 1\n";
        assert_eq!(current(text), Some(47));
        assert_eq!(current(b"Tcp: CurrEstab\n"), None);
        assert_eq!(current(b"Tcp: CurrEstab\nTcp: -1\n"), None);
    }

    #[test]
    fn half_closed_connections_are_subtracted_until_the_next_count() {
        let now = DateTime::UNIX_EPOCH;
        let mut established = Established::new(&Root::fixture("/nonexistent"));
        established.told = Some(9);
        established.correct(7, now);
        assert_eq!(established.number(), Some(7));
        established.told = Some(12);
        assert_eq!(established.number(), Some(10));
        established.told = None;
        assert_eq!(established.number(), Some(7));
    }
}
