//! The form in which a person takes a risk: why, and until when. It stays visible and costs no points.

use super::{Press, Reply, middle};
use crate::model::{Acceptance, FindingId, Safe, moment};
use crate::text;
use crate::tui::app::Effect;
use crate::tui::chrome;
use crate::tui::keymap::{Action, Chord};
use crate::tui::page::View;
use crate::tui::widgets::pen::{Pen, put};
use crossterm::event::{Event, KeyCode};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

/// What `O` proposes as the end.
const PROPOSED: &str = "+30d";

/// The form.
#[derive(Debug)]
pub struct AcceptForm {
    id: FindingId,
    title: String,
    reason: Input,
    until: Input,
    on_until: bool,
    wrong: Option<&'static str>,
}

impl AcceptForm {
    /// A form for one finding; with an end proposed, or for good.
    pub fn new(id: FindingId, title: String, for_a_while: bool) -> Self {
        let until = Input::new(if for_a_while { PROPOSED } else { "" }.to_owned());
        Self { id, title, reason: Input::default(), until, on_until: false, wrong: None }
    }

    pub(super) const fn input(&mut self) -> &mut Input {
        if self.on_until { &mut self.until } else { &mut self.reason }
    }

    pub(super) fn key(&mut self, press: &Press<'_>) -> Reply {
        match press.key.code {
            KeyCode::Esc => return Reply::Close,
            KeyCode::Enter => return self.finish(press),
            KeyCode::Tab | KeyCode::BackTab | KeyCode::Up | KeyCode::Down => self.on_until = !self.on_until,
            _ if press.action == Some(Action::Quit) && Chord::of(&press.key).ctrl => return Reply::Close,
            _ => {
                self.input().handle_event(&Event::Key(press.key));
                self.wrong = None;
            }
        }
        Reply::Stay
    }

    fn finish(&mut self, press: &Press<'_>) -> Reply {
        let reason = self.reason.value().trim();
        if reason.is_empty() {
            self.wrong = Some("say in some words why this risk is taken");
            self.on_until = false;
            return Reply::Stay;
        }
        let typed = self.until.value().trim();
        let until = moment(typed, press.now, press.zone);
        if !typed.is_empty() && until.is_none_or(|until| until <= press.now) {
            self.wrong = Some("write +30d, 2027-01-31 or nothing: it must lie ahead");
            self.on_until = true;
            return Reply::Stay;
        }
        let acceptance = Acceptance { reason: Safe::new(reason), since: press.now, until };
        Reply::Hand(Effect::Accept(self.id.clone(), acceptance))
    }

    pub(super) fn draw(&self, buf: &mut Buffer, screen: Rect, view: &View<'_>) -> Position {
        let theme = view.theme;
        let area = middle(screen, 76, 10);
        let inside = chrome::popup(buf, area, &format!("Accept {}", self.id), view);
        let mut pen = Pen::new(buf, inside);
        pen.line(Line::styled(self.title.clone(), theme.strong));
        pen.line(Line::styled("It stays visible and costs no points.", theme.muted));
        pen.skip(u16::from(pen.left() > 4));
        let mut cursor = Position::new(inside.x, inside.y);
        for (label, input, on) in
            [("Reason", &self.reason, !self.on_until), ("Until ", &self.until, self.on_until)]
        {
            let place = pen.take(1);
            let mark = if on { view.glyphs.pointer } else { " " };
            let head = format!("{mark} {label}  ");
            let room = usize::from(place.width).saturating_sub(text::width(&head) + 1);
            let scroll = input.visual_scroll(room);
            let shown: String = input.value().chars().skip(scroll).collect();
            let note = if label == "Reason" { String::new() } else { self.end(view) };
            let line = Line::from(vec![
                Span::styled(head.clone(), theme.title),
                Span::styled(shown, if on { theme.strong } else { theme.text }),
                Span::styled(note, theme.muted),
            ]);
            put(pen.buf(), place.x, place.y, &line, place.width);
            if on {
                let x = place.x + (text::width(&head) + input.visual_cursor().saturating_sub(scroll)) as u16;
                cursor = Position::new(x.min(screen.right().saturating_sub(1)), place.y);
            }
        }
        pen.skip(u16::from(pen.left() > 2));
        pen.line(Line::styled(self.wrong.unwrap_or_default(), theme.warning));
        pen.line(Line::styled("Enter accept   Tab other field   Esc cancel", theme.muted));
        cursor
    }

    /// What the end means, beside what is typed.
    fn end(&self, view: &View<'_>) -> String {
        let typed = self.until.value().trim();
        if typed.is_empty() {
            return "for good, until you take it back".to_owned();
        }
        moment(typed, view.now, view.zone)
            .filter(|until| *until > view.now)
            .map_or_else(String::new, |until| {
                format!("   {}", view.zone.at(until).format("%a %-d %b %Y %H:%M"))
            })
    }
}
