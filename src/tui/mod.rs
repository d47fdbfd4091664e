//! Shows: the full-screen view. The verdict first, why next, then what cannot be seen, then the machine.
//!
//! It hears snapshots and asks the heartbeat; it never reads the machine, judges, or touches a file. `app` is its
//! pure core, `event` the loop around it, `screen` the terminal.

pub mod app;
pub mod chrome;
mod clipboard;
mod color;
pub mod concern;
mod event;
pub mod export;
pub mod filter;
pub mod glyphs;
pub mod hands;
pub(crate) mod hangup;
pub mod keymap;
pub mod names;
pub mod page;
pub mod pages;
pub mod past;
pub mod popup;
pub mod preferences;
pub mod redact;
mod screen;
mod stats;
pub mod story;
pub mod theme;
mod tiny;
pub mod trail;
pub mod widgets;
pub mod wire;
pub mod words;

pub use color::ColorDepth;
pub use event::{Ending, run};

use crate::model::{Level, Request, Snapshot, Zone};
use crate::outputs::journal::Reader;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A moment that is farther than this from the time that was asked for is said to be another: moments are kept at
/// most five minutes apart while something runs.
pub const FAR: TimeDelta = TimeDelta::minutes(6);

/// How the screen looks and listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Name of a theme, embedded or from the themes directory. Default: `terminal`.
    pub theme: String,
    /// Which signs to draw with: `blocks`, `braille` or `ascii`. Default: `blocks`.
    pub glyphs: glyphs::GlyphSet,
    /// The mouse is on from the beginning; off, the terminal selects text. Default: false.
    pub mouse: bool,
    /// Columns that are not drawn, by the words over them: `["THR"]`. Default: none.
    pub hidden_columns: Vec<String>,
    /// Which keys to begin with: `default`, `htop` or `vim`. Default: `default`.
    pub preset: keymap::Preset,
    /// Other keys for commands, by the command's name in the palette: `freeze = ["F8"]`. Default: none.
    pub keys: BTreeMap<String, Vec<String>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: "terminal".to_owned(),
            glyphs: glyphs::GlyphSet::default(),
            mouse: false,
            hidden_columns: Vec::new(),
            preset: keymap::Preset::default(),
            keys: BTreeMap::new(),
        }
    }
}

/// All that the screen is given.
pub struct Setup {
    /// The newest beat; `None` before the first.
    pub snapshots: tokio::sync::watch::Receiver<Option<Arc<Snapshot>>>,
    /// Where requests to the heartbeat go.
    pub requests: std::sync::mpsc::Sender<Request>,
    /// The record, where one is kept.
    pub record: Option<Reader>,
    /// A moment of the record to show first.
    pub look_back: Option<DateTime<Utc>>,
    /// How it looks and listens.
    pub settings: Settings,
    /// Themes of the person, as read by the caller.
    pub user_themes: Vec<theme::File>,
    /// How much colour the terminal takes.
    pub color: ColorDepth,
    /// The mouse is on from the beginning, whatever the settings say.
    pub mouse: bool,
    /// The page of a rule; an error names the rule that was perhaps meant.
    pub explain: fn(&str) -> Result<String, String>,
    /// Draw with ASCII only, whatever the settings say.
    pub ascii: bool,
    /// Rows of lower levels are hidden.
    pub min_level: Level,
    /// Time between beats, as the heartbeat begins.
    pub interval: Duration,
    /// The zone in which times are shown.
    pub zone: Zone,
    /// What it can have done on the machine.
    pub hands: hands::Hands,
    /// Words to show until the first key and beside the help: the web page's address.
    pub notices: Vec<String>,
}
