//! Who tried to sign in: what needs eyes first, then who is knocking; and when blind, where it looked and what helps.

use crate::model::{
    Category, Finding, Level, SensorState, SignIns, Source, SourceState, Status, fingerprint,
};
use crate::text;
use crate::tui::filter::{Field, Filter};
use crate::tui::keymap::Action;
use crate::tui::page::{Answer, Page, Room, Sheet, View};
use crate::tui::widgets::graph::{spark, top};
use crate::tui::widgets::pen::Pen;
use crate::tui::widgets::prose::{Para, lay};
use crate::tui::widgets::table::{Column, List, Listing, Row, falling};
use crate::tui::{concern, story, words};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::sync::Arc;

/// A finding about sign-ins.
pub struct Eye {
    finding: Arc<Finding>,
}

impl Row for Eye {
    fn key(&self) -> u64 {
        fingerprint(self.finding.id.as_str().as_bytes())
    }

    fn level(&self) -> Option<Level> {
        Some(self.finding.level)
    }

    fn fields(&self) -> Vec<(&'static str, Field<'_>)> {
        let mut fields = vec![
            ("title", Field::text(self.finding.title.as_str())),
            ("rule", Field::text(self.finding.rule.as_str())),
            ("level", Field::Level(Some(self.finding.level))),
        ];
        let named = |key: &str| match key {
            "address" => "from",
            "user" => "user",
            _ => "subject",
        };
        fields.extend(
            self.finding.subject.iter().map(|(key, value)| (named(key), Field::text(value.as_str()))),
        );
        fields
    }
}

const EYES: &[Column<Eye>] = &[
    Column {
        title: "WHEN",
        width: 10,
        grows: false,
        priority: 1,
        right: false,
        cell: |row, view| Span::raw(words::when(row.finding.last_seen, view.now, view.zone)),
        order: Some(|a, b| b.finding.last_seen.cmp(&a.finding.last_seen)),
    },
    Column {
        title: "WHAT",
        width: 20,
        grows: true,
        priority: 0,
        right: false,
        cell: |row, view| Span::styled(row.finding.title.as_str(), view.theme.level(row.finding.level)),
        order: Some(|a, b| a.finding.title.cmp(&b.finding.title)),
    },
    Column {
        title: "TIMES",
        width: 7,
        grows: false,
        priority: 2,
        right: true,
        cell: |row, _| Span::raw(text::count(row.finding.count)),
        order: Some(|a, b| falling(Some(a.finding.count), Some(b.finding.count))),
    },
];

/// An address that tried.
pub struct Knock {
    source: Source,
    level: Option<Level>,
}

impl Row for Knock {
    fn key(&self) -> u64 {
        fingerprint(self.source.address.as_bytes())
    }

    fn level(&self) -> Option<Level> {
        self.level
    }

    fn fields(&self) -> Vec<(&'static str, Field<'_>)> {
        let mut fields = vec![
            ("from", Field::text(self.source.address.as_str())),
            ("state", Field::text(state(self.source.state))),
            ("tries", Field::number(self.source.tries as f64)),
            ("level", Field::Level(self.level)),
        ];
        fields.extend(self.source.names.iter().map(|name| ("user", Field::text(name.as_str()))));
        fields
    }
}

const fn state(state: SourceState) -> &'static str {
    match state {
        SourceState::Open => "open",
        SourceState::Banned => "banned",
        SourceState::GotIn => "GOT IN",
        SourceState::Yours => "yours",
    }
}

fn names(source: &Source) -> String {
    let named = source.names.iter().map(std::convert::AsRef::as_ref).collect::<Vec<&str>>();
    let shown = named.iter().take(3).copied().collect::<Vec<_>>().join(", ");
    let more = source.names_total.max(named.len() as u64) - named.len().min(3) as u64;
    if more > 0 { format!("{shown} +{more}") } else { shown }
}

