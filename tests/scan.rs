//! Whole logs: what a scan counts, that threads change nothing, and that bad input is named and never guessed at.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr, reason = "a test")]

use chrono::{DateTime, Utc};
use home_soc::collect::auth::{Clock, Input, Scan};
use home_soc::model::{AuthEvent, Safe, ScanSummary, Zone};
use home_soc::scan::{self, ScanArgs};
use std::io::Write as _;
use std::path::{Path, PathBuf};

fn now() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

/// Runs the command; gives its output and how it ended.
fn run(args: &ScanArgs) -> (String, Result<ScanSummary, String>) {
    let mut out = Vec::new();
    let end = scan::run(args, now(), &mut out, &mut |_| {}).map_err(|error| format!("{error:#}"));
    (String::from_utf8(out).unwrap(), end)
}

fn args(path: &Path) -> ScanArgs {
    ScanArgs { files: vec![path.to_owned()], zone: Zone::utc(), now: Some(now()), ..ScanArgs::default() }
}

/// Reads bytes on that many threads; gives the summary and the events as JSON.
fn scan_bytes(bytes: Vec<u8>, workers: usize) -> (ScanSummary, Vec<String>) {
    let clock = Clock { now: now(), zone: Zone::utc(), year: None, upper_bound: None };
    let mut scan = Scan::new(clock, workers);
    let mut events = Vec::new();
    let mut keep = |event: &AuthEvent| {
        events.push(serde_json::to_string(event).unwrap());
        Ok(())
    };
    let bytes = Box::new(std::io::Cursor::new(bytes));
    let input = Input { name: Safe::new("log"), bytes, size: None, written_until: None };
    scan.read(input, Some(&mut keep), &mut |_| {}).unwrap();
    (scan.summary(), events)
}

fn public_sample() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/OpenSSH_2k.log");
    if !path.exists() {
        println!("SKIPPED: {} is missing (the OpenSSH sample of loghub)", path.display());
        return None;
    }
    Some(path)
}

#[test]
fn the_public_sample_has_532_attempts_and_not_a_thousand_lines() {
    let Some(path) = public_sample() else { return };
    let (text, end) = run(&args(&path));
    let summary = end.unwrap();
    assert_eq!((summary.attempts, summary.invalid_users, summary.failing_sources), (532, 113, 24));
    assert_eq!((summary.accepted, summary.sessions, summary.lines), (1, 1, 2_000));
    let top: Vec<(&str, u64)> =
        summary.top_sources.iter().take(5).map(|source| (source.address.as_str(), source.attempts)).collect();
    assert_eq!(
        top,
        [
            ("183.62.140.253", 286),
            ("187.141.143.180", 80),
            ("103.99.0.122", 46),
            ("112.95.230.3", 26),
            ("5.188.10.180", 20)
        ]
    );
    assert!(text.contains("532  failed attempts      from 24 addresses"), "{text}");
    let (json, _) = run(&ScanArgs { json: true, ..args(&path) });
    let counted: u64 = json
        .lines()
        .map(|line| serde_json::from_str::<AuthEvent>(line).unwrap())
        .filter(|event| event.kind == home_soc::model::AuthKind::Failed && event.duplicate_of.is_none())
        .map(|event| u64::from(event.count))
        .sum();
    assert_eq!(counted, 532);
}

/// A log of many processes whose lines are interleaved, longer than several pieces.
fn long_log() -> Vec<u8> {
    let mut log = Vec::new();
    for n in 0_u32..20_000 {
        let (pid, address) = (1000 + n % 700, format!("198.51.{}.{}", n % 97, n % 251));
        let (minute, second) = (n / 60 % 60, n % 60);
        let stamp = format!("Nov {:2} {:02}:{minute:02}:{second:02} nas", 1 + n / 3600 % 20, n / 3600 % 24);
        let line = match n % 7 {
            0 => format!(
                "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={address}  user=root"
            ),
            1 => format!("Failed password for root from {address} port {} ssh2", 1024 + n % 60_000),
            2 => format!("Connection closed by {address} port 4711 [preauth]"),
            3 => format!("Invalid user u{} from {address} port 99", n % 300),
            4 => format!("Failed publickey for root from {address} port 99 ssh2: RSA SHA256:abc"),
            5 => format!("Accepted password for bob from {address} port 99 ssh2"),
            _ => "Server listening on 0.0.0.0 port 22.".to_owned(),
        };
        log.extend(format!("{stamp} sshd[{pid}]: {line}\n").bytes());
        if n % 911 == 0 {
            log.extend(format!("{stamp} last message repeated 3 times\n").bytes());
        }
    }
    log
}

#[test]
fn threads_change_nothing() {
    let log = long_log();
    let (one, events_of_one) = scan_bytes(log.clone(), 1);
    assert!(one.attempts > 5_000 && one.bytes > 1 << 20);
    for workers in [2, 3, 4] {
        let (many, events) = scan_bytes(log.clone(), workers);
        assert_eq!(one, many);
        assert!(events_of_one == events, "the events differ on {workers} threads");
    }
}

