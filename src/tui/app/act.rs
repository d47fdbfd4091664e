//! What each action does: here where it means the same on every tab, else the page is asked.

use super::{App, Effect, Entry, Frozen};
use crate::model::{FindingId, Request};
use crate::tui::filter::Filter;
use crate::tui::keymap::Action;
use crate::tui::page::{Answer, Room, Tab, View};
use crate::tui::popup::{Help, Palette, Popup, Reading, SortMenu, TimeEntry};
use crate::tui::story;
use chrono::{DateTime, Utc};
use std::sync::Arc;
use tui_input::Input;

impl App {
    fn go(&mut self, tab: Tab, now: DateTime<Utc>) -> Vec<Effect> {
        self.tab = tab;
        self.refresh(now);
        self.wants(now)
    }

    /// Carries out an action: the page is asked first where it may mean something of its own.
    pub fn act(&mut self, action: Action, now: DateTime<Utc>) -> Vec<Effect> {
        self.dirty = true;
        match action {
            Action::Go(tab) => return self.go(tab, now),
            Action::NextTab => return self.go(self.tab.step(1), now),
            Action::PreviousTab => return self.go(self.tab.step(Tab::ALL.len() - 1), now),
            Action::NextProblem | Action::PreviousProblem => return self.next_problem(action, now),
            Action::Show(level) => {
                self.looks.min_level = level;
                self.refresh(now);
            }
            Action::Freeze => self.freeze(now),
            Action::GoToTime => self.popup = Some(Popup::Time(TimeEntry::default())),
            Action::Filter => self.begin_filter(None),
            Action::FilterUser => self.begin_filter(Some("user:")),
            Action::SortMenu => self.sort_menu(),
            Action::Measure => {
                self.say("measuring now, and looking again at what I could not see", now);
                return vec![Effect::Request(Request::CheckAgain)];
            }
            Action::Slower | Action::Faster => return self.pace(action, now),
            Action::Plain => return vec![Effect::Plain(self.plain(now))],
            Action::Coverage => {
                let sheet = with_page!(self, now, |_page, view| story::coverage(view.snapshot, &view));
                self.popup = sheet.map(|sheet| Popup::Sheet(Reading::new(sheet)));
            }
            Action::NextTheme => self.next_theme(now),
            Action::Palette => self.popup = Some(Popup::Palette(Palette::default())),
            Action::Help => self.popup = Some(Popup::Help(Help::default())),
            Action::Accept | Action::AcceptUntil => self.begin_accept(action, now),
            Action::TakeBack => return self.take_back(now),
            Action::Export => self.begin_export(),
            Action::Redact => self.redact(now),
            Action::Mouse => return self.turn_mouse(!self.looks.mouse, now),
            Action::Settings => self.open_settings(),
            Action::Stats => self.show_stats(now),
            Action::Names => return self.turn_names(now),
            Action::Redraw => return vec![Effect::Redraw],
            Action::Suspend => return vec![Effect::Suspend],
            Action::Quit => return vec![Effect::Quit],
            Action::Live => {
                self.frozen = None;
                with_page!(self, now, |page, view| page.act(Action::Live, &view));
                self.refresh(now);
            }
            _ => return self.ask_page(action, now),
        }
        Vec::new()
    }

    fn ask_page(&mut self, action: Action, now: DateTime<Utc>) -> Vec<Effect> {
        let answer = with_page!(self, now, |page, view| page.act(action, &view)).flatten();
        match answer {
            Some(Answer::Done) => return self.wants(now),
            Some(Answer::Sheet(sheet)) => self.popup = Some(Popup::Sheet(Reading::new(sheet))),
            Some(Answer::Story(id)) => self.open_story(&id, now),
            Some(Answer::Copy(text)) => return self.copy(text, now),
            Some(Answer::Say(words)) => self.say(words, now),
            Some(Answer::Pin(target)) => return vec![Effect::Pin(*target)],
            Some(Answer::LookBack(at)) => {
                self.say("reading the record", now);
                return vec![Effect::Recall(at)];
            }
            Some(Answer::Trail(trail)) => return self.open_trail(*trail, now),
            Some(Answer::FilterBy(words)) => {
                self.begin_filter(Some(&words));
                self.filter_changed(now);
            }
            None if action == Action::Back => self.back(now),
            None => {}
        }
        Vec::new()
    }

