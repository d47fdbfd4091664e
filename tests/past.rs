//! The record over weeks: closing, packing, dropping, rolling up, and reading any stretch of it back; import,
//! export and verify; damage and clocks that jump.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    dead_code,
    reason = "a test"
)]

mod beats;

use beats::{beat_at, finding, start};
use chrono::{DateTime, TimeDelta, Utc};
use home_soc::model::{Level, Metric, Safe, Snapshot, Zone, fingerprint};
use home_soc::outputs::Output as _;
use home_soc::outputs::journal::{
    Format, METRICS, Opened, Reader, Record, Settings, Sync, export, history, import, metric, verdicts,
    verify,
};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn settings() -> Settings {
    Settings { raw_days: 3, minute_days: 6, ..Settings::default() }
}

fn open(dir: &Path, settings: &Settings, now: DateTime<Utc>) -> Record {
    match Record::open(dir, settings.clone(), Zone::utc(), now).unwrap() {
        Opened::Writer(record) => *record,
        Opened::Viewer(_) => panic!("somebody else writes"),
    }
}

fn reader(dir: &Path) -> Reader {
    Reader::new(dir.to_owned()).in_zone(Zone::utc())
}

/// Half a minute a beat for so many days, the process killed and begun again now and then.
fn weeks(dir: &Path, settings: &Settings, days: i64) -> (u64, DateTime<Utc>) {
    let mut record = open(dir, settings, start());
    let beats = (days * 2880) as u64;
    let mut at = start();
    for seq in 1..=beats {
        at = start() + TimeDelta::seconds(30 * seq as i64);
        record.hear(&Arc::new(beat_at(seq, at))).unwrap();
        if seq % 3001 == 0 {
            drop(record);
            record = open(dir, settings, at);
            assert_eq!(record.next_seq(), seq + 1);
        }
    }
    record.close(at).unwrap();
    (beats, at)
}

fn names(dir: &Path, begin: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(begin))
        .collect();
    names.sort();
    names
}

fn sizes(dir: &Path) -> Vec<(String, u64)> {
    let size = |name: String| {
        let length = fs::metadata(dir.join(&name)).unwrap().len();
        (name, length)
    };
    names(dir, "").into_iter().map(size).collect()
}

#[test]
fn weeks_are_closed_packed_rolled_up_and_dropped_and_any_stretch_reads_back() {
    let dir = scratch();
    let (beats, end) = weeks(dir.path(), &settings(), 9);
    let raw = names(dir.path(), "metrics-");
    assert!(raw.iter().all(|name| name.ends_with(".jsonl.gz")), "{raw:?}");
    assert!((3..=5).contains(&raw.len()), "{raw:?}");
    let minutes = names(dir.path(), "minutes-");
    assert!((6..=8).contains(&minutes.len()), "{minutes:?}");

    let reader = reader(dir.path());
    // The last samples, over the edge of a closed file.
    let last = reader.last(4000).unwrap();
    assert_eq!((last.samples.len(), last.skipped_lines), (4000, 0));
    assert!(last.samples.windows(2).all(|pair| pair[1].at - pair[0].at == TimeDelta::seconds(30)));
    assert_eq!(last.samples[3999].at, end);

    // Every beat is in the hours exactly once, over all the restarts.
    let columns = reader.columns(start(), end, 9 * 24).unwrap();
    let counted: u64 = columns.columns.iter().flatten().map(|column| column.beats).sum();
    assert_eq!(counted, beats);
    assert!(columns.columns.iter().all(Option::is_some));

    // What beats, minutes and hours tell of the same stretch is the same.
    let from = end - TimeDelta::days(2);
    let raw = reader.samples(from, end).unwrap().samples;
    assert_eq!(raw.len(), 2 * 2880 + 1);
    let low_of_beats = raw.iter().filter_map(|sample| sample.get(Metric::CpuLoad)).fold(f64::MAX, f64::min);
    let high_of_beats = raw.iter().filter_map(|sample| sample.get(Metric::CpuLoad)).fold(f64::MIN, f64::max);
    for count in [10, 48, 1000, 5000] {
        let columns = reader.columns(from, end, count).unwrap();
        assert_eq!(columns.columns.len(), count);
        let seen = columns.columns.iter().flatten();
        let low = seen
            .clone()
            .filter_map(|column| column.spans.get(Metric::CpuLoad))
            .map(|span| span.least)
            .fold(f64::MAX, f64::min);
        let high = seen
            .filter_map(|column| column.spans.get(Metric::CpuLoad))
            .map(|span| span.most)
            .fold(f64::MIN, f64::max);
        assert_eq!((low, high), (low_of_beats, high_of_beats), "{count} columns");
    }

    // Older than the beats: minutes stand for them; older than those: hours.
    let four_days_ago = end - TimeDelta::days(5);
    let old = reader.samples(four_days_ago, four_days_ago + TimeDelta::hours(2)).unwrap().samples;
    assert!((119..=121).contains(&old.len()), "{}", old.len());
    let first_day = reader.samples(start(), start() + TimeDelta::hours(10)).unwrap().samples;
    assert!((9..=11).contains(&first_day.len()), "{}", first_day.len());

    let mut said = Vec::new();
    let sound = verify(dir.path(), Zone::utc(), &mut said).unwrap();
    let said = String::from_utf8(said).unwrap();
    assert!(sound && said.contains("sound: nothing is damaged"), "{said}");
}

