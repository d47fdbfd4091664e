//! What the judge remembers over restarts: plain data that somebody else loads and saves. It judges nothing.

use super::baseline::{Baselines, Series};
use super::first_seen::Known;
use crate::model::{Acceptance, Finding, FindingId, Safe, Status};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Acceptances kept, of findings that are open or may come back.
const ACCEPTANCES_CAP: usize = 500;

/// The judge's memory. All parts are bounded; a part that is missing in a file is empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// When the first beat was judged.
    pub since: Option<DateTime<Utc>>,
    /// The last beat that was judged.
    pub last_beat: Option<DateTime<Utc>>,
    /// Findings that are open or accepted.
    pub findings: Vec<Finding>,
    /// Findings that were solved, latest last.
    pub solved: VecDeque<Finding>,
    /// Risks that were accepted, also of findings that are not there at the moment.
    pub acceptances: BTreeMap<FindingId, Acceptance>,
    /// The score's own past.
    pub score: Option<ScoreMark>,
    /// What was seen before: logins and listeners.
    pub known: Known,
    /// What is normal here, in numbers.
    pub baselines: Baselines,
}

/// The score as it was, for "since when".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreMark {
    /// The value now.
    pub value: u8,
    /// The value before the last change.
    pub previous: Option<u8>,
    /// When it changed.
    pub changed_at: Option<DateTime<Utc>>,
}

/// Says why a risk could not be accepted, or an acceptance not be taken back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AcceptError {
    /// No finding has this id.
    #[error("no finding is called {0}; `home-soc findings` lists the ids")]
    UnknownFinding(String),
    /// It was not accepted.
    #[error("{0} was not accepted")]
    NotAccepted(String),
    /// A reason is part of an acceptance.
    #[error("a reason is needed: say in some words why this risk is taken")]
    NoReason,
    /// The end lies in the past.
    #[error("the end date has passed already")]
    AlreadyOver,
    /// The list is full.
    #[error("500 risks are accepted already; take one back first")]
    TooMany,
}

impl Memory {
    /// Accepts the risk of a finding until a moment, or for ever: it costs nothing and stays visible.
    ///
    /// # Errors
    /// When the id is unknown, the reason is empty, the end has passed, or too many are accepted.
    pub fn accept(
        &mut self,
        id: &FindingId,
        reason: &str,
        until: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(), AcceptError> {
        if reason.trim().is_empty() {
            return Err(AcceptError::NoReason);
        }
        if until.is_some_and(|until| until <= now) {
            return Err(AcceptError::AlreadyOver);
        }
        let is_known = self.findings.iter().chain(&self.solved).any(|finding| finding.id == *id);
        if !is_known {
            return Err(AcceptError::UnknownFinding(id.to_string()));
        }
        if self.acceptances.len() >= ACCEPTANCES_CAP && !self.acceptances.contains_key(id) {
            return Err(AcceptError::TooMany);
        }
        let acceptance = Acceptance { reason: Safe::new(reason), since: now, until };
        self.teach(id, now);
        self.acceptances.insert(id.clone(), acceptance);
        self.apply_acceptances(now);
        Ok(())
    }

    /// Takes an acceptance back.
    ///
    /// # Errors
    /// When the finding was not accepted.
    pub fn unaccept(&mut self, id: &FindingId, now: DateTime<Utc>) -> Result<(), AcceptError> {
        if self.acceptances.remove(id).is_none() {
            return Err(AcceptError::NotAccepted(id.to_string()));
        }
        self.apply_acceptances(now);
        Ok(())
    }

    /// Puts other acceptances in the place of those known: a person wrote them elsewhere.
    pub fn set_acceptances(&mut self, acceptances: BTreeMap<FindingId, Acceptance>, now: DateTime<Utc>) {
        let before = std::mem::replace(&mut self.acceptances, acceptances);
        let is_news = |(id, acceptance): &(&FindingId, &Acceptance)| before.get(*id) != Some(*acceptance);
        let news: Vec<_> = self.acceptances.iter().filter(is_news).map(|(id, _)| id.clone()).collect();
        for id in news {
            self.teach(&id, now);
        }
        self.apply_acceptances(now);
    }

    /// Takes a number that a person accepts as normal into what is normal.
    fn teach(&mut self, id: &FindingId, now: DateTime<Utc>) {
        let finding = self.findings.iter().chain(&self.solved).find(|finding| finding.id == *id);
        let word = |key: &str| finding?.subject.get(key).map(Safe::as_str);
        let series = word("series").and_then(Series::named);
        if let (Some(series), Some(Ok(value))) = (series, word("value").map(str::parse)) {
            self.baselines.teach(series, value, now);
        }
    }

    /// Brings the status of each finding in line with the acceptances; those that are over end.
    pub(super) fn apply_acceptances(&mut self, now: DateTime<Utc>) {
        self.acceptances.retain(|_, acceptance| acceptance.until.is_none_or(|until| until > now));
        for finding in &mut self.findings {
            finding.accepted = self.acceptances.get(&finding.id).cloned();
            finding.status = if finding.accepted.is_some() { Status::Accepted } else { Status::Open };
        }
    }
}
