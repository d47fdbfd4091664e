//! Reading the record: the last lines by seeking back, good lines around damaged ones, in bounded memory.
//!
//! It changes nothing and trusts nothing: the directory may hold any bytes.

use super::METRICS;
use super::line::{self, Reading};
use super::lines::LinesBack;
use crate::model::{History, Sample, Zone};
use crate::outputs::safe_file::Folder;
use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use std::path::{Path, PathBuf};

/// The most samples that are held at once; a longer stretch is thinned.
const MOST_SAMPLES: usize = 200_000;

/// So many lines in a row from before the stretch end the search: single ones come from a clock that jumped.
const STRAYS: u32 = 400;

/// Reads the record of a data directory.
#[derive(Debug, Clone)]
pub struct Reader {
    dir: PathBuf,
    zone: Zone,
}

impl Reader {
    /// A reader of this directory; lines without a zone are read in the machine's own.
    pub const fn new(dir: PathBuf) -> Self {
        Self { dir, zone: Zone::Local }
    }

    /// Reads lines without a zone in this one.
    #[must_use]
    pub const fn in_zone(mut self, zone: Zone) -> Self {
        self.zone = zone;
        self
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The last `count` samples, oldest first.
    pub fn last(&self, count: usize) -> Result<History> {
        let count = count.min(MOST_SAMPLES);
        self.back(|samples: &[Sample], _| samples.len() < count)
    }

    /// The samples of a stretch of time, both ends included, oldest first.
    pub fn samples(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<History> {
        let mut before = 0;
        let mut history = self.back(|samples, at| {
            before = if at < from { before + 1 } else { 0 };
            samples.len() < MOST_SAMPLES && before < STRAYS
        })?;
        history.samples.retain(|sample| sample.at >= from && sample.at <= to);
        Ok(history)
    }

    /// Reads from the end while `go_on` says so; it sees what is held already and the time of the newest line.
    fn back(&self, mut go_on: impl FnMut(&[Sample], DateTime<Utc>) -> bool) -> Result<History> {
        let mut history = History::default();
        if !self.dir.exists() {
            return Ok(history);
        }
        let folder = Folder::open(&self.dir)?;
        let Some(file) = folder.read(METRICS)? else { return Ok(history) };
        let say = || format!("cannot read {}", folder.path_of(METRICS).display());
        let end = file.metadata().with_context(say)?.len();
        for found in LinesBack::new(&file, end) {
            let found = found.with_context(say)?;
            let reading: Option<Reading> = found.bytes.and_then(|bytes| line::read(&bytes, self.zone));
            match reading {
                Some(reading) => {
                    history.skipped_values += reading.bad_values;
                    let at = reading.sample.at;
                    history.samples.push(reading.sample);
                    if !go_on(&history.samples, at) {
                        break;
                    }
                }
                // A line that is being written right now is no damage.
                None if !found.whole => {}
                None => history.skipped_lines += 1,
            }
        }
        history.samples.reverse();
        Ok(history)
    }
}