#[test]
fn a_clock_that_jumps_a_year_ahead_and_back_drops_nothing_and_loses_no_order() {
    let dir = scratch();
    let mut record = open(dir.path(), &Settings { raw_days: 7, ..settings() }, start());
    let mut seq = 0;
    let mut hear = |record: &mut Record, at: DateTime<Utc>| {
        seq += 1;
        record.hear(&Arc::new(beat_at(seq, at))).unwrap();
    };
    for minute in 0..3000 {
        hear(&mut record, start() + TimeDelta::minutes(minute));
    }
    for minute in 0..1000 {
        hear(&mut record, start() + TimeDelta::days(365) + TimeDelta::minutes(minute));
    }
    for minute in 3000..4000 {
        hear(&mut record, start() + TimeDelta::minutes(minute));
    }
    hear(&mut record, DateTime::from_timestamp(5, 0).unwrap());
    drop(record);
    let verdicts = verdicts(dir.path()).unwrap();
    assert_eq!((verdicts[0].1.lines, verdicts[0].1.is_sound()), (5001, true), "{:?}", verdicts[0]);
    let found = reader(dir.path()).samples(start(), start() + TimeDelta::minutes(3999)).unwrap();
    assert_eq!(found.samples.len(), 4000);
    assert!(found.samples.windows(2).all(|pair| pair[0].at <= pair[1].at));
}

#[test]
fn what_is_over_the_size_goes_oldest_first() {
    let dir = scratch();
    let small = Settings { max_mib: 16, segment_mib: 1, raw_days: 400, ..settings() };
    let mut record = open(dir.path(), &small, start());
    // Lines that do not pack: each has a name of its own.
    for seq in 1..=6_000_u64 {
        let at = start() + TimeDelta::seconds(60 * seq as i64);
        let mut snapshot = beat_at(seq, at);
        let noise = |n: u64| fingerprint(&[seq.to_le_bytes(), n.to_le_bytes()].concat());
        snapshot.boot = (0..400_u64).fold(String::new(), |text, n| text + &format!("{:016x}", noise(n)));
        record.hear(&Arc::new(snapshot)).unwrap();
    }
    let total: u64 =
        fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    // Files go whole, at one look in ten minutes: the cap may be passed by what came since.
    assert!(total < 18 << 20, "{total} bytes: {:?}", sizes(dir.path()));
    let found = verdicts(dir.path()).unwrap();
    assert!(found[0].1.lines < 6_000 && found[0].1.is_sound());
    let last = reader(dir.path()).last(1).unwrap().samples;
    assert_eq!(last[0].at, start() + TimeDelta::seconds(60 * 6_000));
}

