//! JSON without a character that a terminal or an eye could be fooled by: whatever is not plainly printable is
//! written as `\u00XX`. It changes the spelling of a text, never its value.

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};
use std::io::{self, Write};

/// A value as one line of JSON with a newline at its end.
pub(super) fn line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(2048);
    value.serialize(&mut Serializer::with_formatter(&mut bytes, Plain))?;
    bytes.push(b'\n');
    Ok(bytes)
}

struct Plain;

impl Formatter for Plain {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, text: &str) -> io::Result<()> {
        if text.bytes().all(|byte| byte != 0x7f && byte < 0x80) {
            return out.write_all(text.as_bytes());
        }
        let mut units = [0; 2];
        for c in text.chars() {
            if is_plain(c) {
                CompactFormatter.write_string_fragment(out, c.encode_utf8(&mut [0; 4]))?;
            } else {
                for unit in c.encode_utf16(&mut units) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

/// Tells characters that show as themselves. Everything that has no width of its own is escaped, and the code
/// points that reorder or hide their neighbours.
fn is_plain(c: char) -> bool {
    use unicode_width::UnicodeWidthChar as _;
    let hidden = matches!(c, '\u{7f}'..='\u{a0}' | '\u{ad}' | '\u{2000}'..='\u{200f}'
        | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{3164}' | '\u{ffa0}'
        | '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{10ffff}');
    !hidden && c.width().is_some_and(|width| width > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_is_escaped_and_reads_back_the_same() {
        let hostile = "a\u{7f}\u{9b}31m\u{202e}b\u{200b}\u{feff}\u{e0041}e\u{301}\n\"日本 ü";
        let bytes = line(&hostile).unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(text.trim_end().chars().all(|c| !c.is_control() && is_plain(c)), "{text}");
        assert!(text.contains("\\u202e") && text.contains("日本 ü") && text.contains("\\udb40\\udc41"));
        assert_eq!(serde_json::from_slice::<String>(&bytes).unwrap(), hostile);
    }
}
