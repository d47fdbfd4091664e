//! `verify`: every line of the record read once, and what is wrong with it in words.
//!
//! It counts lines, damage, missing and doubled numbers, the times when nothing ran, and breaks of the chain. It
//! mends nothing.

use super::append::Gap;
use super::chain::{self, Link};
use super::line;
use super::scan::Files;
use super::series::{ALERTS, SAMPLES, Series};
use super::{packed, plain};
use crate::model::Zone;
use crate::outputs::safe_file::Folder;
use crate::text;
use anyhow::Result;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::fs::File;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;

/// So many of a kind are named; the rest is counted.
const NAMED: usize = 10;
/// A pause between two beats is one when it is longer than this and than three beats.
const PAUSE_S: f64 = 60.0;

/// What was found in one kind of file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Verdict {
    /// Files read.
    pub files: u64,
    /// Lines, damaged ones included.
    pub lines: u64,
    /// Bytes, unpacked.
    pub bytes: u64,
    /// The earliest and the latest time.
    pub span: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Lines that are no JSON object: where.
    pub damaged: Found,
    /// Numbers that are missing and that no gap record explains.
    pub missing: Found,
    /// Numbers that the record itself says were lost.
    pub said_lost: Found,
    /// Numbers that come again or go back.
    pub doubled: Found,
    /// Times when nothing was recorded.
    pub pauses: Found,
    /// Links that do not fit the line before.
    pub broken: Found,
    /// Links that fit.
    pub linked: u64,
}

/// How many, and the first of them by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// How many.
    pub count: u64,
    /// The first ten, in words.
    pub named: Vec<String>,
}

impl Found {
    fn add(&mut self, count: u64, name: impl FnOnce() -> String) {
        self.count += count;
        if self.named.len() < NAMED {
            self.named.push(name());
        }
    }
}

impl Verdict {
    /// Tells that nothing is damaged, missing, doubled or broken. Pauses and what the record says itself are no
    /// damage.
    pub const fn is_sound(&self) -> bool {
        self.damaged.count == 0
            && self.missing.count == 0
            && self.doubled.count == 0
            && self.broken.count == 0
    }
}

/// Reads the whole record of a directory and writes what it found; answers whether all of it is sound.
pub fn verify(dir: &Path, zone: Zone, out: &mut dyn Write) -> Result<bool> {
    let mut sound = true;
    for (name, verdict) in verdicts(dir)? {
        sound &= verdict.is_sound();
        say(&name, &verdict, zone, out)?;
    }
    writeln!(out, "{}", if sound { "sound: nothing is damaged, missing or doubled" } else { "NOT SOUND" })?;
    Ok(sound)
}

/// Reads the whole record of a directory: samples and alerts.
pub fn verdicts(dir: &Path) -> Result<Vec<(String, Verdict)>> {
    let folder = Folder::open(dir)?;
    [&SAMPLES, &ALERTS]
        .into_iter()
        .map(|series| Ok((series.active.to_owned(), examine(&folder, series)?)))
        .collect()
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    seq: Option<u64>,
    #[serde(default)]
    interval_s: Option<f64>,
    #[serde(default)]
    gap: Option<Gap>,
}

struct Walk<'a> {
    verdict: Verdict,
    is_samples: bool,
    file: &'a str,
    number: u64,
    last_seq: Option<u64>,
    last_at: Option<DateTime<Utc>>,
    /// The line before, to be hashed when the next one says that it knows its hash.
    last_line: Option<Vec<u8>>,
}

fn examine(folder: &Folder, series: &'static Series) -> Result<Verdict> {
    let files = Files::open(folder, series)?.each()?;
    let mut walk = Walk {
        verdict: Verdict::default(),
        is_samples: *series == SAMPLES,
        file: "",
        number: 0,
        last_seq: None,
        last_at: None,
        last_line: None,
    };
    for (name, file, packed) in &files {
        walk.file = name;
        walk.number = 0;
        walk.verdict.files += 1;
        // Imported lines stand for themselves: their order and numbers are another record's.
        let imported = name.contains("-imported-");
        each_line(file, *packed, &mut |found| {
            walk.line(found, imported);
            ControlFlow::Continue(())
        })?;
        if imported {
            (walk.last_seq, walk.last_at, walk.last_line) = (None, None, None);
        }
    }
    Ok(walk.verdict)
}

