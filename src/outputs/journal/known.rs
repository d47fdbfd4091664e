//! What a reader remembers of packed files: their heads, so that a long record is hopped through once.
//!
//! A file is known by its identity, its length and when it was written: one that grew, was replaced or was damaged
//! since is another one. What is forgotten is read again.

use super::members::{Head, Heads};
use rustix::fs::fstat;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// The most heads that are remembered, each of 48 bytes; the files that were asked for last stay.
const MOST_HEADS: usize = 16_384;

/// The heads of a file's members.
#[derive(Debug)]
pub(super) struct Hops {
    pub(super) heads: Vec<Head>,
    /// Where the part ends that could be hopped over.
    pub(super) reached: u64,
    /// Length of the file when they were read.
    pub(super) end: u64,
}

/// Device, inode, length, and when it was written in seconds and nanoseconds.
type Identity = (u64, u64, u64, i64, u64);

/// The heads that are remembered, those that were asked for last at the end.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<VecDeque<(Identity, Arc<Hops>)>>);

impl Known {
    /// The heads of a file as it is now.
    pub(super) fn hops(&self, file: &File) -> io::Result<Arc<Hops>> {
        let stat = fstat(file)?;
        let end = u64::try_from(stat.st_size).map_err(io::Error::other)?;
        let identity =
            (stat.st_dev as u64, stat.st_ino as u64, end, stat.st_mtime as i64, stat.st_mtime_nsec as u64);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = known.iter().position(|(one, _)| *one == identity)
            && let Some((_, hops)) = known.remove(place)
        {
            known.push_back((identity, Arc::clone(&hops)));
            return Ok(hops);
        }
        let mut heads = Heads::new(file, end);
        let list = heads.by_ref().collect();
        let hops = Arc::new(Hops { heads: list, reached: heads.reached(), end });
        // What stood in its place before is of no use any more.
        known.retain(|((device, inode, ..), _)| (*device, *inode) != (identity.0, identity.1));
        known.push_back((identity, Arc::clone(&hops)));
        let mut count: usize = known.iter().map(|(_, hops)| hops.heads.len().max(1)).sum();
        while count > MOST_HEADS
            && let Some((_, hops)) = known.pop_front()
        {
            count -= hops.heads.len().max(1);
        }
        Ok(hops)
    }
}

#[cfg(test)]
mod tests {
    use super::super::members::pack;
    use super::*;
    use std::io::Write as _;

    #[test]
    fn a_file_is_read_once_and_again_when_it_is_another() {
        let known = Known::default();
        let mut file = tempfile::tempfile().unwrap();
        let member = pack(b"one\n", (1, 2), 1).unwrap();
        file.write_all(&member).unwrap();
        let first = known.hops(&file).unwrap();
        assert_eq!((first.heads.len(), first.reached), (1, first.end));
        assert!(Arc::ptr_eq(&first, &known.hops(&file).unwrap()));
        file.write_all(&member).unwrap();
        assert_eq!(known.hops(&file).unwrap().heads.len(), 2, "it grew");
        file.set_len(member.len() as u64 + 20).unwrap();
        let torn = known.hops(&file).unwrap();
        assert_eq!((torn.heads.len(), torn.reached), (1, member.len() as u64), "it was torn");
        assert_eq!(known.0.lock().unwrap().len(), 1, "what it was before is forgotten");
    }

    #[test]
    fn it_remembers_only_so_much() {
        let known = Known::default();
        let member = pack(b"", (1, 2), 0).unwrap();
        let files: Vec<File> = (0..3)
            .map(|_| {
                let mut file = tempfile::tempfile().unwrap();
                file.write_all(&member.repeat(MOST_HEADS / 2)).unwrap();
                known.hops(&file).unwrap();
                file
            })
            .collect();
        assert_eq!(known.0.lock().unwrap().len(), 2);
        assert_eq!(known.hops(&files[0]).unwrap().heads.len(), MOST_HEADS / 2);
    }
}
