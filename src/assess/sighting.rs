//! What a rule saw in one beat, before it is known whether that is news. It keeps nothing from beat to beat.

use super::rules::{self, Name};
use super::settings::Settings;
use crate::model::{Category, Confidence, Evidence, Finding, FindingId, Fix, Kind, Level, Safe, Status};
use crate::text;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, HashSet};

/// Columns that a title has on the smallest screens.
const TITLE_COLUMNS: usize = 60;
/// Pieces of proof kept with one finding.
const EVIDENCE_CAP: usize = 8;
/// Sightings of one rule in one beat; what is more is counted only.
const SIGHTINGS_PER_RULE: u32 = 200;

/// One thing that a rule saw. It becomes a finding, or adds to one.
#[derive(Debug, Clone)]
pub(super) struct Sighting {
    pub(super) name: Name,
    /// What the id is made of.
    key: BTreeMap<String, Safe>,
    /// What is worth knowing beside it and may change, such as a process id.
    detail: BTreeMap<String, Safe>,
    level: Level,
    points: f64,
    compromise: bool,
    confidence: Confidence,
    title: Safe,
    why: Safe,
    pub(super) evidence: Vec<Evidence>,
    pub(super) fix: Vec<Fix>,
    began: DateTime<Utc>,
    at: DateTime<Utc>,
    count: u64,
    category: Category,
    kind: Kind,
}

impl Sighting {
    pub(super) fn new(name: Name, at: DateTime<Utc>) -> Self {
        let rule = name.rule();
        Self {
            name,
            key: BTreeMap::new(),
            detail: BTreeMap::new(),
            level: rule.level,
            points: 0.0,
            compromise: false,
            confidence: Confidence::High,
            title: Safe::new(rule.title),
            why: Safe::new(rule.why),
            evidence: Vec::new(),
            fix: Vec::new(),
            began: at,
            at,
            count: 1,
            category: rule.category,
            kind: rule.kind,
        }
    }

    pub(super) fn key(mut self, name: &str, value: &str) -> Self {
        self.key.insert(name.to_owned(), Safe::new(value));
        self
    }

    pub(super) fn detail(mut self, name: &str, value: &str) -> Self {
        self.detail.insert(name.to_owned(), Safe::new(value));
        self
    }

    /// Makes programs of one folder one finding; the program itself is then a detail.
    pub(super) fn grouped_by(mut self, folder: Option<&str>) -> Self {
        if let Some(folder) = folder
            && let Some(program) = self.key.remove("program")
        {
            self.detail.insert("program".to_owned(), program);
            self.key.insert("folder".to_owned(), Safe::new(folder));
        }
        self
    }

    pub(super) fn title(mut self, title: &str) -> Self {
        self.title = Safe::new(&text::fit(title, TITLE_COLUMNS));
        self
    }

    pub(super) fn why(mut self, why: &str) -> Self {
        self.why = Safe::new(why);
        self
    }

    pub(super) fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    pub(super) fn points(mut self, points: f64) -> Self {
        self.points = points;
        self
    }

    /// Marks what happened and is over, where the rule usually sees a state.
    pub(super) fn happened(mut self) -> Self {
        self.kind = Kind::Event;
        self
    }

    /// Marks what may mean that somebody is in: the lowest ceiling, and it does not fade.
    pub(super) fn compromise(mut self) -> Self {
        self.compromise = true;
        self.level = Level::Alert;
        self
    }

    pub(super) fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    pub(super) fn proof(mut self, source: &str, at: Option<DateTime<Utc>>, text: &str) -> Self {
        self.evidence.push(Evidence { source: Safe::new(source), at, text: Safe::new(text) });
        self
    }

    /// Adds a step; `argv` holds validated parts only.
    pub(super) fn fix(mut self, text: &str, argv: &[&str], risk: Option<&str>) -> Self {
        let argv = argv.iter().map(ToString::to_string).collect();
        self.fix.push(Fix { text: Safe::new(text), argv, risk: risk.map(Safe::new) });
        self
    }

