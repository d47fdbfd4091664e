//! Reads whole logs as fast as the machine allows: lines are taken apart on several threads, joined and counted in
//! their order.
//!
//! A thread reads a piece, takes its lines apart, waits for its turn and joins them. The result is that of one
//! thread; memory is a few pieces, whatever the input. It does not print.

use super::calendar::Clock;
use super::chunks::{LINE_CAP, Piece, Pieces, lines};
use super::claim::Claim;
use super::input::{self, Input};
use super::line::{self, Frame};
use super::record::JournalRecord;
use super::sink::{Outcome, Sink};
use super::spot::Place;
use super::tally::Tally;
use super::timestamp::Stamp;
use super::{Parser, speaker, web_log};
use crate::model::{AuthEvent, Safe, ScanSummary, UnparsedLine};
use std::io::{self, Read};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Unparsed lines that are named.
const NAMED: usize = 5;

/// Takes each event, in the order in which they become certain.
pub type EventSink<'s> = dyn FnMut(&AuthEvent) -> io::Result<()> + Send + 's;

/// Counts over all inputs of one scan.
#[derive(Debug)]
pub struct Scan {
    clock: Clock,
    workers: usize,
    tally: Tally,
    about: ScanSummary,
    only_records: bool,
}

impl Scan {
    /// A scan that has read nothing, on that many threads. `clock.upper_bound` is taken from each file.
    pub fn new(clock: Clock, workers: usize) -> Self {
        Self {
            clock,
            workers: workers.max(1),
            tally: Tally::new(clock.zone),
            about: ScanSummary::default(),
            only_records: false,
        }
    }

    /// Takes every line that is no record of the journal for unparsed.
    pub const fn only_records(&mut self, only: bool) {
        self.only_records = only;
    }

    /// Reads one input to its end. `events` takes every event; without it they are only counted. `progress` is
    /// told the bytes read of this input now and then.
    ///
    /// # Errors
    ///
    /// Only those of `events`. What is wrong with the input becomes one of the summary's problems.
    pub fn read(
        &mut self,
        input: Input,
        events: Option<&mut EventSink<'_>>,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> io::Result<()> {
        let name = input.name;
        self.about.files.push(name.clone());
        let source = Mutex::new(Source { pieces: Pieces::new(input.bytes), broken: None, stopped: false });
        let turn = Turn {
            merge: Mutex::new(Merge {
                number: 0,
                name: &name,
                parser: Parser::new(Clock { upper_bound: input.written_until, ..self.clock }),
                tally: &mut self.tally,
                about: &mut self.about,
                line: 0,
                events,
                progress,
                failed: None,
                gave_up: false,
            }),
            came: Condvar::new(),
        };
        let manner = Manner { with_year: self.clock.year.is_some(), only_records: self.only_records };
        if self.workers == 1 {
            work(&source, &turn, manner);
        } else {
            thread::scope(|scope| {
                for _ in 1..self.workers {
                    scope.spawn(|| work(&source, &turn, manner));
                }
                work(&source, &turn, manner);
            });
        }
        let mut merge = turn.merge.into_inner().unwrap_or_else(PoisonError::into_inner);
        merge.finish();
        let failed = merge.failed.take();
        let source = source.into_inner().unwrap_or_else(PoisonError::into_inner);
        let read = source.pieces.read;
        self.about.bytes += read;
        if let Some(broken) = source.broken {
            self.note_problem(&name, &input::broken(&broken));
        } else if failed.is_none()
            && let Some(size) = input.size.filter(|size| read < *size)
        {
            self.note_problem(&name, &format!("shrank while it was read: {read} of {size} bytes were there"));
        }
        failed.map_or(Ok(()), Err)
    }

    /// Notes what is wrong with an input.
    pub fn note_problem(&mut self, name: &Safe, why: &str) {
        self.about.problems.push(Safe::new(&format!("{name}: {why}")));
    }

