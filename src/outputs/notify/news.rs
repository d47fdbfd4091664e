//! What is new about alerts: which opened, got worse, stay open too long, or are over.
//!
//! It compares each beat with what was told before, by the findings' stable ids. It is pure: it reads no clock
//! and sends nothing. A restart repeats nothing, because what was told is kept on disk.

use crate::model::{Evidence, Finding, FindingId, Level, Safe, Snapshot, Status};
use crate::outputs::mask;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Alerts that are remembered at most; a beat has at most 500 findings.
const KNOWN_CAP: usize = 500;
/// Proof that is kept with an alert.
const PROOF_CAP: usize = 3;
/// Beats after a start in which an alert of the last run is not yet called over: the sensors may still be reading
/// what happened before.
const SETTLING_BEATS: u32 = 3;

/// What became of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Change {
    /// It was not there before.
    Opened,
    /// It weighs more than when it was told.
    Worsened,
    /// It is still there after a day.
    StillOpen,
    /// It is over.
    Solved,
    /// A person accepted the risk.
    Accepted,
}

/// One piece of news.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct News {
    /// What became of it.
    pub change: Change,
    /// It opened and ended before it could be told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub over_already: bool,
    /// The alert, with secrets masked.
    #[serde(flatten)]
    pub finding: Finding,
}

/// An alert that was told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Known {
    told_at: DateTime<Utc>,
    reminded: bool,
    gone_since: Option<DateTime<Utc>>,
    finding: Finding,
}

/// The alerts that were told and are not over.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Alerts {
    known: BTreeMap<FindingId, Known>,
    #[serde(skip)]
    beats: u32,
}

/// How long things must last to be news.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spans {
    /// An alert that is gone so long is over.
    pub(super) over_after: TimeDelta,
    /// An alert that is open so long is told again; zero for never.
    pub(super) remind_after: TimeDelta,
}

impl Alerts {
    /// Compares a beat with what was told; answers what is new.
    pub(super) fn hear(&mut self, beat: &Snapshot, spans: Spans) -> Vec<News> {
        self.beats = self.beats.saturating_add(1);
        let settled = self.beats > SETTLING_BEATS && beat.sign_ins.as_ref().is_none_or(|seen| seen.caught_up);
        let mut news = Vec::new();
        for finding in beat.findings.iter().filter(|finding| finding.level == Level::Alert) {
            match finding.status {
                Status::Open => news.extend(self.open(finding, beat.at, spans)),
                Status::Accepted => {
                    news.extend(self.known.remove(&finding.id).map(|_| told(Change::Accepted, finding)));
                }
                Status::Solved => {}
            }
        }
        let open: std::collections::BTreeSet<&FindingId> =
            beat.open().filter(|finding| finding.level == Level::Alert).map(|finding| &finding.id).collect();
        self.known.retain(|id, known| {
            if open.contains(id) || !settled {
                return true;
            }
            let since = (*known.gone_since.get_or_insert(beat.at)).min(beat.at);
            known.gone_since = Some(since);
            let is_over = beat.at - since >= spans.over_after;
            if is_over {
                news.push(News {
                    change: Change::Solved,
                    over_already: false,
                    finding: known.finding.clone(),
                });
            }
            !is_over
        });
        news
    }

    fn open(&mut self, finding: &Finding, at: DateTime<Utc>, spans: Spans) -> Option<News> {
        let Some(known) = self.known.get_mut(&finding.id) else {
            if self.known.len() >= KNOWN_CAP {
                return None;
            }
            let news = told(Change::Opened, finding);
            let known =
                Known { told_at: at, reminded: false, gone_since: None, finding: news.finding.clone() };
            self.known.insert(finding.id.clone(), known);
            return Some(news);
        };
        known.gone_since = None;
        // A clock that was set back must not put the reminder off for years.
        known.told_at = known.told_at.min(at);
        if is_worse(finding, &known.finding) {
            let news = told(Change::Worsened, finding);
            known.finding = news.finding.clone();
            return Some(news);
        }
        let is_due = !known.reminded
            && spans.remind_after > TimeDelta::zero()
            && at - known.told_at >= spans.remind_after;
        is_due.then(|| {
            known.reminded = true;
            told(Change::StillOpen, finding)
        })
    }
}

/// Tells an alert that weighs more than it did: a lower ceiling, half as many points again, or ten times the count.
fn is_worse(now: &Finding, before: &Finding) -> bool {
    let ceiling = |finding: &Finding| finding.ceiling.unwrap_or(100);
    let digits = |finding: &Finding| finding.count.checked_ilog10();
    ceiling(now) < ceiling(before) || now.points > before.points * 1.5 || digits(now) > digits(before)
}

/// The news of a finding: secrets masked, the newest proof only.
fn told(change: Change, finding: &Finding) -> News {
    let mut finding = mask::finding(finding).into_owned();
    let surplus = finding.evidence.len().saturating_sub(PROOF_CAP);
    finding.evidence.drain(..surplus);
    for Evidence { text, .. } in &mut finding.evidence {
        if text.len() > 1000 {
            *text = Safe::new(&crate::text::fit(text, 400));
        }
    }
    News { change, over_already: false, finding }
}