    pub(super) fn between(mut self, began: DateTime<Utc>, at: DateTime<Utc>) -> Self {
        self.began = began;
        self.at = at;
        self
    }

    pub(super) fn count(mut self, count: u64) -> Self {
        self.count = count.max(1);
        self
    }

    pub(super) fn id(&self) -> FindingId {
        FindingId::new(self.name.rule().id, &self.key)
    }

    /// Takes in another sighting of the same id in the same beat.
    pub(super) fn absorb(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.began = self.began.min(other.began);
        self.at = self.at.max(other.at);
        self.points = self.points.max(other.points);
        self.level = self.level.max(other.level);
        self.compromise |= other.compromise;
        if other.kind == Kind::State {
            self.kind = Kind::State;
        }
        self.evidence.extend(other.evidence);
        self.evidence.truncate(EVIDENCE_CAP);
    }

    /// Makes the finding that this is when nothing was known before.
    pub(super) fn into_finding(mut self, settings: &Settings) -> Finding {
        let rule = self.name.rule();
        let mut ceiling = self.compromise.then_some(settings.score.ceilings.compromise);
        if let Some(level) = settings.score.levels.get(rule.id) {
            // A level of one's own stands for all that comes with it.
            self.level = *level;
            ceiling = ceiling.filter(|_| *level == Level::Alert);
        }
        self.evidence.truncate(EVIDENCE_CAP);
        let id = self.id();
        let mut subject = self.key;
        subject.extend(self.detail);
        Finding {
            id,
            rule: rule.id.to_owned(),
            level: self.level,
            status: Status::Open,
            category: self.category,
            kind: self.kind,
            points: self.points,
            ceiling: ceiling.or_else(|| settings.score.ceilings.of(self.level)),
            confidence: self.confidence,
            title: self.title,
            why: self.why,
            harmless_if: Safe::new(rule.harmless_if),
            subject,
            evidence: self.evidence,
            fix: self.fix,
            attack: rule.attack.iter().map(ToString::to_string).collect(),
            first_seen: self.began,
            last_seen: self.at,
            count: self.count,
            story: None,
            accepted: None,
        }
    }
}

/// All that was seen in one beat, and which rules could look at all.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) sightings: Vec<Sighting>,
    looked: Vec<bool>,
    per_rule: Vec<u32>,
    kept: HashSet<FindingId>,
    /// Sightings that were counted and not kept.
    pub(super) more: u64,
}

impl Default for Round {
    fn default() -> Self {
        let rules = rules::all().len();
        Self {
            sightings: Vec::new(),
            looked: vec![false; rules],
            per_rule: vec![0; rules],
            kept: HashSet::new(),
            more: 0,
        }
    }
}

impl Round {
    /// Notes that a rule had its readings: what it does not see now is not there.
    pub(super) fn looked(&mut self, name: Name) {
        self.looked[name as usize] = true;
    }

    pub(super) fn has_looked(&self, name: Name) -> bool {
        self.looked[name as usize]
    }

    pub(super) fn has_seen(&self, name: Name) -> bool {
        self.per_rule[name as usize] > 0
    }

    /// Keeps an open finding that is still so, but has not lasted long enough in this run to be opened.
    pub(super) fn keep(&mut self, id: FindingId) {
        self.kept.insert(id);
    }

    pub(super) fn is_kept(&self, id: &FindingId) -> bool {
        self.kept.contains(id)
    }

    pub(super) fn saw_if(&mut self, sighting: Option<Sighting>) {
        if let Some(sighting) = sighting {
            self.saw(sighting);
        }
    }

    pub(super) fn saw(&mut self, sighting: Sighting) {
        let seen = &mut self.per_rule[sighting.name as usize];
        *seen += 1;
        if *seen > SIGHTINGS_PER_RULE {
            self.more += 1;
        } else {
            self.sightings.push(sighting);
        }
    }
}
