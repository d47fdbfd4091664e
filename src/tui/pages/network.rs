//! Open doors by who can reach them, connections by program, and the interfaces.

use crate::model::{Connection, Finding, Level, Listener, Owner, Protocol, Reach, Snapshot, TcpState};
use crate::text;
use crate::tui::filter::{Field, Filter};
use crate::tui::keymap::Action;
use crate::tui::page::{Answer, Page, Room, Sheet, View};
use crate::tui::widgets::pen::Pen;
use crate::tui::widgets::prose::Para;
use crate::tui::widgets::table::{Column, List, Listing, Row, falling};
use crate::tui::{concern, story, words};
use chrono::{DateTime, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::collections::BTreeMap;

/// An open door: the v4 and v6 sockets of one program on one port are one.
pub struct Door {
    listener: Listener,
    families: &'static str,
    level: Option<Level>,
    note: String,
}

/// Connections of one program with one remote end, or one connection.
pub struct Talk {
    owner: Option<Owner>,
    user: String,
    remote: String,
    state: &'static str,
    incoming: bool,
    count: usize,
    sent: Option<u64>,
    received: Option<u64>,
    since: Option<DateTime<Utc>>,
    level: Option<Level>,
    note: &'static str,
    key: u64,
    first: Connection,
}

const fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    }
}

const fn reach(reach: Reach) -> &'static str {
    match reach {
        Reach::Everyone => "everyone",
        Reach::Lan => "LAN",
        Reach::ThisMachine => "this machine",
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

fn owner(owner: Option<&Owner>) -> String {
    owner.map_or("?".to_owned(), |owner| format!("{} {}", owner.name, owner.pid))
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

fn or_unknown<'r>(text: Option<String>, view: &View<'_>) -> Span<'r> {
    text.map_or_else(|| Span::styled("?", view.theme.muted), Span::raw)
}

fn since<'r>(since: Option<DateTime<Utc>>, view: &View<'_>) -> Span<'r> {
    or_unknown(since.map(|at| words::when(at, view.now, view.zone)), view)
}

