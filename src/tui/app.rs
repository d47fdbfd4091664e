//! The screen's state and what keys do to it: no terminal, no clock, no file.
//!
//! The loop in `run` brings events and the time, draws what changed, and carries out the effects.

use super::chrome::{self, Mode};
use super::filter::Filter;
use super::glyphs::{self, Glyphs};
use super::keymap::{Action, Chord, Keymap};
use super::page::{Answer, Page, Room, Tab, View};
use super::pages;
use super::past::{Past, Stretch, Trend};
use super::popup::{Popup, Reply};
use super::story;
use super::theme::{self, Theme};
use super::tiny;
use super::widgets::pen::{Pen, put, rule, wash};
use crate::model::{FindingId, History, Level, Request, Snapshot, Zone};
use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use std::sync::Arc;
use std::time::Duration;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

/// Intervals that `+` and `-` step through, in seconds.
const INTERVALS: [u64; 6] = [1, 2, 5, 10, 30, 60];

/// How long a word in the footer stays.
const SAID_FOR: TimeDelta = TimeDelta::seconds(6);

/// Columns of the curve of the last 24 hours, and how old it may get.
const DAY_COLUMNS: usize = 96;
const DAY_FRESH: TimeDelta = TimeDelta::minutes(30);

/// What the loop has to do after an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Ask the heartbeat.
    Request(Request),
    /// Read a stretch of the record for a chart.
    Load(Chart, Stretch),
    /// Put this on the clipboard.
    Copy(String),
    /// Leave the full screen, print this, wait for a key.
    Plain(String),
    /// Stop as `^Z` does.
    Suspend,
    /// Send the whole frame again.
    Redraw,
    /// End.
    Quit,
}

/// What a stretch of the record is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chart {
    /// The curve of the last 24 hours on Overview.
    Day,
    /// The page History.
    History,
}

/// How the screen is to begin.
#[derive(Debug)]
pub struct Looks {
    /// The theme, fitted to the terminal.
    pub theme: Theme,
    /// Themes that `:theme` goes through, fitted, in order.
    pub themes: Vec<Theme>,
    /// The signs.
    pub glyphs: &'static Glyphs,
    /// The keys.
    pub keymap: Keymap,
    /// Rows of lower levels are hidden.
    pub min_level: Level,
    /// Time between beats.
    pub interval: Duration,
    /// The zone in which times are shown.
    pub zone: Zone,
    /// Words to show until the first key.
    pub notices: Vec<String>,
    /// A record can be asked.
    pub has_record: bool,
}

impl Default for Looks {
    fn default() -> Self {
        Self {
            theme: theme::load("terminal", &[])
                .unwrap_or_else(|_| unreachable!("embedded themes are tested")),
            themes: Vec::new(),
            glyphs: &glyphs::BLOCKS,
            keymap: Keymap::default(),
            min_level: Level::Info,
            interval: Duration::from_secs(10),
            zone: Zone::default(),
            notices: Vec::new(),
            has_record: false,
        }
    }
}

/// A filter being typed.
struct Entry {
    input: Input,
    before: Filter,
    wrong: Option<String>,
}

/// The screen.
pub struct App {
    looks: Looks,
    tab: Tab,
    pages: [Box<dyn Page>; 7],
    /// The newest beat.
    live: Option<Arc<Snapshot>>,
    /// The beat that is held still, and since when.
    frozen: Option<(Arc<Snapshot>, DateTime<Utc>)>,
    trend: Trend,
    past: Past,
    day: Past,
    day_asked: Option<DateTime<Utc>>,
    popup: Option<Popup>,
    entry: Option<Entry>,
    said: Option<(String, DateTime<Utc>)>,
    /// The problem that `n` showed last.
    problem: Option<FindingId>,
    dirty: bool,
    size: (u16, u16),
}

