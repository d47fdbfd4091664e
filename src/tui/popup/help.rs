//! The keys of a tab and the filter language, searchable. The words stand in the key table.

use super::{Press, Reply, middle, page, scrolled};
use crate::tui::chrome;
use crate::tui::keymap::{Action, Keymap};
use crate::tui::page::{Tab, View};
use crate::tui::widgets::pen::Pen;
use crate::tui::widgets::prose::{Para, lay};
use crossterm::event::{Event, KeyCode};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

/// The forms of the filter language, each with what it asks for.
const FILTERS: [(&str, &str); 7] = [
    ("sshd", "any text of the row"),
    ("user:root port:22", "fields: user pid cpu mem port from program cmd level ..., spaces mean AND"),
    ("from:203.0.113.0/24", "a network"),
    ("level:warning", "that level and worse"),
    ("cpu>10 rss>100m", "numbers"),
    ("!anna  a or b", "not, or"),
    ("/re.ex/", "a regular expression"),
];

/// Commands that are typed, each with what it does.
const COMMANDS: [(&str, &str); 6] = [
    (":explain HS-AUTH-001", "the page of a rule, or the story of a finding by its id"),
    (":stats", "what home-soc itself costs, reader by reader"),
    (":interval 5", "seconds between beats, also others than + and - step through"),
    (":theme nord", "a theme by its name"),
    (":time -2h", "History at that time: -2h, 14:30, yesterday 22:40"),
    (":mouse on", "mouse on or off"),
];

/// The help.
#[derive(Debug, Default)]
pub struct Help {
    input: Input,
    typing: bool,
    scroll: usize,
}

impl Help {
    pub(super) const fn is_typing(&self) -> bool {
        self.typing
    }

    pub(super) const fn input(&mut self) -> &mut Input {
        &mut self.input
    }

    pub(super) fn key(&mut self, press: &Press<'_>) -> Reply {
        if self.typing {
            match press.key.code {
                KeyCode::Esc => {
                    self.input.reset();
                    self.typing = false;
                }
                KeyCode::Enter => self.typing = false,
                _ => {
                    self.input.handle_event(&Event::Key(press.key));
                    self.scroll = 0;
                }
            }
            return Reply::Stay;
        }
        match press.action {
            Some(Action::Go(_) | Action::NextTab | Action::PreviousTab) => Reply::NotMine,
            Some(Action::Back) if !self.input.value().is_empty() => {
                self.input.reset();
                Reply::Stay
            }
            _ if press.key.code == KeyCode::Char('/') => {
                self.typing = true;
                Reply::Stay
            }
            _ => scrolled(&mut self.scroll, press),
        }
    }

    pub(super) fn draw(
        &mut self,
        buf: &mut Buffer,
        screen: Rect,
        view: &View<'_>,
        keymap: &Keymap,
        tab: Tab,
    ) -> Option<Position> {
        let area = middle(screen, 96, screen.height);
        let inside = chrome::popup(buf, area, &format!("Keys on {}", tab.title()), view);
        let mut pen = Pen::new(buf, inside);
        let search = if self.typing || !self.input.value().is_empty() {
            format!("/{}", self.input.value())
        } else {
            "/ searches, Esc closes, 1-7 show other tabs".to_owned()
        };
        pen.line(Line::styled(search, if self.typing { view.theme.chip } else { view.theme.muted }));
        let lines = lines(keymap, tab, self.input.value(), inside.width, view);
        page(&mut pen, lines, &mut self.scroll, view);
        self.typing.then(|| Position::new(inside.x + 1 + self.input.visual_cursor() as u16, inside.y))
    }
}

/// The keys of a tab that hold `wanted`: what works here alone first.
fn lines(keymap: &Keymap, tab: Tab, wanted: &str, width: u16, view: &View<'_>) -> Vec<Line<'static>> {
    let wanted = wanted.to_lowercase();
    let mut paras = Vec::new();
    for (title, everywhere) in [(tab.title(), false), ("Everywhere", true)] {
        let mut lines = Vec::new();
        for (binding, keys) in keymap.on(tab) {
            let keys = keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            let fits = wanted.is_empty()
                || [binding.says, binding.command, &keys]
                    .iter()
                    .any(|text| text.to_lowercase().contains(&wanted));
            if fits && !keys.is_empty() && (binding.on.len() == Tab::ALL.len()) == everywhere {
                lines.push(Para::new(binding.says, view.theme.text).label(keys, view.theme.key));
            }
        }
        if !lines.is_empty() {
            paras.push(Para::empty());
            paras.push(Para::new("", view.theme.text).label(title, view.theme.title));
            paras.append(&mut lines);
        }
    }
    for (title, forms) in [("Commands", &COMMANDS[..]), ("Filter", &FILTERS[..])] {
        let fits =
            |form: &&(&str, &str)| [form.0, form.1].iter().any(|text| text.to_lowercase().contains(&wanted));
        let mut forms = forms.iter().filter(fits).peekable();
        if forms.peek().is_some() {
            paras.push(Para::empty());
            paras.push(Para::new("", view.theme.text).label(title, view.theme.title));
        }
        for (form, says) in forms {
            paras.push(Para::new(*says, view.theme.text).label(*form, view.theme.key));
        }
    }
    lay(&paras, width)
}