    fn open_story(&mut self, id: &FindingId, now: DateTime<Utc>) {
        let sheet = with_page!(self, now, |_page, view| {
            view.snapshot
                .findings
                .iter()
                .find(|finding| finding.id == *id)
                .map(|finding| story::sheet(finding, &view))
        });
        self.popup = sheet.flatten().map(|sheet| Popup::Sheet(Reading::new(sheet)));
    }

    /// One step back: the filter goes, then the picture moves again. It never quits.
    fn back(&mut self, now: DateTime<Utc>) {
        let page = &self.pages[self.tab as usize];
        if page.filter().is_some_and(|filter| !filter.is_empty()) {
            with_page!(self, now, |page, view| page.set_filter(Filter::default(), &view));
        } else if self.frozen.is_some() {
            self.frozen = None;
            self.refresh(now);
        }
    }

    pub(super) fn freeze(&mut self, now: DateTime<Utc>) {
        self.frozen = match (self.frozen.take(), &self.live) {
            (None, Some(snapshot)) => {
                let trend = self.trend.clone();
                Some(Frozen { snapshot: Arc::clone(snapshot), trend, at: now, back: None })
            }
            _ => None,
        };
        self.refresh(now);
    }

    /// Goes to a time on History.
    pub(super) fn go_to_time(&mut self, at: DateTime<Utc>, now: DateTime<Utc>) -> Vec<Effect> {
        self.tab = Tab::History;
        with_page!(self, now, |page, view| page.go_to(at, &view));
        self.refresh(now);
        self.wants(now)
    }

    /// Opens the filter line: with what is in force, or with the beginning of another.
    fn begin_filter(&mut self, beginning: Option<&str>) {
        if let Some(filter) = self.pages[self.tab as usize].filter() {
            let input = Input::new(beginning.unwrap_or(filter.source()).to_owned());
            self.entry = Some(Entry { input, before: filter.clone(), wrong: None });
        }
    }

    fn sort_menu(&mut self) {
        if let Some(list) = self.pages[self.tab as usize].list() {
            self.popup = Some(Popup::Sort(SortMenu::new(list.sorts(), list.sorted_by())));
        }
    }

    /// Shows the next warning or alert, on the tab that has its row.
    fn next_problem(&mut self, action: Action, now: DateTime<Utc>) -> Vec<Effect> {
        let Some(snapshot) = self.picture() else { return Vec::new() };
        let problems: Vec<_> =
            snapshot.findings.iter().filter(|finding| story::is_problem(finding)).collect();
        let count = problems.len();
        if count == 0 {
            self.say("no warning and no alert", now);
            return Vec::new();
        }
        let at = self.problem.as_ref().and_then(|id| problems.iter().position(|finding| finding.id == *id));
        let next = match (at, action) {
            (None, Action::NextProblem) => 0,
            (None, _) => count - 1,
            (Some(at), Action::NextProblem) => (at + 1) % count,
            (Some(at), _) => (at + count - 1) % count,
        };
        let finding = problems[next];
        self.problem = Some(finding.id.clone());
        let mut effects = self.go(Tab::of(finding), now);
        let here = with_page!(self, now, |page, view| page.select(finding, &view)).unwrap_or(false);
        if !here {
            effects.extend(self.go(Tab::Findings, now));
            with_page!(self, now, |page, view| {
                if !page.select(finding, &view) {
                    // A filter hides it: who asks for problems wants to see them.
                    page.set_filter(Filter::default(), &view);
                    page.select(finding, &view);
                }
            });
        }
        self.say(format!("{} of {count}: {}", next + 1, finding.title), now);
        effects
    }
}
