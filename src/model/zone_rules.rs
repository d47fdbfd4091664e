//! The rules of a named zone: when its clocks were set, and when they will be. Format: RFC 9636 (TZif).
//!
//! It reads bytes; the file is opened elsewhere.

/// Offsets of a zone over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneRules {
    /// Seconds since the epoch from which an offset holds, in order, and that offset in seconds east.
    steps: Vec<(i64, i32)>,
    /// The offset before the first step.
    first: i32,
    /// The rule after the last step.
    after: Option<Yearly>,
}

/// `CET-1CEST,M3.5.0,M10.5.0/3`: an offset, and for some zones a second one for a part of each year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Yearly {
    standard: i32,
    summer: Option<Summer>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Summer {
    offset: i32,
    starts: Day,
    ends: Day,
}

/// A day of each year, and the local time on it in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Day {
    rule: DayRule,
    second: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DayRule {
    /// `Jn`: 1 to 365, 29 February is never counted.
    Counted(i64),
    /// `n`: 0 to 365.
    Plain(i64),
    /// `Mm.w.d`: the w-th (5 is the last) weekday d, 0 is Sunday, of month m.
    Weekday(u32, i64, i64),
}

impl ZoneRules {
    /// Reads a TZif file of version 1 to 4; `None` when it is none.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (head, first) = Head::read(bytes)?;
        if head.version == 0 {
            return Self::body(first, &head, 4).map(|(rules, _)| rules);
        }
        // Version 2 repeats everything with 64-bit times.
        let second = first.get(head.size(4)..)?;
        let (head, body) = Head::read(second)?;
        let (mut rules, rest) = Self::body(body, &head, 8)?;
        let footer = rest.strip_prefix(b"\n").and_then(|rest| rest.split(|byte| *byte == b'\n').next());
        rules.after = footer.and_then(|footer| std::str::from_utf8(footer).ok()).and_then(Yearly::parse);
        Some(rules)
    }

    fn body<'a>(body: &'a [u8], head: &Head, width: usize) -> Option<(Self, &'a [u8])> {
        let times = body.get(..head.times * width)?;
        let indices = body.get(head.times * width..head.times * (width + 1))?;
        let types = body.get(head.times * (width + 1)..)?.get(..head.types * 6)?;
        let offset = |index: usize| -> Option<i32> {
            let seconds = i32::from_be_bytes(types.get(index * 6..index * 6 + 4)?.try_into().ok()?);
            // What the format allows; a damaged file must not move times by years.
            (-89_999..=93_599).contains(&seconds).then_some(seconds)
        };
        let mut steps = Vec::with_capacity(head.times);
        for (time, index) in times.chunks_exact(width).zip(indices) {
            let time = match width {
                4 => i64::from(i32::from_be_bytes(time.try_into().ok()?)),
                _ => i64::from_be_bytes(time.try_into().ok()?),
            };
            steps.push((time, offset(usize::from(*index))?));
        }
        let rules = Self { first: offset(0)?, steps, after: None };
        Some((rules, body.get(head.size(width)..).unwrap_or_default()))
    }

    /// Seconds east of Greenwich at a time in seconds since the epoch.
    pub fn offset_s(&self, second: i64) -> i64 {
        let after = self.steps.partition_point(|(from, _)| *from <= second);
        if after == self.steps.len()
            && let Some(yearly) = self.after
        {
            return i64::from(yearly.offset_s(second));
        }
        i64::from(if after == 0 { self.first } else { self.steps[after - 1].1 })
    }

    /// Seconds east of Greenwich at a local time, given in seconds as if it were UTC; of two, the earlier time;
    /// a time that the clocks skip counts as before the step.
    pub fn offset_at_local_s(&self, local: i64) -> i64 {
        // No clock is ever a day off, and none is set twice within two days.
        let early = self.offset_s(local - 86_400);
        let late = self.offset_s(local + 86_400);
        if early == late || self.offset_s(local - early) == early {
            return early;
        }
        if self.offset_s(local - late) == late { late } else { early }
    }
}

