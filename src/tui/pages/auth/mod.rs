//! Who tried to sign in: what needs eyes first, then who is knocking; and when blind, where it looked and what helps.

mod day;
mod eyes;
mod knocks;

use super::split;
use crate::model::{Category, Finding, SignIns, SourceState, Status};
use crate::text;
use crate::tui::filter::Filter;
use crate::tui::keymap::Action;
use crate::tui::page::{Answer, Page, Room, Sheet, View};
use crate::tui::trail::Trail;
use crate::tui::widgets::pen::Pen;
use crate::tui::widgets::prose::{Para, lay};
use crate::tui::widgets::table::{Hit, List, Listing};
use crate::tui::{concern, story, words};
use day::{blind, day, plural_addresses};
use eyes::{EYES, Eye};
use knocks::{KNOCKS, Knock, state};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use std::sync::Arc;

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

impl Auth {
    fn finding<'a>(&self, view: &View<'a>) -> Option<&'a Finding> {
        if self.on_knocks {
            let knock = self.knocks.selected()?;
            return concern::worst(view.snapshot, |finding| concern::address(finding, &knock.source.address));
        }
        let id = &self.eyes.selected()?.finding.id;
        view.snapshot.findings.iter().find(|finding| finding.id == *id)
    }

    /// What is behind the selected row, line by line.
    fn trail(&self, view: &View<'_>) -> Option<Trail> {
        if !self.on_knocks {
            return Trail::of_finding(self.finding(view)?, view.snapshot);
        }
        let address = &self.knocks.selected()?.source.address;
        Some(Trail::of(address).copy(address).address(address, view.snapshot))
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
        if let Some(trail) = self.trail(view) {
            body.push(Para::empty());
            body.extend(trail.paras(view).into_iter().take(50));
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
        if self.eyes.is_bare() {
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
            let rows = self.eyes.lines().min((pen.left() / 2).max(3));
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
        let mut knocks: Vec<Knock> = sources
            .map(|source| Knock {
                level: concern::level(concern::worst(view.snapshot, |f| {
                    concern::address(f, &source.address)
                })),
                source: source.clone(),
            })
            .collect();
        knocks
            .sort_by_key(|knock| std::cmp::Reverse((knock.level, knock.source.state == SourceState::GotIn)));
        self.knocks.bring(knocks, view.min_level);
        if self.eyes.is_empty() {
            self.on_knocks = true;
        }
    }

    fn draw(&mut self, buf: &mut Buffer, area: Rect, view: &View<'_>) {
        let Some(sign_ins) = &view.snapshot.sign_ins else {
            let mut pen = Pen::new(buf, area);
            for mut line in lay(&blind(view), area.width.saturating_sub(4)) {
                line.spans.insert(0, Span::raw("  "));
                pen.line(line);
            }
            return;
        };
        let (area, right) = split::beside(area, view);
        let story = || self.finding(view).map(|finding| story::sheet(finding, view));
        let sheet = if self.on_knocks { self.sheet(view) } else { story() };
        split::sheet(buf, right, sheet, view);
        self.draw_seeing(&mut Pen::new(buf, area), sign_ins, view);
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
            Action::LogLines => {
                return Some(self.trail(view).map_or_else(
                    || Answer::Say("no log line is kept for this row".to_owned()),
                    |trail| Answer::Trail(Box::new(trail)),
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

    fn columns(&self) -> Vec<&'static str> {
        self.eyes.hideable().chain(self.knocks.hideable()).collect()
    }

    fn list(&mut self) -> Option<&mut dyn Listing> {
        if self.on_knocks { Some(&mut self.knocks) } else { Some(&mut self.eyes) }
    }

    fn click(&mut self, at: Position) -> Option<Hit> {
        let before = self.on_knocks;
        let (hit, on) = match self.eyes.click(at) {
            Some(hit) => (hit, false),
            None => (self.knocks.click(at)?, true),
        };
        self.on_knocks = on;
        // The first click on the other list only goes there.
        Some(if hit == Hit::Again && before != on { Hit::Row } else { hit })
    }

    fn filter(&self) -> Option<&Filter> {
        Some(self.knocks.filter())
    }

    fn set_filter(&mut self, filter: Filter, _view: &View<'_>) {
        self.eyes.set_filter(filter.clone());
        self.knocks.set_filter(filter);
    }

    fn concern<'a>(&self, view: &View<'a>) -> Option<&'a Finding> {
        self.finding(view)
    }

    fn select(&mut self, finding: &Finding, _view: &View<'_>) -> bool {
        self.on_knocks = !self.eyes.select(|eye| eye.finding.id == finding.id);
        !self.on_knocks
    }
}
