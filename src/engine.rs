//! The heartbeat: collect, judge, and give one immutable snapshot to every output.
//!
//! It has its own thread, so that a slow disk or a hung reader never holds up a key. It knows no screen.

use crate::assess::{self, Judge};
use crate::collect::{self, Root, Seen};
use crate::model::{AuthReading, Host, OwnCost, Readings, Request, Safe, Sensor, Snapshot, Sockets};
use crate::outputs::Output;
use chrono::{DateTime, Utc};
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

/// How often the judge's memory is given to its keeper while nothing special happens.
const KEEP_MEMORY_EVERY: Duration = Duration::from_mins(1);

/// The settings of every collector.
#[derive(Debug, Clone, Default)]
pub struct CollectSettings {
    /// Reading of sign-ins.
    pub auth: collect::auth::source::Settings,
    /// Reading of processes.
    pub processes: collect::processes::Settings,
}

/// Keeps the judge's memory over restarts.
pub type MemoryKeeper = Box<dyn FnMut(&assess::Memory) -> anyhow::Result<()> + Send>;

/// A worker that is replaced by a fresh one when it panics, so that one bad reader never blinds the others.
struct Worker<T> {
    name: &'static str,
    make: Box<dyn Fn() -> T + Send>,
    inner: Option<T>,
    restarts: u64,
}

impl<T> Worker<T> {
    fn new(name: &'static str, make: impl Fn() -> T + Send + 'static) -> Self {
        Self { name, make: Box::new(make), inner: None, restarts: 0 }
    }

    /// Lets the worker work; a panic costs its reading of this beat and is told in the sensors.
    fn work<V>(&mut self, work: impl FnOnce(&mut T) -> Seen<V>) -> Seen<V> {
        let result = catch_unwind(AssertUnwindSafe(|| work(self.inner.get_or_insert_with(|| (self.make)()))));
        result.unwrap_or_else(|_| {
            self.inner = None;
            self.restarts += 1;
            let says = format!(
                "the reader of {} failed inside home-soc and was restarted ({} so far): please report it",
                self.name, self.restarts
            );
            Seen { value: None, sensors: vec![Sensor::blind(self.name, "internal_error", &says)] }
        })
    }
}

/// The heart.
pub struct Engine {
    host: Host,
    host_sensors: Vec<Sensor>,
    boot: String,
    interval: Duration,
    next_seq: u64,
    system: Worker<collect::system::Collector>,
    processes: Worker<collect::processes::Collector>,
    sockets: Worker<collect::sockets::Collector>,
    logins: Worker<collect::logins::Collector>,
    auth: Worker<collect::auth::source::Collector>,
    execs: Worker<collect::execs::Collector>,
    own: collect::own::Meter,
    judge: Judge,
    keeper: Option<MemoryKeeper>,
    kept_at: Instant,
    outputs: Vec<Box<dyn Output>>,
    /// What each output said when it last failed.
    deaf: BTreeMap<&'static str, String>,
    notices: Vec<Safe>,
    looked_at: Option<Instant>,
    last_beat_ms: Option<f64>,
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
        let here = root.clone();
        let process_settings = settings.processes.clone();
        let auth_settings = settings.auth.clone();
        Self {
            host: host.value.unwrap_or_default(),
            host_sensors: host.sensors,
            boot,
            interval,
            next_seq: 1,
            system: Worker::new("system", {
                let root = here.clone();
                move || collect::system::Collector::new(root.clone())
            }),
            processes: Worker::new("proc", {
                let root = here.clone();
                move || collect::processes::Collector::new(root.clone(), process_settings.clone())
            }),
            sockets: Worker::new("net.sockets", {
                let root = here.clone();
                move || collect::sockets::Collector::new(root.clone())
            }),
            logins: Worker::new("logins", {
                let root = here.clone();
                move || {
                    collect::logins::Collector::new(root.clone(), collect::logins::Whoami::of_this_process())
                }
            }),
            execs: Worker::new("exec.events", {
                let root = here.clone();
                move || collect::execs::Collector::start(root.clone())
            }),
            auth: Worker::new("auth", move || {
                collect::auth::source::Collector::start(here.clone(), auth_settings.clone(), now)
            }),
            own: collect::own::Meter::new(),
            judge,
            keeper: None,
            kept_at: Instant::now(),
            outputs: Vec::new(),
            deaf: BTreeMap::new(),
            notices: Vec::new(),
            looked_at: None,
            last_beat_ms: None,
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

    /// Takes one beat and gives it to every output.
    pub fn beat(&mut self, now: DateTime<Utc>) -> Arc<Snapshot> {
        let started = Instant::now();
        let elapsed = self.looked_at.map(|before| started.duration_since(before));
        self.looked_at = Some(started);
        let (readings, sensors) = self.collect(now, elapsed);
        let snapshot = Arc::new(self.judge(readings, sensors, now));
        self.next_seq += 1;
        self.tell(&snapshot);
        self.last_beat_ms = Some(started.elapsed().as_secs_f64() * 1000.0);
        if self.kept_at.elapsed() >= KEEP_MEMORY_EVERY {
            self.keep();
        }
        snapshot
    }

    /// Looks at the counters once, so that the first beat can tell rates; nothing is judged or told.
    pub fn prime(&mut self, now: DateTime<Utc>) {
        self.looked_at = Some(Instant::now());
        self.system.work(|system| system.read(now, None));
        self.processes.work(|processes| processes.read(now, None));
        self.own.read(None);
        // Starting the sign-in source here lets it read the past while the first beat is waited for.
        self.auth.work(|auth| {
            auth.check_again(now);
            Seen::<()>::default()
        });
    }

    /// Beats until `requests` is closed; the time between beats is measured from start to start.
    pub fn run(mut self, requests: &Receiver<Request>) {
        self.prime(Utc::now());
        let mut next = Instant::now() + FIRST_BEAT_AFTER.min(self.interval);
        loop {
            match requests.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(Request::Interval(interval)) => {
                    self.interval = interval;
                    next = next.min(Instant::now() + interval);
                }
                Ok(Request::MeasureNow) => next = Instant::now(),
                Ok(Request::CheckAgain) => {
                    let now = Utc::now();
                    self.auth.work(|auth| {
                        auth.check_again(now);
                        Seen::<()>::default()
                    });
                    next = Instant::now();
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    let started = Instant::now();
                    self.beat(Utc::now());
                    // A beat that took longer than the interval is not made up for.
                    next = (started + self.interval).max(Instant::now());
                }
            }
        }
        self.end(Utc::now());
    }

