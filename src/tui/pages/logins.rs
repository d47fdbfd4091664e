//! Who is here now, who was, and who normally comes in.

use crate::model::{Finding, Level, Login, LoginKind, Session, fingerprint};
use crate::text;
use crate::tui::filter::{Field, Filter};
use crate::tui::keymap::Action;
use crate::tui::page::{Answer, Page, Room, Sheet, View};
use crate::tui::widgets::graph::{spark, top};
use crate::tui::widgets::pen::Pen;
use crate::tui::widgets::prose::Para;
use crate::tui::widgets::table::{Column, List, Listing, Row, falling};
use crate::tui::{concern, story, words};
use chrono::{TimeDelta, Timelike};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::collections::{BTreeMap, BTreeSet};

/// Days that the page looks back.
const DAYS: i64 = 30;

/// An open session.
pub struct Here {
    session: Session,
    level: Option<Level>,
}

/// A login record.
pub struct Was {
    login: Login,
    level: Option<Level>,
}

impl Row for Here {
    fn key(&self) -> u64 {
        fingerprint(
            format!("{:?} {:?} {:?}", self.session.user, self.session.tty, self.session.since).as_bytes(),
        )
    }

    fn level(&self) -> Option<Level> {
        self.level
    }

    fn fields(&self) -> Vec<(&'static str, Field<'_>)> {
        vec![
            ("user", Field::text(self.session.user.as_str())),
            ("from", Field::text(self.session.from.as_deref().unwrap_or("console"))),
            ("tty", Field::text(self.session.tty.as_deref().unwrap_or(""))),
            ("cmd", Field::text(self.session.doing.as_deref().unwrap_or(""))),
            ("pid", Field::Number(self.session.pid.map(f64::from))),
            ("level", Field::Level(self.level)),
        ]
    }
}

impl Row for Was {
    fn key(&self) -> u64 {
        fingerprint(
            format!("{} {:?} {:?}", self.login.at.timestamp(), self.login.user, self.login.tty).as_bytes(),
        )
    }

    fn level(&self) -> Option<Level> {
        self.level
    }

    fn fields(&self) -> Vec<(&'static str, Field<'_>)> {
        vec![
            ("user", Field::text(self.login.user.as_str())),
            ("from", Field::text(from(&self.login))),
            ("tty", Field::text(self.login.tty.as_deref().unwrap_or(""))),
            ("kind", Field::text(kind(self.login.kind))),
            ("level", Field::Level(self.level)),
        ]
    }
}

const fn kind(kind: LoginKind) -> &'static str {
    match kind {
        LoginKind::Login => "login",
        LoginKind::Boot => "boot",
        LoginKind::Shutdown => "shutdown",
        LoginKind::FailedLogin => "failed",
    }
}

fn from(login: &Login) -> String {
    match (login.kind, &login.from) {
        (LoginKind::Boot | LoginKind::Shutdown, _) => String::new(),
        (_, Some(from)) if !from.is_empty() => from.to_string(),
        _ => "console".to_owned(),
    }
}

const HERE: &[Column<Here>] = &[
    Column {
        title: "USER",
        width: 10,
        grows: false,
        priority: 0,
        right: false,
        cell: |row, view| {
            let look = if row.session.you { view.theme.you } else { view.theme.strong };
            Span::styled(row.session.user.as_str(), look)
        },
        order: Some(|a, b| a.session.user.cmp(&b.session.user)),
    },
    Column {
        title: "FROM",
        width: 18,
        grows: false,
        priority: 0,
        right: false,
        cell: |row, _| Span::raw(row.session.from.as_deref().unwrap_or("console")),
        order: Some(|a, b| a.session.from.cmp(&b.session.from)),
    },
    Column {
        title: "HOW",
        width: 12,
        grows: false,
        priority: 4,
        right: false,
        cell: |row, view| match &row.session.how {
            Some(how) => Span::raw(how.as_str()),
            None => Span::styled("?", view.theme.muted),
        },
        order: Some(|a, b| a.session.how.cmp(&b.session.how)),
    },
    Column {
        title: "TTY",
        width: 7,
        grows: false,
        priority: 3,
        right: false,
        cell: |row, _| Span::raw(row.session.tty.as_deref().unwrap_or("")),
        order: Some(|a, b| a.session.tty.cmp(&b.session.tty)),
    },
    Column {
        title: "SINCE",
        width: 10,
        grows: false,
        priority: 1,
        right: false,
        cell: |row, view| {
            Span::raw(row.session.since.map_or("?".to_owned(), |at| words::when(at, view.now, view.zone)))
        },
        order: Some(|a, b| b.session.since.cmp(&a.session.since)),
    },
    Column {
        title: "IDLE",
        width: 4,
        grows: false,
        priority: 2,
        right: true,
        cell: |row, view| match row.session.idle_s {
            Some(seconds) => Span::raw(text::age(seconds as f64)),
            None => Span::styled("?", view.theme.muted),
        },
        order: Some(|a, b| falling(a.session.idle_s, b.session.idle_s)),
    },
    Column {
        title: "DOING",
        width: 10,
        grows: true,
        priority: 0,
        right: false,
        cell: |row, view| {
            let doing = row.session.doing.as_deref().unwrap_or("?");
            if row.session.you {
                Span::styled(format!("{doing}  {} you", view.glyphs.from), view.theme.you)
            } else {
                Span::raw(doing)
            }
        },
        order: None,
    },
];

