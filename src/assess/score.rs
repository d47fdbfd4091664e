//! The bill: 100 less its rows. It is a pure function of findings, sensors and time, and does not know who asks.
//!
//! Points fade, categories saturate, the worst open finding sets a ceiling, and the rows are whole numbers that sum
//! exactly to what is missing from 100.

use super::rules::Name;
use super::settings::{ScoreSettings, Settings};
use super::visibility;
use crate::model::{
    Band, Category, Deduction, Finding, FindingId, Kind, Level, Safe, Score, Sensor, SensorState, Status,
};
use crate::text;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// What one finding asks for, after fading and before saturation.
struct Claim<'a> {
    finding: &'a Finding,
    points: f64,
    ceiling: Option<u8>,
}

/// Makes the bill. The order of findings does not matter, and the same id twice is one finding.
pub fn bill(findings: &[Finding], sensors: &[Sensor], settings: &Settings, now: DateTime<Utc>) -> Score {
    let score = &settings.score;
    let claims = claims(findings, score, now);
    let exact = saturated(&claims, score);
    let whole = whole_rows(&exact);
    let mut value = 100 - whole.iter().sum::<u32>() as u8;
    let mut posture = 0;
    let mut rows = Vec::new();
    for (claim, points) in claims.iter().zip(whole) {
        let accepted = claim.finding.status == Status::Accepted;
        if points == 0 && !accepted {
            continue;
        }
        let points = points as u8;
        if is_posture(claim.finding.category) {
            posture += points;
        }
        rows.push(Deduction {
            finding: Some(claim.finding.id.clone()),
            points,
            group: Some(claim.finding.category),
            title: claim.finding.title.clone(),
            recovers: recovery(claim, points, score, now),
        });
    }
    rows.sort_by(|a, b| b.points.cmp(&a.points).then_with(|| a.finding.cmp(&b.finding)));
    if let Some((claim, ceiling)) = lowest_ceiling(&claims)
        && value > ceiling
    {
        let held = value - ceiling;
        value = ceiling;
        if is_posture(claim.finding.category) {
            posture += held;
        }
        rows.push(Deduction {
            finding: None,
            points: held,
            group: None,
            title: Safe::new(&text::fit(&format!("held at {ceiling} by: {}", claim.finding.title), 72)),
            recovers: None,
        });
    }
    Score {
        value,
        is_upper_bound: sensors.iter().any(|sensor| {
            sensor.state == SensorState::Blind && visibility::feeds_the_score(&sensor.id)
                || sensor.state == SensorState::Partial && visibility::is_charged(&sensor.id)
        }) || findings.iter().any(|finding| finding.rule == Name::AuthBlind.rule().id),
        band: Band::of(value),
        previous: None,
        changed_at: None,
        posture,
        activity: 100 - value - posture,
        deductions: rows,
    }
}

/// One claim per id, in an order that does not depend on how they came: largest first.
fn claims<'a>(findings: &'a [Finding], score: &ScoreSettings, now: DateTime<Utc>) -> Vec<Claim<'a>> {
    let mut by_id: BTreeMap<&FindingId, Claim<'a>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.status != Status::Solved) {
        let claim =
            Claim { finding, points: charge(finding, score, now), ceiling: ceiling(finding, score, now) };
        match by_id.get_mut(&finding.id) {
            None => drop(by_id.insert(&finding.id, claim)),
            Some(known) => {
                // Two tellings of one finding: the worse of both, so that a second one never raises the score.
                known.ceiling = [known.ceiling, claim.ceiling].into_iter().flatten().min();
                if order(&claim, known).is_lt() {
                    known.finding = claim.finding;
                }
                known.points = known.points.max(claim.points);
            }
        }
    }
    let mut claims: Vec<_> = by_id.into_values().collect();
    claims.sort_by(order);
    claims
}

fn order(a: &Claim<'_>, b: &Claim<'_>) -> std::cmp::Ordering {
    b.points
        .total_cmp(&a.points)
        .then_with(|| b.finding.level.cmp(&a.finding.level))
        .then_with(|| a.finding.id.cmp(&b.finding.id))
        .then_with(|| a.finding.category.cmp(&b.finding.category))
        .then_with(|| a.finding.title.cmp(&b.finding.title))
}

/// Points that a finding asks for now: nothing when accepted; events fade, states and possible compromise do not.
pub(super) fn charge(finding: &Finding, score: &ScoreSettings, now: DateTime<Utc>) -> f64 {
    if finding.status != Status::Open || !finding.points.is_finite() || finding.points <= 0.0 {
        return 0.0;
    }
    let points = finding.points.min(100.0);
    if fades(finding, score) { points * 0.5_f64.powf(half_lives(finding, score, now)) } else { points }
}

/// A possible compromise stays until it is fixed or accepted.
fn fades(finding: &Finding, score: &ScoreSettings) -> bool {
    finding.kind == Kind::Event && finding.ceiling.is_none_or(|ceiling| ceiling > score.ceilings.compromise)
}

/// Age of an event in half-lives; 0 when its time lies ahead.
fn half_lives(finding: &Finding, score: &ScoreSettings, now: DateTime<Utc>) -> f64 {
    let hours = (now - finding.last_seen).as_seconds_f64().max(0.0) / 3600.0;
    hours / score.half_life.hours(finding.level)
}

