//! Time stamps in every dialect that logs use.
//!
//! It reads what stands at the start of a line. What year a stamp without one means is the `calendar`'s.

use super::cut;
use chrono::NaiveDate;

/// A time as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Stamp {
    /// The line states no time.
    #[default]
    None,
    /// Month, day, time of day: no year, no zone.
    Yearless { month: u8, day: u8, second_of_day: u32, micros: u32 },
    /// Date and time without a zone, in seconds as if it were UTC.
    Local { second: i64, micros: u32 },
    /// A point in time.
    Instant { second: i64, micros: u32 },
}

/// Start of a day, as if it were UTC; only of years that still have four digits in every zone.
pub(super) fn start_of(year: i32, month: u8, day: u8) -> Option<i64> {
    if !(1..9999).contains(&year) {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(year, u32::from(month), u32::from(day))?;
    Some(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp())
}

/// Reads the stamp at the start of a line: the stamp, and where the line goes on after it and the spaces that
/// follow it.
pub(super) fn read(line: &[u8]) -> (Stamp, usize) {
    let read = match line.first() {
        Some(b'0'..=b'9') => numeric(line),
        Some(b'A'..=b'Z') => usual(line).or_else(|| month_name(line)).or_else(|| weekday(line)),
        Some(b'[') => bracketed(line),
        _ => None,
    };
    match read {
        Some((stamp, mut at)) => {
            while line.get(at) == Some(&b' ') {
                at += 1;
            }
            (stamp, at)
        }
        None => (Stamp::None, 0),
    }
}

/// `Feb  7 15:10:42 `, the form of nearly every line, in one go.
fn usual(line: &[u8]) -> Option<(Stamp, usize)> {
    let text: &[u8; 16] = line.first_chunk()?;
    let digit = |at: usize| text[at].wrapping_sub(b'0');
    let tens = if text[4] == b' ' { 0 } else { digit(4) };
    let day = tens.wrapping_mul(10).wrapping_add(digit(5));
    let two = |at: usize| u32::from(digit(at)) * 10 + u32::from(digit(at + 1));
    let digits = [tens, digit(5), digit(7), digit(8), digit(10), digit(11), digit(13), digit(14)];
    let fits = digits.iter().all(|digit| *digit < 10)
        && text[3] == b' '
        && text[6] == b' '
        && text[9] == b':'
        && text[12] == b':'
        && text[15] == b' ';
    let (hour, minute, second) = (two(7), two(10), two(13));
    if !fits || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let month = month(&text[..3])?;
    // A year may follow the day: `Jan 23 2005 ..` has no colon where this form has one.
    let second_of_day = hour * 3600 + minute * 60 + second;
    Some((Stamp::Yearless { month, day, second_of_day, micros: 0 }, 15))
}

/// `Feb  7 15:10:42`, `Feb 07 ..`, `Feb 7 ..`, `Jan 23 2005 21:59:59`, `Jan 23 21:59:59.123`.
fn month_name(line: &[u8]) -> Option<(Stamp, usize)> {
    let month = month(line.get(..3)?)?;
    let mut at = 3;
    if line.get(at) != Some(&b' ') {
        return None;
    }
    at += 1;
    if line.get(at) == Some(&b' ') {
        at += 1;
    }
    let (day, next) = one_or_two(line, at)?;
    at = next;
    if !(1..=31).contains(&day) || line.get(at) != Some(&b' ') {
        return None;
    }
    at += 1;
    let mut year = None;
    if line.get(at + 4) == Some(&b' ')
        && let Some(four) = cut::number(line.get(at..at + 4)?)
    {
        year = Some(four as i32);
        at += 5;
    }
    let (second_of_day, next) = clock_time(line, at)?;
    let (micros, at) = fraction(line, next);
    if !ends_well(line, at) {
        return None;
    }
    let stamp = match year {
        None => Stamp::Yearless { month, day: day as u8, second_of_day, micros },
        Some(year) => {
            Stamp::Local { second: start_of(year, month, day as u8)? + i64::from(second_of_day), micros }
        }
    };
    Some((stamp, at))
}

/// `Sun Jan 23 21:59:59 2005`, `Tue 2022-11-22 07:45:01 CET`, `Sun, 23 Jan 2005 ..`.
fn weekday(line: &[u8]) -> Option<(Stamp, usize)> {
    if !matches!(line.get(..3)?, b"Mon" | b"Tue" | b"Wed" | b"Thu" | b"Fri" | b"Sat" | b"Sun") {
        return None;
    }
    let mut start = 3;
    if line.get(start) == Some(&b',') {
        start += 1;
    }
    if line.get(start) != Some(&b' ') {
        return None;
    }
    start += 1;
    let rest = &line[start..];
    let (stamp, mut at) = if rest.first()?.is_ascii_digit() { numeric(rest)? } else { month_name(rest)? };
    if let Stamp::Yearless { month, day, second_of_day, micros } = stamp
        && rest.get(at) == Some(&b' ')
        && let Some(year) = rest.get(at + 1..at + 5).and_then(cut::number)
        && ends_well(rest, at + 5)
    {
        let second = start_of(year as i32, month, day)? + i64::from(second_of_day);
        return Some((Stamp::Local { second, micros }, start + at + 5));
    }
    // journalctl -o short-full names the zone. Only UTC is the same everywhere.
    if let Stamp::Local { second, micros } = stamp
        && rest.get(at) == Some(&b' ')
    {
        let (zone, _) = cut::word(&rest[at + 1..]);
        if matches!(zone, b"UTC" | b"GMT") {
            return Some((Stamp::Instant { second, micros }, start + at + 1 + zone.len()));
        }
        if (3..=5).contains(&zone.len()) && zone.iter().all(u8::is_ascii_uppercase) {
            at += 1 + zone.len();
        }
    }
    Some((stamp, start + at))
}

/// `[1234.567890]` of a kernel or `journalctl -o short-monotonic`, or any stamp in brackets.
fn bracketed(line: &[u8]) -> Option<(Stamp, usize)> {
    let end = memchr::memchr(b']', line.get(..64.min(line.len()))?)?;
    let inner = cut::trim(&line[1..end]);
    if inner.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') && inner.contains(&b'.') {
        return Some((Stamp::None, end + 1));
    }
    let (stamp, at) = read(inner);
    (at > 0 && at == inner.len()).then_some((stamp, end + 1))
}