const WAS: &[Column<Was>] = &[
    Column {
        title: "WHEN",
        width: 12,
        grows: false,
        priority: 0,
        right: false,
        cell: |row, view| Span::raw(words::when_long(row.login.at, view.now, view.zone)),
        order: Some(|a, b| b.login.at.cmp(&a.login.at)),
    },
    Column {
        title: "USER",
        width: 10,
        grows: false,
        priority: 0,
        right: false,
        cell: |row, view| match row.login.kind {
            LoginKind::Login | LoginKind::FailedLogin => {
                Span::styled(row.login.user.as_str(), view.theme.strong)
            }
            other => Span::styled(format!("({})", kind(other)), view.theme.muted),
        },
        order: Some(|a, b| a.login.user.cmp(&b.login.user)),
    },
    Column {
        title: "FROM",
        width: 18,
        grows: false,
        priority: 1,
        right: false,
        cell: |row, view| match row.login.kind {
            LoginKind::Boot => Span::styled(format!("kernel {}", row.login.user), view.theme.muted),
            _ => Span::raw(from(&row.login)),
        },
        order: Some(|a, b| from(&a.login).cmp(&from(&b.login))),
    },
    Column {
        title: "TTY",
        width: 8,
        grows: false,
        priority: 4,
        right: false,
        cell: |row, _| Span::raw(row.login.tty.as_deref().unwrap_or("")),
        order: Some(|a, b| a.login.tty.cmp(&b.login.tty)),
    },
    Column {
        title: "LASTED",
        width: 9,
        grows: false,
        priority: 2,
        right: false,
        cell: |row, view| {
            let lasted = row.login.ended.map(|end| text::age_long(words::seconds(row.login.at, end)));
            match (row.login.kind, lasted) {
                (LoginKind::Login, None) if row.login.here => Span::styled("here now", view.theme.ok),
                (LoginKind::FailedLogin, _) => Span::styled("failed", view.theme.warning),
                (LoginKind::Login, None) => Span::styled("?", view.theme.muted),
                (_, Some(lasted)) => Span::raw(lasted),
                (_, None) => Span::raw(""),
            }
        },
        order: Some(|a, b| {
            let lasted = |row: &Was| row.login.ended.map(|end| end - row.login.at);
            falling(lasted(a), lasted(b))
        }),
    },
    Column {
        title: "NOTE",
        width: 8,
        grows: true,
        priority: 3,
        right: false,
        cell: |row, view| Span::styled(row.login.note.as_deref().unwrap_or(""), view.theme.muted),
        order: None,
    },
];

/// The page: two lists, the keys go to one of them.
pub struct Logins {
    here: List<Here>,
    was: List<Was>,
    on_was: bool,
}

impl Default for Logins {
    fn default() -> Self {
        Self { here: List::new(HERE), was: List::new(WAS), on_was: false }
    }
}

/// What a person's logins have in common.
#[derive(Default)]
struct Habit {
    addresses: BTreeSet<String>,
    hours: [u32; 24],
    last: Option<chrono::DateTime<chrono::Utc>>,
    logins: u64,
}

