//! A finding: one thing that deserves attention, with its proof and its next step.

use super::Safe;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// How bad. The order is the order of badness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Level {
    #[default]
    Info,
    Warning,
    Alert,
}

/// Which cap of the score a finding counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Category {
    Health,
    Network,
    Auth,
    Integrity,
    Process,
    Posture,
    Visibility,
}

/// A state holds now and clears; an event happened and fades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "said above")]
pub enum Kind {
    State,
    Event,
}

/// Where a finding stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Status {
    Open,
    Accepted,
    Solved,
}

/// How sure the rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Confidence {
    Low,
    Medium,
    High,
}

/// The key of a finding over restarts: `RULE:hash-of-subject`. No time is ever part of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FindingId(String);

impl FindingId {
    /// Makes the id of `rule` for a subject.
    pub fn new(rule: &str, subject: &BTreeMap<String, Safe>) -> Self {
        let mut bytes = Vec::new();
        for (key, value) in subject {
            bytes.extend_from_slice(key.as_bytes());
            bytes.push(0);
            bytes.extend_from_slice(value.as_bytes());
            bytes.push(0);
        }
        Self(format!("{rule}:{:08x}", fingerprint(&bytes) >> 32))
    }

    /// Reads an id as a person typed it.
    pub fn parse(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A 64-bit hash that never changes between versions (FNV-1a, then one mixing step): for keys on disk, not for
/// secrets.
pub fn fingerprint(bytes: &[u8]) -> u64 {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// One thing that deserves attention.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable key for de-duplication, acceptance and notification.
    pub id: FindingId,
    /// Rule that raised it, `HS-AUTH-004`.
    pub rule: String,
    /// How bad.
    pub level: Level,
    /// Where it stands.
    pub status: Status,
    /// Which cap it counts against.
    pub category: Category,
    /// A state that holds, or an event that happened.
    pub kind: Kind,
    /// Points that the rule asks for, before caps and decay; the bill has what was really taken.
    pub points: f64,
    /// The score may not be above this while it is open; possible compromise has 49, other alerts 69.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<u8>,
    /// How sure.
    pub confidence: Confidence,
    /// One line: what.
    pub title: Safe,
    /// One or two sentences: why it matters.
    pub why: Safe,
    /// When it is harmless, in one sentence.
    pub harmless_if: Safe,
    /// What it is about; the id is made of it.
    pub subject: BTreeMap<String, Safe>,
    /// Proof.
    pub evidence: Vec<Evidence>,
    /// Next steps, best first.
    pub fix: Vec<Fix>,
    /// ATT&CK technique ids.
    pub attack: Vec<String>,
    /// When it began.
    pub first_seen: DateTime<Utc>,
    /// When it was last true.
    pub last_seen: DateTime<Utc>,
    /// How many events it stands for.
    pub count: u64,
    /// Key of the story that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub story: Option<String>,
    /// Set when a person accepted the risk.
    pub accepted: Option<Acceptance>,
}

/// One piece of proof.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Where it was seen: `journal`, `/proc/7719/exe`.
    pub source: Safe,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    /// What stood there.
    pub text: Safe,
}

/// A step that mends something. The argument list is made of validated parts only and is never executed by us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// What it does, in words.
    pub text: Safe,
    /// The command; empty when words are all there is.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub argv: Vec<String>,
    /// What it may break.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk: Option<Safe>,
}

/// A risk that a person took knowingly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Why, in their words.
    pub reason: Safe,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Until when; `None` is for ever.
    pub until: Option<DateTime<Utc>>,
}
