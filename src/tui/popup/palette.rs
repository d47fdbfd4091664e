//! Any command by name, found by the letters that are typed; some take a word: `interval 5`, `theme nord`,
//! `time -2h`, `mouse on`, `explain HS-AUTH-004`.

use super::{Press, Reply, middle};
use crate::model::moment;
use crate::text;
use crate::tui::chrome;
use crate::tui::keymap::{Action, Chord, Keymap};
use crate::tui::page::{Tab, View};
use crate::tui::widgets::pen::{Pen, put};
use crossterm::event::{Event, KeyCode};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

/// The palette.
#[derive(Debug, Default)]
pub struct Palette {
    input: Input,
    chosen: usize,
}

impl Palette {
    pub(super) const fn input(&mut self) -> &mut Input {
        &mut self.input
    }

    pub(super) fn key(&mut self, press: &Press<'_>) -> Reply {
        let found = matches(self.input.value(), press.keymap, press.tab);
        match press.key.code {
            KeyCode::Esc => return Reply::Close,
            KeyCode::Enter => {
                let chosen = found.get(self.chosen).map(|(_, action)| Reply::Do(*action));
                return with_argument(self.input.value(), press).or(chosen).unwrap_or(Reply::Stay);
            }
            KeyCode::Up => self.chosen = self.chosen.saturating_sub(1),
            KeyCode::Down => self.chosen = (self.chosen + 1).min(found.len().saturating_sub(1)),
            KeyCode::Backspace if self.input.value().is_empty() => return Reply::Close,
            _ if press.action == Some(Action::Quit) && Chord::of(&press.key).ctrl => return Reply::Close,
            _ => {
                self.input.handle_event(&Event::Key(press.key));
                self.chosen = 0;
            }
        }
        Reply::Stay
    }

    pub(super) fn draw(
        &self,
        buf: &mut Buffer,
        screen: Rect,
        view: &View<'_>,
        keymap: &Keymap,
        tab: Tab,
    ) -> Position {
        let found = matches(self.input.value(), keymap, tab);
        let height = (found.len() as u16 + 3).clamp(4, 16).min(screen.height);
        let inside = chrome::popup(buf, middle(screen, 72, height), "Command", view);
        let mut pen = Pen::new(buf, inside);
        pen.line(Line::from(vec![
            Span::styled(":", view.theme.key),
            Span::raw(self.input.value().to_owned()),
        ]));
        let room = usize::from(pen.left());
        let skip = (self.chosen + 1).saturating_sub(room);
        for (at, ((command, says), _)) in found.iter().enumerate().skip(skip).take(room) {
            let line = Line::from(vec![
                Span::styled(format!(" {command:<18}"), view.theme.strong),
                Span::styled(*says, view.theme.muted),
            ]);
            let place = pen.take(1);
            put(pen.buf(), place.x, place.y, &line, place.width);
            if at == self.chosen {
                pen.buf().set_style(place, view.theme.selected);
            }
        }
        if found.is_empty() {
            let typed = self.input.value().trim();
            let known = typed.split_once(' ').is_some_and(|(command, _)| TAKE_A_WORD.contains(&command));
            let says = if known { " Enter does it" } else { " no such command" };
            pen.line(Line::styled(says, view.theme.muted));
        }
        Position::new(inside.x + 1 + self.input.visual_cursor() as u16, inside.y)
    }
}

/// The commands that take a word.
const TAKE_A_WORD: [&str; 5] = ["interval", "theme", "time", "mouse", "explain"];

/// What a command with its word asks for; `None` when there is no such command, or the word is none of its.
fn with_argument(typed: &str, press: &Press<'_>) -> Option<Reply> {
    let (command, argument) = typed.trim().split_once(' ')?;
    match command {
        "interval" => {
            let seconds = argument.trim().trim_end_matches('s').trim().parse::<f64>().ok()?;
            (0.05..=3600.0).contains(&seconds).then_some(Reply::Interval(seconds))
        }
        "theme" => Some(Reply::Theme(argument.trim().to_owned())),
        "mouse" => match argument.trim() {
            "on" => Some(Reply::Mouse(true)),
            "off" => Some(Reply::Mouse(false)),
            _ => None,
        },
        "explain" => Some(Reply::Explain(argument.trim().to_owned())),
        "time" => moment(argument, press.now, press.zone).map(Reply::GoTo),
        _ => None,
    }
}

type Found = ((&'static str, &'static str), Action);

/// The commands whose name or words hold the letters of `typed` in order; the best first.
fn matches(typed: &str, keymap: &Keymap, tab: Tab) -> Vec<Found> {
    let typed = typed.to_lowercase();
    let mut found: Vec<(usize, Found)> = keymap
        .on(tab)
        .filter(|(binding, _)| binding.action != Action::Palette)
        .filter_map(|(binding, _)| {
            let says = || binding.says.to_lowercase().find(&typed).map(|at| at + 100);
            let rank = rank(&typed, binding.command).or_else(says)?;
            Some((rank, ((binding.command, binding.says), binding.action)))
        })
        .collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, found)| found).collect()
}

/// How far apart the letters of `typed` stand in `text`; `None` when they do not stand in it in order.
fn rank(typed: &str, text: &str) -> Option<usize> {
    let text = text.to_lowercase();
    if let Some(at) = text.find(typed) {
        return Some(at);
    }
    let mut chars = text.char_indices();
    let mut rank = 20;
    let mut before = None;
    for wanted in typed.chars().filter(|c| !c.is_whitespace()) {
        let (at, _) = chars.find(|(_, c)| *c == wanted)?;
        rank += before.map_or(at, |before| at - before - 1);
        before = Some(at);
    }
    Some(rank + text::width(&text) / 8)
}
