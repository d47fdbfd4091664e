//! Cuts lines into words, numbers and addresses. It knows no speaker.

use memchr::memmem;

/// The part after `prefix`, when the text starts with it.
pub(super) fn after<'a>(text: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    text.strip_prefix(prefix)
}

/// Splits at the first place of `mark`.
pub(super) fn split<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = find(text, mark)?;
    Some((&text[..at], &text[at + mark.len()..]))
}

/// Splits at the last place of `mark`.
pub(super) fn split_last<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = find_last(text, mark)?;
    Some((&text[..at], &text[at + mark.len()..]))
}

/// The first place of `mark`. Lines are short: a search by one byte beats building a searcher.
pub(super) fn find(text: &[u8], mark: &[u8]) -> Option<usize> {
    if text.len() > 512 {
        return memmem::find(text, mark);
    }
    let (rare, byte) = rare(mark)?;
    let mut from = rare;
    while let Some(at) = memchr::memchr(byte, text.get(from..)?) {
        let at = from + at;
        if text[at - rare..].starts_with(mark) {
            return Some(at - rare);
        }
        from = at + 1;
    }
    None
}

/// The last place of `mark`.
pub(super) fn find_last(text: &[u8], mark: &[u8]) -> Option<usize> {
    if text.len() > 512 {
        return memmem::rfind(text, mark);
    }
    let (rare, byte) = rare(mark)?;
    let mut to = text.len();
    while let Some(at) = memchr::memrchr(byte, text.get(rare..to)?) {
        if text[at..].starts_with(mark) {
            return Some(at);
        }
        to = rare + at;
    }
    None
}

/// A byte of `mark` to search by, and its place: the first that is no space, which every line is full of.
fn rare(mark: &[u8]) -> Option<(usize, u8)> {
    let at = usize::from(mark.first()? == &b' ' && mark.len() > 1);
    Some((at, mark[at]))
}

/// Splits at the first space: a word and the rest.
pub(super) fn word(text: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b' ', text) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &[]),
    }
}

/// Cuts white space at both ends.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    text.trim_ascii()
}

/// Cuts white space at the start.
pub(super) fn trim_start(text: &[u8]) -> &[u8] {
    text.trim_ascii_start()
}

/// A whole number that fills the text: at most ten digits.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 10 {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, &byte| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0')))
}

/// A port that fills the text.
pub(super) fn port(text: &[u8]) -> Option<u16> {
    number(text).and_then(|number| u16::try_from(number).ok())
}

/// An IP address that fills the text, as written, but `::ffff:1.2.3.4` as `1.2.3.4` and without brackets.
pub(super) fn ip(text: &[u8]) -> Option<&[u8]> {
    if is_ipv4(text) {
        return Some(text);
    }
    let text = text.strip_prefix(b"[").and_then(|inner| inner.strip_suffix(b"]")).unwrap_or(text);
    if is_ipv4(text) {
        return Some(text);
    }
    if text.len() > 7 && text[..7].eq_ignore_ascii_case(b"::ffff:") && is_ipv4(&text[7..]) {
        return Some(&text[7..]);
    }
    is_ipv6(text).then_some(text)
}

/// An IP address or a host name that fills the text.
pub(super) fn host(text: &[u8]) -> Option<&[u8]> {
    ip(text).or_else(|| is_name(text).then_some(text))
}

/// Tells four decimal numbers up to 255, leading zeros allowed.
fn is_ipv4(text: &[u8]) -> bool {
    if text.len() < 7 || text.len() > 15 {
        return false;
    }
    let (mut dots, mut digits, mut value) = (0_u32, 0_u32, 0_u32);
    for &byte in text {
        let digit = u32::from(byte.wrapping_sub(b'0'));
        if digit < 10 {
            digits += 1;
            // More than three digits are refused by their number; until then the value may be anything.
            value = value.wrapping_mul(10).wrapping_add(digit);
        } else if byte == b'.' && digits > 0 && digits <= 3 && value <= 255 {
            dots += 1;
            digits = 0;
            value = 0;
        } else {
            return false;
        }
    }
    dots == 3 && digits > 0 && digits <= 3 && value <= 255
}

/// Tells an IPv6 address, with a zone (`%eth0`) or without.
fn is_ipv6(text: &[u8]) -> bool {
    if text.len() < 2 || text.len() > 64 || !(text[0].is_ascii_hexdigit() || text[0] == b':') {
        return false;
    }
    let (address, zone) = match memchr::memchr(b'%', text) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    if zone.is_some_and(|zone| zone.is_empty() || !zone.iter().all(|&byte| is_name_byte(byte))) {
        return false;
    }
    memchr::memchr(b':', address).is_some()
        && std::str::from_utf8(address).is_ok_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok())
}

/// Tells a host name: letters, digits, dots, dashes and underscores.
fn is_name(text: &[u8]) -> bool {
    !text.is_empty() && text.len() <= 255 && text.iter().all(|&byte| is_name_byte(byte))
}

const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_whole_words_and_nothing_else() {
        for (text, expected) in [
            ("1.2.3.4", Some("1.2.3.4")),
            ("192.030.0.6", Some("192.030.0.6")),
            ("::ffff:1.2.3.4", Some("1.2.3.4")),
            ("aaaa:bbbb:cccc:1234::1:1", Some("aaaa:bbbb:cccc:1234::1:1")),
            ("fe80::1%eth0", Some("fe80::1%eth0")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("::1", Some("::1")),
            ("1.2.3", None),
            ("1.2.3.4.5", None),
            ("256.1.1.1", None),
            ("197000000000", None),
            ("99999999999.1.1", None),
            ("1..2.3", None),
            ("fe80::1%", None),
            ("1.2.3.4:", None),
            ("12:34:56", None),
            ("", None),
        ] {
            assert_eq!(ip(text.as_bytes()), expected.map(str::as_bytes), "{text}");
        }
    }

    #[test]
    fn splits_find_the_first_and_the_last_mark() {
        assert_eq!(split(b"a from b from c", b" from "), Some((&b"a"[..], &b"b from c"[..])));
        assert_eq!(split_last(b"a from b from c", b" from "), Some((&b"a from b"[..], &b"c"[..])));
        assert_eq!(split(b"a fro", b" from "), None);
        assert_eq!(find(b" from ", b" from "), Some(0));
        assert_eq!(find_last(b"  from from ", b" from "), Some(6));
        assert_eq!((find(b"", b" x"), find_last(b"", b" x")), (None, None));
        assert_eq!((find(b"x", b" x"), find_last(b"x", b" x")), (None, None));
        assert_eq!((find(b"a, b", b" "), find_last(b"a: b", b": ")), (Some(2), Some(1)));
        assert_eq!(number(b"12345678901"), None);
        assert_eq!(port(b"65536"), None);
    }
}
