//! What the terminal can show: colours and signs, by its environment and the command line.
//!
//! It asks nothing of the terminal itself.

use crate::cli::{Color, Options};
use crate::tui;

/// How many colours may be used.
pub(crate) fn color_depth(options: &Options) -> tui::ColorDepth {
    match options.color {
        Some(Color::Never) => tui::ColorDepth::Never,
        Some(Color::Ansi16) => tui::ColorDepth::Ansi16,
        Some(Color::Ansi256) => tui::ColorDepth::Ansi256,
        Some(Color::True) => tui::ColorDepth::True,
        None => tui::ColorDepth::detect(|name| std::env::var(name).ok()),
    }
}

/// Whether the locale's character set is UTF-8: the first that is set of LC_ALL, LC_CTYPE, LANG decides (locale(7)).
fn speaks_utf8() -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty())
        .is_none_or(|value| {
            let value = value.to_ascii_lowercase();
            value.contains("utf-8") || value.contains("utf8")
        })
}

/// Whether only ASCII may be used: asked for, another locale, or the kernel's own console, which has few signs.
pub(crate) fn ascii_only(options: &Options) -> bool {
    options.ascii || !speaks_utf8() || std::env::var("TERM").is_ok_and(|term| term == "linux")
}
