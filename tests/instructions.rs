//! What a beat costs in instructions, counted by callgrind over a recorded machine of 300 processes and compared with
//! `tests/instructions.txt`: no clock, so the same on a busy machine.
//!
//! The figure is that of a debug build: it says whether a change made the beat dearer, not what the beat costs.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends at the first thing that is not as it must be, and says what it counted"
)]

mod trees;

use home_soc::assess::{self, Judge};
use home_soc::collect::Root;
use home_soc::engine::{CollectSettings, Engine};
use std::process::Command;
use std::time::Duration;

/// What may be added before somebody must look at it, in percent.
const MAY_GROW_PCT: u64 = 5;

/// Takes as many beats as the test below asks for.
#[test]
fn child_that_beats() {
    let Some(beats) = std::env::var_os("HOME_SOC_TEST_BEATS") else { return };
    let beats: u32 = beats.to_str().unwrap().parse().unwrap();
    let mut tree = trees::calm();
    for n in 0..300 {
        let cmdline = format!("/usr/bin/worker --number {n}");
        tree.process(&trees::Run {
            pid: 3_000 + n,
            ppid: 1,
            name: "worker",
            cmdline: &cmdline,
            exe: "/usr/bin/worker",
            start_ticks: 100_000 + u64::from(n),
            ..trees::Run::default()
        });
        tree.tcp("0100007F:2328", &format!("0100007F:{:04X}", 40_000 + n), 1, 1000, 90_000 + n);
    }
    tree.network();
    let judge =
        Judge::new(assess::Settings::default(), assess::Memory::default(), assess::Context::default());
    let root = Root::fixture(tree.path());
    let start = trees::now();
    let mut engine = Engine::new(&root, &CollectSettings::default(), judge, Duration::from_secs(10), start);
    for beat in 0..beats {
        engine.beat(start + Duration::from_secs(10) * beat);
    }
}

fn instructions(beats: u32) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_beats", "--test-threads=1"])
        .env("HOME_SOC_TEST_BEATS", beats.to_string())
        .output()
        .unwrap_or_else(|why| panic!("valgrind: {why}: run ./tests/run, or install it"));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let collected =
        told.lines().find_map(|line| line.split_once("Collected :")).unwrap_or_else(|| panic!("{told}"));
    collected.1.trim().parse().unwrap()
}

#[test]
fn a_beat_takes_no_more_instructions_than_it_did() {
    let committed = std::fs::read_to_string("tests/instructions.txt").unwrap();
    let mut words = committed.split_whitespace();
    let (figure, compiler): (u64, &str) = (words.next().unwrap().parse().unwrap(), words.next().unwrap());
    // The difference leaves out the start, and what is read once.
    let counted = (instructions(60) - instructions(20)) / 40;
    eprintln!("{counted} instructions a beat; committed: {figure}, with rustc {compiler}");
    let rustc = Command::new("rustc").arg("--version").output().unwrap();
    if !String::from_utf8_lossy(&rustc.stdout).contains(&format!("rustc {compiler} "))
        || !cfg!(target_arch = "x86_64")
    {
        eprintln!("NOT COMPARED: another compiler or processor counts otherwise");
        return;
    }
    assert!(
        counted * 100 <= figure * (100 + MAY_GROW_PCT),
        "{counted} instructions a beat, {figure} before: find out why, or commit the new figure with the reason"
    );
}
