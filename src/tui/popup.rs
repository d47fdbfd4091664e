//! What lies over a page: the help, the palette, the sort menu, a sheet of text.
//!
//! A popup takes the keys while it is open; it answers what the app has to do.

use super::chrome;
use super::keymap::{Action, Keymap};
use super::page::{Sheet, Tab, View};
use super::widgets::pen::{Pen, put};
use super::widgets::prose::{Para, lay};
use crate::text;
use crossterm::event::{Event, KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

/// What lies over the page.
#[derive(Debug)]
pub enum Popup {
    /// The keys of this tab, searchable.
    Help {
        /// What is searched for.
        input: Input,
        /// Keys go to the search.
        typing: bool,
        /// Lines scrolled.
        scroll: usize,
    },
    /// Any command by name.
    Palette {
        /// What was typed.
        input: Input,
        /// Which match is chosen.
        chosen: usize,
    },
    /// The columns to sort by; `None` is attention.
    Sort {
        /// Places and titles.
        items: Vec<(Option<usize>, &'static str)>,
        /// Which one is chosen.
        chosen: usize,
    },
    /// A sheet of text.
    Sheet {
        /// The text.
        sheet: Sheet,
        /// Lines scrolled.
        scroll: usize,
    },
}

/// What a popup answers to a key.
#[derive(Debug, PartialEq)]
pub enum Reply {
    /// Stay open.
    Stay,
    /// Close.
    Close,
    /// Close, then do this.
    Do(Action),
    /// Close, then measure at this interval, in seconds.
    Interval(f64),
    /// Close, then look like this.
    Theme(String),
    /// Close, then sort by this.
    Sort(Option<usize>),
    /// Copy this, stay open.
    Copy(String),
    /// The key is none of the popup's.
    NotMine,
}

impl Popup {
    /// The help.
    pub fn help() -> Self {
        Self::Help { input: Input::default(), typing: false, scroll: 0 }
    }

    /// The palette.
    pub fn palette() -> Self {
        Self::Palette { input: Input::default(), chosen: 0 }
    }

    /// A sheet.
    pub const fn sheet(sheet: Sheet) -> Self {
        Self::Sheet { sheet, scroll: 0 }
    }

    /// True while keys are text.
    pub const fn is_typing(&self) -> bool {
        matches!(self, Self::Palette { .. } | Self::Help { typing: true, .. })
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        if let Self::Palette { input, .. } | Self::Help { input, typing: true, .. } = self {
            for c in text.chars().filter(|c| !c.is_control()).take(200) {
                input.handle(tui_input::InputRequest::InsertChar(c));
            }
        }
    }

    /// Takes a key; `action` is what it means on the page.
    pub fn key(&mut self, key: KeyEvent, action: Option<Action>, keymap: &Keymap, tab: Tab) -> Reply {
        match self {
            Self::Help { input, typing, scroll } if *typing => match key.code {
                KeyCode::Esc => {
                    input.reset();
                    *typing = false;
                    Reply::Stay
                }
                KeyCode::Enter => {
                    *typing = false;
                    Reply::Stay
                }
                _ => {
                    input.handle_event(&Event::Key(key));
                    *scroll = 0;
                    Reply::Stay
                }
            },
            Self::Help { input, typing, scroll } => match action {
                Some(Action::Go(_) | Action::NextTab | Action::PreviousTab) => Reply::NotMine,
                Some(Action::Back) if !input.value().is_empty() => {
                    input.reset();
                    Reply::Stay
                }
                _ if key.code == KeyCode::Char('/') => {
                    *typing = true;
                    Reply::Stay
                }
                _ => scrolled(scroll, key, action),
            },
            Self::Palette { input, chosen } => {
                let found = matches(input.value(), keymap, tab);
                match key.code {
                    KeyCode::Esc => return Reply::Close,
                    KeyCode::Enter => {
                        let chosen = found.get(*chosen).map(|(_, action)| Reply::Do(*action));
                        return with_argument(input.value()).or(chosen).unwrap_or(Reply::Stay);
                    }
                    KeyCode::Up => *chosen = chosen.saturating_sub(1),
                    KeyCode::Down => *chosen = (*chosen + 1).min(found.len().saturating_sub(1)),
                    KeyCode::Backspace if input.value().is_empty() => return Reply::Close,
                    _ if action == Some(Action::Quit) && super::keymap::Chord::of(&key).ctrl => {
                        return Reply::Close;
                    }
                    _ => {
                        input.handle_event(&Event::Key(key));
                        *chosen = 0;
                    }
                }
                Reply::Stay
            }
            Self::Sort { items, chosen } => match (action, key.code) {
                (_, KeyCode::Enter) => {
                    items.get(*chosen).map_or(Reply::Close, |(place, _)| Reply::Sort(*place))
                }
                (Some(Action::Up), _) | (_, KeyCode::Up) => {
                    *chosen = chosen.saturating_sub(1);
                    Reply::Stay
                }
                (Some(Action::Down | Action::SortMenu), _) | (_, KeyCode::Down) => {
                    *chosen = (*chosen + 1).min(items.len().saturating_sub(1));
                    Reply::Stay
                }
                (Some(Action::Back | Action::Quit), _) => Reply::Close,
                _ => Reply::Stay,
            },
            Self::Sheet { sheet, scroll } => match action {
                Some(Action::Copy) => sheet.copy.clone().map_or(Reply::Stay, Reply::Copy),
                Some(Action::CopyFix) => sheet.fix.clone().map_or(Reply::Stay, Reply::Copy),
                Some(Action::Go(_) | Action::NextTab | Action::PreviousTab) => Reply::NotMine,
                Some(Action::NextProblem | Action::PreviousProblem | Action::Plain | Action::Redraw) => {
                    Reply::NotMine
                }
                _ => scrolled(scroll, key, action),
            },
        }
    }

    /// Draws it over the page; answers where the cursor stands while text is typed.
    pub fn draw(
        &mut self,
        buf: &mut Buffer,
        screen: Rect,
        view: &View<'_>,
        keymap: &Keymap,
        tab: Tab,
    ) -> Option<Position> {
        match self {
            Self::Help { input, typing, scroll } => {
                let area = middle(screen, 96, screen.height);
                let inside = chrome::popup(buf, area, &format!("Keys on {}", tab.title()), view);
                let mut pen = Pen::new(buf, inside);
                let search = if *typing || !input.value().is_empty() {
                    format!("/{}", input.value())
                } else {
                    "/ searches, Esc closes, 1-7 show other tabs".to_owned()
                };
                pen.line(Line::styled(search, if *typing { view.theme.chip } else { view.theme.muted }));
                let lines = help_lines(keymap, tab, input.value(), inside.width, view);
                page(&mut pen, lines, scroll, view);
                typing.then(|| Position::new(inside.x + 1 + input.visual_cursor() as u16, inside.y))
            }
            Self::Palette { input, chosen } => {
                let found = matches(input.value(), keymap, tab);
                let height = (found.len() as u16 + 3).clamp(4, 16).min(screen.height);
                let area = middle(screen, 72, height);
                let inside = chrome::popup(buf, area, "Command", view);
                let mut pen = Pen::new(buf, inside);
                pen.line(Line::from(vec![
                    Span::styled(":", view.theme.key),
                    Span::raw(input.value().to_owned()),
                ]));
                let room = usize::from(pen.left());
                let skip = (*chosen + 1).saturating_sub(room);
                for (at, (binding, _)) in found.iter().enumerate().skip(skip).take(room) {
                    let line = Line::from(vec![
                        Span::styled(format!(" {:<18}", binding.0), view.theme.strong),
                        Span::styled(binding.1, view.theme.muted),
                    ]);
                    let place = pen.take(1);
                    put(pen.buf(), place.x, place.y, &line, place.width);
                    if at == *chosen {
                        pen.buf().set_style(place, view.theme.selected);
                    }
                }
                if found.is_empty() {
                    let says = if with_argument(input.value()).is_some() {
                        " Enter does it"
                    } else {
                        " no such command"
                    };
                    pen.line(Line::styled(says, view.theme.muted));
                }
                Some(Position::new(inside.x + 1 + input.visual_cursor() as u16, inside.y))
            }
            Self::Sort { items, chosen } => {
                let area = middle(screen, 30, items.len() as u16 + 2);
                let inside = chrome::popup(buf, area, "Sort by", view);
                let mut pen = Pen::new(buf, inside);
                let skip = (*chosen + 1).saturating_sub(usize::from(pen.left()).max(1));
                for (at, (_, title)) in items.iter().enumerate().skip(skip) {
                    let place = pen.take(1);
                    let mark = if at == *chosen { view.glyphs.pointer } else { " " };
                    put(pen.buf(), place.x, place.y, &Line::from(format!("{mark} {title}")), place.width);
                    if at == *chosen && place.height > 0 {
                        pen.buf().set_style(place, view.theme.selected);
                    }
                }
                None
            }
            Self::Sheet { sheet, scroll } => {
                let width = screen.width.min(100);
                let lines = lay(&sheet.body, width.saturating_sub(4));
                let area = middle(screen, width, (lines.len() as u16).saturating_add(2));
                let inside = chrome::popup(buf, area, &sheet.title, view);
                let mut pen = Pen::new(buf, inside);
                page(&mut pen, lines, scroll, view);
                let mut hint = String::from(" Esc back");
                if sheet.copy.is_some() {
                    hint.push_str("  y copy");
                }
                if sheet.fix.is_some() {
                    hint.push_str("  Y copy command");
                }
                hint.push(' ');
                if area.height > 2 {
                    put(
                        buf,
                        area.x + 2,
                        area.bottom() - 1,
                        &Line::styled(hint, view.theme.muted),
                        area.width.saturating_sub(4),
                    );
                }
                None
            }
        }
    }
}

fn scrolled(scroll: &mut usize, key: KeyEvent, action: Option<Action>) -> Reply {
    match (action, key.code) {
        (Some(Action::Up), _) | (_, KeyCode::Up) => *scroll = scroll.saturating_sub(1),
        (Some(Action::Down), _) | (_, KeyCode::Down) => *scroll += 1,
        (Some(Action::PageUp), _) | (_, KeyCode::PageUp) => *scroll = scroll.saturating_sub(15),
        (Some(Action::PageDown), _) | (_, KeyCode::PageDown) => *scroll += 15,
        (Some(Action::HalfUp), _) => *scroll = scroll.saturating_sub(8),
        (Some(Action::HalfDown), _) => *scroll += 8,
        (Some(Action::First), _) => *scroll = 0,
        (Some(Action::Last), _) => *scroll = usize::MAX,
        (
            Some(
                Action::Back
                | Action::Quit
                | Action::Open
                | Action::Help
                | Action::Coverage
                | Action::Explain,
            ),
            _,
        )
        | (_, KeyCode::Enter) => return Reply::Close,
        _ => {}
    }
    Reply::Stay
}

/// Draws the lines from `scroll` on; what is above or below is announced in the last line.
fn page(pen: &mut Pen<'_>, lines: Vec<Line<'static>>, scroll: &mut usize, view: &View<'_>) {
    let room = usize::from(pen.left());
    *scroll = (*scroll).min(lines.len().saturating_sub(room));
    let below = lines.len().saturating_sub(*scroll + room);
    let cut = if below > 0 { room.saturating_sub(1) } else { room };
    for line in lines.into_iter().skip(*scroll).take(cut) {
        pen.line(line);
    }
    if below > 0 {
        pen.line(Line::styled(format!("+ {} more lines", below + 1), view.theme.muted));
    }
}

/// A place in the middle of the screen, as large as it can be.
fn middle(screen: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(screen.width), height.min(screen.height));
    Rect {
        x: screen.x + (screen.width - width) / 2,
        y: screen.y + (screen.height - height) / 2,
        width,
        height,
    }
}

/// The keys of a tab that hold `wanted`: what works here alone first.
fn help_lines(keymap: &Keymap, tab: Tab, wanted: &str, width: u16, view: &View<'_>) -> Vec<Line<'static>> {
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
            paras.push(Para::new(title, view.theme.title));
            paras.append(&mut lines);
        }
    }
    if wanted.is_empty() {
        paras.push(Para::empty());
        paras.push(Para::new("Filter", view.theme.title));
        for (form, says) in [
            ("sshd", "any text of the row"),
            (
                "user:root port:22",
                "fields: user pid cpu mem port from program cmd level ..., spaces mean AND",
            ),
            ("from:203.0.113.0/24", "a network"),
            ("level:warning", "that level and worse"),
            ("cpu>10 rss>100m", "numbers"),
            ("!anna  a or b", "not, or"),
            ("/re.ex/", "a regular expression"),
        ] {
            paras.push(Para::new(says, view.theme.text).label(form, view.theme.key));
        }
    }
    lay(&paras, width)
}

/// The commands that take a word: `interval 5`, `theme nord`.
fn with_argument(typed: &str) -> Option<Reply> {
    let (command, argument) = typed.trim().split_once(' ')?;
    match command {
        "interval" => {
            let seconds = argument.trim().trim_end_matches('s').trim().parse::<f64>().ok()?;
            (0.05..=3600.0).contains(&seconds).then_some(Reply::Interval(seconds))
        }
        "theme" => Some(Reply::Theme(argument.trim().to_owned())),
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
