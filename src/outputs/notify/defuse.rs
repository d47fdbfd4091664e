//! Takes the life out of text that a messenger would turn into a link or a mention.
//!
//! What stands in a message was partly written by an attacker: `evil.example/x` must not become a link under a
//! thumb, nor `@everyone` a call. Nothing is deleted; what changed stands in brackets.

/// Rewrites what would become a link or a mention: `http[:]//evil[.]example`, `[@]everyone`. A bare IP address
/// stays as it is.
pub(super) fn defuse(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for (place, word) in text.split(' ').enumerate() {
        if place > 0 {
            out.push(' ');
        }
        push_word(&mut out, word);
    }
    out
}

fn push_word(out: &mut String, word: &str) {
    // 198.51.100.23/x is a link to some; 198.51.100.23 and 198.51.100.0/24 are to none.
    let is_link = word.contains("//") || has_path(word);
    let bytes = word.as_bytes();
    for (at, c) in word.char_indices() {
        match c {
            '.' if is_between(bytes, at, is_link) => out.push_str("[.]"),
            ':' if word[at..].starts_with("://") || is_scheme(&word[..at]) => out.push_str("[:]"),
            '@' => out.push_str("[@]"),
            _ => out.push(c),
        }
    }
}

/// Tells a dot that joins two labels of a name: at least two letters, or letters of another script, follow.
fn is_between(bytes: &[u8], at: usize, is_link: bool) -> bool {
    let joins = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-' || *byte == b'_' || *byte >= 0x80;
    let before = at.checked_sub(1).and_then(|place| bytes.get(place)).is_some_and(joins);
    let rest = bytes.get(at + 1..).unwrap_or_default();
    let label = rest.iter().position(|byte| !joins(byte)).unwrap_or(rest.len());
    let named = rest[..label].iter().any(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80);
    before && label > 0 && (is_link || (named && label > 1))
}

/// Tells an address with a path behind it, which some would make a link.
fn has_path(word: &str) -> bool {
    word.split_once('/').is_some_and(|(host, path)| {
        host.contains('.') && !host.contains(['[', ']']) && path.contains(|c: char| !c.is_ascii_digit())
    })
}

/// Schemes that work without slashes.
fn is_scheme(before: &str) -> bool {
    ["mailto", "tel", "sms", "magnet", "tg", "data", "javascript"].iter().any(|scheme| {
        before.len() >= scheme.len()
            && before.is_char_boundary(before.len() - scheme.len())
            && before[before.len() - scheme.len()..].eq_ignore_ascii_case(scheme)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_mentions_are_dead_and_still_readable() {
        for (alive, dead) in [
            ("see http://evil.example/x now", "see http[:]//evil[.]example/x now"),
            ("evil.com", "evil[.]com"),
            ("(www.evil.co.uk)", "(www[.]evil[.]co[.]uk)"),
            ("t.me/joinchat", "t[.]me/joinchat"),
            ("@everyone and root@nas", "[@]everyone and root[@]nas"),
            ("/tmp/x.sh", "/tmp/x[.]sh"),
            ("mailto:a@b.ch", "mailto[:]a[@]b[.]ch"),
            ("пример.рф", "пример[.]рф"),
            ("http://198.51.100.23/x", "http[:]//198[.]51[.]100[.]23/x"),
            ("198.51.100.23/x", "198[.]51[.]100[.]23/x"),
        ] {
            assert_eq!(defuse(alive), dead);
        }
    }

    #[test]
    fn addresses_numbers_and_sentences_stay_as_they_are() {
        for plain in [
            "from 198.51.100.23.",
            "198.51.100.0/24",
            "2001:db8::1",
            "load 1.25. Then 13:57:49",
            "end. Next",
            "…",
            "",
            "/dev/shm/.x/kdevtmp",
        ] {
            assert_eq!(defuse(plain), plain);
        }
    }
}