const KNOCKS: &[Column<Knock>] = &[
    Column {
        title: "ADDRESS",
        width: 24,
        grows: false,
        priority: 0,
        right: false,
        cell: |row, view| {
            let you = row.source.state == SourceState::Yours;
            let look = if you { view.theme.you } else { Style::default() };
            Span::styled(format!("{}{}", row.source.address, if you { " (you)" } else { "" }), look)
        },
        order: Some(|a, b| a.source.address.cmp(&b.source.address)),
    },
    Column {
        title: "TRIES",
        width: 7,
        grows: false,
        priority: 0,
        right: true,
        cell: |row, view| Span::styled(text::count(row.source.tries), view.theme.strong),
        order: Some(|a, b| falling(Some(a.source.tries), Some(b.source.tries))),
    },
    Column {
        title: "IN",
        width: 4,
        grows: false,
        priority: 5,
        right: true,
        cell: |row, view| match row.source.accepted {
            0 => Span::styled("0", view.theme.muted),
            count => Span::raw(text::count(count)),
        },
        order: Some(|a, b| falling(Some(a.source.accepted), Some(b.source.accepted))),
    },
    Column {
        title: "NAMES TRIED",
        width: 20,
        grows: true,
        priority: 1,
        right: false,
        cell: |row, _| Span::raw(names(&row.source)),
        order: Some(|a, b| falling(Some(a.source.names_total), Some(b.source.names_total))),
    },
    Column {
        title: "FIRST",
        width: 9,
        grows: false,
        priority: 4,
        right: false,
        cell: |row, view| {
            Span::raw(row.source.first_at.map_or("?".to_owned(), |at| words::when(at, view.now, view.zone)))
        },
        order: Some(|a, b| b.source.first_at.cmp(&a.source.first_at)),
    },
    Column {
        title: "LAST",
        width: 9,
        grows: false,
        priority: 2,
        right: false,
        cell: |row, view| {
            Span::raw(row.source.last_at.map_or("?".to_owned(), |at| words::when(at, view.now, view.zone)))
        },
        order: Some(|a, b| b.source.last_at.cmp(&a.source.last_at)),
    },
    Column {
        title: "STATE",
        width: 6,
        grows: false,
        priority: 2,
        right: false,
        cell: |row, view| {
            let look = match row.source.state {
                SourceState::Open => Style::default(),
                SourceState::Banned => view.theme.ok,
                SourceState::GotIn => view.theme.alert,
                SourceState::Yours => view.theme.you,
            };
            Span::styled(state(row.source.state), look)
        },
        order: Some(|a, b| state(a.source.state).cmp(state(b.source.state))),
    },
    Column {
        title: "24 h",
        width: 12,
        grows: false,
        priority: 3,
        right: false,
        cell: |row, view| {
            let pairs: Vec<Option<f64>> =
                row.source.hours.chunks(2).map(|pair| Some(f64::from(pair.iter().sum::<u32>()))).collect();
            Span::styled(spark(&pairs, top(&pairs), 12, view.glyphs), view.theme.graph)
        },
        order: None,
    },
];

/// The page: two lists, the keys go to one of them.
pub struct Auth {
    eyes: List<Eye>,
    knocks: List<Knock>,
    on_knocks: bool,
}

impl Default for Auth {
    fn default() -> Self {
        Self { eyes: List::new(EYES), knocks: List::new(KNOCKS), on_knocks: false }
    }
}

