//! What the judge remembers in the worst case, counted by the pages that the kernel gives for copies of it.
//!
//! It is alone in its file: another test in the same process would be counted, too.

#![allow(clippy::unwrap_used, reason = "a test")]

mod days;

use chrono::TimeDelta;
use days::{process, restless, start};
use home_soc::assess::{Context, Judge, Memory, Settings};
use home_soc::model::Readings;
use std::sync::Arc;

const COPIES: u64 = 16;
const MOST_BYTES: u64 = 4 << 20;

/// Resident memory of this process (proc_pid_statm(5)).
fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = text.split(' ').nth(1).unwrap().parse().unwrap();
    pages * rustix::param::page_size() as u64
}

/// A beat in which ten thousand programs run from where none belongs, or from files that are gone.
fn flooded(from: u32) -> Readings {
    let odd = (from..from + 10_000).map(|n| {
        let place = ["/dev/shm/", "/memfd:", "/srv/"][n as usize % 3];
        let mut one = process(&format!("{place}{n:0200}"), 1.0);
        let program = Arc::make_mut(&mut one.program);
        program.pid = n;
        if let Some(exe) = &mut program.exe {
            exe.deleted = place == "/srv/";
        }
        one
    });
    Readings { processes: Some(Arc::new(odd.collect())), ..Readings::default() }
}

#[test]
fn a_judge_that_has_seen_everything_remembers_it_in_four_megabytes() {
    let mut judge = Judge::new(Settings::default(), Memory::default(), Context::default());
    for hour in 0..8 * 24 {
        for minute in hour * 60..hour * 60 + 12 {
            let _ = judge.beat(&restless(minute), &[], start() + TimeDelta::minutes(minute));
        }
    }
    for (beat, from) in [(0, 10_000), (1, 100_000)] {
        let _ = judge.beat(&flooded(from), &[], start() + TimeDelta::days(8) + TimeDelta::seconds(beat));
    }
    let memory = judge.memory();
    assert!(memory.findings.len() == 500 && memory.solved.len() == 200, "the test fills both");
    let before = resident_bytes();
    let copies: Vec<Memory> = (0..COPIES).map(|_| memory.clone()).collect();
    let each = (resident_bytes() - before) / COPIES;
    assert_eq!(copies.len() as u64, COPIES);
    assert!((100_000..MOST_BYTES).contains(&each), "{each} bytes");
}
