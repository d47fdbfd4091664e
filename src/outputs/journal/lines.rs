//! Lines of a file of any size, from its end backwards or from any place forwards, in bounded memory.
//!
//! A line that is longer than the cap is passed over and named as such; it is never held in memory.

use super::line::CAP;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

const CHUNK: usize = 64 * 1024;

/// One line without its newline, and where it begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) offset: u64,
    /// `None` when the line is longer than the cap.
    pub(super) bytes: Option<Vec<u8>>,
    /// False for a last line without a newline.
    pub(super) whole: bool,
}

/// Reads a file's lines from its end.
pub(super) struct LinesBack<'a> {
    file: &'a File,
    /// Everything before this is still unread.
    at: u64,
    /// Bytes from `at` to the end of the next line to give.
    held: Vec<u8>,
    /// The next line is longer than the cap: its bytes are not kept.
    too_long: bool,
    whole: bool,
    done: bool,
}

impl<'a> LinesBack<'a> {
    /// Lines that end at or before `end`, last first.
    pub(super) fn new(file: &'a File, end: u64) -> Self {
        Self { file, at: end, held: Vec::new(), too_long: false, whole: false, done: end == 0 }
    }

    fn fill(&mut self) -> io::Result<()> {
        let size = (CHUNK as u64).min(self.at);
        let mut chunk = vec![0; size as usize];
        self.file.read_exact_at(&mut chunk, self.at - size)?;
        self.at -= size;
        chunk.extend_from_slice(&self.held);
        self.held = chunk;
        Ok(())
    }

    fn next_line(&mut self) -> io::Result<Option<Line>> {
        // How much of `held` was searched already, from its end.
        let mut searched = 0;
        if self.held.is_empty() && self.at > 0 && !self.whole && !self.too_long {
            // The very end: a newline there ends the last line and begins none.
            self.fill()?;
            if self.held.last() == Some(&b'\n') {
                self.held.pop();
                self.whole = true;
            }
        }
        loop {
            let unsearched = self.held.len() - searched;
            if let Some(newline) = memchr::memrchr(b'\n', &self.held[..unsearched]) {
                let bytes = self.held.split_off(newline + 1);
                self.held.pop();
                let line = Line {
                    offset: self.at + newline as u64 + 1,
                    bytes: (!self.too_long && bytes.len() <= CAP).then_some(bytes),
                    whole: self.whole,
                };
                self.whole = true;
                self.too_long = false;
                return Ok(Some(line));
            }
            if self.at == 0 {
                self.done = true;
                let bytes = std::mem::take(&mut self.held);
                let line = Line {
                    offset: 0,
                    bytes: (!self.too_long && bytes.len() <= CAP).then_some(bytes),
                    whole: self.whole,
                };
                return Ok(Some(line));
            }
            searched = self.held.len();
            if searched > CAP {
                self.too_long = true;
                self.held.clear();
                searched = 0;
            }
            self.fill()?;
        }
    }
}

impl Iterator for LinesBack<'_> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let line = self.next_line();
        if line.is_err() {
            self.done = true;
        }
        line.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn back(bytes: &[u8]) -> Vec<(u64, Option<usize>, bool)> {
        let file = file(bytes);
        LinesBack::new(&file, bytes.len() as u64)
            .map(|line| line.unwrap())
            .map(|line| (line.offset, line.bytes.map(|bytes| bytes.len()), line.whole))
            .collect()
    }

    #[test]
    fn lines_come_last_first_and_an_unfinished_one_is_marked() {
        assert_eq!(back(b""), []);
        assert_eq!(back(b"\n"), [(0, Some(0), true)]);
        assert_eq!(back(b"ab\nc\n"), [(3, Some(1), true), (0, Some(2), true)]);
        assert_eq!(back(b"ab\nc"), [(3, Some(1), false), (0, Some(2), true)]);
        assert_eq!(back(b"\n\nx\n"), [(2, Some(1), true), (1, Some(0), true), (0, Some(0), true)]);
    }

    #[test]
    fn lines_of_every_length_around_a_chunk_are_whole() {
        for length in [CHUNK - 2, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK] {
            let mut bytes = vec![b'a'; length];
            bytes.extend_from_slice(b"\nlast\n");
            assert_eq!(
                back(&bytes),
                [(length as u64 + 1, Some(4), true), (0, Some(length), true)],
                "{length}"
            );
        }
    }

    #[test]
    fn a_line_over_the_cap_is_passed_over_and_its_neighbours_are_read() {
        let mut bytes = b"first\n".to_vec();
        bytes.extend(std::iter::repeat_n(b'x', 3 * CAP));
        bytes.extend_from_slice(b"\nlast\n");
        let end = bytes.len() as u64;
        assert_eq!(back(&bytes), [(end - 5, Some(4), true), (6, None, true), (0, Some(5), true)]);
    }
}
