//! The screen's state and what keys do to it: no terminal, no clock, no file.
//!
//! The loop in `run` brings events and the time, draws what changed, and carries out the effects.

/// Calls the page of the open tab with a view of everything else.
macro_rules! with_page {
    ($app:ident, $now:expr, |$page:ident, $view:ident| $body:expr) => {{
        let shown = $app.picture();
        let back = $app.frozen.as_ref().and_then(|held| held.back.as_ref());
        shown.map(|snapshot| {
            let $view = View {
                snapshot: &snapshot,
                trend: $app.frozen.as_ref().map_or(&$app.trend, |frozen| &frozen.trend),
                past: &$app.past,
                day: back.map_or(&$app.day, |back| &back.day),
                theme: &$app.looks.theme,
                glyphs: $app.looks.glyphs,
                now: $app.frozen.as_ref().map_or($now, |frozen| frozen.at),
                present: $app.frozen.as_ref().filter(|_| back.is_none()).map_or($now, |held| held.at),
                kept: back.map(|back| back.kept),
                zone: $app.looks.zone,
                min_level: $app.looks.min_level,
                room: Room::of($app.size.0, $app.size.1),
                redacted: $app.redacting,
                names: &$app.names,
                hidden_columns: &$app.looks.hidden_columns,
            };
            let $page = &mut $app.pages[$app.tab as usize];
            $body
        })
    }};
}

mod act;
mod effect;
mod frame;
mod keys;
mod look_up;
mod mouse;
mod prefer;
mod risk;
mod share;

pub use effect::{Chart, Effect};
pub use frame::lines;
pub use prefer::INTERVALS;

use super::chrome::Mode;
use super::filter::Filter;
use super::glyphs::{self, Glyphs};
use super::keymap::Keymap;
use super::names::NameBook;
use super::page::{Page, Room, Tab, View};
use super::pages;
use super::past::{Kept, Past, Recalled, Stretch, Told, Trend};
use super::popup::Popup;
use super::preferences::Preferences;
use super::theme::{self, Theme};
use super::{FAR, words};
use crate::model::{FindingId, Level, Request, Snapshot, Zone};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use std::time::Duration;
use tui_input::Input;

/// How long a word in the footer stays.
const SAID_FOR: TimeDelta = TimeDelta::seconds(6);

/// How old the curve of the last 24 hours may get.
const DAY_FRESH: TimeDelta = TimeDelta::minutes(30);

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
    /// Words to show until the first key, and beside the help.
    pub notices: Vec<String>,
    /// A record can be asked.
    pub has_record: bool,
    /// The mouse is on.
    pub mouse: bool,
    /// Titles of columns that are not drawn.
    pub hidden_columns: Vec<String>,
    /// Log lines can be asked for.
    pub has_logs: bool,
    /// The page of a rule; an error names the rule that was perhaps meant.
    pub explain: fn(&str) -> Result<String, String>,
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
            mouse: false,
            hidden_columns: Vec::new(),
            has_logs: false,
            explain: |asked| Err(format!("no page of {asked} is at hand")),
        }
    }
}

/// A picture that is held still, or a moment of the past.
struct Frozen {
    snapshot: Arc<Snapshot>,
    trend: Trend,
    at: DateTime<Utc>,
    back: Option<Back>,
}

/// What belongs to a moment that is looked back at.
struct Back {
    kept: Kept,
    day: Past,
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
    /// What was chosen when the program began.
    began: Preferences,
    names: NameBook,
    tab: Tab,
    pages: [Box<dyn Page>; 7],
    /// The newest beat.
    live: Option<Arc<Snapshot>>,
    frozen: Option<Frozen>,
    trend: Trend,
    past: Past,
    day: Past,
    day_asked: Option<DateTime<Utc>>,
    /// The stretch that History asked for last.
    charted: Option<Stretch>,
    /// The heartbeat was told that somebody looks at the connections.
    watches_connections: bool,
    popup: Option<Popup>,
    entry: Option<Entry>,
    said: Option<(String, DateTime<Utc>)>,
    /// A key was pressed since the notices were shown.
    notices_read: bool,
    /// The problem that `n` showed last.
    problem: Option<FindingId>,
    /// The risk that was accepted last on this screen.
    accepted: Option<FindingId>,
    /// Names and addresses have stand-ins; the beat that was redacted last, and how it reads then.
    redacting: bool,
    redacted: Option<(Arc<Snapshot>, Arc<Snapshot>)>,
    dirty: bool,
    size: (u16, u16),
}

impl App {
    /// A screen that has heard no beat yet.
    pub fn new(looks: Looks) -> Self {
        Self {
            past: if looks.has_record { Past::Unasked } else { Past::None },
            began: looks.preferences(),
            looks,
            names: NameBook::default(),
            tab: Tab::Overview,
            pages: pages::all(),
            live: None,
            frozen: None,
            trend: Trend::default(),
            day: Past::Unasked,
            day_asked: None,
            charted: None,
            watches_connections: false,
            popup: None,
            entry: None,
            said: None,
            notices_read: false,
            problem: None,
            accepted: None,
            redacting: false,
            redacted: None,
            dirty: true,
            size: (80, 24),
        }
    }