    /// What all inputs add up to.
    pub fn summary(&self) -> ScanSummary {
        let about = &self.about;
        ScanSummary {
            files: about.files.clone(),
            bytes: about.bytes,
            lines: about.lines,
            lines_skipped: about.lines_skipped,
            lines_unparsed: about.lines_unparsed,
            unparsed: about.unparsed.clone(),
            problems: about.problems.clone(),
            ..self.tally.summary()
        }
    }
}

/// How lines are to be read.
#[derive(Debug, Clone, Copy)]
struct Manner {
    /// The user named the year of the first line: every month counts.
    with_year: bool,
    only_records: bool,
}

/// Where pieces come from.
struct Source<R> {
    pieces: Pieces<R>,
    broken: Option<io::Error>,
    stopped: bool,
}

/// Whose turn it is to join its lines.
struct Turn<'m, 'e> {
    merge: Mutex<Merge<'m, 'e>>,
    came: Condvar,
}

/// What a piece holds, in slices of it.
#[derive(Default)]
struct Lines<'a> {
    told: Vec<(u32, Told<'a>)>,
    count: u64,
    skipped: u64,
    unparsed: u64,
    /// The first unparsed ones, by their place in the piece.
    named: Vec<u64>,
}

#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are lines; a box each would cost more than the room"
)]
enum Told<'a> {
    Line(Frame<'a>, Claim<'a>),
    Record(Box<JournalRecord>),
    /// Nothing about sign-ins, but the years go by.
    Silent(Stamp),
}

/// Takes a piece's lines apart.
fn take_apart(piece: &Piece, manner: Manner) -> Lines<'_> {
    let mut out = Lines { told: Vec::with_capacity(piece.bytes.len() / 100), ..Lines::default() };
    let mut before: &[u8] = &piece.before;
    let mut reader = line::Reader::default();
    for text in lines(&piece.bytes) {
        let at = out.count;
        out.count += 1;
        if let Some(b'{') = text.first()
            && text.len() <= LINE_CAP
            && !web_log::is_entry(text)
        {
            match JournalRecord::parse(text) {
                Some(record) => out.told.push((at as u32, Told::Record(Box::new(record)))),
                None => out.note_unparsed(at),
            }
            continue;
        }
        if is_no_log_line(text) {
            out.skipped += 1;
            continue;
        }
        let readable = Some(text).filter(|text| text.len() <= LINE_CAP && !manner.only_records);
        let Some(frame) = readable.and_then(|text| reader.read(text)) else {
            out.note_unparsed(at);
            continue;
        };
        let frame = if let Some(times) = line::last_repeated(frame.message) {
            let Some(earlier) = line::read(before) else { continue };
            Frame { repeated: times, stamp: frame.stamp, ..earlier }
        } else {
            before = text;
            frame
        };
        match speaker::read(frame.tag, frame.message) {
            Some(claim) => out.told.push((at as u32, Told::Line(frame, claim))),
            None if manner.with_year => out.told.push((at as u32, Told::Silent(frame.stamp))),
            None => {}
        }
    }
    out
}

impl Lines<'_> {
    fn note_unparsed(&mut self, at: u64) {
        self.unparsed += 1;
        if self.named.len() < NAMED {
            self.named.push(at);
        }
    }
}

/// Tells blank lines, comments, and what journalctl writes between boots.
fn is_no_log_line(text: &[u8]) -> bool {
    match text.first() {
        None | Some(b'#') => true,
        Some(b'-') => text.starts_with(b"-- "),
        Some(b' ' | b'\t' | b'\r') => text.trim_ascii().is_empty(),
        _ => false,
    }
}

