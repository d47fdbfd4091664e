//! The hash of a line: what the next line carries, so that a changed or missing line shows.
//!
//! A line carries the hash of the one before it, so its own hash covers all that came before.

use sha2::{Digest as _, Sha256};

/// SHA-256 in lower-case hexadecimal digits.
pub(super) type Hash = [u8; 64];

/// The hash of a line without its newline.
pub(super) fn hash(line: &[u8]) -> Hash {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 64];
    for (pair, byte) in text.chunks_exact_mut(2).zip(Sha256::digest(line)) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    text
}

/// What a line says of the line before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link<'a> {
    /// Nothing: it has no such key.
    Absent,
    /// There is none, or the chain is off.
    Null,
    /// Its hash.
    To(&'a Hash),
}

/// Finds the link at the end of a line.
pub(super) fn link_of(line: &[u8]) -> Link<'_> {
    if line.ends_with(b",\"prev\":null}") {
        return Link::Null;
    }
    line.strip_suffix(b"\"}")
        .and_then(<[u8]>::split_last_chunk::<64>)
        .filter(|(body, _)| body.ends_with(b",\"prev\":\""))
        .map_or(Link::Absent, |(_, hash)| Link::To(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_carries_the_hash_of_the_line_before() {
        let first = br#"{"seq":1,"prev":null}"#;
        assert_eq!(link_of(first), Link::Null);
        let hash = hash(first);
        assert_eq!(&hash[..8], b"980a22b3".as_slice());
        let second = [br#"{"seq":2,"prev":""#.as_slice(), &hash, b"\"}"].concat();
        assert_eq!(link_of(&second), Link::To(&hash));
        assert_eq!(link_of(b"{}"), Link::Absent);
    }
}