    fn shown(&self) -> Option<&Arc<Snapshot>> {
        self.frozen.as_ref().map(|frozen| &frozen.snapshot).or(self.live.as_ref())
    }

    /// What belongs to the moment that is looked back at, if one is.
    fn looking_back(&self) -> Option<&Back> {
        self.frozen.as_ref()?.back.as_ref()
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
        if self.looking_back().is_some() {
            // The tabs stay, the clock and the time axis go on.
            self.dirty = true;
            return self.wants(now);
        }
        if self.frozen.is_some() {
            return Vec::new();
        }
        self.refresh(now);
        self.wants(now)
    }

    /// Takes what the record told.
    pub fn remember(&mut self, chart: Chart, stretch: Stretch, told: Result<Told, String>) {
        if chart == Chart::History && self.charted.is_some_and(|asked| asked != stretch) {
            // Something else was asked for meanwhile.
            return;
        }
        let past = match told {
            Ok(record) => Past::Known(record),
            Err(why) => Past::Failed(why),
        };
        match chart {
            Chart::Day => self.day = past,
            Chart::History => self.past = past,
        }
        self.dirty = true;
    }

    /// Takes the moment that the record was asked for, and shows it on every tab.
    pub fn recall(
        &mut self,
        asked: DateTime<Utc>,
        told: Result<Option<Recalled>, String>,
        now: DateTime<Utc>,
    ) -> Vec<Effect> {
        let when = |at| words::when_exactly(at, now, self.looks.zone);
        let recalled = match told {
            Ok(Some(recalled)) => recalled,
            Ok(None) => {
                let says =
                    format!("no moment of {} or before is kept (see raw numbers on History)", when(asked));
                self.say(says, now);
                return Vec::new();
            }
            Err(why) => {
                self.say(format!("the record cannot be read: {why}"), now);
                return Vec::new();
            }
        };
        let at = recalled.snapshot.at;
        if asked - at > FAR {
            let says = format!("of {} nothing is kept; this is the last moment before it", when(asked));
            self.say(says, now);
        } else {
            self.said = None;
        }
        let Recalled { snapshot, kept, trend, day } = recalled;
        self.frozen = Some(Frozen { snapshot, trend, at, back: Some(Back { kept, day }) });
        let open = std::mem::replace(&mut self.tab, Tab::History);
        with_page!(self, now, |page, view| page.go_to(asked, &view));
        self.tab = open;
        self.refresh(now);
        self.wants(now)
    }

    /// Lets the open page take what is shown now.
    fn refresh(&mut self, now: DateTime<Utc>) {
        with_page!(self, now, |page, view| page.hear(&view));
        self.dirty = true;
    }

    /// What is missing on the screen: names, parts of the record.
    fn wants(&mut self, now: DateTime<Utc>) -> Vec<Effect> {
        let mut effects: Vec<Effect> = self.nameless().into_iter().collect();
        let watches = self.tab == Tab::Network && self.looking_back().is_none();
        if std::mem::replace(&mut self.watches_connections, watches) != watches {
            effects.push(Effect::Request(Request::WatchConnections(watches)));
        }
        if !self.looks.has_record {
            return effects;
        }
        if self.day_asked.is_none_or(|at| now - at > DAY_FRESH) {
            self.day_asked = Some(now);
            effects.push(Effect::Load(Chart::Day, Stretch::day_before(now)));
        }
        let wanted = with_page!(self, now, |page, view| page.wants(&view)).flatten();
        self.charted = wanted.or(self.charted);
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
        if let Some(frozen) = &self.frozen {
            return Some(if frozen.back.is_some() { Mode::LookingBack } else { Mode::Frozen });
        }
        let snapshot = self.live.as_ref()?;
        let age = now - snapshot.at;
        Some(if age > patience(snapshot) {
            Mode::Stale(age.num_seconds().unsigned_abs())
        } else {
            Mode::Live
        })
    }

    fn say(&mut self, words: impl Into<String>, now: DateTime<Utc>) {
        self.said = Some((words.into(), now));
        self.dirty = true;
    }

    fn copy(&mut self, text: String, now: DateTime<Utc>) -> Vec<Effect> {
        self.say(format!("copied: {}   (nothing arrived? press v)", crate::text::fit(&text, 60)), now);
        vec![Effect::Copy(text)]
    }
}

/// How old news may be before the screen says so.
fn patience(snapshot: &Snapshot) -> TimeDelta {
    TimeDelta::milliseconds((snapshot.interval_s * 3000.0) as i64 + 3000)
}
