//! A screen without a terminal: a beat in, keys in, text out.

#![allow(dead_code, reason = "each test uses what it needs")]

use crate::story;
use chrono::{DateTime, Utc};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use home_soc::model::{Snapshot, Zone};
use home_soc::tui::app::{App, Effect, Looks, lines};
use home_soc::tui::page::Tab;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::Arc;

/// A screen with looks that has heard one beat.
pub(crate) fn app_with(looks: Looks, snapshot: Snapshot) -> App {
    let mut app = App::new(Looks { zone: Zone::utc(), ..looks });
    app.resize(200, 50);
    app.hear(Arc::new(snapshot), story::now());
    app
}

/// A screen that has heard one beat.
pub(crate) fn app(snapshot: Snapshot) -> App {
    app_with(Looks::default(), snapshot)
}

/// Draws one frame.
pub(crate) fn draw(app: &mut App, width: u16, height: u16, now: DateTime<Utc>) -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
    app.resize(width, height);
    app.draw(&mut buf, now);
    buf
}

/// Draws one frame as text.
pub(crate) fn picture(app: &mut App, width: u16, height: u16) -> String {
    lines(&draw(app, width, height, story::now()))
}

/// Presses one key.
pub(crate) fn press(app: &mut App, code: KeyCode) -> Vec<Effect> {
    app.handle(&Event::Key(KeyEvent::new(code, KeyModifiers::NONE)), story::now())
}

/// Types characters.
pub(crate) fn keys(app: &mut App, typed: &str) -> Vec<Effect> {
    typed.chars().flat_map(|c| press(app, KeyCode::Char(c))).collect()
}

/// Opens a tab by its key.
pub(crate) fn open(app: &mut App, tab: Tab) {
    keys(app, &(tab as usize + 1).to_string());
}
