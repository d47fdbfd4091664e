//! `import`: the record of the original Python program, or of another home-soc, taken into this one.
//!
//! The files themselves are not touched. Every line is kept byte for byte, readable or not, and counted; a line
//! that is here already is not taken again, so that importing twice changes nothing.

use super::disk::{Disk as _, RealDisk};
use super::keep::{MEMBER_BYTES, write_member};
use super::line;
use super::plain;
use super::rollup::{Counting, Finished, Row};
use super::scan::{Files, Stretch};
use super::series::{ALERTS, HOURS, MINUTES, SAMPLES, Series};
use crate::model::{Zone, fingerprint};
use crate::outputs::document;
use crate::outputs::safe_file::Folder;
use crate::text;
use anyhow::{Context, Result, bail};
use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _, Seek as _, Write};
use std::ops::ControlFlow;
use std::path::Path;

/// So much of a file tells what it holds.
const HEAD_BYTES: u64 = 256 * 1024;

/// What came of one file; the five counts of lines sum to its lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Lines of the file.
    pub lines: u64,
    /// Lines taken whose numbers can be read.
    pub taken: u64,
    /// Lines taken as text: no JSON, or without a time.
    pub as_text: u64,
    /// Lines that are here already.
    pub known: u64,
    /// Empty lines.
    pub empty: u64,
    /// Lines over 1 MiB, which are left out.
    pub too_long: u64,
    /// Values in taken lines that should be numbers and are text; they are kept as text.
    pub bad_values: u64,
}

/// Takes a file into the record of a directory and says what came of it.
///
/// # Errors
/// Names the file that could not be read or written; nothing of it is taken then.
pub fn import(dir: &Path, path: &Path, zone: Zone, out: &mut dyn Write) -> Result<Imported> {
    let folder = Folder::open_private(dir)?;
    let lock = folder.append("import.lock")?;
    if lock.try_lock().is_err() {
        bail!("another import into {} is running; wait for its end", dir.display());
    }
    let series = if holds_alerts(path)? { &ALERTS } else { &SAMPLES };
    let mut known = known_lines(&folder, series, zone)?;
    let mut taking = Taking::begin(&folder, series, zone)?;
    let counts = match taking.file(path, &mut known) {
        Ok(counts) => counts,
        Err(error) => {
            taking.abandon();
            return Err(error);
        }
    };
    taking.finish(counts)?;
    writeln!(
        out,
        "{}: {}: {} taken, {} kept as text, {} known already, {} empty, {} too long; {} kept as text",
        path.display(),
        text::plural(counts.lines, "line"),
        text::count(counts.taken),
        text::count(counts.as_text),
        text::count(counts.known),
        text::count(counts.empty),
        text::count(counts.too_long),
        text::plural(counts.bad_values, "value"),
    )?;
    Ok(counts)
}

/// Tells a file of alerts from one of samples by its first line that is an object.
fn holds_alerts(path: &Path) -> Result<bool> {
    #[derive(Deserialize)]
    struct Keys {
        alerts: Option<IgnoredAny>,
        security_score: Option<IgnoredAny>,
    }
    let say = || format!("cannot read {}", path.display());
    let mut file = File::open(path).with_context(say)?;
    let mut bytes = Vec::new();
    if is_packed(&mut file).with_context(say)? {
        MultiGzDecoder::new(file).take(HEAD_BYTES).read_to_end(&mut bytes).with_context(say)?;
    } else {
        file.take(HEAD_BYTES).read_to_end(&mut bytes).with_context(say)?;
    }
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let keys = lines.find_map(|line| serde_json::from_slice::<Keys>(line).ok());
    Ok(keys.is_some_and(|keys| keys.alerts.is_some() && keys.security_score.is_none()))
}

/// Tells gzip by its first bytes; the file is at its beginning again.
fn is_packed(file: &mut File) -> std::io::Result<bool> {
    let mut magic = [0; 2];
    let read = file.read(&mut magic)?;
    file.rewind()?;
    Ok(read == 2 && magic == [0x1f, 0x8b])
}

/// Fingerprints of all lines of a series.
fn known_lines(folder: &Folder, series: &'static Series, zone: Zone) -> Result<HashSet<u64>> {
    let mut known = HashSet::new();
    Files::open(folder, series)?.forward(Stretch::ALWAYS, zone, &mut |found| {
        known.extend(found.map(fingerprint));
        ControlFlow::Continue(())
    })?;
    Ok(known)
}

/// One packed file that is being written.
struct Part {
    series: &'static Series,
    file: File,
    held: Vec<u8>,
}

struct Taking<'a> {
    folder: &'a Folder,
    zone: Zone,
    lines: Part,
    minutes: Part,
    hours: Part,
    counting: Counting,
    /// What the names are made of: the same lines give the same names.
    print: u64,
}

impl<'a> Taking<'a> {
    fn begin(folder: &'a Folder, series: &'static Series, zone: Zone) -> Result<Self> {
        Ok(Self {
            folder,
            zone,
            lines: Part::begin(folder, series)?,
            minutes: Part::begin(folder, &MINUTES)?,
            hours: Part::begin(folder, &HOURS)?,
            counting: Counting::default(),
            print: 0,
        })
    }

