//! What is normal here, in numbers: one-minute means of seven days, and how far a value is out of their range.
//!
//! It does not judge: a rule asks for the ratio and decides. It does not learn while an alert is open.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Hours that are kept.
const HOURS: i64 = 7 * 24;
/// Buckets per doubling of the value: a step is 9 percent.
const PER_DOUBLING: f64 = 8.0;
/// A range is learned after so many hours with values, at least a day after the first.
const LEARNED_HOURS: usize = 12;
/// The share of minutes that the widest swing covers.
const WIDEST: f64 = 0.999;

/// A number that is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Series {
    Connections,
    FailedPerHour,
}

/// All that is learned, by series; a few KiB each.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Baselines {
    series: BTreeMap<Series, Baseline>,
}

/// Seven days of one number.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Baseline {
    /// By hour since 1970: how many minutes fell into which bucket.
    hours: BTreeMap<i64, Vec<(u8, u8)>>,
    /// The minute that is being filled: its number, the sum and the count of its values.
    #[serde(skip)]
    minute: (i64, f64, u32),
    /// The range, and the hour in which it was measured.
    #[serde(skip)]
    range: Option<(i64, Range)>,
}

/// What is normal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Range {
    pub(super) median: f64,
    /// How far from the median all but one minute in a thousand were.
    pub(super) swing: f64,
    /// The least and the greatest minute.
    pub(super) least: f64,
    pub(super) most: f64,
    /// Days with values, at most seven.
    pub(super) days: u8,
}

impl Range {
    /// How far out a value is, in widest swings.
    pub(super) fn ratio(&self, value: f64) -> f64 {
        (value - self.median).abs() / self.swing.max(self.median * 0.05).max(1.0)
    }
}

impl Baselines {
    /// Takes in a value. With `learn` unset only time goes on.
    pub(super) fn hear(&mut self, series: Series, value: f64, learn: bool, now: DateTime<Utc>) {
        self.series.entry(series).or_default().hear(value, learn, now.timestamp().div_euclid(60));
    }

    /// What is normal, once it is learned.
    pub(super) fn range(&mut self, series: Series, now: DateTime<Utc>) -> Option<Range> {
        let baseline = self.series.get_mut(&series)?;
        baseline.range(now.timestamp().div_euclid(3600))
    }
}

impl Baseline {
    fn hear(&mut self, value: f64, learn: bool, minute: i64) {
        if !value.is_finite() {
            return;
        }
        let (current, sum, count) = self.minute;
        if current == minute {
            self.minute = (minute, sum + value, count.saturating_add(1));
            return;
        }
        if count > 0 && learn {
            self.learn(sum / f64::from(count), current.div_euclid(60));
        }
        self.minute = (minute, value, 1);
    }

    /// Notes the mean of a minute. What is far out counts as the edge of the range, which is measured once an hour:
    /// one wild hour does not become the measure of the next.
    fn learn(&mut self, mean: f64, hour: i64) {
        let mean = self.range(hour).map_or(mean, |range| {
            let reach = range.swing.max(range.median * 0.05).max(1.0) * 1.25;
            mean.clamp(range.median - reach, range.median + reach)
        });
        let bucket = bucket(mean);
        let counts = self.hours.entry(hour).or_default();
        match counts.iter_mut().find(|(at, _)| *at == bucket) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => counts.push((bucket, 1)),
        }
        // What lies ahead was learned under a clock that was wrong.
        self.hours.retain(|at, _| (hour - HOURS..=hour).contains(at));
    }

    fn range(&mut self, hour: i64) -> Option<Range> {
        let first = *self.hours.keys().next()?;
        if self.hours.len() < LEARNED_HOURS || hour - first < 24 {
            return None;
        }
        if self.range.is_none_or(|(measured, _)| measured != hour) {
            self.range = self.measure().map(|range| (hour, range));
        }
        self.range.map(|(_, range)| range)
    }

    fn measure(&self) -> Option<Range> {
        let mut counts = [0_u32; 256];
        for (bucket, count) in self.hours.values().flatten() {
            counts[usize::from(*bucket)] += u32::from(*count);
        }
        let values = |counts: &[u32; 256]| -> Vec<(f64, u32)> {
            let filled = counts.iter().enumerate().filter(|(_, count)| **count > 0);
            filled.map(|(bucket, count)| (middle(bucket as u8), *count)).collect()
        };
        let values = values(&counts);
        let median = quantile(&values, 0.5)?;
        let mut swings: Vec<_> =
            values.iter().map(|(value, count)| ((value - median).abs(), *count)).collect();
        swings.sort_by(|a, b| a.0.total_cmp(&b.0));
        let days =
            self.hours.keys().map(|hour| hour.div_euclid(24)).collect::<std::collections::BTreeSet<_>>();
        Some(Range {
            median,
            swing: quantile(&swings, WIDEST)?,
            least: values.first()?.0,
            most: values.last()?.0,
            days: days.len().min(7) as u8,
        })
    }
}

