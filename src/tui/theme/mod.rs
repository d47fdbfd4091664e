//! Themes: a name for every meaning, and the look that a TOML file gives it.
//!
//! Pages ask for a meaning (`theme.alert`), never for a colour. Reading user themes from disk is not done here.

pub mod contrast;
mod file;
mod preview;

pub use file::{File, ThemeError};
pub use preview::{line, sample};

use super::color::{ColorDepth, to_256};
use crate::model::{Level, SensorState};
use ratatui::style::{Color, Style};

macro_rules! tokens {
    ($($(#[doc = $doc:literal])* $token:ident),+ $(,)?) => {
        /// A look for every meaning.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Theme {
            /// The theme's name.
            pub name: String,
            $($(#[doc = $doc])* pub $token: Style,)+
        }

        impl Theme {
            /// The names of all tokens, as they stand in a theme's file.
            pub const TOKENS: &'static [&'static str] = &[$(stringify!($token)),+];

            fn named(name: &str) -> Self {
                Self { name: name.to_owned(), $($token: Style::new(),)+ }
            }

            fn token_mut(&mut self, token: &str) -> Option<&mut Style> {
                match token {
                    $(stringify!($token) => Some(&mut self.$token),)+
                    _ => None,
                }
            }

            /// Every token with its look.
            pub fn tokens(&self) -> Vec<(&'static str, Style)> {
                vec![$((stringify!($token), self.$token)),+]
            }
        }
    };
}

tokens! {
    /// Ordinary text, and the background of everything.
    text,
    /// Text that says less: units, times, columns that nobody reads first.
    muted,
    /// Single rules between blocks.
    rule,
    /// The words on a rule and over a column.
    title,
    /// Text that the eye should find: names, the selected tab's words.
    strong,
    /// The header line.
    header,
    /// The tab that is open.
    tab,
    /// Keys in the footer and in the help.
    key,
    /// The selected row.
    selected,
    /// ALERT.
    alert,
    /// WARN.
    warning,
    /// info.
    info,
    /// ok.
    ok,
    /// A sensor that cannot see.
    blind,
    /// Curves and the filled part of meters.
    graph,
    /// Their upper part.
    graph_high,
    /// Their top.
    graph_top,
    /// The empty part of meters.
    meter_empty,
    /// The person at this screen: own rows, own address.
    you,
    /// A command that may be copied.
    command,
    /// FROZEN, LOOKING BACK, a filter that is in force.
    chip,
    /// A popup's border.
    border,
}

const EMBEDDED: &[(&str, &str)] = &[
    ("terminal", include_str!("../../../themes/terminal.toml")),
    ("dark", include_str!("../../../themes/dark.toml")),
    ("light", include_str!("../../../themes/light.toml")),
    ("mono", include_str!("../../../themes/mono.toml")),
    ("cb-safe", include_str!("../../../themes/cb-safe.toml")),
    ("high-contrast", include_str!("../../../themes/high-contrast.toml")),
    ("gruvbox", include_str!("../../../themes/gruvbox.toml")),
    ("nord", include_str!("../../../themes/nord.toml")),
    ("tokyo-night", include_str!("../../../themes/tokyo-night.toml")),
    ("catppuccin", include_str!("../../../themes/catppuccin.toml")),
];

/// The names of the themes that are always there.
pub const NAMES: &[&str] = &[
    "terminal",
    "dark",
    "light",
    "mono",
    "cb-safe",
    "high-contrast",
    "gruvbox",
    "nord",
    "tokyo-night",
    "catppuccin",
];

/// Loads a theme by name. A user theme goes before an embedded one of the same name.
///
/// # Errors
/// An unknown name gives the nearest one; a file with mistakes names its place, the line and the word.
pub fn load(name: &str, user_themes: &[File]) -> Result<Theme, ThemeError> {
    if let Some(file) = user_themes.iter().find(|file| file.name == name) {
        return file::parse(&file.name, &file.place, &file.text);
    }
    if let Some((_, text)) = EMBEDDED.iter().find(|(known, _)| *known == name) {
        return file::parse(name, &format!("the theme {name}"), text);
    }
    let names = names(user_themes);
    Err(ThemeError::Unknown {
        name: name.to_owned(),
        nearest: nearest(name, &names).to_owned(),
        known: names.join(", "),
    })
}

/// The names of all themes, the person's own first.
pub fn names(user_themes: &[File]) -> Vec<&str> {
    let mut names: Vec<&str> = user_themes.iter().map(|file| file.name.as_str()).collect();
    let embedded: Vec<&str> = NAMES.iter().copied().filter(|name| !names.contains(name)).collect();
    names.extend(embedded);
    names
}

impl Theme {
    /// Fits the theme to what the terminal can show: without colour `mono` stands in, with sixteen colours
    /// `terminal` does where the theme's own cannot be shown.
    #[must_use]
    pub fn at(mut self, depth: ColorDepth) -> Self {
        let stand_in = |name: &str| load(name, &[]).map(|theme| Self { name: self.name.clone(), ..theme });
        let has_rgb = self.tokens().iter().any(|(_, style)| {
            matches!(style.fg, Some(Color::Rgb(..))) || matches!(style.bg, Some(Color::Rgb(..)))
        });
        match depth {
            ColorDepth::Never => stand_in("mono").unwrap_or(self),
            ColorDepth::Ansi16 if has_rgb => stand_in("terminal").unwrap_or(self),
            ColorDepth::Ansi256 => {
                for token in Self::TOKENS {
                    if let Some(style) = self.token_mut(token) {
                        *style = to_256(*style);
                    }
                }
                self
            }
            ColorDepth::Ansi16 | ColorDepth::True => self,
        }
    }

    /// The look of a level.
    pub const fn level(&self, level: Level) -> Style {
        match level {
            Level::Alert => self.alert,
            Level::Warning => self.warning,
            Level::Info => self.info,
        }
    }

    /// The look of a sensor's state.
    pub const fn sensor(&self, state: SensorState) -> Style {
        match state {
            SensorState::Ok => self.ok,
            SensorState::Partial | SensorState::Blind => self.blind,
        }
    }

    /// The look of a share of the whole, 0-1.
    pub fn share(&self, share: f64) -> Style {
        match share {
            _ if share >= 0.9 => self.graph_top,
            _ if share >= 0.7 => self.graph_high,
            _ => self.graph,
        }
    }
}

/// The word that looks most like `wanted` (Levenshtein distance); empty when there is none to choose from.
pub(super) fn nearest<'a>(wanted: &str, known: &[&'a str]) -> &'a str {
    known.iter().copied().min_by_key(|word| edits(wanted, word)).unwrap_or("")
}

fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Modifier;

    #[test]
    fn every_embedded_theme_loads_and_gives_every_token_a_look() {
        assert_eq!(NAMES, EMBEDDED.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        for (name, text) in EMBEDDED {
            load(name, &[]).unwrap();
            let file: toml::Table = text.parse().unwrap();
            for token in Theme::TOKENS {
                assert!(file["tokens"].get(*token).is_some(), "{name} says nothing about {token}");
            }
        }
    }

    #[test]
    fn without_colour_only_bold_and_reverse_remain() {
        for name in NAMES {
            for (token, style) in load(name, &[]).unwrap().at(ColorDepth::Never).tokens() {
                let plain = |color: Option<Color>| color.is_none_or(|color| color == Color::Reset);
                assert!(plain(style.fg) && plain(style.bg), "{name} {token}");
                let allowed = Modifier::BOLD | Modifier::REVERSED;
                assert!(allowed.contains(style.add_modifier), "{name} {token}");
            }
        }
    }

    #[test]
    fn sixteen_colours_never_get_a_colour_they_cannot_show() {
        for name in NAMES {
            for (token, style) in load(name, &[]).unwrap().at(ColorDepth::Ansi16).tokens() {
                let shown = |color: Option<Color>| !matches!(color, Some(Color::Rgb(..) | Color::Indexed(_)));
                assert!(shown(style.fg) && shown(style.bg), "{name} {token}");
            }
        }
    }
}