#[test]
fn verify_names_damage_holes_and_a_broken_chain() {
    let dir = scratch();
    let chained = Settings { chain: true, ..settings() };
    let mut at = start();
    let mut record = open(dir.path(), &chained, at);
    for seq in 1..=100_u64 {
        at = start() + TimeDelta::seconds(10 * seq as i64);
        record.hear(&Arc::new(beat_at(seq, at))).unwrap();
        if seq == 50 {
            drop(record);
            record = open(dir.path(), &chained, at);
        }
    }
    drop(record);
    let found = verdicts(dir.path()).unwrap().remove(0).1;
    assert!(found.is_sound() && found.linked == 99, "{found:?}");

    let path = dir.path().join(METRICS);
    let text = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[29] = lines[29].replace("\"security_score\":100", "\"security_score\":99");
    lines.remove(59);
    lines[79] = "{\"half".into();
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let mut said = Vec::new();
    assert!(!verify(dir.path(), Zone::utc(), &mut said).unwrap());
    let said = String::from_utf8(said).unwrap();
    for part in ["NOT SOUND", "line 31", "line 60", "line 80", "60 to 60", "BROKEN at 2 places"] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}

#[test]
fn the_originals_own_file_is_imported_once_and_every_line_accounted_for() {
    let dir = scratch();
    let original = dir.path().join("old.jsonl");
    let mut text = String::new();
    for minute in 0..200 {
        let value = if minute % 50 == 0 { "\"Content\"" } else { "12.5" };
        text += &format!(
            "{{\"timestamp\": \"2025-11-30 {:02}:{:02}:10\", \"security_score\": 92, \"entries\": [\
             {{\"level\": \"info\", \"metric\": \"cpu_load\", \"value\": 0.{minute:03}, \"message\": \"m\"}}, \
             {{\"level\": \"info\", \"metric\": \"process_cpu\", \"value\": {value}, \"message\": \"Web Content\"}}]}}\n",
            11 + minute / 60,
            minute % 60
        );
    }
    text += "\nnot json\n{\"timestamp\": \"2025-11-30 23:00:00\", \"security_score\": NaN}\n{\"torn\": ";
    fs::write(&original, &text).unwrap();
    let data = dir.path().join("data");
    let first = import(&data, &original, Zone::utc(), &mut Vec::new()).unwrap();
    assert_eq!((first.lines, first.taken, first.as_text, first.empty), (204, 201, 2, 1));
    assert_eq!(first.bad_values, 4 + 1);
    let files = names(&data, "");
    let again = import(&data, &original, Zone::utc(), &mut Vec::new()).unwrap();
    assert_eq!((again.taken + again.as_text, again.known), (0, 203));
    assert_eq!(names(&data, ""), files);
    assert_eq!(fs::read_to_string(&original).unwrap(), text, "the original is touched");

    // It grew since; and a packed copy is the same file.
    text = text.replace("{\"torn\": ", "{\"timestamp\": \"2025-11-30 23:30:00\", \"security_score\": 70}\n");
    fs::write(&original, &text).unwrap();
    let grown = import(&data, &original, Zone::utc(), &mut Vec::new()).unwrap();
    assert_eq!((grown.taken, grown.known), (1, 202));

    let reader = reader(&data);
    let from = DateTime::parse_from_rfc3339("2025-11-30T11:00:00Z").unwrap().to_utc();
    let found = reader.samples(from, from + TimeDelta::days(1)).unwrap();
    assert_eq!(found.samples.len(), 202);
    let columns = reader.columns(from, from + TimeDelta::days(3), 48).unwrap();
    assert_eq!(columns.columns.iter().flatten().map(|column| column.beats).sum::<u64>(), 202);
    let mut lines = Vec::new();
    export(&reader, from, from + TimeDelta::days(1), Format::Json, &mut lines).unwrap();
    let lines = String::from_utf8(lines).unwrap();
    assert!(text.starts_with(lines.lines().next().unwrap()) && lines.lines().count() == 202);

    // The record goes on beside it, and what was imported is not too old for it.
    let mut record = open(&data, &settings(), start());
    for seq in 1..=200 {
        record.hear(&Arc::new(beat_at(seq, start() + TimeDelta::hours(seq as i64)))).unwrap();
    }
    assert_eq!(reader.samples(from, from + TimeDelta::days(1)).unwrap().samples.len(), 202);
}

