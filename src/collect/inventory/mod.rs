//! What seldom changes, looked at once a minute on a thread of its own: units, kernel modules, USB devices, sshd's settings.
//!
//! A home folder on a dead network file system holds that thread and no beat. Between looks the latest one stands.
//! It lists what no package vouches for, and does not say what of it is new.

mod catalogue;
mod devices;
mod homes;
mod modules;
mod sshd;
mod unit;
mod units;

use super::packages::{Ledger, Owners};
use super::{Root, Seen};
use crate::model::{Inventory, Sensor};
use chrono::{DateTime, Utc};
use devices::Bus;
use modules::Loaded;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};
use units::Shelf;

/// The rest between two looks.
const EVERY: Duration = Duration::from_mins(1);

/// A look that takes longer than this is stuck.
const STUCK_AFTER: Duration = Duration::from_secs(30);

/// Looks once a minute.
#[derive(Debug)]
pub struct Collector {
    root: Root,
    eyes: Eyes,
    next: Instant,
    latest: Option<Arc<Inventory>>,
    sensors: Vec<Sensor>,
}

/// What looks, here or away on its thread.
#[derive(Debug)]
enum Eyes {
    Resting(Box<Look>),
    Looking { answer: Receiver<Answer>, since: Instant },
}

/// What comes back from a look.
type Answer = (Box<Look>, Inventory, Vec<Sensor>);

/// What a look keeps for the next one.
#[derive(Debug)]
struct Look {
    root: Root,
    shelf: Shelf,
    modules: Loaded,
    bus: Bus,
}

impl Collector {
    /// A collector for the machine below `root`; the first look is due at once.
    pub fn new(root: Root) -> Self {
        Self {
            eyes: Eyes::Resting(Box::new(Look::new(&root))),
            root,
            next: Instant::now(),
            latest: None,
            sensors: Vec::new(),
        }
    }

    /// Starts a look where one is due, waits no longer than `patience` for one that runs, and answers the latest.
    /// While the package databases are being read nothing can be vouched for: then the look waits.
    pub fn read(&mut self, now: DateTime<Utc>, owners: &Owners, patience: Duration) -> Seen<Arc<Inventory>> {
        if Instant::now() >= self.next
            && let Some(ledger) = owners.ledger()
        {
            self.start(now, ledger);
        }
        self.take(patience);
        Seen { value: self.latest.clone(), sensors: self.sensors.clone() }
    }

    fn start(&mut self, now: DateTime<Utc>, ledger: Ledger) {
        let Eyes::Resting(look) = &mut self.eyes else { return };
        let mut look = std::mem::replace(look, Box::new(Look::new(&self.root)));
        let (done, answer) = channel();
        let spawned = thread::Builder::new().name("inventory".to_owned()).spawn(move || {
            // It is in no hurry: others go first.
            let _ = rustix::process::setpriority_process(None, 10);
            let (inventory, sensors) = look.take(&ledger, now);
            // Nobody listens any more when this program ends meanwhile.
            let _ = done.send((look, inventory, sensors));
        });
        let since = Instant::now();
        self.next = since + EVERY;
        if spawned.is_ok() {
            self.eyes = Eyes::Looking { answer, since };
        }
    }

    fn take(&mut self, patience: Duration) {
        let Eyes::Looking { answer, since } = &self.eyes else { return };
        match answer.recv_timeout(patience) {
            Ok((look, inventory, sensors)) => {
                self.eyes = Eyes::Resting(look);
                self.latest = Some(Arc::new(inventory));
                self.sensors = sensors;
            }
            Err(RecvTimeoutError::Timeout) if since.elapsed() > STUCK_AFTER => {
                let says =
                    "The look at unit files hangs: a home folder does not answer, perhaps on the network.";
                self.sensors = vec![Sensor::partial(units::SENSOR, "stopped", says)];
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                let says =
                    "The look at unit files, modules and devices failed inside home-soc: please report it.";
                self.sensors = vec![Sensor::blind(units::SENSOR, "internal_error", says)];
                self.eyes = Eyes::Resting(Box::new(Look::new(&self.root)));
            }
        }
    }
}

impl Look {
    fn new(root: &Root) -> Self {
        Self { root: root.clone(), shelf: Shelf::new(root), modules: Loaded::new(root), bus: Bus::new(root) }
    }

    fn take(&mut self, ledger: &Ledger, now: DateTime<Utc>) -> (Inventory, Vec<Sensor>) {
        let mut sensors = Vec::new();
        let (units, sensor) = self.shelf.look(ledger, now);
        sensors.push(sensor);
        let (modules, sensor) = self.modules.look(ledger);
        sensors.push(sensor);
        let (devices, sensor) = self.bus.look();
        sensors.push(sensor);
        let (passwords, sensor) = sshd::look(&self.root);
        sensors.extend(sensor);
        (Inventory { units, modules, devices, passwords }, sensors)
    }
}