fn habits(past: &[Login], view: &View<'_>) -> Vec<(String, Habit)> {
    let since = view.now - TimeDelta::days(DAYS);
    let mut habits: BTreeMap<String, Habit> = BTreeMap::new();
    for login in past.iter().filter(|login| login.kind == LoginKind::Login && login.at >= since) {
        let habit = habits.entry(login.user.to_string()).or_default();
        habit.addresses.insert(from(login));
        habit.hours[view.zone.at(login.at).hour() as usize % 24] += 1;
        habit.last = habit.last.max(Some(login.at));
        habit.logins += 1;
    }
    let mut habits: Vec<_> = habits.into_iter().collect();
    habits.sort_by_key(|(_, habit)| std::cmp::Reverse(habit.logins));
    habits
}

fn draw_habits(pen: &mut Pen<'_>, past: &[Login], view: &View<'_>) {
    let theme = view.theme;
    pen.rule("WHO NORMALLY COMES IN", view);
    pen.line(Line::styled(
        "    USER       ADDRESSES              HOURS 0     6     12    18   23  LAST        LOGINS",
        theme.title,
    ));
    for (user, habit) in habits(past, view) {
        let first = habit.addresses.first().cloned().unwrap_or_default();
        let more = habit.addresses.len().saturating_sub(1);
        let addresses = if more > 0 { format!("{first} +{more}") } else { first };
        let hours: Vec<Option<f64>> = habit.hours.iter().map(|count| Some(f64::from(*count))).collect();
        let last = habit.last.map_or(String::new(), |at| words::when(at, view.now, view.zone));
        pen.line(Line::from(vec![
            Span::styled(format!("    {:<10} ", text::fit(&user, 10)), theme.strong),
            Span::raw(format!("{:<26} ", text::fit(&addresses, 26))),
            Span::styled(spark(&hours, top(&hours), 24, view.glyphs), theme.graph),
            Span::raw(format!("  {last:<11} {:>6}", text::count(habit.logins))),
        ]));
    }
}

fn about(finding: &Finding, user: &str, from: Option<&str>) -> bool {
    let address = from.is_some_and(|from| concern::address(finding, from));
    address && finding.subject.get("user").is_none_or(|named| *named == *user)
}

impl Logins {
    fn sheet(&self, view: &View<'_>) -> Option<Sheet> {
        let para =
            |label: &str, words: String| Para::new(words, view.theme.text).label(label, view.theme.title);
        if !self.on_was {
            let session = &self.here.selected()?.session;
            let since = session.since.map_or("?".to_owned(), |at| words::when_long(at, view.now, view.zone));
            let mut body = vec![
                para("Who", format!("{}{}", session.user, if session.you { ", this is you" } else { "" })),
                para("From", session.from.as_deref().unwrap_or("the console").to_owned()),
                para("How", session.how.as_deref().unwrap_or("no record tells").to_owned()),
                para("Since", since),
                para("Line", session.tty.as_deref().unwrap_or("none").to_owned()),
                para("Doing", session.doing.as_deref().unwrap_or("not visible").to_owned()),
            ];
            if let Some(pid) = session.pid {
                body.push(para("Leader", format!("process {pid}")));
            }
            let finding = concern::worst(view.snapshot, |finding| {
                about(finding, &session.user, session.from.as_deref())
            });
            if let Some(finding) = finding {
                body.push(Para::empty());
                body.extend(story::of(finding, view));
            }
            let title = format!("Session of {}", session.user);
            let copy = session.from.as_ref().map(ToString::to_string);
            return Some(Sheet { title, body, copy, fix: finding.and_then(words::fix) });
        }
        let login = &self.was.selected()?.login;
        let ended =
            login.ended.map_or(if login.here { "still here" } else { "no record tells" }.to_owned(), |end| {
                words::when_long(end, view.now, view.zone)
            });
        let body = vec![
            para("What", kind(login.kind).to_owned()),
            para("Who", login.user.to_string()),
            para("From", from(login)),
            para("Line", login.tty.as_deref().unwrap_or("none").to_owned()),
            para("Began", view.zone.at(login.at).format("%a %-d %b %Y %H:%M:%S %:z").to_string()),
            para("Ended", ended),
            para("Note", login.note.as_deref().unwrap_or("none").to_owned()),
        ];
        Some(Sheet { title: format!("Login of {}", login.user), body, copy: Some(from(login)), fix: None })
    }
}

