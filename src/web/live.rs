//! What the page's process knows of the present: the newest picture whole, and the numbers of the last beats.

use crate::model::{Level, Metric, Sample, Snapshot, Zone};
use crate::outputs::document::{self, Document};
use crate::outputs::journal;
use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// Beats that are kept for streams that were interrupted.
const BEATS: usize = 300;

/// The longest answer.
pub(super) const MOST_BYTES: usize = 512 * 1024;

/// Rows of a list that are kept of a picture.
const MOST_ROWS: usize = 200;

/// The present.
#[derive(Default)]
pub(super) struct Live {
    now: Mutex<Now>,
    news: Condvar,
}

#[derive(Default)]
struct Now {
    picture: Option<Arc<Picture>>,
    beats: VecDeque<Arc<Beat>>,
    trouble: Option<String>,
}

/// A beat with all its readings, and its document as `--json` prints it.
pub(super) struct Picture {
    pub(super) snapshot: Snapshot,
    pub(super) document: Arc<[u8]>,
    packed: OnceLock<Arc<[u8]>>,
}

/// The numbers of one beat, as a stream tells them.
pub(super) struct Beat {
    pub(super) at: DateTime<Utc>,
    /// One JSON object.
    pub(super) data: String,
}

#[derive(Serialize)]
struct BeatData<'a> {
    time: String,
    /// When the newest whole picture was taken.
    picture: Option<String>,
    is_upper_bound: Option<bool>,
    interval_s: Option<f64>,
    #[serde(flatten)]
    values: Values<'a>,
}

/// The numbers that charts draw, under their names in the record.
struct Values<'a>(&'a Sample);

impl Serialize for Values<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(Metric::ALL.map(|metric| (metric.name(), self.0.get(metric))))
    }
}

impl Beat {
    /// The number by which streams tell what they had: milliseconds since 1970.
    pub(super) fn id(&self) -> u64 {
        self.at.timestamp_millis().max(0).cast_unsigned()
    }

    fn new(sample: &Sample, picture: Option<&Snapshot>) -> io::Result<Self> {
        // The record knows milliseconds.
        let same = picture.filter(|picture| picture.at.timestamp_millis() == sample.at.timestamp_millis());
        let data = BeatData {
            time: document::time(sample.at),
            picture: picture.map(|picture| document::time(picture.at)),
            is_upper_bound: same.map(|picture| picture.score.is_upper_bound),
            interval_s: picture.map(|picture| picture.interval_s),
            values: Values(sample),
        };
        let line = document::json_line(&data)?;
        Ok(Self { at: sample.at, data: String::from_utf8_lossy(&line).trim_end().to_owned() })
    }
}

impl Picture {
    fn new(mut snapshot: Snapshot) -> io::Result<Self> {
        if let Some(sockets) = &mut snapshot.readings.sockets {
            Arc::make_mut(sockets).listeners.truncate(MOST_ROWS);
        }
        if let Some(here) =
            snapshot.readings.logins.as_mut().and_then(|logins| Arc::make_mut(logins).here.as_mut())
        {
            here.truncate(MOST_ROWS);
        }
        let mut line = Document::full(&snapshot, Zone::Local).to_line()?;
        if line.len() > MOST_BYTES {
            line = Document::full(&snapshot, Zone::Local).at_least(Level::Warning).to_line()?;
        }
        Ok(Self { snapshot, document: line.into(), packed: OnceLock::new() })
    }

    /// The document, packed once for all who ask.
    pub(super) fn packed(&self) -> Arc<[u8]> {
        Arc::clone(self.packed.get_or_init(|| gzip(&self.document).into()))
    }
}

/// Packs bytes; memory cannot fail.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).and_then(|()| packer.finish()).unwrap_or_default()
}

impl Live {
    /// Takes a whole beat.
    pub(super) fn hear(&self, snapshot: Snapshot) -> io::Result<()> {
        let sample = journal::sample(&snapshot, Zone::Local);
        let picture = Arc::new(Picture::new(snapshot)?);
        let beat = sample.map(|sample| Beat::new(&sample, Some(&picture.snapshot))).transpose()?;
        let mut now = self.lock();
        now.picture = Some(picture);
        now.trouble = None;
        now.add(beat);
        drop(now);
        self.news.notify_all();
        Ok(())
    }

    /// Takes a picture that is older than the newest beat.
    pub(super) fn show(&self, snapshot: Snapshot) -> io::Result<()> {
        let picture = Arc::new(Picture::new(snapshot)?);
        self.lock().picture = Some(picture);
        Ok(())
    }

    /// Takes the numbers of a beat alone.
    pub(super) fn count(&self, sample: &Sample) -> io::Result<()> {
        let mut now = self.lock();
        let beat = Beat::new(sample, now.picture.as_ref().map(|picture| &picture.snapshot))?;
        now.trouble = None;
        now.add(Some(beat));
        drop(now);
        self.news.notify_all();
        Ok(())
    }

    /// Says why there is nothing new.
    pub(super) fn complain(&self, trouble: String) {
        self.lock().trouble = Some(trouble);
    }

    pub(super) fn trouble(&self) -> Option<String> {
        self.lock().trouble.clone()
    }

    pub(super) fn picture(&self) -> Option<Arc<Picture>> {
        self.lock().picture.clone()
    }

    /// The newest beat.
    pub(super) fn newest(&self) -> Option<Arc<Beat>> {
        self.lock().beats.back().cloned()
    }

    /// The beats after one, waited for at most so long.
    pub(super) fn after(&self, last: u64, wait: Duration) -> Vec<Arc<Beat>> {
        let is_newest = |now: &mut Now| now.beats.back().is_none_or(|beat| beat.id() <= last);
        let (now, _) = self
            .news
            .wait_timeout_while(self.lock(), wait, is_newest)
            .unwrap_or_else(PoisonError::into_inner);
        now.beats.iter().filter(|beat| beat.id() > last).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Now {
    fn add(&mut self, beat: Option<Beat>) {
        let Some(beat) = beat else { return };
        // A clock that was set back begins anew: ids must grow.
        if self.beats.back().is_some_and(|last| last.at >= beat.at) {
            self.beats.clear();
        }
        if self.beats.len() == BEATS {
            self.beats.pop_front();
        }
        self.beats.push_back(Arc::new(beat));
    }
}
