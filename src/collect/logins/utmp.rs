//! Reads utmp, wtmp and btmp: fixed-size records, two sizes of them, and what the C library calls them.
//!
//! It does not decide who is still here or how a session ended: `past` does. Source: utmp(5) and
//! `bits/utmp.h` of glibc. Machines whose `long` is 64 bits and that never ran 32-bit programs (aarch64) write
//! 400 bytes a record, the others 384.

use crate::model::Safe;
use chrono::{DateTime, Utc};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

/// At most this much of a file's end is read: about 10,000 records.
const TAIL_BYTES: u64 = 4 << 20;

/// What a record is, by `ut_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// The machine started.
    Boot,
    /// The run level changed; `shutdown` is told as one.
    RunLevel,
    /// A getty waits for a user.
    Waiting,
    /// A user logged in.
    User,
    /// A session ended.
    Dead,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it tells.
    pub entry: Entry,
    /// Process: the login process, or the two run levels.
    pub pid: u32,
    /// Terminal line without `/dev/`; `~` for boots.
    pub line: Safe,
    /// Account.
    pub user: Safe,
    /// Remote host as written; the kernel's release for boots.
    pub host: Safe,
    /// Remote address, where the record holds one.
    pub address: Option<IpAddr>,
    /// When.
    pub at: DateTime<Utc>,
}

impl Record {
    /// Where the user came from: the address where there is one, else the host; `None` for local terminals.
    pub fn from(&self) -> Option<Safe> {
        match self.address {
            Some(address) => Some(Safe::new(&address.to_string())),
            None if self.host.is_empty() || self.host.starts_with(':') => None,
            None => Some(self.host.clone()),
        }
    }
}

/// Where the fields of a record stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    size: usize,
    seconds_at: usize,
    seconds_len: usize,
    address_at: usize,
}

const SHORT: Layout = Layout { size: 384, seconds_at: 340, seconds_len: 4, address_at: 348 };
const LONG: Layout = Layout { size: 400, seconds_at: 344, seconds_len: 8, address_at: 360 };

/// Reads the newest records of a file, oldest first. A torn record at the end is left out.
pub fn read(path: &Path) -> io::Result<Vec<Record>> {
    let mut file = super::open_regular(path)?;
    let len = file.metadata()?.len();
    let mut bytes = Vec::new();
    if len > TAIL_BYTES {
        let layout = layout_of(&head(&mut file)?);
        let size = layout.size as u64;
        file.seek(SeekFrom::Start((len - TAIL_BYTES).div_ceil(size) * size))?;
        file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
        return Ok(records(&bytes, layout));
    }
    file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
    Ok(parse(&bytes))
}

fn head(file: &mut File) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.take(64 << 10).read_to_end(&mut head)?;
    Ok(head)
}

/// Parses the content of a file from its beginning, oldest record first.
pub fn parse(bytes: &[u8]) -> Vec<Record> {
    records(bytes, layout_of(bytes))
}

fn records(bytes: &[u8], layout: Layout) -> Vec<Record> {
    bytes.chunks_exact(layout.size).filter_map(|record| parse_record(record, layout)).collect()
}

/// Tells the layout by which one makes sense of more records; this machine's own when both do.
fn layout_of(bytes: &[u8]) -> Layout {
    let native = if cfg!(target_arch = "aarch64") { LONG } else { SHORT };
    let other = if native == LONG { SHORT } else { LONG };
    // Compared as fractions without dividing: plausible / total.
    let (good, total) = plausibility(bytes, native);
    let (other_good, other_total) = plausibility(bytes, other);
    if other_good * total > good * other_total { other } else { native }
}

fn plausibility(bytes: &[u8], layout: Layout) -> (usize, usize) {
    let sample = bytes.chunks_exact(layout.size).take(128);
    let total = sample.len().max(1);
    (sample.filter(|record| is_plausible(record, layout)).count(), total)
}

fn is_plausible(record: &[u8], layout: Layout) -> bool {
    let kind = u16::from_ne_bytes([record[0], record[1]]);
    let micros_at = layout.seconds_at + layout.seconds_len;
    let micros = integer(&record[micros_at..micros_at + layout.seconds_len]);
    kind <= 9
        && record[2..4] == [0, 0]
        && (0..1_000_000).contains(&micros)
        && (0..1 << 33).contains(&integer(&record[layout.seconds_at..micros_at]))
        && [8..40, 44..76, 76..332].into_iter().all(|field| is_padded(&record[field]))
}

/// True for text that is followed by nothing but NULs.
fn is_padded(field: &[u8]) -> bool {
    let end = memchr::memchr(0, field).unwrap_or(field.len());
    field[..end].iter().all(|byte| *byte >= b' ') && field[end..].iter().all(|byte| *byte == 0)
}

