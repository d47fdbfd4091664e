//! What is normal here, in numbers: one-minute means of seven days, and how far a value is out of their range.
//!
//! It does not judge: a rule asks for the ratio and decides. It does not learn while an alert is open.

mod series;
mod week;

pub(super) use series::Series;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use week::Week;

/// Hours with values from which on something is normal.
const LEARNED_HOURS: usize = 24;
/// The share of minutes that the widest swing covers.
const WIDEST: f64 = 0.999;
/// How far out of the range, in widest swings, a minute may be learned.
const REACH: f64 = 1.25;

/// All that is learned, by series; a few KiB each.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<String, Baseline>", into = "BTreeMap<String, Baseline>")]
pub struct Baselines {
    series: BTreeMap<Series, Baseline>,
}

/// Seven days of one number.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Baseline {
    week: Week,
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
    /// Days' worth of hours, one to seven.
    pub(super) days: u8,
}

impl Range {
    /// How far out a value is, in widest swings.
    pub(super) fn ratio(&self, value: f64) -> f64 {
        (value - self.median).abs() / self.swing()
    }

    /// The widest swing; a number that hardly ever moves may yet move a little.
    fn swing(&self) -> f64 {
        self.swing.max(self.median * 0.05).max(1.0)
    }
}

impl Baselines {
    /// Takes in a value. With `learn` unset only time goes on.
    pub(super) fn hear(&mut self, series: Series, value: f64, learn: bool, now: DateTime<Utc>) {
        self.series.entry(series).or_default().hear(value, learn, now.timestamp().div_euclid(60));
    }

    /// What is normal, once it is learned.
    pub(super) fn range(&mut self, series: Series, now: DateTime<Utc>) -> Option<Range> {
        self.series.get_mut(&series)?.range(now.timestamp().div_euclid(3600))
    }

    /// Takes in a value that a person calls normal: from now on it is within the widest swing.
    pub(super) fn teach(&mut self, series: Series, value: f64, now: DateTime<Utc>) {
        self.series.entry(series).or_default().teach(value, now.timestamp().div_euclid(3600));
    }

    /// Days' worth of hours that were learned of the series that is known best, at most seven.
    pub(super) fn days(&self) -> u8 {
        self.series.values().map(Baseline::days).max().unwrap_or(0)
    }
}

/// A series that this version does not know is left out.
impl From<BTreeMap<String, Baseline>> for Baselines {
    fn from(by_name: BTreeMap<String, Baseline>) -> Self {
        let known =
            by_name.into_iter().filter_map(|(name, baseline)| Some((Series::named(&name)?, baseline)));
        Self { series: known.collect() }
    }
}

impl From<Baselines> for BTreeMap<String, Baseline> {
    fn from(baselines: Baselines) -> Self {
        let named = |(series, baseline): (Series, Baseline)| (series.name().to_owned(), baseline);
        baselines.series.into_iter().map(named).collect()
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
            let reach = range.swing() * REACH;
            // A bucket further than the edge, or a range that is narrower than a bucket would never grow.
            mean.clamp(range.median - reach, (range.median + reach) * 1.1)
        });
        self.week.add(mean, 1, hour);
    }

    /// Counts the value for as many minutes as it takes to be one of the widest swings.
    fn teach(&mut self, value: f64, hour: i64) {
        if value.is_finite() {
            let minutes: u32 = self.week.values().iter().map(|(_, minutes)| minutes).sum();
            let enough = f64::from(minutes) * (1.0 - WIDEST) * 1.5 + 2.0;
            self.week.add(value, enough.min(255.0) as u8, hour);
            self.range = None;
        }
    }

    fn days(&self) -> u8 {
        (self.week.len() / 24).min(7) as u8
    }

    fn range(&mut self, hour: i64) -> Option<Range> {
        if self.week.len() < LEARNED_HOURS {
            return None;
        }
        if self.range.is_none_or(|(measured, _)| measured != hour) {
            self.range = self.measure().map(|range| (hour, range));
        }
        self.range.map(|(_, range)| range)
    }

    fn measure(&self) -> Option<Range> {
        let values = self.week.values();
        let median = quantile(&values, 0.5)?;
        let mut swings: Vec<_> =
            values.iter().map(|(value, minutes)| ((value - median).abs(), *minutes)).collect();
        swings.sort_by(|a, b| a.0.total_cmp(&b.0));
        Some(Range {
            median,
            swing: quantile(&swings, WIDEST)?,
            least: values.first()?.0,
            most: values.last()?.0,
            days: self.days(),
        })
    }
}

