//! Follows real files through every kind of rotation, real `logrotate` among them, and counts each line.
//!
//! `HOME_SOC_LONG=1` runs the measured form: 50,000 lines a second for a minute.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on says so"
)]

use home_soc::collect::auth::follow::{Follower, LINE_BYTES, Polled};
use std::fs::{self, File, OpenOptions};
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

fn poll(follower: &mut Follower) -> Vec<String> {
    let mut lines = Vec::new();
    while follower.poll(1 << 20, &mut |line| lines.push(String::from_utf8_lossy(line).into_owned())).unwrap()
        == Polled::More
    {}
    lines
}

fn append(path: &Path, text: &str) {
    OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

struct Log {
    _dir: tempfile::TempDir,
    path: PathBuf,
    follower: Follower,
}

fn log(content: &str) -> Log {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("auth.log");
    append(&path, content);
    let follower = Follower::from_beginning(&path);
    Log { _dir: dir, path, follower }
}

#[test]
fn a_partial_line_waits_for_its_end() {
    let mut log = log("one\ntw");
    assert_eq!(poll(&mut log.follower), ["one"]);
    append(&log.path, "o\nthree\n");
    assert_eq!(poll(&mut log.follower), ["two", "three"]);
    assert_eq!(poll(&mut log.follower), [""; 0]);
}

#[test]
fn the_old_file_is_read_to_its_end_before_the_new_one() {
    let mut log = log("one\n");
    assert_eq!(poll(&mut log.follower), ["one"]);
    let mut writer = OpenOptions::new().append(true).open(&log.path).unwrap();
    fs::rename(&log.path, log.path.with_extension("log.1")).unwrap();
    writer.write_all(b"two\n").unwrap();
    append(&log.path, "three\n");
    assert_eq!(poll(&mut log.follower), ["two", "three"]);
    writer.write_all(b"late\n").unwrap();
    assert_eq!(poll(&mut log.follower), ["late"]);
    assert_eq!(log.follower.met().rotations, 1);
}

#[test]
fn a_file_that_is_gone_for_a_while_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secure");
    let mut follower = Follower::from_beginning(&path);
    assert_eq!(poll(&mut follower), [""; 0]);
    append(&path, "one\n");
    assert_eq!(poll(&mut follower), ["one"]);
    fs::remove_file(&path).unwrap();
    assert_eq!(poll(&mut follower), [""; 0]);
    append(&path, "two\n");
    assert_eq!(poll(&mut follower), ["two"]);
}

#[test]
fn files_that_came_and_went_between_two_polls_are_read() {
    let mut log = log("one\n");
    assert_eq!(poll(&mut log.follower), ["one"]);
    let name = |n: u32| log.path.with_extension(format!("log.{n}"));
    for line in ["two\n", "three\n", "four\n"] {
        thread::sleep(Duration::from_millis(20));
        for n in (1..4).rev() {
            let _ = fs::rename(name(n), name(n + 1));
        }
        fs::rename(&log.path, name(1)).unwrap();
        append(&log.path, line);
    }
    assert_eq!(poll(&mut log.follower), ["two", "three", "four"]);
}

#[test]
fn a_truncated_file_is_read_from_its_beginning() {
    let mut log = log("a long first line\n");
    assert_eq!(poll(&mut log.follower).len(), 1);
    File::create(&log.path).unwrap();
    append(&log.path, "short\n");
    assert_eq!(poll(&mut log.follower), ["short"]);
    assert_eq!(log.follower.met().truncations, 1);
}

#[test]
fn a_file_that_was_emptied_and_has_grown_past_the_old_place_is_noticed() {
    let mut log = log("old\n");
    assert_eq!(poll(&mut log.follower), ["old"]);
    thread::sleep(Duration::from_millis(20));
    File::create(&log.path).unwrap();
    append(&log.path, "new one\nnew two\n");
    assert_eq!(poll(&mut log.follower), ["new one", "new two"]);
}

#[test]
fn what_copytruncate_took_away_unread_is_read_from_the_copy() {
    let mut log = log("one\n");
    assert_eq!(poll(&mut log.follower), ["one"]);
    append(&log.path, "two\nthree\n");
    fs::copy(&log.path, log.path.with_extension("log.1")).unwrap();
    File::create(&log.path).unwrap();
    append(&log.path, "four\n");
    assert_eq!(poll(&mut log.follower), ["two", "three", "four"]);
    assert_eq!(log.follower.met().truncations, 1);
}

