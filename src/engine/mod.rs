//! The heartbeat: collect, judge, and give one immutable snapshot to every output.
//!
//! It has its own thread, so that a slow disk or a hung reader never holds up a key. It knows no screen.

mod readers;
mod worker;

pub use readers::CollectSettings;

use crate::assess::{self, Judge};
use crate::collect::{self, Root};
use crate::model::{Acceptance, FindingId, Host, Readings, Request, Safe, Sensor, Snapshot};
use crate::outputs::Output;
use chrono::{DateTime, Utc};
use readers::Readers;
use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// The time between the first look at the counters and the first beat: rates need two looks.
const FIRST_BEAT_AFTER: Duration = Duration::from_millis(200);

/// The time between the two looks of a single measurement.
const ONCE_SAMPLE: Duration = Duration::from_millis(100);

/// How long the past is listened to at once, and how long requests are waited for in between.
const LISTENING: Duration = Duration::from_millis(50);
const BETWEEN_LISTENING: Duration = Duration::from_millis(5);

/// How often the judge's memory is given to its keeper, beside the end: a power cut costs at most so much of what
/// was learned, and a memory card is spared.
const KEEP_MEMORY_EVERY: Duration = Duration::from_mins(10);

/// Keeps the judge's memory over restarts.
pub type MemoryKeeper = Box<dyn FnMut(&assess::Memory) -> anyhow::Result<()> + Send>;

/// Gives the risks that a person accepted, when they changed since it was last asked.
pub type Acceptances = Box<dyn FnMut() -> anyhow::Result<Option<BTreeMap<FindingId, Acceptance>>> + Send>;

/// The heart.
pub struct Engine {
    host: Host,
    host_sensors: Vec<Sensor>,
    boot: String,
    interval: Duration,
    next_seq: u64,
    readers: Readers,
    judge: Judge,
    keeper: Option<MemoryKeeper>,
    acceptances: Option<Acceptances>,
    kept_at: Instant,
    outputs: Vec<Box<dyn Output>>,
    /// What each output said when it last failed.
    deaf: BTreeMap<&'static str, String>,
    notices: Vec<Safe>,
    last_beat_ms: Option<f64>,
    lost_beats: u64,
    /// How long a beat may wait for the sign-ins of the past.
    patience: Duration,
}

impl Engine {
    /// Makes the heart of a machine; nothing is read before the first beat.
    pub fn new(
        root: &Root,
        settings: &CollectSettings,
        judge: Judge,
        interval: Duration,
        now: DateTime<Utc>,
    ) -> Self {
        let host = collect::host::read(root);
        let boot = collect::host::boot_id(root).unwrap_or_default();
        Self {
            host: host.value.unwrap_or_default(),
            host_sensors: host.sensors,
            boot,
            interval,
            next_seq: 1,
            readers: Readers::new(root, settings, now),
            judge,
            keeper: None,
            acceptances: None,
            kept_at: Instant::now(),
            outputs: Vec::new(),
            deaf: BTreeMap::new(),
            notices: Vec::new(),
            last_beat_ms: None,
            lost_beats: 0,
            patience: Duration::ZERO,
        }
    }

    /// Adds a listener.
    pub fn add_output(&mut self, output: Box<dyn Output>) {
        self.outputs.push(output);
    }

    /// Numbers the beats from here.
    pub const fn start_at(&mut self, seq: u64) {
        self.next_seq = seq;
    }

    /// Says something on every beat: what did not work at the start.
    pub fn add_notice(&mut self, notice: &str) {
        self.notices.push(Safe::new(notice));
    }

    /// Keeps the judge's memory with this.
    pub fn keep_memory(&mut self, keeper: MemoryKeeper) {
        self.keeper = Some(keeper);
    }

    /// Looks here for accepted risks before every beat.
    pub fn accept_by(&mut self, acceptances: Acceptances) {
        self.acceptances = Some(acceptances);
    }

    /// Takes one beat and gives it to every output.
    pub fn beat(&mut self, now: DateTime<Utc>) -> Arc<Snapshot> {
        let started = Instant::now();
        let judge = &mut self.judge;
        let (mut readings, sensors) =
            self.readers.read(now, self.patience, &mut |past, here| judge.listen(past, here, now));
        readings.own.beat_ms = self.last_beat_ms;
        self.hear_acceptances(now);
        let snapshot = Arc::new(self.judge(readings, sensors, now));
        self.next_seq += 1;
        self.tell(&snapshot);
        self.last_beat_ms = Some(started.elapsed().as_secs_f64() * 1000.0);
        if self.kept_at.elapsed() >= KEEP_MEMORY_EVERY {
            self.keep();
        }
        snapshot
    }

