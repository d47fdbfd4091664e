//! Open doors and connections, with the process behind each where we are permitted to see it.
//!
//! The kernel's tables come over netlink, or as text where that is refused and on recorded machines. A look stands for
//! some seconds while as many sockets are in use as then and nobody watches. Very many connections are read in every beat
//! only while somebody looks at them; else now and then, and the listeners and the kernel's own count are enough
//! meanwhile.

mod diag;
mod established;
mod owners;
mod pulse;
mod reach;
mod row;
mod sensors;
mod text;

use super::accounts::Accounts;
use super::fault::Fault;
use super::share::Share;
use super::{Root, Seen};
use crate::model::{Connection, Listener, Process, Protocol, Safe, Sensor, Sockets, TcpState};
use chrono::{DateTime, Utc};
use diag::Diag;
use established::Established;
use owners::FEW;
pub(in crate::collect) use owners::Owners;
use pulse::Pulse;
use reach::reach;
use row::{Row, Wanted};
use sensors::Missed;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// At most this many connections are shown; a sensor says how many there were.
const CONNECTIONS_CAP: usize = 100_000;

/// Above this many sockets in the last full table, what each moved is not asked for: `None`, not a stall.
const WITH_BYTES_UP_TO: usize = 10_000;

/// So many sockets are read in every beat: they cost less than a millisecond.
const ALWAYS_UP_TO: usize = 1_000;

/// Reading more of them at their own pace takes one part in this many of the time.
const SHARE: u32 = 1_000;

/// How long the last look stands while as many sockets are in use and nobody watches.
const STANDS_FOR: Duration = Duration::from_secs(5);

/// How much is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Listeners, and the number of established connections.
    Doors,
    /// All connections too, with what they moved; very many of them only now and then.
    Paced,
    /// All connections of this very moment: somebody looks at them.
    All,
}

/// Reads sockets from beat to beat.
#[derive(Debug)]
pub struct Collector {
    live: bool,
    netlink: Option<Diag>,
    tcp: text::Tables,
    udp: text::Tables,
    established: Established,
    owners: Owners,
    accounts: Accounts,
    rows: Vec<Row>,
    buffer: Vec<u8>,
    /// What is not there at the first look has appeared since.
    has_looked: bool,
    /// Those of the last full look, with its time, how many were established, and the sockets that processes had in
    /// place of a terminal.
    connections: Option<Arc<Vec<Connection>>>,
    connections_at: Option<DateTime<Utc>>,
    established_then: u64,
    on_stdio: BTreeSet<u64>,
    full_looks: Share,
    pulse: Pulse,
    last: Option<Look>,
}

/// What was seen, and when.
#[derive(Debug, Clone)]
struct Look {
    at: Instant,
    sockets: Arc<Sockets>,
    sensors: Vec<Sensor>,
}

/// Reads the two ends of each TCP socket in an answer of sock_diag with sequence number 1.
pub(in crate::collect) fn ends_in_answer(answer: &[u8]) -> Vec<[SocketAddr; 2]> {
    let mut rows = Vec::new();
    // What was read before the kernel's error counts.
    drop(diag::take(answer, 1, Protocol::Tcp, Wanted::All { bytes: true }, &mut rows));
    rows.iter().map(|row| [row.local, row.remote]).collect()
}

/// Reads the two ends of each socket in the text of /proc/net/tcp.
pub(in crate::collect) fn ends_in_table(text: &[u8]) -> Vec<[SocketAddr; 2]> {
    let mut ends = Vec::new();
    text::parse(text, Protocol::Tcp, Wanted::All { bytes: false }, &mut |row: Row| {
        ends.push([row.local, row.remote]);
    });
    ends
}

impl Collector {
    /// A collector for the machine below `root`; nothing is read yet.
    #[expect(clippy::needless_pass_by_value, reason = "every collector owns its root")]
    pub fn new(root: Root) -> Self {
        Self {
            live: root.is_live(),
            netlink: None,
            tcp: text::Tables::new(&root, Protocol::Tcp),
            udp: text::Tables::new(&root, Protocol::Udp),
            established: Established::new(&root),
            owners: Owners::new(&root),
            accounts: Accounts::new(&root),
            rows: Vec::new(),
            buffer: Vec::with_capacity(16 << 10),
            has_looked: false,
            connections: None,
            connections_at: None,
            established_then: 0,
            on_stdio: BTreeSet::new(),
            full_looks: Share::one_in(SHARE, Duration::ZERO),
            pulse: Pulse::new(&root),
            last: None,
        }
    }