    fn file(&mut self, path: &Path, known: &mut HashSet<u64>) -> Result<Imported> {
        let say = || format!("cannot read {}", path.display());
        let mut counts = Imported::default();
        let mut file = File::open(path).with_context(say)?;
        if !file.metadata().with_context(say)?.is_file() {
            bail!("{} is not a plain file", path.display());
        }
        if !is_packed(&mut file).with_context(say)? {
            let end = file.metadata().with_context(say)?.len();
            let mut failed = Ok(());
            // A last line without a newline is a line of this file as well: nobody is writing it for us.
            let flow = plain::lines(&file, 0, end, &mut |found| {
                failed = self.line(found, known, &mut counts);
                if failed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })
            .with_context(say)?;
            if flow.is_break() {
                failed?;
            }
            if let Some(last) = unfinished(&file, end).with_context(say)? {
                self.line(Some(&last), known, &mut counts)?;
            }
            return Ok(counts);
        }
        let mut lines = BufReader::new(MultiGzDecoder::new(file));
        let mut held = Vec::new();
        loop {
            held.clear();
            let read =
                (&mut lines).take(line::CAP as u64 + 1).read_until(b'\n', &mut held).with_context(say)?;
            if read == 0 {
                return Ok(counts);
            }
            if held.last() == Some(&b'\n') {
                held.pop();
            } else if held.len() > line::CAP {
                skip_line(&mut lines).with_context(say)?;
                self.line(None, known, &mut counts)?;
                continue;
            }
            self.line(Some(&held), known, &mut counts)?;
        }
    }

    fn line(&mut self, found: Option<&[u8]>, known: &mut HashSet<u64>, counts: &mut Imported) -> Result<()> {
        counts.lines += 1;
        let Some(bytes) = found else {
            counts.too_long += 1;
            return Ok(());
        };
        if bytes.trim_ascii().is_empty() {
            counts.empty += 1;
            return Ok(());
        }
        let print = fingerprint(bytes);
        if !known.insert(print) {
            counts.known += 1;
            return Ok(());
        }
        self.print = fingerprint(&[self.print.to_le_bytes(), print.to_le_bytes()].concat());
        self.lines.push(bytes, self.zone)?;
        let Some(reading) = line::read(bytes, self.zone) else {
            counts.as_text += 1;
            return Ok(());
        };
        counts.taken += 1;
        if *self.lines.series == ALERTS {
            return Ok(());
        }
        counts.bad_values += reading.bad_values;
        let finished = self.counting.add(&reading.sample, 0);
        self.rows(&finished)
    }

    fn rows(&mut self, finished: &Finished) -> Result<()> {
        let push = |part: &mut Part, row: &Option<Row>| -> Result<()> {
            let Some(row) = row else { return Ok(()) };
            let line = document::json_line(row)?;
            part.push(line.strip_suffix(b"\n").unwrap_or(&line), self.zone)
        };
        push(&mut self.minutes, &finished.minute)?;
        push(&mut self.hours, &finished.hour)
    }

    /// Puts the finished files in their places, the lines last: they say that the import was whole.
    fn finish(mut self, counts: Imported) -> Result<()> {
        for finished in self.counting.finish() {
            self.rows(&finished)?;
        }
        if counts.taken + counts.as_text == 0 {
            self.abandon();
            return Ok(());
        }
        let Self { folder, zone, print, .. } = self;
        for mut part in [self.hours, self.minutes, self.lines] {
            part.flush(zone)?;
            if part.file.metadata()?.len() == 0 {
                // Alerts have no minutes and no hours.
                folder.remove(&part.new_name())?;
                continue;
            }
            let name = part.series.imported(print);
            part.file
                .sync_all()
                .and_then(|()| folder.rename(&part.new_name(), &name))
                .with_context(|| format!("cannot write {}", folder.path_of(&name).display()))?;
        }
        folder.sync().with_context(|| format!("cannot sync {}", folder.path().display()))
    }

    fn abandon(&self) {
        for part in [&self.lines, &self.minutes, &self.hours] {
            // The next import removes it as well.
            drop(self.folder.remove(&part.new_name()));
        }
    }
}

impl Part {
    fn begin(folder: &Folder, series: &'static Series) -> Result<Self> {
        let name = Self::name_for(series);
        if folder.length(&name).is_some() {
            RealDisk.remove(folder, &name).with_context(|| format!("cannot remove {name}"))?;
        }
        Ok(Self { series, file: folder.create(&name)?, held: Vec::with_capacity(MEMBER_BYTES) })
    }

    fn name_for(series: &Series) -> String {
        format!("{}.importing", series.stem)
    }

    fn new_name(&self) -> String {
        Self::name_for(self.series)
    }

    fn push(&mut self, line: &[u8], zone: Zone) -> Result<()> {
        self.held.extend_from_slice(line);
        self.held.push(b'\n');
        if self.held.len() >= MEMBER_BYTES { self.flush(zone) } else { Ok(()) }
    }

    fn flush(&mut self, zone: Zone) -> Result<()> {
        if !self.held.is_empty() {
            write_member(&mut RealDisk, &self.file, &self.held, zone)
                .with_context(|| format!("cannot write {}", self.new_name()))?;
            self.held.clear();
        }
        Ok(())
    }
}

/// The last line of a file when it has no newline.
fn unfinished(file: &File, end: u64) -> std::io::Result<Option<Vec<u8>>> {
    let last = super::lines::LinesBack::new(file, end).next().transpose()?;
    Ok(last.filter(|line| !line.whole).and_then(|line| line.bytes))
}

fn skip_line(lines: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let held = lines.fill_buf()?;
        if held.is_empty() {
            return Ok(());
        }
        let (used, done) = memchr::memchr(b'\n', held).map_or((held.len(), false), |at| (at + 1, true));
        lines.consume(used);
        if done {
            return Ok(());
        }
    }
}
