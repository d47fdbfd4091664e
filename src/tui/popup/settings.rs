//! The settings: each changes the running program at once, and the lines that keep the changes stand below.

use super::{Press, Reply, middle};
use crate::model::Level;
use crate::tui::app::INTERVALS;
use crate::tui::chrome;
use crate::tui::glyphs::GlyphSet;
use crate::tui::keymap::Action;
use crate::tui::page::View;
use crate::tui::preferences::{KEPT_IN, Preferences, level};
use crate::tui::widgets::pen::{Pen, put};
use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use std::time::Duration;

/// One thing that can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    Interval,
    Level,
    Theme,
    Glyphs,
    Mouse,
    /// A column of the open tab's lists, by its title.
    Column(&'static str),
}

/// The settings of the screen.
#[derive(Debug)]
pub struct SettingsPanel {
    now: Preferences,
    began: Preferences,
    themes: Vec<String>,
    rows: Vec<Row>,
    chosen: usize,
}

impl SettingsPanel {
    /// A panel of what is in force, beside what the program began with. `columns` are those that can be hidden on
    /// the open tab.
    pub fn new(
        now: Preferences,
        began: Preferences,
        themes: Vec<String>,
        columns: impl IntoIterator<Item = &'static str>,
    ) -> Self {
        let mut rows = vec![Row::Interval, Row::Level, Row::Theme, Row::Glyphs, Row::Mouse];
        for title in columns {
            // Two lists of a tab may have a column of one name.
            if !rows.contains(&Row::Column(title)) {
                rows.push(Row::Column(title));
            }
        }
        Self { now, began, themes, rows, chosen: 0 }
    }

    pub(super) fn key(&mut self, press: &Press<'_>) -> Reply {
        match (press.action, press.key.code) {
            (_, KeyCode::Left) => return self.change(false),
            (_, KeyCode::Right | KeyCode::Enter | KeyCode::Char(' ')) => return self.change(true),
            (Some(Action::Up), _) | (_, KeyCode::Up) => self.chosen = self.chosen.saturating_sub(1),
            (Some(Action::Down), _) | (_, KeyCode::Down) => {
                self.chosen = (self.chosen + 1).min(self.rows.len() - 1);
            }
            (Some(Action::First), _) => self.chosen = 0,
            (Some(Action::Last), _) => self.chosen = self.rows.len() - 1,
            (Some(Action::Copy | Action::CopyFix), _) => {
                let lines = self.now.to_keep(&self.began);
                return if lines.is_empty() { Reply::Stay } else { Reply::Copy(lines.join("\n") + "\n") };
            }
            (Some(Action::Back | Action::Quit | Action::Settings), _) => return Reply::Close,
            _ => {}
        }
        Reply::Stay
    }

    /// Puts the chosen row on its next value, or on the one before.
    fn change(&mut self, forward: bool) -> Reply {
        let now = &mut self.now;
        match self.rows[self.chosen] {
            Row::Interval => {
                let all = INTERVALS.map(Duration::from_secs);
                now.interval = beside(&all, &now.interval, forward);
            }
            Row::Level => {
                now.min_level = beside(&[Level::Info, Level::Warning, Level::Alert], &now.min_level, forward);
            }
            Row::Theme => now.theme = beside(&self.themes, &now.theme, forward),
            Row::Glyphs => now.glyphs = beside(&GlyphSet::ALL, &now.glyphs, forward),
            Row::Mouse => now.mouse = !now.mouse,
            Row::Column(title) => match now.hidden_columns.iter().position(|hidden| hidden == title) {
                Some(at) => drop(now.hidden_columns.remove(at)),
                None => now.hidden_columns.push(title.to_owned()),
            },
        }
        Reply::Prefer(self.now.clone())
    }

    /// The name of a row, its value, and what it is good for.
    fn words(&self, row: Row) -> (String, String, &'static str) {
        let on = |on: bool| if on { "on" } else { "off" }.to_owned();
        match row {
            Row::Interval => {
                let seconds = self.now.interval.as_secs_f64();
                ("interval".to_owned(), format!("{seconds} s"), "time between beats")
            }
            Row::Level => {
                ("level".to_owned(), level(self.now.min_level).to_owned(), "rows below it are hidden")
            }
            Row::Theme => ("theme".to_owned(), self.now.theme.clone(), "home-soc themes shows all"),
            Row::Glyphs => ("glyphs".to_owned(), self.now.glyphs.name().to_owned(), "signs and curves"),
            Row::Mouse => ("mouse".to_owned(), on(self.now.mouse), "off, the terminal selects text"),
            Row::Column(title) => {
                let shown = !self.now.hidden_columns.iter().any(|hidden| hidden == title);
                (format!("column {title}"), on(shown), "")
            }
        }
    }

    pub(super) fn draw(&self, buf: &mut Buffer, screen: Rect, view: &View<'_>) -> Option<Position> {
        let theme = view.theme;
        let keep = self.now.to_keep(&self.began);
        let mut below: Vec<Line<'_>> = vec![Line::default()];
        if keep.is_empty() {
            below.push(Line::styled("What you change holds until you quit.", theme.muted));
        } else {
            below.push(Line::styled(format!("It holds until you quit; to keep it, {KEPT_IN}:"), theme.muted));
            below.extend(keep.into_iter().map(|line| Line::styled(format!("  {line}"), theme.command)));
        }
        below.push(Line::styled("Messages: home-soc notify test shows whether they arrive.", theme.muted));
        below.push(Line::styled("← → change   y copy the lines   Esc back", theme.muted));
        let height = (self.rows.len() + below.len() + 2) as u16;
        let area = middle(screen, 74, height);
        let inside = chrome::popup(buf, area, "Settings", view);
        let mut pen = Pen::new(buf, inside);
        let room = usize::from(pen.left()).saturating_sub(below.len()).max(1);
        let skip = (self.chosen + 1).saturating_sub(room);
        for (at, row) in self.rows.iter().enumerate().skip(skip).take(room) {
            let (name, value, says) = self.words(*row);
            let mark = if at == self.chosen { view.glyphs.pointer } else { " " };
            let place = pen.take(1);
            let line = Line::from(vec![
                Span::raw(format!("{mark} {name:<20} ")),
                Span::styled(format!("{value:<16} "), theme.strong),
                Span::styled(says, theme.muted),
            ]);
            put(pen.buf(), place.x, place.y, &line, place.width);
            if at == self.chosen && place.height > 0 {
                pen.buf().set_style(place, theme.selected);
            }
        }
        for line in below {
            pen.line(line);
        }
        None
    }
}

/// The value after or before `now`, round and round; the first where `now` is none of them.
fn beside<T: Clone + PartialEq>(all: &[T], now: &T, forward: bool) -> T {
    let step = if forward { 1 } else { all.len().saturating_sub(1) };
    let next = all.iter().position(|value| value == now).map_or(0, |at| (at + step) % all.len());
    all.get(next).unwrap_or(now).clone()
}
