//! How many colours the terminal has, and the nearest one that it can show. It knows no theme.

use ratatui::style::{Color, Style};

/// How much colour the terminal takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ColorDepth {
    /// None: bold and reverse only.
    Never,
    /// The sixteen colours that the user chose for the terminal.
    Ansi16,
    /// The fixed palette of 256.
    Ansi256,
    /// 24 bits.
    True,
}

impl ColorDepth {
    /// Judges from the environment: `NO_COLOR`, `COLORTERM` and `TERM`. An unknown terminal gets the 256 colours
    /// that every terminal of the last twenty years has; only the old names get sixteen.
    pub fn detect(env: impl Fn(&str) -> Option<String>) -> Self {
        if env("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            return Self::Never;
        }
        let term = env("TERM").unwrap_or_default();
        if term.is_empty() || term == "dumb" {
            return Self::Never;
        }
        if env("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit")
            || term.ends_with("-direct")
        {
            return Self::True;
        }
        let old = ["linux", "vt", "ansi", "cons", "rxvt", "sun", "wsvt", "Eterm"];
        if term == "screen"
            || term == "xterm"
            || (old.iter().any(|name| term.starts_with(name))) && !term.contains("256")
        {
            return Self::Ansi16;
        }
        Self::Ansi256
    }
}

/// Moves both colours of a style to the fixed palette of 256.
pub(super) fn to_256(style: Style) -> Style {
    Style { fg: style.fg.map(indexed), bg: style.bg.map(indexed), ..style }
}

fn indexed(color: Color) -> Color {
    match color {
        Color::Rgb(r, g, b) => Color::Indexed(nearest_256(r, g, b)),
        other => other,
    }
}

/// The nearest colour of the 6x6x6 cube or the grey ramp (xterm's fixed palette, 16-255).
fn nearest_256(r: u8, g: u8, b: u8) -> u8 {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let step = |value: u8| (0..6_u8).min_by_key(|at| STEPS[usize::from(*at)].abs_diff(value)).unwrap_or(0);
    let (cr, cg, cb) = (step(r), step(g), step(b));
    let cube = (STEPS[usize::from(cr)], STEPS[usize::from(cg)], STEPS[usize::from(cb)]);
    let average = (u16::from(r) + u16::from(g) + u16::from(b)) / 3;
    let ramp = (average.saturating_sub(3) / 10).min(23) as u8;
    let grey = 8 + 10 * ramp;
    if distance((grey, grey, grey), (r, g, b)) < distance(cube, (r, g, b)) {
        232 + ramp
    } else {
        16 + 36 * cr + 6 * cg + cb
    }
}

fn distance(a: (u8, u8, u8), b: (u8, u8, u8)) -> u32 {
    let square = |x: u8, y: u8| u32::from(x.abs_diff(y)).pow(2);
    square(a.0, b.0) + square(a.1, b.1) + square(a.2, b.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(pairs: &[(&str, &str)]) -> ColorDepth {
        ColorDepth::detect(|key| {
            pairs.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_decides_how_much_colour_there_is() {
        assert_eq!(detect(&[]), ColorDepth::Never);
        assert_eq!(detect(&[("TERM", "dumb")]), ColorDepth::Never);
        assert_eq!(detect(&[("TERM", "linux")]), ColorDepth::Ansi16);
        assert_eq!(detect(&[("TERM", "screen")]), ColorDepth::Ansi16);
        assert_eq!(detect(&[("TERM", "xterm-256color")]), ColorDepth::Ansi256);
        assert_eq!(detect(&[("TERM", "tmux-256color"), ("COLORTERM", "truecolor")]), ColorDepth::True);
        assert_eq!(detect(&[("TERM", "xterm-ghostty")]), ColorDepth::Ansi256);
        assert_eq!(detect(&[("TERM", "xterm-direct")]), ColorDepth::True);
        let no_color = [("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("NO_COLOR", "1")];
        assert_eq!(detect(&no_color), ColorDepth::Never);
        assert_eq!(detect(&[("TERM", "xterm-256color"), ("NO_COLOR", "")]), ColorDepth::Ansi256);
    }

    #[test]
    fn true_colours_go_to_their_neighbour_in_the_palette() {
        assert_eq!(nearest_256(255, 0, 0), 196);
        assert_eq!(nearest_256(0, 0, 0), 16);
        assert_eq!(nearest_256(128, 128, 128), 244);
        assert_eq!(nearest_256(255, 255, 255), 231);
    }
}
