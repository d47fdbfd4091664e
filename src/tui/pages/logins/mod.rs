//! Who is here now, who was, and who normally comes in.

mod habits;
mod rows;

use super::{split, unseen};
use crate::model::{Finding, Safe};
use crate::text;
use crate::tui::filter::Filter;
use crate::tui::keymap::Action;
use crate::tui::page::{Answer, Page, Room, Sheet, View};
use crate::tui::trail::Trail;
use crate::tui::widgets::pen::Pen;
use crate::tui::widgets::prose::Para;
use crate::tui::widgets::table::{Hit, List, Listing};
use crate::tui::{concern, story, words};
use chrono::TimeDelta;
use habits::{draw_habits, habits};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use rows::{HERE, Here, WAS, Was, from, kind, told_once};

/// Days that the page looks back.
const DAYS: i64 = 30;

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

fn about(finding: &Finding, user: &str, from: Option<&str>) -> bool {
    let address = from.is_some_and(|from| concern::address(finding, from));
    address && finding.subject.get("user").is_none_or(|named| *named == *user)
}

impl Logins {
    /// The account of the selected row, and where it came from.
    fn chosen(&self) -> Option<(&Safe, Option<&str>)> {
        Some(if self.on_was {
            let login = &self.was.selected()?.login;
            (&login.user, login.from.as_deref())
        } else {
            let session = &self.here.selected()?.session;
            (&session.user, session.from.as_deref())
        })
    }

    /// What the sign-ins tell of the selected row: its account from its address, or its account.
    fn trail(&self, view: &View<'_>) -> Option<Trail> {
        let (user, from) = self.chosen()?;
        let what = from.map_or_else(|| user.to_string(), |from| format!("{user} from {from}"));
        let trail = Trail::of(&what).sign_ins(view.snapshot, |event| {
            let theirs = [&event.user, &event.target_user].into_iter().flatten().any(|name| name == user);
            theirs && from.is_none_or(|from| event.address.as_ref().is_none_or(|address| *address == *from))
        });
        Some(trail.copy(from.unwrap_or(user)))
    }

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
        let mut was = told_once(past.filter(|login| login.at >= since));
        for row in was.iter_mut().filter(|row| row.login.here) {
            row.level = level(&row.login.user, row.login.from.as_deref());
        }
        self.was.bring(was, view.min_level);
        if self.here.is_empty() {
            self.on_was = true;
        }
    }

    fn draw(&mut self, buf: &mut Buffer, area: Rect, view: &View<'_>) {
        let theme = view.theme;
        let (area, right) = split::beside(area, view);
        if view.snapshot.readings.logins.is_some() {
            split::sheet(buf, right, self.sheet(view), view);
        }
        let mut pen = Pen::new(buf, area);
        let Some(logins) = &view.snapshot.readings.logins else {
            unseen::write(&mut pen, "logins", &["login"], view);
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
                if self.here.is_bare() {
                    pen.line(Line::styled("  Nobody is logged in, as far as the records tell.", theme.muted));
                } else {
                    let rows = self.here.lines().min((pen.left() / 3).max(3));
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
            unseen::write_short(&mut pen, "past logins", &["login"], view);
            return;
        };
        let habits_height =
            if view.room >= Room::Wide { habits(past, view).len().min(6) as u16 + 3 } else { 0 };
        pen.sides(
            Line::from(format!("  {} records", text::count(self.was.len() as u64))),
            Line::styled(format!("{} ", self.was.order_words(view)), theme.muted),
        );
        let rows = pen.left().saturating_sub(habits_height).min(self.was.lines());
        let place = pen.take(rows);
        if self.was.is_bare() {
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
            Action::LogLines => return self.trail(view).map(|trail| Answer::Trail(Box::new(trail))),
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

    fn columns(&self) -> Vec<&'static str> {
        self.here.hideable().chain(self.was.hideable()).collect()
    }

    fn list(&mut self) -> Option<&mut dyn Listing> {
        if self.on_was { Some(&mut self.was) } else { Some(&mut self.here) }
    }

    fn click(&mut self, at: Position) -> Option<Hit> {
        let before = self.on_was;
        let (hit, on) = match self.here.click(at) {
            Some(hit) => (hit, false),
            None => (self.was.click(at)?, true),
        };
        self.on_was = on;
        // The first click on the other list only goes there.
        Some(if hit == Hit::Again && before != on { Hit::Row } else { hit })
    }

    fn filter(&self) -> Option<&Filter> {
        Some(self.was.filter())
    }

    fn concern<'a>(&self, view: &View<'a>) -> Option<&'a Finding> {
        let (user, from) = self.chosen()?;
        concern::worst(view.snapshot, |finding| about(finding, user, from))
    }

    fn set_filter(&mut self, filter: Filter, _view: &View<'_>) {
        self.here.set_filter(filter.clone());
        self.was.set_filter(filter);
    }
}
