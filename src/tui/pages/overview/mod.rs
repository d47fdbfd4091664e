//! The verdict, why, what cannot be seen and how to mend that, and only then the machine and the events.

mod bill;
mod blocks;
mod first;
mod verdict;

use super::{events, machine};
use crate::model::{Finding, Level, SensorState};
use crate::tui::keymap::Action;
use crate::tui::page::{Answer, Page, Room, View};
use crate::tui::widgets::pen::Pen;
use crate::tui::{story, words};
use bill::{passed, rows};
use blocks::{blind_block, busiest_block, events_block, knocking_block, machine_block, short_machine};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// The page: which row of the bill is selected.
#[derive(Default)]
pub struct Overview {
    selected: usize,
}

impl Overview {
    /// What to open for the selected row.
    fn selected<'a>(&self, view: &View<'a>) -> Option<&'a Finding> {
        rows(view).get(self.selected).and_then(|(_, finding)| *finding)
    }

    /// Three columns: verdict and bill; the machine; events. What is left shows who is busy and who is knocking.
    fn draw_full(&self, buf: &mut Buffer, area: Rect, view: &View<'_>) {
        let left = Rect { width: area.width * 6 / 10, ..area };
        let right = Rect { x: left.right() + 1, width: area.width - left.width - 1, ..area };
        let wanted = 2 * rows(view).len() as u16 + passed(view).len() as u16 + 2;
        let head = wanted.clamp(13, (area.height / 2).max(13)).min(area.height);
        verdict::draw(buf, Rect { width: 36, height: head, ..left }, view);
        let beside = Rect { x: left.x + 38, width: left.width - 38, height: head, ..left };
        bill::draw(buf, beside, view, self.selected, true);
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
        events_block(&mut pen, view, false);
    }

    fn draw_stacked(&self, buf: &mut Buffer, area: Rect, view: &View<'_>) {
        let wide = view.room >= Room::Wide;
        let blind = view.snapshot.sensors.iter().filter(|sensor| sensor.state != SensorState::Ok).count();
        // What is left for the bill after the machine, a few events, and what cannot be seen.
        let below = 3 + 4 + if blind > 0 { 1 + blind.min(3) as u16 } else { 0 };
        let wanted = if wide { 12 } else { rows(view).len() as u16 + passed(view).len() as u16 };
        let head = wanted.clamp(5, area.height.saturating_sub(below).max(5)).min(area.height);
        let left = if wide { 36 } else { 22 };
        verdict::draw(buf, Rect { width: left.min(area.width), height: head, ..area }, view);
        let beside =
            Rect { x: area.x + left + 1, width: area.width.saturating_sub(left + 1), height: head, ..area };
        bill::draw(buf, beside, view, self.selected, wide);
        let mut pen = Pen::new(buf, Rect { y: area.y + head, height: area.height - head, ..area });
        blind_block(&mut pen, view, 3);
        pen.rule("MACHINE", view);
        machine_block(&mut pen, view);
        events_block(&mut pen, view, wide);
    }
}

/// One column: score in the header, the worst rows, one line of the machine, events.
fn draw_narrow(buf: &mut Buffer, area: Rect, view: &View<'_>) {
    let mut pen = Pen::new(buf, area);
    let theme = view.theme;
    let rows = rows(view);
    let most = usize::from(area.height.saturating_sub(3)).clamp(1, 5);
    for (row, finding) in rows.iter().take(most) {
        let level = finding.map_or(Level::Info, |finding| finding.level);
        let look = theme.level(level);
        pen.line(Line::from(vec![
            Span::styled(format!("{} ", view.glyphs.level(level)), look),
            Span::styled(format!("{:>3} ", -i16::from(row.points)), theme.strong),
            Span::styled(row.title.to_string(), look),
        ]));
    }
    if rows.is_empty() {
        pen.line(Line::styled("Nothing that I can see is wrong.", theme.ok));
    }
    pen.line(short_machine(view));
    for event in events::latest(view.snapshot, view.min_level, usize::from(pen.left())) {
        let when = words::when(event.at, view.now, view.zone);
        pen.line(Line::from(vec![
            Span::styled(format!("{} ", when.get(..5).unwrap_or(&when)), theme.muted),
            Span::styled(format!("{} ", view.glyphs.level(event.level)), theme.level(event.level)),
            Span::raw(event.words),
        ]));
    }
}

impl Page for Overview {
    fn hear(&mut self, view: &View<'_>) {
        self.selected = self.selected.min(rows(view).len().saturating_sub(1));
    }

    fn draw(&mut self, buf: &mut Buffer, area: Rect, view: &View<'_>) {
        match view.room {
            Room::Full => self.draw_full(buf, area, view),
            Room::Wide | Room::Standard | Room::Small => self.draw_stacked(buf, area, view),
            Room::Narrow | Room::Tiny => draw_narrow(buf, area, view),
        }
    }

    fn act(&mut self, action: Action, view: &View<'_>) -> Option<Answer> {
        let last = rows(view).len().saturating_sub(1);
        match action {
            Action::Up | Action::HalfUp => self.selected = self.selected.saturating_sub(1),
            Action::Down | Action::HalfDown => self.selected = (self.selected + 1).min(last),
            Action::PageUp | Action::First => self.selected = 0,
            Action::PageDown | Action::Last => self.selected = last,
            Action::Open => {
                return Some(self.selected(view).map_or_else(
                    || Answer::Sheet(story::bill(view.snapshot, view)),
                    |finding| Answer::Story(finding.id.clone()),
                ));
            }
            Action::Explain => return Some(Answer::Sheet(story::bill(view.snapshot, view))),
            Action::Copy => {
                let title = self.selected(view).map(|finding| finding.title.to_string());
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

    fn concern<'a>(&self, view: &View<'a>) -> Option<&'a Finding> {
        self.selected(view)
    }

    fn select(&mut self, finding: &Finding, view: &View<'_>) -> bool {
        let place = rows(view).iter().position(|(row, _)| row.finding.as_ref() == Some(&finding.id));
        self.selected = place.unwrap_or(self.selected);
        place.is_some()
    }
}