/// Calls the page of the open tab with a view of everything else.
macro_rules! with_page {
    ($app:ident, $now:expr, |$page:ident, $view:ident| $body:expr) => {{
        let shown = $app.shown().cloned();
        shown.map(|snapshot| {
            let $view = View {
                snapshot: &snapshot,
                trend: &$app.trend,
                past: &$app.past,
                day: &$app.day,
                theme: &$app.looks.theme,
                glyphs: $app.looks.glyphs,
                now: $app.frozen.as_ref().map_or($now, |(_, at)| *at),
                zone: $app.looks.zone,
                min_level: $app.looks.min_level,
                room: Room::of($app.size.0, $app.size.1),
            };
            let $page = &mut $app.pages[$app.tab as usize];
            $body
        })
    }};
}

impl App {
    /// A screen that has heard no beat yet.
    pub fn new(looks: Looks) -> Self {
        Self {
            past: if looks.has_record { Past::Unasked } else { Past::None },
            looks,
            tab: Tab::Overview,
            pages: [
                Box::new(pages::overview::Overview::default()),
                Box::new(pages::processes::Processes::default()),
                Box::new(pages::network::Network::default()),
                Box::new(pages::auth::Auth::default()),
                Box::new(pages::logins::Logins::default()),
                Box::new(pages::history::History::default()),
                Box::new(pages::findings::Findings::default()),
            ],
            live: None,
            frozen: None,
            trend: Trend::default(),
            day: Past::Unasked,
            day_asked: None,
            popup: None,
            entry: None,
            said: None,
            problem: None,
            dirty: true,
            size: (80, 24),
        }
    }

    fn shown(&self) -> Option<&Arc<Snapshot>> {
        self.frozen.as_ref().map(|(snapshot, _)| snapshot).or(self.live.as_ref())
    }

    /// The tab that is open.
    pub const fn tab(&self) -> Tab {
        self.tab
    }

    /// True when something changed that the last frame does not show.
    pub const fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Takes a new beat. While the picture is held still nothing of it is drawn.
    pub fn hear(&mut self, snapshot: Arc<Snapshot>, now: DateTime<Utc>) -> Vec<Effect> {
        self.trend.hear(&snapshot);
        self.live = Some(snapshot);
        if self.frozen.is_some() {
            return Vec::new();
        }
        self.refresh(now);
        self.wants(now)
    }

    /// Takes what the record told.
    pub fn remember(&mut self, chart: Chart, stretch: Stretch, told: Result<History, String>) {
        let past = match told {
            Ok(history) => Past::Known { stretch, history },
            Err(why) => Past::Failed(why),
        };
        match chart {
            Chart::Day => self.day = past,
            Chart::History => self.past = past,
        }
        self.dirty = true;
    }

    /// Lets the open page take what is shown now.
    fn refresh(&mut self, now: DateTime<Utc>) {
        with_page!(self, now, |page, view| page.hear(&view));
        self.dirty = true;
    }

    /// What of the record is missing on the screen.
    fn wants(&mut self, now: DateTime<Utc>) -> Vec<Effect> {
        if !self.looks.has_record {
            return Vec::new();
        }
        let mut effects = Vec::new();
        if self.day_asked.is_none_or(|at| now - at > DAY_FRESH) {
            self.day_asked = Some(now);
            let stretch = Stretch { from: now - TimeDelta::hours(24), to: now, columns: DAY_COLUMNS };
            effects.push(Effect::Load(Chart::Day, stretch));
        }
        let wanted = with_page!(self, now, |page, view| page.wants(&view)).flatten();
        effects.extend(wanted.map(|stretch| Effect::Load(Chart::History, stretch)));
        effects
    }

    /// When something will look different although nothing happens: a word goes, the news gets old.
    pub fn next_tick(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let said = self.said.as_ref().map(|(_, at)| *at + SAID_FOR);
        let stale = self.live.as_ref().filter(|_| self.frozen.is_none()).map(|snapshot| {
            let due = snapshot.at + patience(snapshot);
            if due > now { due } else { now + TimeDelta::seconds(10) }
        });
        said.into_iter().chain(stale).min()
    }

