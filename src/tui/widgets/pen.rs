//! Writes an area line by line, from the top, and never beyond its end.

use crate::text;
use crate::tui::page::View;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// A pen on an area.
pub struct Pen<'b> {
    buf: &'b mut Buffer,
    area: Rect,
    y: u16,
}

impl<'b> Pen<'b> {
    /// Sets a pen to the first line of an area.
    pub fn new(buf: &'b mut Buffer, area: Rect) -> Self {
        let area = area.intersection(buf.area);
        Self { buf, area, y: area.y }
    }

    /// How many lines are left.
    pub const fn left(&self) -> u16 {
        self.area.bottom().saturating_sub(self.y)
    }

    /// The width of the area.
    pub const fn width(&self) -> u16 {
        self.area.width
    }

    /// Writes one line.
    pub fn line<'l>(&mut self, line: impl Into<Line<'l>>) {
        if self.left() > 0 {
            put(self.buf, self.area.x, self.y, &line.into(), self.area.width);
            self.y += 1;
        }
    }

    /// Writes one line with its right part at the right edge; where both do not fit, the right part is left out.
    pub fn sides<'l>(&mut self, left: impl Into<Line<'l>>, right: impl Into<Line<'l>>) {
        if self.left() > 0 {
            let (left, right) = (left.into(), right.into());
            let fits = left.width() + right.width() < usize::from(self.area.width);
            let right = if fits { right } else { Line::default() };
            sides(self.buf, Rect { y: self.y, height: 1, ..self.area }, &left, &right);
            self.y += 1;
        }
    }

    /// Leaves lines empty.
    pub fn skip(&mut self, lines: u16) {
        self.y = (self.y + lines).min(self.area.bottom());
    }

    /// Writes a rule with a title in it.
    pub fn rule(&mut self, title: &str, view: &View<'_>) {
        if self.left() > 0 {
            rule(self.buf, Rect { y: self.y, height: 1, ..self.area }, title, view);
            self.y += 1;
        }
    }

    /// Takes the next lines as an area of their own.
    pub fn take(&mut self, lines: u16) -> Rect {
        let height = lines.min(self.left());
        let area = Rect { y: self.y, height, ..self.area };
        self.y += height;
        area
    }

    /// The buffer, for widgets that draw into an area.
    pub const fn buf(&mut self) -> &mut Buffer {
        self.buf
    }
}

/// Writes one line at a place; what does not fit ends in `…`.
pub fn put(buf: &mut Buffer, x: u16, y: u16, line: &Line<'_>, width: u16) {
    if y >= buf.area.bottom() || x >= buf.area.right() {
        return;
    }
    let width = width.min(buf.area.right() - x);
    let mut at = x;
    let end = x + width;
    for span in &line.spans {
        let room = usize::from(end - at);
        let style = line.style.patch(span.style);
        if let Some(wide) = text::plain_width(&span.content).filter(|wide| *wide <= room) {
            for c in span.content.chars() {
                buf[(at, y)].set_char(c).set_style(style);
                at += 1;
            }
            debug_assert!(usize::from(end - at) + wide == room, "one column each");
            continue;
        }
        if text::width(&span.content) > room {
            let cut = text::fit(&span.content, room);
            buf.set_stringn(at, y, cut, room, style);
            return;
        }
        at = buf.set_stringn(at, y, &span.content, room, style).0;
    }
}

/// Writes a left and a right part into one line; the left part gives way.
pub fn sides(buf: &mut Buffer, area: Rect, left: &Line<'_>, right: &Line<'_>) {
    let wide = (right.width() as u16).min(area.width);
    put(buf, area.x, area.y, left, area.width.saturating_sub(wide + u16::from(wide > 0)));
    put(buf, area.right().saturating_sub(wide), area.y, right, wide);
}

/// Writes `── TITLE ─────`, or a bare rule when the title is empty.
pub fn rule(buf: &mut Buffer, area: Rect, title: &str, view: &View<'_>) {
    let bare = view.glyphs.rule.repeat(usize::from(area.width));
    put(buf, area.x, area.y, &Line::styled(bare, view.theme.rule), area.width);
    if !title.is_empty() {
        let title = Line::from(Span::styled(format!(" {title} "), view.theme.title));
        put(buf, area.x + 2, area.y, &title, area.width.saturating_sub(2));
    }
}

/// Fills an area with spaces of one look.
pub fn wash(buf: &mut Buffer, area: Rect, style: Style) {
    let area = area.intersection(buf.area);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            buf[(x, y)].reset();
            buf[(x, y)].set_style(style);
        }
    }
}
