//! From cells to bytes: what changed between two frames, in as few bytes as a terminal needs.
//!
//! It writes to memory only. Sending, and all that belongs to the terminal as a device, is in `screen`.

use crate::model::Safe;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Position;
use ratatui::style::{Color, Modifier, Style};
use std::io::Write as _;

/// So many blanks cost less than to erase a part of a line and to go on behind it.
const ERASE_COST: usize = 10;

/// So many blanks cost less than to erase the rest of a line.
const LINE_END_COST: usize = 3;

/// The state of the terminal as far as we set it.
#[derive(Debug, Default)]
pub struct Wire {
    look: Option<Look>,
    cursor_shown: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl Look {
    const PLAIN: Self = Self { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() };

    const fn of(cell: &Cell) -> Self {
        Self { fg: cell.fg, bg: cell.bg, modifier: cell.modifier }
    }

    /// A blank with it is like any blank.
    fn is_unseen(self) -> bool {
        self.bg == Color::Reset && !self.modifier.intersects(Modifier::REVERSED | Modifier::UNDERLINED)
    }
}

impl Wire {
    /// Forgets what the terminal looks like: it was used by others.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Writes what leads from one frame to the next, between the marks of a synchronised update (DEC 2026). Two
    /// equal frames give no byte.
    pub fn encode(&mut self, before: &Buffer, after: &Buffer, cursor: Option<Position>, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(b"\x1b[?2026h");
        let empty = out.len();
        if self.cursor_shown && cursor.is_none() {
            out.extend_from_slice(b"\x1b[?25l");
            self.cursor_shown = false;
        }
        // The place at which the terminal would write next, while that is certain.
        let mut at: Option<(u16, u16)> = None;
        let changed = before.diff(after);
        let mut rest = changed.as_slice();
        while let [(x, y, cell), others @ ..] = rest {
            let (x, y) = (*x, *y);
            move_to(at, (x, y), out);
            let blanks = blanks(after, x, y);
            let to_the_end = x + blanks == after.area.width;
            let spared = rest.iter().take_while(|(to, line, _)| *line == y && *to < x + blanks).count();
            if spared > if to_the_end { LINE_END_COST } else { ERASE_COST } {
                if !self.look.is_some_and(Look::is_unseen) {
                    self.dress(&Cell::EMPTY, out);
                }
                erase(blanks, to_the_end, out);
                at = Some((x, y));
                rest = &rest[spared..];
                continue;
            }
            rest = others;
            self.dress(cell, out);
            let symbol = printable(cell.symbol());
            out.extend_from_slice(symbol.as_bytes());
            // Terminals disagree about the width of some characters: after those the place is set again.
            let sure = is_sure(symbol) && x + 1 < after.area.width;
            at = sure.then_some((x + 1, y));
        }
        if let Some(cursor) = cursor {
            if out.len() > empty || !self.cursor_shown {
                move_to(None, (cursor.x, cursor.y), out);
            }
            if !self.cursor_shown {
                out.extend_from_slice(b"\x1b[?25h");
                self.cursor_shown = true;
            }
        }
        if out.len() == empty {
            out.truncate(start);
        } else {
            out.extend_from_slice(b"\x1b[?2026l");
        }
    }

    fn dress(&mut self, cell: &Cell, out: &mut Vec<u8>) {
        let wanted = Look::of(cell);
        let Some(mut now) = self.look.filter(|now| wanted.modifier.contains(now.modifier)) else {
            out.extend_from_slice(b"\x1b[0");
            self.change(Look::PLAIN, wanted, out, true);
            return;
        };
        if now == wanted {
            return;
        }
        // Back to plain in three bytes is shorter than undoing colours one by one.
        if wanted == Look::PLAIN {
            out.extend_from_slice(b"\x1b[m");
            now = Look::PLAIN;
            self.look = Some(now);
            return;
        }
        out.extend_from_slice(b"\x1b[");
        self.change(now, wanted, out, false);
    }

