//! What is asked of others for the rows that are shown: log lines of a process, names of addresses.

use super::{App, Effect};
use crate::model::Safe;
use crate::tui::hands::LogLine;
use crate::tui::page::{Room, View};
use crate::tui::popup::{Popup, Reading};
use crate::tui::stats;
use crate::tui::story;
use crate::tui::trail::Trail;
use crate::tui::widgets::prose::Para;
use chrono::{DateTime, Utc};
use std::net::IpAddr;

impl App {
    /// Shows log lines; where a process wrote them, the journal is asked first. Its words have no stand-ins, so that
    /// it is not asked while names have.
    pub(super) fn open_trail(&mut self, trail: Trail, now: DateTime<Utc>) -> Vec<Effect> {
        if trail.asks().is_some() && self.looks.has_logs && !self.redacting {
            self.say("asking the journal", now);
            return vec![Effect::ReadLog(Box::new(trail))];
        }
        self.show_trail(&trail, None, now);
        Vec::new()
    }

    /// Takes what the journal told.
    pub fn log_was_read(&mut self, trail: &Trail, told: &Result<Vec<LogLine>, String>, now: DateTime<Utc>) {
        self.said = None;
        self.dirty = true;
        // Who went on meanwhile is not called back.
        if self.popup.is_none() && self.entry.is_none() {
            self.show_trail(trail, Some(told), now);
        }
    }

    fn show_trail(
        &mut self,
        trail: &Trail,
        journal: Option<&Result<Vec<LogLine>, String>>,
        now: DateTime<Utc>,
    ) {
        let sheet = with_page!(self, now, |_page, view| trail.sheet(journal, &view));
        self.popup = sheet.map(|sheet| Popup::Sheet(Reading::new(sheet)));
    }

    /// Wants names of addresses, or no more.
    pub(super) fn turn_names(&mut self, now: DateTime<Utc>) -> Vec<Effect> {
        let on = !self.names.is_on();
        self.names.turn(on);
        self.names.forget_unknown();
        self.refresh(now);
        if on {
            self.say("names on: the resolver of this machine learns which addresses you look at", now);
        } else {
            self.say("names off", now);
        }
        self.wants(now)
    }

    /// The addresses on the open page whose names have to be asked for.
    pub(super) fn nameless(&mut self) -> Option<Effect> {
        if self.redacting {
            return None;
        }
        let asked = self.names.ask(self.pages[self.tab as usize].addresses());
        (!asked.is_empty()).then_some(Effect::LookUp(asked))
    }

    /// Takes the name of an address.
    pub fn named(&mut self, address: IpAddr, name: Option<Safe>, now: DateTime<Utc>) -> Vec<Effect> {
        self.names.learn(address, name);
        self.dirty = true;
        self.wants(now)
    }

    /// Takes that names cannot be had.
    pub fn nobody_names(&mut self, why: &str, now: DateTime<Utc>) {
        self.names.turn(false);
        self.say(format!("names off again: {why}"), now);
    }

    /// Explains a finding by its id, or a rule.
    pub(super) fn explain(&mut self, asked: &str, now: DateTime<Utc>) {
        let asked = asked.to_uppercase();
        let story = with_page!(self, now, |_page, view| {
            let finding = view
                .snapshot
                .findings
                .iter()
                .find(|finding| finding.id.as_str().eq_ignore_ascii_case(&asked));
            finding.map(|finding| story::sheet(finding, &view))
        });
        if let Some(sheet) = story.flatten() {
            self.popup = Some(Popup::Sheet(Reading::new(sheet)));
            return;
        }
        match (self.looks.explain)(&asked) {
            Ok(page) => {
                let text = self.looks.theme.text;
                let body = page.lines().map(|line| Para::new(line, text)).collect();
                let sheet = crate::tui::page::Sheet { title: asked, body, copy: None, fix: None };
                self.popup = Some(Popup::Sheet(Reading::new(sheet)));
            }
            Err(why) => self.say(why, now),
        }
    }

    /// Shows what the program costs.
    pub(super) fn show_stats(&mut self, now: DateTime<Utc>) {
        let sheet = with_page!(self, now, |_page, view| stats::sheet(&view));
        self.popup = sheet.map(|sheet| Popup::Sheet(Reading::new(sheet)));
    }
}
