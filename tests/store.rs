//! The record against everything that happens to files: kill -9, full and failing disks, torn ends, two
//! instances, a restart. The figures of the promises P1, P3, P4 and P22 come from here.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    dead_code,
    reason = "a test"
)]

mod beats;

use beats::{beat, beat_at, finding, start};
use chrono::TimeDelta;
use home_soc::model::{FindingId, Level, Status, Zone};
use home_soc::outputs::Output as _;
use home_soc::outputs::journal::{
    ALERTS, Change, Disk, Format, METRICS, Opened, Reader, RealDisk, Record, Settings, Sync, export,
};
use home_soc::outputs::safe_file::Folder;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A directory in memory where there is one: most of these tests sync thousands of times.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn open(dir: &Path) -> Record {
    open_on(dir, Box::new(RealDisk))
}

fn open_on(dir: &Path, disk: Box<dyn Disk>) -> Record {
    match Record::open_on(dir, Settings::default(), Zone::utc(), start(), disk).unwrap() {
        Opened::Writer(record) => *record,
        Opened::Viewer(viewer) => panic!("somebody else writes: {viewer:?}"),
    }
}

fn hear(record: &mut Record, seq: u64) -> anyhow::Result<()> {
    record.hear(&Arc::new(beat(seq)))
}

/// Every line of the active file as JSON; panics on a damaged one.
fn lines(dir: &Path, name: &str) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(dir.join(name)).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

fn numbers(dir: &Path) -> Vec<u64> {
    lines(dir, METRICS).iter().map(|line| line["seq"].as_u64().unwrap()).collect()
}

fn long() -> bool {
    std::env::var_os("HOME_SOC_LONG").is_some()
}

#[test]
fn a_restart_goes_on_with_the_next_number() {
    let dir = scratch();
    let mut record = open(dir.path());
    assert_eq!(record.next_seq(), 1);
    for seq in 1..=5 {
        hear(&mut record, seq).unwrap();
    }
    drop(record);
    let record = open(dir.path());
    assert_eq!(record.next_seq(), 6);
    assert_eq!(numbers(dir.path()), [1, 2, 3, 4, 5]);
    assert!(record.notes().is_empty());
}

#[test]
fn every_line_has_what_the_original_reader_wants() {
    let dir = scratch();
    let mut record = open(dir.path());
    for seq in 1..=20 {
        hear(&mut record, seq).unwrap();
    }
    for line in lines(dir.path(), METRICS) {
        assert!(line["timestamp"].is_string() && line["security_score"].is_u64());
        for metric in ["cpu_load", "memory_used_pct", "established_connections"] {
            let entries = line["entries"].as_array().unwrap();
            let entry = entries.iter().find(|entry| entry["metric"] == metric).unwrap();
            assert!(entry["value"].is_number() && entry["message"].is_string(), "{entry}");
        }
    }
}

