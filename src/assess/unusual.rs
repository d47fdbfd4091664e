//! Numbers that are far out of what this machine does on other days. What a number means on any machine, such as
//! memory that is full, is judged elsewhere.

use super::baseline::{Baselines, Series};
use super::first_seen::Known;
use super::provenance::Kin;
use super::rules::Name;
use super::settings::Settings;
use super::sighting::{Round, Sighting};
use super::streak::Streaks;
use crate::model::{Readings, fingerprint};
use chrono::{DateTime, TimeDelta, Utc};

/// Beats that are further apart than this tell no rate.
const LONGEST_BEAT: TimeDelta = TimeDelta::minutes(15);

/// One beat's view of the numbers.
pub(super) struct Numbers<'a> {
    pub(super) settings: &'a Settings,
    pub(super) known: &'a Known,
    pub(super) baselines: &'a mut Baselines,
    pub(super) streaks: &'a mut Streaks,
    /// Whether this beat is a measure of normal days.
    pub(super) learns: bool,
    /// Time since the beat before.
    pub(super) since_last: Option<TimeDelta>,
    pub(super) now: DateTime<Utc>,
}

impl Numbers<'_> {
    pub(super) fn judge(&mut self, round: &mut Round, readings: &Readings, kin: Option<&Kin<'_>>) {
        round.looked(Name::Unusual);
        let values = self.values(readings, kin);
        let mut unusual = Vec::new();
        for (series, value) in values {
            unusual.extend(self.compare(round, series, value));
            self.baselines.hear(series, value, self.learns, self.now);
        }
        // One busy hour moves many numbers: they share the points of one.
        let share = self.settings.score.points.unusual / unusual.len().max(1) as f64;
        for sighting in unusual {
            round.saw(sighting.points(share));
        }
    }

    /// The numbers that could be read in this beat. Connections and failed logins are told where they are judged.
    fn values(&self, readings: &Readings, kin: Option<&Kin<'_>>) -> Vec<(Series, f64)> {
        let system = &readings.system;
        let mut values = Vec::with_capacity(12);
        let mut add = |series, value: Option<f64>| values.extend(value.map(|value| (series, value)));
        let processes = readings.processes.as_ref();
        add(
            Series::UnexplainedCpu,
            processes.zip(kin).map(|(processes, kin)| {
                let busy = processes.iter().filter(|process| process.cpu_pct.is_some_and(|cpu| cpu >= 0.5));
                let unexplained = busy.filter(|process| !kin.is_explained(process, self.known));
                unexplained.map(|process| f64::from(process.cpu_pct.unwrap_or_default())).sum()
            }),
        );
        let pressure = system.pressure.unwrap_or_default();
        add(Series::PressureCpu, pressure.cpu.map(|line| line.some_avg60_pct));
        add(Series::PressureMemory, pressure.memory.map(|line| line.some_avg60_pct));
        add(Series::PressureIo, pressure.io.map(|line| line.some_avg60_pct));
        add(Series::Memory, system.memory.as_ref().map(|memory| memory.used_pct));
        let paging = system.paging.unwrap_or_default();
        if pressure.memory.is_none() {
            add(Series::SwapIn, paging.swap_in_bytes_per_s);
        }
        add(Series::DiskBytes, paging.disk_bytes_per_s);
        let interfaces = system.interfaces.iter().flatten().filter(|interface| !interface.loopback);
        let traffic = interfaces.filter_map(|one| Some(one.rx_bytes_per_s? + one.tx_bytes_per_s?));
        add(Series::NetBytes, traffic.reduce(|sum, rate| sum + rate));
        add(Series::Listeners, readings.sockets.as_ref().map(|sockets| sockets.listeners.len() as f64));
        add(Series::Processes, processes.map(|processes| processes.len() as f64));
        let seconds = self.since_last.filter(|since| *since > TimeDelta::zero() && *since < LONGEST_BEAT);
        let started = readings.execs.as_ref().map(|execs| execs.seen as f64);
        add(Series::Execs, started.zip(seconds).map(|(seen, since)| seen * 60.0 / since.as_seconds_f64()));
        values
    }

    fn compare(&mut self, round: &mut Round, series: Series, value: f64) -> Option<Sighting> {
        let range = self.baselines.range(series, self.now)?;
        let ratio = range.ratio(value);
        let thresholds = &self.settings.thresholds;
        if value < series.floor() || value <= range.median || ratio <= thresholds.peak_ratio {
            return None;
        }
        let sighting = Sighting::new(Name::Unusual, self.now).key("series", series.name());
        let id = sighting.id();
        let (since, lasted) = self.streaks.goes_on(fingerprint(id.as_str().as_bytes()), self.now);
        if lasted < thresholds.peak_s {
            round.keep(id);
            return None;
        }
        Some(
            sighting
                .detail("value", &format!("{value:.1}"))
                .title(&format!(
                    "{}: {ratio:.1} x the widest swing of {} days",
                    series.say(value),
                    range.days
                ))
                .why(&format!("Normal here is {} to {}.", series.show(range.least), series.show(range.most)))
                .between(since, self.now),
        )
    }
}