fn integer(bytes: &[u8]) -> i64 {
    if let Ok(wide) = bytes.try_into() {
        return i64::from_ne_bytes(wide);
    }
    // The 32-bit field is read without a sign: it then lasts until 2106.
    bytes.try_into().map_or(0, |narrow| i64::from(u32::from_ne_bytes(narrow)))
}

fn parse_record(record: &[u8], layout: Layout) -> Option<Record> {
    let entry = match u16::from_ne_bytes([record[0], record[1]]) {
        1 => Entry::RunLevel,
        2 => Entry::Boot,
        5 | 6 => Entry::Waiting,
        7 => Entry::User,
        8 => Entry::Dead,
        _ => return None,
    };
    let seconds = integer(&record[layout.seconds_at..layout.seconds_at + layout.seconds_len]);
    let micros_at = layout.seconds_at + layout.seconds_len;
    let micros = integer(&record[micros_at..micros_at + layout.seconds_len]).clamp(0, 999_999);
    Some(Record {
        entry,
        pid: u32::from_ne_bytes([record[4], record[5], record[6], record[7]]),
        line: text(&record[8..40]),
        user: text(&record[44..76]),
        host: text(&record[76..332]),
        address: address(&record[layout.address_at..layout.address_at + 16]),
        at: DateTime::from_timestamp(seconds, micros as u32 * 1000)?,
    })
}

fn text(field: &[u8]) -> Safe {
    Safe::from_bytes(&field[..memchr::memchr(0, field).unwrap_or(field.len())])
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let bytes: [u8; 16] = bytes.try_into().ok()?;
    let [a, b, c, d, rest @ ..] = bytes;
    if bytes == [0; 16] {
        None
    } else if rest == [0; 12] {
        Some(IpAddr::V4(Ipv4Addr::new(a, b, c, d)))
    } else {
        Some(IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Writes a record as the C library does.
    pub(in super::super) fn record(
        long: bool,
        kind: u16,
        pid: u32,
        line: &str,
        user: &str,
        host: &str,
        at: i64,
    ) -> Vec<u8> {
        let layout = if long { LONG } else { SHORT };
        let mut record = vec![0; layout.size];
        record[..2].copy_from_slice(&kind.to_ne_bytes());
        record[4..8].copy_from_slice(&pid.to_ne_bytes());
        record[8..8 + line.len()].copy_from_slice(line.as_bytes());
        record[44..44 + user.len()].copy_from_slice(user.as_bytes());
        record[76..76 + host.len()].copy_from_slice(host.as_bytes());
        let seconds = at.to_ne_bytes();
        if long {
            record[344..352].copy_from_slice(&seconds);
            record[352..360].copy_from_slice(&7_i64.to_ne_bytes());
        } else {
            record[340..344].copy_from_slice(&(at as u32).to_ne_bytes());
            record[344..348].copy_from_slice(&7_u32.to_ne_bytes());
        }
        if let Ok(IpAddr::V4(v4)) = host.parse() {
            record[layout.address_at..layout.address_at + 4].copy_from_slice(&v4.octets());
        }
        record
    }

    fn session(long: bool) -> Vec<u8> {
        [
            record(long, 2, 0, "~", "reboot", "6.12.48", 1_763_800_000),
            record(long, 7, 4242, "pts/0", "anna", "192.0.2.33", 1_763_800_100),
            record(long, 8, 4242, "pts/0", "", "", 1_763_800_200),
        ]
        .concat()
    }

    #[test]
    fn records_of_384_and_of_400_bytes_read_the_same() {
        let short = parse(&session(false));
        assert_eq!(short, parse(&session(true)));
        assert_eq!(short.len(), 3);
        assert_eq!(short[1].user, "anna");
        assert_eq!(short[1].from(), Some(Safe::new("192.0.2.33")));
        assert_eq!(short[1].at.timestamp(), 1_763_800_100);
        assert_eq!(short[2].entry, Entry::Dead);
    }

    #[test]
    fn a_length_that_both_sizes_divide_is_still_told_apart() {
        for long in [false, true] {
            let size = if long { 400 } else { 384 };
            let mut file = session(long);
            while file.len() < 9600 {
                file.extend(record(long, 7, 1, "pts/1", "ben", "host.example", 1_763_800_300));
            }
            assert_eq!(file.len(), 9600);
            assert_eq!(parse(&file).len(), 9600 / size);
        }
    }

    #[test]
    fn a_torn_record_at_the_end_is_left_out() {
        let file = session(false);
        assert_eq!(parse(&file[..file.len() - 1]).len(), 2);
        assert!(parse(&file[..100]).is_empty());
        assert!(parse(&[]).is_empty());
    }

    #[test]
    fn local_displays_are_no_remote_address() {
        let file = record(false, 7, 1, "tty2", "anna", ":0", 1_763_800_000);
        assert_eq!(parse(&file)[0].from(), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..2000)) {
            parse(&bytes);
        }
    }
}
