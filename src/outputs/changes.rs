//! What changed from one beat to the next, one line each: for screen readers, logs and dumb terminals.
//!
//! Figures that always move (load, memory, processes) are no change; they stand in the report.

use super::mask;
use crate::model::{AuthEvent, AuthKind, Finding, FindingId, Level, SensorState, Snapshot, Status, Zone};
use std::collections::BTreeMap;

/// Sign-ins that are told one by one in a beat; more are counted.
const EVENTS_MOST: usize = 10;

/// What was known at the last beat.
#[derive(Debug, Default)]
struct Known {
    score: u8,
    findings: BTreeMap<FindingId, (Level, Status, String)>,
    sensors: BTreeMap<String, SensorState>,
    errors: Vec<String>,
}

/// Tells what changed; the first beat only makes it know how things stand.
#[derive(Debug)]
pub struct Changes {
    min_level: Level,
    zone: Zone,
    known: Option<Known>,
}

impl Changes {
    /// Tells what is at least of this level, with times in this zone.
    pub const fn new(min_level: Level, zone: Zone) -> Self {
        Self { min_level, zone, known: None }
    }

    /// Takes a beat and answers the lines that it is worth, without line ends.
    pub fn hear(&mut self, snapshot: &Snapshot) -> Vec<String> {
        let now = Known::of(snapshot);
        let Some(before) = self.known.replace(now) else { return Vec::new() };
        let mut lines = Vec::new();
        for finding in &snapshot.findings {
            lines.extend(
                told(before.findings.get(&finding.id), finding).filter(|(level, _)| *level >= self.min_level),
            );
        }
        for (id, (level, status, title)) in &before.findings {
            let is_gone = snapshot.findings.iter().all(|finding| finding.id != *id);
            if is_gone && *status == Status::Open && *level >= self.min_level {
                lines.push((*level, format!("over: {title}")));
            }
        }
        for sensor in &snapshot.sensors {
            let was = before.sensors.get(&sensor.id).copied().unwrap_or(SensorState::Ok);
            if was == sensor.state {
                continue;
            }
            let says = sensor.says.as_deref().or(sensor.reason.as_deref()).unwrap_or_default();
            let words = match sensor.state {
                SensorState::Ok => format!("sees again: {}", sensor.id),
                SensorState::Partial => format!("sees only a part: {}: {says}", sensor.id),
                SensorState::Blind => format!("cannot see: {}: {says}", sensor.id),
            };
            lines.push((Level::Warning, words));
        }
        for error in
            snapshot.errors.iter().filter(|error| !before.errors.iter().any(|known| **error == **known))
        {
            lines.push((Level::Warning, format!("fault: {error}")));
        }
        if self.min_level == Level::Info {
            lines.extend(sign_ins(snapshot));
        }
        if before.score != snapshot.score.value {
            let bound = if snapshot.score.is_upper_bound { "at most " } else { "" };
            let worst = snapshot.level().unwrap_or(Level::Info);
            lines.push((worst, format!("score {bound}{}, it was {}", snapshot.score.value, before.score)));
        }
        let time = self.zone.at(snapshot.at).format("%H:%M:%S").to_string();
        lines.into_iter().map(|(level, words)| format!("{time} {} {words}", word(level))).collect()
    }
}

impl Known {
    fn of(snapshot: &Snapshot) -> Self {
        let finding = |finding: &Finding| {
            let title = mask::secrets(&finding.title).into_owned();
            (finding.id.clone(), (finding.level, finding.status, title))
        };
        Self {
            score: snapshot.score.value,
            findings: snapshot.findings.iter().map(finding).collect(),
            sensors: snapshot.sensors.iter().map(|sensor| (sensor.id.clone(), sensor.state)).collect(),
            errors: snapshot.errors.iter().map(ToString::to_string).collect(),
        }
    }
}

/// What is new about a finding.
fn told(before: Option<&(Level, Status, String)>, finding: &Finding) -> Option<(Level, String)> {
    let title = mask::secrets(&finding.title);
    let words = match (before, finding.status) {
        (None, Status::Open) => {
            let step = finding.fix.first().map_or_else(String::new, |fix| format!("; next: {}", fix.text));
            format!("new: {title}{step} ({})", finding.id)
        }
        (Some((_, Status::Open, _)), Status::Accepted) => format!("accepted: {title}"),
        (Some((_, Status::Accepted, _)), Status::Open) => format!("accepted no more: {title}"),
        (Some((level, Status::Open, _)), Status::Open) if *level < finding.level => format!("worse: {title}"),
        (Some((level, Status::Open, _)), Status::Open) if *level > finding.level => {
            format!("better: {title}")
        }
        (Some((_, Status::Open, _)), Status::Solved) => format!("over: {title}"),
        _ => return None,
    };
    Some((finding.level, words))
}

/// Who came in and who commanded, while the past is not being read any more.
fn sign_ins(snapshot: &Snapshot) -> Vec<(Level, String)> {
    let Some(auth) = snapshot.readings.auth.as_ref().filter(|auth| auth.caught_up) else { return Vec::new() };
    let worth = |event: &&AuthEvent| {
        event.duplicate_of.is_none()
            && !matches!(
                event.kind,
                AuthKind::Failed
                    | AuthKind::InvalidUser
                    | AuthKind::Probe
                    | AuthKind::Other
                    | AuthKind::SessionClosed
            )
    };
    let events: Vec<&AuthEvent> = auth.events.iter().map(AsRef::as_ref).filter(worth).collect();
    let mut lines: Vec<(Level, String)> = events
        .iter()
        .take(EVENTS_MOST)
        .map(|event| (Level::Info, format!("{}: {}", event.service, mask::secrets(&event.raw))))
        .collect();
    if let Some(more) = events.len().checked_sub(EVENTS_MOST).filter(|more| *more > 0) {
        lines.push((Level::Info, format!("and {more} more sign-ins")));
    }
    lines
}

const fn word(level: Level) -> &'static str {
    match level {
        Level::Info => "info",
        Level::Warning => "WARNING",
        Level::Alert => "ALERT",
    }
}
