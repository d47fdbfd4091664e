//! How well a colour can be read on another (WCAG 2.1): for the tests of our themes and a word about other people's.

use super::Theme;
use ratatui::style::Color;

/// Tokens that are no text.
const NO_TEXT: [&str; 4] = ["rule", "border", "meter_empty", "graph"];

/// The contrast of two colours, 1 to 21; `None` where one is the terminal's own and cannot be known.
pub fn ratio(a: Color, b: Color) -> Option<f64> {
    let (a, b) = (luminance(a)?, luminance(b)?);
    Some((a.max(b) + 0.05) / (a.min(b) + 0.05))
}

/// The tokens of text that have less contrast than `least`, each with its own.
pub fn too_weak(theme: &Theme, least: f64) -> Vec<(&'static str, f64)> {
    let weak = |(token, style): (&'static str, ratatui::style::Style)| {
        let ratio = ratio(style.fg?, style.bg?)?;
        (!NO_TEXT.contains(&token) && ratio < least).then_some((token, ratio))
    };
    theme.tokens().into_iter().filter_map(weak).collect()
}

fn luminance(color: Color) -> Option<f64> {
    let Color::Rgb(r, g, b) = color else { return None };
    let part = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    Some(0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b))
}

#[cfg(test)]
mod tests {
    use super::super::{NAMES, load};
    use super::*;

    #[test]
    fn every_text_of_a_theme_with_its_own_colours_can_be_read() {
        for name in NAMES.iter().filter(|name| !["terminal", "mono"].contains(name)) {
            let theme = load(name, &[]).unwrap();
            assert_eq!(too_weak(&theme, 4.5), [], "{name}");
            let known =
                theme.tokens().iter().all(|(_, style)| ratio(style.fg.unwrap(), style.bg.unwrap()).is_some());
            assert!(known, "{name} leaves a colour to the terminal");
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
