//! Cuts a stream of chunks into lines, with a cap on the length of one.

/// The line whose end has not come yet.
#[derive(Debug, Default)]
pub(super) struct Lines {
    cap: usize,
    partial: Vec<u8>,
    is_cut: bool,
    cut: u64,
}

impl Lines {
    /// Lines of at most `cap` bytes; the rest of a longer one is skipped.
    pub(super) fn of_at_most(cap: usize) -> Self {
        Self { cap, ..Self::default() }
    }

    /// How many lines were longer than the cap.
    pub(super) const fn cut(&self) -> u64 {
        self.cut
    }

    /// True when the beginning of a line is waiting for its end.
    pub(super) const fn is_waiting(&self) -> bool {
        !self.partial.is_empty()
    }

    /// Hands out the lines that end in `chunk`, without their ends, and keeps the beginning of the last one.
    pub(super) fn take(&mut self, mut chunk: &[u8], line: &mut dyn FnMut(&[u8])) {
        while let Some(end) = memchr::memchr(b'\n', chunk) {
            if self.partial.is_empty() && end <= self.cap {
                line(without_hole(&chunk[..end]));
            } else {
                self.keep(&chunk[..end]);
                line(without_hole(&self.partial));
                self.partial.clear();
            }
            self.is_cut = false;
            chunk = &chunk[end + 1..];
        }
        self.keep(chunk);
    }

    /// Hands out the line whose end never came.
    pub(super) fn finish(&mut self, line: &mut dyn FnMut(&[u8])) {
        if self.is_waiting() {
            line(without_hole(&self.partial));
        }
        self.forget();
    }

    /// Drops the line whose end never came.
    pub(super) fn forget(&mut self) {
        self.partial.clear();
        self.is_cut = false;
    }

    fn keep(&mut self, bytes: &[u8]) {
        // The hole that a truncation leaves in a file is no line: it is not kept, however long.
        let bytes = if self.partial.is_empty() { without_hole(bytes) } else { bytes };
        let fits = bytes.len().min(self.cap - self.partial.len());
        self.partial.extend_from_slice(&bytes[..fits]);
        if fits < bytes.len() && !self.is_cut {
            self.is_cut = true;
            self.cut += 1;
        }
    }
}

/// Leaves out NULs before a line: what a file system gives where nothing was written.
fn without_hole(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len())..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_however_the_stream_is_chunked() {
        let text = b"one\n\ntwo\n\0\0\0three\nxxxxxxxxxxxxxxxxxxxxxxxx\nlast";
        for size in 1..text.len() {
            let mut lines = Lines::of_at_most(10);
            let mut got = Vec::new();
            for chunk in text.chunks(size) {
                lines.take(chunk, &mut |line| got.push(String::from_utf8_lossy(line).into_owned()));
            }
            assert_eq!(got, ["one", "", "two", "three", "xxxxxxxxxx"], "{size}");
            assert_eq!(lines.cut(), 1);
            lines.finish(&mut |line| got.push(String::from_utf8_lossy(line).into_owned()));
            assert_eq!(got.last().unwrap(), "last");
            assert!(!lines.is_waiting());
        }
    }
}
