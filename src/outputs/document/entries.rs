//! The rows that the original program wrote: level, metric, value and a message in its manner.
//!
//! `cpu_load`, `memory_used_pct` and `established_connections` are in every document, because the charts of the
//! original expect them; a value that could not be seen is null and its message says why.

use super::metrics::{counted, finite};
use crate::model::{Finding, Level, Process, Sensor, SensorState, Snapshot};
use crate::outputs::mask;
use crate::text;
use serde::Serialize;
use std::borrow::Cow;

/// How many busy processes have a row.
const BUSY: usize = 5;

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry<'a> {
    /// How bad.
    pub level: Level,
    /// What was measured.
    pub metric: &'static str,
    /// The number; null when it could not be seen.
    pub value: Value<'a>,
    /// One sentence for people.
    pub message: String,
    /// Only on `process_cpu`: which process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Only on `process_cpu`: its command line, secrets hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Cow<'a, str>>,
}

/// A number, a count, a word, or nothing.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value<'a> {
    /// A measured number.
    Number(f64),
    /// A whole number.
    Count(u64),
    /// A name.
    Word(&'a str),
    /// It could not be seen: null.
    Unseen(()),
}

impl Value<'_> {
    fn number(value: Option<f64>) -> Self {
        value.map_or(Self::Unseen(()), Self::Number)
    }

    fn count(value: Option<u64>) -> Self {
        value.map_or(Self::Unseen(()), Self::Count)
    }
}

/// All rows of a beat: the numbers, who is busy, and where sign-ins are read.
pub(super) fn all(snapshot: &Snapshot) -> Vec<Entry<'_>> {
    let mut entries = numbers(snapshot);
    entries.extend(processes(snapshot));
    entries.push(source(snapshot));
    entries
}

/// The rows that are one number each: what the record keeps of every beat.
pub(super) fn numbers(snapshot: &Snapshot) -> Vec<Entry<'_>> {
    let mut entries = vec![load(snapshot), memory(snapshot), listening(snapshot), established(snapshot)];
    entries.extend(sign_ins(snapshot));
    entries
}

fn row<'a>(
    snapshot: &Snapshot,
    metric: &'static str,
    value: Value<'a>,
    message: impl Into<String>,
) -> Entry<'a> {
    Entry { level: level(snapshot, metric), metric, value, message: message.into(), pid: None, command: None }
}

/// The worst open finding about this number.
fn level(snapshot: &Snapshot, metric: &str) -> Level {
    snapshot
        .open()
        .filter(|finding| is_about(finding, metric))
        .map(|finding| finding.level)
        .max()
        .unwrap_or_default()
}

/// Which rules speak about a number; ids of rules never change their meaning.
fn is_about(finding: &Finding, metric: &str) -> bool {
    let rules: &[&str] = match metric {
        "cpu_load" => &["HS-HLTH-001"],
        "memory_used_pct" => &["HS-HLTH-002", "HS-HLTH-004"],
        "established_connections" => &["HS-NET-001"],
        "listening_sockets" => &["HS-NET-002"],
        "failed_logins" => &["HS-AUTH-001", "HS-AUTH-002", "HS-AUTH-003"],
        "successful_logins" => &["HS-AUTH-003", "HS-AUTH-004"],
        "sudo_commands" => &["HS-AUTH-005"],
        _ => &[],
    };
    rules.contains(&finding.rule.as_str())
}

fn load(snapshot: &Snapshot) -> Entry<'_> {
    let system = &snapshot.readings.system;
    let load = system.load;
    let cores = system.cpu.as_ref().map_or_else(|| "unknown".to_owned(), |cpu| cpu.cores.to_string());
    let message = match load {
        Some(load) => format!(
            "Load avg (1/5/15): {:.2}, {:.2}, {:.2} | Cores: {cores}",
            load.one_min, load.five_min, load.fifteen_min
        ),
        None => unseen(snapshot, "Load avg", "load"),
    };
    row(snapshot, "cpu_load", Value::number(load.and_then(|load| finite(load.one_min, 2))), message)
}

fn memory(snapshot: &Snapshot) -> Entry<'_> {
    let memory = snapshot.readings.system.memory;
    let message = match memory {
        Some(memory) => format!(
            "Memory used: {:.1}% ({} of {})",
            memory.used_pct,
            text::bytes_long(memory.used_bytes as f64),
            text::bytes_long(memory.total_bytes as f64)
        ),
        None => unseen(snapshot, "Memory used", "memory"),
    };
    let value = memory.and_then(|memory| finite(memory.used_pct, 1));
    row(snapshot, "memory_used_pct", Value::number(value), message)
}

