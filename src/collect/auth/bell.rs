//! Wakes a reader that waits for its source: at the end nobody waits for the one who waits.

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use std::time::Duration;

/// A bell that goes on ringing once it was rung.
#[derive(Debug)]
pub(super) struct Bell(OwnedFd);

impl Bell {
    pub(super) fn new() -> rustix::io::Result<Self> {
        eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map(Self)
    }

    /// Wakes whoever waits, now and from now on.
    pub(super) fn ring(&self) {
        // It refuses only what would make it ring louder than 2^64.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }

    /// Waits until `source` can be read, but not beyond the bell nor `patience`; answers whether it can.
    pub(super) fn wait_for(&self, source: BorrowedFd<'_>, patience: Duration) -> rustix::io::Result<bool> {
        let mut ends = [PollFd::new(&self.0, PollFlags::IN), PollFd::from_borrowed_fd(source, PollFlags::IN)];
        wait(&mut ends, patience)?;
        Ok(!ends[1].revents().is_empty())
    }

    /// Waits for the bell alone.
    pub(super) fn rest(&self, patience: Duration) {
        // Woken early by a fault, the next look comes early.
        let _ = wait(&mut [PollFd::from_borrowed_fd(self.0.as_fd(), PollFlags::IN)], patience);
    }
}

fn wait(ends: &mut [PollFd<'_>], patience: Duration) -> rustix::io::Result<()> {
    let patience =
        Timespec { tv_sec: patience.as_secs() as i64, tv_nsec: i64::from(patience.subsec_nanos()) };
    match poll(ends, Some(&patience)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(errno) => Err(errno),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::time::Instant;

    const LONG: Duration = Duration::from_mins(1);

    #[test]
    fn who_waits_is_woken_by_the_source_and_by_the_bell() {
        let bell = Bell::new().unwrap();
        let (source, mut end) = std::io::pipe().unwrap();
        assert_eq!(bell.wait_for(source.as_fd(), Duration::ZERO), Ok(false));
        end.write_all(b"x").unwrap();
        assert_eq!(bell.wait_for(source.as_fd(), LONG), Ok(true));
        let (silent, _end) = std::io::pipe().unwrap();
        let start = Instant::now();
        std::thread::scope(|scope| {
            scope.spawn(|| bell.ring());
            assert_eq!(bell.wait_for(silent.as_fd(), LONG), Ok(false));
        });
        bell.rest(LONG);
        assert!(start.elapsed() < LONG);
    }

    #[test]
    fn a_source_that_has_ended_can_be_read() {
        let bell = Bell::new().unwrap();
        let (source, end) = std::io::pipe().unwrap();
        drop(end);
        assert_eq!(bell.wait_for(source.as_fd(), LONG), Ok(true));
    }
}
