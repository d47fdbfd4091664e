//! Which alert-level findings opened, changed or closed since the last line of `monitor_alerts.jsonl`.
//!
//! Every line carries what is open after it, so the last line alone says where the story stands: a restart
//! repeats nothing. It writes nothing itself.

use super::events::Change;
use crate::model::{Finding, FindingId, Level, Snapshot, Status, Zone};
use crate::outputs::{document, mask};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Beats after a start in which a finding of the last run is not yet called closed: its sensors may still be
/// reading what happened before.
const SETTLING_BEATS: u32 = 3;

/// What is remembered of an alert that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    status: Status,
    ceiling: Option<u8>,
    /// Digits of the count: 9 and 10 tell apart, 10 and 11 do not.
    size: u32,
}

/// The alerts that were open after the last line.
#[derive(Debug, Default)]
pub(super) struct Alerts {
    open: BTreeMap<FindingId, Known>,
    inherited: bool,
    beats: u32,
}

#[derive(Serialize)]
struct AlertLine<'a> {
    timestamp: String,
    alerts: Vec<String>,
    v: u32,
    time: String,
    seq: u64,
    boot: &'a str,
    host: Host<'a>,
    findings: Vec<ChangeRow<'a>>,
    open: &'a BTreeMap<FindingId, Known>,
}

#[derive(Serialize)]
struct Host<'a> {
    name: &'a str,
    id: &'a str,
}

#[derive(Serialize)]
struct ChangeRow<'a> {
    #[serde(rename = "change")]
    what: Change,
    #[serde(flatten)]
    finding: Option<Cow<'a, Finding>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<FindingId>,
}

#[derive(Deserialize)]
struct Tail {
    #[serde(default)]
    open: Option<BTreeMap<FindingId, Known>>,
}

impl Alerts {
    /// Takes over from the last line of the file; a line of the original says nothing about what is open.
    pub(super) fn after(last_line: Option<&[u8]>) -> Self {
        let open = last_line
            .and_then(|line| serde_json::from_slice::<Tail>(line).ok())
            .and_then(|tail| tail.open)
            .unwrap_or_default();
        Self { inherited: !open.is_empty(), open, beats: 0 }
    }

    /// Compares a beat with what is known; answers the line to write, if something is news.
    pub(super) fn line(&mut self, snapshot: &Snapshot, zone: Zone) -> Option<Vec<u8>> {
        self.beats = self.beats.saturating_add(1);
        let mut changes = Vec::new();
        let mut words = Vec::new();
        let mut now = BTreeMap::new();
        let alerts = snapshot.findings.iter().filter(|finding| finding.level == Level::Alert);
        for finding in alerts.filter(|finding| finding.status != Status::Solved) {
            let known = Known {
                status: finding.status,
                ceiling: finding.ceiling,
                size: finding.count.checked_ilog10().map_or(0, |digits| digits + 1),
            };
            let before = self.open.get(&finding.id);
            let what = match before {
                None if finding.status == Status::Open => Some(Change::Opened),
                Some(before) if *before != known => Some(Change::Changed),
                None | Some(_) => None,
            };
            if before.is_some() || what.is_some() {
                now.insert(finding.id.clone(), known);
            }
            if let Some(what) = what {
                let finding = mask::finding(finding);
                words.push(say(what, finding.status, &finding.title));
                changes.push(ChangeRow { what, finding: Some(finding), id: None });
            }
        }
        for (id, known) in &self.open {
            if now.contains_key(id) {
                continue;
            }
            if self.inherited && !self.settled(snapshot) {
                now.insert(id.clone(), known.clone());
                continue;
            }
            let finding = snapshot.findings.iter().find(|finding| finding.id == *id).map(mask::finding);
            let title = finding.as_ref().map_or_else(|| id.to_string(), |finding| finding.title.to_string());
            words.push(format!("closed: {title}"));
            let id = finding.is_none().then(|| id.clone());
            changes.push(ChangeRow { what: Change::Closed, finding, id });
        }
        if self.inherited && self.settled(snapshot) {
            self.inherited = false;
        }
        self.open = now;
        if changes.is_empty() {
            return None;
        }
        let line = AlertLine {
            timestamp: document::timestamp(snapshot.at, zone),
            alerts: words,
            v: document::LINE_VERSION,
            time: document::time(snapshot.at),
            seq: snapshot.seq,
            boot: &snapshot.boot,
            host: Host { name: &snapshot.host.name, id: &snapshot.host.id },
            findings: changes,
            open: &self.open,
        };
        document::json_line(&line).ok()
    }

    fn settled(&self, snapshot: &Snapshot) -> bool {
        self.beats > SETTLING_BEATS && snapshot.sign_ins.as_ref().is_none_or(|seen| seen.caught_up)
    }
}

fn say(what: Change, status: Status, title: &str) -> String {
    match (what, status) {
        (Change::Changed, Status::Accepted) => format!("accepted: {title}"),
        (Change::Changed, _) => format!("changed: {title}"),
        _ => title.to_owned(),
    }
}