    /// Reads the sockets; `processes` are those of the same beat, to find the owners among. While nobody watches them
    /// and as many are in use, a look stands for some seconds.
    pub fn read(
        &mut self,
        now: DateTime<Utc>,
        processes: Option<&[Process]>,
        detail: Detail,
    ) -> Seen<Arc<Sockets>> {
        let is_steady = self.live && self.pulse.is_steady(&mut self.buffer);
        if is_steady
            && detail == Detail::Paced
            && let Some(last) = self.standing(processes)
        {
            return last;
        }
        let at = Instant::now();
        let seen = self.look(at, now, processes, detail);
        let sensors = seen.sensors.clone();
        self.last = seen.value.clone().map(|sockets| Look { at, sockets, sensors });
        seen
    }

    /// The last look while it stands: it is not old, nobody's owner is searched for, and no process has a socket in
    /// place of a terminal that was not there then.
    fn standing(&self, processes: Option<&[Process]>) -> Option<Seen<Arc<Sockets>>> {
        let last = self.last.as_ref().filter(|last| last.at.elapsed() < STANDS_FOR)?;
        let has_new = on_stdio(processes).any(|inode| !self.on_stdio.contains(&inode));
        (!has_new && !self.owners.is_searching())
            .then(|| Seen { value: Some(Arc::clone(&last.sockets)), sensors: last.sensors.clone() })
    }

    fn look(
        &mut self,
        started: Instant,
        now: DateTime<Utc>,
        processes: Option<&[Process]>,
        detail: Detail,
    ) -> Seen<Arc<Sockets>> {
        let mut missed = Missed::default();
        let full = match detail {
            Detail::All => true,
            Detail::Paced => self.is_full_look_due(now, processes),
            Detail::Doors => false,
        };
        let many = self.connections.as_ref().map_or(0, |list| list.len());
        let wanted = if full { Wanted::All { bytes: many <= WITH_BYTES_UP_TO } } else { Wanted::Doors };
        self.rows.clear();
        if let Err(fault) = self.read_table(Protocol::Tcp, wanted, &mut missed) {
            let sensors = vec![fault.blinds("net.sockets", "Network sockets")];
            return Seen { value: None, sensors };
        }
        let tcp_rows = self.rows.len();
        if let Err(fault) = self.read_table(Protocol::Udp, wanted, &mut missed) {
            missed.udp = Some(fault);
            self.rows.truncate(tcp_rows);
        }
        let established = if full { Some(count_established(&self.rows)) } else { self.established(now) };
        self.find_owners(now, processes, full);
        if full {
            self.established_then = established.unwrap_or(0);
            self.on_stdio = on_stdio(processes).collect();
            self.full_looks.rest(started);
            if self.rows.capacity() / 4 > self.rows.len() + FEW {
                self.rows.shrink_to(2 * self.rows.len());
            }
        }
        if detail == Detail::Doors {
            self.connections = None;
        }
        let sockets = self.sockets(full.then_some(now), established, &mut missed);
        let mut sensor = sensors::tables(&missed);
        if !full && let Some(many) = &self.connections {
            let says = format!(
                "{} connections are read now and then, and in every beat while Network is open.",
                many.len()
            );
            sensor.says.get_or_insert_with(|| Safe::new(&says));
        }
        let sensors = vec![sensor, sensors::owners(&sockets, processes.is_some(), self.owners.was_denied())];
        Seen { value: Some(Arc::new(sockets)), sensors }
    }

    /// Whether all connections are to be read in this beat: when they are few or not known yet, when their turn
    /// has come, when they are half as many as then or twice as many, or when a process has a socket in place of a
    /// terminal that was not looked at.
    fn is_full_look_due(&mut self, now: DateTime<Utc>, processes: Option<&[Process]>) -> bool {
        if self.connections.as_ref().is_none_or(|list| list.len() <= ALWAYS_UP_TO)
            || self.full_looks.is_due()
            || on_stdio(processes).any(|inode| !self.on_stdio.contains(&inode))
        {
            return true;
        }
        let then = self.established_then;
        self.established(now).is_some_and(|number| number < then / 2 || number / 2 > then)
    }

    /// Appends the wanted sockets of one protocol to the rows.
    fn read_table(&mut self, protocol: Protocol, wanted: Wanted, missed: &mut Missed) -> Result<(), Fault> {
        if self.live {
            if self.netlink.is_none() {
                self.netlink = Diag::open().ok();
            }
            let start = self.rows.len();
            if let Some(netlink) = &mut self.netlink {
                if netlink.read(protocol, wanted, &mut self.rows).is_ok() {
                    return Ok(());
                }
                // Refused or broken: the text has the same, and the line is opened anew in the next beat.
                self.netlink = None;
                self.rows.truncate(start);
            }
        }
        let tables = match protocol {
            Protocol::Tcp => &mut self.tcp,
            Protocol::Udp => &mut self.udp,
        };
        missed.damaged_lines += tables.read(wanted, &mut self.buffer, |row| self.rows.push(row))?;
        Ok(())
    }

