//! How often a dear look is taken: the longer the last one took, the later the next one.

use std::time::{Duration, Instant};

/// A look may take one part in this many of the time: a quarter of a thousandth of a core.
const SHARE: u32 = 4_000;

/// The shortest rest: with a beat a second, every look would be the dearest part of it.
const REST_MIN: Duration = Duration::from_secs(5);

/// Says when a look is due.
#[derive(Debug, Default)]
pub(super) struct Pace {
    rests_until: Option<Instant>,
}

impl Pace {
    /// Takes the look if it is due.
    pub(super) fn take<T>(&mut self, look: impl FnOnce() -> T) -> Option<T> {
        let start = Instant::now();
        if self.rests_until.is_some_and(|until| start < until) {
            return None;
        }
        let seen = look();
        let end = Instant::now();
        let rest = (end - start).saturating_mul(SHARE).clamp(REST_MIN, Duration::from_mins(10));
        self.rests_until = Some(end + rest);
        Some(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dear_look_is_followed_by_a_rest() {
        let mut pace = Pace::default();
        assert_eq!(pace.take(|| std::thread::sleep(Duration::from_millis(2))), Some(()));
        assert_eq!(pace.take(|| ()), None);
    }
}
