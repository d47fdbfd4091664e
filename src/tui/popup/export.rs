//! The menu of forms in which something can be written to a file.

use super::{Press, Reply, middle};
use crate::tui::chrome;
use crate::tui::export::Format;
use crate::tui::keymap::Action;
use crate::tui::page::View;
use crate::tui::widgets::pen::{Pen, put};
use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

/// The menu.
#[derive(Debug)]
pub struct ExportMenu {
    formats: Vec<Format>,
    chosen: usize,
}

impl ExportMenu {
    /// A menu for a page with a list, or without one.
    pub fn new(has_list: bool) -> Self {
        let all = [Format::Csv, Format::Json, Format::Text, Format::Evidence];
        Self { formats: all[if has_list { 0 } else { 2 }..].to_vec(), chosen: 0 }
    }

    pub(super) fn key(&mut self, press: &Press<'_>) -> Reply {
        match (press.action, press.key.code) {
            (_, KeyCode::Enter) => return Reply::Export(self.formats[self.chosen]),
            (Some(Action::Up), _) | (_, KeyCode::Up) => self.chosen = self.chosen.saturating_sub(1),
            (Some(Action::Down | Action::Export), _) | (_, KeyCode::Down) => {
                self.chosen = (self.chosen + 1).min(self.formats.len() - 1);
            }
            (Some(Action::Back | Action::Quit), _) => return Reply::Close,
            _ => {}
        }
        Reply::Stay
    }

    pub(super) fn draw(&self, buf: &mut Buffer, screen: Rect, view: &View<'_>) -> Option<Position> {
        let area = middle(screen, 60, self.formats.len() as u16 + 3);
        let inside = chrome::popup(buf, area, "Write to a file", view);
        let mut pen = Pen::new(buf, inside);
        for (at, format) in self.formats.iter().enumerate() {
            let place = pen.take(1);
            let mark = if at == self.chosen { view.glyphs.pointer } else { " " };
            put(pen.buf(), place.x, place.y, &Line::from(format!("{mark} {}", format.says())), place.width);
            if at == self.chosen {
                pen.buf().set_style(place, view.theme.selected);
            }
        }
        pen.line(Line::styled("Enter writes   Esc cancel", view.theme.muted));
        None
    }
}