    /// Takes a single beat, for which it waits at most `patience` until the sign-ins of the past are read.
    pub fn once(&mut self, patience: Duration) -> Arc<Snapshot> {
        self.prime(Utc::now());
        thread::sleep(ONCE_SAMPLE);
        self.patience = patience;
        let snapshot = self.beat(Utc::now());
        self.end(Utc::now());
        snapshot
    }

    fn collect(&mut self, now: DateTime<Utc>, elapsed: Option<Duration>) -> (Readings, Vec<Sensor>) {
        let mut sensors = self.host_sensors.clone();
        let mut take = |more: Vec<Sensor>| sensors.extend(more);
        let system = self.system.work(|system| system.read(now, elapsed));
        take(system.sensors);
        let processes = self.processes.work(|processes| processes.read(now, elapsed));
        take(processes.sensors);
        let running = processes.value.as_deref().map(Vec::as_slice);
        let sockets = self.sockets.work(|sockets| sockets.read(now, running, collect::sockets::Detail::All));
        take(sockets.sensors);
        let logins = self.logins.work(|logins| logins.read(now, running));
        take(logins.sensors);
        let table = sockets.value.as_deref();
        let auth = Self::sign_ins(&mut self.auth, now, table, self.patience);
        take(auth.sensors);
        let execs = self.execs.work(|execs| execs.read(now));
        take(execs.sensors);
        let own = OwnCost { beat_ms: self.last_beat_ms, ..self.own.read(elapsed) };
        let readings = Readings {
            system: system.value.unwrap_or_default(),
            processes: processes.value,
            sockets: sockets.value,
            auth: auth.value,
            logins: logins.value,
            execs: execs.value,
            oddities: None,
            own,
        };
        (readings, sensors)
    }

    /// Reads sign-ins; with patience it waits until what the source held before this start is read.
    fn sign_ins(
        auth: &mut Worker<collect::auth::source::Collector>,
        now: DateTime<Utc>,
        table: Option<&Sockets>,
        patience: Duration,
    ) -> Seen<AuthReading> {
        let until = Instant::now() + patience;
        let mut seen = Seen::default();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let more = auth.work(|auth| {
                if let Some(table) = table {
                    auth.confirm(table);
                }
                if !left.is_zero() {
                    auth.wait(left);
                }
                auth.read(now)
            });
            seen = join(seen, more);
            let is_read = seen.value.as_ref().is_none_or(|reading: &AuthReading| reading.caught_up);
            if is_read || Instant::now() >= until {
                break;
            }
        }
        seen
    }

    fn judge(&mut self, readings: Readings, mut sensors: Vec<Sensor>, now: DateTime<Utc>) -> Snapshot {
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

/// Puts two readings of one source behind each other.
fn join(before: Seen<AuthReading>, after: Seen<AuthReading>) -> Seen<AuthReading> {
    let value = match (before.value, after.value) {
        (Some(mut before), Some(after)) => {
            before.events.extend(after.events);
            Some(AuthReading { events: before.events, dropped: before.dropped + after.dropped, ..after })
        }
        (_, after) => after,
    };
    Seen { value, sensors: after.sensors }
}
