//! The life of findings: opened, changed, solved, accepted. It does not know what a rule looks at.

use super::memory::Memory;
use super::rules::{self, Rule};
use super::score::{has_faded, worst_first};
use super::settings::Settings;
use super::sighting::{Round, Sighting};
use crate::model::{Finding, FindingId, Kind, Status};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;

/// Findings that are kept; the worst ones.
const FINDINGS_CAP: usize = 500;
/// Solved findings that are kept; the latest ones.
const SOLVED_CAP: usize = 200;
/// Proof that is kept with an event that happens again and again.
const EVIDENCE_CAP: usize = 8;
/// A finding that comes back within this time was never gone.
const SAME_AGAIN: TimeDelta = TimeDelta::hours(1);

/// What a beat changed in the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    /// A finding was opened.
    pub(super) opened: bool,
    /// Findings that there was no room for.
    pub(super) more: u64,
}

/// Writes one beat into the book.
pub(super) fn turn(memory: &mut Memory, mut round: Round, settings: &Settings, now: DateTime<Utc>) -> Change {
    let sightings = std::mem::take(&mut round.sightings);
    let mut seen: HashMap<FindingId, Sighting> = HashMap::with_capacity(sightings.len());
    let mut order = Vec::with_capacity(sightings.len());
    for sighting in sightings {
        let id = sighting.id();
        if let Some(first) = seen.get_mut(&id) {
            first.absorb(sighting);
        } else {
            order.push(id.clone());
            seen.insert(id, sighting);
        }
    }
    let mut gone = Vec::new();
    memory.findings.retain_mut(|finding| match seen.remove(&finding.id) {
        Some(sighting) => {
            update(finding, sighting.into_finding(settings));
            true
        }
        None if ends(finding, &round, settings, now) => {
            gone.push(finding.clone());
            false
        }
        None => true,
    });
    let opened = !seen.is_empty();
    for id in order {
        if let Some(sighting) = seen.remove(&id) {
            let mut finding = sighting.into_finding(settings);
            revive(memory, &mut finding, now);
            memory.findings.push(finding);
        }
    }
    for mut finding in gone {
        finding.status = Status::Solved;
        memory.solved.retain(|old| old.id != finding.id);
        memory.solved.push_back(finding);
    }
    let surplus = memory.solved.len().saturating_sub(SOLVED_CAP);
    memory.solved.drain(..surplus);
    memory.apply_acceptances(now);
    memory.findings.sort_by(worst_first);
    let more = round.more + memory.findings.len().saturating_sub(FINDINGS_CAP) as u64;
    memory.findings.truncate(FINDINGS_CAP);
    Change { opened, more }
}

/// Brings a known finding up to date; its beginning, its story and its acceptance stay.
fn update(known: &mut Finding, fresh: Finding) {
    let clears = rules::find(&fresh.rule).is_none_or(|rule| clears(rule, &fresh));
    if !clears && fresh.last_seen <= known.last_seen {
        // An event that was read before, after a restart for example, did not happen again.
        return;
    }
    let mut next = fresh;
    next.first_seen = next.first_seen.min(known.first_seen);
    next.story = known.story.take();
    next.accepted = known.accepted.take();
    next.status = known.status;
    if !clears {
        next.count = known.count.saturating_add(next.count);
        // The newest proof last; the oldest makes room.
        known.evidence.append(&mut next.evidence);
        let surplus = known.evidence.len().saturating_sub(EVIDENCE_CAP);
        next.evidence = known.evidence.split_off(surplus);
    }
    *known = next;
}

/// Tells whether a finding that was not seen in this beat is over.
fn ends(finding: &Finding, round: &Round, settings: &Settings, now: DateTime<Utc>) -> bool {
    let Some(rule) = rules::find(&finding.rule) else { return true };
    if clears(rule, finding) && round.has_looked(rule.name) && !round.is_kept(&finding.id) {
        return true;
    }
    finding.kind == Kind::Event && has_faded(finding, &settings.score, now)
}

/// Tells findings that end when their rule no longer sees them. What a rule for states saw happen does not.
fn clears(rule: &Rule, finding: &Finding) -> bool {
    rule.clears && (rule.kind == Kind::Event || finding.kind == Kind::State)
}

/// Gives a finding that was solved a moment ago its beginning back.
fn revive(memory: &mut Memory, finding: &mut Finding, now: DateTime<Utc>) {
    if let Some(place) = memory.solved.iter().position(|old| old.id == finding.id)
        && let Some(old) = memory.solved.remove(place)
        && now - old.last_seen < SAME_AGAIN
    {
        finding.first_seen = finding.first_seen.min(old.first_seen);
        finding.story = old.story;
    }
}
