//! What the record costs: one beat's append, and reading a record of a million beats.
//!
//! `cargo bench --bench record` makes the record once, in `HOME_SOC_BENCH_DIR` (default: a directory beside other
//! temporary files, kept for the next run), and prints a table.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    dead_code,
    reason = "a bench"
)]

#[path = "../tests/beats/mod.rs"]
mod beats;

use beats::{beat_at, start};
use chrono::TimeDelta;
use home_soc::model::Zone;
use home_soc::outputs::Output as _;
use home_soc::outputs::document::Document;
use home_soc::outputs::journal::{Opened, Reader, Record, Settings, Sync, verify};
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

const BEATS: u64 = 1_000_000;

fn main() {
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let root = std::env::var_os("HOME_SOC_BENCH_DIR")
        .map_or_else(|| std::env::temp_dir().join("home-soc-bench"), PathBuf::from);
    let kept = root.join("kept");
    let plain = root.join("plain");
    make_kept(&kept);
    make_plain(&plain);
    append(&root.join("append"));
    day(&root.join("day"));
    season(&root.join("season"));
    let end = start() + TimeDelta::seconds(10 * BEATS as i64);
    for (what, dir) in [("packed record", &kept), ("one plain file", &plain)] {
        let reader = Reader::new(dir.clone()).in_zone(Zone::utc());
        let line = |name: &str, millis: f64| println!("{what:<15} {name:<44} {millis:>9.2} ms");
        line("last 50 samples", timed(200, || assert_eq!(reader.last(50).unwrap().samples.len(), 50)));
        let day = timed(10, || {
            let columns = reader.columns(end - TimeDelta::days(1), end, 200).unwrap();
            assert!(columns.columns.iter().all(Option::is_some));
        });
        line("a day in 200 columns", day);
        let old = timed(10, || {
            let to = end - TimeDelta::days(40);
            let columns = reader.columns(to - TimeDelta::hours(1), to, 200).unwrap();
            assert!(columns.columns.iter().flatten().count() > 190);
        });
        line("an hour of 40 days ago in 200 columns", old);
        if dir == &kept {
            let year = timed(10, || {
                let columns = reader.columns(end - TimeDelta::days(365), end, 200).unwrap();
                assert!(columns.columns.iter().flatten().count() > 60);
            });
            line("a year in 200 columns", year);
        }
        let all = timed(3, || assert!(verify(dir, Zone::utc(), &mut std::io::sink()).unwrap()));
        let bytes = fs::metadata(plain.join("monitor_metrics.jsonl")).unwrap().len() as f64;
        line("verify everything", all);
        println!("{what:<15} verify: {:.0} MB/s", bytes / 1e6 / (all / 1e3));
    }
    let file = plain.join("monitor_metrics.jsonl");
    for (name, program, args) in [
        ("tail -n 50", "tail", vec!["-n", "50"]),
        ("wc -l", "wc", vec!["-l"]),
        ("jq .seq", "jq", vec![".seq"]),
    ] {
        let begin = Instant::now();
        let status = Command::new(program).args(&args).arg(&file).stdout(Stdio::null()).status();
        assert!(status.is_ok_and(|status| status.success()), "{name} is not here");
        let millis = begin.elapsed().as_secs_f64() * 1e3;
        println!("{:<15} {name:<44} {millis:>9.2} ms", "others, on the clock");
    }
    let status = fs::read_to_string("/proc/self/status").unwrap();
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap());
    let kept_bytes: u64 =
        fs::read_dir(&kept).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    println!(
        "a million beats: {:.1} MB plain, {:.1} MB kept",
        1e-6 * fs::metadata(&file).unwrap().len() as f64,
        1e-6 * kept_bytes as f64
    );
}

/// So many runs, in milliseconds of one core for each: what else the machine does is not counted.
fn timed(runs: u32, mut run: impl FnMut()) -> f64 {
    let begin = cpu_micros();
    for _ in 0..runs {
        run();
    }
    (cpu_micros() - begin) / 1e3 / f64::from(runs)
}