/// The ceiling that a finding sets now: its own or that of its level, whichever is lower.
pub(super) fn ceiling(finding: &Finding, score: &ScoreSettings, now: DateTime<Utc>) -> Option<u8> {
    let lifted = fades(finding, score) && half_lives(finding, score, now) >= 1.0;
    if finding.status != Status::Open || lifted {
        return None;
    }
    let ceiling = [finding.ceiling, score.ceilings.of(finding.level)].into_iter().flatten().min()?;
    Some(if is_health(finding) { ceiling.max(score.ceilings.health_floor) } else { ceiling })
}

/// Load, memory, busy processes and the number of connections: what a busy day does to any machine.
fn is_health(finding: &Finding) -> bool {
    finding.category == Category::Health || finding.rule == Name::Connections.rule().id
}

const fn is_posture(category: Category) -> bool {
    matches!(category, Category::Posture | Category::Visibility)
}

/// The lowest ceiling, and of several findings that set it the worst one.
fn lowest_ceiling<'a, 'b>(claims: &'b [Claim<'a>]) -> Option<(&'b Claim<'a>, u8)> {
    claims
        .iter()
        .filter_map(|claim| claim.ceiling.map(|ceiling| (claim, ceiling)))
        .min_by(|(a, low_a), (b, low_b)| low_a.cmp(low_b).then_with(|| order(a, b)))
}

/// What each claim really takes, in the order of the claims, 100 in all at most.
fn saturated(claims: &[Claim<'_>], score: &ScoreSettings) -> Vec<f64> {
    // What is left of each cap, as a share; the claims come largest first.
    let mut left: BTreeMap<Category, f64> = BTreeMap::new();
    let mut rows: Vec<f64> = claims
        .iter()
        .map(|claim| {
            let cap = score.caps.of(claim.finding.category);
            let share = left.entry(claim.finding.category).or_insert(1.0);
            let part = if cap > 0.0 { (claim.points / cap).min(1.0) } else { 0.0 };
            let taken = cap * *share * part;
            *share *= 1.0 - part;
            taken
        })
        .collect();
    keep_health_above(&mut rows, claims, score);
    let total: f64 = rows.iter().sum();
    if total > 100.0 {
        for row in &mut rows {
            *row *= 100.0 / total;
        }
    }
    rows
}

/// Scales the rows of health and connections down where a person's own caps would let them pass the floor.
fn keep_health_above(rows: &mut [f64], claims: &[Claim<'_>], score: &ScoreSettings) {
    let room = 100.0 - f64::from(score.ceilings.health_floor);
    let health = |claim: &Claim<'_>| is_health(claim.finding);
    let total: f64 = rows.iter().zip(claims).filter(|(_, claim)| health(claim)).map(|(row, _)| row).sum();
    if total > room {
        for (row, _) in rows.iter_mut().zip(claims).filter(|(_, claim)| health(claim)) {
            *row *= room / total;
        }
    }
}

/// Whole rows by largest remainder: they sum to the rounded sum of the exact ones.
fn whole_rows(exact: &[f64]) -> Vec<u32> {
    let total = exact.iter().sum::<f64>().round().clamp(0.0, 100.0) as u32;
    let mut whole: Vec<u32> = exact.iter().map(|row| row.floor() as u32).collect();
    let missing = total.saturating_sub(whole.iter().sum()) as usize;
    let mut by_remainder: Vec<usize> = (0..exact.len()).collect();
    by_remainder.sort_by(|a, b| exact[*b].fract().total_cmp(&exact[*a].fract()).then(a.cmp(b)));
    for row in by_remainder.into_iter().take(missing) {
        whole[row] += 1;
    }
    whole
}

/// When the row will have halved, and what comes back by then.
fn recovery(
    claim: &Claim<'_>,
    points: u8,
    score: &ScoreSettings,
    now: DateTime<Utc>,
) -> Option<(DateTime<Utc>, u8)> {
    let finding = claim.finding;
    if points == 0 || finding.status != Status::Open || !fades(finding, score) {
        return None;
    }
    // Anchored to the event, not to now: the moment stays the same from beat to beat.
    let next = half_lives(finding, score, now).floor() + 1.0;
    let millis = next * score.half_life.hours(finding.level) * 3_600_000.0;
    let moment = finding.last_seen.checked_add_signed(TimeDelta::milliseconds(millis as i64))?;
    let share = 0.5_f64.powf(next - half_lives(finding, score, now));
    let back = points - (f64::from(points) * share).round() as u8;
    (back > 0).then_some((moment, back))
}

/// The order in which findings are shown: level, then points, then newest.
pub(super) fn worst_first(a: &Finding, b: &Finding) -> std::cmp::Ordering {
    let open = |finding: &Finding| finding.status == Status::Open;
    open(b)
        .cmp(&open(a))
        .then_with(|| b.level.cmp(&a.level))
        .then_with(|| b.points.total_cmp(&a.points))
        .then_with(|| b.last_seen.cmp(&a.last_seen))
        .then_with(|| a.id.cmp(&b.id))
}

/// Whether an event has faded so far that it is no longer worth a line.
pub(super) fn has_faded(finding: &Finding, score: &ScoreSettings, now: DateTime<Utc>) -> bool {
    if !fades(finding, score) || ceiling(finding, score, now).is_some() {
        return false;
    }
    let age = half_lives(finding, score, now);
    // Notes without points go after a day, whatever their half-life.
    let notes_end = 24.0 / score.half_life.hours(Level::Info);
    if finding.points > 0.0 { charge(finding, score, now) < 0.25 } else { age >= notes_end }
}
