//! How often a dear look is taken: the longer the last one took, the later the next one. The clock is the one that
//! measures the look, not that of the beat.

use std::time::{Duration, Instant};

/// No rest is longer: what is looked at may not be forgotten.
const REST_MAX: Duration = Duration::from_mins(10);

/// The share of the time that a dear look may take.
#[derive(Debug)]
pub(super) struct Share {
    /// One part in this many.
    of: u32,
    rest_min: Duration,
    rests_until: Option<Instant>,
}

impl Share {
    /// One part in `of` of the time, with rests of at least `rest_min`.
    pub(super) const fn one_in(of: u32, rest_min: Duration) -> Self {
        Self { of, rest_min, rests_until: None }
    }

    /// Whether the rest after the last look is over.
    pub(super) fn is_due(&self) -> bool {
        self.rests_until.is_none_or(|until| Instant::now() >= until)
    }

    /// Rests after a look that began at `start`.
    pub(super) fn rest(&mut self, start: Instant) {
        let end = Instant::now();
        let rest = (end - start).saturating_mul(self.of).clamp(self.rest_min, REST_MAX);
        self.rests_until = Some(end + rest);
    }

    /// Takes the look if it is due.
    pub(super) fn take<T>(&mut self, look: impl FnOnce() -> T) -> Option<T> {
        if !self.is_due() {
            return None;
        }
        let start = Instant::now();
        let seen = look();
        self.rest(start);
        Some(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dear_look_is_followed_by_a_rest() {
        let mut share = Share::one_in(4_000, Duration::ZERO);
        assert_eq!(share.take(|| std::thread::sleep(Duration::from_millis(2))), Some(()));
        assert_eq!(share.take(|| ()), None);
        assert!(!share.is_due());
    }
}
