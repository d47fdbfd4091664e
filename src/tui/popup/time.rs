//! A time to go to, as people type it.

use super::{Press, Reply, middle};
use crate::model::moment;
use crate::tui::chrome;
use crate::tui::keymap::{Action, Chord};
use crate::tui::page::View;
use crate::tui::widgets::pen::Pen;
use crossterm::event::{Event, KeyCode};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

/// What can be typed, in examples.
const FORMS: &str = "-2h   14:30   yesterday 22:40   2026-11-22 13:58";

/// The line to type it in.
#[derive(Debug, Default)]
pub struct TimeEntry {
    input: Input,
    wrong: bool,
}

impl TimeEntry {
    pub(super) const fn input(&mut self) -> &mut Input {
        &mut self.input
    }

    pub(super) fn key(&mut self, press: &Press<'_>) -> Reply {
        match press.key.code {
            KeyCode::Esc => return Reply::Close,
            KeyCode::Backspace if self.input.value().is_empty() => return Reply::Close,
            KeyCode::Enter => match moment(self.input.value(), press.now, press.zone) {
                Some(at) => return Reply::GoTo(at),
                None => self.wrong = true,
            },
            _ if press.action == Some(Action::Quit) && Chord::of(&press.key).ctrl => return Reply::Close,
            _ => {
                self.input.handle_event(&Event::Key(press.key));
                self.wrong = false;
            }
        }
        Reply::Stay
    }

    pub(super) fn draw(&self, buf: &mut Buffer, screen: Rect, view: &View<'_>) -> Position {
        let inside = chrome::popup(buf, middle(screen, 60, 4), "Go to a time", view);
        let mut pen = Pen::new(buf, inside);
        pen.line(Line::styled(self.input.value().to_owned(), view.theme.strong));
        let (says, look) = if self.wrong {
            (format!("that is no time; write {FORMS}"), view.theme.warning)
        } else {
            (FORMS.to_owned(), view.theme.muted)
        };
        pen.line(Line::styled(says, look));
        let x = inside.x + self.input.visual_cursor() as u16;
        Position::new(x.min(screen.right().saturating_sub(1)), inside.y)
    }
}