fn bucket(value: f64) -> u8 {
    ((1.0 + value.max(0.0)).log2() * PER_DOUBLING).round().clamp(0.0, 255.0) as u8
}

fn middle(bucket: u8) -> f64 {
    (f64::from(bucket) / PER_DOUBLING).exp2() - 1.0
}

/// The value below which a share of the sorted, weighted values lies.
fn quantile(sorted: &[(f64, u32)], share: f64) -> Option<f64> {
    let total: u64 = sorted.iter().map(|(_, count)| u64::from(*count)).sum();
    let wanted = (total as f64 * share).ceil().max(1.0) as u64;
    let mut seen = 0;
    for (value, count) in sorted {
        seen += u64::from(*count);
        if seen >= wanted {
            return Some(*value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn start() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    /// Days of minutes in which a number goes up and down between 20 and 180.
    fn learned(days: i64) -> Baselines {
        let mut baselines = Baselines::default();
        for minute in 0..days * 24 * 60 {
            let value = 100.0 + 80.0 * (minute as f64 / 229.0).sin();
            baselines.hear(Series::Connections, value, true, start() + TimeDelta::minutes(minute));
        }
        baselines
    }

    #[test]
    fn nothing_is_normal_before_a_day_has_passed() {
        assert_eq!(Baselines::default().range(Series::Connections, start()), None);
        assert_eq!(learned(1).range(Series::Connections, start() + TimeDelta::hours(20)), None);
        assert!(learned(2).range(Series::Connections, start() + TimeDelta::days(2)).is_some());
    }

    #[test]
    fn the_range_is_that_of_the_week_and_a_jump_is_out_of_it() {
        let range = learned(7).range(Series::Connections, start() + TimeDelta::days(7)).unwrap();
        assert!((85.0..=115.0).contains(&range.median), "{range:?}");
        assert!(range.least < 25.0 && range.most > 165.0, "{range:?}");
        assert!(range.ratio(180.0) < 1.25 && range.ratio(20.0) < 1.25, "{range:?}");
        assert!(range.ratio(412.0) > 2.0, "{range:?}");
    }

    #[test]
    fn an_attack_is_not_learned_and_one_wild_day_is_cut_short() {
        let now = start() + TimeDelta::days(7);
        let mut calm = learned(7);
        let before = calm.range(Series::Connections, now).unwrap();
        for minute in 0..600 {
            calm.hear(Series::Connections, 5000.0, false, now + TimeDelta::minutes(minute));
        }
        assert_eq!(calm.range(Series::Connections, now).map(|range| range.most), Some(before.most));
        for minute in 600..660 {
            calm.hear(Series::Connections, 5000.0, true, now + TimeDelta::minutes(minute));
        }
        let after = calm.range(Series::Connections, now + TimeDelta::hours(11)).unwrap();
        assert!(after.most < 300.0, "{after:?}");
    }

    #[test]
    fn a_clock_that_was_ahead_leaves_nothing_behind() {
        let mut baselines = learned(2);
        baselines.hear(Series::Connections, 9.0, true, start() + TimeDelta::days(3000));
        baselines.hear(
            Series::Connections,
            9.0,
            true,
            start() + TimeDelta::days(3000) + TimeDelta::minutes(1),
        );
        let now = start() + TimeDelta::days(2);
        for minute in 0..3 {
            baselines.hear(Series::Connections, 9.0, true, now + TimeDelta::minutes(minute));
        }
        let baseline = &baselines.series[&Series::Connections];
        assert!(baseline.hours.keys().all(|hour| *hour <= now.timestamp() / 3600 + 1));
    }

    #[test]
    fn a_week_is_a_few_kibibytes_and_survives_the_way_to_disk() {
        let mut baselines = learned(9);
        let text = serde_json::to_string(&baselines).unwrap();
        assert!(text.len() < 24 << 10, "{} bytes", text.len());
        let mut back: Baselines = serde_json::from_str(&text).unwrap();
        let now = start() + TimeDelta::days(9);
        assert_eq!(back.range(Series::Connections, now), baselines.range(Series::Connections, now));
        assert!(back.series[&Series::Connections].hours.len() <= 169);
    }
}
