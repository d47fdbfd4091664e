//! What provenance, oddities and a hundred started programs cost on this machine.
//!
//! The listener's own price per start is told by its thread's processor time: see `a_hundred_started_programs`,
//! which contains the starting itself, beside `starting_a_hundred_programs`, which is nothing else.

use chrono::Utc;
use divan::{Bencher, black_box};
use home_soc::collect::{Root, execs, oddities, packages, processes};
use home_soc::model::Process;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

fn main() {
    divan::main();
}

fn listed() -> Arc<Vec<Process>> {
    let mut collector = processes::Collector::new(Root::real(), processes::Settings::default());
    collector.read(Utc::now(), None).value.unwrap_or_default()
}

fn owners() -> packages::Owners {
    let mut owners = packages::Owners::start(Root::real());
    owners.wait(Duration::from_mins(1));
    owners
}

#[divan::bench(sample_count = 5)]
fn reading_the_package_databases() {
    black_box(owners());
}

#[divan::bench]
fn does_a_package_own_this_file(bencher: Bencher<'_, '_>) {
    let owners = owners();
    bencher.bench_local(|| black_box(owners.of(black_box("/usr/bin/sleep"))));
}

/// A beat: every process is known from the one before.
#[divan::bench]
fn marking_all_processes(bencher: Bencher<'_, '_>) {
    let mut owners = owners();
    let all = listed();
    owners.mark(&mut Arc::clone(&all));
    bencher.with_inputs(|| Arc::new(Vec::clone(&all))).bench_local_values(|mut all| {
        owners.refresh();
        owners.mark(&mut all);
        all
    });
}

/// A whole look, which is taken once in a thousand times its own length.
#[divan::bench(sample_count = 20)]
fn a_look_for_everything_odd(bencher: Bencher<'_, '_>) {
    let all = listed();
    bencher.with_inputs(|| oddities::Collector::new(Root::real())).bench_local_values(|mut collector| {
        black_box(collector.read(Utc::now(), Some(&all)));
    });
}

/// A beat between two looks.
#[divan::bench]
fn a_beat_without_a_look(bencher: Bencher<'_, '_>) {
    let all = listed();
    let mut collector = oddities::Collector::new(Root::real());
    collector.read(Utc::now(), Some(&all));
    bencher.bench_local(|| black_box(collector.read(Utc::now(), Some(&all))));
}

#[divan::bench(sample_count = 10)]
fn starting_a_hundred_programs() {
    start_a_hundred();
}

#[divan::bench(sample_count = 10)]
fn a_hundred_started_programs(bencher: Bencher<'_, '_>) {
    let mut collector = execs::Collector::start(Root::real());
    bencher.bench_local(|| {
        start_a_hundred();
        black_box(collector.read(Utc::now()))
    });
}

fn start_a_hundred() {
    for _ in 0..100 {
        let _ = black_box(Command::new("true").status());
    }
}