/// What a writer that is killed runs as: beats as fast as it can, each acknowledged on stdout.
#[test]
fn writes_beats_until_it_is_killed() {
    let Some(dir) = std::env::var_os("HOME_SOC_TEST_BEATS_INTO") else { return };
    let opening = Instant::now();
    // Small files, so that some kills hit their closing and packing.
    let small = Settings { segment_mib: 1, ..Settings::default() };
    let opened = Record::open(Path::new(&dir), small, Zone::utc(), start()).unwrap();
    let Opened::Writer(mut record) = opened else { panic!("somebody else writes") };
    let mut out = io::stdout().lock();
    writeln!(out, "\nopened {} {}", opening.elapsed().as_micros(), record.notes().len()).unwrap();
    for seq in record.next_seq().. {
        hear(&mut record, seq).unwrap();
        writeln!(out, "ack {seq}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn kill_9_loses_no_acknowledged_line_and_doubles_none() {
    let kills = if long() { 1000 } else { 30 };
    let dir = scratch();
    let mut acked = 0;
    let mut lost = 0;
    let mut doubled = 0;
    let mut torn = 0;
    let mut slowest = 0;
    let mut seen_before = 0;
    for round in 0..kills {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writes_beats_until_it_is_killed", "--nocapture"])
            .env("HOME_SOC_TEST_BEATS_INTO", dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = child.stdout.take().unwrap();
        let heard = std::thread::spawn(move || {
            let mut acks = Vec::new();
            let mut opened = (0, 0);
            for line in BufReader::new(out).lines() {
                let line = line.unwrap_or_default();
                let words: Vec<&str> = line.split(' ').collect();
                match words.as_slice() {
                    ["ack", seq] => acks.extend(seq.parse::<u64>()),
                    ["opened", micros, notes] => opened = (micros.parse().unwrap(), notes.parse().unwrap()),
                    _ => {}
                }
            }
            (acks, opened)
        });
        // Spread over the start, the first write and the middle of a run.
        std::thread::sleep(Duration::from_micros(2_000 + (round * 7_919) % 40_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let (acks, (opened_us, notes)): (Vec<u64>, (u64, u64)) = heard.join().unwrap();
        slowest = slowest.max(opened_us);
        torn += notes;
        // Only whole lines count: the torn one is what the next start repairs.
        let mut text = Vec::new();
        let reader = Reader::new(dir.path().to_owned()).in_zone(Zone::utc());
        let far = TimeDelta::days(10_000);
        export(&reader, start() - far, start() + far, Format::Json, &mut text).unwrap();
        let mut found = BTreeMap::new();
        for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let line: serde_json::Value = serde_json::from_slice(line).unwrap();
            *found.entry(line["seq"].as_u64().unwrap()).or_insert(0) += 1;
        }
        acked += acks.len();
        lost += acks.iter().filter(|seq| !found.contains_key(seq)).count();
        doubled += found.values().filter(|count| **count > 1).count();
        assert!(found.len() >= seen_before, "what was there before is gone");
        seen_before = found.len();
        if seen_before > 4_000 {
            for entry in fs::read_dir(dir.path()).unwrap() {
                fs::remove_file(entry.unwrap().path()).unwrap();
            }
            seen_before = 0;
        }
    }
    println!(
        "P1: {kills} kills, {acked} acked, lost {lost}, doubled {doubled}, torn ends repaired {torn}, \
         slowest start {slowest} us"
    );
    assert_eq!((lost, doubled), (0, 0));
    assert!(acked > 0 && slowest < 100_000);
}

#[test]
fn an_end_torn_at_any_byte_is_set_aside_and_the_next_line_is_whole() {
    let dir = scratch();
    let mut record = open(dir.path());
    for seq in 1..=3 {
        hear(&mut record, seq).unwrap();
    }
    drop(record);
    let whole = fs::read(dir.path().join(METRICS)).unwrap();
    let last = 1 + whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap();
    for cut in last..whole.len() {
        let dir = scratch();
        fs::write(dir.path().join(METRICS), &whole[..cut]).unwrap();
        let mut record = open(dir.path());
        // Everything but the newline is a whole line; nothing but whole lines needs no repair.
        let (next, notes, kept) = match cut {
            _ if cut == last => (3, 0, None),
            _ if cut == whole.len() - 1 => (4, 1, None),
            _ => (3, 1, Some(&whole[last..cut])),
        };
        assert_eq!((record.next_seq(), record.notes().len()), (next, notes), "cut at {cut}");
        hear(&mut record, next).unwrap();
        assert_eq!(numbers(dir.path()).last(), Some(&next));
        let aside = fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.to_string_lossy().contains(".torn-"));
        assert_eq!(aside.map(|path| fs::read(path).unwrap()).as_deref(), kept, "cut at {cut}");
    }
}

#[test]
fn zeroes_of_a_power_cut_are_set_aside_like_any_torn_end() {
    let dir = scratch();
    let mut record = open(dir.path());
    hear(&mut record, 1).unwrap();
    drop(record);
    let mut file = File::options().append(true).open(dir.path().join(METRICS)).unwrap();
    file.write_all(&[0; 5000]).unwrap();
    let mut record = open(dir.path());
    assert!(record.notes()[0].contains("torn line of 5000 bytes"), "{:?}", record.notes());
    hear(&mut record, 2).unwrap();
    assert_eq!(numbers(dir.path()), [1, 2]);
}

/// Fails the calls from the `first`-th on, once or for ever, in one way.
#[derive(Clone)]
struct Faulty {
    calls: Arc<AtomicU64>,
    first: u64,
    forever: bool,
    fault: Fault,
    healed: Arc<AtomicU64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Error(rustix::io::Errno),
    ShortWrite,
}

impl Faulty {
    fn fails(&self) -> bool {
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        self.healed.load(Ordering::Relaxed) == 0 && (call == self.first || self.forever && call >= self.first)
    }

    fn or<T>(&self, real: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        match self.fault {
            Fault::Error(error) if self.fails() => Err(error.into()),
            _ => real(),
        }
    }
}

impl Disk for Faulty {
    fn write(&mut self, file: &File, bytes: &[u8]) -> io::Result<usize> {
        if self.fault == Fault::ShortWrite && self.fails() {
            // A part arrives, then the disk is full.
            return if bytes.len() > 1 {
                RealDisk.write(file, &bytes[..bytes.len() / 2])
            } else {
                Err(io::ErrorKind::StorageFull.into())
            };
        }
        self.or(|| RealDisk.write(file, bytes))
    }
    fn sync(&mut self, file: &File) -> io::Result<()> {
        // What is asked counts here; waiting for a real disk would only be slow.
        self.or(|| file.metadata().map(drop))
    }
    fn cut(&mut self, file: &File, length: u64) -> io::Result<()> {
        self.or(|| RealDisk.cut(file, length))
    }
    fn rename(&mut self, folder: &Folder, from: &str, to: &str) -> io::Result<()> {
        self.or(|| RealDisk.rename(folder, from, to))
    }
    fn remove(&mut self, folder: &Folder, name: &str) -> io::Result<()> {
        self.or(|| RealDisk.remove(folder, name))
    }
    fn sync_names(&mut self, folder: &Folder) -> io::Result<()> {
        self.or(|| folder.path().metadata().map(drop))
    }
}

#[test]
fn any_failing_call_neither_corrupts_nor_kills() {
    use rustix::io::Errno;
    const BEATS: u64 = 12;
    let faults =
        [Fault::Error(Errno::IO), Fault::Error(Errno::NOSPC), Fault::Error(Errno::ROFS), Fault::ShortWrite];
    let settings = Settings { sync: Sync::Strict, ..Settings::default() };
    let mut tried = 0;
    for fault in faults {
        for forever in [false, true] {
            for first in 1.. {
                let dir = scratch();
                // A torn end, so that the repair is under fire, too.
                fs::write(dir.path().join(METRICS), "{\"seq\":0,\"torn").unwrap();
                let calls = Arc::new(AtomicU64::new(0));
                let healed = Arc::new(AtomicU64::new(0));
                let disk = Faulty { calls: calls.clone(), first, forever, fault, healed: healed.clone() };
                let opened =
                    Record::open_on(dir.path(), settings.clone(), Zone::utc(), start(), Box::new(disk));
                let Ok(Opened::Writer(mut record)) = opened else { panic!("not opened") };
                let mut acked = BTreeSet::new();
                for seq in 1..=BEATS {
                    let mut snapshot = beat(seq);
                    if seq % 7 == 3 {
                        snapshot.findings.push(finding("HS-AUTH-004", Level::Alert, snapshot.at));
                    }
                    if record.hear(&Arc::new(snapshot)).is_ok() {
                        acked.insert(seq);
                    }
                }
                healed.store(1, Ordering::Relaxed);
                // A minute later the disk is well again: everything that waited is written.
                let late = beat_at(BEATS + 1, beat(BEATS).at + TimeDelta::seconds(60));
                record.hear(&Arc::new(late)).unwrap();
                drop(record);
                tried += 1;
                // The torn piece may stand as a line of its own; every other line is whole, once, in order.
                let text = fs::read_to_string(dir.path().join(METRICS)).unwrap();
                let mut found = Vec::new();
                let mut damaged = 0;
                for line in text.lines().filter(|line| !line.is_empty()) {
                    match serde_json::from_str::<serde_json::Value>(line) {
                        Ok(line) => found.push(line["seq"].as_u64().unwrap()),
                        Err(_) => damaged += 1,
                    }
                }
                let all: Vec<u64> = (1..=BEATS + 1).collect();
                let what = format!("{fault:?}, call {first}, forever {forever}");
                assert_eq!(found, all, "{what}");
                // Where nothing can be cut, a half-written line has to stay, as a line of its own.
                let most = 1 + u64::from(fault == Fault::ShortWrite);
                assert!(damaged <= most, "{what}: {damaged} damaged of {text}");
                assert!(text.ends_with('\n'), "{what}");
                lines(dir.path(), ALERTS);
                if first > calls.load(Ordering::Relaxed) {
                    break;
                }
            }
        }
    }
    println!("P3: {tried} faults, panics 0, corrupt 0");
}

#[test]
fn a_call_that_fails_while_days_are_closed_and_packed_loses_no_line() {
    use home_soc::outputs::journal::verdicts;
    use rustix::io::Errno;
    const BEATS: u64 = 24;
    let at = |seq: u64| start() + TimeDelta::hours(5 * seq as i64);
    let mut tried = 0;
    for fault in [Fault::Error(Errno::IO), Fault::Error(Errno::NOSPC), Fault::ShortWrite] {
        for forever in [false, true] {
            // Every call in the long form, every seventh in the quick one.
            for first in (1..).step_by(if long() { 1 } else { 7 }) {
                let dir = scratch();
                let calls = Arc::new(AtomicU64::new(0));
                let healed = Arc::new(AtomicU64::new(0));
                let disk = Faulty { calls: calls.clone(), first, forever, fault, healed: healed.clone() };
                let mut record = open_on(dir.path(), Box::new(disk));
                for seq in 1..=BEATS {
                    // What fails is said and tried again; here only the lines count.
                    drop(record.hear(&Arc::new(beat_at(seq, at(seq)))));
                }
                healed.store(1, Ordering::Relaxed);
                for seq in BEATS + 1..=BEATS + 8 {
                    record.hear(&Arc::new(beat_at(seq, at(seq)))).unwrap();
                }
                drop(record);
                tried += 1;
                let what = format!("{fault:?}, call {first}, forever {forever}");
                let found = verdicts(dir.path()).unwrap().remove(0).1;
                assert_eq!((found.lines, found.is_sound()), (BEATS + 8, true), "{what}: {found:?}");
                let last = Reader::new(dir.path().to_owned()).last(100).unwrap();
                assert_eq!(last.samples.len() as u64, BEATS + 8, "{what}");
                if first > calls.load(Ordering::Relaxed) {
                    break;
                }
            }
        }
    }
    println!("P3: {tried} faults while closing and packing, panics 0, lost 0");
}

#[test]
fn what_falls_out_of_memory_is_named_exactly_in_the_next_line() {
    let dir = scratch();
    let healed = Arc::new(AtomicU64::new(0));
    let disk = Faulty {
        calls: Arc::default(),
        first: 1,
        forever: true,
        fault: Fault::Error(rustix::io::Errno::NOSPC),
        healed: healed.clone(),
    };
    let mut record = open_on(dir.path(), Box::new(disk));
    for seq in 1..=1500 {
        let said = hear(&mut record, seq).unwrap_err().to_string();
        assert!(said.contains(METRICS) && said.contains("No space left"), "{said}");
    }
    healed.store(1, Ordering::Relaxed);
    hear(&mut record, 1510).unwrap();
    let lines = lines(dir.path(), METRICS);
    let gap = &lines[0]["gap"];
    let first = lines[0]["seq"].as_u64().unwrap();
    assert_eq!(gap["from_seq"], 1);
    assert_eq!(gap["to_seq"], first - 1);
    assert_eq!(gap["lost"], first - 1);
    assert_eq!(gap["reason"], "No space left on device");
    assert!(lines[1..].iter().all(|line| line.get("gap").is_none()));
    assert_eq!(lines.last().unwrap()["seq"], 1510);
}

/// P4, where the kernel lets us mount: a file system of one MiB is filled and freed.
#[test]
fn a_full_disk_is_said_at_once_and_nothing_acknowledged_is_lost() {
    let scratch = scratch();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m,mode=700", "home-soc-test"])
        .arg(scratch.path())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !mounted {
        println!("P4 SKIPPED: a file system cannot be mounted here; run the tests as root");
        return;
    }
    let result = std::panic::catch_unwind(|| {
        let dir = scratch.path().join("data");
        let mut record = open(&dir);
        let ballast = scratch.path().join("ballast");
        fs::write(&ballast, vec![0; 900 * 1024]).unwrap();
        let mut acked = BTreeSet::new();
        let mut refused = 0;
        for seq in 1..=400 {
            match hear(&mut record, seq) {
                Ok(()) => {
                    acked.insert(seq);
                }
                Err(error) => {
                    assert!(error.to_string().contains("No space left"), "{error:#}");
                    refused += 1;
                }
            }
            if seq == 200 {
                assert!(refused > 0, "the disk was never full");
                fs::remove_file(&ballast).unwrap();
            }
        }
        let found: Vec<u64> = numbers(&dir);
        let lost = acked.iter().filter(|seq| !found.contains(seq)).count();
        println!("P4: {} acked, {refused} refused while full, acked but lost {lost}", acked.len());
        assert_eq!(lost, 0);
        // With room again what waited is written: no number is missing, none is there twice.
        assert_eq!(found, (1..=400).collect::<Vec<u64>>());
    });
    let unmounted = Command::new("umount").arg(scratch.path()).status().unwrap();
    assert!(unmounted.success());
    result.unwrap();
}

#[test]
fn of_many_instances_one_writes_and_the_others_view() {
    let dir = scratch();
    let rounds = if long() { 100 } else { 5 };
    for _ in 0..rounds {
        let opened: Vec<Opened> = std::thread::scope(|scope| {
            let open = || Record::open(dir.path(), Settings::default(), Zone::utc(), start()).unwrap();
            let handles: Vec<_> = (0..20).map(|_| scope.spawn(open)).collect();
            handles.into_iter().map(|handle| handle.join().unwrap()).collect()
        });
        let mut writers = 0;
        for opened in opened {
            match opened {
                Opened::Writer(mut record) => {
                    let seq = record.next_seq();
                    hear(&mut record, seq).unwrap();
                    writers += 1;
                }
                Opened::Viewer(viewer) => assert_eq!(viewer.dir, dir.path()),
            }
        }
        assert_eq!(writers, 1);
    }
    assert_eq!(numbers(dir.path()), (1..=rounds).collect::<Vec<u64>>());
    println!("P22: {rounds} rounds of 20, one writer each, torn 0");
}

#[test]
fn an_alert_is_written_when_it_opens_changes_and_closes_and_not_again_after_a_restart() {
    let dir = scratch();
    let alert = finding("HS-AUTH-004", Level::Alert, start());
    let with = |seq: u64, count: u64, status: Status| {
        let mut snapshot = beat(seq);
        let mut finding = alert.clone();
        finding.count = count;
        finding.status = status;
        snapshot.findings.push(finding);
        snapshot.findings.push(self::finding("HS-AUTH-001", Level::Warning, start()));
        Arc::new(snapshot)
    };
    let mut record = open(dir.path());
    record.hear(&with(1, 1, Status::Open)).unwrap();
    record.hear(&with(2, 2, Status::Open)).unwrap();
    record.hear(&with(3, 10, Status::Open)).unwrap();
    drop(record);
    let mut record = open(dir.path());
    // The first beats after a start may not see it yet.
    hear(&mut record, 4).unwrap();
    record.hear(&with(5, 11, Status::Open)).unwrap();
    record.hear(&with(6, 11, Status::Accepted)).unwrap();
    for seq in 7..=10 {
        hear(&mut record, seq).unwrap();
    }
    let lines = lines(dir.path(), ALERTS);
    let told: Vec<(u64, &str)> = lines
        .iter()
        .map(|line| (line["seq"].as_u64().unwrap(), line["findings"][0]["change"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [(1, "opened"), (3, "changed"), (6, "changed"), (7, "closed")]);
    let events = Reader::new(dir.path().to_owned()).alerts(start(), beat(7).at).unwrap();
    let changes = [Change::Opened, Change::Changed, Change::Changed, Change::Closed];
    assert_eq!(events.iter().map(|event| event.change).collect::<Vec<_>>(), changes);
    assert_eq!(events[3].id.as_ref(), Some(&alert.id));
    assert_eq!(lines[0]["alerts"][0], "root logged in from an address never seen before");
    assert_eq!(lines[0]["findings"][0]["evidence"][0]["source"], "journal");
    let id: FindingId = serde_json::from_value(lines[3]["findings"][0]["id"].clone()).unwrap();
    assert_eq!(id, alert.id);
    assert!(lines[3]["open"].as_object().unwrap().is_empty());
}

#[test]
fn a_file_that_is_moved_away_is_begun_again_and_a_strange_end_is_never_glued_to() {
    let dir = scratch();
    let active = dir.path().join(METRICS);
    let mut record = open(dir.path());
    hear(&mut record, 1).unwrap();
    fs::rename(&active, dir.path().join("elsewhere")).unwrap();
    hear(&mut record, 2).unwrap();
    assert_eq!(numbers(dir.path()), [2]);
    let mut other = File::options().append(true).open(&active).unwrap();
    other.write_all(b"no newline").unwrap();
    hear(&mut record, 3).unwrap();
    let text = fs::read_to_string(&active).unwrap();
    let whole: Vec<&str> = text.lines().collect();
    assert_eq!((whole.len(), whole[1]), (3, "no newline"));
    assert!(whole[2].contains("\"seq\":3"));
    let history = Reader::new(dir.path().to_owned()).last(10).unwrap();
    assert_eq!((history.samples.len(), history.skipped_lines), (2, 1));
}

#[test]
fn a_directory_that_is_not_ours_is_refused_by_its_path() {
    use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
    let refused = |dir: &Path| {
        let Err(error) = Record::open(dir, Settings::default(), Zone::utc(), start()) else {
            panic!("{} was taken", dir.display())
        };
        let said = format!("{error:#}");
        assert!(said.contains(&dir.display().to_string()), "{said}");
        said
    };
    let scratch = scratch();
    let data = scratch.path().join("data");
    drop(open(&data));
    let link = scratch.path().join("link");
    symlink(&data, &link).unwrap();
    assert!(refused(&link).contains("symbolic link"));
    fs::set_permissions(&data, fs::Permissions::from_mode(0o777)).unwrap();
    assert!(refused(&data).contains("chmod go-w"));
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    let file = scratch.path().join("file");
    fs::write(&file, "").unwrap();
    refused(&file);
    if !rustix::process::geteuid().is_root() {
        println!("SKIPPED: only root can give a directory away");
        return;
    }
    chown(&data, Some(65_534), None).unwrap();
    assert!(refused(&data).contains("uid 65534"));
    // To read it is allowed: root looks at what a service wrote.
    Reader::new(data).last(1).unwrap();
}

/// Three days and a half of the Python program's lines, more than the record may hold in plain.
#[test]
fn a_record_that_another_program_began_is_shown_from_its_first_line_on_and_none_of_it_goes() {
    const LINES: u64 = 30_000;
    let dir = scratch();
    let from = start() - TimeDelta::hours(90);
    let padding = "x".repeat(600);
    let mut file = io::BufWriter::new(File::create(dir.path().join(METRICS)).unwrap());
    for number in 0..LINES {
        let at = start() - TimeDelta::seconds(10 * (LINES - number) as i64);
        let stamp = at.format("%Y-%m-%d %H:%M:%S");
        let score = number % 100;
        writeln!(
            file,
            r#"{{"timestamp": "{stamp}", "security_score": {score}, "entries": [], "more": "{padding}"}}"#
        )
        .unwrap();
    }
    drop(file);
    let reader = Reader::new(dir.path().to_owned()).in_zone(Zone::utc());
    let beats = |columns: usize| -> u64 {
        let columns = reader.columns(from, start() + TimeDelta::hours(2), columns).unwrap().columns;
        columns.iter().flatten().map(|column| column.beats).sum()
    };
    // By hours, by minutes, by beats; without and with the minutes of a writer, which counts once.
    for written in [0, 0, 400_u64] {
        assert_eq!([beats(50), beats(800), beats(30_000)], [LINES; 3], "{written}");
        let settings = Settings { max_mib: 1, ..Settings::default() };
        let Opened::Writer(mut record) = Record::open(dir.path(), settings, Zone::utc(), start()).unwrap()
        else {
            panic!("somebody else writes")
        };
        for seq in 1..=written {
            record.hear(&Arc::new(beat_at(seq, start() + TimeDelta::seconds(seq as i64 * 10)))).unwrap();
        }
    }
    let files: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let packed = |name: &&std::ffi::OsString| name.to_string_lossy().starts_with("metrics-0");
    let packed: Vec<_> = files.iter().filter(packed).collect();
    assert!(packed.len() == 1 && packed[0].to_string_lossy().ends_with(".gz"), "{files:?}");
    assert_eq!([beats(50), beats(800), beats(30_000)], [LINES + 400; 3]);
}
