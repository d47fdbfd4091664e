//! Sees the terminal vanish, with or without SIGHUP.
//!
//! crossterm's reader spins at full speed when its terminal is gone and never tells anybody, so a thread outside it
//! polls the terminal for nothing but its end. The poll has no timeout: it costs nothing until then.

use rustix::event::{PollFd, PollFlags, poll};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// How long the loop may take to end after the terminal is gone.
const PATIENCE: Duration = Duration::from_millis(800);

/// The exit code of a program that was ended by SIGHUP, as shells tell it.
const HUNG_UP: i32 = 129;

/// Watches the terminal until it vanishes.
pub(super) struct Watcher {
    gone: Arc<Notify>,
    ended: Arc<AtomicBool>,
}

impl Watcher {
    /// Starts to watch stdin and stdout, where they are terminals.
    ///
    /// # Errors
    /// No thread could be started.
    pub(super) fn start() -> io::Result<Self> {
        let watcher = Self { gone: Arc::default(), ended: Arc::default() };
        let mut terminals = Vec::new();
        for stream in [io::stdin().as_fd(), io::stdout().as_fd()] {
            if rustix::termios::isatty(stream) {
                terminals.push(stream.try_clone_to_owned()?);
            }
        }
        let (gone, ended) = (Arc::clone(&watcher.gone), Arc::clone(&watcher.ended));
        std::thread::Builder::new().name("hang-up watcher".into()).spawn(move || {
            if !terminals.is_empty() && wait(&terminals) {
                gone.notify_one();
                std::thread::sleep(PATIENCE);
                // The loop should have ended by now, and the program after it. If it is stuck, nobody is left who
                // could see it or stop it: a spinning orphan is worse than a lost beat, and the record is written
                // by whole lines, so nothing tears.
                if !ended.load(Ordering::SeqCst) {
                    std::process::exit(HUNG_UP);
                }
            }
        })?;
        Ok(watcher)
    }

    /// Waits until the terminal is gone.
    pub(super) async fn gone(&self) {
        self.gone.notified().await;
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
    }
}

/// Polls for the end of any of the terminals; false when polling itself fails.
fn wait(terminals: &[OwnedFd]) -> bool {
    let mut fds: Vec<PollFd<'_>> = terminals.iter().map(|fd| PollFd::new(fd, PollFlags::empty())).collect();
    loop {
        match poll(&mut fds, None) {
            Ok(_) => {
                let ends = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
                if fds.iter().any(|fd| fd.revents().intersects(ends)) {
                    return true;
                }
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}