#[test]
fn the_hole_left_by_a_writer_that_does_not_append_is_no_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("auth.log");
    let mut writer = File::create(&path).unwrap();
    writer.write_all("first\n".repeat(1000).as_bytes()).unwrap();
    let mut follower = Follower::from_beginning(&path);
    assert_eq!(poll(&mut follower).len(), 1000);
    File::create(&path).unwrap();
    writer.seek(std::io::SeekFrom::Start(3 << 30)).unwrap();
    writer.write_all(b"second\n").unwrap();
    let start = Instant::now();
    assert_eq!(poll(&mut follower), ["second"]);
    assert!(start.elapsed() < Duration::from_secs(2), "a hole of 3 GB was read byte by byte");
}

#[test]
fn an_endless_line_is_cut_and_counted() {
    let mut log = log(&format!("{}\nnext\n", "x".repeat(1 << 20)));
    let lines = poll(&mut log.follower);
    assert_eq!(lines[0].len(), LINE_BYTES);
    assert_eq!(lines[1..], ["next"]);
    assert_eq!(log.follower.met().cut, 1);
}

#[test]
fn pipes_and_folders_are_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [pipe.as_path(), dir.path(), Path::new("/dev/zero")] {
        assert!(Follower::from_beginning(path).poll(1 << 20, &mut |_| ()).is_err(), "{path:?}");
    }
}

#[test]
fn the_past_begins_with_a_whole_line_and_reaches_into_the_rotated_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("auth.log");
    let old = dir.path().join("auth.log.1");
    append(&old, "old one\nold two\n");
    append(&path, "new one\nnew two\n");
    for (bytes, lines) in [
        (100, vec!["old one", "old two", "new one", "new two"]),
        (20, vec!["new one", "new two"]),
        (25, vec!["old two", "new one", "new two"]),
        (10, vec!["new two"]),
    ] {
        let mut follower = Follower::from_tail(&path, std::slice::from_ref(&old), bytes).unwrap();
        assert_eq!(poll(&mut follower), lines, "{bytes}");
    }
}

/// How a log is rotated under a busy writer.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mode {
    /// logrotate renames and creates anew; the writer reopens when told.
    Create,
    /// logrotate renames; the writer creates the file when told.
    Rename,
    /// The writer empties the file itself once what it wrote was read.
    TruncateByHand,
    /// A new file is renamed over the old one.
    RenameOver,
    /// logrotate copies and empties: what is written between the two is lost.
    CopyTruncate,
}

struct Run {
    written: u64,
    seen: u64,
    lost: u64,
    twice: u64,
    rotations: u64,
    truncations: u64,
    cpu: Duration,
    took: Duration,
}

