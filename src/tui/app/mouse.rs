//! The mouse, where the person turned it on: tabs, rows, the words over columns, the wheel.

use super::{App, Effect};
use crate::tui::chrome;
use crate::tui::keymap::Action;
use crate::tui::page::{Room, View};
use crate::tui::widgets::table::Hit;
use chrono::{DateTime, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

/// Rows that one notch of the wheel moves.
const NOTCH: usize = 3;

impl App {
    /// Takes what the mouse did.
    pub(super) fn mouse(&mut self, event: MouseEvent, now: DateTime<Utc>) -> Vec<Effect> {
        let at = Position::new(event.column, event.row);
        match event.kind {
            MouseEventKind::ScrollUp => self.turn(KeyCode::Up, now),
            MouseEventKind::ScrollDown => self.turn(KeyCode::Down, now),
            MouseEventKind::Down(MouseButton::Left) if self.popup.is_none() && self.entry.is_none() => {
                self.click(at, now)
            }
            _ => Vec::new(),
        }
    }

    fn turn(&mut self, code: KeyCode, now: DateTime<Utc>) -> Vec<Effect> {
        (0..NOTCH).flat_map(|_| self.key(KeyEvent::new(code, KeyModifiers::NONE), now)).collect()
    }

    fn click(&mut self, at: Position, now: DateTime<Utc>) -> Vec<Effect> {
        let open = self.tab;
        if at.y == 1 {
            let tab = with_page!(self, now, |_page, view| chrome::tab_at(at.x, &view, open)).flatten();
            return tab.map_or_else(Vec::new, |tab| self.act(Action::Go(tab), now));
        }
        let hit = self.pages[self.tab as usize].click(at);
        self.dirty |= hit.is_some();
        match hit {
            Some(Hit::Again) => self.act(Action::Open, now),
            Some(Hit::Row | Hit::Head) | None => Vec::new(),
        }
    }
}