/// The value below which a share of the sorted, weighted values lies.
fn quantile(sorted: &[(f64, u32)], share: f64) -> Option<f64> {
    let total: u64 = sorted.iter().map(|(_, minutes)| u64::from(*minutes)).sum();
    let wanted = (total as f64 * share).ceil().max(1.0) as u64;
    let mut seen = 0;
    for (value, minutes) in sorted {
        seen += u64::from(*minutes);
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

    /// Hours of minutes in which a number goes up and down between 20 and 180.
    fn learned(hours: i64) -> Baselines {
        let mut baselines = Baselines::default();
        for minute in 0..=hours * 60 {
            let value = 100.0 + 80.0 * (minute as f64 / 229.0).sin();
            baselines.hear(Series::Connections, value, true, start() + TimeDelta::minutes(minute));
        }
        baselines
    }

    #[test]
    fn nothing_is_normal_before_a_day_has_passed() {
        assert_eq!(Baselines::default().range(Series::Connections, start()), None);
        assert_eq!(learned(20).range(Series::Connections, start() + TimeDelta::hours(20)), None);
        assert!(learned(48).range(Series::Connections, start() + TimeDelta::days(2)).is_some());
        assert_eq!((learned(20).days(), learned(75).days(), learned(300).days()), (0, 3, 7));
    }

    #[test]
    fn the_range_is_that_of_the_week_and_a_jump_is_out_of_it() {
        let range = learned(168).range(Series::Connections, start() + TimeDelta::days(7)).unwrap();
        assert!((85.0..=115.0).contains(&range.median), "{range:?}");
        assert!(range.least < 25.0 && range.most > 165.0, "{range:?}");
        assert!(range.ratio(180.0) < 1.25 && range.ratio(20.0) < 1.25, "{range:?}");
        assert!(range.ratio(412.0) > 2.0, "{range:?}");
    }

    #[test]
    fn an_attack_is_not_learned_and_one_wild_day_is_cut_short() {
        let now = start() + TimeDelta::days(7);
        let mut calm = learned(168);
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
    fn a_number_that_never_moved_and_is_another_one_for_days_becomes_normal() {
        let mut baselines = Baselines::default();
        for minute in 0..6 * 24 * 60 {
            let value = if minute < 48 * 60 { 10.0 } else { 1200.0 };
            baselines.hear(Series::Execs, value, true, start() + TimeDelta::minutes(minute));
        }
        let range = baselines.range(Series::Execs, start() + TimeDelta::days(6)).unwrap();
        assert!(range.ratio(1200.0) < 1.25, "{range:?}");
    }

    #[test]
    fn what_a_person_calls_normal_is_no_longer_out_of_the_range() {
        for hours in [30, 168] {
            let mut baselines = learned(hours);
            let now = start() + TimeDelta::hours(hours);
            assert!(baselines.range(Series::Connections, now).unwrap().ratio(900.0) > 1.25);
            baselines.teach(Series::Connections, 900.0, now);
            let range = baselines.range(Series::Connections, now).unwrap();
            assert!(range.ratio(900.0) < 1.25 && range.ratio(1800.0) > 1.25, "{hours}: {range:?}");
            assert!((85.0..=125.0).contains(&range.median), "one word does not move the middle: {range:?}");
        }
    }

    #[test]
    fn a_clock_that_jumps_ahead_and_back_takes_nothing_away() {
        let mut baselines = learned(100);
        let before = baselines.range(Series::Connections, start() + TimeDelta::hours(100)).unwrap();
        for jump in [TimeDelta::days(3000), TimeDelta::days(-3000), TimeDelta::hours(2), TimeDelta::zero()] {
            for minute in 0..3 {
                let at = start() + TimeDelta::hours(100) + jump + TimeDelta::minutes(minute);
                baselines.hear(Series::Connections, 100.0, true, at);
            }
        }
        let after = baselines.range(Series::Connections, start() + TimeDelta::hours(101)).unwrap();
        assert_eq!((after.least, after.most), (before.least, before.most));
        assert!((after.median - before.median).abs() < 15.0 && after.days >= 4, "{after:?}");
    }

    #[test]
    fn a_week_is_a_few_kibibytes_and_survives_the_way_to_disk() {
        let mut baselines = learned(9 * 24);
        let text = serde_json::to_string(&baselines).unwrap();
        assert!(text.len() < 8 << 10, "{} bytes", text.len());
        let mut back: Baselines = serde_json::from_str(&text).unwrap();
        let now = start() + TimeDelta::days(9);
        assert_eq!(back.range(Series::Connections, now), baselines.range(Series::Connections, now));
    }

    #[test]
    fn a_series_of_tomorrows_version_is_left_out_and_the_others_stay() {
        let mut text = serde_json::to_value(learned(48)).unwrap();
        text["moon_phase"] = serde_json::json!({ "week": "1:0101", "more": 7 });
        let mut back: Baselines = serde_json::from_value(text).unwrap();
        assert!(back.range(Series::Connections, start() + TimeDelta::days(2)).is_some());
        assert_eq!(back.series.len(), 1);
    }
}
