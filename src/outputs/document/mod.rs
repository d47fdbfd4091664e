//! The document of `--once --json` and the line of `monitor_metrics.jsonl`: one type, made from a snapshot.
//!
//! The keys that the original Python program wrote keep their names and meaning; everything else is beside
//! them. `null` is "could not see" and 0 is zero. It judges nothing and writes no file.

mod detail;
mod entries;
mod metrics;
mod plain;

use crate::model::{Finding, FindingId, Level, Safe, Score, Sensor, Snapshot, Status, Zone};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use std::borrow::Cow;
use std::io::Write;

pub use entries::Entry;
pub(crate) use metrics::finite;

/// The version of the shape; the part before the dot changes when something breaks.
pub const SCHEMA_VERSION: &str = "1.0";

/// The version of a line in the record.
pub const LINE_VERSION: u32 = 1;

/// One beat as others read it.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    schema: Option<Schema>,
    timestamp: String,
    security_score: u8,
    entries: Vec<Entry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    v: Option<u32>,
    time: String,
    seq: u64,
    boot: &'a str,
    host: Host<'a>,
    interval_s: Option<f64>,
    score: Bill<'a>,
    level: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<Counts>,
    metrics: metrics::Metrics<'a>,
    findings: Vec<FindingRow<'a>>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    rest: Option<Rest<'a>>,
}

#[derive(Debug, Serialize)]
struct Schema {
    schema: &'static str,
    schema_version: &'static str,
}

/// What only the full document has.
#[derive(Debug, Serialize)]
struct Rest<'a> {
    sensors: &'a [Sensor],
    checks_passed: &'a [String],
    errors: &'a [Safe],
    #[serde(flatten)]
    detail: detail::Detail<'a>,
}

#[derive(Debug, Serialize)]
struct Host<'a> {
    name: &'a Safe,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    os: Option<&'a Safe>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kernel: Option<&'a Safe>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu: Option<&'a Safe>,
}

#[derive(Debug, Serialize)]
struct Bill<'a> {
    value: u8,
    is_upper_bound: bool,
    band: crate::model::Band,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    past: Option<Past>,
    deductions: Vec<Row<'a>>,
}

#[derive(Debug, Serialize)]
struct Past {
    previous: Option<u8>,
    changed_at: Option<String>,
    posture: u8,
    activity: u8,
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    finding: Option<&'a FindingId>,
    points: u8,
    group: Option<crate::model::Category>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovers: Option<Recovery>,
}

#[derive(Debug, Serialize)]
struct Recovery {
    at: String,
    points: u8,
}

#[derive(Debug, Serialize)]
struct Counts {
    alert: usize,
    warning: usize,
    info: usize,
    accepted: usize,
    ok: usize,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum FindingRow<'a> {
    Full(Box<Cow<'a, Finding>>),
    Brief { id: &'a FindingId, level: Level, points: f64 },
}

impl<'a> Document<'a> {
    /// The whole beat: what `--once --json` prints.
    pub fn full(snapshot: &'a Snapshot, zone: Zone) -> Self {
        let mut document = Self::line(snapshot, zone);
        document.schema = Some(Schema { schema: "home-soc/snapshot", schema_version: SCHEMA_VERSION });
        document.v = None;
        document.host.os = snapshot.host.os.as_ref();
        document.host.kernel = snapshot.host.kernel.as_ref();
        document.host.cpu = snapshot.host.cpu.as_ref();
        document.score = bill(&snapshot.score, true);
        document.entries = entries::all(snapshot);
        document.counts = Some(Counts {
            alert: snapshot.count(Level::Alert),
            warning: snapshot.count(Level::Warning),
            info: snapshot.count(Level::Info),
            accepted: accepted(snapshot),
            ok: snapshot.checks_passed.len(),
        });
        document.metrics = metrics::Metrics::all(snapshot);
        document.findings = snapshot
            .findings
            .iter()
            .map(|finding| FindingRow::Full(Box::new(super::mask::finding(finding))))
            .collect();
        document.rest = Some(Rest {
            sensors: &snapshot.sensors,
            checks_passed: &snapshot.checks_passed,
            errors: &snapshot.errors,
            detail: detail::Detail::of(snapshot),
        });
        document
    }

    /// The line that the record keeps of a beat: small, and enough for every chart.
    pub fn line(snapshot: &'a Snapshot, zone: Zone) -> Self {
        Self {
            schema: None,
            timestamp: timestamp(snapshot.at, zone),
            security_score: snapshot.score.value,
            entries: entries::numbers(snapshot),
            v: Some(LINE_VERSION),
            time: time(snapshot.at),
            seq: snapshot.seq,
            boot: &snapshot.boot,
            host: Host {
                name: &snapshot.host.name,
                id: &snapshot.host.id,
                os: None,
                kernel: None,
                cpu: None,
            },
            interval_s: finite(snapshot.interval_s, 3),
            score: bill(&snapshot.score, false),
            level: snapshot.level().map_or("ok", level_name),
            counts: None,
            metrics: metrics::Metrics::for_line(snapshot),
            findings: snapshot
                .findings
                .iter()
                .map(|finding| FindingRow::Brief {
                    id: &finding.id,
                    level: finding.level,
                    points: finite(finding.points, 1).unwrap_or_default(),
                })
                .collect(),
            rest: None,
        }
    }

    /// Leaves out the rows below a level; the score and its bill stay as they are.
    #[must_use]
    pub fn at_least(mut self, level: Level) -> Self {
        self.entries.retain(|entry| entry.level >= level);
        self.findings.retain(|row| match row {
            FindingRow::Full(finding) => finding.level >= level,
            FindingRow::Brief { level: own, .. } => *own >= level,
        });
        self
    }

    /// Writes the document as one line of JSON with a newline at its end, in one piece.
    pub fn write(&self, out: &mut dyn Write) -> std::io::Result<()> {
        out.write_all(&self.to_line()?)
    }

    /// The document as one line of JSON with a newline at its end.
    pub fn to_line(&self) -> std::io::Result<Vec<u8>> {
        plain::line(self)
    }
}

/// Any value as one line of JSON in which every control, bidi and zero-width character is escaped.
pub fn json_line(value: &impl Serialize) -> std::io::Result<Vec<u8>> {
    plain::line(value)
}

/// The original's stamp: local time, `2026-11-22 14:32:07`.
pub fn timestamp(at: DateTime<Utc>, zone: Zone) -> String {
    zone.at(at).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// RFC 3339 in UTC with milliseconds and `Z`.
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

const fn level_name(level: Level) -> &'static str {
    match level {
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Alert => "alert",
    }
}

fn accepted(snapshot: &Snapshot) -> usize {
    snapshot.findings.iter().filter(|finding| finding.status == Status::Accepted).count()
}

fn bill(score: &Score, with_words: bool) -> Bill<'_> {
    Bill {
        value: score.value,
        is_upper_bound: score.is_upper_bound,
        band: score.band,
        past: with_words.then(|| Past {
            previous: score.previous,
            changed_at: score.changed_at.map(time),
            posture: score.posture,
            activity: score.activity,
        }),
        deductions: score
            .deductions
            .iter()
            .map(|row| Row {
                finding: row.finding.as_ref(),
                points: row.points,
                group: row.group,
                title: with_words.then(|| super::mask::secrets(&row.title)),
                recovers: row
                    .recovers
                    .filter(|_| with_words)
                    .map(|(at, points)| Recovery { at: time(at), points }),
            })
            .collect(),
    }
}
