//! Beats made up for tests of the record and the document: a calm machine, number by number.

use chrono::{DateTime, TimeDelta, Utc};
use home_soc::model::{
    Band, Category, Confidence, Cpu, Evidence, Finding, FindingId, Fix, Host, Kind, Level, Load, Memory,
    Process, Program, Readings, Score, Sensor, SignIns, Snapshot, Sockets, Status, System,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A moment that tests count from.
pub(crate) fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

/// The beat with this number, ten seconds after the one before.
pub(crate) fn beat(seq: u64) -> Snapshot {
    beat_at(seq, start() + TimeDelta::seconds(10 * seq as i64))
}

/// The beat with this number at this time.
pub(crate) fn beat_at(seq: u64, at: DateTime<Utc>) -> Snapshot {
    let wave = (seq % 97) as f64;
    Snapshot {
        seq,
        boot: "a1b2c3d4".into(),
        host: Host {
            name: "nas01".into(),
            id: "b1946ac92492d234".into(),
            os: Some("Debian GNU/Linux 13".into()),
            kernel: Some("6.12.48".into()),
            cpu: None,
        },
        at,
        interval_s: 10.0,
        score: Score {
            value: 100,
            is_upper_bound: false,
            band: Band::Normal,
            previous: None,
            changed_at: None,
            posture: 0,
            activity: 0,
            deductions: Vec::new(),
        },
        readings: Readings {
            system: System {
                uptime_s: Some(1000.0 + 10.0 * seq as f64),
                load: Some(Load { one_min: 0.42 + wave / 100.0, five_min: 0.38, fifteen_min: 0.31 }),
                cpu: Some(Cpu { cores: 4, used_pct: Some(12.1 + wave / 10.0), ..Cpu::default() }),
                memory: Some(Memory {
                    total_bytes: 6 << 30,
                    available_bytes: 3 << 30,
                    used_bytes: 3 << 30,
                    used_pct: 46.0 + wave / 50.0,
                }),
                ..System::default()
            },
            processes: Some(Arc::new((1..=8).map(|pid| process(pid, wave as f32 / pid as f32)).collect())),
            sockets: Some(Arc::new(Sockets { established: Some(47 + seq % 7), ..Sockets::default() })),
            ..Readings::default()
        },
        sign_ins: Some(SignIns {
            source: "journal".into(),
            failed_24h: 1284,
            accepted_24h: 7,
            sudo_24h: 14,
            caught_up: true,
            ..SignIns::default()
        }),
        findings: Vec::new(),
        sensors: vec![Sensor::ok("auth.journal")],
        checks_passed: vec!["nobody logged in from a new address".into()],
        errors: Vec::new(),
    }
}

/// A process that uses so much of one core.
pub(crate) fn process(pid: u32, cpu_pct: f32) -> Process {
    Process {
        program: Arc::new(Program {
            pid,
            start_ticks: u64::from(pid) * 100,
            uid: Some(1000),
            user: Some("anna".into()),
            name: "worker".into(),
            cmdline: Some(format!("/usr/bin/worker --number {pid}").as_str().into()),
            ..Program::default()
        }),
        ppid: 1,
        state: 'S',
        cpu_pct: Some(cpu_pct),
        cpu_time_ms: 100,
        rss_bytes: 64 << 20,
        threads: 1,
        nice: 0,
    }
}

/// An open finding of a level.
pub(crate) fn finding(rule: &str, level: Level, at: DateTime<Utc>) -> Finding {
    let subject = BTreeMap::from([("user".to_owned(), "root".into())]);
    Finding {
        id: FindingId::new(rule, &subject),
        rule: rule.into(),
        level,
        status: Status::Open,
        category: Category::Auth,
        kind: Kind::Event,
        points: 20.0,
        ceiling: None,
        confidence: Confidence::High,
        title: "root logged in from an address never seen before".into(),
        why: "9 failed attempts from the same address came just before.".into(),
        harmless_if: "It was you on a new network.".into(),
        subject,
        evidence: vec![Evidence {
            source: "journal".into(),
            at: Some(at),
            text: "Accepted publickey for root from 198.51.100.23 port 50112 ssh2".into(),
        }],
        fix: vec![Fix {
            text: "End that session".into(),
            argv: ["sudo", "loginctl", "terminate-session", "41"].map(String::from).to_vec(),
            risk: Some("ends a login".into()),
        }],
        attack: vec!["T1078.003".into()],
        first_seen: at,
        last_seen: at,
        count: 1,
        story: None,
        accepted: None,
    }
}
