//! The past as charts ask for it: from memory where it is known there, else from the record.

use crate::outputs::journal::{Ladder, Reader, Stretch};
use anyhow::Result;
use chrono::{DateTime, Utc};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How often memory catches up with the record while nobody asks.
const CATCH_UP_EVERY: Duration = Duration::from_mins(1);

/// Stretches that are remembered, and how long: two pages, or the charts of one, ask for the same one.
const STRETCHES: usize = 2;
const STRETCH_FRESH: Duration = Duration::from_secs(2);

/// The record and what is known of it.
pub(super) struct Past {
    pub(super) reader: Reader,
    /// `None` while it is being read.
    ladder: Mutex<Option<Ladder>>,
    stretches: Mutex<VecDeque<Remembered>>,
}

struct Remembered {
    asked: Asked,
    at: Instant,
    stretch: Arc<Stretch>,
}

/// A stretch as it was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Latest(usize),
    Between(DateTime<Utc>, DateTime<Utc>, usize),
}

impl Past {
    pub(super) const fn new(reader: Reader) -> Self {
        Self { reader, ladder: Mutex::new(None), stretches: Mutex::new(VecDeque::new()) }
    }

    /// Reads the record into memory, and keeps what is known there up to date for ever.
    pub(super) fn keep(&self) {
        loop {
            // A record that cannot be read says so to who asks for it.
            if let Ok(ladder) = Ladder::read(&self.reader, Utc::now()) {
                *lock(&self.ladder) = Some(ladder);
            }
            loop {
                thread::sleep(CATCH_UP_EVERY);
                if self.known().is_none() {
                    break;
                }
            }
        }
    }

    /// What is known, up to date; `None` while it must be read anew.
    fn known(&self) -> Option<MutexGuard<'_, Option<Ladder>>> {
        let mut ladder = lock(&self.ladder);
        let is_whole = ladder.as_mut()?.catch_up(&self.reader).unwrap_or(false);
        if !is_whole {
            *ladder = None;
            return None;
        }
        Some(ladder)
    }

    /// Tells a stretch, or gives the one that was just told.
    pub(super) fn stretch(&self, asked: Asked) -> Result<Arc<Stretch>> {
        let mut remembered = lock(&self.stretches);
        remembered.retain(|one| one.at.elapsed() < STRETCH_FRESH);
        if let Some(one) = remembered.iter().find(|one| one.asked == asked) {
            return Ok(Arc::clone(&one.stretch));
        }
        let stretch = Arc::new(match asked {
            Asked::Latest(count) => Stretch::latest(&self.reader, count, Utc::now())?,
            Asked::Between(from, to, points) => {
                let known = self.known();
                let told = known.and_then(|ladder| Stretch::on(ladder.as_ref()?, from, to, points));
                told.map_or_else(|| Stretch::between(&self.reader, from, to, points), Ok)?
            }
        });
        if remembered.len() == STRETCHES {
            remembered.pop_front();
        }
        remembered.push_back(Remembered { asked, at: Instant::now(), stretch: Arc::clone(&stretch) });
        Ok(stretch)
    }
}

fn lock<T>(place: &Mutex<T>) -> MutexGuard<'_, T> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}