/// The four lines that say how the day was.
fn day(sign_ins: &SignIns, view: &View<'_>) -> Vec<Line<'static>> {
    let theme = view.theme;
    let curve = |pick: fn(&crate::model::HourCounts) -> u64| {
        let hours: Vec<Option<f64>> = sign_ins.hours.iter().map(|hour| Some(pick(hour) as f64)).collect();
        let high = top(&hours);
        if high > 0.0 { spark(&hours, high, 24, view.glyphs) } else { " ".repeat(24) }
    };
    let line = |word: &str, count: u64, curve: String, says: String, look: Style| {
        Line::from(vec![
            Span::styled(format!("   {word:<9}"), theme.muted),
            Span::styled(format!("{:>7}  ", text::count(count)), theme.strong),
            Span::styled(curve, theme.graph),
            Span::styled(format!("  {says}"), look),
        ])
    };
    let from_own = match sign_ins.failed_existing_24h {
        0 => "no name of this machine was tried".to_owned(),
        some => format!("{} with a name that exists here", text::count(some)),
    };
    let failed = match sign_ins.failed_24h {
        0 => "nobody failed".to_owned(),
        _ => format!("from {}; {from_own}", plural_addresses(sign_ins.failed_sources_24h)),
    };
    let refused = match sign_ins.sudo_denied_24h {
        0 => (format!("{} {}", view.glyphs.ok, "none refused"), theme.ok),
        some => {
            (format!("{} {} refused", view.glyphs.level(Level::Warning), text::count(some)), theme.warning)
        }
    };
    let mut lines = vec![
        line("accepted", sign_ins.accepted_24h, curve(|hour| hour.accepted), String::new(), theme.text),
        line("failed", sign_ins.failed_24h, curve(|hour| hour.failed), failed, theme.text),
        line("sudo", sign_ins.sudo_24h, curve(|hour| hour.sudo), refused.0, refused.1),
    ];
    if sign_ins.probes_24h > 0 {
        let says = "connections that left before a sign-in".to_owned();
        lines.push(line("probes", sign_ins.probes_24h, " ".repeat(24), says, theme.muted));
    }
    lines
}

fn plural_addresses(count: u64) -> String {
    if count == 1 { "1 address".to_owned() } else { format!("{} addresses", text::count(count)) }
}

/// What to say when sign-ins cannot be seen: where it looked, what happened, what helps.
fn blind(view: &View<'_>) -> Vec<Para> {
    let theme = view.theme;
    let value = story::value(view.snapshot, view);
    let mut body = vec![
        Para::new("SIGN-INS: I CANNOT SEE THEM", theme.blind),
        Para::empty(),
        Para::new(
            format!(
                "This is not \"no failed logins\". Nothing on this page is known, and the score is shown as {value}."
            ),
            theme.text,
        ),
        Para::empty(),
    ];
    let sensors = view.snapshot.sensors.iter();
    let auth: Vec<_> =
        sensors.filter(|sensor| sensor.id.starts_with("auth") && sensor.state != SensorState::Ok).collect();
    for sensor in &auth {
        if let Some(says) = &sensor.says {
            body.push(Para::new(says.as_str(), theme.text));
        }
        if !sensor.looked.is_empty() {
            body.push(Para::empty());
            body.push(Para::new("WHERE I LOOKED, AND WHAT HAPPENED", theme.title));
            let widest =
                sensor.looked.iter().map(|place| text::width(&place.place)).max().unwrap_or(0).min(36);
            for (at, place) in sensor.looked.iter().enumerate() {
                let name = text::fit(&place.place, widest);
                let pad = " ".repeat(widest - text::width(&name));
                body.push(Para::new(format!(" {}  {name}{pad}   {}", at + 1, place.result), theme.text));
            }
        }
        if !sensor.fix.is_empty() || !sensor.alternatives.is_empty() {
            body.push(Para::empty());
            body.push(Para::new("WHAT HELPS HERE", theme.title));
        }
        if !sensor.fix.is_empty() {
            let command = format!(" {} {}", view.glyphs.pointer, words::command(&sensor.fix));
            body.push(Para::new(command, theme.command).one_line());
        }
        for other in &sensor.alternatives {
            body.push(Para::new(format!("   or: {}", other.text), theme.text));
            if !other.argv.is_empty() {
                body.push(Para::new(format!("   {}", words::command(&other.argv)), theme.command).one_line());
            }
        }
    }
    if auth.is_empty() {
        body.push(Para::new("No sensor for sign-ins has spoken yet.", theme.text));
    }
    body.push(Para::empty());
    body.push(Para::new(
        "A new group starts with a new login, also inside tmux and screen. Then press r here.",
        theme.muted,
    ));
    body
}

impl Auth {
    fn finding<'a>(&self, view: &View<'a>) -> Option<&'a Finding> {
        if self.on_knocks {
            let knock = self.knocks.selected()?;
            return concern::worst(view.snapshot, |finding| concern::address(finding, &knock.source.address));
        }
        let id = &self.eyes.selected()?.finding.id;
        view.snapshot.findings.iter().find(|finding| finding.id == *id)
    }

    /// What the selected address did, line by line.
    fn lines(&self, view: &View<'_>) -> Option<Sheet> {
        let sign_ins = view.snapshot.sign_ins.as_ref()?;
        let address = match self.finding(view) {
            Some(finding) if !self.on_knocks => finding.subject.get("address").map(ToString::to_string),
            _ => self.knocks.selected().map(|knock| knock.source.address.to_string()),
        }?;
        let mine = sign_ins
            .recent
            .iter()
            .rev()
            .filter(|event| event.address.as_ref().is_some_and(|a| *a == *address));
        let mut body: Vec<Para> = mine
            .take(200)
            .map(|event| {
                let when = event.time.map_or("?".to_owned(), |at| words::when(at, view.now, view.zone));
                Para::new(format!("{} {}", event.service, event.raw), view.theme.text)
                    .label(when, view.theme.muted)
            })
            .collect();
        if body.is_empty() {
            body.push(Para::new("Its lines are older than those that I keep.", view.theme.muted));
        }
        Some(Sheet { title: format!("Log lines of {address}"), body, copy: Some(address), fix: None })
    }

    fn sheet(&self, view: &View<'_>) -> Option<Sheet> {
        let knock = self.knocks.selected()?;
        let source = &knock.source;
        let theme = view.theme;
        let para = |label: &str, words: String| Para::new(words, theme.text).label(label, theme.title);
        let when = |at: Option<chrono::DateTime<chrono::Utc>>| {
            at.map_or("?".to_owned(), |at| words::when_long(at, view.now, view.zone))
        };
        let all: Vec<&str> = source.names.iter().map(std::convert::AsRef::as_ref).collect();
        let mut body = vec![
            para(
                "Tries",
                format!("{} failed, {} accepted", text::count(source.tries), text::count(source.accepted)),
            ),
            para("Names", format!("{} different: {}", text::count(source.names_total), all.join(", "))),
            para("When", format!("{} to {}", when(source.first_at), when(source.last_at))),
            para("State", state(source.state).to_owned()),
        ];
        let finding = self.finding(view);
        if let Some(finding) = finding {
            body.push(Para::empty());
            body.extend(story::of(finding, view));
        }
        if let Some(lines) = self.lines(view) {
            body.push(Para::empty());
            body.extend(lines.body.into_iter().take(50));
        }
        Some(Sheet {
            title: source.address.to_string(),
            body,
            copy: Some(source.address.to_string()),
            fix: finding.and_then(words::fix),
        })
    }

    fn draw_seeing(&mut self, pen: &mut Pen<'_>, sign_ins: &SignIns, view: &View<'_>) {
        let theme = view.theme;
        let up_to = sign_ins
            .last_line_at
            .map_or(String::new(), |at| format!("  up to {}", words::when(at, view.now, view.zone)));
        let reading = if sign_ins.caught_up { "" } else { "  (still reading the past)" };
        pen.sides(
            Line::styled("  SIGN-INS, LAST 24 h", theme.title),
            Line::styled(format!("source: {}{up_to}{reading} ", sign_ins.source), theme.muted),
        );
        for line in day(sign_ins, view) {
            pen.line(line);
        }
        let roomy = view.room >= Room::Wide;
        pen.skip(u16::from(roomy));
        if self.eyes.is_empty() {
            let says = match sign_ins.last_line_at {
                Some(at) => format!(
                    "  {} Nothing needs your eyes. I can see this log (last line {}), so quiet means quiet.",
                    view.glyphs.ok,
                    words::when(at, view.now, view.zone)
                ),
                None => format!(
                    "  {} Nothing needs your eyes. I can read this log; it has no line yet.",
                    view.glyphs.ok
                ),
            };
            pen.line(Line::styled(says, theme.ok));
        } else {
            pen.rule("NEEDS YOUR EYES", view);
            let rows = (self.eyes.len() as u16 + 1).min((pen.left() / 2).max(3));
            let place = pen.take(rows);
            self.eyes.draw(pen.buf(), place, view, !self.on_knocks);
        }
        pen.skip(u16::from(roomy));
        pen.rule("WHO IS KNOCKING", view);
        let total = sign_ins.sources.len() as u64 + sign_ins.sources_more;
        pen.sides(
            Line::from(format!("  {}, showing {}", plural_addresses(total), self.knocks.len())),
            Line::styled(format!("{} ", self.knocks.order_words(view)), theme.muted),
        );
        if sign_ins.sources.is_empty() {
            pen.line(Line::styled("  Nobody tried in the last 24 hours.", theme.muted));
        } else {
            let place = pen.take(u16::MAX);
            self.knocks.draw(pen.buf(), place, view, self.on_knocks);
        }
    }
}