    /// How many TCP connections are established: by the kernel's counter, corrected now and then by a count.
    fn established(&mut self, now: DateTime<Utc>) -> Option<u64> {
        let exact = self.established.is_exact(&mut self.buffer, now);
        // On a recorded machine the tables are files: they cost nothing and agree with what is shown.
        if exact && self.live {
            return self.established.number();
        }
        let start = self.rows.len();
        let counted = self.read_table(Protocol::Tcp, Wanted::Established, &mut Missed::default());
        let rows = (self.rows.len() - start) as u64;
        self.rows.truncate(start);
        if counted.is_ok() {
            self.established.correct(rows, now);
        }
        self.established.number()
    }

    fn find_owners(&mut self, now: DateTime<Utc>, processes: Option<&[Process]>, full: bool) {
        self.accounts.refresh();
        self.owners.begin(processes);
        for row in self.rows.iter().filter(|row| row.inode != 0) {
            let is_door = is_door(row);
            let appeared = if is_door { self.has_looked } else { self.connections.is_some() };
            self.owners.meet(row.inode, is_door, appeared.then_some(now));
        }
        self.has_looked = true;
        self.owners.forget_closed(full);
        if let Some(processes) = processes {
            self.owners.look_up(processes);
        }
    }

    /// What was read, with the connections of this beat (`full_at`) or of the last full look.
    fn sockets(
        &mut self,
        full_at: Option<DateTime<Utc>>,
        established: Option<u64>,
        missed: &mut Missed,
    ) -> Sockets {
        let mut listeners: Vec<Listener> =
            self.rows.iter().filter(|row| is_door(row)).map(|row| self.listener(row)).collect();
        listeners.sort_by_key(|door| (door.protocol, door.port, door.address, door.inode));
        listeners.dedup_by_key(|door| (door.protocol, door.port, door.address, door.inode));
        if full_at.is_some() {
            let mut ports: Vec<(Protocol, u16)> =
                listeners.iter().map(|door| (door.protocol, door.port)).collect();
            ports.dedup();
            let all = self.rows.iter().filter(|row| !is_door(row));
            missed.connections = all.clone().count();
            let mut shown = Vec::with_capacity(missed.connections.min(CONNECTIONS_CAP));
            shown.extend(all.take(CONNECTIONS_CAP).map(|row| self.connection(row, &ports)));
            (self.connections, self.connections_at) = (Some(Arc::new(shown)), full_at);
        }
        let connections = self.connections.clone();
        let doors = listeners.iter().map(|door| (door.inode, door.owner.is_some()));
        let others =
            connections.iter().flat_map(|list| list.iter()).map(|one| (one.inode, one.owner.is_some()));
        let (mut owners_known, mut owners_total) = (0, 0);
        for (inode, known) in doors.chain(others) {
            owners_total += u64::from(inode != 0);
            owners_known += u64::from(known);
        }
        let connections_at = self.connections_at.filter(|_| connections.is_some());
        Sockets { listeners, connections, connections_at, established, owners_known, owners_total }
    }

    fn listener(&self, row: &Row) -> Listener {
        let (owner, since) = self.owners.of(row.inode);
        Listener {
            protocol: row.protocol,
            address: row.local.ip(),
            port: row.local.port(),
            reach: reach(row.local.ip()),
            owner: owner.cloned(),
            uid: row.uid,
            user: self.accounts.name(row.uid),
            inode: row.inode,
            since,
        }
    }

    fn connection(&self, row: &Row, listening: &[(Protocol, u16)]) -> Connection {
        let (owner, since) = self.owners.of(row.inode);
        Connection {
            protocol: row.protocol,
            local: row.local,
            remote: row.remote,
            state: row.state,
            incoming: listening.binary_search(&(row.protocol, row.local.port())).is_ok(),
            owner: owner.cloned(),
            uid: row.uid,
            inode: row.inode,
            sent_bytes: row.bytes.map(|bytes| bytes.acknowledged),
            received_bytes: row.bytes.map(|bytes| bytes.received),
            since,
        }
    }
}

/// Sockets that processes have in place of a terminal.
fn on_stdio(processes: Option<&[Process]>) -> impl Iterator<Item = u64> {
    processes.into_iter().flatten().filter_map(|process| process.program.stdio_socket)
}

/// A listening TCP or an unconnected, bound UDP socket.
const fn is_door(row: &Row) -> bool {
    match row.protocol {
        Protocol::Tcp => matches!(row.state, TcpState::Listen),
        Protocol::Udp => matches!(row.state, TcpState::Close),
    }
}

fn count_established(rows: &[Row]) -> u64 {
    let established = |row: &&Row| row.protocol == Protocol::Tcp && row.state == TcpState::Established;
    rows.iter().filter(established).count() as u64
}
