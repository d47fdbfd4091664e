//! Processes as rows: what is said about each, and their order as a list or a tree.

use super::columns::ProcessRow;
use crate::model::Snapshot;
use crate::tui::concern;
use crate::tui::widgets::table::falling;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

/// Worst first, then busiest.
pub(super) fn attention(a: &ProcessRow, b: &ProcessRow) -> Ordering {
    b.level
        .cmp(&a.level)
        .then_with(|| falling(a.process.cpu_pct, b.process.cpu_pct))
        .then_with(|| falling(Some(a.process.cpu_time_ms), Some(b.process.cpu_time_ms)))
}

/// Makes the rows of a beat.
pub(super) fn rows(snapshot: &Snapshot, kernel: bool) -> Vec<ProcessRow> {
    let mut connections: HashMap<u32, u32> = HashMap::new();
    let known = snapshot.readings.sockets.as_ref().and_then(|sockets| sockets.connections.as_ref());
    for owner in known.into_iter().flatten().filter_map(|connection| connection.owner.as_ref()) {
        *connections.entry(owner.pid).or_default() += 1;
    }
    let total =
        snapshot.readings.system.memory.map(|memory| memory.total_bytes as f64).filter(|total| *total > 0.0);
    let processes = snapshot.readings.processes.iter().flat_map(|processes| processes.iter());
    processes
        .filter(|process| kernel || !process.program.kernel_thread)
        .map(|process| {
            let finding = concern::worst(snapshot, |finding| concern::process(finding, process));
            ProcessRow {
                level: concern::level(finding),
                why: finding.map_or_else(String::new, |finding| finding.title.to_string()),
                connections: connections.get(&process.program.pid).copied().unwrap_or(0),
                mem_pct: total.map(|total| process.rss_bytes as f64 / total * 100.0),
                process: process.clone(),
                depth: 0,
                last_child: false,
            }
        })
        .collect()
}

/// Puts children under their parents; the order among them stays.
pub(super) fn treed(rows: Vec<ProcessRow>) -> Vec<ProcessRow> {
    let pids: HashSet<u32> = rows.iter().map(|row| row.process.program.pid).collect();
    let mut children: HashMap<Option<u32>, Vec<usize>> = HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        let parent =
            Some(row.process.ppid).filter(|ppid| pids.contains(ppid) && *ppid != row.process.program.pid);
        children.entry(parent).or_default().push(at);
    }
    let mut rows: Vec<Option<ProcessRow>> = rows.into_iter().map(Some).collect();
    let mut out = Vec::with_capacity(rows.len());
    let mut todo: Vec<(usize, u16, bool)> =
        children.get(&None).into_iter().flatten().rev().map(|at| (*at, 0, false)).collect();
    while let Some((at, depth, last_child)) = todo.pop() {
        let Some(mut row) = rows[at].take() else { continue };
        row.depth = depth;
        row.last_child = last_child;
        let below = children.get(&Some(row.process.program.pid)).into_iter().flatten().rev();
        todo.extend(below.enumerate().map(|(place, at)| (*at, (depth + 1).min(20), place == 0)));
        out.push(row);
    }
    // Parents that name each other in a circle are nobody's children.
    out.extend(rows.into_iter().flatten());
    out
}
