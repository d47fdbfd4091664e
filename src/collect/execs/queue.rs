//! What the reader has seen and the beat has not fetched yet: bounded in bytes, and what did not fit is counted.

use crate::model::{Exe, ExecEvent, ExecReading, Safe};
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Instant;

/// The most that waits for a beat: about 15,000 short starts, or 1,000 with the longest command lines.
const CAP_BYTES: usize = 4 << 20;

/// A start as the reader sees it; its time becomes a date when the beat fetches it.
#[derive(Debug)]
pub(super) struct Sighting {
    pub(super) seen: Instant,
    pub(super) pid: u32,
    pub(super) start_ticks: Option<u64>,
    pub(super) ppid: Option<u32>,
    pub(super) parent: Option<Safe>,
    pub(super) uid: Option<u32>,
    pub(super) name: Option<Safe>,
    pub(super) argv: Option<Safe>,
    pub(super) exe: Option<Exe>,
    pub(super) foreign: Option<bool>,
    pub(super) own: bool,
}

impl Sighting {
    fn bytes(&self) -> usize {
        let exe = self.exe.as_ref().map(|exe| &exe.path);
        let text = [self.argv.as_ref(), exe, self.name.as_ref()];
        size_of::<Self>() + text.iter().flatten().map(|text| text.len()).sum::<usize>()
    }

    fn told(self, now: DateTime<Utc>, instant: Instant) -> ExecEvent {
        let age = TimeDelta::from_std(instant.saturating_duration_since(self.seen)).unwrap_or_default();
        ExecEvent {
            at: now - age,
            pid: self.pid,
            start_ticks: self.start_ticks,
            ppid: self.ppid,
            parent: self.parent,
            uid: self.uid,
            name: self.name,
            argv: self.argv,
            exe: self.exe,
            package: None,
            foreign: self.foreign,
            own: self.own,
        }
    }
}

/// Starts and counts since the last beat.
#[derive(Debug, Default)]
pub(super) struct Queue {
    sightings: Vec<Sighting>,
    bytes: usize,
    seen: u64,
    overruns: u64,
}

impl Queue {
    /// Keeps a start, or counts it where there is no room.
    pub(super) fn push(&mut self, sighting: Sighting) {
        self.seen += 1;
        let bytes = sighting.bytes();
        if self.bytes + bytes > CAP_BYTES {
            self.overruns += 1;
            return;
        }
        self.bytes += bytes;
        self.sightings.push(sighting);
    }

    /// Counts events that never reached the reader.
    pub(super) const fn add_lost(&mut self, events: u64) {
        self.overruns = self.overruns.saturating_add(events);
    }

    /// Tells what came since the last beat. `instant` is the moment that `now` names.
    pub(super) fn told(self, now: DateTime<Utc>, instant: Instant) -> ExecReading {
        let events: Vec<_> = self.sightings.into_iter().map(|sighting| sighting.told(now, instant)).collect();
        ExecReading {
            lost_argv: events.iter().filter(|event| event.argv.is_none()).count() as u64,
            events,
            seen: self.seen,
            overruns: self.overruns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn start(seen: Instant, argv: Option<&str>) -> Sighting {
        Sighting {
            seen,
            pid: 7,
            start_ticks: None,
            ppid: None,
            parent: None,
            uid: None,
            name: None,
            argv: argv.map(Safe::new),
            exe: None,
            foreign: None,
            own: false,
        }
    }

    #[test]
    fn what_does_not_fit_is_counted_and_the_memory_stays_bounded() {
        let mut queue = Queue::default();
        let instant = Instant::now();
        let line = "x".repeat(4096);
        for _ in 0..5_000 {
            queue.push(start(instant, Some(&line)));
        }
        queue.add_lost(3);
        assert!(queue.bytes <= CAP_BYTES);
        let reading = queue.told(DateTime::UNIX_EPOCH, instant);
        assert_eq!(reading.seen, 5_000);
        assert_eq!(reading.events.len() as u64 + reading.overruns, 5_003);
    }

    #[test]
    fn an_event_has_the_time_at_which_it_was_seen() {
        let mut queue = Queue::default();
        let seen = Instant::now();
        queue.push(start(seen, None));
        let now = DateTime::from_timestamp(1_000, 0).unwrap();
        let reading = queue.told(now, seen + Duration::from_secs(4));
        assert_eq!(reading.events[0].at.timestamp(), 996);
        assert_eq!(reading.lost_argv, 1);
    }
}