    fn change(&mut self, from: Look, to: Look, out: &mut Vec<u8>, mut behind: bool) {
        let mut code = |text: &[u8], out: &mut Vec<u8>| {
            if behind {
                out.push(b';');
            }
            behind = true;
            out.extend_from_slice(text);
        };
        for (modifier, number) in [
            (Modifier::BOLD, b"1"),
            (Modifier::DIM, b"2"),
            (Modifier::ITALIC, b"3"),
            (Modifier::UNDERLINED, b"4"),
            (Modifier::REVERSED, b"7"),
        ] {
            if to.modifier.contains(modifier) && !from.modifier.contains(modifier) {
                code(number, out);
            }
        }
        if to.fg != from.fg {
            code(color(to.fg, false).as_bytes(), out);
        }
        if to.bg != from.bg {
            code(color(to.bg, true).as_bytes(), out);
        }
        out.push(b'm');
        self.look = Some(to);
    }
}

/// The sequence that puts on a look, for text outside the screen.
pub fn sgr(style: Style) -> String {
    let mut cell = Cell::new(" ");
    cell.set_style(style);
    let mut out = Vec::new();
    Wire::default().dress(&cell, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// How many cells from this place on are blank.
fn blanks(frame: &Buffer, x: u16, y: u16) -> u16 {
    let is_blank = |cell: &Cell| cell.symbol() == " " && Look::of(cell).is_unseen();
    (x..frame.area.width).take_while(|x| frame.cell((*x, y)).is_some_and(is_blank)).count() as u16
}

/// Erases so many cells (ECH) or all to the end of the line (EL); the place at which is written stays.
fn erase(blanks: u16, to_the_end: bool, out: &mut Vec<u8>) {
    // Writing to memory cannot fail.
    let _ = if to_the_end { write!(out, "\x1b[K") } else { write!(out, "\x1b[{blanks}X") };
}

/// Leads to a place in as few bytes as it takes.
fn move_to(from: Option<(u16, u16)>, to: (u16, u16), out: &mut Vec<u8>) {
    // Writing to memory cannot fail.
    let _ = match from {
        Some(from) if from == to => Ok(()),
        Some((x, y)) if y == to.1 && to.0 > x => {
            if to.0 - x == 1 {
                write!(out, "\x1b[C")
            } else {
                write!(out, "\x1b[{}C", to.0 - x)
            }
        }
        _ => write!(out, "\x1b[{};{}H", to.1 + 1, to.0 + 1),
    };
}

/// SGR parameters of a colour (ECMA-48, ITU T.416 for 256 and true colours).
fn color(color: Color, background: bool) -> String {
    let base = if background { 40 } else { 30 };
    let named = |number: u8| {
        if number < 8 { (base + number).to_string() } else { (base + 60 + number - 8).to_string() }
    };
    match color {
        Color::Reset => (base + 9).to_string(),
        Color::Black => named(0),
        Color::Red => named(1),
        Color::Green => named(2),
        Color::Yellow => named(3),
        Color::Blue => named(4),
        Color::Magenta => named(5),
        Color::Cyan => named(6),
        Color::Gray => named(7),
        Color::DarkGray => named(8),
        Color::LightRed => named(9),
        Color::LightGreen => named(10),
        Color::LightYellow => named(11),
        Color::LightBlue => named(12),
        Color::LightMagenta => named(13),
        Color::LightCyan => named(14),
        Color::White => named(15),
        Color::Indexed(index) => format!("{};5;{index}", base + 8),
        Color::Rgb(r, g, b) => format!("{};2;{r};{g};{b}", base + 8),
    }
}

/// The last gate: what a person typed or pasted comes by here, too, and is no text from outside that was cleaned.
fn printable(symbol: &str) -> &str {
    if is_sure(symbol) || Safe::new(symbol).as_str() == symbol { symbol } else { "?" }
}

/// True for characters that every terminal draws one column wide.
fn is_sure(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    let one = matches!(
        chars.next(),
        Some(' '..='~' | '▁'..='█' | '─' | '│' | '░' | '▌' | '▀' | '·' | '■' | '▲' | '▼')
    );
    one && chars.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;

    fn sent(before: &Buffer, after: &Buffer, wire: &mut Wire) -> String {
        let mut out = Vec::new();
        wire.encode(before, after, None, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn two_equal_frames_give_no_byte() {
        let frame = Buffer::with_lines(["one", "two"]);
        assert_eq!(sent(&frame, &frame.clone(), &mut Wire::default()), "");
    }

    #[test]
    fn a_change_is_one_synchronised_update() {
        let before = Buffer::with_lines(["score 82", "same"]);
        let after = Buffer::with_lines(["score 37", "same"]);
        assert_eq!(sent(&before, &after, &mut Wire::default()), "\x1b[?2026h\x1b[1;7H\x1b[0m37\x1b[?2026l");
    }

    #[test]
    fn looks_are_only_sent_when_they_change() {
        let before = Buffer::empty(Rect::new(0, 0, 4, 1));
        let mut after = before.clone();
        after.set_string(0, 0, "ab", Style::new().fg(Color::Red).add_modifier(Modifier::BOLD));
        after.set_string(2, 0, "c", Style::new().fg(Color::Rgb(1, 2, 3)).add_modifier(Modifier::BOLD));
        let mut wire = Wire::default();
        let bytes = sent(&before, &after, &mut wire);
        assert_eq!(bytes, "\x1b[?2026h\x1b[1;1H\x1b[0;1;31mab\x1b[38;2;1;2;3mc\x1b[?2026l");
        let bytes = sent(&after, &before, &mut wire);
        assert_eq!(bytes, "\x1b[?2026h\x1b[1;1H\x1b[0m   \x1b[?2026l");
    }

    #[test]
    fn after_a_wide_or_doubtful_character_the_place_is_set_again() {
        let before = Buffer::empty(Rect::new(0, 0, 6, 1));
        let after = Buffer::with_lines(["日é1x "]);
        let after = {
            let mut full = before.clone();
            full.merge(&after);
            full
        };
        let bytes = sent(&before, &after, &mut Wire::default());
        assert!(bytes.contains("日\x1b[1;3Hé\x1b[1;4H1x"), "{bytes:?}");
    }

    #[test]
    fn what_vanishes_is_erased_and_what_has_a_background_is_written() {
        let before = Buffer::with_lines(["one two three four five", "one two three four five"]);
        let after = Buffer::with_lines(["one                five", "one                    "]);
        let bytes = sent(&before, &after, &mut Wire::default());
        assert_eq!(bytes, "\x1b[?2026h\x1b[1;5H\x1b[0m\x1b[15X\x1b[2;5H\x1b[K\x1b[?2026l");
        let mut selected = after.clone();
        selected.set_style(after.area, Style::new().bg(Color::Blue));
        let bytes = sent(&before, &selected, &mut Wire::default());
        assert!(bytes.contains(&" ".repeat(16)) && !bytes.contains('X') && !bytes.contains('K'), "{bytes:?}");
    }
}
