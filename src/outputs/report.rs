//! The report of `--once`: the verdict first, then why, what is not seen, the machine, the latest events.
//!
//! Plain text of at most so many columns, one thing a line, no colour unless asked for. It decides nothing: the
//! same numbers stand in the JSON document.

use crate::model::{AuthEvent, Band, Finding, Level, Safe, Sensor, SensorState, Snapshot, Status, Zone};
use crate::text;
use std::io::{self, Write};

/// How the report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportOptions {
    /// Columns; lines are broken or cut at it.
    pub width: usize,
    /// Colour the levels with the terminal's own red, yellow and green.
    pub colour: bool,
    /// Rows below this level are left out; the score stays.
    pub min_level: Level,
    /// The zone of the times shown.
    pub zone: Zone,
}

impl Default for ReportOptions {
    fn default() -> Self {
        Self { width: 80, colour: false, min_level: Level::Info, zone: Zone::Local }
    }
}

/// Writes the report of one beat.
pub fn once(snapshot: &Snapshot, options: ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { out, options };
    page.verdict(snapshot)?;
    page.bill(snapshot)?;
    page.blind(snapshot)?;
    page.machine(snapshot)?;
    page.events(snapshot)
}

/// The one line of `check`, for monitoring systems: state, score, worst finding, and numbers after `|`.
pub fn check_line(snapshot: &Snapshot) -> String {
    let blind = snapshot.sensors_in(SensorState::Blind);
    let worst = snapshot.open().max_by(|a, b| rank(a).total_cmp(&rank(b)));
    let (word, why) = match worst.map(|finding| (finding.level, finding)) {
        Some((Level::Alert, finding)) => ("ALERT", finding.title.to_string()),
        Some((Level::Warning, finding)) => ("WARNING", finding.title.to_string()),
        _ if blind > 0 => ("BLIND", format!("{} cannot see", text::plural(blind as u64, "sensor"))),
        _ => ("OK", "nothing to say".to_owned()),
    };
    // A bar would end the words and begin the numbers.
    let why = why.replace('|', "/");
    format!(
        "{word} - score {}{} - {why} | score={};;;0;100 alerts={} warnings={} blind={blind}",
        if snapshot.score.is_upper_bound { "<=" } else { "" },
        snapshot.score.value,
        snapshot.score.value,
        snapshot.count(Level::Alert),
        snapshot.count(Level::Warning),
    )
}

fn rank(finding: &Finding) -> f64 {
    f64::from(finding.level as u8) * 1000.0 + finding.points
}

struct Page<'a> {
    out: &'a mut dyn Write,
    options: ReportOptions,
}