#[test]
fn the_same_log_packed_counts_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let plain = dir.path().join("auth.log");
    let packed = dir.path().join("auth.log.2.gz");
    std::fs::write(&plain, long_log()).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&long_log()).unwrap();
    let bytes = encoder.finish().unwrap();
    std::fs::write(&packed, &bytes).unwrap();
    let (plain, packed_summary) = (run(&args(&plain)).1.unwrap(), run(&args(&packed)).1.unwrap());
    let nameless = |summary: ScanSummary| ScanSummary { files: Vec::new(), ..summary };
    assert_eq!(nameless(plain), nameless(packed_summary));

    std::fs::write(&packed, &bytes[..bytes.len() / 2]).unwrap();
    let (text, end) = run(&args(&packed));
    assert!(text.contains("failed attempts"), "what came before the end is told");
    let error = end.unwrap_err();
    assert!(error.contains("auth.log.2.gz") && error.contains("ends in the middle"), "{error}");
}

#[test]
fn what_is_no_log_is_named_with_the_way_to_read_it() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let xz = dir.path().join("a.xz");
    std::fs::write(&xz, b"\xfd7zXZ\0\0\0").unwrap();
    for (path, says) in [
        (dir.path().to_owned(), "is a directory"),
        (pipe, "is a pipe"),
        (PathBuf::from("/dev/zero"), "is a device"),
        (dir.path().join("none"), "does not exist"),
        (xz, "xz -dc FILE"),
    ] {
        let error = run(&args(&path)).1.unwrap_err();
        assert!(error.contains(says) && error.contains(path.to_str().unwrap()), "{error}");
    }
}

#[test]
fn binary_and_endless_lines_are_counted_and_the_rest_is_read() {
    let mut log = b"\0\0\0\0\n\xff\xfe\xfd garbage \x1b[31m\n".to_vec();
    log.extend(vec![b'x'; 3 << 20]);
    log.extend(
        b"\nNov 22 07:45:01 nas sshd[1]: Failed password for root from 203.0.113.9 port 1 ssh2\r\n# note\n\n",
    );
    log.extend(b"{\"not\":\"ours\n");
    let (summary, events) = scan_bytes(log, 2);
    assert_eq!(
        (summary.lines, summary.attempts, summary.lines_skipped, summary.lines_unparsed),
        (7, 1, 2, 4)
    );
    let places: Vec<u64> = summary.unparsed.iter().map(|place| place.line).collect();
    assert_eq!(places, [1, 2, 3, 7]);
    assert!(events[0].contains("\"line\":4"), "{}", events[0]);
}

#[test]
fn sources_beyond_those_that_are_kept_are_still_counted() {
    let mut log = Vec::new();
    for n in 0..60_000_u32 {
        let address = format!("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255);
        log.extend(
            format!("Nov 22 07:45:01 nas sshd[{n}]: Failed password for root from {address} port 1 ssh2\n")
                .bytes(),
        );
        if n % 2 == 0 {
            log.extend(
                b"Nov 22 07:45:01 nas sshd[7]: Failed password for root from 203.0.113.9 port 1 ssh2\n",
            );
        }
        let six = format!("2001:db8:{:x}::{n:x}", n & 7);
        log.extend(
            format!("Nov 22 07:45:01 nas sshd[{n}]: Failed password for root from {six} port 1 ssh2\n")
                .bytes(),
        );
    }
    let (summary, _) = scan_bytes(log, 2);
    assert_eq!(summary.attempts, 150_000);
    assert!(summary.estimated);
    assert!((57_000..63_000).contains(&summary.failing_sources), "{}", summary.failing_sources);
    assert_eq!(summary.top_sources[0].address.as_str(), "203.0.113.9");
    assert_eq!(summary.top_sources[0].attempts, 30_000);
    assert!(summary.top_sources[1].address.ends_with("::/64"), "{}", summary.top_sources[1].address);
    assert_eq!(summary.top_sources[1].attempts, 7_500);
}

#[test]
fn a_journal_in_json_is_read_by_its_trusted_fields() {
    let log = br#"{"__REALTIME_TIMESTAMP":"1763797501000000","_COMM":"sshd-session","_EXE":"/usr/lib/openssh/sshd-session","_UID":"0","_PID":"9","SYSLOG_IDENTIFIER":"sshd-session","MESSAGE":"Failed password for root from 203.0.113.9 port 1 ssh2"}
{"__REALTIME_TIMESTAMP":"1763797502000000","_COMM":"logger","_UID":"1000","_PID":"10","SYSLOG_IDENTIFIER":"sshd","MESSAGE":"Accepted password for root from 8.8.8.8 port 22 ssh2"}
"#;
    let (summary, events) = scan_bytes(log.to_vec(), 2);
    assert_eq!((summary.attempts, summary.accepted), (1, 0));
    assert!(events[0].contains("\"time\":\"2025-11-22T07:45:01Z\"") && events[0].contains("\"line\":1"));
    assert!(events[1].contains("\"forged_by\":\"logger (uid 1000)\""), "{}", events[1]);
}