const DOORS: &[Column<Door>] = &[
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

const TALKS: &[Column<Talk>] = &[
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
            Span::raw(format!("{arrow} {}", row.remote))
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

/// The page: two lists, the keys go to one of them.
pub struct Network {
    doors: List<Door>,
    talks: List<Talk>,
    on_talks: bool,
    one_by_one: bool,
    totals: [usize; 3],
}

impl Default for Network {
    fn default() -> Self {
        Self {
            doors: List::new(DOORS),
            talks: List::new(TALKS),
            on_talks: false,
            one_by_one: false,
            totals: [0; 3],
        }
    }
}

fn doors(snapshot: &Snapshot) -> Vec<Door> {
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

/// The addresses from which the person at this screen came.
fn your_addresses(snapshot: &Snapshot) -> Vec<String> {
    let here = snapshot.readings.logins.iter().filter_map(|logins| logins.here.as_ref()).flatten();
    here.filter(|session| session.you)
        .filter_map(|session| Some(session.from.as_ref()?.to_string()))
        .collect()
}

fn talks(snapshot: &Snapshot, one_by_one: bool) -> Vec<Talk> {
    let Some(sockets) = &snapshot.readings.sockets else { return Vec::new() };
    let yours = your_addresses(snapshot);
    let users: BTreeMap<u32, String> = snapshot
        .readings
        .processes
        .iter()
        .flat_map(|processes| processes.iter())
        .filter_map(|process| Some((process.program.uid?, process.program.user.as_ref()?.to_string())))
        .collect();
    let mut groups: BTreeMap<(Option<(u32, u64)>, String), Talk> = BTreeMap::new();
    for connection in sockets.connections.iter().flatten() {
        let ip = connection.remote.ip().to_canonical();
        let who = connection.owner.as_ref().map(|owner| (owner.pid, owner.start_ticks));
        let same = if one_by_one {
            format!("{} {}", connection.local, connection.remote)
        } else if ip.is_loopback() {
            "loopback".to_owned()
        } else {
            format!("{ip} {}", connection.incoming)
        };
        let level =
            concern::level(concern::worst(snapshot, |finding| concern::connection(finding, connection)));
        let add = |a: Option<u64>, b: Option<u64>| a.map_or(b, |a| Some(a + b.unwrap_or(0)));
        groups
            .entry((who, same.clone()))
            .and_modify(|talk| {
                talk.count += 1;
                talk.sent = add(talk.sent, connection.sent_bytes);
                talk.received = add(talk.received, connection.received_bytes);
                talk.since = talk.since.min(connection.since);
                talk.level = talk.level.max(level);
                if talk.state != state(connection.state) {
                    talk.state = "several";
                }
                talk.remote = if ip.is_loopback() { "this machine".to_owned() } else { ip.to_string() };
            })
            .or_insert_with(|| Talk {
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
                key: crate::model::fingerprint(format!("{who:?} {same}").as_bytes()),
                first: connection.clone(),
            });
    }
    let mut talks: Vec<Talk> = groups.into_values().collect();
    let traffic = |talk: &Talk| talk.sent.unwrap_or(0) + talk.received.unwrap_or(0);
    talks.sort_by(|a, b| {
        let remote = |talk: &Talk| !talk.first.remote.ip().to_canonical().is_loopback();
        (b.level, remote(b), traffic(b)).cmp(&(a.level, remote(a), traffic(a)))
    });
    talks
}

impl Network {
    fn finding<'a>(&self, view: &View<'a>) -> Option<&'a Finding> {
        if self.on_talks {
            let talk = self.talks.selected()?;
            concern::worst(view.snapshot, |finding| concern::connection(finding, &talk.first))
        } else {
            let door = self.doors.selected()?;
            concern::worst(view.snapshot, |finding| concern::listener(finding, &door.listener))
        }
    }

    fn sheet(&self, view: &View<'_>) -> Option<Sheet> {
        let theme = view.theme;
        let para = |label: &str, words: String| Para::new(words, theme.text).label(label, theme.title);
        let (title, mut body, copy) = if self.on_talks {
            let talk = self.talks.selected()?;
            let end = talk.first.remote.ip().to_canonical().to_string();
            let body = vec![
                para("Who", format!("{} of {}", owner(talk.owner.as_ref()), talk.user)),
                para("With", format!("{} ({})", talk.remote, text::plural(talk.count as u64, "connection"))),
                para(
                    "Way",
                    if talk.incoming { "they came to us".to_owned() } else { "we went to them".to_owned() },
                ),
                para("Local", talk.first.local.to_string()),
            ];
            (talk.remote.clone(), body, end)
        } else {
            let door = self.doors.selected()?;
            let listener = &door.listener;
            let name = format!("{} {}", protocol(listener.protocol), listener.port);
            let body = vec![
                para(
                    "Bound",
                    format!(
                        "{} ({})",
                        std::net::SocketAddr::new(listener.address, listener.port),
                        door.families
                    ),
                ),
                para(
                    "Reach",
                    format!("{}, by its address; no firewall is considered", reach(listener.reach)),
                ),
                para("Who", format!("{}, uid {}", owner(listener.owner.as_ref()), listener.uid)),
            ];
            (name, body, std::net::SocketAddr::new(listener.address, listener.port).to_string())
        };
        let finding = self.finding(view);
        if let Some(finding) = finding {
            body.push(Para::empty());
            body.extend(story::of(finding, view));
        }
        Some(Sheet { title, body, copy: Some(copy), fix: finding.and_then(words::fix) })
    }

    fn interfaces(view: &View<'_>) -> Line<'static> {
        let Some(links) = &view.snapshot.readings.system.interfaces else {
            return Line::styled("  INTERFACES  cannot see them", view.theme.blind);
        };
        let mut spans = vec![Span::styled("  INTERFACES  ", view.theme.title)];
        for link in links.iter().filter(|link| !link.loopback) {
            let up = match link.up {
                Some(true) => "up",
                Some(false) => "down",
                None => "?",
            };
            let rate = |value: Option<f64>| {
                value.map_or("?".to_owned(), |rate| format!("{}/s", text::bytes_long(rate)))
            };
            spans.push(Span::raw(format!("{} {up}", link.name)));
            if link.up != Some(false) {
                spans.push(Span::raw(format!(
                    "  in {}  out {}",
                    rate(link.rx_bytes_per_s),
                    rate(link.tx_bytes_per_s)
                )));
            }
            spans.push(Span::styled(format!("  {} errors     ", text::count(link.errors)), view.theme.muted));
        }
        Line::from(spans)
    }
}

impl Page for Network {
    fn hear(&mut self, view: &View<'_>) {
        let doors = doors(view.snapshot);
        let count = |wanted: Reach| doors.iter().filter(|door| door.listener.reach == wanted).count();
        self.totals = [count(Reach::Everyone), count(Reach::Lan), count(Reach::ThisMachine)];
        self.doors.bring(doors, view.min_level);
        self.talks.bring(talks(view.snapshot, self.one_by_one), view.min_level);
    }

    fn draw(&mut self, buf: &mut Buffer, area: Rect, view: &View<'_>) {
        let theme = view.theme;
        let mut pen = Pen::new(buf, area);
        let Some(sockets) = &view.snapshot.readings.sockets else {
            pen.skip(1);
            pen.line(Line::styled("  I cannot see sockets: press C for the reason.", theme.blind));
            return;
        };
        let [everyone, lan, local] = self.totals;
        let doors = Line::from(vec![
            Span::styled("  OPEN DOORS  ", theme.title),
            Span::raw(format!(
                "{} listening: {everyone} reachable from everywhere, {lan} from your LAN, {local} this machine only",
                everyone + lan + local
            )),
        ]);
        let order = self.doors.order_words(view);
        pen.sides(doors, Line::styled(format!("{order} "), theme.muted));
        let tail = if view.room >= Room::Wide { 3 } else { 0 };
        let space = pen.left().saturating_sub(3 + tail);
        let wanted = (self.doors.len() as u16).saturating_add(1);
        let least = space.saturating_sub((self.talks.len() as u16).saturating_add(1));
        let height = wanted.min(least.max(space / 2));
        let place = pen.take(height);
        self.doors.draw(pen.buf(), place, view, !self.on_talks);
        pen.skip(u16::from(view.room >= Room::Wide));
        pen.rule("CONNECTIONS", view);
        let established = sockets.established.map_or("?".to_owned(), text::count);
        let seen = if sockets.owners_known < sockets.owners_total {
            format!(", owner seen of {} of {} sockets", sockets.owners_known, sockets.owners_total)
        } else {
            String::new()
        };
        let group = if self.one_by_one { "one by one" } else { "by program" };
        let order = self.talks.order_words(view);
        pen.sides(
            Line::from(format!("  {established} established{seen}")),
            Line::styled(format!("{order}   {group} "), theme.muted),
        );
        let rest = pen.left().saturating_sub(tail.min(2));
        let place = pen.take(rest);
        if sockets.connections.is_none() {
            Pen::new(pen.buf(), place)
                .line(Line::styled("  Only their number is known on this machine.", theme.muted));
        } else {
            self.talks.draw(pen.buf(), place, view, self.on_talks);
        }
        if tail > 0 {
            pen.skip(1);
            pen.line(Self::interfaces(view));
        }
    }

    fn act(&mut self, action: Action, view: &View<'_>) -> Option<Answer> {
        match action {
            Action::Group => {
                self.one_by_one = !self.one_by_one;
                self.hear(view);
                return Some(Answer::Done);
            }
            Action::Down if !self.on_talks && self.doors.at_end() && !self.talks.is_empty() => {
                self.on_talks = true;
                self.talks.act(Action::First);
                return Some(Answer::Done);
            }
            Action::Up if self.on_talks && self.talks.at_top() && !self.doors.is_empty() => {
                self.on_talks = false;
                return Some(Answer::Done);
            }
            Action::First => self.on_talks = self.doors.is_empty(),
            Action::Last => self.on_talks = !self.talks.is_empty(),
            Action::Open => return self.sheet(view).map(Answer::Sheet),
            Action::Explain => {
                return Some(self.finding(view).map_or_else(
                    || Answer::Say("nothing is said about this row".to_owned()),
                    |finding| Answer::Story(finding.id.clone()),
                ));
            }
            Action::Copy => return self.sheet(view).and_then(|sheet| sheet.copy).map(Answer::Copy),
            Action::CopyFix => {
                let fix = self.finding(view).and_then(words::fix);
                return Some(
                    fix.map_or_else(|| Answer::Say("no command mends this".to_owned()), Answer::Copy),
                );
            }
            _ => {}
        }
        let done = if self.on_talks { self.talks.act(action) } else { self.doors.act(action) };
        done.then_some(Answer::Done)
    }

    fn list(&mut self) -> Option<&mut dyn Listing> {
        if self.on_talks { Some(&mut self.talks) } else { Some(&mut self.doors) }
    }

    fn filter(&self) -> Option<&Filter> {
        Some(self.doors.filter())
    }

    fn set_filter(&mut self, filter: Filter, _view: &View<'_>) {
        self.doors.set_filter(filter.clone());
        self.talks.set_filter(filter);
    }

    fn select(&mut self, finding: &Finding, _view: &View<'_>) -> bool {
        self.on_talks = !self.doors.select(|door| concern::listener(finding, &door.listener));
        !self.on_talks || self.talks.select(|talk| concern::connection(finding, &talk.first))
    }
}
