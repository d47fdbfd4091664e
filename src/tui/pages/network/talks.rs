//! Connections: which program talks to whom, and how much.

use super::{or_unknown, since};
use crate::model::{Connection, Level, Owner, Snapshot, TcpState, fingerprint};
use crate::text;
use crate::tui::concern;
use crate::tui::filter::Field;
use crate::tui::widgets::table::{Column, Row, falling};
use chrono::{DateTime, Utc};
use ratatui::text::Span;
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};

/// Connections of one program with one remote end, or one connection.
pub(super) struct Talk {
    pub(super) owner: Option<Owner>,
    pub(super) user: String,
    pub(super) remote: String,
    pub(super) state: &'static str,
    pub(super) incoming: bool,
    pub(super) count: usize,
    pub(super) sent: Option<u64>,
    pub(super) received: Option<u64>,
    pub(super) since: Option<DateTime<Utc>>,
    pub(super) level: Option<Level>,
    pub(super) note: &'static str,
    pub(super) key: u64,
    pub(super) first: Connection,
}

impl Row for Talk {
    fn key(&self) -> u64 {
        self.key
    }

    fn level(&self) -> Option<Level> {
        self.level
    }

    fn fields(&self) -> Vec<(&'static str, Field<'_>)> {
        vec![
            ("program", Field::text(owner(self.owner.as_ref()))),
            ("user", Field::text(self.user.as_str())),
            ("from", Field::text(self.first.remote.ip().to_canonical().to_string())),
            ("port", Field::number(self.first.remote.port())),
            ("port", Field::number(self.first.local.port())),
            ("pid", Field::Number(self.owner.as_ref().map(|owner| f64::from(owner.pid)))),
            ("state", Field::text(self.state)),
            ("level", Field::Level(self.level)),
        ]
    }
}

const fn state(state: TcpState) -> &'static str {
    match state {
        TcpState::Established => "estab",
        TcpState::SynSent => "syn-sent",
        TcpState::SynRecv => "syn-recv",
        TcpState::FinWait1 => "fin-wait-1",
        TcpState::FinWait2 => "fin-wait-2",
        TcpState::TimeWait => "time-wait",
        TcpState::Close => "close",
        TcpState::CloseWait => "close-wait",
        TcpState::LastAck => "last-ack",
        TcpState::Listen => "listen",
        TcpState::Closing => "closing",
    }
}

/// A program with its number.
pub(super) fn owner(owner: Option<&Owner>) -> String {
    owner.map_or("?".to_owned(), |owner| format!("{} {}", owner.name, owner.pid))
}

/// The columns of connections.
pub(super) const TALKS: &[Column<Talk>] = &[
    Column {
        title: "PROGRAM",
        width: 20,
        grows: false,
        priority: 0,
        right: false,
        cell: |row, view| match &row.owner {
            Some(_) => Span::raw(owner(row.owner.as_ref())),
            None => Span::styled("? not visible", view.theme.muted),
        },
        order: Some(|a, b| owner(a.owner.as_ref()).cmp(&owner(b.owner.as_ref()))),
    },
    Column {
        title: "USER",
        width: 8,
        grows: false,
        priority: 5,
        right: false,
        cell: |row, _| Span::raw(row.user.as_str()),
        order: Some(|a, b| a.user.cmp(&b.user)),
    },
    Column {
        title: "REMOTE",
        width: 22,
        grows: true,
        priority: 0,
        right: false,
        cell: |row, view| {
            let arrow = if row.incoming { view.glyphs.from } else { " " };
            match view.names.of(row.first.remote.ip().to_canonical()) {
                Some(name) => Span::raw(format!("{arrow} {} {name}", row.remote)),
                None => Span::raw(format!("{arrow} {}", row.remote)),
            }
        },
        order: Some(|a, b| a.first.remote.cmp(&b.first.remote)),
    },
    Column {
        title: "",
        width: 5,
        grows: false,
        priority: 4,
        right: false,
        cell: |row, view| Span::styled(row.note, view.theme.you),
        order: None,
    },
    Column {
        title: "N",
        width: 4,
        grows: false,
        priority: 6,
        right: true,
        cell: |row, _| Span::raw(row.count.to_string()),
        order: Some(|a, b| falling(Some(a.count), Some(b.count))),
    },
    Column {
        title: "STATE",
        width: 10,
        grows: false,
        priority: 3,
        right: false,
        cell: |row, _| Span::raw(row.state),
        order: Some(|a, b| a.state.cmp(b.state)),
    },
    Column {
        title: "OUT",
        width: 5,
        grows: false,
        priority: 2,
        right: true,
        cell: |row, view| or_unknown(row.sent.map(|bytes| text::bytes(bytes as f64)), view),
        order: Some(|a, b| falling(a.sent, b.sent)),
    },
    Column {
        title: "IN",
        width: 5,
        grows: false,
        priority: 2,
        right: true,
        cell: |row, view| or_unknown(row.received.map(|bytes| text::bytes(bytes as f64)), view),
        order: Some(|a, b| falling(a.received, b.received)),
    },
    Column {
        title: "SINCE",
        width: 10,
        grows: false,
        priority: 7,
        right: false,
        cell: |row, view| since(row.since, view),
        order: Some(|a, b| b.since.cmp(&a.since)),
    },
];

