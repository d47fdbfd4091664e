//! Processes as rows: what is said about each, and their order as a list or a tree.

use super::columns::ProcessRow;
use crate::model::Snapshot;
use crate::tui::concern;
use crate::tui::widgets::table::{Row, falling};
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
    let known = snapshot.readings.sockets.iter().flat_map(|sockets| sockets.connections());
    for owner in known.filter_map(|connection| connection.owner.as_ref()) {
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
                hidden: 0,
            }
        })
        .collect()
}

/// A row on its way into the tree.
struct Step {
    at: usize,
    depth: u16,
    last_child: bool,
    /// The place of the folded row that it is below.
    folded_by: Option<usize>,
}

/// Puts children under their parents; the order among them stays. What is below a folded row is left out and
/// counted there.
pub(super) fn treed(rows: Vec<ProcessRow>, folded: &HashSet<u64>) -> Vec<ProcessRow> {
    let pids: HashSet<u32> = rows.iter().map(|row| row.process.program.pid).collect();
    let mut children: HashMap<Option<u32>, Vec<usize>> = HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        let parent =
            Some(row.process.ppid).filter(|ppid| pids.contains(ppid) && *ppid != row.process.program.pid);
        children.entry(parent).or_default().push(at);
    }
    let mut rows: Vec<Option<ProcessRow>> = rows.into_iter().map(Some).collect();
    let mut out = Vec::with_capacity(rows.len());
    let mut todo: Vec<Step> = children
        .get(&None)
        .into_iter()
        .flatten()
        .rev()
        .map(|at| Step { at: *at, depth: 0, last_child: false, folded_by: None })
        .collect();
    while let Some(Step { at, depth, last_child, folded_by }) = todo.pop() {
        let Some(mut row) = rows[at].take() else { continue };
        row.depth = depth;
        row.last_child = last_child;
        let folds = folded.contains(&row.key()).then_some(out.len());
        let below = children.get(&Some(row.process.program.pid)).into_iter().flatten().rev();
        todo.extend(below.enumerate().map(|(place, at)| Step {
            at: *at,
            depth: (depth + 1).min(20),
            last_child: place == 0,
            folded_by: folded_by.or(folds),
        }));
        match folded_by {
            Some(above) => {
                let above: &mut ProcessRow = &mut out[above];
                above.hidden += 1;
                // What deserves attention is never folded out of sight without a word.
                above.level = above.level.max(row.level);
            }
            None => out.push(row),
        }
    }
    // Parents that name each other in a circle are nobody's children.
    out.extend(rows.into_iter().flatten());
    out
}