fn open(dir: &Path, settings: Settings) -> Record {
    match Record::open(dir, settings, Zone::utc(), start()).unwrap() {
        Opened::Writer(record) => *record,
        Opened::Viewer(_) => panic!("somebody else writes"),
    }
}

fn make_kept(dir: &Path) {
    if dir.join("hours.jsonl").exists() {
        return;
    }
    let everything = Settings { raw_days: 1000, minute_days: 1000, max_mib: 100_000, ..Settings::default() };
    let mut record = open(dir, everything);
    let begin = Instant::now();
    for seq in record.next_seq()..=BEATS {
        record.hear(&Arc::new(beat_at(seq, start() + TimeDelta::seconds(10 * seq as i64)))).unwrap();
    }
    println!("made: {:.0} us a beat, all in", begin.elapsed().as_secs_f64() * 1e6 / BEATS as f64);
}

fn make_plain(dir: &Path) {
    let path = dir.join("monitor_metrics.jsonl");
    if path.exists() {
        return;
    }
    fs::create_dir_all(dir).unwrap();
    let mut file = BufWriter::with_capacity(1 << 20, File::create(&path).unwrap());
    for seq in 1..=BEATS {
        let beat = beat_at(seq, start() + TimeDelta::seconds(10 * seq as i64));
        file.write_all(&Document::line(&beat, Zone::utc()).to_line().unwrap()).unwrap();
    }
}

fn append(dir: &Path) {
    if dir.exists() {
        fs::remove_dir_all(dir).unwrap();
    }
    let mut record = open(dir, Settings::default());
    let beats: Vec<_> =
        (1..=5000).map(|seq| Arc::new(beat_at(seq, start() + TimeDelta::seconds(10 * seq as i64)))).collect();
    let before = cpu_micros();
    for beat in &beats {
        record.hear(beat).unwrap();
    }
    println!("one beat's append: {:.0} us CPU", (cpu_micros() - before) / beats.len() as f64);
}

/// A day at the default interval with the default syncs, as fast as the disk lets us.
fn day(dir: &Path) {
    if dir.exists() {
        fs::remove_dir_all(dir).unwrap();
    }
    let mut record = open(dir, Settings::default());
    let before = written_bytes();
    for seq in 1..=8640 {
        record.hear(&Arc::new(beat_at(seq, start() + TimeDelta::seconds(10 * seq as i64)))).unwrap();
    }
    record.close(start() + TimeDelta::days(1)).unwrap();
    let written = written_bytes() - before;
    println!("a day at 10 s, one sync a minute: {:.1} MB written to the disk", 1e-6 * written as f64);
}

/// Ninety days at the default interval: how large what is kept is then, and at its largest.
fn season(dir: &Path) {
    if dir.exists() {
        fs::remove_dir_all(dir).unwrap();
    }
    let size = || -> u64 {
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().metadata().map_or(0, |about| about.len())).sum()
    };
    // Syncs cost the bench time and change no size.
    let mut record = open(dir, Settings { sync: Sync::Sdcard, ..Settings::default() });
    let mut largest = 0;
    for seq in 1..=90 * 8640 {
        record.hear(&Arc::new(beat_at(seq, start() + TimeDelta::seconds(10 * seq as i64)))).unwrap();
        if seq % 2160 == 0 {
            largest = largest.max(size());
        }
    }
    record.close(start() + TimeDelta::days(90)).unwrap();
    println!("ninety days: {:.1} MB kept, {:.1} MB at most", 1e-6 * size() as f64, 1e-6 * largest as f64);
    fs::remove_dir_all(dir).unwrap();
}

/// What this process had written to disks, without the file system's own journal.
fn written_bytes() -> u64 {
    let io = fs::read_to_string("/proc/self/io").unwrap();
    let line = io.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    line.unwrap().parse().unwrap()
}

fn cpu_micros() -> f64 {
    let stat = fs::read_to_string("/proc/self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e3
}
