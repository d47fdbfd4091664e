//! Connections and open doors. It judges what a socket is bound to, not what a firewall lets through.

use super::baseline::{Baselines, Series};
use super::first_seen::{DOORS, Known};
use super::lately::{self, Lately};
use super::provenance::{self, Kin, Place};
use super::rules::Name;
use super::settings::Settings;
use super::sighting::{Round, Sighting};
use super::streak::Streaks;
use crate::model::{Level, Listener, Process, Protocol, Reach, Sockets, fingerprint};
use crate::text;
use chrono::{DateTime, Utc};

/// From here on ports are given out by the kernel (ip_local_port_range): a UDP socket there is somebody's client.
const FIRST_EPHEMERAL: u16 = 32_768;

/// Services that ask for no password as they come: everybody who reaches them owns them.
const OPEN_BY_NATURE: &[(u16, &str)] = &[
    (23, "telnet"),
    (512, "rexec"),
    (513, "rlogin"),
    (514, "rsh"),
    (2375, "the Docker API"),
    (2379, "etcd"),
    (5984, "CouchDB"),
    (6379, "Redis"),
    (9200, "Elasticsearch"),
    (11_211, "memcached"),
    (27_017, "MongoDB"),
];

/// Doors that home programs open to find each other: (protocol, first port, last port).
const USUAL_AT_HOME: &[(Protocol, u16, u16)] = &[
    (Protocol::Tcp, 1714, 1764),
    (Protocol::Udp, 1714, 1764),
    (Protocol::Udp, 27_031, 27_036),
    (Protocol::Tcp, 27_036, 27_036),
    (Protocol::Tcp, 22_000, 22_000),
    (Protocol::Udp, 21_027, 22_000),
    (Protocol::Udp, 5353, 5355),
    (Protocol::Udp, 67, 68),
    (Protocol::Udp, 123, 123),
    (Protocol::Udp, 546, 547),
    (Protocol::Udp, 631, 631),
    (Protocol::Udp, 1900, 1900),
];

/// Programs that open a door for a container, because a person asked for it.
const PUBLISHERS: &[&str] = &["docker-proxy", "pasta", "rootlesskit", "rootlessport", "slirp4netns"];

/// Ports on which people try out what they are building.
const WORKBENCH: &[u16] = &[3000, 3001, 4000, 4200, 5000, 5173, 5174, 8000, 8080, 8081, 8888, 9000];

/// One beat's view of the sockets.
pub(super) struct Network<'a> {
    pub(super) settings: &'a Settings,
    pub(super) known: &'a mut Known,
    pub(super) baselines: &'a mut Baselines,
    pub(super) streaks: &'a mut Streaks,
    /// Doors that were noted as usual.
    pub(super) lately: &'a mut Lately,
    /// Whether this beat is a measure of normal days.
    pub(super) learns: bool,
    pub(super) now: DateTime<Utc>,
}

/// What is to be said about a door.
struct Door<'a> {
    listener: &'a Listener,
    process: Option<&'a Process>,
    program: &'a str,
}

