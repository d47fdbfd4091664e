//! What changed and when: alerts as they opened, changed and closed, for the axis of History.

use super::line;
use super::read::Reader;
use super::scan::Stretch;
use super::series::ALERTS;
use crate::model::{FindingId, Safe};
use anyhow::Result;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// The most events that are given at once; of a longer stretch the latest ones.
const MOST_EVENTS: usize = 1000;

/// One alert that opened, changed or closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertEvent {
    /// When.
    pub at: DateTime<Utc>,
    /// What happened to it.
    pub change: Change,
    /// The finding; `None` in lines of the original.
    pub id: Option<FindingId>,
    /// What it said.
    pub title: Safe,
}

/// What can happen to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Change {
    Opened,
    Changed,
    Closed,
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    alerts: Vec<Safe>,
    #[serde(default)]
    findings: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    change: Change,
    id: FindingId,
    #[serde(default)]
    title: Option<Safe>,
}

impl Reader {
    /// The alerts that opened, changed or closed in a stretch of time, oldest first.
    pub fn alerts(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<AlertEvent>> {
        let mut events = Vec::new();
        let Some(folder) = self.folder()? else { return Ok(events) };
        let stretch = Stretch { from: from.timestamp(), to: to.timestamp() };
        self.files(&folder, &ALERTS)?.forward(stretch, self.zone(), &mut |found| {
            let Some(bytes) = found else { return ControlFlow::Continue(()) };
            let at = line::time_of(bytes, self.zone()).filter(|at| *at >= from && *at <= to);
            if let (Some(at), Ok(line)) = (at, serde_json::from_slice::<Line>(bytes)) {
                events.extend(events_of(at, line));
            }
            ControlFlow::Continue(())
        })?;
        events.drain(..events.len().saturating_sub(MOST_EVENTS));
        Ok(events)
    }
}

fn events_of(at: DateTime<Utc>, line: Line) -> Vec<AlertEvent> {
    if line.findings.is_empty() {
        let said = |title| AlertEvent { at, change: Change::Opened, id: None, title };
        return line.alerts.into_iter().map(said).collect();
    }
    line.findings
        .into_iter()
        .map(|row| AlertEvent {
            at,
            change: row.change,
            title: row.title.unwrap_or_else(|| Safe::new(row.id.as_str())),
            id: Some(row.id),
        })
        .collect()
}