/// Writes numbered lines at `rate` a second for `time`, rotating each second, and follows them.
fn under_load(mode: Mode, rate: u64, time: Duration) -> Run {
    let dir = tempfile::tempdir().unwrap();
    // logrotate refuses folders that others can write.
    let path = dir.path().join("auth.log");
    append(&path, "");
    let reopen = dir.path().join("reopen");
    let directive = match mode {
        Mode::Create => "create 0600",
        Mode::Rename => "nocreate",
        Mode::CopyTruncate => "copytruncate",
        Mode::TruncateByHand | Mode::RenameOver => "",
    };
    let config = dir.path().join("logrotate.conf");
    let text = format!(
        "{} {{\n rotate 5\n missingok\n {directive}\n postrotate\n touch {}\n endscript\n}}\n",
        path.display(),
        reopen.display()
    );
    fs::write(&config, text).unwrap();

    let done = Arc::new(AtomicBool::new(false));
    let (read_so_far, reads) = mpsc::channel::<u64>();
    let writer = thread::spawn({
        let (path, done, reopen, dir) = (path.clone(), done.clone(), reopen, dir.path().to_owned());
        move || {
            let open = |path: &Path| OpenOptions::new().create(true).append(true).open(path).unwrap();
            let mut log = open(&path);
            let start = Instant::now();
            let mut number = 0_u64;
            let mut next_turn = Duration::from_secs(1);
            let mut text = String::new();
            while start.elapsed() < time {
                // As many as are due, one write each, as a syslog daemon does.
                let due = (start.elapsed().as_secs_f64() * rate as f64) as u64;
                while number < due {
                    text.clear();
                    text += &format!(
                        "Nov 22 07:45:01 nas sshd[{number}]: Failed password for root from 192.0.2.7 port 4242 ssh2\n"
                    );
                    log.write_all(text.as_bytes()).unwrap();
                    number += 1;
                }
                if reopen.exists() {
                    fs::remove_file(&reopen).unwrap();
                    log = open(&path);
                }
                if start.elapsed() > next_turn && matches!(mode, Mode::TruncateByHand | Mode::RenameOver) {
                    next_turn = start.elapsed() + Duration::from_secs(1);
                    if mode == Mode::RenameOver {
                        let new = dir.join("new");
                        log = open(&new);
                        fs::rename(&new, &path).unwrap();
                    } else {
                        while reads.recv().unwrap() < number {}
                        log.set_len(0).unwrap();
                    }
                }
                thread::sleep(Duration::from_millis(1));
            }
            done.store(true, Ordering::SeqCst);
            number
        }
    });
    let rotator = thread::spawn({
        let (done, dir) = (done.clone(), dir.path().to_owned());
        move || {
            while !done.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_secs(1));
                if !matches!(mode, Mode::TruncateByHand | Mode::RenameOver) {
                    let out = Command::new("logrotate")
                        .args(["-f", "-s"])
                        .arg(dir.join("state"))
                        .arg(&config)
                        .output()
                        .expect("logrotate is needed for this test: apt-get install logrotate");
                    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
                }
            }
        }
    });

    let mut follower = Follower::from_beginning(&path);
    let mut counts: Vec<u8> = Vec::new();
    let mut seen = 0_u64;
    let start = Instant::now();
    let cpu_before = thread_cpu();
    let mut quiet = 0;
    while quiet < 4 {
        let before = seen;
        let polled = follower
            .poll(1 << 20, &mut |line| {
                let text = std::str::from_utf8(line).unwrap();
                let number = text.split_once("sshd[").and_then(|(_, rest)| rest.split_once(']'));
                let number: usize =
                    number.unwrap_or_else(|| panic!("a torn line: {text:?}")).0.parse().unwrap();
                if counts.len() <= number {
                    counts.resize(number + 1, 0);
                }
                counts[number] = counts[number].saturating_add(1);
                seen += 1;
            })
            .unwrap();
        let _ = read_so_far.send(seen);
        if polled == Polled::AtEnd {
            quiet = if done.load(Ordering::SeqCst) && before == seen { quiet + 1 } else { 0 };
            thread::sleep(Duration::from_millis(250));
        }
    }
    let cpu = thread_cpu().saturating_sub(cpu_before);
    let took = start.elapsed();
    let written = writer.join().unwrap();
    rotator.join().unwrap();
    counts.resize(written as usize, 0);
    let met = follower.met();
    Run {
        written,
        seen,
        lost: counts.iter().map(|count| u64::from(*count == 0)).sum(),
        twice: counts.iter().map(|count| u64::from(*count > 1)).sum(),
        rotations: met.rotations,
        truncations: met.truncations,
        cpu,
        took,
    }
}

/// Processor time of this thread.
fn thread_cpu() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

fn check(mode: Mode) {
    let is_long = std::env::var_os("HOME_SOC_LONG").is_some();
    let (rate, time) = if is_long { (50_000, 60) } else { (20_000, 3) };
    let run = under_load(mode, rate, Duration::from_secs(time));
    println!(
        "{mode:?}: {} lines written, {} read, lost {}, twice {}, {} rotations, {} truncations, {:.1} % of a core",
        run.written,
        run.seen,
        run.lost,
        run.twice,
        run.rotations,
        run.truncations,
        run.cpu.as_secs_f64() / run.took.as_secs_f64() * 100.0
    );
    assert_eq!(run.twice, 0, "{mode:?}");
    assert!(run.rotations + run.truncations >= 2, "{mode:?}: nothing was rotated");
    assert!(run.cpu.as_secs_f64() < 0.5 * run.took.as_secs_f64(), "{mode:?}: more than half a core");
    if mode == Mode::CopyTruncate {
        // Nobody can read what was written between the copy and the emptying; that it happened is told.
        assert!(run.truncations >= 2);
    } else {
        assert_eq!(run.lost, 0, "{mode:?}");
    }
}

#[test]
fn logrotate_create_loses_and_doubles_nothing() {
    check(Mode::Create);
}

#[test]
fn logrotate_rename_loses_and_doubles_nothing() {
    check(Mode::Rename);
}

#[test]
fn truncating_by_hand_loses_and_doubles_nothing_that_was_read_before() {
    check(Mode::TruncateByHand);
}

#[test]
fn renaming_over_loses_and_doubles_nothing() {
    check(Mode::RenameOver);
}

#[test]
fn logrotate_copytruncate_doubles_nothing_and_is_told() {
    check(Mode::CopyTruncate);
}
