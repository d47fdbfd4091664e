//! Reads what machines write about sign-ins: one physical event, one [`AuthEvent`].
//!
//! A line is taken apart (`line`, `timestamp`), read by the parser of its speaker (`sshd`, `pam`, `sudo`, ...),
//! joined with the other lines of its process (`join`), and given as an event. It does not judge, and no parser
//! does I/O.

mod accounts;
mod bell;
mod calendar;
mod choice;
mod chunks;
mod claim;
mod cut;
mod doas;
mod dropbear;
mod ends;
mod fact;
pub mod follow;
mod ftp;
mod inbox;
mod input;
mod join;
mod journal;
mod line;
mod lines;
mod login;
mod pam;
mod polkit;
mod position;
mod process;
mod record;
mod remote;
mod rights;
mod rotated;
pub mod said;
mod scan;
mod session;
mod sink;
pub mod source;
mod speaker;
mod spot;
mod sshd;
mod su;
mod sudo;
mod tally;
mod timestamp;
mod trust;
mod web_log;
mod witness;

pub use calendar::Clock;
pub use input::Input;
pub use record::JournalRecord;
pub use scan::{EventSink, Scan};
pub use spot::Place;

use crate::model::{AuthEvent, AuthKind};
use calendar::Calendar;
use chrono::{DateTime, Utc};
use claim::Claim;
use join::Joiner;
use sink::{Heard, Outcome, Sink};
use spot::Spot;
use trust::Author;

/// Reads one source of lines or records, in their order. It holds what waits for another line of its process:
/// [`flush`](Self::flush) it now and then, and [`finish`](Self::finish) it at the end.
#[derive(Debug)]
pub struct Parser {
    calendar: Calendar,
    joiner: Joiner,
    /// The line before, for `last message repeated N times`.
    before: Vec<u8>,
}

impl Parser {
    /// A parser that has read nothing yet.
    pub fn new(clock: Clock) -> Self {
        Self { calendar: Calendar::new(clock), joiner: Joiner::default(), before: Vec::new() }
    }

    /// Reads one line of text, without its line break, and appends the events that are certain now. Answers
    /// false when it is no log line.
    pub fn line(&mut self, bytes: &[u8], place: Place<'_>, out: &mut Vec<AuthEvent>) -> bool {
        let Some(mut frame) = line::read(bytes) else { return false };
        let before = std::mem::take(&mut self.before);
        let repeated = line::last_repeated(frame.message);
        if let Some(times) = repeated
            && let Some(earlier) = line::read(&before)
        {
            frame = line::Frame { repeated: times, stamp: frame.stamp, ..earlier };
        }
        match speaker::read(frame.tag, frame.message) {
            Some(claim) => self.hear(&frame, &claim, place, &mut Events(out)),
            None => self.pass(frame.stamp),
        }
        self.before = before;
        if repeated.is_none() {
            self.before.clear();
            self.before.extend_from_slice(bytes);
        }
        true
    }

    /// Reads one record of the journal and appends the events that are certain now. The trusted fields decide
    /// who spoke: a record under another's name gives one event of kind `other` with `forged_by`.
    pub fn record(&mut self, record: &JournalRecord, out: &mut Vec<AuthEvent>) {
        self.hear_record(record, Place::default(), &mut Events(out));
    }

    /// Gives what has waited long enough for another line, and moves the present on.
    pub fn flush(&mut self, now: DateTime<Utc>, out: &mut Vec<AuthEvent>) {
        self.calendar.set_now(now);
        self.joiner.expire(Some(now.timestamp()), &mut Events(out));
    }

    /// True when something waits for another line, so that a flush may give it.
    pub fn is_waiting(&self) -> bool {
        self.joiner.is_waiting()
    }

    /// Gives everything that still waits: the source has ended.
    pub fn finish(&mut self, out: &mut Vec<AuthEvent>) {
        self.finish_into(&mut Events(out));
    }

    fn finish_into<S: Sink>(&mut self, sink: &mut S) {
        self.joiner.finish(sink);
    }

    fn hear<S: Sink>(&mut self, frame: &line::Frame<'_>, claim: &Claim<'_>, place: Place<'_>, sink: &mut S) {
        let spot = Spot { place, time: self.calendar.instant(frame.stamp) };
        self.joiner.hear(&Heard { frame, claim, spot }, sink);
    }

    /// A line that says nothing about sign-ins: only its month counts.
    fn pass(&mut self, stamp: timestamp::Stamp) {
        self.calendar.instant(stamp);
    }

    fn hear_record<S: Sink>(&mut self, record: &JournalRecord, place: Place<'_>, sink: &mut S) {
        let time = record.realtime_us.map(|us| ((us / 1_000_000) as i64, (us % 1_000_000) as u32));
        let spot = Spot { place, time };
        let tag = record.identifier.as_deref().or(record.comm.as_deref()).unwrap_or_default();
        // `sshd[999]` is a name that `logger -t` may give; no daemon calls itself so.
        let name = tag.split(['[', '(']).next().unwrap_or_default();
        let mut frame = line::bare(name.as_bytes(), record.pid.or(record.syslog_pid), &record.message);
        frame.host = record.host.as_deref().map(str::as_bytes);
        let Some(claim) = speaker::read(frame.tag, frame.message) else { return };
        let forger = match trust::author(record, name, claim.kind) {
            Author::Itself => {
                self.joiner.hear(&Heard { frame: &frame, claim: &claim, spot }, sink);
                return;
            }
            // sshd's child says good-bye as the user whom it served; nobody gains by forging that.
            Author::Hearsay => return,
            Author::Unproven(_) if is_good_bye(claim.kind) => return,
            Author::Forger(who) | Author::Unproven(who) => who,
        };
        let claim = Claim {
            reason: Some(b"written under another program's name"),
            ..Claim::new(AuthKind::Other, claim.service)
        };
        sink::tell_forged(&Heard { frame: &frame, claim: &claim, spot }, &forger, sink);
    }
}

/// Tells what neither lets anybody in nor blames anybody.
const fn is_good_bye(kind: AuthKind) -> bool {
    matches!(kind, AuthKind::SessionClosed | AuthKind::Probe | AuthKind::Other)
}

/// Keeps every event.
struct Events<'o>(&'o mut Vec<AuthEvent>);

impl Sink for Events<'_> {
    const EVENTS: bool = true;

    fn hear(&mut self, _: &Outcome<'_>, event: Option<Box<AuthEvent>>) {
        self.0.extend(event.map(|event| *event));
    }
}
