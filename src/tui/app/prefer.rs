//! What a person chose for this run: the settings panel, the theme, the interval, the mouse.

use super::{App, Effect};
use crate::model::Request;
use crate::tui::glyphs::GlyphSet;
use crate::tui::keymap::Action;
use crate::tui::page::{Room, View};
use crate::tui::popup::{Popup, SettingsPanel};
use crate::tui::preferences::Preferences;
use crate::tui::theme::nearest;
use chrono::{DateTime, Utc};
use std::time::Duration;

/// Intervals that `+` and `-` step through, in seconds.
pub const INTERVALS: [u64; 6] = [1, 2, 5, 10, 30, 60];

impl App {
    pub(super) fn open_settings(&mut self) {
        let columns = self.pages[self.tab as usize].columns();
        let themes = self.looks.themes.iter().map(|theme| theme.name.clone()).collect();
        let panel = SettingsPanel::new(self.looks.preferences(), self.began.clone(), themes, columns);
        self.popup = Some(Popup::Settings(panel));
    }

    /// Does what the settings panel asks for; it stays open.
    pub(super) fn prefer(&mut self, wanted: Preferences, now: DateTime<Utc>) -> Vec<Effect> {
        let before = self.looks.preferences();
        let mut effects = Vec::new();
        if wanted.interval != before.interval {
            self.looks.interval = wanted.interval;
            effects.push(Effect::Request(Request::Interval(wanted.interval)));
        }
        if wanted.mouse != before.mouse {
            self.looks.mouse = wanted.mouse;
            effects.push(Effect::Mouse(wanted.mouse));
        }
        if let Some(theme) = self.looks.themes.iter().find(|theme| theme.name == wanted.theme) {
            self.looks.theme = theme.clone();
        }
        self.looks.min_level = wanted.min_level;
        self.looks.glyphs = wanted.glyphs.glyphs();
        self.looks.hidden_columns = wanted.hidden_columns;
        with_page!(self, now, |page, view| page.hear(&view));
        self.dirty = true;
        effects
    }

    pub(super) fn pace(&mut self, action: Action, now: DateTime<Utc>) -> Vec<Effect> {
        let seconds = self.looks.interval.as_secs_f64();
        let next = match action {
            Action::Slower => INTERVALS.into_iter().find(|step| *step as f64 > seconds),
            _ => INTERVALS.into_iter().rev().find(|step| (*step as f64) < seconds),
        };
        let Some(next) = next else {
            self.say(format!("{seconds} s is as far as it goes"), now);
            return Vec::new();
        };
        self.measure_every(Duration::from_secs(next), now)
    }

    /// Asks the heartbeat for another interval.
    pub(super) fn measure_every(&mut self, interval: Duration, now: DateTime<Utc>) -> Vec<Effect> {
        self.looks.interval = interval;
        self.say(format!("measuring every {} s", interval.as_secs_f64()), now);
        vec![Effect::Request(Request::Interval(interval))]
    }

    /// Turns the mouse on or off.
    pub(super) fn turn_mouse(&mut self, on: bool, now: DateTime<Utc>) -> Vec<Effect> {
        self.looks.mouse = on;
        self.say(if on { "mouse on" } else { "mouse off" }, now);
        vec![Effect::Mouse(on)]
    }

    /// Puts on another theme.
    pub(super) fn use_theme(&mut self, name: &str, now: DateTime<Utc>) {
        let names: Vec<&str> = self.looks.themes.iter().map(|theme| theme.name.as_str()).collect();
        let meant = nearest(name, &names).to_owned();
        match self.looks.themes.iter().find(|theme| theme.name == name) {
            Some(theme) => {
                self.looks.theme = theme.clone();
                self.say(format!("theme: {name}"), now);
            }
            None => self.say(format!("no theme is called {name}; did you mean {meant}?"), now),
        }
    }

    pub(super) fn next_theme(&mut self, now: DateTime<Utc>) {
        let themes = &self.looks.themes;
        let at = themes.iter().position(|theme| theme.name == self.looks.theme.name).map_or(0, |at| at + 1);
        if let Some(theme) = themes.get(at % themes.len().max(1)) {
            self.looks.theme = theme.clone();
            self.say(format!("theme: {}", self.looks.theme.name), now);
        }
    }
}

impl super::Looks {
    /// What a person chose of them.
    pub(super) fn preferences(&self) -> Preferences {
        let glyphs = GlyphSet::ALL.into_iter().find(|set| set.glyphs() == self.glyphs);
        Preferences {
            interval: self.interval,
            min_level: self.min_level,
            theme: self.theme.name.clone(),
            glyphs: glyphs.unwrap_or_default(),
            mouse: self.mouse,
            hidden_columns: self.hidden_columns.clone(),
        }
    }
}
