//! Programs that are started, seen at the moment of their exec through the kernel's process connector.
//!
//! A thread of its own listens and looks at each process at once; the beat fetches what it kept. Where the
//! kernel tells nothing the thread polls, and the sensor `exec.events` says so. It judges nothing.

mod connector;
mod message;
mod polling;
mod queue;
mod stirred;
mod witness;

use super::{Root, Seen};
use crate::model::{ExecReading, Sensor};
use chrono::{DateTime, Utc};
use connector::{Connector, Silence};
use message::Event;
use polling::Poll;
use queue::Queue;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use stirred::Stirred;
use witness::Witness;

/// Counts the messages in a datagram of the kernel's process connector.
pub(in crate::collect) fn messages_in(datagram: &[u8]) -> usize {
    message::parse(datagram).count()
}

/// The sensor of this collector.
const SENSOR: &str = "exec.events";

/// The pause between two polls of the process list.
const POLL_EVERY: Duration = Duration::from_millis(250);

/// The listener runs before all others: what it comes too late for is gone, and it needs microseconds only.
const NICENESS: i32 = -20;

/// Listens for starts of programs from its own thread.
#[derive(Debug)]
pub struct Collector {
    root: Root,
    listener: Result<Listener, String>,
    restarts: u64,
}

/// A running thread.
#[derive(Debug)]
struct Listener {
    queue: Arc<Mutex<Queue>>,
    stirred: Arc<Mutex<Stirred>>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
    /// Set where it polls: why the kernel tells nothing.
    silence: Option<Silence>,
}

impl Collector {
    /// Starts to listen. A recorded machine has no events: there it stays blind.
    pub fn start(root: Root) -> Self {
        let listener = Listener::start(&root);
        Self { root, listener, restarts: 0 }
    }

    /// Fetches the pids of all who were born, became another program, changed their name or account, or ended since
    /// the last call; `None` where that is not certain.
    pub fn stirred(&mut self) -> Option<Vec<u32>> {
        let listener = self.listener.as_ref().ok()?;
        let stirred = lock(&listener.stirred).take()?;
        (listener.silence.is_none() && !listener.thread.is_finished()).then_some(stirred)
    }

    /// Fetches what was started since the last call.
    pub fn read(&mut self, now: DateTime<Utc>) -> Seen<Arc<ExecReading>> {
        let listener = match &self.listener {
            Ok(listener) => listener,
            Err(why) => {
                return Seen { value: None, sensors: vec![Sensor::blind(SENSOR, "unsupported", why)] };
            }
        };
        let reading = listener.take(now);
        let mut sensor = sensor(&reading, listener.silence);
        if listener.thread.is_finished() {
            self.restarts += 1;
            let says = format!(
                "the listener for started programs ended and was restarted ({} so far); some starts are missing",
                self.restarts
            );
            sensor = Sensor::partial(SENSOR, "internal_error", &says);
            self.listener = Listener::start(&self.root);
        }
        Seen { value: Some(Arc::new(reading)), sensors: vec![sensor] }
    }
}

fn sensor(reading: &ExecReading, silence: Option<Silence>) -> Sensor {
    let sensor = match silence {
        _ if reading.overruns > 0 => {
            let says = format!(
                "{} process events came faster than they could be kept; {} starts of programs were seen",
                reading.overruns, reading.seen
            );
            let kept = reading.events.len() as u64;
            let total = Some(kept + reading.overruns);
            Sensor { seen: Some(kept), total, ..Sensor::partial(SENSOR, "overrun", &says) }
        }
        None => Sensor::ok(SENSOR),
        Some(silence) => {
            let says = format!(
                "{silence}: the process list is polled four times a second instead, and programs that live \
                 shorter than that are missed"
            );
            match silence {
                Silence::Forbidden => {
                    Sensor::partial(SENSOR, "permission_denied", &says).fixed_by(&["sudo", "home-soc"])
                }
                Silence::Unsupported(_) => Sensor::partial(SENSOR, "unsupported", &says),
            }
        }
    };
    Sensor { last_event_at: reading.events.last().map(|event| event.at), ..sensor }
}

impl Listener {
    fn start(root: &Root) -> Result<Self, String> {
        if !root.is_live() {
            return Err("a recorded machine starts no programs".to_owned());
        }
        let proc = root.path("/proc");
        let witness = Witness::new(&proc).map_err(|errno| format!("{}: {errno}", proc.display()))?;
        let stop = Arc::new(AtomicBool::new(false));
        let queue = Arc::new(Mutex::new(Queue::default()));
        let stirred = Arc::new(Mutex::new(Stirred::unheard()));
        let (source, silence) = match Connector::open() {
            Ok(connector) => (Source::Kernel(connector), None),
            // Whoever starts from now on is new.
            Err(silence) => (Source::List(Poll::new(&proc)), Some(silence)),
        };
        let (queue_in, stirred_in) = (Arc::clone(&queue), Arc::clone(&stirred));
        let ears = Ears { queue: queue_in, stirred: stirred_in, stop: Arc::clone(&stop), witness };
        let thread = thread::Builder::new()
            .name("exec events".to_owned())
            .spawn(move || match source {
                Source::Kernel(connector) => ears.listen(connector),
                Source::List(list) => ears.poll(list),
            })
            .map_err(|error| format!("no thread could be started to listen for started programs: {error}"))?;
        Ok(Self { queue, stirred, stop, thread, silence })
    }

    fn take(&self, now: DateTime<Utc>) -> ExecReading {
        let instant = Instant::now();
        let queue = std::mem::take(&mut *lock(&self.queue));
        queue.told(now, instant)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // It ends with the next event, or after a moment without one.
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Where the thread hears of starts.
enum Source {
    Kernel(Connector),
    List(Poll),
}

/// What the thread has.
struct Ears {
    queue: Arc<Mutex<Queue>>,
    stirred: Arc<Mutex<Stirred>>,
    stop: Arc<AtomicBool>,
    witness: Witness,
}

impl Ears {
    /// Hears every event until it is told to stop or the socket fails.
    fn listen(mut self, mut connector: Connector) {
        // Refused without root: then it comes too late a little more often.
        let _ = rustix::process::setpriority_process(None, NICENESS);
        while !self.stop.load(Ordering::Relaxed) {
            if connector.receive(|event| self.hear(event)).is_err() {
                return;
            }
            let lost = connector.take_lost();
            if lost > 0 {
                lock(&self.stirred).lose();
                lock(&self.queue).add_lost(lost);
                self.witness.forget();
            }
        }
    }

    /// Compares process lists until it is told to stop.
    fn poll(mut self, mut list: Poll) {
        while !self.stop.load(Ordering::Relaxed) {
            thread::sleep(POLL_EVERY);
            let (born, gone) = list.compare();
            for pid in gone {
                self.witness.gone(pid);
            }
            for pid in born {
                let sighting = self.witness.look(pid, Instant::now());
                lock(&self.queue).push(sighting);
            }
        }
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Exec { pid } => {
                lock(&self.stirred).add(pid);
                let sighting = self.witness.look(pid, Instant::now());
                lock(&self.queue).push(sighting);
            }
            Event::Fork { parent, child } => {
                lock(&self.stirred).add(child);
                self.witness.born(parent, child);
            }
            Event::Exit { pid } => {
                lock(&self.stirred).add(pid);
                self.witness.gone(pid);
            }
            Event::Changed { pid } => lock(&self.stirred).add(pid),
            Event::Answer { .. } | Event::Other => {}
        }
    }
}

/// A listener that panicked leaves something that is still whole.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
