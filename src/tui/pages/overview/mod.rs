//! The verdict, why, what cannot be seen and how to mend that, and only then the machine and the events.

mod bill;
mod blocks;
mod first;
mod verdict;

use super::events::{self, Event, Origin};
use super::machine;
use crate::model::{Finding, Level, SensorState};
use crate::tui::keymap::Action;
use crate::tui::page::{Answer, Page, Room, View};
use crate::tui::trail::Trail;
use crate::tui::widgets::pen::{Pen, put};
use crate::tui::widgets::table::Hit;
use crate::tui::{concern, story, words};
use bill::{passed, rows};
use blocks::{blind_block, busiest_block, events_block, knocking_block, machine_block, short_machine};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

/// The page: the rows of the bill and, below them, the events that are drawn can be selected.
#[derive(Default)]
pub struct Overview {
    selected: Selected,
    /// Where the rows of the bill were drawn last, and the events.
    rows_at: Vec<(Rect, usize)>,
    events_at: Vec<(Rect, Event)>,
}

/// What is selected, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Selected {
    Row(usize),
    Event(usize),
}

impl Default for Selected {
    fn default() -> Self {
        Self::Row(0)
    }
}

impl Selected {
    const fn row(self) -> Option<usize> {
        if let Self::Row(at) = self { Some(at) } else { None }
    }

    const fn event(self) -> Option<usize> {
        if let Self::Event(at) = self { Some(at) } else { None }
    }
}

/// An event that is selected: its place when it was drawn last, and what it is, so that news do not push it away.
struct Held(usize, Origin);

impl Held {
    /// Its place among the events of now; where it is gone, what stands in its place.
    fn among(&self, events: &[Event]) -> Option<usize> {
        let place = events.iter().position(|event| event.origin == self.1).unwrap_or(self.0);
        (!events.is_empty()).then(|| place.min(events.len() - 1))
    }
}

