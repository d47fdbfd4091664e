//! The columns to sort by, as a menu.

use super::{Press, Reply, middle};
use crate::tui::chrome;
use crate::tui::keymap::Action;
use crate::tui::page::View;
use crate::tui::widgets::pen::{Pen, put};
use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

/// The menu: places and titles of the columns; `None` is attention.
#[derive(Debug)]
pub struct SortMenu {
    items: Vec<(Option<usize>, &'static str)>,
    chosen: usize,
}

impl SortMenu {
    /// A menu of columns, with the one that is in force chosen.
    pub fn new(columns: Vec<(usize, &'static str)>, now: Option<usize>) -> Self {
        let mut items = vec![(None, "attention: worst first")];
        items.extend(columns.into_iter().map(|(place, title)| (Some(place), title)));
        let chosen = items.iter().position(|(place, _)| *place == now).unwrap_or(0);
        Self { items, chosen }
    }

    pub(super) fn key(&mut self, press: &Press<'_>) -> Reply {
        match (press.action, press.key.code) {
            (_, KeyCode::Enter) => {
                return self.items.get(self.chosen).map_or(Reply::Close, |(place, _)| Reply::Sort(*place));
            }
            (Some(Action::Up), _) | (_, KeyCode::Up) => self.chosen = self.chosen.saturating_sub(1),
            (Some(Action::Down | Action::SortMenu), _) | (_, KeyCode::Down) => {
                self.chosen = (self.chosen + 1).min(self.items.len().saturating_sub(1));
            }
            (Some(Action::Back | Action::Quit), _) => return Reply::Close,
            _ => {}
        }
        Reply::Stay
    }

    pub(super) fn draw(&self, buf: &mut Buffer, screen: Rect, view: &View<'_>) -> Option<Position> {
        let area = middle(screen, 30, self.items.len() as u16 + 2);
        let inside = chrome::popup(buf, area, "Sort by", view);
        let mut pen = Pen::new(buf, inside);
        let skip = (self.chosen + 1).saturating_sub(usize::from(pen.left()).max(1));
        for (at, (_, title)) in self.items.iter().enumerate().skip(skip) {
            let place = pen.take(1);
            let mark = if at == self.chosen { view.glyphs.pointer } else { " " };
            put(pen.buf(), place.x, place.y, &Line::from(format!("{mark} {title}")), place.width);
            if at == self.chosen && place.height > 0 {
                pen.buf().set_style(place, view.theme.selected);
            }
        }
        None
    }
}