fn each_line(
    file: &File,
    packed: bool,
    take: &mut dyn FnMut(Option<&[u8]>) -> ControlFlow<()>,
) -> io::Result<()> {
    let flow =
        if packed { packed::all(file, take)? } else { plain::lines(file, 0, file.metadata()?.len(), take)? };
    debug_assert!(flow.is_continue(), "nobody breaks off");
    Ok(())
}

impl Walk<'_> {
    fn line(&mut self, found: Option<&[u8]>, imported: bool) {
        let verdict = &mut self.verdict;
        self.number += 1;
        verdict.lines += 1;
        let here = || format!("{} line {}", self.file, self.number);
        let bytes = found.unwrap_or_default();
        verdict.bytes += bytes.len() as u64 + 1;
        let Some(read) = found.and_then(|bytes| serde_json::from_slice::<Line>(bytes).ok()) else {
            verdict.damaged.add(1, here);
            self.last_line = None;
            return;
        };
        let at = line::time_of(bytes, Zone::utc());
        if let Some(at) = at {
            let (first, last) = verdict.span.unwrap_or((at, at));
            verdict.span = Some((first.min(at), last.max(at)));
        }
        if let (Link::To(hash), Some(last)) = (chain::link_of(bytes), &self.last_line) {
            if chain::hash(last) == *hash {
                verdict.linked += 1;
            } else {
                verdict.broken.add(1, here);
            }
        }
        let mut kept = self.last_line.take().unwrap_or_default();
        kept.clear();
        kept.extend_from_slice(bytes);
        self.last_line = Some(kept);
        if imported || !self.is_samples {
            return;
        }
        if let (Some(seq), Some(last)) = (read.seq, self.last_seq) {
            let lost = read.gap.as_ref().map_or(0, |gap| gap.lost);
            if lost > 0
                && let Some(gap) = &read.gap
            {
                verdict.said_lost.add(lost, || format!("{} to {}: {}", gap.from_seq, gap.to_seq, gap.reason));
            }
            let hole = seq.saturating_sub(last + 1);
            if seq <= last {
                verdict.doubled.add(1, || format!("{}: {seq} after {last}", here()));
            } else if hole > lost {
                verdict.missing.add(hole - lost, || format!("{}: {} to {}", here(), last + 1, seq - 1));
            }
        }
        if let (Some(at), Some(last)) = (at, self.last_at) {
            let pause = (at - last).as_seconds_f64();
            if pause > PAUSE_S && pause > 3.0 * read.interval_s.unwrap_or(0.0) {
                verdict.pauses.add(1, || {
                    format!("{} for {}", last.format("%Y-%m-%d %H:%M:%SZ"), text::age_long(pause))
                });
            }
        }
        self.last_seq = read.seq.or(self.last_seq);
        self.last_at = at.or(self.last_at);
    }
}

fn say(name: &str, verdict: &Verdict, zone: Zone, out: &mut dyn Write) -> io::Result<()> {
    write!(
        out,
        "{name}: {} in {}, {}",
        text::plural(verdict.lines, "line"),
        text::plural(verdict.files, "file"),
        text::bytes_long(verdict.bytes as f64)
    )?;
    if let Some((first, last)) = verdict.span {
        let day = |at| zone.at(at).format("%Y-%m-%d %H:%M:%S");
        write!(out, ", {} to {}", day(first), day(last))?;
    }
    writeln!(out)?;
    let rows = [
        ("damaged lines", &verdict.damaged),
        ("numbers missing", &verdict.missing),
        ("numbers doubled or out of order", &verdict.doubled),
        ("lost, as the record says itself", &verdict.said_lost),
        ("times when nothing was recorded", &verdict.pauses),
        ("broken links of the chain", &verdict.broken),
    ];
    for (what, found) in rows.into_iter().filter(|(_, found)| found.count > 0) {
        writeln!(out, "  {what}: {}", text::count(found.count))?;
        for one in &found.named {
            writeln!(out, "    {one}")?;
        }
    }
    match (verdict.linked, verdict.broken.count) {
        (0, 0) => writeln!(out, "  chain: none (set chain = true under [record] to begin one)"),
        (linked, 0) => writeln!(out, "  chain: whole, {} fit", text::plural(linked, "link")),
        (linked, broken) => {
            writeln!(out, "  chain: BROKEN at {}, {linked} fit", text::plural(broken, "place"))
        }
    }
}
