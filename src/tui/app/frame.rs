//! One frame: the page, what stands around it, and what lies over it.

use super::{App, Looks};
use crate::tui::chrome::{self, Mode};
use crate::tui::keymap::Keymap;
use crate::tui::page::{Room, Tab, View};
use crate::tui::popup::Popup;
use crate::tui::widgets::pen::{Pen, put, rule, wash};
use crate::tui::{glyphs, tiny};
use chrono::{DateTime, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

impl App {
    /// The page as plain text, as long as it is.
    pub(super) fn plain(&mut self, now: DateTime<Utc>) -> String {
        let size = self.size;
        self.size = (size.0.clamp(80, 200), 400);
        let area = Rect::new(0, 0, self.size.0, self.size.1);
        let mut buf = Buffer::empty(area);
        with_page!(self, now, |page, view| {
            chrome::header(&mut buf, Rect { height: 1, ..area }, &view, Mode::Live);
            page.draw(&mut buf, Rect { y: 1, height: area.height - 1, ..area }, &view);
        });
        self.size = size;
        lines(&buf)
    }

    /// The web page's address and the like: until the first key, and again beside the help.
    fn shows_notices(&self) -> bool {
        !self.looks.notices.is_empty() && (!self.notices_read || matches!(self.popup, Some(Popup::Help(_))))
    }

    /// Draws everything; answers where the cursor stands while text is typed.
    pub fn draw(&mut self, buf: &mut Buffer, now: DateTime<Utc>) -> Option<Position> {
        let screen = buf.area;
        self.size = (screen.width, screen.height);
        self.dirty = false;
        wash(buf, screen, self.looks.theme.text);
        if screen.width == 0 || screen.height == 0 {
            return None;
        }
        let mode = self.mode(now).unwrap_or(Mode::Live);
        let said = self.said.as_ref().map(|(words, _)| words.clone());
        let said = said.or_else(|| self.shows_notices().then(|| self.looks.notices.join("  ")));
        let tab = self.tab;
        let drawn = with_page!(self, now, |page, view| {
            if view.room == Room::Tiny {
                tiny::draw(buf, screen, &view, mode);
                return;
            }
            let body = frame(buf, screen, &view, tab, mode, &self.looks.keymap, said.as_deref());
            page.draw(buf, body, &view);
        });
        if drawn.is_none() {
            measuring(buf, screen, &self.looks, self.looks.notices.first());
            return None;
        }
        let mut cursor = self.draw_entry(buf, screen);
        if let Some(mut popup) = self.popup.take() {
            cursor = with_page!(self, now, |_page, view| {
                popup.draw(buf, screen, &view, &self.looks.keymap, tab)
            })
            .flatten();
            self.popup = Some(popup);
        }
        if self.looks.glyphs.ascii {
            to_ascii(buf);
        }
        cursor
    }

    /// The filter line, in the footer's place: being typed, or in force.
    fn draw_entry(&self, buf: &mut Buffer, screen: Rect) -> Option<Position> {
        let theme = &self.looks.theme;
        let y = screen.bottom() - 1;
        if let Some(entry) = &self.entry {
            let (look, why) = entry
                .wrong
                .as_ref()
                .map_or((theme.strong, String::new()), |why| (theme.warning, format!("   {why}")));
            wash(buf, Rect { y, height: 1, ..screen }, theme.text);
            let line = Line::from(vec![
                Span::styled(" filter: ", theme.title),
                Span::styled(entry.input.value().to_owned(), look),
                Span::styled(why, theme.warning),
            ]);
            put(buf, screen.x, y, &line, screen.width);
            let x = 9 + entry.input.visual_cursor() as u16;
            return Some(Position::new(x.min(screen.width - 1), y));
        }
        let filter = self.pages[self.tab as usize].filter().filter(|filter| !filter.is_empty())?;
        if screen.height > 2 {
            let words = format!(" filter: {}  (Esc clears) ", filter.source());
            let wide = crate::text::width(&words) as u16;
            let x = screen.right().saturating_sub(wide + 2);
            put(buf, x, y - 1, &Line::styled(words, theme.chip), screen.width - x);
        }
        None
    }
}

/// Draws header, tabs and footer, and gives what is left for the page.
fn frame(
    buf: &mut Buffer,
    screen: Rect,
    view: &View<'_>,
    tab: Tab,
    mode: Mode,
    keymap: &Keymap,
    said: Option<&str>,
) -> Rect {
    let row = |y: u16| Rect { y, height: 1, ..screen };
    chrome::header(buf, row(screen.y), view, mode);
    let mut top = screen.y + 1;
    if view.room > Room::Narrow {
        chrome::tabs(buf, row(top), view, tab);
        top += 1;
        rule(buf, row(top), "", view);
    } else {
        rule(buf, row(top), &format!("{} {}", tab as usize + 1, tab.title()), view);
    }
    top += 1;
    let bottom = screen.bottom() - 2;
    rule(buf, row(bottom), "", view);
    chrome::footer(buf, row(bottom + 1), view, tab, keymap, said);
    Rect { y: top, height: bottom.saturating_sub(top), ..screen }
}

/// The first frame, before the first beat.
fn measuring(buf: &mut Buffer, screen: Rect, looks: &Looks, notice: Option<&String>) {
    let mut pen = Pen::new(buf, screen);
    pen.skip(screen.height / 3);
    pen.line(Line::from(vec![
        Span::styled("  home-soc  ", looks.theme.strong),
        Span::raw("measuring: the first figures come in a moment."),
    ]));
    pen.line(Line::styled(
        "  CPU figures need two samples, so the very first ones are missing.",
        looks.theme.muted,
    ));
    if let Some(notice) = notice {
        pen.skip(1);
        pen.line(Line::styled(format!("  {notice}"), looks.theme.strong));
    }
    pen.skip(1);
    pen.line(Line::styled("  q quits", looks.theme.muted));
    if looks.glyphs.ascii {
        to_ascii(buf);
    }
}

/// The text of a frame, without blanks at the ends.
pub fn lines(buf: &Buffer) -> String {
    let mut text = String::new();
    for y in buf.area.top()..buf.area.bottom() {
        let mut line = String::new();
        let mut skip = 0;
        for x in buf.area.left()..buf.area.right() {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = buf[(x, y)].symbol();
            skip = crate::text::width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// Replaces everything that is not ASCII, so that nothing else can reach the terminal.
fn to_ascii(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if !cell.symbol().is_ascii() {
            let stand_in = cell.symbol().chars().next().map_or(' ', glyphs::ascii);
            cell.set_char(stand_in);
        }
    }
}
