//! Where a list and the details of its selected row stand, by the room that there is.

use crate::tui::page::{Room, Sheet, View};
use crate::tui::widgets::pen::Pen;
use crate::tui::widgets::prose::{Para, lay};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Lines of details under a list, at most.
const UNDER: u16 = 10;

/// The place of the list, and of the details where there is room for them beside or under it.
pub fn split(area: Rect, view: &View<'_>) -> (Rect, Option<Rect>) {
    match view.room {
        Room::Full => {
            let width = area.width * 6 / 10;
            let right = Rect { x: area.x + width + 1, width: area.width - width - 1, ..area };
            (Rect { width, ..area }, Some(right))
        }
        Room::Wide if area.height >= 2 * UNDER => {
            let height = area.height - UNDER;
            (Rect { height, ..area }, Some(Rect { y: area.y + height, height: UNDER, ..area }))
        }
        _ => (area, None),
    }
}

/// The place of lists, and of details beside them on screens that have room for both; smaller ones have lists alone.
pub fn beside(area: Rect, view: &View<'_>) -> (Rect, Option<Rect>) {
    if view.room >= Room::Full { split(area, view) } else { (area, None) }
}

/// Draws a sheet as details.
pub fn sheet(buf: &mut Buffer, area: Option<Rect>, sheet: Option<Sheet>, view: &View<'_>) {
    if let (Some(area), Some(sheet)) = (area, sheet) {
        details(buf, area, &sheet.title, &sheet.body, view);
    }
}

/// Draws details under a rule with their title; what does not fit is announced.
pub fn details(buf: &mut Buffer, area: Rect, title: &str, body: &[Para], view: &View<'_>) {
    let mut pen = Pen::new(buf, area);
    pen.rule(title, view);
    let lines = lay(body, area.width.saturating_sub(4));
    let room = usize::from(pen.left());
    let cut = if lines.len() > room { room.saturating_sub(1) } else { room };
    let hidden = lines.len().saturating_sub(cut);
    for line in lines.into_iter().take(cut) {
        let mut line = line;
        line.spans.insert(0, "  ".into());
        pen.line(line);
    }
    if hidden > 0 {
        pen.line(Line::styled(format!("  + {hidden} more lines: press Enter"), view.theme.muted));
    }
}