impl Page for Auth {
    fn hear(&mut self, view: &View<'_>) {
        let eyes = view
            .snapshot
            .findings
            .iter()
            .filter(|finding| finding.category == Category::Auth && finding.status == Status::Open)
            .map(|finding| Eye { finding: Arc::new(finding.clone()) })
            .collect();
        self.eyes.bring(eyes, view.min_level);
        let sources = view.snapshot.sign_ins.iter().flat_map(|sign_ins| &sign_ins.sources);
        let knocks = sources
            .map(|source| Knock {
                level: concern::level(concern::worst(view.snapshot, |f| {
                    concern::address(f, &source.address)
                })),
                source: source.clone(),
            })
            .collect();
        self.knocks.bring(knocks, view.min_level);
        if self.eyes.is_empty() {
            self.on_knocks = true;
        }
    }

    fn draw(&mut self, buf: &mut Buffer, area: Rect, view: &View<'_>) {
        let mut pen = Pen::new(buf, area);
        match &view.snapshot.sign_ins {
            Some(sign_ins) => self.draw_seeing(&mut pen, sign_ins, view),
            None => {
                for mut line in lay(&blind(view), area.width.saturating_sub(4)) {
                    line.spans.insert(0, Span::raw("  "));
                    pen.line(line);
                }
            }
        }
    }