#[test]
fn alerts_of_the_original_are_imported_as_alerts() {
    let dir = scratch();
    let original = dir.path().join("old_alerts.jsonl");
    let line =
        "{\"timestamp\": \"2025-11-30 11:23:45\", \"alerts\": [\"Established TCP/UDP connections: 245\"]}\n";
    fs::write(&original, line).unwrap();
    let data = dir.path().join("data");
    for taken in [1, 0] {
        let counts = import(&data, &original, Zone::utc(), &mut Vec::new()).unwrap();
        assert_eq!((counts.lines, counts.taken), (1, taken));
    }
    let from = DateTime::parse_from_rfc3339("2025-11-30T11:00:00Z").unwrap().to_utc();
    let events = reader(&data).alerts(from, from + TimeDelta::hours(1)).unwrap();
    assert_eq!((events.len(), &*events[0].title), (1, "Established TCP/UDP connections: 245"));
    assert!(reader(&data).last(5).unwrap().samples.is_empty());
}

#[test]
fn history_gives_every_beat_or_columns_and_says_nothing_where_nothing_ran() {
    let dir = scratch();
    let mut record = open(dir.path(), &settings(), start());
    for seq in (1..=100).chain(200..=300) {
        record.hear(&Arc::new(beat_at(seq, start() + TimeDelta::seconds(10 * seq as i64)))).unwrap();
    }
    let reader = reader(dir.path());
    let mut out = Vec::new();
    let to = start() + TimeDelta::hours(1);
    history(&reader, metric("cpu_load").unwrap(), start(), to, Format::Json, &mut out).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(document["metric"], "cpu_load");
    assert_eq!(document["step_s"], 10.0);
    let points = document["points"].as_array().unwrap();
    assert_eq!(points.len(), 201);
    assert!(points[0]["time"].as_str().unwrap().ends_with('Z') && points[0]["value"].is_number());

    let mut out = Vec::new();
    let from = start() - TimeDelta::days(300);
    history(&reader, Metric::Score, from, to, Format::Csv, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines[0], lines.len()), ("time,value", 2));
    assert!(metric("loads").unwrap_err().to_string().contains("cpu_load"));
}

