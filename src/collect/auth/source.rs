//! Where sign-ins come from on this machine: one source, chosen once, read by a thread of its own.
//!
//! The thread follows the journal or a text log and parses what comes; a beat fetches the events and never
//! waits. It does not judge. The clock that lines without a year are read by is the time of the last beat.

use super::bell::Bell;
use super::choice::{self, Choice, Place};
use super::ends::Ends;
use super::follow::{Follower, Polled};
use super::inbox::Inbox;
use super::journal::{Journal, Turn};
use super::position::Position;
use super::rotated;
use super::witness::Witness;
use super::{Clock, Parser, Place as Spot};
use crate::collect::{Root, Seen};
use crate::model::{AuthEvent, AuthReading, Safe, Sensor, SensorState, Sockets, Zone};
use chrono::{DateTime, Duration as Span, Utc};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often a text log is looked at, and whether what waits for another line has waited long enough.
const PAUSE: Duration = Duration::from_millis(250);
/// How long the journal is waited for at once where nothing else waits: its pipe and the bell wake who waits.
const NOTHING_WAITS: Duration = Duration::from_secs(30);
/// Events of the past that wait at once: whoever wants them fast fetches them often.
const PAST: usize = 500;
/// What is read of a text log between two looks at the inbox.
const TURN_BYTES: usize = 64 << 10;

/// Settings of the sign-in sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How much of the past is read at the start, in hours. Default 24.
    pub backlog_hours: u32,
    /// At most this much of the text logs' past is read at the start, in MiB. Default 64.
    pub backlog_mib: u32,
    /// Text logs to choose from instead of the journal and the usual places; empty: look for them. Default empty.
    pub files: Vec<PathBuf>,
    /// Folder in which the time of the last look is kept, so that the next start reads what came while nothing
    /// ran, up to 30 days. Default none: each start reads `backlog_hours`.
    pub state_dir: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { backlog_hours: 24, backlog_mib: 64, files: Vec::new(), state_dir: None }
    }
}

/// Reads sign-ins: starts the reader, fetches what it brought.
#[derive(Debug)]
pub struct Collector {
    root: Root,
    settings: Settings,
    choice: Choice,
    reader: Option<Reader>,
    witness: Witness,
    position: Option<Position>,
    dropped: u64,
}

/// The thread that reads, and what it shares.
#[derive(Debug)]
struct Reader {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Told when the state has changed for the one who waits: events came, were fetched, or it is over.
    changed: Condvar,
    /// Rings when it is over, for the one who waits for the journal.
    over: Bell,
}

#[derive(Debug, Default)]
struct State {
    inbox: Inbox,
    now: DateTime<Utc>,
    caught_up: bool,
    last_line_at: Option<DateTime<Utc>>,
    /// What is wrong at the moment, and the word for it.
    trouble: Option<(&'static str, String)>,
    /// What has gone wrong since the start, to be told for good.
    losses: Vec<String>,
    is_over: bool,
}

impl Shared {
    /// The state; a reader that panicked leaves one that is still whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Collector {
    /// Chooses the source and begins to read it. `now` bounds the past that is brought.
    pub fn start(root: Root, settings: Settings, now: DateTime<Utc>) -> Self {
        let choice = choice::choose(&root, &settings.files, now);
        let position = settings.state_dir.as_deref().map(Position::in_folder);
        let mut collector =
            Self { root, settings, choice, reader: None, witness: Witness::default(), position, dropped: 0 };
        collector.begin(now);
        collector
    }

    /// Looks again for a source when there is none.
    pub fn check_again(&mut self, now: DateTime<Utc>) {
        if self.choice.place.is_none() {
            self.choice = choice::choose(&self.root, &self.settings.files, now);
            self.begin(now);
        }
    }

    /// Remembers who is connected, to confirm the addresses of the lines that come next.
    pub fn confirm(&mut self, sockets: &Sockets) {
        self.witness.look(sockets);
    }

