//! Themes: a name for every meaning, and the look that a TOML file gives it.
//!
//! Pages ask for a meaning (`theme.alert`), never for a colour. Reading user themes from disk is not done here.

use super::color::{ColorDepth, to_256};
use crate::model::{Level, SensorState};
use ratatui::style::{Color, Modifier, Style};
use std::collections::BTreeMap;
use thiserror::Error;

/// A theme that cannot be used, in words for the person who wrote or named it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ThemeError {
    /// No theme has this name.
    #[error("no theme is called `{name}`; did you mean `{nearest}`? (known: {known})")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The name that looks most like it.
        nearest: String,
        /// All names.
        known: String,
    },
    /// The file is not TOML of the right shape.
    #[error("theme `{name}`: {message}")]
    Syntax {
        /// The theme.
        name: String,
        /// What the parser says, with the line.
        message: String,
    },
    /// A meaning that no page asks for.
    #[error("theme `{name}`: no token is called `{token}`; did you mean `{nearest}`?")]
    Token {
        /// The theme.
        name: String,
        /// The key in the file.
        token: String,
        /// The token that looks most like it.
        nearest: String,
    },
    /// A look that cannot be read.
    #[error(
        "theme `{name}`, token `{token}`: `{word}` is neither a colour (red, bright-red, #rrggbb, default, a name of [palette]) nor bold, dim, italic, underline or reverse"
    )]
    Look {
        /// The theme.
        name: String,
        /// The key in the file.
        token: String,
        /// The word that was not understood.
        word: String,
    },
}

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
    ("terminal", include_str!("../../themes/terminal.toml")),
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("mono", include_str!("../../themes/mono.toml")),
    ("cb-safe", include_str!("../../themes/cb-safe.toml")),
    ("high-contrast", include_str!("../../themes/high-contrast.toml")),
    ("gruvbox", include_str!("../../themes/gruvbox.toml")),
    ("nord", include_str!("../../themes/nord.toml")),
    ("tokyo-night", include_str!("../../themes/tokyo-night.toml")),
    ("catppuccin", include_str!("../../themes/catppuccin.toml")),
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

/// Loads a theme by name. A user theme (name, TOML text) goes before an embedded one of the same name.
///
/// # Errors
/// An unknown name gives the nearest one; a file with mistakes names the token and the word.
pub fn load(name: &str, user_themes: &[(String, String)]) -> Result<Theme, ThemeError> {
    let user = user_themes.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let mut known = user.chain(EMBEDDED.iter().copied());
    if let Some((_, text)) = known.clone().find(|(known, _)| *known == name) {
        return parse(name, text);
    }
    let names: Vec<&str> = known.by_ref().map(|(name, _)| name).collect();
    Err(ThemeError::Unknown {
        name: name.to_owned(),
        nearest: nearest(name, &names).to_owned(),
        known: names.join(", "),
    })
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    palette: BTreeMap<String, String>,
    tokens: BTreeMap<String, String>,
}

fn parse(name: &str, text: &str) -> Result<Theme, ThemeError> {
    let file: File = toml::from_str(text)
        .map_err(|error| ThemeError::Syntax { name: name.to_owned(), message: error.to_string() })?;
    let mut theme = Theme::named(name);
    let look = |token: &str, words: &str| {
        style(words, &file.palette).map_err(|word| ThemeError::Look {
            name: name.to_owned(),
            token: token.to_owned(),
            word,
        })
    };
    for (token, words) in &file.tokens {
        let style = look(token, words)?;
        *theme.token_mut(token).ok_or_else(|| ThemeError::Token {
            name: name.to_owned(),
            token: token.clone(),
            nearest: nearest(token, Theme::TOKENS).to_owned(),
        })? = style;
    }
    // A token that the file leaves out looks like ordinary text; a background holds everywhere.
    let text = theme.text;
    for token in Theme::TOKENS {
        if let Some(style) = theme.token_mut(token) {
            *style = text.remove_modifier(Modifier::all()).patch(*style);
        }
    }
    Ok(theme)
}

/// Reads `red bold on #202020`; answers the word that it does not know.
fn style(words: &str, palette: &BTreeMap<String, String>) -> Result<Style, String> {
    let mut style = Style::new();
    let mut background = false;
    for word in words.split_whitespace() {
        match word {
            "on" => background = true,
            "bold" => style = style.add_modifier(Modifier::BOLD),
            "dim" => style = style.add_modifier(Modifier::DIM),
            "italic" => style = style.add_modifier(Modifier::ITALIC),
            "underline" => style = style.add_modifier(Modifier::UNDERLINED),
            "reverse" => style = style.add_modifier(Modifier::REVERSED),
            _ => {
                let color = palette.get(word).map_or(word, String::as_str);
                let color = named_color(color).ok_or_else(|| word.to_owned())?;
                style = if background { style.bg(color) } else { style.fg(color) };
                background = false;
            }
        }
    }
    Ok(style)
}