    /// Beats until `requests` is closed; the time between beats is measured from start to start.
    pub fn run(mut self, requests: &Receiver<Request>) {
        self.readers.prime(Utc::now());
        let mut next = Instant::now() + FIRST_BEAT_AFTER.min(self.interval);
        loop {
            let rest = next.saturating_duration_since(Instant::now());
            // Until the first beat nobody knows who is here; after it the past is heard as fast as it is read.
            let is_listening = self.last_beat_ms.is_some() && self.readers.has_past();
            match requests.recv_timeout(if is_listening { rest.min(BETWEEN_LISTENING) } else { rest }) {
                Ok(Request::Interval(interval)) => {
                    self.interval = interval;
                    next = next.min(Instant::now() + interval);
                }
                Ok(Request::MeasureNow) => next = Instant::now(),
                Ok(Request::CheckAgain) => {
                    self.readers.check_again(Utc::now());
                    next = Instant::now();
                }
                Ok(Request::WatchConnections(watched)) => {
                    if self.readers.watch_connections(watched) {
                        next = Instant::now();
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) if Instant::now() < next => {
                    self.listen(next);
                    if !self.readers.has_past() {
                        // What the past adds up to is told at once.
                        next = Instant::now();
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    let started = Instant::now();
                    self.guarded_beat();
                    // A beat that took longer than the interval is not made up for.
                    next = (started + self.interval).max(Instant::now());
                }
            }
        }
        self.end(Utc::now());
    }

    /// Hears of the past for a short while, but not beyond the next beat.
    fn listen(&mut self, next: Instant) {
        let patience = LISTENING.min(next.saturating_duration_since(Instant::now()));
        self.guarded(|engine| {
            let (now, judge) = (Utc::now(), &mut engine.judge);
            engine.readers.hear_past(now, patience, &mut |past, here| judge.listen(past, here, now));
        });
    }

    /// Takes a beat; a fault of our own costs this one beat and is said, it never stops the heart.
    fn guarded_beat(&mut self) {
        self.guarded(|engine| drop(engine.beat(Utc::now())));
    }

    fn guarded(&mut self, work: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_err() {
            self.lost_beats += 1;
            let lost = self.lost_beats;
            let why = format!("a fault inside home-soc cost {lost} of its beats: please report it");
            self.deaf.insert("engine", why);
        }
    }

    /// Takes a single beat, for which it waits at most `patience` until the sign-ins of the past are read.
    pub fn once(&mut self, patience: Duration) -> Arc<Snapshot> {
        self.readers.prime(Utc::now());
        thread::sleep(ONCE_SAMPLE);
        self.patience = patience;
        let snapshot = self.beat(Utc::now());
        self.end(Utc::now());
        snapshot
    }

    fn judge(&mut self, readings: Readings, sensors: Vec<Sensor>, now: DateTime<Utc>) -> Snapshot {
        let mut sensors = [self.host_sensors.clone(), sensors].concat();
        for (name, why) in &self.deaf {
            sensors.push(Sensor::blind(&format!("output.{name}"), "failed", why));
        }
        let verdict = self.judge.beat(&readings, &sensors, now);
        let errors =
            self.notices.iter().cloned().chain(self.deaf.values().map(|why| Safe::new(why))).collect();
        Snapshot {
            seq: self.next_seq,
            boot: self.boot.clone(),
            host: self.host.clone(),
            at: now,
            interval_s: self.interval.as_secs_f64(),
            score: verdict.score,
            readings,
            sign_ins: verdict.sign_ins,
            findings: verdict.findings,
            sensors,
            checks_passed: verdict.checks_passed,
            errors,
        }
    }

    fn hear_acceptances(&mut self, now: DateTime<Utc>) {
        match self.acceptances.as_mut().map(|ask| ask()) {
            Some(Ok(Some(accepted))) => {
                self.deaf.remove("acceptances");
                self.judge.set_acceptances(accepted, now);
            }
            Some(Err(error)) => drop(self.deaf.insert("acceptances", format!("{error:#}"))),
            Some(Ok(None)) | None => {}
        }
    }

    fn tell(&mut self, snapshot: &Arc<Snapshot>) {
        for output in &mut self.outputs {
            let name = output.name();
            match catch_unwind(AssertUnwindSafe(|| output.hear(snapshot))) {
                Ok(Ok(())) => {
                    self.deaf.remove(name);
                }
                Ok(Err(error)) => {
                    self.deaf.insert(name, format!("{error:#}"));
                }
                Err(_) => {
                    let why = format!("the output {name} failed inside home-soc: please report it");
                    self.deaf.insert(name, why);
                }
            }
        }
    }

    /// Makes last what was told: for the end of the program, where nobody is left to hear of a failure but stderr.
    fn end(&mut self, now: DateTime<Utc>) {
        self.keep();
        for output in &mut self.outputs {
            if let Err(error) = output.close(now) {
                drop(writeln!(io::stderr(), "home-soc: {error:#}"));
            }
        }
    }

    fn keep(&mut self) {
        self.kept_at = Instant::now();
        let Some(keeper) = &mut self.keeper else { return };
        match keeper(self.judge.memory()) {
            Ok(()) => {
                self.deaf.remove("memory");
            }
            Err(error) => {
                self.deaf.insert("memory", format!("{error:#}"));
            }
        }
    }
}