struct Head {
    version: u8,
    times: usize,
    types: usize,
    letters: usize,
    leaps: usize,
    standards: usize,
    universals: usize,
}

impl Head {
    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let head = bytes.get(..44)?;
        if !head.starts_with(b"TZif") {
            return None;
        }
        let count = |at: usize| -> Option<usize> {
            let number = u32::from_be_bytes(head.get(at..at + 4)?.try_into().ok()?);
            // No zone has more than some hundred steps; a damaged file must not ask for memory.
            usize::try_from(number).ok().filter(|number| *number <= 100_000)
        };
        let read = Self {
            version: head[4],
            universals: count(20)?,
            standards: count(24)?,
            leaps: count(28)?,
            times: count(32)?,
            types: count(36)?,
            letters: count(40)?,
        };
        Some((read, &bytes[44..]))
    }

    /// Bytes of the part that follows, with times of `width` bytes.
    const fn size(&self, width: usize) -> usize {
        self.times * (width + 1)
            + self.types * 6
            + self.letters
            + self.leaps * (width + 4)
            + self.standards
            + self.universals
    }
}

impl Yearly {
    /// Reads a POSIX zone string.
    fn parse(text: &str) -> Option<Self> {
        let rest = skip_name(text)?;
        let (standard, rest) = hours(rest)?;
        let standard = -standard as i32;
        if rest.is_empty() {
            return Some(Self { standard, summer: None });
        }
        let rest = skip_name(rest)?;
        let (offset, rest) = if let Some(rest) = rest.strip_prefix(',') {
            (standard + 3600, rest)
        } else {
            let (offset, rest) = hours(rest)?;
            (-offset as i32, rest.strip_prefix(',')?)
        };
        let (starts, ends) = rest.split_once(',')?;
        Some(Self {
            standard,
            summer: Some(Summer { offset, starts: Day::parse(starts)?, ends: Day::parse(ends)? }),
        })
    }

    fn offset_s(&self, second: i64) -> i32 {
        let Some(summer) = self.summer else { return self.standard };
        let year = year_of(second + i64::from(self.standard));
        let starts = summer.starts.second_in(year) - i64::from(self.standard);
        let ends = summer.ends.second_in(year) - i64::from(summer.offset);
        let is_summer = if starts < ends {
            (starts..ends).contains(&second)
        } else {
            // South of the equator summer spans the new year.
            !(ends..starts).contains(&second)
        };
        if is_summer { summer.offset } else { self.standard }
    }
}

impl Day {
    fn parse(text: &str) -> Option<Self> {
        let (day, time) = text.split_once('/').map_or((text, None), |(day, time)| (day, Some(time)));
        let second = match time {
            Some(time) => hours(time).filter(|(_, rest)| rest.is_empty())?.0,
            None => 7200,
        };
        // A damaged week or day would be counted down to for ever.
        let number = |text: &str, least, most| -> Option<i64> {
            text.parse().ok().filter(|number| (least..=most).contains(number))
        };
        let rule = if let Some(day) = day.strip_prefix('J') {
            DayRule::Counted(number(day, 1, 365)?)
        } else if let Some(parts) = day.strip_prefix('M') {
            let mut parts = parts.split('.');
            let month = parts.next()?.parse().ok().filter(|month| (1..=12).contains(month))?;
            DayRule::Weekday(month, number(parts.next()?, 1, 5)?, number(parts.next()?, 0, 6)?)
        } else {
            DayRule::Plain(number(day, 0, 365)?)
        };
        Some(Self { rule, second })
    }

    /// Local time in that year, in seconds as if it were UTC.
    fn second_in(self, year: i64) -> i64 {
        let new_year = days_before(year);
        let day = match self.rule {
            DayRule::Plain(day) => new_year + day,
            DayRule::Counted(day) => new_year + day - 1 + i64::from(day > 59 && is_leap(year)),
            DayRule::Weekday(month, week, weekday) => {
                let first = new_year + month_start(year, month);
                // 1 January 1970 was a Thursday.
                let mut day = first + (weekday - (first + 4)).rem_euclid(7) + (week - 1) * 7;
                let end = first + month_length(year, month);
                while day >= end {
                    day -= 7;
                }
                day
            }
        };
        day * 86_400 + self.second
    }
}

