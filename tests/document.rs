//! The document, the line and the report by the contract: what scripts, the original's readers and people rely
//! on.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, dead_code, reason = "a test")]

mod beats;

use beats::{beat, finding, process, start};
use home_soc::model::{
    Band, Category, Deduction, Level, Safe, Score, Sensor, SignIns, Snapshot, Sockets, Status, Zone,
};
use home_soc::outputs::document::Document;
use home_soc::outputs::report::{self, ReportOptions};
use serde_json::Value;
use std::sync::Arc;

fn full(snapshot: &Snapshot) -> Value {
    serde_json::from_slice(&Document::full(snapshot, Zone::utc()).to_line().unwrap()).unwrap()
}

fn line(snapshot: &Snapshot) -> Value {
    serde_json::from_slice(&Document::line(snapshot, Zone::utc()).to_line().unwrap()).unwrap()
}

fn attacked() -> Snapshot {
    let mut snapshot = beat(812_345);
    let alert = finding("HS-AUTH-004", Level::Alert, snapshot.at);
    let mut accepted = finding("HS-CONF-001", Level::Warning, snapshot.at);
    accepted.status = Status::Accepted;
    snapshot.score = Score {
        value: 37,
        is_upper_bound: true,
        band: Band::Serious,
        previous: Some(82),
        changed_at: Some(snapshot.at),
        posture: 0,
        activity: 63,
        deductions: vec![
            Deduction {
                finding: Some(alert.id.clone()),
                points: 20,
                group: Some(Category::Auth),
                title: alert.title.clone(),
                recovers: None,
            },
            Deduction {
                finding: None,
                points: 43,
                group: None,
                title: "held at 37 by: root logged in".into(),
                recovers: None,
            },
        ],
    };
    snapshot.findings = vec![alert, accepted];
    snapshot.sensors.push(
        Sensor::blind("auth.journal", "permission_denied", "sign-ins: this user may not read the journal")
            .fixed_by(&["sudo", "usermod", "-aG", "systemd-journal", "anna"]),
    );
    snapshot
}

fn blind() -> Snapshot {
    let mut snapshot = beat(7);
    snapshot.sign_ins = None;
    snapshot.readings = home_soc::model::Readings::default();
    snapshot.sensors = vec![
        Sensor::blind("auth", "not_found", "there is no journal and no /var/log/auth.log")
            .fixed_by(&["sudo", "home-soc"]),
        Sensor::blind("sockets", "unsupported", "the kernel has no sock_diag"),
    ];
    snapshot
}