impl Page<'_> {
    fn line(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "{}", text::fit(line, self.options.width))
    }

    /// Text broken at the width, every line indented by as many spaces as `head` is wide.
    fn block(&mut self, head: &str, body: &str) -> io::Result<()> {
        let indent = text::width(head);
        for (place, line) in text::wrap(body, self.options.width.saturating_sub(indent)).iter().enumerate() {
            if place == 0 {
                self.line(&format!("{head}{line}"))?;
            } else {
                self.line(&format!("{:indent$}{line}", ""))?;
            }
        }
        Ok(())
    }

    fn heading(&mut self, words: &str) -> io::Result<()> {
        self.line("")?;
        self.line(words)
    }

    fn verdict(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        let score = &snapshot.score;
        let at = self.options.zone.at(snapshot.at).format("%a %d %b %Y %H:%M:%S %:z");
        let bound = if score.is_upper_bound { "at most " } else { "" };
        let verdict = format!("Security score {bound}{} of 100: {}", score.value, band_words(score.band));
        self.painted(band_colour(score.band), &verdict)?;
        let mut counts = vec![
            text::plural(snapshot.count(Level::Alert) as u64, "alert"),
            text::plural(snapshot.count(Level::Warning) as u64, "warning"),
        ];
        let blind = snapshot.sensors_in(SensorState::Blind);
        if blind > 0 {
            counts.push(format!("{} blind", text::plural(blind as u64, "sensor")));
        }
        counts.push(format!("{} passed", text::plural(snapshot.checks_passed.len() as u64, "check")));
        self.line(&counts.join(", "))?;
        self.line(&format!("{}, {at}", snapshot.host.name))
    }

    fn bill(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        let rows: Vec<&Finding> = snapshot
            .findings
            .iter()
            .filter(|finding| finding.level >= self.options.min_level && finding.status != Status::Solved)
            .collect();
        if snapshot.score.value < 100 || !rows.is_empty() {
            self.heading("WHY IT IS NOT 100")?;
        }
        for row in &snapshot.score.deductions {
            let finding =
                row.finding.as_ref().and_then(|id| snapshot.findings.iter().find(|one| one.id == *id));
            let level = finding.map_or(Level::Alert, |finding| finding.level);
            // What was accepted costs nothing and is listed below, as taken.
            if level < self.options.min_level || row.points == 0 {
                continue;
            }
            let mut words = super::mask::secrets(&row.title).into_owned();
            if let Some((at, points)) = row.recovers {
                let at = self.options.zone.at(at).format("%H:%M");
                words.push_str(&format!(" (+{points} by {at})"));
            }
            let name = finding.map_or("held", |finding| level_word(finding.level));
            self.block(&format!("  {:>3}  {name:<7}  ", format!("-{}", row.points)), &words)?;
        }
        let billed = |finding: &Finding| {
            let mut rows = snapshot.score.deductions.iter().filter(|row| row.points > 0);
            rows.any(|row| row.finding.as_ref() == Some(&finding.id))
        };
        for finding in rows.into_iter().filter(|finding| !billed(finding)) {
            let word = if finding.status == Status::Accepted { "taken" } else { level_word(finding.level) };
            self.block(&format!("    0  {word:<7}  "), &super::mask::secrets(&finding.title))?;
        }
        Ok(())
    }

    fn blind(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        let mut sensors: Vec<&Sensor> =
            snapshot.sensors.iter().filter(|sensor| sensor.state != SensorState::Ok).collect();
        if sensors.is_empty() {
            return Ok(());
        }
        sensors.sort_by_key(|sensor| std::cmp::Reverse(sensor.state));
        self.heading("CANNOT SEE")?;
        for sensor in sensors {
            let mut words = sensor
                .says
                .as_ref()
                .map_or_else(|| sensor.reason.clone().unwrap_or_default(), Safe::to_string);
            if let (Some(seen), Some(total)) = (sensor.seen, sensor.total) {
                words.push_str(&format!(" ({seen} of {total} seen)"));
            }
            self.block(&format!("  {:<14} ", sensor.id), &words)?;
            if !sensor.fix.is_empty() {
                self.block(&format!("  {:<14} fix: ", ""), &sensor.fix.join(" "))?;
            }
        }
        Ok(())
    }

    fn machine(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        let system = &snapshot.readings.system;
        self.heading("MACHINE")?;
        let unseen = || "cannot be seen".to_owned();
        let cpu = system.cpu.as_ref().and_then(|cpu| cpu.used_pct);
        let cpu = cpu.map_or_else(unseen, |pct| format!("{pct:.0} %"));
        let load = system.load.map_or_else(unseen, |load| {
            format!("{:.2} {:.2} {:.2}", load.one_min, load.five_min, load.fifteen_min)
        });
        let cores = system.cpu.as_ref().map(|cpu| format!(" on {}", text::plural(cpu.cores.into(), "core")));
        self.line(&format!("  CPU       {cpu}, load {load}{}", cores.unwrap_or_default()))?;
        let memory = system.memory.map_or_else(unseen, |memory| {
            format!("{:.0} % of {}", memory.used_pct, text::bytes_long(memory.total_bytes as f64))
        });
        self.line(&format!("  Memory    {memory}"))?;
        for disk in system.disks.iter().flatten() {
            let total = text::bytes_long(disk.total_bytes as f64);
            self.line(&format!("  Disk      {} {:.0} % of {total}", disk.mount, disk.used_pct))?;
        }
        let processes = snapshot.readings.processes.as_ref();
        self.line(&format!(
            "  Programs  {}",
            processes.map_or_else(unseen, |list| format!("{} running", list.len()))
        ))?;
        let sockets = snapshot.readings.sockets.as_deref();
        let listening = sockets.map_or_else(unseen, |sockets| sockets.listeners.len().to_string());
        let established = sockets.and_then(|sockets| sockets.established);
        self.line(&format!(
            "  Network   {listening} listening, {} established",
            established.map_or_else(unseen, |count| count.to_string())
        ))
    }

    fn events(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        self.heading("SIGN-INS, LAST 24 HOURS")?;
        let Some(seen) = &snapshot.sign_ins else {
            return self.line("  not known: no sign-in log can be read");
        };
        self.line(&format!(
            "  {} failed (sources: {}), {} accepted, {} sudo ({} refused), read from {}",
            text::count(seen.failed_24h),
            text::count(seen.failed_sources_24h),
            text::count(seen.accepted_24h),
            text::count(seen.sudo_24h),
            seen.sudo_denied_24h,
            seen.source
        ))?;
        if !seen.caught_up {
            self.line("  (the past is still being read: these counts will grow)")?;
        }
        let counted = seen.recent.iter().rev().filter(|event| event.duplicate_of.is_none());
        for event in counted.take(8) {
            self.event(event)?;
        }
        Ok(())
    }

    fn event(&mut self, event: &AuthEvent) -> io::Result<()> {
        let at = event.time.map_or_else(
            || " ".repeat(14),
            |time| self.options.zone.at(time).format("%d %b %H:%M:%S").to_string(),
        );
        self.line(&format!("  {at}  {:<8} {}", event.service, super::mask::secrets(&event.raw)))
    }

    fn painted(&mut self, colour: u8, line: &str) -> io::Result<()> {
        let line = text::fit(line, self.options.width);
        if self.options.colour {
            writeln!(self.out, "\x1b[1;{colour}m{line}\x1b[0m")
        } else {
            writeln!(self.out, "{line}")
        }
    }
}

const fn level_word(level: Level) -> &'static str {
    match level {
        Level::Info => "info",
        Level::Warning => "WARNING",
        Level::Alert => "ALERT",
    }
}

const fn band_words(band: Band) -> &'static str {
    match band {
        Band::Normal => "normal",
        Band::Minor => "minor, likely harmless",
        Band::SomethingOff => "something is off, have a look",
        Band::Serious => "serious, act now",
    }
}

const fn band_colour(band: Band) -> u8 {
    match band {
        Band::Normal => 32,
        Band::Minor => 36,
        Band::SomethingOff => 33,
        Band::Serious => 31,
    }
}