    fn act(&mut self, action: Action, view: &View<'_>) -> Option<Answer> {
        if view.snapshot.sign_ins.is_none() {
            let sensor = view.snapshot.sensors.iter().find(|s| s.id.starts_with("auth") && !s.fix.is_empty());
            let fix = sensor.map(|sensor| words::command(&sensor.fix));
            return match action {
                Action::Copy | Action::CopyFix => {
                    Some(fix.map_or_else(|| Answer::Say("no command mends this".to_owned()), Answer::Copy))
                }
                Action::Open | Action::Explain => Some(Answer::Sheet(story::coverage(view.snapshot, view))),
                _ => None,
            };
        }
        match action {
            Action::Down if !self.on_knocks && self.eyes.at_end() && !self.knocks.is_empty() => {
                self.on_knocks = true;
                self.knocks.act(Action::First);
                return Some(Answer::Done);
            }
            Action::Up if self.on_knocks && self.knocks.at_top() && !self.eyes.is_empty() => {
                self.on_knocks = false;
                return Some(Answer::Done);
            }
            Action::First => self.on_knocks = self.eyes.is_empty(),
            Action::Last => self.on_knocks = !self.knocks.is_empty(),
            Action::Open if self.on_knocks => return self.sheet(view).map(Answer::Sheet),
            Action::Open | Action::Explain => {
                return Some(self.finding(view).map_or_else(
                    || Answer::Say("nothing is said about this row".to_owned()),
                    |finding| Answer::Story(finding.id.clone()),
                ));
            }
            Action::LogLine => {
                return Some(self.lines(view).map_or_else(
                    || Answer::Say("no log line is kept for this row".to_owned()),
                    Answer::Sheet,
                ));
            }
            Action::Copy => {
                let copy = if self.on_knocks {
                    self.knocks.selected().map(|knock| knock.source.address.to_string())
                } else {
                    self.eyes.selected().map(|eye| eye.finding.title.to_string())
                };
                return copy.map(Answer::Copy);
            }
            Action::CopyFix => {
                let fix = self.finding(view).and_then(words::fix);
                return Some(
                    fix.map_or_else(|| Answer::Say("no command mends this".to_owned()), Answer::Copy),
                );
            }
            _ => {}
        }
        let done = if self.on_knocks { self.knocks.act(action) } else { self.eyes.act(action) };
        done.then_some(Answer::Done)
    }

    fn list(&mut self) -> Option<&mut dyn Listing> {
        if self.on_knocks { Some(&mut self.knocks) } else { Some(&mut self.eyes) }
    }

    fn filter(&self) -> Option<&Filter> {
        Some(self.knocks.filter())
    }

    fn set_filter(&mut self, filter: Filter, _view: &View<'_>) {
        self.eyes.set_filter(filter.clone());
        self.knocks.set_filter(filter);
    }

    fn select(&mut self, finding: &Finding, _view: &View<'_>) -> bool {
        self.on_knocks = !self.eyes.select(|eye| eye.finding.id == finding.id);
        !self.on_knocks
    }
}
