//! Sees the terminal vanish, with or without SIGHUP, and the reader of a pipe leave.
//!
//! crossterm's reader spins at full speed when its terminal is gone and never tells anybody, so a thread outside it
//! polls the terminal for nothing but its end. A pipe whose reader has left tells only who writes, and a quiet
//! machine has nothing to write. The poll has no timeout: it costs nothing until then.

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

/// Watches until nobody can see what is written.
pub(crate) struct Watcher {
    gone: Arc<Notify>,
    ended: Arc<AtomicBool>,
}

impl Watcher {
    /// Starts to watch stdout, whatever it is, and stdin where it is a terminal.
    ///
    /// # Errors
    /// No thread could be started.
    pub(crate) fn start() -> io::Result<Self> {
        let watcher = Self { gone: Arc::default(), ended: Arc::default() };
        let mut streams = vec![io::stdout().as_fd().try_clone_to_owned()?];
        if rustix::termios::isatty(io::stdin()) {
            streams.push(io::stdin().as_fd().try_clone_to_owned()?);
        }
        let (gone, ended) = (Arc::clone(&watcher.gone), Arc::clone(&watcher.ended));
        std::thread::Builder::new().name("hang-up watcher".into()).spawn(move || {
            if wait(&streams) {
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

    /// Waits until the terminal or the reader is gone.
    pub(crate) async fn gone(&self) {
        self.gone.notified().await;
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
    }
}

/// Polls for the end of any of the streams; false when polling itself fails.
fn wait(streams: &[OwnedFd]) -> bool {
    let mut fds: Vec<PollFd<'_>> = streams.iter().map(|fd| PollFd::new(fd, PollFlags::empty())).collect();
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