#[test]
fn any_bytes_in_the_directory_are_survived_and_good_lines_are_still_read() {
    let mut random = 1_u64;
    let mut next = || {
        random = fingerprint(&random.to_le_bytes());
        random
    };
    let rounds = if std::env::var_os("HOME_SOC_LONG").is_some() { 3000 } else { 20 };
    let source = scratch();
    let (_, end) = weeks(source.path(), &settings(), 2);
    let files = names(source.path(), "");
    for _ in 0..rounds {
        let dir = scratch();
        for name in &files {
            let mut bytes = fs::read(source.path().join(name)).unwrap();
            for _ in 0..next() % 4 {
                let at = (next() % (bytes.len() as u64 + 1)) as usize;
                match next() % 5 {
                    0 => bytes.truncate(at),
                    1 => drop(bytes.splice(at..at, std::iter::repeat_n(0, (next() % 5000) as usize))),
                    2 => drop(bytes.splice(at..at, (0..next() % 300).map(|n| (n * 7) as u8))),
                    3 if at < bytes.len() => bytes[at] ^= 1 << (next() % 8),
                    _ => bytes.insert(at, b'\n'),
                }
            }
            fs::write(dir.path().join(name), bytes).unwrap();
        }
        let reader = reader(dir.path());
        reader.last(100).unwrap();
        reader.samples(start(), end).unwrap();
        reader.columns(start(), end, 100).unwrap();
        verify(dir.path(), Zone::utc(), &mut Vec::new()).unwrap();
        for name in &files {
            fs::set_permissions(dir.path().join(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
        let mut record = open(dir.path(), &settings(), end);
        let seq = record.next_seq();
        for n in 0..20 {
            record.hear(&Arc::new(beat_at(seq + n, end + TimeDelta::seconds(30 * n as i64)))).unwrap();
        }
        drop(record);
        assert_eq!(reader.last(20).unwrap().samples.len(), 20);
    }
    println!("P5: {rounds} damaged records, crashes 0");
}

#[test]
fn a_line_of_a_gigabyte_costs_no_memory() {
    let size = if std::env::var_os("HOME_SOC_LONG").is_some() { 1 << 30 } else { 1 << 26 };
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut record = open(&data, &settings(), start());
    record.hear(&Arc::new(beat_at(1, start()))).unwrap();
    drop(record);
    let path = data.join(METRICS);
    let length = fs::metadata(&path).unwrap().len();
    // A hole reads as zeroes: a line of so many NULs.
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_len(length + size).unwrap();
    let before = resident_kib();
    let last = reader(&data).last(10).unwrap();
    assert_eq!(last.samples.len(), 1);
    let found = verdicts(&data).unwrap();
    let grown = resident_kib().saturating_sub(before);
    println!("P5: a line of {size} bytes, {grown} KiB more memory, {} lines", found[0].1.lines);
    assert!(grown < 32 * 1024, "{grown} KiB");
}

fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn every_moment_of_a_day_comes_back_with_its_processes_findings_and_sessions() {
    let dir = scratch();
    let mut record = open(dir.path(), &settings(), start());
    let mut beats_made = Vec::new();
    for seq in 1..=400_u64 {
        let at = start() + TimeDelta::seconds(10 * seq as i64);
        let mut snapshot = beat_at(seq, at);
        let mut list: Vec<_> =
            (1..=90).map(|pid| beats::process(pid, (seq % 13) as f32 + pid as f32)).collect();
        let hidden = Arc::make_mut(&mut list[89].program);
        hidden.cmdline = Some(Safe::new("mysql --password=hunter2"));
        snapshot.readings.processes = Some(Arc::new(list));
        let mut finding = beats::finding("HS-PROC-003", Level::Alert, at);
        finding.subject.insert("pid".into(), "1".into());
        if seq >= 200 {
            snapshot.findings.push(finding);
        }
        record.hear(&Arc::new(snapshot.clone())).unwrap();
        beats_made.push(snapshot);
    }
    record.close(start()).unwrap();
    let reader = reader(dir.path());
    assert!(reader.moment(start()).unwrap().is_none());
    for seq in [1_usize, 29, 30, 31, 199, 200, 333, 400] {
        let made = &beats_made[seq - 1];
        let moment = reader.moment(made.at + TimeDelta::seconds(4)).unwrap().unwrap();
        assert_eq!((moment.snapshot.seq, moment.snapshot.at), (made.seq, made.at));
        assert_eq!(moment.processes, Some(90));
        let kept = moment.snapshot.readings.processes.as_ref().unwrap();
        assert!((20..=41).contains(&kept.len()), "{}", kept.len());
        let named = kept.iter().any(|process| process.program.pid == 1);
        assert_eq!(named, !made.findings.is_empty());
        let busiest = kept.iter().find(|process| process.program.pid == 90).unwrap();
        assert_eq!(busiest.command(), "mysql --password=***");
        assert_eq!(busiest.cpu_pct, made.readings.processes.as_ref().unwrap()[89].cpu_pct);
        assert_eq!(moment.snapshot.findings, made.findings);
        // Numbers come back but for the last bit.
        let (kept, was) = (&moment.snapshot.readings.system, &made.readings.system);
        assert_eq!((kept.uptime_s, kept.load), (was.uptime_s, was.load));
        assert_eq!(moment.snapshot.sensors, made.sensors);
    }
    let bytes = fs::metadata(dir.path().join("moments.jsonl.gz")).unwrap().len();
    println!("moments: {} bytes each", bytes / 400);
    assert!(bytes / 400 < 1000);
}

#[test]
fn moments_that_are_not_on_the_disk_yet_are_known_to_the_process_that_records() {
    let dir = scratch();
    let mut record = open(dir.path(), &settings(), start());
    let at = |seq: u64| start() + TimeDelta::seconds(10 * seq as i64);
    let with_latest = reader(dir.path()).with_latest(record.latest());
    for seq in 1..=45 {
        record.hear(&Arc::new(beat_at(seq, at(seq)))).unwrap();
        let found = with_latest.moment(at(seq)).unwrap().unwrap();
        assert_eq!(found.snapshot.seq, seq);
    }
    // The first five minutes are on the disk, for everybody; the rest follows at the end.
    assert_eq!(reader(dir.path()).moment(at(45)).unwrap().unwrap().snapshot.seq, 31);
    assert_eq!(with_latest.moment(at(7)).unwrap().unwrap().snapshot.seq, 7);
    record.close(at(46)).unwrap();
    assert_eq!(reader(dir.path()).moment(at(45)).unwrap().unwrap().snapshot.seq, 45);
}

#[test]
fn a_damaged_block_of_moments_gives_the_moment_before_it() {
    let dir = scratch();
    let mut record = open(dir.path(), &settings(), start());
    let at = |seq: u64| start() + TimeDelta::seconds(10 * seq as i64);
    for seq in 1..=62 {
        record.hear(&Arc::new(beat_at(seq, at(seq)))).unwrap();
    }
    drop(record);
    let path = dir.path().join("moments.jsonl.gz");
    let mut bytes = fs::read(&path).unwrap();
    let end = bytes.len() - 200;
    bytes[end] ^= 0xff;
    fs::write(&path, bytes).unwrap();
    let found = reader(dir.path()).moment(at(62)).unwrap().unwrap();
    assert!((31..62).contains(&found.snapshot.seq), "{}", found.snapshot.seq);
}

/// P19: what a clock can do, each with the lines before and after it.
#[test]
fn whatever_the_clock_does_lines_stay_in_order_and_nothing_is_counted_twice() {
    let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
    let zurich = home_soc::scan::zone("Europe/Zurich").unwrap();
    let mut tried = 0;
    for (what, begin, step_s) in [
        ("the hour that comes twice", "2026-10-25T00:00:00Z", 60),
        ("the hour that does not come", "2026-03-29T00:00:00Z", 60),
        ("a leap day", "2028-02-28T22:00:00Z", 300),
        ("the turn of a year", "2026-12-31T22:00:00Z", 60),
        ("a boot in 1970", "1970-01-01T00:00:00Z", 60),
    ] {
        let dir = scratch();
        let begin = at(begin);
        let opened = Record::open(dir.path(), settings(), zurich, begin).unwrap();
        let Opened::Writer(mut record) = opened else { panic!("somebody else writes") };
        for seq in 1..=240 {
            let now = begin + TimeDelta::seconds(step_s * seq as i64);
            record.hear(&Arc::new(beat_at(seq, now))).unwrap();
        }
        let end = begin + TimeDelta::seconds(step_s * 240);
        record.close(end).unwrap();
        let reader = Reader::new(dir.path().to_owned()).in_zone(zurich);
        let samples = reader.samples(begin, end).unwrap().samples;
        assert_eq!(samples.len(), 240, "{what}");
        let step = TimeDelta::seconds(step_s);
        assert!(samples.windows(2).all(|pair| pair[1].at - pair[0].at == step), "{what}");
        let columns = reader.columns(begin, end, 60).unwrap().columns;
        assert_eq!(columns.iter().flatten().map(|column| column.beats).sum::<u64>(), 240, "{what}");
        let found = verdicts(dir.path()).unwrap().remove(0).1;
        assert!(found.is_sound() && found.lines == 240, "{what}: {found:?}");
        tried += 1;
    }
    // A clock that is set back, at any place in a day, by any of these: order of writing and numbers are kept.
    for back_s in [1, 30, 3600, 86_400, 31_557_600] {
        for when in [1, 59, 120, 300] {
            let dir = scratch();
            let mut record = open(dir.path(), &settings(), start());
            for seq in 1..=360_u64 {
                let back = if seq > when { back_s } else { 0 };
                let now = start() + TimeDelta::seconds(10 * seq as i64 - back);
                record.hear(&Arc::new(beat_at(seq, now))).unwrap();
            }
            drop(record);
            let found = verdicts(dir.path()).unwrap().remove(0).1;
            assert!(found.is_sound() && found.lines == 360, "{back_s} s at {when}: {found:?}");
            let last = reader(dir.path()).last(360).unwrap();
            assert_eq!((last.samples.len(), last.skipped_lines), (360, 0), "{back_s} s at {when}");
            tried += 1;
        }
    }
    println!("P19: {tried} clocks, lines lost 0, out of order 0");
}

#[test]
fn stamps_without_a_zone_in_the_hour_that_comes_twice_are_all_taken() {
    let zurich = home_soc::scan::zone("Europe/Zurich").unwrap();
    let dir = scratch();
    let original = dir.path().join("old.jsonl");
    let stamps = ["01:50:00", "02:10:00", "02:50:00", "02:10:00", "02:50:00", "03:10:00"];
    let line = |(at, stamp): (usize, &&str)| {
        format!(
            "{{\"timestamp\": \"2025-10-26 {stamp}\", \"security_score\": {}, \"entries\": []}}\n",
            90 + at
        )
    };
    fs::write(&original, stamps.iter().enumerate().map(line).collect::<String>()).unwrap();
    let data = dir.path().join("data");
    let counts = import(&data, &original, zurich, &mut Vec::new()).unwrap();
    assert_eq!((counts.lines, counts.taken), (6, 6));
    let from = DateTime::parse_from_rfc3339("2025-10-25T22:00:00Z").unwrap().to_utc();
    let found = Reader::new(data).in_zone(zurich).samples(from, from + TimeDelta::hours(6)).unwrap();
    assert_eq!(found.samples.len(), 6);
    assert!(found.samples.windows(2).all(|pair| pair[0].at <= pair[1].at));
}

#[test]
fn what_was_imported_is_kept_as_long_as_what_was_recorded_counted_from_its_import() {
    let dir = scratch();
    let original = dir.path().join("old.jsonl");
    let mut lines = String::new();
    for minute in 0..60 {
        lines += &format!(
            "{{\"timestamp\": \"2025-11-30 11:{minute:02}:10\", \"security_score\": 92, \"entries\": []}}\n"
        );
    }
    fs::write(&original, lines).unwrap();
    let data = dir.path().join("data");
    import(&data, &original, Zone::utc(), &mut Vec::new()).unwrap();
    // The import was now, by the clock of the file system.
    let now = Utc::now();
    let mut record = open(&data, &settings(), now);
    let mut seq = 0;
    let mut days = |record: &mut Record, from: i64, to: i64| {
        for hour in from * 24..to * 24 {
            seq += 1;
            record.hear(&Arc::new(beat_at(seq, now + TimeDelta::hours(hour)))).unwrap();
        }
    };
    days(&mut record, 0, 2);
    assert_eq!(names(&data, "metrics-imported-").len(), 1, "two days are less than three");
    days(&mut record, 2, 6);
    assert_eq!(names(&data, "metrics-imported-").len(), 0);
    assert_eq!(names(&data, "minutes-imported-").len(), 1, "minutes are kept longer");
    days(&mut record, 6, 10);
    assert_eq!(names(&data, "minutes-imported-").len(), 0);
    // Hours are for ever.
    let from = DateTime::parse_from_rfc3339("2025-11-30T11:00:00Z").unwrap().to_utc();
    let columns = reader(&data).columns(from, from + TimeDelta::days(1), 24).unwrap();
    assert_eq!(columns.columns.iter().flatten().map(|column| column.beats).sum::<u64>(), 60);
}

#[test]
fn large_moments_are_kept_farther_apart_so_that_a_day_costs_little() {
    let dir = scratch();
    let mut record = open(dir.path(), &settings(), start());
    // A machine in trouble: fifty findings with long proofs at every beat.
    let trouble = |seq: u64, at: DateTime<Utc>| {
        let mut snapshot = beat_at(seq, at);
        for n in 0..50_u64 {
            let mut finding = beats::finding("HS-PROC-003", Level::Warning, at);
            let noise = (0..20)
                .map(|part| format!("{:016x}", fingerprint(&[seq, n, part].map(u64::to_le_bytes).concat())));
            finding.evidence[0].text = Safe::new(&noise.collect::<String>());
            snapshot.findings.push(finding);
        }
        snapshot
    };
    for seq in 1..=1440_u64 {
        let at = start() + TimeDelta::seconds(10 * seq as i64);
        record.hear(&Arc::new(trouble(seq, at))).unwrap();
    }
    record.close(start()).unwrap();
    let bytes: u64 =
        sizes(dir.path()).iter().filter(|(name, _)| name.starts_with("moments")).map(|(_, size)| size).sum();
    // Four hours of 4 MB a day, and what it took to learn how large they are.
    assert!(bytes < 1_300_000, "{bytes} bytes");
    let end = start() + TimeDelta::seconds(14_400);
    let found = reader(dir.path()).moment(end).unwrap().unwrap();
    assert!(end - found.snapshot.at < TimeDelta::minutes(6), "{}", found.snapshot.at);
}

#[test]
fn a_memory_card_is_written_every_five_minutes_and_at_once_for_an_alert() {
    let dir = scratch();
    let settings = Settings { sync: Sync::Sdcard, moment_days: 0, ..Settings::default() };
    let mut record = open(dir.path(), &settings, start());
    let lines = || fs::read_to_string(dir.path().join("monitor_metrics.jsonl")).unwrap().lines().count();
    let at = |seq: u64| start() + TimeDelta::seconds(10 * seq as i64);
    let mut times_written = 0;
    let mut before = 0;
    for seq in 1..=360 {
        record.hear(&Arc::new(beat_at(seq, at(seq)))).unwrap();
        times_written += u32::from(lines() != before);
        before = lines();
    }
    assert!((11..=13).contains(&times_written), "written {times_written} times in an hour");
    assert!(360 - before <= 30, "{before} of 360 lines");

    // What led to an alert must not be lost with the program.
    let alarmed = |seq| Snapshot {
        findings: vec![finding("HS-PROC-002", Level::Alert, at(361))],
        ..beat_at(seq, at(seq))
    };
    record.hear(&Arc::new(alarmed(361))).unwrap();
    assert_eq!(lines(), 361);
    record.hear(&Arc::new(alarmed(362))).unwrap();
    assert_eq!(lines(), 361);
    record.close(at(362)).unwrap();
    assert_eq!(lines(), 362);
    drop(record);
    assert!(verify(dir.path(), Zone::utc(), &mut Vec::new()).unwrap());
}