    /// Waits until something is there to be fetched or the past is read, at most `patience`: for one who needs
    /// the past in full before going on. False when the time ran out.
    pub fn wait(&self, patience: Duration) -> bool {
        let Some(reader) = &self.reader else { return true };
        let is_poor = |state: &mut State| !state.caught_up && state.inbox.len() < PAST && !state.is_over;
        let waited = reader.shared.changed.wait_timeout_while(reader.shared.lock(), patience, is_poor);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Fetches what came since the last beat; never waits.
    pub fn read(&mut self, now: DateTime<Utc>) -> Seen<AuthReading> {
        let (Some(reader), Some(place)) = (&self.reader, &self.choice.place) else {
            return Seen { value: None, sensors: vec![self.choice.sensor.clone()] };
        };
        let mut state = reader.shared.lock();
        state.now = now;
        let (events, dropped) = state.inbox.take();
        reader.shared.changed.notify_all();
        self.dropped += dropped;
        let mut sensor = self.choice.sensor.clone();
        sensor.last_event_at = state.last_line_at;
        tell_trouble(&mut sensor, &state, self.dropped);
        let (caught_up, last_line_at) = (state.caught_up, state.last_line_at);
        drop(state);
        if let Some(position) = self.position.as_mut().filter(|_| caught_up) {
            position.reach(now);
        }
        let events = events
            .into_iter()
            .map(|event| Arc::new(AuthEvent { attribution: self.witness.judge(&event), ..event }))
            .collect();
        let source = match place {
            Place::Journal(_) => "journal",
            Place::File { name, .. } => name,
        };
        let value = AuthReading { source: Safe::new(source), events, caught_up, dropped, last_line_at };
        Seen { value: Some(value), sensors: vec![sensor] }
    }

    fn begin(&mut self, now: DateTime<Utc>) {
        let Some(place) = self.choice.place.clone() else { return };
        let over = match Bell::new() {
            Ok(bell) => bell,
            Err(errno) => return self.cannot_read(&errno.into()),
        };
        let state = Mutex::new(State { now, ..State::default() });
        let shared = Arc::new(Shared { state, changed: Condvar::new(), over });
        let since = now - Span::hours(i64::from(self.settings.backlog_hours));
        let desk = Desk {
            shared: Arc::clone(&shared),
            since: self.position.as_ref().map_or(since, |position| position.begin(since, now)),
            parser: Parser::new(Clock::live(
                now,
                if self.root.is_live() { Zone::Local } else { Zone::utc() },
            )),
            out: Vec::new(),
            ends: Ends::of(&self.root),
        };
        let bytes = u64::from(self.settings.backlog_mib) << 20;
        let thread = std::thread::Builder::new().name("auth-reader".into()).spawn(move || match place {
            Place::Journal(program) => read_journal(program, desk),
            Place::File { path, .. } => read_file(&path, bytes, desk),
        });
        match thread {
            Ok(thread) => self.reader = Some(Reader { shared, thread: Some(thread) }),
            Err(error) => self.cannot_read(&error),
        }
    }

    fn cannot_read(&mut self, error: &std::io::Error) {
        let says = format!("the reader of sign-ins could not be started: {error}");
        self.choice.place = None;
        self.choice.sensor = Sensor::blind("auth", "stopped", &says);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.shared.lock().is_over = true;
        self.shared.changed.notify_all();
        self.shared.over.ring();
        if let Some(thread) = self.thread.take() {
            // A reader that panicked has told nobody: there is nobody left to tell here either.
            let _ = thread.join();
        }
    }
}

/// Adds to the sensor what the reader met.
fn tell_trouble(sensor: &mut Sensor, state: &State, dropped: u64) {
    let mut says: Vec<String> = sensor.says.iter().map(ToString::to_string).collect();
    if let Some((reason, words)) = &state.trouble {
        sensor.state = SensorState::Partial;
        sensor.reason = Some((*reason).to_owned());
        says.insert(0, words.clone());
    }
    says.extend(state.losses.iter().cloned());
    if dropped > 0 {
        says.push(format!(
            "{} came faster than they could be kept and were dropped",
            crate::text::plural(dropped, "event")
        ));
    }
    sensor.says = (!says.is_empty()).then(|| Safe::new(&says.join("; ")));
}

/// Where the reader works: parses lines, puts events into the inbox.
struct Desk {
    shared: Arc<Shared>,
    since: DateTime<Utc>,
    parser: Parser,
    out: Vec<AuthEvent>,
    ends: Option<Ends>,
}

impl Desk {
    /// Hands over the events of one turn; at the end of what is there also those that have waited long enough for
    /// another line. While the past is read a full inbox is waited for: the past does not run away. Answers false
    /// when it is over.
    fn hand_over(&mut self, is_past: bool, at_end: bool) -> bool {
        if at_end {
            let now = self.shared.lock().now;
            self.parser.flush(now, &mut self.out);
        }
        if let Some(ends) = self.ends.as_mut().filter(|_| !is_past) {
            ends.confirm(&mut self.out);
        }
        let mut state = self.shared.lock();
        for event in self.out.drain(..) {
            if is_past && event.time.is_some_and(|time| time < self.since) {
                continue;
            }
            while is_past && state.inbox.len() >= PAST && !state.is_over {
                self.shared.changed.notify_all();
                state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            state.inbox.put(event);
        }
        !state.is_over
    }

    /// Waits for the next look; answers false when it is over.
    fn rest(&self) -> bool {
        let state = self.shared.lock();
        let waited = self.shared.changed.wait_timeout_while(state, PAUSE, |state| !state.is_over);
        !waited.unwrap_or_else(PoisonError::into_inner).0.is_over
    }

    fn note(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.shared.lock());
        self.shared.changed.notify_all();
    }
}

fn read_journal(program: &Path, mut desk: Desk) {
    let mut journal = Journal::since(program, desk.since.timestamp());
    loop {
        let is_past = !journal.caught_up();
        let mut last = None;
        let patience = if desk.parser.is_waiting() || journal.is_down() { PAUSE } else { NOTHING_WAITS };
        let turn = journal.turn(&desk.shared.over, patience, &mut |record| {
            last = record.realtime_us.or(last);
            desk.parser.record(record, &mut desk.out);
        });
        let has_caught_up = is_past && journal.caught_up();
        if !desk.hand_over(is_past, turn == Turn::Idle || has_caught_up) {
            return;
        }
        desk.note(|state| {
            state.caught_up = journal.caught_up();
            state.last_line_at =
                last.and_then(|at| DateTime::from_timestamp_micros(at as i64)).or(state.last_line_at);
            state.trouble = journal.is_down().then(|| {
                (
                    "stopped",
                    format!("journalctl has ended {} times and is started again soon", journal.restarts()),
                )
            });
            state.losses = match journal.unreadable() {
                0 => Vec::new(),
                records => vec![format!("{} could not be read", crate::text::plural(records, "record"))],
            };
        });
    }
}

fn read_file(path: &Path, bytes: u64, mut desk: Desk) {
    let (older, before): (Vec<_>, Vec<_>) = rotated::all_siblings(path)
        .into_iter()
        .filter(|sibling| sibling.changed_at.0 >= desk.since.timestamp())
        .partition(rotated::Sibling::is_compressed);
    let mut losses = Vec::new();
    for sibling in &older {
        let read = rotated::read_compressed(&sibling.path, bytes, &mut |line| {
            desk.parser.line(line, Spot::default(), &mut desk.out);
        });
        if let Err(error) = read {
            losses.push(format!("{} could not be read to its end: {error}", sibling.path.display()));
        }
        if !desk.hand_over(true, false) {
            return;
        }
    }
    let before: Vec<PathBuf> = before.into_iter().map(|sibling| sibling.path).collect();
    let mut follower =
        Follower::from_tail(path, &before, bytes).unwrap_or_else(|_| Follower::from_beginning(path));
    let mut caught_up = false;
    loop {
        let polled = follower.poll(TURN_BYTES, &mut |line| {
            desk.parser.line(line, Spot::default(), &mut desk.out);
        });
        let at_end = !matches!(polled, Ok(Polled::More));
        if !desk.hand_over(!caught_up, at_end) {
            return;
        }
        caught_up |= matches!(polled, Ok(Polled::AtEnd));
        let met = follower.met();
        desk.note(|state| {
            state.caught_up = caught_up;
            state.last_line_at = follower.changed_at().or(state.last_line_at);
            state.trouble = polled.err().map(|error| {
                let reason = if error.kind() == std::io::ErrorKind::PermissionDenied {
                    "permission_denied"
                } else {
                    "stopped"
                };
                (reason, format!("{} cannot be read at the moment: {error}", path.display()))
            });
            state.losses.clone_from(&losses);
            if met.truncations > 0 {
                state.losses.push(format!(
                    "the file was emptied in place {}: what was written just before may be lost",
                    crate::text::plural(met.truncations, "time")
                ));
            }
            if met.cut > 0 {
                state.losses.push(format!("{} over 64 KiB, cut", crate::text::plural(met.cut, "line")));
            }
        });
        if at_end && !desk.rest() {
            return;
        }
    }
}