impl Network<'_> {
    pub(super) fn judge(&mut self, round: &mut Round, sockets: &Sockets, kin: Option<&Kin<'_>>) {
        self.connections(round, sockets);
        round.looked(Name::Listener);
        let is_start = self.known.watched_since(DOORS).is_none();
        for listener in &sockets.listeners {
            let process = listener
                .owner
                .as_ref()
                .zip(kin)
                .and_then(|(owner, kin)| kin.find(owner.pid, owner.start_ticks));
            if process.zip(kin).is_some_and(|(process, kin)| kin.is_own(process)) {
                continue;
            }
            let program = listener.owner.as_ref().map_or("?", |owner| owner.name.as_str());
            self.door(round, &Door { listener, process, program }, is_start);
        }
        self.known.watch(DOORS, self.now);
    }

    /// Against this machine's own days; until these are learned against fixed numbers.
    fn connections(&mut self, round: &mut Round, sockets: &Sockets) {
        let Some(established) = sockets.established else { return };
        round.looked(Name::Connections);
        let thresholds = &self.settings.thresholds;
        let count = established as f64;
        self.baselines.hear(Series::Connections, count, self.learns, self.now);
        if count <= thresholds.connections_note {
            return;
        }
        let mut sighting = Sighting::new(Name::Connections, self.now).key("machine", "connections");
        let shown = text::count(established);
        if let Some(range) = self.baselines.range(Series::Connections, self.now) {
            let ratio = range.ratio(count);
            if ratio <= thresholds.peak_ratio || count < range.median {
                return;
            }
            let id = sighting.id();
            let (since, lasted) = self.streaks.goes_on(fingerprint(id.as_str().as_bytes()), self.now);
            if lasted < thresholds.peak_s {
                round.keep(id);
                return;
            }
            sighting = sighting
                .detail("series", Series::Connections.name())
                .detail("value", &format!("{count:.0}"))
                .title(&format!("{shown} connections: {ratio:.1} x the widest swing of {} days", range.days))
                .why(&format!("Normal here is {:.0} to {:.0}.", range.least, range.most))
                .between(since, self.now);
        } else {
            sighting = sighting
                .title(&format!("{shown} established connections"))
                .why("What is normal here is not learned yet; this is many for most machines.");
        }
        let many = count > thresholds.connections_warning;
        let points = self.settings.score.points.connections;
        round.saw(
            sighting
                .level(if many { Level::Warning } else { Level::Info })
                .points(if many { points } else { points / 4.0 })
                .proof("kernel", None, &format!("{established} established TCP connections")),
        );
    }

    /// Notes the door, and tells whether it is one of the usual ones. A program that could not be seen on one day
    /// and can be seen on another one is the same program.
    fn is_usual(&mut self, door: &Door<'_>, is_start: bool) -> bool {
        let key = door.key();
        let unseen = format!("{key} ?");
        if door.program == "?" {
            let known = self.known.get(DOORS, &key).is_some_and(|seen| seen.usual);
            return self.known.see(DOORS, &unseen, self.now, is_start || known).usual;
        }
        let known = self.known.get(DOORS, &unseen).is_some_and(|seen| seen.usual);
        let usual =
            self.known.see(DOORS, &format!("{key} {}", door.program), self.now, is_start || known).usual;
        self.known.see(DOORS, &key, self.now, usual).usual && usual
    }

    fn door(&mut self, round: &mut Round, door: &Door<'_>, is_start: bool) {
        let listener = door.listener;
        let strange = matches!(
            door.place(),
            Some(Place::Temporary | Place::SharedMemory | Place::Hidden | Place::Memory)
        );
        if !strange && door.is_passing() {
            return;
        }
        let identity = door.identity();
        let is_usual = self.lately.is_fresh(identity, self.now) || {
            let usual = self.is_usual(door, is_start);
            if usual {
                self.lately.note(identity, self.now);
            }
            usual
        };
        let open_by_nature = OPEN_BY_NATURE
            .iter()
            .find(|(port, _)| *port == listener.port && listener.protocol == Protocol::Tcp)
            .filter(|_| listener.reach == Reach::Everyone);
        if is_usual && !strange && open_by_nature.is_none() {
            return;
        }
        let (level, share) = match listener.reach {
            Reach::Everyone if open_by_nature.is_some() || strange => (Level::Warning, 1.0),
            Reach::Everyone if door.is_harmless() => (Level::Info, 0.2),
            Reach::Everyone if door.is_workbench() => (Level::Info, 0.4),
            Reach::Everyone => (Level::Warning, 1.0),
            Reach::Lan if strange => (Level::Warning, 0.8),
            Reach::Lan => (Level::Info, 0.3),
            Reach::ThisMachine => (Level::Info, if strange { 0.2 } else { 0.0 }),
        };
        round.saw(
            door.sighting(open_by_nature.map(|(_, name)| *name), self.now)
                .level(level)
                .points(self.settings.score.points.new_listener * share),
        );
    }
}

