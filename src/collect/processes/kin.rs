//! Who is family: this program with what it started, and those that it was started from.

use super::known::{Known, find};
use std::sync::Arc;

/// A chain of parents longer than this is a damaged recording.
const GENERATIONS_CAP: usize = 256;

/// True for the process `own_pid` and for what it started, however deep.
pub(super) fn descends_from(own_pid: u32, known: &[Known], at: usize) -> bool {
    let mut process = &known[at];
    for _ in 0..GENERATIONS_CAP {
        if process.pid == own_pid || process.program.own {
            return true;
        }
        match find(known, process.now.ppid) {
            Some(parent) => process = &known[parent],
            None => return false,
        }
    }
    false
}

/// Marks the processes that `own_pid` was started from.
pub(super) fn mark_ancestors(own_pid: u32, known: &mut [Known]) {
    let Some(mut at) = find(known, own_pid) else { return };
    for _ in 0..GENERATIONS_CAP {
        let Some(parent) = find(known, known[at].now.ppid) else { return };
        if !known[parent].program.ours {
            Arc::make_mut(&mut known[parent].program).ours = true;
        }
        at = parent;
    }
}
