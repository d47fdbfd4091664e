//! Counts over the last 24 hours, by the minute, in little memory. It does not know what is counted.

use chrono::{DateTime, Utc};
use std::collections::VecDeque;

/// Minutes in the window.
const MINUTES: i64 = 24 * 60;
/// Entries of one window; beyond that the two oldest become one, so heavy sources lose precision, not counts.
const ENTRIES_CAP: usize = 48;

/// The minute of a moment, counted from 1970.
pub(super) const fn minute(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(60)
}

/// The first minute of the 24 hours that end now.
pub(super) const fn oldest(now: DateTime<Utc>) -> i64 {
    minute(now) - MINUTES
}

/// Something that is counted.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// Minutes as 32 bits, good for the year 6000: hundreds of sources have a window each.
    entries: VecDeque<(i32, u32)>,
    /// Their sum: it is asked in every beat, and changes seldom.
    sum: u64,
}

const fn short(minute: i64) -> i32 {
    if minute > i32::MAX as i64 {
        i32::MAX
    } else if minute < 0 {
        0
    } else {
        minute as i32
    }
}

impl Window {
    /// Counts `n` at a minute; minutes may come in any order.
    pub(super) fn add(&mut self, minute: i64, n: u32) {
        let minute = short(minute);
        let place = self.entries.partition_point(|(at, _)| *at < minute);
        match self.entries.get_mut(place) {
            Some((at, count)) if *at == minute => {
                self.sum += u64::from(n.min(u32::MAX - *count));
                *count = count.saturating_add(n);
            }
            _ => {
                self.sum += u64::from(n);
                self.entries.insert(place, (minute, n));
            }
        }
        if self.entries.len() > ENTRIES_CAP
            && let Some((_, oldest)) = self.entries.pop_front()
            && let Some((_, next)) = self.entries.front_mut()
        {
            self.sum -= u64::from(oldest - oldest.min(u32::MAX - *next));
            *next = next.saturating_add(oldest);
        }
    }

    /// Takes `n` back at a minute, or from the oldest minute after it where minutes were merged.
    pub(super) fn take(&mut self, minute: i64, n: u32) {
        let (mut left, minute) = (n, short(minute));
        let start = self.entries.partition_point(|(at, _)| *at < minute);
        for (_, count) in self.entries.iter_mut().skip(start) {
            let taken = left.min(*count);
            *count -= taken;
            self.sum -= u64::from(taken);
            left -= taken;
            if left == 0 {
                break;
            }
        }
        self.entries.retain(|(_, count)| *count > 0);
    }

    /// Forgets what happened before a minute.
    pub(super) fn forget_before(&mut self, minute: i64) {
        while let Some((at, count)) = self.entries.front()
            && i64::from(*at) < minute
        {
            self.sum -= u64::from(*count);
            self.entries.pop_front();
        }
    }

    /// The sum from a minute on.
    pub(super) fn since(&self, minute: i64) -> u64 {
        self.entries
            .iter()
            .rev()
            .take_while(|(at, _)| i64::from(*at) >= minute)
            .map(|(_, n)| u64::from(*n))
            .sum()
    }

    /// The sum of all that is kept.
    pub(super) const fn total(&self) -> u64 {
        self.sum
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Counts per clock hour, oldest first; the last of the 24 is the hour of `now`.
    pub(super) fn hours(&self, now: DateTime<Utc>) -> Vec<u32> {
        let mut hours = vec![0_u32; 24];
        for (at, n) in &self.entries {
            if let Some(hour) = hour_place(i64::from(*at), now) {
                hours[hour] = hours[hour].saturating_add(*n);
            }
        }
        hours
    }
}

/// Where a minute stands among the 24 clock hours that end with the hour of `now`.
pub(super) fn hour_place(at: i64, now: DateTime<Utc>) -> Option<usize> {
    let back = minute(now).div_euclid(60) - at.div_euclid(60);
    (0..24).contains(&back).then(|| 23 - back as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_kept_when_there_is_no_room_for_their_minutes() {
        let mut window = Window::default();
        for minute in (0..1000).rev() {
            window.add(minute, 1);
        }
        assert_eq!(window.total(), 1000);
        assert!(window.entries.len() <= ENTRIES_CAP);
    }

    #[test]
    fn the_past_is_forgotten_by_the_minute() {
        let mut window = Window::default();
        window.add(10, 2);
        window.add(5, 1);
        window.add(10, 1);
        assert_eq!((window.total(), window.since(6)), (4, 3));
        window.forget_before(6);
        assert_eq!(window.total(), 3);
    }
}