impl Door<'_> {
    /// What makes it the same door in the next beat.
    fn identity(&self) -> u64 {
        let listener = self.listener;
        let owner = listener.owner.as_ref().map_or((0, 0), |owner| (owner.pid, owner.start_ticks));
        let what = [listener.protocol as u64, u64::from(listener.port), listener.reach as u64];
        let who = [listener.inode, u64::from(owner.0), owner.1, fingerprint(self.program.as_bytes())];
        lately::key(&[lately::key(&what), lately::key(&who)])
    }

    /// What makes it the same door tomorrow: port and reach; the program is added where it can be seen.
    fn key(&self) -> String {
        format!("{} {} {:?}", self.protocol(), self.port(), self.listener.reach)
    }

    /// The port; one that the kernel gave out is another one tomorrow.
    fn port(&self) -> String {
        match self.listener.port {
            FIRST_EPHEMERAL.. => "dynamic".to_owned(),
            port => port.to_string(),
        }
    }

    const fn protocol(&self) -> &'static str {
        match self.listener.protocol {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        }
    }

    fn place(&self) -> Option<Place> {
        provenance::path(self.process?).map(provenance::place)
    }

    /// Sockets that come and go by themselves: clients on UDP, tools on loopback, forwarded ports.
    fn is_passing(&self) -> bool {
        let ephemeral = self.listener.port >= FIRST_EPHEMERAL;
        let local = self.listener.reach == Reach::ThisMachine;
        (ephemeral && (local || self.listener.protocol == Protocol::Udp))
            || (local && self.program.starts_with("sshd"))
    }

    /// Programs of packages that find each other at home, and doors of the kernel itself, such as WireGuard's.
    fn is_harmless(&self) -> bool {
        let listener = self.listener;
        let usual = USUAL_AT_HOME.iter().any(|(protocol, first, last)| {
            *protocol == listener.protocol && (*first..=*last).contains(&listener.port)
        });
        let ownerless = listener.owner.is_none() && listener.protocol == Protocol::Udp;
        let foreign = matches!(self.place(), Some(Place::Home | Place::Elsewhere));
        (usual || ownerless || PUBLISHERS.contains(&self.program)) && !foreign
    }

    /// A development server that a person who is logged in has started with an ordinary tool.
    fn is_workbench(&self) -> bool {
        WORKBENCH.contains(&self.listener.port)
            && matches!(self.place(), Some(Place::Package | Place::Tools))
            && self.process.is_some_and(|process| process.program.login_uid.is_some())
    }

    fn sighting(&self, open_by_nature: Option<&str>, now: DateTime<Utc>) -> Sighting {
        let listener = self.listener;
        let (protocol, port) = (self.protocol(), listener.port.to_string());
        let by = match listener.reach {
            Reach::Everyone => "every network",
            Reach::Lan => "the local network",
            Reach::ThisMachine => "this machine only",
        };
        let what = if self.program == "?" { "a program" } else { self.program };
        let title = match open_by_nature {
            Some(_) => format!("{what} is reachable from {by} ({port})"),
            None => format!("new door: {what} on {protocol} {port}, for {by}"),
        };
        let mut sighting = Sighting::new(Name::Listener, now)
            .key("protocol", protocol)
            .key("port", &self.port())
            .key("reach", by)
            .key("program", self.program)
            .title(&title)
            .proof(
                "kernel",
                listener.since,
                &format!("{protocol} {}:{port} listens, uid {}", listener.address, listener.uid),
            );
        if let Some(name) = open_by_nature {
            sighting = sighting.why(&format!(
                "{name} asks for no password as it comes: everybody who reaches it owns it. No firewall was looked at."
            ));
        }
        if let Some(process) = self.process {
            let pid = process.program.pid.to_string();
            sighting = sighting.detail("pid", &pid);
            if let Some(path) = provenance::path(process) {
                sighting = sighting.proof(&format!("/proc/{pid}/exe"), process.program.started_at, path);
            }
        }
        let filter = format!("sport = :{port}");
        sighting.fix("See who it is", &["sudo", "ss", "-tulpn", &filter], None)
    }
}