#[test]
fn the_document_has_every_key_of_the_contract() {
    let document = full(&attacked());
    for pointer in [
        "/schema",
        "/schema_version",
        "/timestamp",
        "/time",
        "/seq",
        "/boot",
        "/host/name",
        "/host/id",
        "/host/os",
        "/host/kernel",
        "/security_score",
        "/score/value",
        "/score/is_upper_bound",
        "/score/band",
        "/score/previous",
        "/score/changed_at",
        "/score/deductions/0/finding",
        "/score/deductions/0/points",
        "/score/deductions/0/group",
        "/level",
        "/counts/alert",
        "/counts/warning",
        "/counts/info",
        "/counts/accepted",
        "/counts/ok",
        "/entries/0/level",
        "/sensors/0/id",
        "/sensors/0/state",
        "/sensors/1/reason",
        "/sensors/1/fix/0",
        "/findings/0/id",
        "/findings/0/rule",
        "/findings/0/level",
        "/findings/0/status",
        "/findings/0/points",
        "/findings/0/confidence",
        "/findings/0/title",
        "/findings/0/why",
        "/findings/0/first_seen",
        "/findings/0/last_seen",
        "/findings/0/count",
        "/findings/0/subject/user",
        "/findings/0/evidence/0/source",
        "/findings/0/evidence/0/at",
        "/findings/0/evidence/0/text",
        "/findings/0/fix/0/text",
        "/findings/0/fix/0/argv/0",
        "/findings/0/fix/0/risk",
        "/findings/0/attack/0",
        "/findings/0/accepted",
        "/errors",
        "/processes",
    ] {
        assert!(document.pointer(pointer).is_some(), "{pointer} is missing");
    }
    let metrics = document["metrics"].as_object().unwrap();
    for metric in [
        "cpu_load_1m",
        "cpu_load_5m",
        "cpu_load_15m",
        "cpu_cores",
        "cpu_used_pct",
        "memory_total_bytes",
        "memory_used_bytes",
        "memory_used_pct",
        "swap_used_pct",
        "disk",
        "net_rx_bytes_per_s",
        "net_tx_bytes_per_s",
        "listening_sockets",
        "established_connections",
        "processes",
        "failed_logins_24h",
        "failed_login_sources_24h",
        "accepted_logins_24h",
        "sudo_24h",
        "sudo_denied_24h",
        "self_cpu_pct",
        "self_rss_bytes",
    ] {
        assert!(metrics.contains_key(metric), "{metric} is missing");
    }
    assert_eq!(document["schema"], "home-soc/snapshot");
    assert_eq!(document["level"], "alert");
    assert_eq!(document["counts"]["accepted"], 1);
    assert_eq!(document["score"]["band"], "serious");
    let taken: u64 = document["score"]["deductions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["points"].as_u64().unwrap())
        .sum();
    assert_eq!(taken, 100 - document["security_score"].as_u64().unwrap());
}

#[test]
fn times_are_local_without_a_zone_or_utc_with_z() {
    let east = Zone::Fixed(chrono::FixedOffset::east_opt(3600).unwrap());
    let snapshot = home_soc::model::Snapshot { at: start(), ..attacked() };
    let document: Value =
        serde_json::from_slice(&Document::full(&snapshot, east).to_line().unwrap()).unwrap();
    assert_eq!(document["timestamp"], "2026-11-18 12:06:40");
    assert_eq!(document["time"], "2026-11-18T11:06:40.000Z");
    assert!(document["findings"][0]["first_seen"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn the_originals_rows_are_all_there_and_processes_name_pid_and_command() {
    let document = full(&beat(5));
    let entries = document["entries"].as_array().unwrap();
    for metric in [
        "cpu_load",
        "memory_used_pct",
        "process_cpu",
        "listening_sockets",
        "established_connections",
        "failed_logins",
        "successful_logins",
        "sudo_commands",
        "auth_log",
    ] {
        let entry = entries.iter().find(|entry| entry["metric"] == metric).unwrap();
        assert!(entry["message"].as_str().is_some_and(|message| !message.is_empty()));
        assert!(!entry["value"].is_null() && entry["level"] == "info", "{entry}");
    }
    let busy = entries.iter().find(|entry| entry["metric"] == "process_cpu").unwrap();
    assert_eq!((busy["pid"].as_u64(), busy["value"].as_f64()), (Some(1), Some(5.0)));
    assert_eq!(busy["command"], "/usr/bin/worker --number 1");
    assert_eq!(entries[0]["message"], "Load avg (1/5/15): 0.47, 0.38, 0.31 | Cores: 4");
}

#[test]
fn what_could_not_be_seen_is_null_and_never_zero() {
    for document in [full(&blind()), line(&blind())] {
        for entry in document["entries"].as_array().unwrap() {
            assert!(entry["value"].is_null(), "{entry}");
            assert!(entry["message"].as_str().unwrap().contains("cannot be seen"), "{entry}");
        }
        for (name, value) in document["metrics"].as_object().unwrap() {
            assert!(value.is_null(), "{name} is {value}");
        }
    }
    let entries = full(&blind())["entries"].clone();
    let failed = entries.as_array().unwrap().iter().find(|entry| entry["metric"] == "failed_logins").unwrap();
    assert!(failed["message"].as_str().unwrap().contains("fix: sudo home-soc"));

    let mut reading = beat(1);
    reading.sign_ins = Some(SignIns { failed_24h: 3, caught_up: false, ..SignIns::default() });
    assert!(full(&reading)["metrics"]["failed_logins_24h"].is_null(), "half a count is a plausible lie");
}

#[test]
fn numbers_that_json_cannot_carry_become_null() {
    let mut snapshot = beat(1);
    let system = &mut snapshot.readings.system;
    system.load.as_mut().unwrap().one_min = f64::NAN;
    system.memory.as_mut().unwrap().used_pct = f64::INFINITY;
    let document = full(&snapshot);
    assert!(document["entries"][0]["value"].is_null() && document["entries"][1]["value"].is_null());
    assert!(document["metrics"]["cpu_load_1m"].is_null());
}

#[test]
fn the_line_is_small_and_has_what_every_chart_needs() {
    let line = line(&attacked());
    let keys: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
    for key in ["timestamp", "security_score", "entries", "v", "time", "seq", "boot", "host", "score"] {
        assert!(keys.contains(&key), "{key} is missing");
    }
    assert!(!keys.contains(&"sensors") && !keys.contains(&"processes"));
    let brief = line["findings"][0].as_object().unwrap();
    assert_eq!(brief.keys().collect::<Vec<_>>(), ["id", "level", "points"]);
    let size = Document::line(&beat(1), Zone::utc()).to_line().unwrap().len();
    assert!(size < 1400, "{size} bytes");
}

#[test]
fn secrets_and_hostile_characters_do_not_leave() {
    let mut snapshot = attacked();
    let mut hostile = process(4242, 99.0);
    let program = Arc::make_mut(&mut hostile.program);
    program.cmdline = Some(Safe::new("mysql --password=hunter2\u{202e} \u{1b}[31m"));
    program.name = "ev\u{9b}il".into();
    snapshot.readings.processes = Some(Arc::new(vec![hostile]));
    snapshot.findings[0].evidence[0].text = "ran curl -u anna:hunter2 x".into();
    snapshot.checks_passed = vec!["raw \u{202e} text".into()];
    let bytes = Document::full(&snapshot, Zone::utc()).to_line().unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(!text.contains("hunter2"), "{text}");
    let mut report = Vec::new();
    report::once(&snapshot, ReportOptions::default(), &mut report).unwrap();
    let report = String::from_utf8(report).unwrap();
    assert!(!report.contains("hunter2"));
    for c in text.trim_end().chars().chain(report.chars().filter(|c| *c != '\n')) {
        assert!(!c.is_control() && c != '\u{202e}', "{c:?}");
    }
}

#[test]
fn the_report_says_the_verdict_first_and_keeps_to_its_width() {
    for snapshot in [beat(5), attacked(), blind()] {
        for width in [40, 80, 120] {
            let mut out = Vec::new();
            let options = ReportOptions { width, zone: Zone::utc(), ..ReportOptions::default() };
            report::once(&snapshot, options, &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            assert!(lines[..3].concat().contains(&snapshot.score.value.to_string()));
            assert!(lines.iter().all(|line| home_soc::text::width(line) <= width), "{text}");
            for heading in ["MACHINE", "SIGN-INS"] {
                assert!(text.contains(heading));
            }
        }
    }
    let mut out = Vec::new();
    report::once(&attacked(), ReportOptions::default(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.starts_with("Security score at most 37 of 100"), "{text}");
    assert!(text.contains("fix: sudo usermod -aG systemd-journal anna"), "{text}");
}

#[test]
fn a_minimum_level_hides_rows_and_never_changes_the_score() {
    let mut out = Vec::new();
    let options = ReportOptions { min_level: Level::Alert, ..ReportOptions::default() };
    let mut snapshot = attacked();
    snapshot.findings.push(finding("HS-NET-001", Level::Warning, start()));
    snapshot.findings[2].title = "a small thing".into();
    report::once(&snapshot, options, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("37 of 100") && !text.contains("a small thing"), "{text}");
}

#[test]
fn the_check_line_is_one_line_with_numbers_after_a_bar() {
    assert_eq!(
        report::check_line(&attacked()),
        "ALERT - score <=37 - root logged in from an address never seen before \
         | score=37;;;0;100 alerts=1 warnings=0 blind=1"
    );
    assert!(report::check_line(&beat(1)).starts_with("OK - score 100 - "));
    let mut sockets = beat(1);
    sockets.readings.sockets = Some(Arc::new(Sockets::default()));
    sockets.findings.push(finding("HS-NET-001", Level::Warning, start()));
    sockets.findings[0].title = "a | b".into();
    assert_eq!(report::check_line(&sockets).matches('|').count(), 1);
}
