//! The past in curves over one time axis, with what changed around the cursor. Gaps are never drawn as zero.

mod changes;
mod curves;

use crate::text;
use crate::tui::keymap::Action;
use crate::tui::page::{Answer, Page, Room, View};
use crate::tui::past::{Past, Stretch};
use crate::tui::widgets::pen::{Pen, put};
use chrono::{DateTime, TimeDelta, Utc};
use curves::{CURVES, Chart};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Stretches of time that can be looked at, in minutes, with their names.
const ZOOMS: [(i64, &str); 9] = [
    (15, "15 min"),
    (60, "1 h"),
    (6 * 60, "6 h"),
    (24 * 60, "24 h"),
    (2 * 24 * 60, "2 days"),
    (7 * 24 * 60, "7 days"),
    (30 * 24 * 60, "30 days"),
    (90 * 24 * 60, "90 days"),
    (365 * 24 * 60, "1 year"),
];

/// The widest a curve is drawn: more history, not bigger letters.
const WIDEST: u16 = 170;

/// The page.
pub struct History {
    zoom: usize,
    /// The moment at the cursor; `None` follows the present.
    cursor: Option<DateTime<Utc>>,
    /// The end of what is drawn; `None` is now.
    end: Option<DateTime<Utc>>,
    columns: u16,
    asked: Option<Stretch>,
}

impl Default for History {
    fn default() -> Self {
        Self { zoom: 1, cursor: None, end: None, columns: 0, asked: None }
    }
}

impl History {
    fn minutes(&self) -> i64 {
        ZOOMS[self.zoom.min(ZOOMS.len() - 1)].0
    }

    fn stretch(&self, view: &View<'_>) -> Stretch {
        let columns = i64::from(self.columns.max(1));
        let step_ms = (self.minutes() * 60_000 / columns).max(1);
        // The end lies on a multiple of the step, so that columns stand still between two beats.
        let end_ms =
            self.end.unwrap_or(view.present).timestamp_millis().div_euclid(step_ms) * step_ms + step_ms;
        let to = DateTime::from_timestamp_millis(end_ms).unwrap_or(view.present);
        Stretch {
            from: to - TimeDelta::milliseconds(step_ms * columns),
            to,
            columns: self.columns.max(1).into(),
        }
    }

    fn step(&mut self, steps: i64, view: &View<'_>) {
        let stretch = self.stretch(view);
        let step = stretch.step();
        let from = self.cursor.unwrap_or(stretch.to - step / 2);
        let moment = from.checked_add_signed(step * steps as i32).unwrap_or(from);
        self.put_cursor(moment, view);
    }

    /// Puts the cursor at a moment, in the middle of what is drawn if it was not drawn yet.
    fn put_cursor(&mut self, moment: DateTime<Utc>, view: &View<'_>) {
        let stretch = self.stretch(view);
        let moment = moment.min(view.present);
        if stretch.column(moment).is_none() {
            self.center(moment, view);
        }
        // The column of now is live; every other one is a place to stand, or the first step back would lead nowhere.
        let step_ms = stretch.step().num_milliseconds().max(1);
        let now_from = view.present.timestamp_millis().div_euclid(step_ms) * step_ms;
        self.cursor = Some(moment).filter(|moment| moment.timestamp_millis() < now_from);
        if self.cursor.is_none() {
            self.end = None;
        }
    }

    fn center(&mut self, moment: DateTime<Utc>, view: &View<'_>) {
        let end = moment + TimeDelta::minutes(self.minutes()) / 2;
        self.end = Some(end).filter(|end| *end < view.present);
    }

    fn zoom_to(&mut self, zoom: usize, view: &View<'_>) {
        self.zoom = zoom.min(ZOOMS.len() - 1);
        self.end = None;
        if let Some(moment) = self.cursor {
            self.center(moment, view);
        }
    }

    fn head(&self, pen: &mut Pen<'_>, stretch: Stretch, view: &View<'_>) {
        let step = text::age_long(stretch.step().num_milliseconds() as f64 / 1000.0);
        let cursor = self
            .cursor
            .map_or("now".to_owned(), |at| view.zone.at(at).format("%a %-d %b %H:%M:%S").to_string());
        let range = ZOOMS[self.zoom.min(ZOOMS.len() - 1)].1;
        let mut line = vec![
            Span::raw(format!("  range {range}   1 column = {step}   cursor ")),
            Span::styled(cursor, if self.cursor.is_some() { view.theme.chip } else { view.theme.strong }),
        ];
        if self.cursor.is_some() && view.kept.is_none() {
            line.push(Span::styled("   Enter shows all tabs of then", view.theme.muted));
        }
        pen.line(Line::from(line));
    }