impl Overview {
    /// The finding of the selected row or event.
    fn selected<'a>(&self, view: &View<'a>) -> Option<&'a Finding> {
        let event = match self.selected {
            Selected::Row(at) => return rows(view).get(at).and_then(|(_, finding)| *finding),
            Selected::Event(at) => &self.events_at.get(at)?.1,
        };
        match &event.origin {
            Origin::Finding(id) => view.snapshot.findings.iter().find(|finding| finding.id == *id),
            Origin::SignIn(event) => {
                let address = event.address.as_ref()?;
                concern::worst(view.snapshot, |finding| concern::address(finding, address))
            }
            Origin::Record => None,
        }
    }

    /// The selected event at length: a finding's story, or the log lines of its address.
    fn open_event(&self, at: usize, view: &View<'_>) -> Option<Answer> {
        let event = &self.events_at.get(at)?.1;
        match &event.origin {
            Origin::Finding(id) => Some(Answer::Story(id.clone())),
            Origin::SignIn(told) => {
                let trail = if let Some(address) = &told.address {
                    Trail::of(address).copy(address).address(address, view.snapshot)
                } else {
                    let user = told.user.as_deref().unwrap_or("nobody");
                    Trail::of(user).copy(user).sign_ins(view.snapshot, |other| other.user == told.user)
                };
                Some(Answer::Trail(Box::new(trail)))
            }
            Origin::Record => Some(Answer::Say(event.words.clone())),
        }
    }

    fn held(&self) -> Option<Held> {
        let at = self.selected.event()?;
        Some(Held(at, self.events_at.get(at)?.1.origin.clone()))
    }

    /// Takes the events as they were drawn; the selection goes where its event went.
    fn drew(&mut self, events: Vec<(Rect, Event)>, held: Option<&Held>, rows: usize) {
        if self.selected.event().is_some() {
            let now: Vec<Event> = events.iter().map(|(_, event)| event.clone()).collect();
            let place = held.and_then(|held| held.among(&now));
            self.selected = place.map_or(Selected::Row(rows.saturating_sub(1)), Selected::Event);
        }
        self.events_at = events;
    }

    fn step(&mut self, forward: bool, rows: usize) {
        self.selected = match (self.selected, forward) {
            (Selected::Row(at), true) if at + 1 < rows => Selected::Row(at + 1),
            (Selected::Row(_), true) if !self.events_at.is_empty() => Selected::Event(0),
            (Selected::Event(at), true) if at + 1 < self.events_at.len() => Selected::Event(at + 1),
            (Selected::Event(at), false) if at > 0 => Selected::Event(at - 1),
            (Selected::Event(_), false) if rows > 0 => Selected::Row(rows - 1),
            (Selected::Row(at), false) => Selected::Row(at.saturating_sub(1)),
            (here, _) => here,
        };
    }

    /// Three columns: verdict and bill; the machine; events. What is left shows who is busy and who is knocking.
    fn draw_full(&mut self, buf: &mut Buffer, area: Rect, view: &View<'_>) {
        let left = Rect { width: area.width * 6 / 10, ..area };
        let right = Rect { x: left.right() + 1, width: area.width - left.width - 1, ..area };
        let wanted = 2 * rows(view).len() as u16 + passed(view).len() as u16 + 2;
        let head = wanted.clamp(13, (area.height / 2).max(13)).min(area.height);
        verdict::draw(buf, Rect { width: 36, height: head, ..left }, view);
        let bill_at = Rect { x: left.x + 38, width: left.width - 38, height: head, ..left };
        self.rows_at = bill::draw(buf, bill_at, view, self.selected.row(), true);
        let mut pen = Pen::new(buf, Rect { y: left.y + head, height: left.height - head, ..left });
        blind_block(&mut pen, view, 8);
        let half = pen.left() / 2;
        busiest_block(&mut pen, view, half.saturating_sub(1));
        knocking_block(&mut pen, view);
        let mut pen = Pen::new(buf, right);
        pen.line(Line::styled("  MACHINE", view.theme.title));
        for line in machine::lines(view, 20) {
            pen.line(line);
        }
        pen.skip(1);
        let before = self.held();
        let selected = |events: &[Event]| before.as_ref().and_then(|held| held.among(events));
        let events = events_block(&mut pen, view, false, selected);
        self.drew(events, before.as_ref(), rows(view).len());
    }

    fn draw_stacked(&mut self, buf: &mut Buffer, area: Rect, view: &View<'_>) {
        let wide = view.room >= Room::Wide;
        let blind = view.snapshot.sensors.iter().filter(|sensor| sensor.state != SensorState::Ok).count();
        // What is left for the bill after the machine, a few events, and what cannot be seen.
        let below = 3 + 4 + if blind > 0 { 1 + blind.min(3) as u16 } else { 0 };
        let wanted = if wide { 12 } else { rows(view).len() as u16 + passed(view).len() as u16 };
        let head = wanted.clamp(5, area.height.saturating_sub(below).max(5)).min(area.height);
        let left = if wide { 36 } else { 22 };
        verdict::draw(buf, Rect { width: left.min(area.width), height: head, ..area }, view);
        let bill_at =
            Rect { x: area.x + left + 1, width: area.width.saturating_sub(left + 1), height: head, ..area };
        self.rows_at = bill::draw(buf, bill_at, view, self.selected.row(), wide);
        let mut pen = Pen::new(buf, Rect { y: area.y + head, height: area.height - head, ..area });
        blind_block(&mut pen, view, 3);
        pen.rule("MACHINE", view);
        machine_block(&mut pen, view);
        let before = self.held();
        let selected = |events: &[Event]| before.as_ref().and_then(|held| held.among(events));
        let events = events_block(&mut pen, view, wide, selected);
        self.drew(events, before.as_ref(), rows(view).len());
    }

    /// One column: score in the header, the worst rows, one line of the machine, events.
    fn draw_narrow(&mut self, buf: &mut Buffer, area: Rect, view: &View<'_>) {
        let mut pen = Pen::new(buf, area);
        let theme = view.theme;
        let rows = rows(view);
        let most = usize::from(area.height.saturating_sub(3)).clamp(1, 5);
        let skip = self.selected.row().map_or(0, |at| (at + 1).saturating_sub(most));
        self.rows_at.clear();
        for (at, (row, finding)) in rows.iter().enumerate().skip(skip).take(most) {
            let level = finding.map_or(Level::Info, |finding| finding.level);
            let look = theme.level(level);
            let line = Line::from(vec![
                Span::styled(format!("{} ", view.glyphs.level(level)), look),
                Span::styled(format!("{:>3} ", -i16::from(row.points)), theme.strong),
                Span::styled(row.title.to_string(), look),
            ]);
            let place = pen.take(1);
            put(pen.buf(), place.x, place.y, &line, place.width);
            if self.selected.row() == Some(at) {
                pen.buf().set_style(place, theme.selected);
            }
            self.rows_at.push((place, at));
        }
        if rows.is_empty() {
            pen.line(Line::styled("Nothing that I can see is wrong.", theme.ok));
        }
        pen.line(short_machine(view));
        let before = self.held();
        let latest = events::latest(view.snapshot, view.min_level, usize::from(pen.left()));
        let selected = before.as_ref().and_then(|held| held.among(&latest));
        let mut events = Vec::with_capacity(latest.len());
        for event in latest {
            let when = words::when(event.at, view.now, view.zone);
            let line = Line::from(vec![
                Span::styled(format!("{} ", when.get(..5).unwrap_or(&when)), theme.muted),
                Span::styled(format!("{} ", view.glyphs.level(event.level)), theme.level(event.level)),
                Span::raw(event.words.clone()),
            ]);
            let place = pen.take(1);
            put(pen.buf(), place.x, place.y, &line, place.width);
            if selected == Some(events.len()) {
                pen.buf().set_style(place, theme.selected);
            }
            events.push((place, event));
        }
        self.drew(events, before.as_ref(), rows.len());
    }
}

