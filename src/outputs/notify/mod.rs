//! Tells people who are elsewhere: messages that come once, say why, and never go missing.
//!
//! The heartbeat leaves its news at the [`desk`] and goes on; a courier thread of its own writes letters, keeps them
//! on disk and carries them. A wall that does not answer holds up the courier, never the heart.

mod channel;
mod defuse;
mod desk;
mod fault;
mod letter;
mod news;
mod outbox;
mod quiet;
mod secret;
mod settings;
mod setup;
mod status;
#[cfg(test)]
mod tests;
mod trust;

pub use channel::{Channel, Command, Email, Gotify, Name, Ntfy, Outcome, Ping, Telegram, Tls, Webhook};
pub use fault::Fault;
pub use letter::{Kind, Letter};
pub use settings::Settings;
pub use setup::{Ask, setup};
pub use status::Status;

use super::{Output, state};
use crate::model::{Safe, Snapshot, Zone};
use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use desk::{Desk, State};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// The file of the outbox in the data directory.
const FILE: &str = "notify.json";
/// The longest sleep of the courier; clocks may be set meanwhile.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);
/// The shortest sleep between two rounds.
const SHORTEST_SLEEP: Duration = Duration::from_millis(20);

/// Tells the present: the courier waits for times of day, and tests have their own.
pub type Clock = fn() -> DateTime<Utc>;

/// What the heartbeat and the courier share.
struct Shared {
    desk: Mutex<Desk>,
    woken: Condvar,
    clock: Clock,
    path: Option<PathBuf>,
    /// Held while the file is written, so that an older state never replaces a newer one; never by the heart.
    keeping: Mutex<()>,
    /// Why the file could not be written.
    unkept: Mutex<Option<String>>,
}

/// The output that sends messages.
pub struct Notifier {
    shared: Arc<Shared>,
    notes: Vec<Safe>,
}

impl Notifier {
    /// Starts the courier of some channels. The outbox is kept in `dir`, or in memory alone.
    ///
    /// # Errors
    /// When the courier's thread cannot be started.
    pub fn start(
        settings: &Settings,
        channels: Vec<Channel>,
        dir: Option<&Path>,
        zone: Zone,
        clock: Clock,
    ) -> Result<Self> {
        let path = dir.map(|dir| dir.join(FILE));
        let loaded = path.as_deref().map(state::load::<State>);
        let (known, note) = loaded.map_or((None, None), |loaded| (loaded.value, loaded.note));
        let desk = Desk::new(settings.clone(), zone, known.unwrap_or_default());
        let shared = Arc::new(Shared {
            desk: Mutex::new(desk),
            woken: Condvar::new(),
            clock,
            path,
            keeping: Mutex::new(()),
            unkept: Mutex::new(None),
        });
        let courier = Arc::clone(&shared);
        thread::Builder::new()
            .name("notify".into())
            .spawn(move || courier.work(&channels))
            .context("cannot start the thread that sends messages")?;
        Ok(Self { shared, notes: note.into_iter().collect() })
    }

    /// What was found wrong at the start, in words.
    pub fn notes(&self) -> &[Safe] {
        &self.notes
    }
}

impl Output for Notifier {
    fn name(&self) -> &'static str {
        "notify"
    }

    fn hear(&mut self, snapshot: &Arc<Snapshot>) -> Result<()> {
        let (is_news, trouble) = {
            let mut desk = self.shared.desk();
            (desk.hear(snapshot), desk.trouble(snapshot.at))
        };
        if is_news {
            self.shared.woken.notify_one();
        }
        let unkept = lock(&self.shared.unkept).clone();
        match trouble.into_iter().chain(unkept).reduce(|all, one| format!("{all}; {one}")) {
            None => Ok(()),
            Some(said) => Err(anyhow::anyhow!("messages: {said}")),
        }
    }

    fn close(&mut self, _now: DateTime<Utc>) -> Result<()> {
        self.shared.keep();
        Ok(())
    }
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        lock(&self.desk)
    }

    /// Writes, keeps and carries, for as long as the program runs.
    fn work(&self, channels: &[Channel]) {
        loop {
            let round = catch_unwind(AssertUnwindSafe(|| self.round(channels)));
            // A fault of our own costs a round; the letters are still there.
            let rest = if round.is_ok() { SHORTEST_SLEEP } else { LONGEST_SLEEP };
            thread::sleep(rest);
            self.sleep();
        }
    }

    fn round(&self, channels: &[Channel]) {
        let now = (self.clock)();
        let due = {
            let mut desk = self.desk();
            if desk.write(now) { desk.due(now) } else { Vec::new() }
        };
        // First on disk, then on its way: a crash in between sends it later, never not at all.
        self.keep();
        thread::scope(|scope| {
            for (name, letter) in &due {
                let Some(channel) = channels.iter().find(|channel| channel.name == *name) else { continue };
                scope.spawn(move || {
                    let outcome = catch_unwind(AssertUnwindSafe(|| channel.carry(letter)))
                        .unwrap_or_else(|_| Outcome::refused("a fault inside home-soc: please report it"));
                    self.desk().note(*name, letter, outcome, (self.clock)());
                    self.keep();
                });
            }
        });
    }

    fn sleep(&self) {
        let desk = self.desk();
        let now = (self.clock)();
        let rest = desk.next_at(now).map_or(LONGEST_SLEEP, |at| (at - now).to_std().unwrap_or_default());
        if !rest.is_zero() {
            drop(self.woken.wait_timeout(desk, rest.min(LONGEST_SLEEP)));
        }
    }

    /// Writes the state where it changed; a disk that does not take it is said and holds up no message.
    fn keep(&self) {
        let _turn = lock(&self.keeping);
        let Some(path) = &self.path else { return };
        let Some(state) = self.desk().changed() else { return };
        let fault = state::save(path, &state).err().map(|error| format!("{error:#}"));
        if fault.is_some() {
            self.desk().keep_again();
        }
        *lock(&self.unkept) = fault;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic in the middle leaves a state that is a beat old at worst.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the system said, without the error's number.
fn plain(error: &io::Error) -> String {
    let said = error.to_string();
    Safe::new(said.split(" (os error").next().unwrap_or(&said)).to_string()
}