/// Everything that starts with a digit: ISO dates, epoch seconds, `23/Jan/2005:21:59:59 +0100`.
fn numeric(line: &[u8]) -> Option<(Stamp, usize)> {
    let digits = line.iter().take(11).take_while(|byte| byte.is_ascii_digit()).count();
    match (digits, line.get(digits)) {
        (4, Some(b'-' | b'/' | b'.')) => iso(line),
        (4, Some(b' ')) => {
            // `2005 Jan 23 21:59:59`
            let year = cut::number(&line[..4])?;
            let (stamp, at) = month_name(&line[5..])?;
            let Stamp::Yearless { month, day, second_of_day, micros } = stamp else { return None };
            let second = start_of(year as i32, month, day)? + i64::from(second_of_day);
            Some((Stamp::Local { second, micros }, at + 5))
        }
        (8, Some(b'T')) => compact_iso(line),
        (10, Some(b'.' | b' ')) => {
            let second = cut::number(&line[..10])? as i64;
            let (micros, at) = fraction(line, 10);
            ends_well(line, at).then_some((Stamp::Instant { second, micros }, at))
        }
        (1 | 2, Some(b'/' | b'-' | b' ')) => day_first(line, digits),
        _ => None,
    }
}

/// `2005-01-23T21:59:59.123456+01:00`, with `T` or a space, `.` or `,`, with or without a zone.
fn iso(line: &[u8]) -> Option<(Stamp, usize)> {
    let separator = line[4];
    if line.len() < 19 || line[7] != separator || !matches!(line[10], b'T' | b' ' | b't' | b'_') {
        return None;
    }
    let year = cut::number(&line[..4])? as i32;
    let month = cut::number(&line[5..7])? as u8;
    let day = cut::number(&line[8..10])? as u8;
    let (second_of_day, next) = clock_time(line, 11)?;
    let (micros, at) = fraction(line, next);
    let second = start_of(year, month, day)? + i64::from(second_of_day);
    zoned(line, at, second, micros)
}

/// `20050123T215959Z`.
fn compact_iso(line: &[u8]) -> Option<(Stamp, usize)> {
    let year = cut::number(line.get(..4)?)? as i32;
    let (month, day) = (cut::number(line.get(4..6)?)?, cut::number(line.get(6..8)?)?);
    let time = cut::number(line.get(9..15)?)? as i64;
    let (hour, minute, second) = (time / 10_000, time / 100 % 100, time % 100);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let second = start_of(year, month as u8, day as u8)? + hour * 3600 + minute * 60 + second;
    let (micros, at) = fraction(line, 15);
    zoned(line, at, second, micros)
}