/// The busiest processes; this program and its children are no news.
fn processes(snapshot: &Snapshot) -> Vec<Entry<'_>> {
    let Some(processes) = snapshot.readings.processes.as_deref() else {
        let message = unseen(snapshot, "Top CPU processes", "proc");
        return vec![row(snapshot, "process_cpu", Value::Unseen(()), message)];
    };
    busiest(processes)
        .into_iter()
        .filter(|process| !process.program.own)
        .take(BUSY)
        .map(|process| {
            let command = command(process);
            let pct = process.cpu_pct.and_then(|pct| finite(f64::from(pct), 1));
            let message = match pct {
                Some(pct) => format!(
                    "PID {} {} | CPU: {pct:.1}%",
                    process.program.pid,
                    text::fit(&process.program.name, 32)
                ),
                None => format!(
                    "PID {} {} | CPU: not measured yet",
                    process.program.pid,
                    text::fit(&process.program.name, 32)
                ),
            };
            Entry {
                level: process_level(snapshot, process.program.pid),
                metric: "process_cpu",
                value: Value::number(pct),
                message,
                pid: Some(process.program.pid),
                command: Some(Cow::Owned(text::fit(&command, 200))),
            }
        })
        .collect()
}

/// Processes by processor use, busiest first.
pub(super) fn busiest(processes: &[Process]) -> Vec<&Process> {
    let mut list: Vec<&Process> = processes.iter().collect();
    list.sort_by(|a, b| b.cpu_pct.unwrap_or(-1.0).total_cmp(&a.cpu_pct.unwrap_or(-1.0)));
    list
}

/// A command line with its secrets hidden.
pub(super) fn command(process: &Process) -> String {
    let line = process.command();
    match mask::secrets(&line) {
        Cow::Borrowed(_) => line,
        Cow::Owned(masked) => masked,
    }
}

fn process_level(snapshot: &Snapshot, pid: u32) -> Level {
    let pid = pid.to_string();
    snapshot
        .open()
        .filter(|finding| finding.subject.get("pid").is_some_and(|named| *named == *pid.as_str()))
        .map(|finding| finding.level)
        .max()
        .unwrap_or_default()
}

fn listening(snapshot: &Snapshot) -> Entry<'_> {
    let count = snapshot.readings.sockets.as_ref().map(|sockets| sockets.listeners.len() as u64);
    let message = match count {
        Some(count) => format!("Listening sockets: {count}"),
        None => unseen(snapshot, "Listening sockets", "sock"),
    };
    row(snapshot, "listening_sockets", Value::count(count), message)
}

fn established(snapshot: &Snapshot) -> Entry<'_> {
    let count = snapshot.readings.sockets.as_ref().and_then(|sockets| sockets.established);
    let message = match count {
        Some(count) => format!("Established TCP connections: {count}"),
        None => unseen(snapshot, "Established TCP connections", "sock"),
    };
    row(snapshot, "established_connections", Value::count(count), message)
}

fn sign_ins(snapshot: &Snapshot) -> [Entry<'_>; 3] {
    let seen = counted(snapshot);
    let count = |metric: &'static str, words: &str, value: Option<u64>| {
        let message = match (value, &snapshot.sign_ins) {
            (Some(value), _) => format!("{words}: {value} (last 24 hours)"),
            (None, Some(_)) => format!("{words}: not known yet, the past is still being read"),
            // The reason stands in the first of the rows that share it.
            (None, None) if metric != "failed_logins" => format!("{words}: cannot be seen"),
            (None, None) => unseen(snapshot, words, "auth"),
        };
        row(snapshot, metric, Value::count(value), message)
    };
    [
        count("failed_logins", "Recent failed login attempts", seen.map(|seen| seen.failed_24h)),
        count("successful_logins", "Recent successful logins", seen.map(|seen| seen.accepted_24h)),
        count("sudo_commands", "Recent sudo commands", seen.map(|seen| seen.sudo_24h)),
    ]
}

fn source(snapshot: &Snapshot) -> Entry<'_> {
    match &snapshot.sign_ins {
        Some(seen) => {
            let message = format!("Sign-ins are read from {}", seen.source);
            row(snapshot, "auth_log", Value::Word(&seen.source), message)
        }
        None => row(snapshot, "auth_log", Value::Unseen(()), unseen(snapshot, "Sign-ins", "auth")),
    }
}

/// `Memory used: cannot be seen (reason)`, with the fix where a sensor has one.
fn unseen(snapshot: &Snapshot, words: &str, area: &str) -> String {
    let blind = |sensor: &&Sensor| sensor.state != SensorState::Ok && sensor.id.starts_with(area);
    let Some(sensor) = snapshot.sensors.iter().find(blind) else {
        return format!("{words}: cannot be seen");
    };
    let reason = sensor.says.as_deref().or(sensor.reason.as_deref()).unwrap_or("no reason given");
    if sensor.fix.is_empty() {
        format!("{words}: cannot be seen ({reason})")
    } else {
        format!("{words}: cannot be seen ({reason}); fix: {}", sensor.fix.join(" "))
    }
}
