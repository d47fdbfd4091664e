//! Keys, pastes and sizes as they come in: to the popup, to the filter that is typed, else to an action.

use super::{App, Effect};
use crate::tui::filter::Filter;
use crate::tui::keymap::Chord;
use crate::tui::page::{Room, View};
use crate::tui::popup::{self, Popup, Press, Reply};
use chrono::{DateTime, Utc};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind};
use std::time::Duration;
use tui_input::backend::crossterm::EventHandler;

impl App {
    /// Takes a key, a paste or a new size.
    pub fn handle(&mut self, event: &Event, now: DateTime<Utc>) -> Vec<Effect> {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => {
                self.dirty = true;
                self.notices_read = true;
                self.key(*key, now)
            }
            Event::Paste(text) => {
                self.dirty = true;
                self.paste(text, now);
                Vec::new()
            }
            Event::Mouse(event) => self.mouse(*event, now),
            Event::Resize(width, height) => {
                self.resize(*width, *height);
                self.wants(now)
            }
            _ => Vec::new(),
        }
    }

    /// Takes the size of the terminal.
    pub fn resize(&mut self, width: u16, height: u16) {
        self.size = (width, height);
        self.dirty = true;
    }

    fn paste(&mut self, text: &str, now: DateTime<Utc>) {
        if let Some(popup) = self.popup.as_mut().filter(|popup| popup.is_typing()) {
            popup.paste(text);
        } else if let Some(entry) = &mut self.entry {
            popup::type_in(&mut entry.input, text);
            self.filter_changed(now);
        }
    }

    pub(super) fn key(&mut self, key: KeyEvent, now: DateTime<Utc>) -> Vec<Effect> {
        let action = self.looks.keymap.find(self.tab, Chord::of(&key));
        if let Some(popup) = &mut self.popup {
            let press =
                Press { key, action, keymap: &self.looks.keymap, tab: self.tab, now, zone: self.looks.zone };
            match popup.key(&press) {
                Reply::Stay => return Vec::new(),
                Reply::Copy(text) => return self.copy(text, now),
                Reply::Prefer(wanted) => return self.prefer(wanted, now),
                Reply::NotMine => {
                    if !matches!(self.popup, Some(Popup::Help(_))) {
                        self.close_popup(now);
                    }
                }
                reply => {
                    self.close_popup(now);
                    return self.answered(reply, now);
                }
            }
        } else if self.entry.is_some() {
            return self.type_filter(key, now);
        }
        action.map_or_else(Vec::new, |action| self.act(action, now))
    }

    /// Does what a popup that is closed now asked for.
    fn answered(&mut self, reply: Reply, now: DateTime<Utc>) -> Vec<Effect> {
        match reply {
            Reply::Do(action) => return self.act(action, now),
            Reply::Interval(seconds) => return self.measure_every(Duration::from_secs_f64(seconds), now),
            Reply::Theme(name) => self.use_theme(&name, now),
            Reply::Mouse(on) => return self.turn_mouse(on, now),
            Reply::Explain(asked) => self.explain(&asked, now),
            Reply::GoTo(at) => return self.go_to_time(at, now),
            Reply::Export(format) => return self.export(format, now),
            Reply::Sort(column) => {
                if let Some(list) = self.pages[self.tab as usize].list() {
                    list.sort_by(column);
                }
            }
            Reply::Hand(effect) => {
                if let Effect::Accept(id, _) = &effect {
                    self.accepted = Some(id.clone());
                }
                return vec![effect];
            }
            Reply::Stay | Reply::Close | Reply::Copy(_) | Reply::Prefer(_) | Reply::NotMine => {}
        }
        Vec::new()
    }

    /// Closes what lies over the page; a picture that it held still moves again.
    fn close_popup(&mut self, now: DateTime<Utc>) {
        if let Some(Popup::Signal(dialog)) = self.popup.take()
            && dialog.froze
        {
            self.frozen = None;
            self.refresh(now);
        }
    }

    fn type_filter(&mut self, key: KeyEvent, now: DateTime<Utc>) -> Vec<Effect> {
        let Some(entry) = &mut self.entry else { return Vec::new() };
        match key.code {
            KeyCode::Enter => {
                if let Some(wrong) = entry.wrong.take() {
                    self.say(wrong, now);
                }
                self.entry = None;
            }
            KeyCode::Esc => {
                let before = entry.before.clone();
                self.entry = None;
                with_page!(self, now, |page, view| page.set_filter(before, &view));
            }
            KeyCode::Char('c') if Chord::of(&key).ctrl => return vec![Effect::Quit],
            KeyCode::Up | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown => {
                let action = self.looks.keymap.find(self.tab, Chord::of(&key));
                return action.map_or_else(Vec::new, |action| self.act(action, now));
            }
            _ => {
                entry.input.handle_event(&Event::Key(key));
                self.filter_changed(now);
            }
        }
        Vec::new()
    }

    /// Tries what was typed; a wrong filter keeps the last good result.
    pub(super) fn filter_changed(&mut self, now: DateTime<Utc>) {
        let Some(entry) = &mut self.entry else { return };
        match Filter::parse(entry.input.value()) {
            Ok(filter) => {
                entry.wrong = None;
                with_page!(self, now, |page, view| page.set_filter(filter, &view));
            }
            Err(why) => entry.wrong = Some(why),
        }
    }
}
