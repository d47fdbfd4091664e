//! The dialog in which a signal is chosen for one pinned process. What stands in the way is said before Enter.

use super::{Press, Reply, middle};
use crate::tui::app::Effect;
use crate::tui::hands::{Signal, Standing, Target};
use crate::tui::keymap::{Action, Chord};
use crate::tui::page::View;
use crate::tui::widgets::pen::{Pen, put};
use crate::tui::widgets::prose::{Para, lay};
use crate::tui::{chrome, words};
use crossterm::event::{Event, KeyCode};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

/// The word that shows that it is meant.
const MEANT: &str = "yes";

/// The dialog.
#[derive(Debug)]
pub struct SignalDialog {
    target: Target,
    standing: Standing,
    chosen: usize,
    meant: Input,
    wrong: Option<&'static str>,
    /// The picture was moving before, and has to move again.
    pub froze: bool,
}

impl SignalDialog {
    /// A dialog for a process that is pinned.
    pub fn new(target: Target, mut standing: Standing, froze: bool) -> Self {
        if target.ours && standing.caution.is_none() {
            standing.caution =
                Some("It belongs to your own session: you may lose this connection.".to_owned());
        }
        let suggested = if target.alert { Signal::Stop } else { Signal::Term };
        let chosen = Signal::ALL.iter().position(|signal| *signal == suggested).unwrap_or(0);
        Self { target, standing, chosen, meant: Input::default(), wrong: None, froze }
    }

    /// True while letters are an answer, not keys.
    pub(super) const fn is_typing(&self) -> bool {
        self.standing.caution.is_some() && self.standing.refusal.is_none()
    }

    /// The command that does the same, for people who may.
    fn command(&self) -> String {
        let signal = format!("-{}", Signal::ALL[self.chosen].name());
        let mut argv = vec!["kill".to_owned(), signal, self.target.pid.to_string()];
        if self.standing.refusal.is_some() {
            argv.insert(0, "sudo".to_owned());
        }
        words::command(&argv)
    }

    pub(super) fn key(&mut self, press: &Press<'_>) -> Reply {
        match (press.action, press.key.code) {
            (_, KeyCode::Esc) => return Reply::Close,
            (Some(Action::Quit), _) if Chord::of(&press.key).ctrl => return Reply::Close,
            (_, KeyCode::Up) => self.chosen = self.chosen.saturating_sub(1),
            (_, KeyCode::Down) => self.chosen = (self.chosen + 1).min(Signal::ALL.len() - 1),
            (_, KeyCode::Enter) => return self.finish(),
            _ if self.is_typing() => {
                self.meant.handle_event(&Event::Key(press.key));
                self.wrong = None;
            }
            (Some(Action::Up), _) => self.chosen = self.chosen.saturating_sub(1),
            (Some(Action::Down), _) => self.chosen = (self.chosen + 1).min(Signal::ALL.len() - 1),
            (Some(Action::Copy | Action::CopyFix), _) => return Reply::Copy(self.command()),
            (Some(Action::Back | Action::Quit), _) => return Reply::Close,
            _ => {}
        }
        Reply::Stay
    }

    fn finish(&mut self) -> Reply {
        if self.standing.refusal.is_some() {
            self.wrong = Some("nothing was sent: it would be refused; y copies the command");
            return Reply::Stay;
        }
        if self.is_typing() && self.meant.value().trim() != MEANT {
            self.wrong = Some("nothing was sent: type yes first, or Esc");
            return Reply::Stay;
        }
        Reply::Hand(Effect::Send(self.target.clone(), Signal::ALL[self.chosen]))
    }

    pub(super) fn draw(&self, buf: &mut Buffer, screen: Rect, view: &View<'_>) -> Option<Position> {
        let theme = view.theme;
        let target = &self.target;
        let width = screen.width.min(74);
        let mut about = Vec::new();
        for says in [&self.standing.refusal, &self.standing.caution].into_iter().flatten() {
            about.push(Para::new(says.as_str(), theme.warning));
        }
        let about = lay(&about, width.saturating_sub(4));
        let area = middle(screen, width, Signal::ALL.len() as u16 + about.len() as u16 + 9);
        let inside = chrome::popup(buf, area, "Send a signal to one process", view);
        let mut pen = Pen::new(buf, inside);
        let roomy = area.height > Signal::ALL.len() as u16 + about.len() as u16 + 8;
        let since = target
            .started_at
            .map_or_else(String::new, |at| format!("started {}", words::when(at, view.now, view.zone)));
        pen.line(Line::from(vec![
            Span::styled(format!("{}  {}", target.pid, target.name), theme.strong),
            Span::raw(format!("   {}   {since}", target.user)),
            Span::styled("   (pinned)", theme.muted),
        ]));
        pen.line(Line::styled(target.command.clone(), theme.muted));
        pen.skip(u16::from(roomy));
        for (at, signal) in Signal::ALL.iter().enumerate() {
            let place = pen.take(1);
            let mark = if at == self.chosen { view.glyphs.pointer } else { " " };
            let line = Line::from(vec![
                Span::styled(format!("{mark} SIG{:<5} ", signal.name()), theme.strong),
                Span::raw(signal.says()),
            ]);
            put(pen.buf(), place.x, place.y, &line, place.width);
            if at == self.chosen {
                pen.buf().set_style(place, theme.selected);
            }
        }
        pen.skip(u16::from(roomy));
        for line in about {
            pen.line(line);
        }
        let mut cursor = None;
        if self.is_typing() {
            let place = pen.take(1);
            let head = "Type yes to send: ";
            let line = Line::from(vec![
                Span::styled(head, theme.title),
                Span::styled(self.meant.value().to_owned(), theme.strong),
            ]);
            put(pen.buf(), place.x, place.y, &line, place.width);
            let x = place.x + (head.len() + self.meant.visual_cursor()) as u16;
            cursor =
                (place.height > 0).then(|| Position::new(x.min(screen.right().saturating_sub(1)), place.y));
        } else {
            pen.line(Line::styled(self.command(), theme.command));
        }
        pen.line(Line::styled(self.wrong.unwrap_or_default(), theme.warning));
        let keys = match (self.is_typing(), self.standing.refusal.is_some()) {
            (true, _) => "↑↓ choose   Enter send   Esc cancel",
            (_, true) => "↑↓ choose   y copy command   Esc cancel",
            _ => "↑↓ choose   Enter send   y copy command   Esc cancel",
        };
        pen.line(Line::styled(keys, theme.muted));
        cursor
    }
}
