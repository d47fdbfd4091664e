//! A theme's file: what it may hold, and what is wrong with it, by line and with the nearest right word.

use super::{Theme, nearest};
use ratatui::style::{Color, Modifier, Style};
use std::collections::BTreeMap;
use thiserror::Error;

/// A theme of the person's own, as the caller read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The theme's name.
    pub name: String,
    /// Where it stands, for people.
    pub place: String,
    /// Its text.
    pub text: String,
}

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
    /// A line of its file is wrong.
    #[error("{place}, line {line}: {message}")]
    Wrong {
        /// The file.
        place: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong there, and what was probably meant.
        message: String,
    },
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    #[serde(default)]
    palette: BTreeMap<String, String>,
    tokens: BTreeMap<String, String>,
}

/// Reads the text of a theme.
pub(super) fn parse(name: &str, place: &str, text: &str) -> Result<Theme, ThemeError> {
    let wrong = |line: usize, message: String| ThemeError::Wrong { place: place.to_owned(), line, message };
    let shape: Shape = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start.min(text.len()));
        wrong(text[..at].split('\n').count(), error.message().to_owned())
    })?;
    let mut theme = Theme::named(name);
    for (token, words) in &shape.tokens {
        let look = style(words, &shape.palette).map_err(|word| {
            let mut known: Vec<&str> = shape.palette.keys().map(String::as_str).collect();
            known.extend(NAMED.iter().map(|(name, _)| *name).chain(MODIFIERS));
            let meant = nearest(&word, &known);
            wrong(
                line_of(text, token),
                format!(
                    "`{word}` is no look; did you mean `{meant}`? A look is a colour (red, bright-red, #rrggbb, \
                     default, a name of [palette]), `on` and the ground's, and {}",
                    MODIFIERS.join(", ")
                ),
            )
        })?;
        let place = theme.token_mut(token).ok_or_else(|| {
            let meant = nearest(token, Theme::TOKENS);
            wrong(line_of(text, token), format!("no token is called `{token}`; did you mean `{meant}`?"))
        })?;
        *place = look;
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

/// The line below `[tokens]` on which a token is set, from 1.
fn line_of(text: &str, token: &str) -> usize {
    let lines = text.lines().enumerate().skip_while(|(_, line)| line.trim() != "[tokens]");
    let sets = |line: &str| line.trim_start().trim_start_matches(['"', '\'']).starts_with(token);
    lines.skip(1).find(|(_, line)| sets(line)).map_or(1, |(at, _)| at + 1)
}

/// Words of a look that are no colour.
const MODIFIERS: [&str; 5] = ["bold", "dim", "italic", "underline", "reverse"];

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

/// The terminal's own colours.
const NAMED: [(&str, Color); 17] = [
    ("default", Color::Reset),
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

fn named_color(word: &str) -> Option<Color> {
    if let Some(hex) = word.strip_prefix('#') {
        let value = u32::from_str_radix(hex, 16).ok().filter(|_| hex.len() == 6)?;
        return Some(Color::Rgb((value >> 16) as u8, (value >> 8) as u8, value as u8));
    }
    NAMED.iter().find(|(name, _)| *name == word).map(|(_, color)| *color)
}

#[cfg(test)]
mod tests {
    use super::super::load;
    use super::*;

    fn mine(text: &str) -> String {
        let place = "/home/anna/mine.toml".to_owned();
        let file = File { name: "mine".to_owned(), place, text: text.to_owned() };
        load("mine", &[file]).unwrap_err().to_string()
    }

    #[test]
    fn mistakes_in_a_theme_name_the_file_the_line_and_the_nearest_right_word() {
        assert!(load("grovbox", &[]).unwrap_err().to_string().contains("did you mean `gruvbox`"));
        let error = mine("[tokens]\ntext = 'white'\nalrt = 'red'");
        assert!(error.starts_with("/home/anna/mine.toml, line 3: "), "{error}");
        assert!(error.contains("did you mean `alert`"), "{error}");
        let error = mine("# mine\n[tokens]\nalert = 'rde bold'");
        assert!(error.contains("line 3") && error.contains("`rde`") && error.contains("`red`"), "{error}");
        let error = mine("[tokens]\n\nalert = red");
        assert!(error.contains("line 3"), "{error}");
        assert!(mine("[tokens").contains("line 1"));
        assert!(mine("[colours]\na = 'b'").contains("colours"));
    }
}
