//! All collectors of one machine, and the order in which a beat asks them. It judges nothing.

use super::worker::Worker;
use crate::collect::processes::Hints;
use crate::collect::sockets::Detail;
use crate::collect::{self, Root, Seen};
use crate::model::{AuthReading, Logins, OwnCost, Readings, Sensor};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a single measurement waits for the package databases: without them more is called unknown.
const PACKAGES_PATIENCE: Duration = Duration::from_millis(300);

/// The settings of every collector.
#[derive(Debug, Clone, Default)]
pub struct CollectSettings {
    /// Reading of sign-ins.
    pub auth: collect::auth::source::Settings,
    /// Reading of processes.
    pub processes: collect::processes::Settings,
}

/// The collectors of a machine.
pub(super) struct Readers {
    system: Worker<collect::system::Collector>,
    processes: Worker<collect::processes::Collector>,
    owners: Worker<collect::packages::Owners>,
    sockets: Worker<collect::sockets::Collector>,
    logins: Worker<collect::logins::Collector>,
    auth: Worker<collect::auth::source::Collector>,
    execs: Worker<collect::execs::Collector>,
    oddities: Worker<collect::oddities::Collector>,
    inventory: Worker<collect::inventory::Collector>,
    own: collect::own::Meter,
    /// How much of the sockets is wanted.
    detail: Detail,
    /// The connections of the last beat were read before it.
    old_connections: bool,
    looked_at: Option<Instant>,
    /// Who was here at the last beat, and whether sign-ins of the past are still to come.
    here: Option<Arc<Logins>>,
    has_past: bool,
}

/// Hears sign-ins of the past, with who is here now.
pub(super) type Ear<'a> = dyn FnMut(&AuthReading, Option<&Logins>) + 'a;

impl Readers {
    /// The collectors of this machine; nothing is read yet.
    pub(super) fn new(root: &Root, settings: &CollectSettings, now: DateTime<Utc>) -> Self {
        let CollectSettings { auth, processes } = settings.clone();
        let on = |root: &Root| root.clone();
        Self {
            system: Worker::new("system", {
                let root = on(root);
                move || collect::system::Collector::new(root.clone())
            }),
            processes: Worker::new("proc", {
                let root = on(root);
                move || collect::processes::Collector::new(root.clone(), processes.clone())
            }),
            owners: Worker::new("packages", {
                let root = on(root);
                move || collect::packages::Owners::start(root.clone())
            }),
            sockets: Worker::new("net.sockets", {
                let root = on(root);
                move || collect::sockets::Collector::new(root.clone())
            }),
            logins: Worker::new("logins", {
                let root = on(root);
                move || {
                    collect::logins::Collector::new(root.clone(), collect::logins::Whoami::of_this_process())
                }
            }),
            auth: Worker::new("auth", {
                let root = on(root);
                move || collect::auth::source::Collector::start(root.clone(), auth.clone(), now)
            }),
            execs: Worker::new("exec.events", {
                let root = on(root);
                move || collect::execs::Collector::start(root.clone())
            }),
            oddities: Worker::new("oddities", {
                let root = on(root);
                move || collect::oddities::Collector::new(root.clone())
            }),
            inventory: Worker::new("inventory", {
                let root = on(root);
                move || collect::inventory::Collector::new(root.clone())
            }),
            own: collect::own::Meter::new(),
            detail: Detail::Paced,
            old_connections: false,
            looked_at: None,
            here: None,
            has_past: true,
        }
    }

    /// Looks at the counters once and starts the readers of the past, so that the first beat can tell rates.
    pub(super) fn prime(&mut self, now: DateTime<Utc>) {
        self.looked_at = Some(Instant::now());
        self.check_again(now);
        self.owners.work(|_| Seen::<()>::default());
        self.execs.work(|_| Seen::<()>::default());
        self.system.work(|system| system.read(now, None));
        self.processes.work(|processes| processes.read(now, None));
        self.own.read(None);
    }

    /// Looks again for a sign-in source where there was none.
    pub(super) fn check_again(&mut self, now: DateTime<Utc>) {
        self.auth.work(|auth| {
            auth.check_again(now);
            Seen::<()>::default()
        });
    }