    fn remarks(pen: &mut Pen<'_>, roomy: bool, view: &View<'_>) {
        let says = match view.past {
            Past::Unasked => Some(("  Reading the record.".to_owned(), view.theme.muted)),
            Past::None => Some((
                "  No record is kept: only what was seen since the start is drawn.".to_owned(),
                view.theme.muted,
            )),
            Past::Failed(why) => Some((format!("  The record cannot be read: {why}"), view.theme.blind)),
            Past::Known(told) if told.columns.skipped_lines + told.columns.skipped_values > 0 => {
                let lines = text::plural(told.columns.skipped_lines, "line");
                let values = text::plural(told.columns.skipped_values, "value");
                Some((format!("  {lines} and {values} of the record could not be read."), view.theme.muted))
            }
            Past::Known(_) => None,
        };
        if let Some((says, look)) = says {
            pen.line(Line::styled(says, look));
        }
        if !roomy {
            return;
        }
        let gaps = "  Gaps are spaces: nothing was recorded then. They are never drawn as zero.";
        pen.line(Line::styled(gaps, view.theme.muted));
        if let Past::Known(told) = view.past
            && let Some(since) = told.stored.since
        {
            let age = text::age_long((view.present - since).num_seconds().max(0) as f64);
            let size = text::bytes_long(told.stored.bytes as f64);
            pen.line(Line::styled(format!("  Stored: {age} in {size}."), view.theme.muted));
        }
        pen.skip(1);
    }
}

impl Page for History {
    fn hear(&mut self, _view: &View<'_>) {}

    /// Asks the record when what is drawn is not what was read.
    fn wants(&mut self, view: &View<'_>) -> Option<Stretch> {
        let stretch = self.stretch(view);
        let stale = self.asked.is_none_or(|asked| {
            asked.columns != stretch.columns
                || asked.to - asked.from != stretch.to - stretch.from
                || (stretch.to - asked.to).abs() > stretch.step() * 8
        });
        if !stale || self.columns == 0 {
            return None;
        }
        self.asked = Some(stretch);
        Some(stretch)
    }

    fn draw(&mut self, buf: &mut Buffer, area: Rect, view: &View<'_>) {
        self.columns = area.width.saturating_sub(curves::NAME + curves::AFTER).min(WIDEST);
        let stretch = self.stretch(view);
        let chart = Chart { stretch, cursor: self.cursor };
        let roomy = view.room >= Room::Wide;
        let mut pen = Pen::new(buf, area);
        self.head(&mut pen, stretch, view);
        pen.skip(u16::from(roomy));
        chart.axis(&mut pen, view);
        let top = area.bottom() - pen.left();
        if view.room >= Room::Standard {
            chart.marks(&mut pen, view);
        }
        for curve in &CURVES {
            chart.curve(&mut pen, curve, view);
        }
        if let Some(column) = self.cursor.and_then(|moment| stretch.column(moment)) {
            let x = area.x + curves::NAME + column as u16;
            let mark = Line::styled(view.glyphs.moment, view.theme.strong);
            for y in [top.saturating_sub(1), area.bottom() - pen.left()] {
                put(pen.buf(), x, y.min(area.bottom() - 1), &mark, 1);
            }
            for y in top..area.bottom() - pen.left() {
                if x < pen.buf().area.right() && y < pen.buf().area.bottom() {
                    pen.buf()[(x, y)].set_style(view.theme.selected);
                }
            }
        }
        pen.skip(1);
        Self::remarks(&mut pen, roomy, view);
        changes::draw(&mut pen, self.cursor, stretch, view);
    }

    fn act(&mut self, action: Action, view: &View<'_>) -> Option<Answer> {
        match action {
            Action::Left => self.step(-1, view),
            Action::Right => self.step(1, view),
            Action::JumpLeft => self.step(-10, view),
            Action::JumpRight => self.step(10, view),
            Action::ZoomIn => self.zoom_to(self.zoom.saturating_sub(1), view),
            Action::ZoomOut => self.zoom_to(self.zoom + 1, view),
            Action::First => self.step(-i64::from(self.columns), view),
            Action::Last | Action::Live => (self.cursor, self.end) = (None, None),
            Action::Back if self.cursor.is_some() => (self.cursor, self.end) = (None, None),
            Action::Open => {
                let hint = "this is now: move the cursor first (← → { }), or press t".to_owned();
                return Some(self.cursor.map_or(Answer::Say(hint), Answer::LookBack));
            }
            _ => return None,
        }
        Some(Answer::Done)
    }

    fn go_to(&mut self, at: DateTime<Utc>, view: &View<'_>) {
        self.put_cursor(at, view);
    }
}
