//! A theme as coloured text, without the screen: `home-soc themes`. It decides no look.

use super::Theme;
use crate::tui::wire::sgr;
use ratatui::style::Style;

/// One line that shows what a theme looks like: its name and the looks that matter most.
pub fn line(theme: &Theme) -> String {
    let parts = [
        (theme.strong, format!(" {:<14}", theme.name)),
        (theme.alert, "ALERT  ".to_owned()),
        (theme.warning, "WARN  ".to_owned()),
        (theme.info, "info  ".to_owned()),
        (theme.ok, "ok  ".to_owned()),
        (theme.blind, "blind  ".to_owned()),
        (theme.muted, "muted  ".to_owned()),
        (theme.selected, " selected ".to_owned()),
        (theme.chip, " FROZEN ".to_owned()),
        (theme.key, " q".to_owned()),
        (theme.text, " quit ".to_owned()),
    ];
    let mut line: String = parts.iter().map(|(style, words)| painted(*style, words)).collect();
    line.push('\n');
    line
}

/// Every token of a theme in its own look, one a line.
pub fn sample(theme: &Theme) -> String {
    let row = |(token, style): (&str, Style)| {
        format!("{}\n", painted(style, &format!("  {token:<14} The quick brown fox 0123456789  ")))
    };
    theme.tokens().into_iter().map(row).collect()
}

fn painted(style: Style, words: &str) -> String {
    let look = sgr(style);
    if look.is_empty() { words.to_owned() } else { format!("{look}{words}\x1b[0m") }
}
