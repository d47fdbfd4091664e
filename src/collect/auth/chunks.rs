//! Cuts a stream of bytes into pieces of whole lines, each of which can be read by another thread.
//!
//! Memory is bounded by the size of a piece, whatever the input: a line longer than the cap is cut to a stub that
//! the reader counts as unparsed.

use super::cut;
use std::io::{self, Read};

/// Bytes of a piece. Large enough that handing on the turn costs little beside it, small enough that what was taken
/// apart is still in the cache when its turn comes.
pub(super) const PIECE: usize = 256 * 1024;

/// The longest line that is read.
pub(super) const LINE_CAP: usize = 64 * 1024;

/// Whole lines.
#[derive(Debug, Default)]
pub(super) struct Piece {
    /// Its place in the order.
    pub number: u64,
    /// The lines; each ends in a line break, but for the last one of the input.
    pub bytes: Vec<u8>,
    /// The line before the first, for `last message repeated N times`.
    pub before: Vec<u8>,
}

/// Reads pieces.
pub(super) struct Pieces<R> {
    input: R,
    next: u64,
    rest: Vec<u8>,
    before: Vec<u8>,
    ended: bool,
    broken: Option<io::Error>,
    /// Bytes read so far.
    pub read: u64,
}

impl<R: Read> Pieces<R> {
    pub(super) const fn new(input: R) -> Self {
        Self { input, next: 0, rest: Vec::new(), before: Vec::new(), ended: false, broken: None, read: 0 }
    }

    /// Fills `piece` with the next whole lines; false at the end. An input that breaks gives what it gave before,
    /// then the error.
    pub(super) fn fill(&mut self, piece: &mut Piece) -> io::Result<bool> {
        piece.bytes.clear();
        piece.bytes.append(&mut self.rest);
        piece.before.clone_from(&self.before);
        while !self.ended {
            piece.bytes.reserve(PIECE + 64);
            let wanted = PIECE.saturating_sub(piece.bytes.len()).max(4096) as u64;
            let held = piece.bytes.len();
            match self.input.by_ref().take(wanted).read_to_end(&mut piece.bytes) {
                Ok(got) => self.ended = (got as u64) < wanted,
                Err(error) => {
                    self.ended = true;
                    self.broken = Some(error);
                }
            }
            self.read += (piece.bytes.len() - held) as u64;
            if self.ended {
                break;
            }
            if let Some(end) = memchr::memrchr(b'\n', &piece.bytes) {
                self.rest.extend_from_slice(&piece.bytes[end + 1..]);
                piece.bytes.truncate(end + 1);
                break;
            }
            // No line break in a whole piece: keep a stub, which is over the cap, and read on.
            piece.bytes.truncate(LINE_CAP + 1);
        }
        if piece.bytes.is_empty() {
            return self.broken.take().map_or(Ok(false), Err);
        }
        if let Some(last) = lines_backwards(&piece.bytes).find(|line| !is_repetition(line)) {
            self.before.clear();
            self.before.extend_from_slice(&last[..last.len().min(LINE_CAP)]);
        }
        piece.number = self.next;
        self.next += 1;
        Ok(true)
    }
}

/// The lines of a piece, without their breaks.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut from = 0;
    memchr::memchr_iter(b'\n', bytes)
        // What follows the last break is a line only when it is not empty.
        .chain((!bytes.is_empty() && bytes.last() != Some(&b'\n')).then_some(bytes.len()))
        .map(move |to| {
            let line = &bytes[from..to];
            from = to + 1;
            line
        })
}

/// The lines of a piece, the last first.
fn lines_backwards(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.strip_suffix(b"\n").unwrap_or(bytes).rsplit(|byte| *byte == b'\n')
}

/// Tells `.. last message repeated N times`.
fn is_repetition(line: &[u8]) -> bool {
    cut::find(&line[..line.len().min(200)], b"last message repeated ").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &[u8]) -> Vec<Vec<u8>> {
        let mut pieces = Pieces::new(text);
        let mut piece = Piece::default();
        let mut out = Vec::new();
        while pieces.fill(&mut piece).unwrap() {
            out.push(piece.bytes.clone());
        }
        out
    }

    #[test]
    fn pieces_are_whole_lines_and_together_the_input() {
        let text: Vec<u8> =
            (0..40_000).flat_map(|n| format!("line {n} {}\n", "x".repeat(n % 90)).into_bytes()).collect();
        let pieces = pieces(&text);
        assert!(pieces.len() > 3);
        assert!(pieces.iter().all(|piece| piece.ends_with(b"\n") && piece.len() <= PIECE));
        assert_eq!(pieces.concat(), text);
    }

    #[test]
    fn an_endless_line_becomes_a_stub_and_the_next_line_is_whole() {
        let mut text = vec![b'a'; 5 * PIECE];
        text.extend(b"\nnext\nlast");
        let pieces = pieces(&text).concat();
        assert!(pieces.len() < 2 * PIECE);
        let lines: Vec<&[u8]> = lines(&pieces).collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].len() > LINE_CAP);
        assert_eq!(lines[1..], [&b"next"[..], b"last"]);
    }

    #[test]
    fn what_came_before_damage_is_given_first() {
        struct Torn(u8);
        impl Read for Torn {
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                self.0 += 1;
                if self.0 > 1 {
                    return Err(io::Error::other("torn"));
                }
                buf[..4].copy_from_slice(b"ab\nc");
                Ok(4)
            }
        }
        let mut pieces = Pieces::new(Torn(0));
        let mut piece = Piece::default();
        assert!(pieces.fill(&mut piece).unwrap());
        assert_eq!(piece.bytes, b"ab\nc");
        assert!(pieces.fill(&mut piece).is_err());
        assert!(!pieces.fill(&mut piece).unwrap());
    }
}
