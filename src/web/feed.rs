//! Where the page's process gets its beats: from the monitor that started it, or from the record.

use super::live::Live;
use crate::model::Snapshot;
use crate::outputs::journal::Reader;
use anyhow::Result;
use chrono::{DateTime, Utc};
use std::io::{BufRead, Read as _};
use std::thread;
use std::time::{Duration, Instant};

/// The longest line that is taken; a beat is far shorter.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// How often the record is looked at for a new line.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often it is looked at for a new moment; the writer adds some every five minutes, or with an alert.
const MOMENT_EVERY: Duration = Duration::from_secs(10);

/// Beats that are read at the start, for streams.
const FIRST_BEATS: usize = 100;

/// A line of the parent; `None` at the end, which means that the parent is gone.
pub(super) fn line(input: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    let length = input.by_ref().take(MOST_BYTES).read_until(b'\n', &mut line).ok()?;
    (length > 0 && line.ends_with(b"\n")).then_some(line)
}

/// Takes beats until the parent is gone.
pub(super) fn from_parent(input: &mut impl BufRead, live: &Live) {
    while let Some(line) = line(input) {
        let heard = serde_json::from_slice::<Snapshot>(&line).map_err(std::io::Error::from);
        if let Err(error) = heard.and_then(|snapshot| live.hear(snapshot)) {
            live.complain(format!("a beat could not be read: {error}"));
        }
    }
}

/// Looks at the record for ever.
pub(super) fn from_record(reader: &Reader, live: &Live) {
    let mut newest: Option<DateTime<Utc>> = None;
    let mut shown: Option<DateTime<Utc>> = None;
    let mut looked: Option<Instant> = None;
    loop {
        if looked.is_none_or(|at| at.elapsed() >= MOMENT_EVERY) {
            looked = Some(Instant::now());
            if let Err(error) = new_moment(reader, live, &mut shown) {
                live.complain(format!("{error:#}"));
            }
        }
        if let Err(error) = new_beats(reader, live, &mut newest) {
            live.complain(format!("{error:#}"));
        }
        thread::sleep(LOOK_EVERY);
    }
}

fn new_moment(reader: &Reader, live: &Live, shown: &mut Option<DateTime<Utc>>) -> Result<()> {
    if let Some(moment) = reader.moment(Utc::now())?
        && *shown != Some(moment.snapshot.at)
    {
        *shown = Some(moment.snapshot.at);
        live.show(moment.snapshot)?;
    }
    Ok(())
}

fn new_beats(reader: &Reader, live: &Live, newest: &mut Option<DateTime<Utc>>) -> Result<()> {
    let last = reader.last(1)?.samples.last().map(|sample| sample.at);
    if last.is_none() || last == *newest {
        return Ok(());
    }
    let known = newest.replace(last.unwrap_or_default());
    for sample in reader.last(FIRST_BEATS)?.samples {
        if known.is_none_or(|known| sample.at > known) {
            live.count(&sample)?;
        }
    }
    Ok(())
}
