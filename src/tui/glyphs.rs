//! The signs that are drawn, in a set for every terminal and a set for those without Unicode.
//!
//! No sign is wide, none is an emoji. Colours are not decided here.

use crate::model::{Level, SensorState};
use serde::{Deserialize, Serialize};

/// Which signs to draw with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GlyphSet {
    /// Block elements, present in nearly every font.
    #[default]
    Blocks,
    /// Braille dots in curves, where the font has them.
    Braille,
    /// Plain ASCII.
    Ascii,
}

impl GlyphSet {
    /// All sets.
    pub const ALL: [Self; 3] = [Self::Blocks, Self::Braille, Self::Ascii];

    /// Its name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blocks => "blocks",
            Self::Braille => "braille",
            Self::Ascii => "ascii",
        }
    }

    /// Its signs.
    pub const fn glyphs(self) -> &'static Glyphs {
        match self {
            Self::Blocks => &BLOCKS,
            Self::Braille => &BRAILLE,
            Self::Ascii => &ASCII,
        }
    }
}

/// One set of signs.
#[derive(Debug, PartialEq, Eq)]
pub struct Glyphs {
    alert: &'static str,
    warning: &'static str,
    info: &'static str,
    /// A check that passed.
    pub ok: &'static str,
    /// A sensor that cannot see.
    pub blind: &'static str,
    /// Stands before a value that is an upper bound.
    pub at_most: &'static str,
    /// Points lost.
    pub down: &'static str,
    /// Heights of a bar from nothing to full.
    pub bars: [&'static str; 9],
    /// Filled part of a meter.
    pub full: &'static str,
    /// Empty part of a meter.
    pub empty: &'static str,
    /// Horizontal rule.
    pub rule: &'static str,
    /// Marks the selected row.
    pub cursor: &'static str,
    /// A moment on the time axis.
    pub moment: &'static str,
    /// Points at a thing to choose.
    pub pointer: &'static str,
    /// Marks the column that a list is sorted by.
    pub sorted: &'static str,
    /// The same, reversed.
    pub sorted_reverse: &'static str,
    /// Comes from, belongs to.
    pub from: &'static str,
    /// A child in a tree, and the last child.
    pub branch: [&'static str; 2],
    /// Corners and sides of a popup: top left, top right, bottom left, bottom right, side.
    pub frame: [&'static str; 5],
    /// True for plain ASCII: nothing else may reach the terminal.
    pub ascii: bool,
}

/// Block elements.
pub const BLOCKS: Glyphs = Glyphs {
    alert: "■",
    warning: "▲",
    info: "·",
    ok: "✓",
    blind: "?",
    at_most: "≤",
    down: "▼",
    bars: [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    full: "█",
    empty: "░",
    rule: "─",
    cursor: "▌",
    moment: "┃",
    pointer: "▸",
    sorted: "▼",
    sorted_reverse: "▲",
    from: "←",
    branch: ["├ ", "└ "],
    frame: ["┌", "┐", "└", "┘", "│"],
    ascii: false,
};

/// Block elements, with curves of braille dots.
pub const BRAILLE: Glyphs =
    Glyphs { bars: [" ", "⡀", "⣀", "⣄", "⣤", "⣦", "⣶", "⣷", "⣿"], ..BLOCKS };

/// Plain ASCII.
pub const ASCII: Glyphs = Glyphs {
    alert: "!!",
    warning: "!",
    info: ".",
    ok: "ok",
    blind: "??",
    at_most: "<=",
    down: "v",
    bars: [" ", ".", ".", ":", "-", "-", "=", "=", "#"],
    full: "#",
    empty: "-",
    rule: "-",
    cursor: ">",
    moment: "|",
    pointer: ">",
    sorted: "v",
    sorted_reverse: "^",
    from: "<-",
    branch: ["|-", "`-"],
    frame: ["+", "+", "+", "+", "|"],
    ascii: true,
};

impl Glyphs {
    /// The shape of a level.
    pub const fn level(&self, level: Level) -> &'static str {
        match level {
            Level::Alert => self.alert,
            Level::Warning => self.warning,
            Level::Info => self.info,
        }
    }

    /// The shape of a sensor's state.
    pub const fn sensor(&self, state: SensorState) -> &'static str {
        match state {
            SensorState::Ok => self.ok,
            SensorState::Partial | SensorState::Blind => self.blind,
        }
    }

    /// The bar for a share of the whole, 0-1; a little is never drawn as nothing.
    pub fn bar(&self, share: f64) -> &'static str {
        let step = (share.clamp(0.0, 1.0) * 8.0).round() as usize;
        self.bars[step.clamp(1, 8)]
    }
}

/// The word of a level, as wide as the others.
pub const fn word(level: Level) -> &'static str {
    match level {
        Level::Alert => "ALERT",
        Level::Warning => "WARN ",
        Level::Info => "info ",
    }
}

/// The ASCII stand-in for a character: what looks like it, else `?`.
pub const fn ascii(c: char) -> char {
    match c {
        ' '..='~' => c,
        '─' | '–' | '—' | '░' => '-',
        '│' | '┃' | '├' => '|',
        '┌' | '┐' | '└' | '┘' => '+',
        '…' => '~',
        '▌' | '▸' | '→' => '>',
        '←' => '<',
        '↑' | '▲' => '^',
        '↓' | '▼' => 'v',
        '█' | '■' | '⣿' | '⣷' => '#',
        '·' => '.',
        '✓' => 'y',
        'ä' | 'á' | 'à' | 'â' => 'a',
        'ö' | 'ó' => 'o',
        'ü' | 'ú' => 'u',
        'é' | 'è' | 'ê' => 'e',
        _ => '?',
    }
}