    /// Takes the time at which a tick was due.
    pub fn tick(&mut self, now: DateTime<Utc>) {
        if self.said.as_ref().is_some_and(|(_, at)| now >= *at + SAID_FOR) {
            self.said = None;
            self.dirty = true;
        }
        self.dirty |= matches!(self.mode(now), Some(Mode::Stale(_)));
    }

    fn mode(&self, now: DateTime<Utc>) -> Option<Mode> {
        if self.frozen.is_some() {
            return Some(Mode::Frozen);
        }
        let snapshot = self.live.as_ref()?;
        let age = now - snapshot.at;
        Some(if age > patience(snapshot) {
            Mode::Stale(age.num_seconds().unsigned_abs())
        } else {
            Mode::Live
        })
    }

    /// Takes a key, a paste or a new size.
    pub fn handle(&mut self, event: &Event, now: DateTime<Utc>) -> Vec<Effect> {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => {
                self.dirty = true;
                self.looks.notices.clear();
                self.key(*key, now)
            }
            Event::Paste(text) => {
                self.dirty = true;
                self.paste(text, now);
                Vec::new()
            }
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
            for c in text.chars().filter(|c| !c.is_control()).take(200) {
                entry.input.handle(tui_input::InputRequest::InsertChar(c));
            }
            self.filter_changed(now);
        }
    }

    fn key(&mut self, key: KeyEvent, now: DateTime<Utc>) -> Vec<Effect> {
        let action = self.looks.keymap.find(self.tab, Chord::of(&key));
        if let Some(popup) = &mut self.popup {
            match popup.key(key, action, &self.looks.keymap, self.tab) {
                Reply::Stay => return Vec::new(),
                Reply::Close => {
                    self.popup = None;
                    return Vec::new();
                }
                Reply::Do(action) => {
                    self.popup = None;
                    return self.act(action, now);
                }
                Reply::Sort(column) => {
                    self.popup = None;
                    if let Some(list) = self.pages[self.tab as usize].list() {
                        list.sort_by(column);
                    }
                    return Vec::new();
                }
                Reply::Copy(text) => return self.copy(text, now),
                Reply::NotMine => {
                    if !matches!(self.popup, Some(Popup::Help { .. })) {
                        self.popup = None;
                    }
                }
            }
        } else if self.entry.is_some() {
            return self.type_filter(key, now);
        }
        action.map_or_else(Vec::new, |action| self.act(action, now))
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
    fn filter_changed(&mut self, now: DateTime<Utc>) {
        let Some(entry) = &mut self.entry else { return };
        match Filter::parse(entry.input.value()) {
            Ok(filter) => {
                entry.wrong = None;
                with_page!(self, now, |page, view| page.set_filter(filter, &view));
            }
            Err(why) => entry.wrong = Some(why),
        }
    }

    fn say(&mut self, words: impl Into<String>, now: DateTime<Utc>) {
        self.said = Some((words.into(), now));
        self.dirty = true;
    }

    fn copy(&mut self, text: String, now: DateTime<Utc>) -> Vec<Effect> {
        self.say(format!("copied: {}   (nothing arrived? press v)", crate::text::fit(&text, 60)), now);
        vec![Effect::Copy(text)]
    }

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
            Action::Filter => self.begin_filter(),
            Action::SortMenu => self.sort_menu(),
            Action::Measure => {
                self.say("measuring now, and looking again at what I could not see", now);
                return vec![Effect::Request(Request::CheckAgain)];
            }
            Action::Slower | Action::Faster => return self.pace(action, now),
            Action::Plain => return vec![Effect::Plain(self.plain(now))],
            Action::Coverage => {
                let sheet = with_page!(self, now, |_page, view| story::coverage(view.snapshot, &view));
                self.popup = sheet.map(Popup::sheet);
            }
            Action::NextTheme => self.next_theme(now),
            Action::Palette => self.popup = Some(Popup::palette()),
            Action::Help => self.popup = Some(Popup::help()),
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
            Some(Answer::Sheet(sheet)) => self.popup = Some(Popup::sheet(sheet)),
            Some(Answer::Story(id)) => self.open_story(&id, now),
            Some(Answer::Copy(text)) => return self.copy(text, now),
            Some(Answer::Say(words)) => self.say(words, now),
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
        self.popup = sheet.flatten().map(Popup::sheet);
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

    fn freeze(&mut self, now: DateTime<Utc>) {
        self.frozen = match (self.frozen.take(), &self.live) {
            (None, Some(snapshot)) => Some((Arc::clone(snapshot), now)),
            _ => None,
        };
        self.refresh(now);
    }

    fn begin_filter(&mut self) {
        if let Some(filter) = self.pages[self.tab as usize].filter() {
            let input = Input::new(filter.source().to_owned());
            self.entry = Some(Entry { input, before: filter.clone(), wrong: None });
        }
    }

    fn sort_menu(&mut self) {
        if let Some(list) = self.pages[self.tab as usize].list() {
            let mut items = vec![(None, "attention: worst first")];
            items.extend(list.sorts().into_iter().map(|(place, title)| (Some(place), title)));
            let chosen = items.iter().position(|(place, _)| *place == list.sorted_by()).unwrap_or(0);
            self.popup = Some(Popup::Sort { items, chosen });
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
        self.looks.interval = Duration::from_secs(next);
        self.say(format!("measuring every {next} s"), now);
        vec![Effect::Request(Request::Interval(self.looks.interval))]
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
        let Some(snapshot) = self.shown().cloned() else { return Vec::new() };
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
        let mut effects = self.go(Tab::of(finding.category), now);
        let here = with_page!(self, now, |page, view| page.select(finding, &view)).unwrap_or(false);
        if !here {
            effects.extend(self.go(Tab::Findings, now));
            with_page!(self, now, |page, view| page.select(finding, &view));
        }
        self.say(format!("{} of {count}: {}", next + 1, finding.title), now);
        effects
    }

    /// The page as plain text, as long as it is.
    fn plain(&mut self, now: DateTime<Utc>) -> String {
        let size = self.size;
        self.size = (size.0.clamp(80, 200), 400);
        let area = Rect::new(0, 0, self.size.0, self.size.1);
        let mut buf = Buffer::empty(area);
        with_page!(self, now, |page, view| {
            chrome::header(&mut buf, Rect { height: 1, ..area }, &view, Mode::Live);
            page.draw(&mut buf, Rect { y: 1, height: area.height - 1, ..area }, &view);
        });
        self.size = size;
        lines(&buf)
    }

    /// Draws everything; answers where the cursor stands while text is typed.
    pub fn draw(&mut self, buf: &mut Buffer, now: DateTime<Utc>) -> Option<Position> {
        let screen = buf.area;
        self.size = (screen.width, screen.height);
        self.dirty = false;
        wash(buf, screen, self.looks.theme.text);
        if screen.width == 0 || screen.height == 0 {
            return None;
        }
        let mode = self.mode(now).unwrap_or(Mode::Live);
        let said = self.said.as_ref().map(|(words, _)| words.clone());
        let said = said.or_else(|| (!self.looks.notices.is_empty()).then(|| self.looks.notices.join("  ")));
        let tab = self.tab;
        let drawn = with_page!(self, now, |page, view| {
            if view.room == Room::Tiny {
                tiny::draw(buf, screen, &view, mode);
                return;
            }
            let body = frame(buf, screen, &view, tab, mode, &self.looks.keymap, said.as_deref());
            page.draw(buf, body, &view);
        });
        if drawn.is_none() {
            measuring(buf, screen, &self.looks, self.looks.notices.first());
            return None;
        }
        let mut cursor = self.draw_entry(buf, screen);
        if let Some(mut popup) = self.popup.take() {
            cursor = with_page!(self, now, |_page, view| {
                popup.draw(buf, screen, &view, &self.looks.keymap, tab)
            })
            .flatten();
            self.popup = Some(popup);
        }
        if self.looks.glyphs.ascii {
            to_ascii(buf);
        }
        cursor
    }

    /// The filter line, in the footer's place: being typed, or in force.
    fn draw_entry(&self, buf: &mut Buffer, screen: Rect) -> Option<Position> {
        let theme = &self.looks.theme;
        let y = screen.bottom() - 1;
        if let Some(entry) = &self.entry {
            let (look, why) = entry
                .wrong
                .as_ref()
                .map_or((theme.strong, String::new()), |why| (theme.warning, format!("   {why}")));
            wash(buf, Rect { y, height: 1, ..screen }, theme.text);
            let line = Line::from(vec![
                Span::styled(" filter: ", theme.title),
                Span::styled(entry.input.value().to_owned(), look),
                Span::styled(why, theme.warning),
            ]);
            put(buf, screen.x, y, &line, screen.width);
            let x = 9 + entry.input.visual_cursor() as u16;
            return Some(Position::new(x.min(screen.width - 1), y));
        }
        let filter = self.pages[self.tab as usize].filter().filter(|filter| !filter.is_empty())?;
        if screen.height > 2 {
            let words = format!(" filter: {}  (Esc clears) ", filter.source());
            let wide = crate::text::width(&words) as u16;
            let x = screen.right().saturating_sub(wide + 2);
            put(buf, x, y - 1, &Line::styled(words, theme.chip), screen.width - x);
        }
        None
    }
}

/// How old news may be before the screen says so.
fn patience(snapshot: &Snapshot) -> TimeDelta {
    TimeDelta::milliseconds((snapshot.interval_s * 3000.0) as i64 + 3000)
}

/// Draws header, tabs and footer, and gives what is left for the page.
fn frame(
    buf: &mut Buffer,
    screen: Rect,
    view: &View<'_>,
    tab: Tab,
    mode: Mode,
    keymap: &Keymap,
    said: Option<&str>,
) -> Rect {
    let row = |y: u16| Rect { y, height: 1, ..screen };
    chrome::header(buf, row(screen.y), view, mode);
    let mut top = screen.y + 1;
    if view.room > Room::Narrow {
        chrome::tabs(buf, row(top), view, tab);
        top += 1;
        rule(buf, row(top), "", view);
    } else {
        rule(buf, row(top), &format!("{} {}", tab as usize + 1, tab.title()), view);
    }
    top += 1;
    let bottom = screen.bottom() - 2;
    rule(buf, row(bottom), "", view);
    chrome::footer(buf, row(bottom + 1), view, tab, keymap, said);
    Rect { y: top, height: bottom.saturating_sub(top), ..screen }
}

/// The first frame, before the first beat.
fn measuring(buf: &mut Buffer, screen: Rect, looks: &Looks, notice: Option<&String>) {
    let mut pen = Pen::new(buf, screen);
    pen.skip(screen.height / 3);
    pen.line(Line::from(vec![
        Span::styled("  home-soc  ", looks.theme.strong),
        Span::raw("measuring: the first figures come in a moment."),
    ]));
    pen.line(Line::styled(
        "  CPU figures need two samples, so the very first ones are missing.",
        looks.theme.muted,
    ));
    if let Some(notice) = notice {
        pen.skip(1);
        pen.line(Line::styled(format!("  {notice}"), looks.theme.strong));
    }
    pen.skip(1);
    pen.line(Line::styled("  q quits", looks.theme.muted));
    if looks.glyphs.ascii {
        to_ascii(buf);
    }
}

/// The text of a frame, without blanks at the ends.
pub fn lines(buf: &Buffer) -> String {
    let mut text = String::new();
    for y in buf.area.top()..buf.area.bottom() {
        let mut line = String::new();
        let mut skip = 0;
        for x in buf.area.left()..buf.area.right() {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = buf[(x, y)].symbol();
            skip = crate::text::width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// Replaces everything that is not ASCII, so that nothing else can reach the terminal.
fn to_ascii(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if !cell.symbol().is_ascii() {
            let stand_in = cell.symbol().chars().next().map_or(' ', glyphs::ascii);
            cell.set_char(stand_in);
        }
    }
}
