//! Open doors: what listens, who can reach it, and the program behind it.

use super::since;
use crate::model::{Level, Listener, Protocol, Reach, Snapshot};
use crate::tui::concern;
use crate::tui::filter::Field;
use crate::tui::widgets::table::{Column, Row};
use ratatui::style::Style;
use ratatui::text::Span;

/// An open door: the v4 and v6 sockets of one program on one port are one.
pub(super) struct Door {
    pub(super) listener: Listener,
    pub(super) families: &'static str,
    pub(super) level: Option<Level>,
    pub(super) note: String,
}

impl Row for Door {
    fn key(&self) -> u64 {
        (u64::from(self.listener.port) << 8)
            ^ (u64::from(self.listener.protocol == Protocol::Udp) << 40)
            ^ crate::model::fingerprint(self.listener.address.to_string().as_bytes())
    }

    fn level(&self) -> Option<Level> {
        self.level
    }

    fn fields(&self) -> Vec<(&'static str, Field<'_>)> {
        let name = self.listener.owner.as_ref().map_or("", |owner| owner.name.as_str());
        vec![
            ("program", Field::text(name)),
            ("user", Field::text(self.listener.user.as_deref().unwrap_or(""))),
            ("from", Field::text(self.listener.address.to_string())),
            ("port", Field::number(self.listener.port)),
            ("pid", Field::Number(self.listener.owner.as_ref().map(|owner| f64::from(owner.pid)))),
            ("reach", Field::text(reach(self.listener.reach))),
            ("kind", Field::text(protocol(self.listener.protocol))),
            ("note", Field::text(self.note.as_str())),
            ("level", Field::Level(self.level)),
        ]
    }
}

/// The word for a protocol.
pub(super) const fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    }
}

/// Who can reach a door, in words.
pub(super) const fn reach(reach: Reach) -> &'static str {
    match reach {
        Reach::Everyone => "everyone",
        Reach::Lan => "LAN",
        Reach::ThisMachine => "this machine",
    }
}

/// The columns of open doors.
pub(super) const DOORS: &[Column<Door>] = &[
    Column {
        title: "PORT",
        width: 9,
        grows: false,
        priority: 0,
        right: false,
        cell: |row, _| Span::raw(format!("{} {}", protocol(row.listener.protocol), row.listener.port)),
        order: Some(|a, b| a.listener.port.cmp(&b.listener.port)),
    },
    Column {
        title: "REACHABLE BY",
        width: 17,
        grows: false,
        priority: 0,
        right: false,
        cell: |row, view| {
            let look =
                if row.listener.reach == Reach::Everyone { view.theme.strong } else { Style::default() };
            let address = row.listener.address;
            let to = match row.listener.reach {
                Reach::Lan => format!("LAN {address}"),
                other => format!("{:<9} {}", reach(other), row.families),
            };
            Span::styled(to, look)
        },
        order: Some(|a, b| b.listener.reach.cmp(&a.listener.reach)),
    },
    Column {
        title: "PROGRAM",
        width: 16,
        grows: false,
        priority: 1,
        right: false,
        cell: |row, view| match &row.listener.owner {
            Some(owner) => Span::raw(owner.name.to_string()),
            None => Span::styled("? not visible", view.theme.muted),
        },
        order: Some(|a, b| {
            let name = |door: &Door| door.listener.owner.as_ref().map(|owner| owner.name.clone());
            name(a).cmp(&name(b))
        }),
    },
    Column {
        title: "USER",
        width: 9,
        grows: false,
        priority: 3,
        right: false,
        cell: |row, _| {
            Span::raw(
                row.listener.user.as_ref().map_or_else(|| row.listener.uid.to_string(), ToString::to_string),
            )
        },
        order: Some(|a, b| a.listener.uid.cmp(&b.listener.uid)),
    },
    Column {
        title: "SINCE",
        width: 10,
        grows: false,
        priority: 4,
        right: false,
        cell: |row, view| since(row.listener.since, view),
        order: Some(|a, b| b.listener.since.cmp(&a.listener.since)),
    },
    Column {
        title: "NOTE",
        width: 12,
        grows: true,
        priority: 2,
        right: false,
        cell: |row, view| {
            let look = row.level.map_or(view.theme.muted, |level| view.theme.level(level));
            Span::styled(row.note.as_str(), look)
        },
        order: None,
    },
];

/// The open doors of a beat, those that deserve attention first, then those that most can reach.
pub(super) fn doors(snapshot: &Snapshot) -> Vec<Door> {
    let Some(sockets) = &snapshot.readings.sockets else { return Vec::new() };
    let mut doors: Vec<Door> = Vec::new();
    for listener in &sockets.listeners {
        let family = if listener.address.is_ipv4() { "v4" } else { "v6" };
        let twin = doors.iter_mut().find(|door| {
            let other = &door.listener;
            other.port == listener.port
                && other.protocol == listener.protocol
                && other.reach == listener.reach
                && listener.reach != Reach::Lan
                && other.owner == listener.owner
        });
        if let Some(twin) = twin {
            if twin.families != family {
                twin.families = "v4+6";
            }
            continue;
        }
        let finding = concern::worst(snapshot, |finding| concern::listener(finding, listener));
        doors.push(Door {
            listener: listener.clone(),
            families: family,
            level: concern::level(finding),
            note: finding.map_or_else(String::new, |finding| finding.title.to_string()),
        });
    }
    doors.sort_by(|a, b| {
        (b.level, b.listener.reach)
            .cmp(&(a.level, a.listener.reach))
            .then(a.listener.port.cmp(&b.listener.port))
    });
    doors
}
