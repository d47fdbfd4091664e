//! Open sessions and login records as rows.

use crate::model::{Level, Login, LoginKind, Session, fingerprint};
use crate::text;
use crate::tui::filter::Field;
use crate::tui::widgets::table::{Column, Row, falling};
use crate::tui::words;
use ratatui::text::Span;

/// An open session.
pub(super) struct Here {
    pub(super) session: Session,
    pub(super) level: Option<Level>,
}

/// A login record.
pub(super) struct Was {
    pub(super) login: Login,
    pub(super) level: Option<Level>,
    /// How many refused tries it stands for.
    times: u64,
}

/// Makes rows of login records, newest first. A guesser's refused tries are one row for each name and address in a
/// row, with the newest time: a thousand of them must not hide a login.
pub(super) fn told_once<'a>(past: impl Iterator<Item = &'a Login>) -> Vec<Was> {
    let mut rows: Vec<Was> = Vec::new();
    for login in past {
        match rows.last_mut() {
            Some(last)
                if login.kind == LoginKind::FailedLogin
                    && last.login.kind == LoginKind::FailedLogin
                    && (&last.login.user, &last.login.from) == (&login.user, &login.from) =>
            {
                last.times += 1;
            }
            _ => rows.push(Was { login: login.clone(), level: None, times: 1 }),
        }
    }
    rows
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
            ("from", Field::text(origin(self.session.from.as_deref(), self.session.tty.as_deref()))),
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

/// What a record tells, in one word.
pub(super) const fn kind(kind: LoginKind) -> &'static str {
    match kind {
        LoginKind::Login => "login",
        LoginKind::Boot => "boot",
        LoginKind::Shutdown => "shutdown",
        LoginKind::FailedLogin => "failed",
    }
}

/// Where a login came from.
pub(super) fn from(login: &Login) -> String {
    match login.kind {
        LoginKind::Boot | LoginKind::Shutdown => String::new(),
        LoginKind::Login | LoginKind::FailedLogin => {
            origin(login.from.as_deref(), login.tty.as_deref()).to_owned()
        }
    }
}

/// Where a session came from; only a terminal of the machine itself is its console, the rest is not known.
fn origin<'a>(from: Option<&'a str>, tty: Option<&str>) -> &'a str {
    let is_here =
        |tty: &str| ["tty", "console", ":", "hvc", "seat"].iter().any(|start| tty.starts_with(start));
    match (from.filter(|from| !from.is_empty()), tty) {
        (Some(from), _) => from,
        (None, Some(tty)) if is_here(tty) => "console",
        (None, _) => "?",
    }
}

/// The columns of who is here.
pub(super) const HERE: &[Column<Here>] = &[
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
        cell: |row, _| Span::raw(origin(row.session.from.as_deref(), row.session.tty.as_deref())),
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
        width: 5,
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

/// The columns of who was.
pub(super) const WAS: &[Column<Was>] = &[
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
        width: 13,
        grows: false,
        priority: 2,
        right: false,
        cell: |row, view| {
            let lasted = row.login.ended.map(|end| text::age_long(words::seconds(row.login.at, end)));
            match (row.login.kind, lasted) {
                (LoginKind::Login, None) if row.login.here => Span::styled("here now", view.theme.ok),
                (LoginKind::FailedLogin, _) if row.times > 1 => {
                    Span::styled(format!("{} failed", text::count(row.times)), view.theme.muted)
                }
                (LoginKind::FailedLogin, _) => Span::styled("failed", view.theme.muted),
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