/// Reads pieces until there are none.
fn work<R: Read>(source: &Mutex<Source<R>>, turn: &Turn<'_, '_>, manner: Manner) {
    let _leave = Leave(turn);
    let mut piece = Piece::default();
    loop {
        {
            let mut source = lock(source);
            if source.stopped {
                return;
            }
            match source.pieces.fill(&mut piece) {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    source.broken = Some(error);
                    return;
                }
            }
        }
        let lines = take_apart(&piece, manner);
        let mut merge = lock(&turn.merge);
        while merge.number != piece.number && !merge.gave_up {
            merge = turn.came.wait(merge).unwrap_or_else(PoisonError::into_inner);
        }
        if merge.gave_up {
            return;
        }
        merge.take(lines, piece.bytes.len() as u64);
        let failed = merge.failed.is_some();
        merge.number += 1;
        drop(merge);
        turn.came.notify_all();
        if failed {
            lock(source).stopped = true;
        }
    }
}

/// Lets the others go when this thread panics: they must not wait for its turn for ever.
struct Leave<'t, 'm, 'e>(&'t Turn<'m, 'e>);

impl Drop for Leave<'_, '_, '_> {
    fn drop(&mut self) {
        if thread::panicking() {
            lock(&self.0.merge).gave_up = true;
            self.0.came.notify_all();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Joins and counts what the pieces hold, in their order.
struct Merge<'m, 'e> {
    /// The piece whose turn it is.
    number: u64,
    name: &'m Safe,
    parser: Parser,
    tally: &'m mut Tally,
    about: &'m mut ScanSummary,
    line: u64,
    events: Option<&'m mut EventSink<'e>>,
    progress: &'m mut (dyn FnMut(u64) + Send),
    failed: Option<io::Error>,
    gave_up: bool,
}

impl Merge<'_, '_> {
    fn take(&mut self, lines: Lines<'_>, bytes: u64) {
        self.about.lines += lines.count;
        self.about.lines_skipped += lines.skipped;
        self.about.lines_unparsed += lines.unparsed;
        for at in lines.named {
            if self.about.unparsed.len() < NAMED {
                self.about.unparsed.push(UnparsedLine { file: self.name.clone(), line: self.line + at + 1 });
            }
        }
        (self.progress)(bytes);
        match self.events.as_deref_mut() {
            None => {
                let mut sink = Counting(self.tally);
                for (at, told) in &lines.told {
                    hear(&mut self.parser, told, self.name, self.line + u64::from(*at) + 1, &mut sink);
                }
            }
            Some(events) => {
                let mut sink = Telling { tally: self.tally, events, failed: &mut self.failed };
                for (at, told) in &lines.told {
                    hear(&mut self.parser, told, self.name, self.line + u64::from(*at) + 1, &mut sink);
                }
            }
        }
        self.line += lines.count;
    }

    fn finish(&mut self) {
        match self.events.as_deref_mut() {
            None => self.parser.finish_into(&mut Counting(self.tally)),
            Some(events) => {
                self.parser.finish_into(&mut Telling { tally: self.tally, events, failed: &mut self.failed });
            }
        }
    }
}

fn hear<S: Sink>(parser: &mut Parser, told: &Told<'_>, file: &Safe, line: u64, sink: &mut S) {
    let place = Place { file: Some(file), line: Some(line) };
    match told {
        Told::Line(frame, claim) => parser.hear(frame, claim, place, sink),
        Told::Record(record) => parser.hear_record(record, place, sink),
        Told::Silent(stamp) => parser.pass(*stamp),
    }
}

/// Counts only.
struct Counting<'t>(&'t mut Tally);

impl Sink for Counting<'_> {
    const EVENTS: bool = false;

    fn hear(&mut self, outcome: &Outcome<'_>, _: Option<Box<AuthEvent>>) {
        self.0.count(outcome);
    }
}

/// Counts, and gives every event.
struct Telling<'t, 'e> {
    tally: &'t mut Tally,
    events: &'t mut EventSink<'e>,
    failed: &'t mut Option<io::Error>,
}

impl Sink for Telling<'_, '_> {
    const EVENTS: bool = true;

    fn hear(&mut self, outcome: &Outcome<'_>, event: Option<Box<AuthEvent>>) {
        self.tally.count(outcome);
        if let Some(event) = event
            && self.failed.is_none()
            && let Err(error) = (self.events)(&event)
        {
            *self.failed = Some(error);
        }
    }
}
