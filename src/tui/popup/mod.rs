//! What lies over a page: help, palette, sort menu, a sheet of text, and the dialogs.
//!
//! A popup takes the keys while it is open; it answers what the app has to do and does nothing itself.

mod accept;
mod export;
mod help;
mod palette;
mod settings;
mod sheet;
mod signal;
mod sort;
mod time;

pub use accept::AcceptForm;
pub use export::ExportMenu;
pub use help::Help;
pub use palette::Palette;
pub use settings::SettingsPanel;
pub use sheet::Reading;
pub use signal::SignalDialog;
pub use sort::SortMenu;
pub use time::TimeEntry;

use super::app::Effect;
use super::export::Format;
use super::keymap::{Action, Keymap};
use super::page::{Tab, View};
use super::preferences::Preferences;
use super::widgets::pen::Pen;
use crate::model::{Safe, Zone};
use chrono::{DateTime, Utc};
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use tui_input::Input;

/// Characters that are taken of a paste.
const PASTED_MOST: usize = 200;

/// What lies over the page.
#[derive(Debug)]
pub enum Popup {
    /// The keys of this tab, searchable.
    Help(Help),
    /// Any command by name.
    Palette(Palette),
    /// The columns to sort by.
    Sort(SortMenu),
    /// A sheet of text.
    Sheet(Reading),
    /// A risk is about to be accepted.
    Accept(AcceptForm),
    /// A signal is about to be sent.
    Signal(SignalDialog),
    /// A time to go to.
    Time(TimeEntry),
    /// Something is about to be written to a file.
    Export(ExportMenu),
    /// What can be changed while it runs.
    Settings(SettingsPanel),
}

/// One press of a key, with all that it can mean.
pub struct Press<'a> {
    /// The key.
    pub key: KeyEvent,
    /// What it asks for on the page.
    pub action: Option<Action>,
    /// All keys.
    pub keymap: &'a Keymap,
    /// The tab below.
    pub tab: Tab,
    /// The time.
    pub now: DateTime<Utc>,
    /// The zone in which people type times.
    pub zone: Zone,
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
    /// Close, then turn the mouse on or off.
    Mouse(bool),
    /// Close, then explain this rule or finding.
    Explain(String),
    /// Change these at once, stay open.
    Prefer(Preferences),
    /// Close, then go to this time on History.
    GoTo(DateTime<Utc>),
    /// Close, then write this.
    Export(Format),
    /// Close, then sort by this.
    Sort(Option<usize>),
    /// Copy this, stay open.
    Copy(String),
    /// Close, then have this carried out.
    Hand(Effect),
    /// The key is none of the popup's.
    NotMine,
}

impl Popup {
    /// True while keys are text.
    pub const fn is_typing(&self) -> bool {
        match self {
            Self::Help(help) => help.is_typing(),
            Self::Palette(_) | Self::Accept(_) | Self::Time(_) => true,
            Self::Signal(dialog) => dialog.is_typing(),
            Self::Sort(_) | Self::Sheet(_) | Self::Export(_) | Self::Settings(_) => false,
        }
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        let input = match self {
            Self::Help(help) => help.input(),
            Self::Palette(palette) => palette.input(),
            Self::Accept(form) => form.input(),
            Self::Time(entry) => entry.input(),
            // What must be typed on purpose is not pasted.
            Self::Signal(_) | Self::Sort(_) | Self::Sheet(_) | Self::Export(_) | Self::Settings(_) => return,
        };
        type_in(input, text);
    }

    /// Takes a key.
    pub fn key(&mut self, press: &Press<'_>) -> Reply {
        match self {
            Self::Help(help) => help.key(press),
            Self::Palette(palette) => palette.key(press),
            Self::Sort(menu) => menu.key(press),
            Self::Sheet(reading) => reading.key(press),
            Self::Accept(form) => form.key(press),
            Self::Signal(dialog) => dialog.key(press),
            Self::Time(entry) => entry.key(press),
            Self::Export(menu) => menu.key(press),
            Self::Settings(panel) => panel.key(press),
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
            Self::Help(help) => help.draw(buf, screen, view, keymap, tab),
            Self::Palette(palette) => Some(palette.draw(buf, screen, view, keymap, tab)),
            Self::Sort(menu) => menu.draw(buf, screen, view),
            Self::Sheet(reading) => reading.draw(buf, screen, view),
            Self::Accept(form) => Some(form.draw(buf, screen, view)),
            Self::Signal(dialog) => dialog.draw(buf, screen, view),
            Self::Time(entry) => Some(entry.draw(buf, screen, view)),
            Self::Export(menu) => menu.draw(buf, screen, view),
            Self::Settings(panel) => panel.draw(buf, screen, view),
        }
    }
}

/// Types text that came whole: what would be a key of its own is left out.
pub(super) fn type_in(input: &mut Input, text: &str) {
    let printable: String = text.chars().filter(|c| !c.is_control()).take(PASTED_MOST).collect();
    for c in Safe::new(&printable).chars() {
        input.handle(tui_input::InputRequest::InsertChar(c));
    }
}

/// Scrolls a long text; the keys that opened it close it.
fn scrolled(scroll: &mut usize, press: &Press<'_>) -> Reply {
    match (press.action, press.key.code) {
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
