//! A sheet of text over the page: a story, the bill, what the sensors see.

use super::{Press, Reply, middle, page, scrolled};
use crate::tui::chrome;
use crate::tui::keymap::Action;
use crate::tui::page::{Sheet, View};
use crate::tui::widgets::pen::{Pen, put};
use crate::tui::widgets::prose::lay;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

/// A sheet and how far it is read.
#[derive(Debug)]
pub struct Reading {
    sheet: Sheet,
    scroll: usize,
}

impl Reading {
    /// A sheet from its beginning.
    pub const fn new(sheet: Sheet) -> Self {
        Self { sheet, scroll: 0 }
    }

    pub(super) fn key(&mut self, press: &Press<'_>) -> Reply {
        match press.action {
            Some(Action::Copy) => self.sheet.copy.clone().map_or(Reply::Stay, Reply::Copy),
            Some(Action::CopyFix) => self.sheet.fix.clone().map_or(Reply::Stay, Reply::Copy),
            Some(
                Action::Go(_)
                | Action::NextTab
                | Action::PreviousTab
                | Action::NextProblem
                | Action::PreviousProblem
                | Action::Plain
                | Action::Redraw
                | Action::Accept
                | Action::AcceptUntil
                | Action::TakeBack
                | Action::Signal,
            ) => Reply::NotMine,
            _ => scrolled(&mut self.scroll, press),
        }
    }

    pub(super) fn draw(&mut self, buf: &mut Buffer, screen: Rect, view: &View<'_>) -> Option<Position> {
        let width = screen.width.min(100);
        let lines = lay(&self.sheet.body, width.saturating_sub(4));
        let area = middle(screen, width, (lines.len() as u16).saturating_add(2));
        let inside = chrome::popup(buf, area, &self.sheet.title, view);
        let mut pen = Pen::new(buf, inside);
        page(&mut pen, lines, &mut self.scroll, view);
        let mut hint = String::from(" Esc back");
        if self.sheet.copy.is_some() {
            hint.push_str("  y copy");
        }
        if self.sheet.fix.is_some() {
            hint.push_str("  Y copy command");
        }
        hint.push(' ');
        if area.height > 2 {
            let line = Line::styled(hint, view.theme.muted);
            put(buf, area.x + 2, area.bottom() - 1, &line, area.width.saturating_sub(4));
        }
        None
    }
}
