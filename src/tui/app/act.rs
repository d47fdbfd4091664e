//! What each action does: here where it means the same on every tab, else the page is asked.

use super::{App, Effect, Entry, Frozen};
use crate::model::{FindingId, Request};
use crate::tui::filter::Filter;
use crate::tui::keymap::Action;
use crate::tui::page::{Answer, Room, Tab, View};
use crate::tui::popup::{Help, Palette, Popup, Reading, SortMenu, TimeEntry};
use crate::tui::story;
use crate::tui::theme::nearest;
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::time::Duration;
use tui_input::Input;

/// Intervals that `+` and `-` step through, in seconds.
const INTERVALS: [u64; 6] = [1, 2, 5, 10, 30, 60];

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
            Action::Mouse => {
                self.looks.mouse = !self.looks.mouse;
                self.say(if self.looks.mouse { "mouse on" } else { "mouse off" }, now);
                return vec![Effect::Mouse(self.looks.mouse)];
            }
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

    fn pace(&mut self, action: Action, now: DateTime<Utc>) -> Vec<Effect> {
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

    fn next_theme(&mut self, now: DateTime<Utc>) {
        let themes = &self.looks.themes;
        let at = themes.iter().position(|theme| theme.name == self.looks.theme.name).map_or(0, |at| at + 1);
        if let Some(theme) = themes.get(at % themes.len().max(1)) {
            self.looks.theme = theme.clone();
            self.say(format!("theme: {}", self.looks.theme.name), now);
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
            with_page!(self, now, |page, view| page.select(finding, &view));
        }
        self.say(format!("{} of {count}: {}", next + 1, finding.title), now);
        effects
    }
}