/// Skips `CET` or `<+03>`.
fn skip_name(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix('<') {
        return rest.split_once('>').map(|(_, rest)| rest);
    }
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    (end >= 3).then(|| &text[end..])
}

/// Seconds of `[+-]h[h[h]][:mm[:ss]]`, and the rest.
fn hours(text: &str) -> Option<(i64, &str)> {
    let (sign, text) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let end = text.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(text.len());
    let mut seconds = 0;
    for (part, unit) in text[..end].splitn(3, ':').zip([3600, 60, 1]) {
        let part: i64 = part.parse().ok().filter(|part| *part < 200)?;
        seconds += part * unit;
    }
    Some((sign * seconds, &text[end..]))
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days from 1970 to the first day of a year.
const fn days_before(year: i64) -> i64 {
    let y = year - 1;
    y * 365 + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) - 719_162
}

const fn month_length(year: i64, month: u32) -> i64 {
    match month {
        2 => 28 + is_leap(year) as i64,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn month_start(year: i64, month: u32) -> i64 {
    (1..month).map(|month| month_length(year, month)).sum()
}

fn year_of(second: i64) -> i64 {
    let days = second.div_euclid(86_400);
    let mut year = 1970 + days.div_euclid(366);
    while days_before(year + 1) <= days {
        year += 1;
    }
    year
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Version 2 with no step and a footer, as `slim` files have for most of their life.
    fn slim(footer: &str) -> ZoneRules {
        let mut file = Vec::new();
        for _ in 0..2 {
            file.extend(b"TZif2");
            file.extend([0; 15]);
            for count in [0_u32, 0, 0, 0, 1, 4] {
                file.extend(count.to_be_bytes());
            }
            file.extend(3600_i32.to_be_bytes());
            file.extend([0, 0]);
            file.extend(b"CET\0");
        }
        file.extend(format!("\n{footer}\n").bytes());
        ZoneRules::parse(&file).unwrap()
    }

    #[test]
    fn clocks_are_set_by_the_rule_of_the_year() {
        let zurich = slim("CET-1CEST,M3.5.0,M10.5.0/3");
        // 2005-08-14 12:00 local is summer time, 2004-11-11 is not.
        assert_eq!(zurich.offset_at_local_s(1_124_020_800), 7200);
        assert_eq!(zurich.offset_at_local_s(1_100_160_000), 3600);
        // 2005-03-27 01:00 UTC is the step.
        assert_eq!(zurich.offset_s(1_111_885_199), 3600);
        assert_eq!(zurich.offset_s(1_111_885_200), 7200);
        assert_eq!(zurich.offset_s(1_130_633_999), 7200);
        assert_eq!(zurich.offset_s(1_130_634_000), 3600);
        let sydney = slim("AEST-10AEDT,M10.1.0,M4.1.0/3");
        assert_eq!(sydney.offset_s(1_136_073_600), 39_600);
        assert_eq!(sydney.offset_s(1_120_176_000), 36_000);
        let kolkata = slim("<+0530>-5:30");
        assert_eq!(kolkata.offset_s(0), 19_800);
    }

    #[test]
    fn damaged_files_are_no_zone() {
        assert_eq!(ZoneRules::parse(b""), None);
        assert_eq!(ZoneRules::parse(b"TZif2"), None);
        let mut endless = b"TZif2".to_vec();
        endless.extend([0xff; 60]);
        assert_eq!(ZoneRules::parse(&endless), None);
    }

    #[test]
    fn years_are_counted_right_around_leap_years() {
        assert_eq!(year_of(951_782_400), 2000);
        assert_eq!(year_of(-1), 1969);
        assert_eq!(year_of(4_102_444_799), 2099);
        assert_eq!(days_before(2000), 10_957);
    }
}
