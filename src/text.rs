//! Words for numbers, and cutting text to a width. It knows no fact and no colour.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Bytes for people, at most five characters: `0`, `999`, `1.5K`, `64K`, `2.1G`.
pub fn bytes(value: f64) -> String {
    const UNITS: [&str; 7] = ["", "K", "M", "G", "T", "P", "E"];
    let mut value = value.max(0.0);
    let mut unit = 0;
    // 999.5 would round to a fourth digit.
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    match unit {
        0 => format!("{value:.0}"),
        _ if value < 9.95 => format!("{value:.1}{}", UNITS[unit]),
        _ => format!("{value:.0}{}", UNITS[unit]),
    }
}

/// Bytes with the unit written out: `2.7 GiB`, `512 B`.
pub fn bytes_long(value: f64) -> String {
    let short = bytes(value);
    match short.trim_end_matches(|c: char| c.is_ascii_alphabetic()) {
        number if number.len() == short.len() => format!("{short} B"),
        number => format!("{number} {}iB", &short[number.len()..]),
    }
}

/// An age in at most four characters: `0s`, `59s`, `12m`, `5h`, `12d`, `3y`.
pub fn age(seconds: f64) -> String {
    let seconds = seconds.max(0.0) as u64;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        86_400..31_557_600 => format!("{}d", seconds / 86_400),
        _ => format!("{}y", seconds / 31_557_600),
    }
}

/// An age in words: `40 s`, `34 min`, `5 h`, `12 days`.
pub fn age_long(seconds: f64) -> String {
    let seconds = seconds.max(0.0) as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        86_400..172_800 => "1 day".to_owned(),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// A whole number with thousands marked: `1,284`.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 alert`, `2 alerts`: a number with its noun.
pub fn plural(value: u64, noun: &str) -> String {
    if value == 1 { format!("1 {noun}") } else { format!("{} {noun}s", count(value)) }
}

/// The width of text on a terminal, in columns.
pub fn width(text: &str) -> usize {
    plain_width(text).unwrap_or_else(|| UnicodeWidthStr::width(text))
}

/// The width of text of which every character is one column wide and stands for itself, as nearly all that is drawn;
/// `None` where it takes a closer look.
pub fn plain_width(text: &str) -> Option<usize> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Some(text.len());
    }
    let plain = |c: char| matches!(c, ' '..='~' | '─'..='▟' | '·' | '…' | '■' | '▲' | '●');
    text.chars().try_fold(0, |count, c| plain(c).then_some(count + 1))
}

/// Cuts text to a width in columns; what was cut ends in `…`.
pub fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    if columns == 0 {
        return String::new();
    }
    let mut out = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let wide = width(grapheme);
        if used + wide > columns - 1 {
            break;
        }
        out.push_str(grapheme);
        used += wide;
    }
    out.push('…');
    out
}

/// Breaks text into lines of at most `columns`, at spaces where there are some.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let mut word = word;
        if !line.is_empty() && width(&line) + 1 + width(word) > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        while width(word) > columns {
            let cut = cut_at(word, columns - width(&line).min(columns - 1));
            line.push_str(&word[..cut]);
            lines.push(std::mem::take(&mut line));
            word = &word[cut..];
        }
        line.push_str(word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// The byte at which `text` fills `columns`; at least one grapheme, so that wrapping always gets on.
fn cut_at(text: &str, columns: usize) -> usize {
    let mut used = 0;
    let mut cut = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += width(grapheme);
        if used > columns && cut > 0 {
            break;
        }
        cut = at + grapheme.len();
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plain_is_as_wide_as_it_has_characters() {
        let all: String =
            ('\0'..=char::MAX).filter(|c| plain_width(c.encode_utf8(&mut [0; 4])).is_some()).collect();
        assert!(all.contains('~') && all.contains('█') && !all.contains('\u{7f}') && !all.contains('é'));
        assert_eq!(plain_width(&all), Some(UnicodeWidthStr::width(all.as_str())));
        assert_eq!(all.graphemes(true).count(), all.chars().count());
        assert_eq!((plain_width("Köln"), width("Köln"), width("日本")), (None, 4, 4));
    }

    #[test]
    fn bytes_are_short_and_never_have_four_digits() {
        for (value, shown) in [
            (0.0, "0"),
            (999.0, "999"),
            (1000.0, "1.0K"),
            (1536.0, "1.5K"),
            (10_240.0, "10K"),
            (1_047_552.0, "1.0M"),
            (2_254_857_830.0, "2.1G"),
            (-5.0, "0"),
        ] {
            assert_eq!(bytes(value), shown);
        }
        assert_eq!(bytes_long(2_254_857_830.0), "2.1 GiB");
        assert_eq!(bytes_long(12.0), "12 B");
    }

    #[test]
    fn text_is_cut_by_columns_and_not_by_characters() {
        assert_eq!(fit("abcdef", 6), "abcdef");
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("abc", 0), "");
        assert_eq!(width(&fit("日本語", 3)), 3);
    }

    #[test]
    fn long_words_are_broken_and_short_ones_kept_whole() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 3), [""]);
        assert_eq!(wrap("日本", 1), ["日", "本"]);
    }

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(count(1_284), "1,284");
        assert_eq!(count(999), "999");
        assert_eq!(plural(1, "alert"), "1 alert");
        assert_eq!(plural(1_002, "alert"), "1,002 alerts");
        assert_eq!(age(3599.9), "59m");
    }
}
