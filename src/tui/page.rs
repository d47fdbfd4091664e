//! What a page is: a tab's contents, all that it may see, and what it may answer to a key.
//!
//! A page never does anything to the outside: it answers, and the app and the loop act.

use super::filter::Filter;
use super::glyphs::Glyphs;
use super::hands::Target;
use super::keymap::Action;
use super::names::NameBook;
use super::past::{Kept, Past, Stretch, Trend};
use super::theme::Theme;
use super::trail::Trail;
use super::widgets::prose::Para;
use super::widgets::table::{Hit, Listing};
use crate::model::{Category, Finding, FindingId, Level, Snapshot, Zone};
use chrono::{DateTime, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::net::IpAddr;

/// The pages, in the order of their tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Tab {
    #[default]
    Overview,
    Processes,
    Network,
    Auth,
    Logins,
    History,
    Findings,
}

impl Tab {
    /// All tabs in order.
    pub const ALL: [Self; 7] = [
        Self::Overview,
        Self::Processes,
        Self::Network,
        Self::Auth,
        Self::Logins,
        Self::History,
        Self::Findings,
    ];

    /// The tab's name.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Processes => "Processes",
            Self::Network => "Network",
            Self::Auth => "Auth",
            Self::Logins => "Logins",
            Self::History => "History",
            Self::Findings => "Findings",
        }
    }

    /// The name where room is short.
    pub const fn short(self) -> &'static str {
        match self {
            Self::Overview => "Over",
            Self::Processes => "Proc",
            Self::Network => "Net",
            Self::Auth => "Auth",
            Self::Logins => "Login",
            Self::History => "Hist",
            Self::Findings => "Find",
        }
    }

    /// The tab `steps` further, round and round.
    #[must_use]
    pub const fn step(self, steps: usize) -> Self {
        Self::ALL[(self as usize + steps) % Self::ALL.len()]
    }

    /// The tab on which a finding shows its row.
    pub fn of(finding: &Finding) -> Self {
        match finding.category {
            Category::Process => Self::Processes,
            Category::Network => Self::Network,
            Category::Auth => Self::Auth,
            Category::Health if finding.subject.contains_key("pid") => Self::Processes,
            Category::Health | Category::Integrity | Category::Posture | Category::Visibility => {
                Self::Findings
            }
        }
    }
}

/// How much room the whole screen has; layouts depend on it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Room {
    /// Less than 40 columns or 10 rows: the verdict, the worst finding, the clock.
    Tiny,
    /// One column, 40 and more.
    Narrow,
    /// 60 and more: columns drop by priority.
    Small,
    /// 80x22 and more: details replace the list.
    Standard,
    /// 100x28 and more: details under the list.
    Wide,
    /// 140x35 and more: three columns, details at the right.
    Full,
}

impl Room {
    /// The room of a screen.
    pub const fn of(width: u16, height: u16) -> Self {
        match (width, height) {
            (140.., 35..) => Self::Full,
            (100.., 28..) => Self::Wide,
            (80.., 20..) => Self::Standard,
            (60.., 10..) => Self::Small,
            (40.., 10..) => Self::Narrow,
            _ => Self::Tiny,
        }
    }
}

/// All that drawing sees. Nothing in it changes while a frame is drawn; the clock is `now`.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The beat that is shown.
    pub snapshot: &'a Snapshot,
    /// The beats since the start.
    pub trend: &'a Trend,
    /// What the record told of the stretch that History shows.
    pub past: &'a Past,
    /// What the record told of the last 24 hours.
    pub day: &'a Past,
    /// The looks.
    pub theme: &'a Theme,
    /// The signs.
    pub glyphs: &'static Glyphs,
    /// The time of what is shown: the time of this frame, or the moment that is looked back at.
    pub now: DateTime<Utc>,
    /// The time of this frame, also while looking back.
    pub present: DateTime<Utc>,
    /// While looking back: how long the lists were of which a part was kept.
    pub kept: Option<Kept>,
    /// The zone in which times are shown.
    pub zone: Zone,
    /// Rows of lower levels are hidden.
    pub min_level: Level,
    /// How much room the screen has.
    pub room: Room,
    /// Names and addresses have stand-ins.
    pub redacted: bool,
    /// Names of addresses, where they are wanted.
    pub names: &'a NameBook,
    /// Titles of columns that are not drawn.
    pub hidden_columns: &'a [String],
}

/// What a page answers to a key that it knows.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Done; draw again.
    Done,
    /// Open a sheet of text.
    Sheet(Sheet),
    /// Open the story of a finding.
    Story(FindingId),
    /// Put this on the clipboard.
    Copy(String),
    /// Say this in the last line.
    Say(String),
    /// Pin this process, to send it a signal.
    Pin(Box<Target>),
    /// Show every tab as it was at this time.
    LookBack(DateTime<Utc>),
    /// Show the log lines of this.
    Trail(Box<Trail>),
    /// Open the filter line with this in it.
    FilterBy(String),
}

/// A sheet of text over the page.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: Vec<Para>,
    /// What `y` copies.
    pub copy: Option<String>,
    /// What `Y` copies.
    pub fix: Option<String>,
}

/// A tab's contents.
pub trait Page {
    /// Takes a new beat, or a change of what is to be shown.
    fn hear(&mut self, view: &View<'_>);

    /// Draws everything between the tabs and the footer.
    fn draw(&mut self, buf: &mut Buffer, area: Rect, view: &View<'_>);

    /// Answers an action; `None` when it means nothing here.
    fn act(&mut self, action: Action, view: &View<'_>) -> Option<Answer>;

    /// The stretch of the past that it wants to be read, if what it has does not do.
    fn wants(&mut self, _view: &View<'_>) -> Option<Stretch> {
        None
    }

    /// Goes to a time.
    fn go_to(&mut self, _at: DateTime<Utc>, _view: &View<'_>) {}

    /// The list that filter and sort keys work on.
    fn list(&mut self) -> Option<&mut dyn Listing> {
        None
    }

    /// Titles of the columns that can be hidden.
    fn columns(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// The addresses that it shows, whose names may be wanted.
    fn addresses(&self) -> Vec<IpAddr> {
        Vec::new()
    }

    /// Takes a click; `None` when nothing of the page is there.
    fn click(&mut self, at: Position) -> Option<Hit> {
        self.list()?.click(at)
    }

    /// The filter that is in force.
    fn filter(&self) -> Option<&Filter> {
        None
    }

    /// Puts a filter in force.
    fn set_filter(&mut self, _filter: Filter, _view: &View<'_>) {}

    /// The finding that the selected row is about, accepted ones too.
    fn concern<'a>(&self, _view: &View<'a>) -> Option<&'a Finding> {
        None
    }

    /// Selects the row of a finding; false when it has none here.
    fn select(&mut self, _finding: &Finding, _view: &View<'_>) -> bool {
        false
    }
}