impl Page for Overview {
    fn hear(&mut self, view: &View<'_>) {
        let rows = rows(view).len();
        self.selected = match self.selected {
            Selected::Row(at) => Selected::Row(at.min(rows.saturating_sub(1))),
            event @ Selected::Event(_) => event,
        };
    }

    fn draw(&mut self, buf: &mut Buffer, area: Rect, view: &View<'_>) {
        match view.room {
            Room::Full => self.draw_full(buf, area, view),
            Room::Wide | Room::Standard | Room::Small => self.draw_stacked(buf, area, view),
            Room::Narrow | Room::Tiny => self.draw_narrow(buf, area, view),
        }
    }

    fn act(&mut self, action: Action, view: &View<'_>) -> Option<Answer> {
        let rows = rows(view).len();
        match action {
            Action::Up | Action::HalfUp => self.step(false, rows),
            Action::Down | Action::HalfDown => self.step(true, rows),
            Action::PageUp | Action::First => self.selected = Selected::Row(0),
            Action::PageDown if self.selected.row().is_some_and(|at| at + 1 < rows) => {
                self.selected = Selected::Row(rows - 1);
            }
            Action::PageDown | Action::Last => match self.events_at.len() {
                0 => self.selected = Selected::Row(rows.saturating_sub(1)),
                events => self.selected = Selected::Event(events - 1),
            },
            Action::Open if self.selected.event().is_some() => {
                return self.selected.event().and_then(|at| self.open_event(at, view));
            }
            Action::Open => {
                return Some(self.selected(view).map_or_else(
                    || Answer::Sheet(story::bill(view.snapshot, view)),
                    |finding| Answer::Story(finding.id.clone()),
                ));
            }
            Action::Explain => return Some(Answer::Sheet(story::bill(view.snapshot, view))),
            Action::Copy => {
                let event = self.selected.event().and_then(|at| self.events_at.get(at));
                let title = match event {
                    Some((_, event)) => Some(event.words.clone()),
                    None => self.selected(view).map(|finding| finding.title.to_string()),
                };
                return Some(Answer::Copy(title.unwrap_or_else(|| story::value(view.snapshot, view))));
            }
            Action::CopyFix => {
                let sensor = view.snapshot.sensors.iter().find(|sensor| !sensor.fix.is_empty());
                let fix = self
                    .selected(view)
                    .and_then(words::fix)
                    .or(sensor.map(|sensor| words::command(&sensor.fix)));
                return Some(fix.map_or_else(|| Answer::Say("no command mends this".into()), Answer::Copy));
            }
            _ => return None,
        }
        Some(Answer::Done)
    }

    fn click(&mut self, at: Position) -> Option<Hit> {
        let row =
            self.rows_at.iter().find(|(place, _)| place.contains(at)).map(|(_, row)| Selected::Row(*row));
        let event = self.events_at.iter().position(|(place, _)| place.contains(at)).map(Selected::Event);
        let hit = row.or(event)?;
        let again = std::mem::replace(&mut self.selected, hit) == hit;
        Some(if again { Hit::Again } else { Hit::Row })
    }

    fn concern<'a>(&self, view: &View<'a>) -> Option<&'a Finding> {
        self.selected(view)
    }

    fn select(&mut self, finding: &Finding, view: &View<'_>) -> bool {
        let place = rows(view).iter().position(|(row, _)| row.finding.as_ref() == Some(&finding.id));
        self.selected = place.map_or(self.selected, Selected::Row);
        place.is_some()
    }
}