impl Page for Logins {
    fn hear(&mut self, view: &View<'_>) {
        let logins = view.snapshot.readings.logins.as_ref();
        let level = |user: &str, from: Option<&str>| {
            concern::level(concern::worst(view.snapshot, |finding| about(finding, user, from)))
        };
        let here = logins.and_then(|logins| logins.here.as_ref()).into_iter().flatten().map(|session| Here {
            level: level(&session.user, session.from.as_deref()),
            session: session.clone(),
        });
        self.here.bring(here.collect(), view.min_level);
        let since = view.now - TimeDelta::days(DAYS);
        let past = logins.and_then(|logins| logins.past.as_ref()).into_iter().flatten();
        let was = past.filter(|login| login.at >= since).map(|login| Was {
            level: level(&login.user, login.from.as_deref()).filter(|_| login.here),
            login: login.clone(),
        });
        self.was.bring(was.collect(), view.min_level);
        if self.here.is_empty() {
            self.on_was = true;
        }
    }

    fn draw(&mut self, buf: &mut Buffer, area: Rect, view: &View<'_>) {
        let theme = view.theme;
        let mut pen = Pen::new(buf, area);
        let Some(logins) = &view.snapshot.readings.logins else {
            pen.skip(1);
            pen.line(Line::styled("  I cannot see logins: press C for the reason.", theme.blind));
            return;
        };
        let source = Line::styled(format!("source: {} ", logins.source), theme.muted);
        match &logins.here {
            Some(here) => {
                let count = text::plural(here.len() as u64, "session");
                pen.sides(
                    Line::from(vec![Span::styled("  HERE NOW   ", theme.title), Span::raw(count)]),
                    source,
                );
                if here.is_empty() {
                    pen.line(Line::styled("  Nobody is logged in, as far as the records tell.", theme.muted));
                } else {
                    let rows = (self.here.len() as u16 + 1).min((pen.left() / 3).max(3));
                    let place = pen.take(rows);
                    self.here.draw(pen.buf(), place, view, !self.on_was);
                }
            }
            None => {
                pen.sides(
                    Line::styled("  HERE NOW   I cannot see who is here: press C", theme.blind),
                    source,
                );
            }
        }
        pen.skip(u16::from(view.room >= Room::Wide));
        pen.rule("LAST 30 DAYS", view);
        let Some(past) = &logins.past else {
            pen.line(Line::styled("  I cannot see past logins: press C for the reason.", theme.blind));
            return;
        };
        let habits_height =
            if view.room >= Room::Wide { habits(past, view).len().min(6) as u16 + 3 } else { 0 };
        pen.sides(
            Line::from(format!("  {} records", text::count(self.was.len() as u64))),
            Line::styled(format!("{} ", self.was.order_words(view)), theme.muted),
        );
        let rows = pen.left().saturating_sub(habits_height).min(self.was.len() as u16 + 1);
        let place = pen.take(rows);
        if self.was.is_empty() {
            Pen::new(pen.buf(), place).line(Line::styled("  No login is on record.", Style::default()));
        }
        self.was.draw(pen.buf(), place, view, self.on_was);
        if habits_height > 3 {
            pen.skip(1);
            draw_habits(&mut pen, past, view);
        }
    }

    fn act(&mut self, action: Action, view: &View<'_>) -> Option<Answer> {
        match action {
            Action::Down if !self.on_was && self.here.at_end() && !self.was.is_empty() => {
                self.on_was = true;
                self.was.act(Action::First);
                return Some(Answer::Done);
            }
            Action::Up if self.on_was && self.was.at_top() && !self.here.is_empty() => {
                self.on_was = false;
                return Some(Answer::Done);
            }
            Action::First => self.on_was = self.here.is_empty(),
            Action::Last => self.on_was = !self.was.is_empty(),
            Action::Open | Action::Explain => return self.sheet(view).map(Answer::Sheet),
            Action::Copy => return self.sheet(view).and_then(|sheet| sheet.copy).map(Answer::Copy),
            Action::CopyFix => {
                let fix = self.sheet(view).and_then(|sheet| sheet.fix);
                return Some(
                    fix.map_or_else(|| Answer::Say("no command mends this".to_owned()), Answer::Copy),
                );
            }
            _ => {}
        }
        let done = if self.on_was { self.was.act(action) } else { self.here.act(action) };
        done.then_some(Answer::Done)
    }

    fn list(&mut self) -> Option<&mut dyn Listing> {
        if self.on_was { Some(&mut self.was) } else { Some(&mut self.here) }
    }

    fn filter(&self) -> Option<&Filter> {
        Some(self.was.filter())
    }

    fn set_filter(&mut self, filter: Filter, _view: &View<'_>) {
        self.here.set_filter(filter.clone());
        self.was.set_filter(filter);
    }
}