/// `23/Jan/2005:21:59:59 +0100`, `23 Jan 2005 21:59:59`, `23-Jan-2005 21:59:59`.
fn day_first(line: &[u8], digits: usize) -> Option<(Stamp, usize)> {
    let day = cut::number(&line[..digits])? as u8;
    let month = month(line.get(digits + 1..digits + 4)?)?;
    let year = cut::number(line.get(digits + 5..digits + 9)?)? as i32;
    if !matches!(line.get(digits + 9)?, b':' | b' ') {
        return None;
    }
    let (second_of_day, next) = clock_time(line, digits + 10)?;
    let (micros, at) = fraction(line, next);
    zoned(line, at, start_of(year, month, day)? + i64::from(second_of_day), micros)
}

/// Reads `Z`, `+01:00`, `+0100`, ` +0100` or nothing.
fn zoned(line: &[u8], at: usize, second: i64, micros: u32) -> Option<(Stamp, usize)> {
    let local = Stamp::Local { second, micros };
    match line.get(at) {
        Some(b'Z' | b'z') => ends_well(line, at + 1).then_some((Stamp::Instant { second, micros }, at + 1)),
        Some(b'+' | b'-') => {
            let (offset, at) = offset(line, at)?;
            Some((Stamp::Instant { second: second - offset, micros }, at))
        }
        Some(b' ') if matches!(line.get(at + 1), Some(b'+' | b'-')) => match offset(line, at + 1) {
            Some((offset, at)) => Some((Stamp::Instant { second: second - offset, micros }, at)),
            None => Some((local, at)),
        },
        _ => ends_well(line, at).then_some((local, at)),
    }
}

/// Seconds east of Greenwich of `+01:00`, `+0100`, `+01`.
fn offset(line: &[u8], at: usize) -> Option<(i64, usize)> {
    let hours = cut::number(line.get(at + 1..at + 3)?)? as i64;
    let (minutes, end) = match line.get(at + 3) {
        Some(b':') => (cut::number(line.get(at + 4..at + 6)?)? as i64, at + 6),
        Some(b'0'..=b'9') => (cut::number(line.get(at + 3..at + 5)?)? as i64, at + 5),
        _ => (0, at + 3),
    };
    if hours > 18 || minutes > 59 || !ends_well(line, end) {
        return None;
    }
    let seconds = hours * 3600 + minutes * 60;
    Some((if line[at] == b'-' { -seconds } else { seconds }, end))
}

/// Second of the day of `HH:MM:SS`, `H:MM:SS`.
fn clock_time(line: &[u8], at: usize) -> Option<(u32, usize)> {
    let (hour, at) = one_or_two(line, at)?;
    let rest = line.get(at..at + 6)?;
    if rest[0] != b':' || rest[3] != b':' {
        return None;
    }
    let minute = cut::number(&rest[1..3])? as u32;
    let second = cut::number(&rest[4..6])? as u32;
    // 60 is a leap second.
    (hour < 24 && minute < 60 && second <= 60).then_some((hour * 3600 + minute * 60 + second, at + 6))
}

/// Microseconds of `.123` or `,123456789`.
fn fraction(line: &[u8], at: usize) -> (u32, usize) {
    if !matches!(line.get(at), Some(b'.' | b',')) || !line.get(at + 1).is_some_and(u8::is_ascii_digit) {
        return (0, at);
    }
    let (mut micros, mut digits, mut end) = (0, 0, at + 1);
    while let Some(digit @ b'0'..=b'9') = line.get(end) {
        if digits < 6 {
            micros = micros * 10 + u32::from(digit - b'0');
            digits += 1;
        }
        end += 1;
    }
    (micros * 10_u32.pow(6 - digits), end)
}

fn one_or_two(line: &[u8], at: usize) -> Option<(u32, usize)> {
    let first = line.get(at).filter(|byte| byte.is_ascii_digit())?;
    let first = u32::from(first - b'0');
    match line.get(at + 1) {
        Some(second @ b'0'..=b'9') => Some((first * 10 + u32::from(second - b'0'), at + 2)),
        _ => Some((first, at + 1)),
    }
}

/// A stamp is a word of its own: `2005-01-23 10:00:00x` is none.
fn ends_well(line: &[u8], at: usize) -> bool {
    matches!(line.get(at), None | Some(b' ' | b':' | b']' | b'\t' | b',' | b'|' | b';'))
}

fn month(name: &[u8]) -> Option<u8> {
    Some(match name {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" => 10,
        b"Nov" => 11,
        b"Dec" => 12,
        _ => return None,
    })
}