/// The other end of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum With {
    /// One connection, by its two ends.
    End(SocketAddr, SocketAddr),
    ThisMachine,
    /// All connections from (`true`) or to an address.
    Address(IpAddr, bool),
}

impl Talk {
    /// Adds another connection with the same remote end.
    fn add(&mut self, connection: &Connection, level: Option<Level>) {
        let sum = |a: Option<u64>, b: Option<u64>| a.map_or(b, |a| Some(a + b.unwrap_or(0)));
        self.count += 1;
        self.sent = sum(self.sent, connection.sent_bytes);
        self.received = sum(self.received, connection.received_bytes);
        self.since = self.since.min(connection.since);
        self.level = self.level.max(level);
        if self.state != state(connection.state) {
            self.state = "several";
        }
        if self.count == 2 {
            let ip = self.first.remote.ip().to_canonical();
            self.remote = if ip.is_loopback() { "this machine".to_owned() } else { ip.to_string() };
        }
    }
}

/// The addresses from which the person at this screen came.
fn your_addresses(snapshot: &Snapshot) -> Vec<String> {
    let here = snapshot.readings.logins.iter().filter_map(|logins| logins.here.as_ref()).flatten();
    here.filter(|session| session.you)
        .filter_map(|session| Some(session.from.as_ref()?.to_string()))
        .collect()
}

/// The connections of a beat, by program and remote end, or one by one.
pub(super) fn talks(snapshot: &Snapshot, one_by_one: bool) -> Vec<Talk> {
    let Some(sockets) = &snapshot.readings.sockets else { return Vec::new() };
    let yours = your_addresses(snapshot);
    let users: BTreeMap<u32, String> = snapshot
        .readings
        .processes
        .iter()
        .flat_map(|processes| processes.iter())
        .filter_map(|process| Some((process.program.uid?, process.program.user.as_ref()?.to_string())))
        .collect();
    let concerns = concern::Connections::of(snapshot);
    let mut talks: Vec<Talk> = Vec::new();
    let mut places: HashMap<(Option<(u32, u64)>, With), usize> = HashMap::new();
    for connection in sockets.connections() {
        let ip = connection.remote.ip().to_canonical();
        let who = connection.owner.as_ref().map(|owner| (owner.pid, owner.start_ticks));
        let with = if one_by_one {
            With::End(connection.local, connection.remote)
        } else if ip.is_loopback() {
            With::ThisMachine
        } else {
            With::Address(ip, connection.incoming)
        };
        let level = concerns.level(connection);
        let place = *places.entry((who, with)).or_insert(talks.len());
        if let Some(talk) = talks.get_mut(place) {
            talk.add(connection, level);
        } else {
            talks.push(Talk {
                owner: connection.owner.clone(),
                user: users.get(&connection.uid).cloned().unwrap_or_else(|| connection.uid.to_string()),
                remote: format!("{ip}:{}", connection.remote.port()),
                state: state(connection.state),
                incoming: connection.incoming,
                count: 1,
                sent: connection.sent_bytes,
                received: connection.received_bytes,
                since: connection.since,
                level,
                note: if yours.contains(&ip.to_string()) { "(you)" } else { "" },
                key: fingerprint(format!("{who:?} {with:?}").as_bytes()),
                first: connection.clone(),
            });
        }
    }
    let traffic = |talk: &Talk| talk.sent.unwrap_or(0) + talk.received.unwrap_or(0);
    talks.sort_by(|a, b| {
        let remote = |talk: &Talk| !talk.first.remote.ip().to_canonical().is_loopback();
        let who = |talk: &Talk| (talk.owner.as_ref().map(|owner| owner.pid), talk.first.remote);
        (b.level, remote(b), traffic(b))
            .cmp(&(a.level, remote(a), traffic(a)))
            .then_with(|| who(a).cmp(&who(b)))
    });
    talks
}
