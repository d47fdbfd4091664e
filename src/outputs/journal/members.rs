//! Compressed lines: a gzip file of many members, each of which tells its length and the times it spans.
//!
//! `zcat` reads it like any other. A reader of a short stretch hops from head to head and unpacks only what it
//! needs, and a torn last member hides nothing before it.

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use flate2::{GzBuilder, bufread};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::FileExt as _;

/// Bytes of the fixed gzip head, the length of the extra field, and its one sub-field.
const HEAD: usize = 10 + 2 + 4 + FIELD;
/// Length of the member, first and last second, lines.
const FIELD: usize = 4 + 8 + 8 + 4;
const MARK: [u8; 2] = *b"HS";

/// The most that one member unpacks to.
const UNPACKED_CAP: u64 = 64 * 1024 * 1024;

/// What is in a member, without unpacking it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) offset: u64,
    pub(super) length: u64,
    /// The earliest and the latest time in it, in seconds since 1970.
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) lines: u32,
}

/// Packs lines into one member.
pub(super) fn pack(bytes: &[u8], (from, to): (i64, i64), lines: u32) -> io::Result<Vec<u8>> {
    let mut extra = Vec::with_capacity(4 + FIELD);
    extra.extend_from_slice(&MARK);
    extra.extend_from_slice(&(FIELD as u16).to_le_bytes());
    extra.extend_from_slice(&[0; 4]);
    extra.extend_from_slice(&from.to_le_bytes());
    extra.extend_from_slice(&to.to_le_bytes());
    extra.extend_from_slice(&lines.to_le_bytes());
    let mut encoder: GzEncoder<Vec<u8>> = GzBuilder::new()
        .mtime(u32::try_from(from).unwrap_or(0))
        .extra(extra)
        .write(Vec::with_capacity(bytes.len() / 6), Compression::default());
    encoder.write_all(bytes)?;
    let mut member = encoder.finish()?;
    let length = u32::try_from(member.len()).map_err(io::Error::other)?;
    member[16..20].copy_from_slice(&length.to_le_bytes());
    Ok(member)
}

/// The heads of a file's members, in order; ends at the first that is torn or not ours.
pub(super) struct Heads<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl<'a> Heads<'a> {
    pub(super) const fn new(file: &'a File, end: u64) -> Self {
        Self { file, at: 0, end }
    }

    /// Where the part ends that could be hopped over.
    pub(super) const fn reached(&self) -> u64 {
        self.at
    }
}

impl Iterator for Heads<'_> {
    type Item = Head;

    fn next(&mut self) -> Option<Head> {
        let mut bytes = [0; HEAD];
        self.file.read_exact_at(&mut bytes, self.at).ok()?;
        let head = parse(&bytes, self.at)?;
        if head.length < HEAD as u64 || self.at + head.length > self.end {
            return None;
        }
        self.at += head.length;
        Some(head)
    }
}

fn parse(bytes: &[u8; HEAD], offset: u64) -> Option<Head> {
    let is_ours = bytes[..4] == [0x1f, 0x8b, 8, 4]
        && bytes[10..12] == ((4 + FIELD) as u16).to_le_bytes()
        && bytes[12..14] == MARK
        && bytes[14..16] == (FIELD as u16).to_le_bytes();
    let long = |at: usize| bytes[at..at + 8].try_into().map(i64::from_le_bytes).ok();
    let short = |at: usize| bytes[at..at + 4].try_into().map(u32::from_le_bytes).ok();
    is_ours.then_some(())?;
    Some(Head { offset, length: u64::from(short(16)?), from: long(20)?, to: long(28)?, lines: short(36)? })
}

/// Unpacks one member.
pub(super) fn unpack(file: &File, head: &Head) -> io::Result<Vec<u8>> {
    let mut packed = vec![0; usize::try_from(head.length).map_err(io::Error::other)?];
    file.read_exact_at(&mut packed, head.offset)?;
    let mut bytes = Vec::with_capacity(packed.len() * 8);
    bufread::GzDecoder::new(packed.as_slice()).take(UNPACKED_CAP).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What can be unpacked from a place on where a member is torn.
pub(super) fn unpack_torn(file: &File, offset: u64, end: u64) -> Vec<u8> {
    let size = end.saturating_sub(offset).min(UNPACKED_CAP / 8);
    let mut packed = vec![0; size as usize];
    let mut bytes = Vec::new();
    if file.read_exact_at(&mut packed, offset).is_ok() {
        // It is torn: what comes out before the error is all there is.
        drop(GzDecoder::new(packed.as_slice()).take(UNPACKED_CAP).read_to_end(&mut bytes));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_hopped_over_unpacked_and_plain_gzip_for_others() {
        let mut file = tempfile::tempfile().unwrap();
        let parts: [&[u8]; 3] = [b"one\ntwo\n", b"three\n", &vec![b'x'; 100_000]];
        let mut all = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            all.extend(pack(part, (at as i64, 10 + at as i64), 2).unwrap());
        }
        file.write_all(&all).unwrap();
        let heads: Vec<Head> = Heads::new(&file, all.len() as u64).collect();
        assert_eq!(heads.len(), 3);
        assert_eq!((heads[1].from, heads[1].to, heads[1].lines), (1, 11, 2));
        for (head, part) in heads.iter().zip(parts) {
            assert_eq!(unpack(&file, head).unwrap(), part);
        }
        let mut plain = Vec::new();
        flate2::read::MultiGzDecoder::new(all.as_slice()).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, parts.concat());

        let torn = all.len() as u64 - 20;
        let mut hop = Heads::new(&file, torn);
        assert_eq!(hop.by_ref().count(), 2);
        assert_eq!(hop.reached(), heads[2].offset);
        assert!(unpack_torn(&file, heads[2].offset, torn).starts_with(b"xxxx"));
    }
}
