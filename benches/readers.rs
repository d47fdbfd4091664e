//! What one beat of each reader costs on this machine, after the first one, which is dear.
//!
//! Beside them stands the price of what they cannot do without: one `pread` of a kept file for each process.
//! The figures of the README come from `benches/monitors`, where other programs run beside.

use chrono::Utc;
use divan::{Bencher, black_box};
use home_soc::collect::sockets::Detail;
use home_soc::collect::{Root, own, processes, sockets, system};
use home_soc::model::Process;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;

const SECOND: Option<Duration> = Some(Duration::from_secs(1));

fn main() {
    divan::main();
}

#[divan::bench]
fn the_machine(bencher: Bencher<'_, '_>) {
    let mut collector = system::Collector::new(Root::real());
    let now = Utc::now();
    collector.read(now, None);
    bencher.bench_local(|| black_box(collector.read(now, SECOND)));
}

#[divan::bench]
fn all_processes(bencher: Bencher<'_, '_>) {
    let mut collector = processes::Collector::new(Root::real(), processes::Settings::default());
    let now = Utc::now();
    collector.read(now, None);
    bencher.bench_local(|| black_box(collector.read(now, SECOND)));
}

/// The floor of `all_processes`, without the listing.
#[divan::bench]
fn one_pread_for_each_process(bencher: Bencher<'_, '_>) {
    let pids = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let files: Vec<File> = pids.filter_map(|entry| File::open(entry.path().join("stat")).ok()).collect();
    let mut buffer = [0; 4096];
    bencher.bench_local(|| {
        for file in &files {
            // A process that ended meanwhile fails fast.
            let _ = black_box(file.read_at(&mut buffer, 0));
        }
    });
}

#[divan::bench(args = [Detail::Doors, Detail::All])]
fn all_sockets(bencher: Bencher<'_, '_>, detail: Detail) {
    let list = some_processes();
    let list = list.as_deref().map(Vec::as_slice);
    let mut collector = sockets::Collector::new(Root::real());
    let now = Utc::now();
    collector.read(now, list, detail);
    bencher.bench_local(|| black_box(collector.read(now, list, detail)));
}

#[divan::bench]
fn our_own_cost(bencher: Bencher<'_, '_>) {
    let mut meter = own::Meter::new();
    bencher.bench_local(|| black_box(meter.read(SECOND)));
}

fn some_processes() -> Option<Arc<Vec<Process>>> {
    processes::Collector::new(Root::real(), processes::Settings::default()).read(Utc::now(), None).value
}
