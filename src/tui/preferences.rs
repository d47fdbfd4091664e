//! What a person can change while the screen is open, and the lines of the configuration that keep it.
//!
//! Nothing is written: the configuration belongs to the person.

use super::glyphs::GlyphSet;
use crate::model::Level;
use std::time::Duration;

/// Where the lines belong.
pub const KEPT_IN: &str = "~/.config/home-soc/config.toml";

/// The choices that are in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferences {
    /// Time between beats.
    pub interval: Duration,
    /// Rows of lower levels are hidden.
    pub min_level: Level,
    /// Name of the theme.
    pub theme: String,
    /// Which signs are drawn.
    pub glyphs: GlyphSet,
    /// The mouse is on.
    pub mouse: bool,
    /// Titles of columns that are not drawn.
    pub hidden_columns: Vec<String>,
}

impl Preferences {
    /// The lines of the configuration that keep what differs from `began`; none when nothing does.
    pub fn to_keep(&self, began: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.interval != began.interval {
            lines.push(format!("interval_s = {:?}", self.interval.as_secs_f64()));
        }
        if self.min_level != began.min_level {
            lines.push(format!("min_level = \"{}\"", level(self.min_level)));
        }
        let mut screen = Vec::new();
        if self.theme != began.theme {
            screen.push(format!("theme = {:?}", self.theme));
        }
        if self.glyphs != began.glyphs {
            screen.push(format!("glyphs = \"{}\"", self.glyphs.name()));
        }
        if self.mouse != began.mouse {
            screen.push(format!("mouse = {}", self.mouse));
        }
        if self.hidden_columns != began.hidden_columns {
            screen.push(format!("hidden_columns = {:?}", self.hidden_columns));
        }
        if !screen.is_empty() {
            lines.push("[screen]".to_owned());
            lines.append(&mut screen);
        }
        lines
    }
}

/// The name of a level, as the configuration has it.
pub const fn level(level: Level) -> &'static str {
    match level {
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Alert => "alert",
    }
}