fn named_color(word: &str) -> Option<Color> {
    if let Some(hex) = word.strip_prefix('#') {
        let value = u32::from_str_radix(hex, 16).ok().filter(|_| hex.len() == 6)?;
        return Some(Color::Rgb((value >> 16) as u8, (value >> 8) as u8, value as u8));
    }
    Some(match word {
        "default" => Color::Reset,
        "black" => Color::Black,
        "red" => Color::Red,
        "green" => Color::Green,
        "yellow" => Color::Yellow,
        "blue" => Color::Blue,
        "magenta" => Color::Magenta,
        "cyan" => Color::Cyan,
        "white" => Color::Gray,
        "bright-black" => Color::DarkGray,
        "bright-red" => Color::LightRed,
        "bright-green" => Color::LightGreen,
        "bright-yellow" => Color::LightYellow,
        "bright-blue" => Color::LightBlue,
        "bright-magenta" => Color::LightMagenta,
        "bright-cyan" => Color::LightCyan,
        "bright-white" => Color::White,
        _ => return None,
    })
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

    #[test]
    fn every_embedded_theme_loads_and_gives_every_token_a_look() {
        assert_eq!(NAMES, EMBEDDED.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        for (name, text) in EMBEDDED {
            load(name, &[]).unwrap();
            let file: File = toml::from_str(text).unwrap();
            for token in Theme::TOKENS {
                assert!(file.tokens.contains_key(*token), "{name} says nothing about {token}");
            }
        }
    }

    #[test]
    fn mistakes_in_a_theme_name_the_nearest_right_word() {
        assert!(load("grovbox", &[]).unwrap_err().to_string().contains("did you mean `gruvbox`"));
        let user = |text: &str| vec![("mine".to_owned(), text.to_owned())];
        let error = load("mine", &user("[tokens]\nalrt = 'red'")).unwrap_err();
        assert!(error.to_string().contains("did you mean `alert`"), "{error}");
        let error = load("mine", &user("[tokens]\nalert = 'rde bold'")).unwrap_err();
        assert!(error.to_string().contains("`rde`"), "{error}");
        assert!(matches!(load("mine", &user("[tokens")), Err(ThemeError::Syntax { .. })));
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

    /// WCAG 2.1, relative luminance and contrast ratio.
    fn contrast(a: Color, b: Color) -> f64 {
        let luminance = |color: Color| {
            let Color::Rgb(r, g, b) = color else { panic!("{color:?} is no RGB colour") };
            let part = |value: u8| {
                let value = f64::from(value) / 255.0;
                if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_text_of_a_theme_with_its_own_colours_can_be_read() {
        for name in NAMES.iter().filter(|name| !["terminal", "mono"].contains(name)) {
            for (token, style) in load(name, &[]).unwrap().tokens() {
                if matches!(token, "rule" | "border" | "meter_empty" | "graph") {
                    continue; // not text
                }
                let (fg, bg) = (style.fg.unwrap(), style.bg.unwrap());
                let ratio = contrast(fg, bg);
                assert!(ratio >= 4.5, "{name} {token}: {ratio:.2}:1");
            }
        }
    }

    /// How a colour looks to people without one kind of cone, as linear RGB (Vienot, Brettel and Mollon 1999).
    fn seen_without(cone: &str, color: Color) -> [f64; 3] {
        let Color::Rgb(r, g, b) = color else { panic!("{color:?} is no RGB colour") };
        let [r, g, b] = [r, g, b].map(|value| (f64::from(value) / 255.0).powf(2.2));
        match cone {
            "red" => [0.112_38 * r + 0.887_62 * g, 0.112_38 * r + 0.887_62 * g, 0.004 * r - 0.004 * g + b],
            _ => [0.292_75 * r + 0.707_25 * g, 0.292_75 * r + 0.707_25 * g, -0.022_34 * r + 0.022_34 * g + b],
        }
    }

    #[test]
    fn the_levels_of_cb_safe_stay_apart_without_red_or_green_cones() {
        let theme = load("cb-safe", &[]).unwrap();
        let levels = [theme.alert, theme.warning, theme.ok, theme.info].map(|style| style.fg.unwrap());
        for cone in ["red", "green"] {
            for (at, a) in levels.iter().enumerate() {
                for b in &levels[at + 1..] {
                    let (a, b) = (seen_without(cone, *a), seen_without(cone, *b));
                    let apart = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                    assert!(apart > 0.2, "without {cone} cones: {a:.2?} and {b:.2?} are {apart:.2} apart");
                }
            }
        }
    }
}