    /// Reads everything. With patience it waits that long for what takes its time: the sign-ins of the past, which
    /// `ear` hears part by part.
    pub(super) fn read(
        &mut self,
        now: DateTime<Utc>,
        patience: Duration,
        ear: &mut Ear<'_>,
    ) -> (Readings, Vec<Sensor>) {
        let started = Instant::now();
        let elapsed = self.looked_at.map(|before| started.duration_since(before));
        self.looked_at = Some(started);

        let mut sensors = Vec::new();
        let mut take = |more: Vec<Sensor>| sensors.extend(more);
        let system = self.system.work(|system| system.read(now, elapsed));
        take(system.sensors);
        let cpu = system.value.as_ref().and_then(|system| system.cpu.as_ref());
        let mut hints =
            Hints { stirred: None, busy_pct: cpu.and_then(|cpu| Some(cpu.used_pct? * f64::from(cpu.cores))) };
        self.execs.work(|execs| {
            hints.stirred = execs.stirred();
            Seen::<()>::default()
        });
        let mut processes = self.processes.work(|processes| {
            processes.expect(hints);
            processes.read(now, elapsed)
        });
        take(processes.sensors);
        let mut execs = self.execs.work(|execs| execs.read(now));
        take(execs.sensors);
        let packages = self.owners.work(|owners| {
            owners.wait(patience.min(PACKAGES_PATIENCE));
            let sensor = owners.refresh();
            if let Some(processes) = &mut processes.value {
                owners.mark(processes);
            }
            if let Some(execs) = &mut execs.value {
                owners.mark_execs(execs);
            }
            Seen::<()> { value: None, sensors: vec![sensor] }
        });
        take(packages.sensors);
        let mut inventory = Seen::default();
        self.owners.work(|owners| {
            let patience = patience.min(PACKAGES_PATIENCE);
            inventory = self.inventory.work(|inventory| inventory.read(now, owners, patience));
            Seen::<()>::default()
        });
        take(inventory.sensors);
        let running = processes.value.as_deref().map(Vec::as_slice);
        let detail = self.detail;
        let sockets = self.sockets.work(|sockets| sockets.read(now, running, detail));
        take(sockets.sensors);
        self.old_connections =
            sockets.value.as_ref().is_some_and(|table| table.connections_at.is_some_and(|at| at < now));
        let logins = self.logins.work(|logins| logins.read(now, running));
        take(logins.sensors);
        let oddities = self.oddities.work(|oddities| oddities.read(now, running));
        take(oddities.sensors);
        self.here.clone_from(&logins.value);
        if let Some(table) = sockets.value.as_deref() {
            self.auth.work(|auth| {
                auth.confirm(table);
                Seen::<()>::default()
            });
        }
        self.hear_past(now, patience, ear);
        let auth = self.auth.work(|auth| auth.read(now));
        self.has_past = auth.value.as_ref().is_some_and(|reading| !reading.caught_up);
        take(auth.sensors);

        let readings = Readings {
            system: system.value.unwrap_or_default(),
            processes: processes.value,
            sockets: sockets.value,
            auth: auth.value,
            logins: logins.value,
            execs: execs.value,
            oddities: oddities.value,
            inventory: inventory.value,
            own: OwnCost { beat_ms: None, ..self.own.read(elapsed) },
            timings: vec![
                self.system.timing(),
                self.processes.timing(),
                self.execs.timing(),
                self.owners.timing(),
                self.sockets.timing(),
                self.logins.timing(),
                self.oddities.timing(),
                self.inventory.timing(),
                self.auth.timing(),
            ],
        };
        (readings, sensors)
    }

    /// Notes whether somebody looks at the connections; true when what they would see is old.
    pub(super) fn watch_connections(&mut self, watched: bool) -> bool {
        self.detail = if watched { Detail::All } else { Detail::Paced };
        watched && self.old_connections
    }

    /// Whether sign-ins of the past are still to be heard.
    pub(super) const fn has_past(&self) -> bool {
        self.has_past
    }

    /// Lets `ear` hear the sign-ins of the past as they are read, until there are no more or the time is up.
    pub(super) fn hear_past(&mut self, now: DateTime<Utc>, patience: Duration, ear: &mut Ear<'_>) {
        let until = Instant::now() + patience;
        while self.has_past && Instant::now() < until {
            let left = until.saturating_duration_since(Instant::now());
            let part = self.auth.work(|auth| {
                auth.wait(left);
                auth.read(now)
            });
            self.has_past = part.value.as_ref().is_some_and(|reading| !reading.caught_up);
            if let Some(reading) = part.value {
                ear(&reading, self.here.as_deref());
            }
        }
    }
}
