//! The latest events as lines.

pub use crate::outputs::events::{Event, Origin, latest};

use crate::model::Level;
use crate::tui::page::View;
use crate::tui::{glyphs, words};
use ratatui::text::{Line, Span};

/// An event as a line: `13:58:11  ■ ALERT  sshd  root accepted …`, shorter where room is short.
pub fn line(event: &Event, view: &View<'_>, long: bool) -> Line<'static> {
    let theme = view.theme;
    let look = theme.level(event.level);
    let when = words::when(event.at, view.now, view.zone);
    let mut spans = vec![Span::styled(format!("  {when:<9} "), theme.muted)];
    let glyph = view.glyphs.level(event.level);
    if long {
        spans.push(Span::styled(format!("{glyph} {}  ", glyphs::word(event.level)), look));
        spans.push(Span::styled(format!("{:<8} ", crate::text::fit(&event.speaker, 8)), theme.muted));
    } else {
        spans.push(Span::styled(format!("{glyph} "), look));
    }
    let look = if event.level == Level::Info { theme.text } else { look };
    spans.push(Span::styled(event.words.clone(), look));
    Line::from(spans)
}
