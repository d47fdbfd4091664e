//! Seven days' worth of hours, each a small histogram; on disk one short text. It knows neither clock nor meaning.
//!
//! Hours are kept by the order in which they were lived through, not by what the clock called them: a clock that
//! jumps ahead and back takes nothing away, and a machine that is off for a month has not forgotten its days.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fmt::Write as _;

/// Hours that are kept.
pub(super) const HOURS: usize = 7 * 24;
/// Different values that are kept of one hour; close ones in the middle become one, the outer ones stay.
const VALUES_PER_HOUR: usize = 8;
/// Buckets per doubling of the value: a step is 9 percent.
const PER_DOUBLING: f64 = 8.0;

/// The hours, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub(super) struct Week {
    hours: VecDeque<Hour>,
}

/// One hour: its number since 1970, and how many minutes fell into which bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Hour {
    number: i64,
    counts: Vec<(u8, u8)>,
}

impl Week {
    /// Counts minutes with this value in an hour.
    pub(super) fn add(&mut self, value: f64, minutes: u8, number: i64) {
        let at = self.hours.iter().rposition(|hour| hour.number == number);
        let at = at.unwrap_or_else(|| {
            self.hours.push_back(Hour { number, counts: Vec::new() });
            if self.hours.len() > HOURS {
                self.hours.pop_front();
            }
            self.hours.len() - 1
        });
        self.hours[at].add(bucket(value), minutes);
    }

    /// Hours with values.
    pub(super) fn len(&self) -> usize {
        self.hours.len()
    }

    /// All values with the minutes that they stand for, least first.
    pub(super) fn values(&self) -> Vec<(f64, u32)> {
        let mut counts = [0_u32; 256];
        for (bucket, minutes) in self.hours.iter().flat_map(|hour| &hour.counts) {
            counts[usize::from(*bucket)] += u32::from(*minutes);
        }
        let filled = counts.iter().enumerate().filter(|(_, count)| **count > 0);
        filled.map(|(bucket, count)| (middle(bucket as u8), *count)).collect()
    }
}

impl Hour {
    fn add(&mut self, bucket: u8, minutes: u8) {
        match self.counts.binary_search_by_key(&bucket, |(at, _)| *at) {
            Ok(place) => self.counts[place].1 = self.counts[place].1.saturating_add(minutes),
            Err(place) => self.counts.insert(place, (bucket, minutes)),
        }
        if self.counts.len() > VALUES_PER_HOUR {
            self.merge();
        }
    }

    /// Makes the two closest neighbours one. The least and the greatest value stay what they are.
    fn merge(&mut self) {
        let closest = self.counts.windows(2).enumerate().min_by_key(|(_, pair)| pair[1].0 - pair[0].0);
        let Some((left, _)) = closest else { return };
        let (low, high) = (self.counts[left], self.counts.remove(left + 1));
        let is_last = left + 1 == self.counts.len();
        let keeps_high = left > 0 && (is_last || high.1 > low.1);
        let bucket = if keeps_high { high.0 } else { low.0 };
        self.counts[left] = (bucket, low.1.saturating_add(high.1));
    }
}

/// `471234:1f3c2002 471235:..`: the hour, then bucket and minutes as two hexadecimal digits each.
impl From<Week> for String {
    fn from(week: Week) -> Self {
        let mut text = Self::new();
        for hour in week.hours {
            // Writing to a String cannot fail.
            let _ = write!(text, "{}{}:", if text.is_empty() { "" } else { " " }, hour.number);
            for (bucket, minutes) in hour.counts {
                let _ = write!(text, "{bucket:02x}{minutes:02x}");
            }
        }
        text
    }
}

/// What does not read as an hour is left out: a part that is lost is learned again.
impl From<String> for Week {
    fn from(text: String) -> Self {
        let mut week = Self::default();
        for word in text.split(' ') {
            let Some((number, counts)) = word.split_once(':') else { continue };
            let Ok(number) = number.parse() else { continue };
            let mut hour = Hour { number, counts: Vec::new() };
            for pair in counts.as_bytes().chunks_exact(4) {
                let text = std::str::from_utf8(pair).ok();
                if let Some(pair) = text.and_then(|text| u16::from_str_radix(text, 16).ok()) {
                    let [bucket, minutes] = pair.to_be_bytes();
                    hour.add(bucket, minutes);
                }
            }
            week.hours.push_back(hour);
        }
        let surplus = week.hours.len().saturating_sub(HOURS);
        week.hours.drain(..surplus);
        week
    }
}

fn bucket(value: f64) -> u8 {
    ((1.0 + value.max(0.0)).log2() * PER_DOUBLING).round().clamp(0.0, 255.0) as u8
}

fn middle(bucket: u8) -> f64 {
    (f64::from(bucket) / PER_DOUBLING).exp2() - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_of_wild_values_keeps_its_edges_and_all_its_minutes() {
        let mut week = Week::default();
        for minute in 0..60_u32 {
            week.add(f64::from(minute * minute), 1, 7);
        }
        let values = week.values();
        assert!(values.len() <= VALUES_PER_HOUR);
        assert_eq!(values.iter().map(|(_, minutes)| minutes).sum::<u32>(), 60);
        assert!(values[0].0 < 0.1 && values[values.len() - 1].0 > 3200.0, "{values:?}");
    }

    #[test]
    fn the_text_reads_back_and_a_damaged_one_costs_only_what_is_damaged() {
        let mut week = Week::default();
        for hour in 0..200 {
            week.add(hour as f64, 2, hour);
            week.add(1e12, 1, hour);
        }
        assert_eq!(week.len(), HOURS);
        let text = String::from(week.clone());
        assert_eq!(Week::from(text.clone()), week);
        assert_eq!(Week::from(format!("{text} x:1 9:zzzz nonsense 201:")).len(), HOURS);
        for hostile in ["", " ", ":", "1:1", "99999999999999999999:0101", "1:\u{e9}\u{e9}", "-4:0101 -4:0101"]
        {
            drop(Week::from(hostile.to_owned()));
        }
    }
}
