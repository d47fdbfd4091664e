//! Text that came from outside and is safe to show: the one border that hostile text crosses.
//!
//! A log line, a user name, a process name or a DNS answer is somebody else's. It becomes [`Safe`] where it
//! enters, and from then on may be drawn, stored and sent. Nothing is deleted: what cannot be printed is shown
//! (`^[`, `\x9b`, `<U+202E>`), so `ro\x1bot` never reads as `root`. It does not mask secrets.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// The longest safe text, in bytes; what is longer is cut and ends in `…`.
pub const LINE_CAP_BYTES: usize = 4096;

/// At most this many combining marks follow one base character; a cell takes thousands and grows over its row.
const MARKS_PER_BASE: usize = 4;

/// Printable text: no control, bidi, zero-width, tag or line-separator character is left in it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Safe(Arc<str>);

impl Safe {
    /// Cleans text from outside.
    pub fn new(text: &str) -> Self {
        Self(clean(text).into())
    }

    /// Cleans bytes from outside; bytes that are not UTF-8 are shown as `\xNN`.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::new(text),
            Err(_) => Self(clean_bytes(bytes).into()),
        }
    }

    /// Returns the printable text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Makes hostile text printable; text that is printable already is borrowed.
fn clean(text: &str) -> Cow<'_, str> {
    if text.len() <= LINE_CAP_BYTES && text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len().min(LINE_CAP_BYTES) + 16);
    let mut marks = 0;
    for c in text.chars() {
        if !push_clean(&mut out, c, &mut marks) {
            break;
        }
    }
    Cow::Owned(out)
}

fn clean_bytes(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().min(LINE_CAP_BYTES) + 16);
    let mut marks = 0;
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if !push_clean(&mut out, c, &mut marks) {
                return out;
            }
        }
        for byte in chunk.invalid() {
            if out.len() >= LINE_CAP_BYTES {
                out.push('…');
                return out;
            }
            let before = out.len();
            out.push_str(&format!("\\x{byte:02x}"));
            if !cut_shown(&mut out, before) {
                return out;
            }
        }
    }
    out
}

/// Appends one character in its printable form; answers false when the cap is reached.
fn push_clean(out: &mut String, c: char, marks: &mut usize) -> bool {
    use std::fmt::Write as _;
    if out.len() >= LINE_CAP_BYTES {
        out.push('…');
        return false;
    }
    let before = out.len();
    // Writing to a String cannot fail.
    match c {
        '\u{0}'..='\u{1f}' => {
            out.push('^');
            out.push((c as u8 + 0x40) as char);
        }
        '\u{7f}' => out.push_str("^?"),
        '\u{80}'..='\u{9f}' => drop(write!(out, "\\x{:02x}", c as u32)),
        _ if is_invisible(c) => drop(write!(out, "<U+{:04X}>", c as u32)),
        _ if is_combining(c) => {
            *marks += 1;
            if *marks <= MARKS_PER_BASE {
                out.push(c);
            }
            return true;
        }
        _ => out.push(c),
    }
    *marks = 0;
    cut_shown(out, before)
}

/// Cuts what shows one character where it passes the cap by more than a character would: clean text is cut at
/// the same place when it is cleaned again. Answers false when it cut.
fn cut_shown(out: &mut String, before: usize) -> bool {
    let is_shown = out.len() > LINE_CAP_BYTES && out.as_bytes()[before..].is_ascii();
    if is_shown {
        out.truncate(LINE_CAP_BYTES);
        out.push('…');
    }
    !is_shown
}

/// Tells characters that change how their neighbours read without being seen themselves.
const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{8e2}'
        | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{e0fff}'
        | '\u{f0000}'..='\u{10ffff}')
}

/// Tells combining marks: they add no width, and any number of them piles up on one cell.
fn is_combining(c: char) -> bool {
    (c as u32) >= 0x300 && unicode_width::UnicodeWidthChar::width(c) == Some(0)
}

impl fmt::Display for Safe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Safe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl std::ops::Deref for Safe {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Safe {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Default for Safe {
    fn default() -> Self {
        Self("".into())
    }
}

impl From<&str> for Safe {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl PartialEq<str> for Safe {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Safe {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl std::borrow::Borrow<str> for Safe {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for Safe {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Safe {
    /// Cleans again: a file that was written by us may have been edited by others.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::new(&Cow::<'_, str>::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_shown_and_never_deleted() {
        for (hostile, shown) in [
            ("ro\u{1b}ot", "ro^[ot"),
            ("a\nb\tc\rd\0e\u{7f}", "a^Jb^Ic^Md^@e^?"),
            ("\u{9b}31m", "\\x9b31m"),
            ("abc\u{202e}gpj.exe", "abc<U+202E>gpj.exe"),
            ("a\u{200b}b\u{feff}c\u{2028}d", "a<U+200B>b<U+FEFF>c<U+2028>d"),
            ("x\u{e0041}y", "x<U+E0041>y"),
            ("plain", "plain"),
            ("Grüße 日本", "Grüße 日本"),
        ] {
            assert_eq!(Safe::new(hostile).as_str(), shown);
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_shown_as_hex() {
        assert_eq!(Safe::from_bytes(b"a\xff\xfeb\x1b").as_str(), "a\\xff\\xfeb^[");
    }

    #[test]
    fn piles_of_marks_and_endless_lines_are_cut() {
        let zalgo = format!("e{}x", "\u{301}".repeat(100_000));
        assert_eq!(Safe::new(&zalgo).chars().count(), 1 + MARKS_PER_BASE + 1);
        assert!(Safe::new(&"a".repeat(1 << 20)).len() <= LINE_CAP_BYTES + '…'.len_utf8());
        assert!(Safe::from_bytes(&vec![0xff; 1 << 20]).len() <= LINE_CAP_BYTES + 8);
    }

    #[test]
    fn cleaning_twice_changes_nothing() {
        let once = Safe::new("a\u{1b}[31m\u{202e}\u{9b}");
        assert_eq!(Safe::new(&once), once);
    }
}
