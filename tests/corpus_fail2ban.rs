//! The annotated corpus inside Debian's `fail2ban` package: lines of many years and systems, each with what must
//! be found in it. It is read where it is installed and never copied (GPL).
//!
//! `# failJSON: {..}` describes the next line; `# filterOptions: [..]` opens a block that is tested once per
//! option set. In the modes normal and aggressive an event of a failing kind is a match; in aggressive mode so is
//! a probe. The corpus' clock stands at 2005-08-14 12:00 in Zurich.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr, reason = "a test")]

use chrono::{DateTime, NaiveDateTime, Utc};
use home_soc::collect::auth::{Clock, Parser, Place};
use home_soc::model::{AuthEvent, AuthKind, Zone, ZoneRules};
use serde_json::Value;
use std::path::Path;

const FOLDER: &str = "/usr/lib/python3/dist-packages/fail2ban/tests/files/logs";
const FILES: [&str; 4] = ["sshd", "sshd-journal", "pam-generic", "dropbear"];

/// One annotated line in one mode.
struct Case {
    line: u64,
    aggressive: bool,
    expected: Value,
}

#[derive(Default, Clone, Copy)]
struct Score {
    cases: u32,
    hits: u32,
    missed: u32,
    wrong: u32,
    hosts: u32,
    hosts_right: u32,
    times: u32,
    times_right: u32,
    injections: u32,
    injections_right: u32,
}

impl Score {
    fn recall(&self) -> f64 {
        f64::from(self.hits) / f64::from((self.hits + self.missed).max(1))
    }

    fn precision(&self) -> f64 {
        f64::from(self.hits) / f64::from((self.hits + self.wrong).max(1))
    }

    fn print(&self, name: &str) {
        println!(
            "{name:<26} {:>5} {:>5} {:>6} {:>5} {:>7.1}% {:>8.1}%  {:>3}/{:<3} {:>3}/{:<3} {:>2}/{:<2}",
            self.cases,
            self.hits,
            self.missed,
            self.wrong,
            100.0 * self.recall(),
            100.0 * self.precision(),
            self.hosts_right,
            self.hosts,
            self.times_right,
            self.times,
            self.injections_right,
            self.injections,
        );
    }

    fn add(&mut self, other: &Self) {
        self.cases += other.cases;
        self.hits += other.hits;
        self.missed += other.missed;
        self.wrong += other.wrong;
        self.hosts += other.hosts;
        self.hosts_right += other.hosts_right;
        self.times += other.times;
        self.times_right += other.times_right;
        self.injections += other.injections;
        self.injections_right += other.injections_right;
    }
}

/// The cases of a corpus file, as its own test driver reads them.
fn cases(text: &str) -> Vec<Case> {
    let mut modes = vec![false];
    let mut expected: Option<Value> = None;
    let mut cases = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if let Some(options) = line.strip_prefix("# filterOptions:") {
            let options: Value = serde_json::from_str(options).unwrap();
            let sets = options.as_array().cloned().unwrap_or_else(|| vec![options]);
            modes = sets.iter().map(|set| set.get("mode").is_some_and(|mode| mode != "normal")).collect();
            // `ddos` and `extra` are parts of aggressive.
            modes.dedup();
        } else if let Some(json) = line.strip_prefix("# failJSON:") {
            expected = Some(serde_json::from_str(json).unwrap());
        } else if line.starts_with('#') || line.trim().is_empty() {
        } else if let Some(expected) = expected.take() {
            for &aggressive in &modes {
                let applies = match expected.get("constraint").and_then(Value::as_str) {
                    Some(text) if text.contains("!= 'aggressive'") => !aggressive,
                    Some(text) if text.contains("== 'aggressive'") => aggressive,
                    _ => true,
                };
                if applies {
                    cases.push(Case { line: number as u64 + 1, aggressive, expected: expected.clone() });
                }
            }
        }
    }
    cases
}

fn zurich() -> Zone {
    let bytes = std::fs::read("/usr/share/zoneinfo/Europe/Zurich").expect("install tzdata");
    Zone::Named(Box::leak(Box::new(ZoneRules::parse(&bytes).unwrap())))
}

fn is_match(event: &AuthEvent, aggressive: bool) -> bool {
    match event.kind {
        AuthKind::Failed
        | AuthKind::InvalidUser
        | AuthKind::Lockout
        | AuthKind::SudoDenied
        | AuthKind::SuFailed => true,
        AuthKind::Probe => aggressive,
        _ => false,
    }
}

#[test]
fn the_corpus_of_fail2ban_is_read_at_least_as_well_as_by_fail2ban() {
    if !Path::new(FOLDER).is_dir() {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "install the package fail2ban: {FOLDER} is missing"
        );
        println!("SKIPPED: {FOLDER} is missing; sudo apt-get install fail2ban");
        return;
    }
    let zone = zurich();
    let now: DateTime<Utc> = "2005-08-14T12:00:00+02:00".parse().unwrap();
    println!("file, mode                 cases  hits missed wrong  recall precision   hosts   times  inj.");
    let mut total = Score::default();
    for file in FILES {
        let text = std::fs::read_to_string(Path::new(FOLDER).join(file)).unwrap();
        let mut parser = Parser::new(Clock::live(now, zone));
        let mut events = Vec::new();
        for (number, line) in text.lines().enumerate() {
            if !line.starts_with('#') {
                parser.line(
                    line.as_bytes(),
                    Place { file: None, line: Some(number as u64 + 1) },
                    &mut events,
                );
            }
        }
        parser.finish(&mut events);
        let cases = cases(&text);
        for aggressive in [false, true] {
            let mut score = Score::default();
            for case in cases.iter().filter(|case| case.aggressive == aggressive) {
                let line = text.lines().nth(case.line as usize - 1).unwrap();
                score.add(&judge(case, line, &events, zone));
            }
            if score.cases > 0 {
                score.print(&format!("{file}, {}", if aggressive { "aggressive" } else { "normal" }));
            }
            total.add(&score);
        }
    }
    total.print("all");
    assert!(total.recall() >= 0.97, "recall {}", total.recall());
    assert!(total.precision() >= 0.97, "precision {}", total.precision());
    assert!(f64::from(total.hosts_right) >= 0.995 * f64::from(total.hosts));
    assert_eq!(total.times_right, total.times);
    assert_eq!(total.injections_right, total.injections);
}

fn judge(case: &Case, line: &str, events: &[AuthEvent], zone: Zone) -> Score {
    let expected = &case.expected;
    let on_line = || events.iter().filter(|event| event.line == Some(case.line));
    let found = on_line().find(|event| is_match(event, case.aggressive) && event.duplicate_of.is_none());
    let wanted = expected["match"] == true;
    let is_injection = expected["desc"].as_str().is_some_and(|desc| desc.to_lowercase().contains("inject"));
    let mut score = Score { cases: 1, injections: u32::from(is_injection && wanted), ..Score::default() };
    match (wanted, found) {
        (true, Some(event)) => {
            score.hits = 1;
            let host = ["host", "ip4", "ip6"].iter().find_map(|name| expected[name].as_str());
            if let Some(host) = host {
                score.hosts = 1;
                score.hosts_right = u32::from(event.address.as_deref() == Some(host));
                if score.hosts_right == 0 {
                    println!("  host {:?} instead of {host}: {line}", event.address);
                } else if is_injection {
                    score.injections_right = 1;
                }
            }
            if let Some(time) = expected["time"].as_str() {
                let local = NaiveDateTime::parse_from_str(time, "%Y-%m-%dT%H:%M:%S").unwrap();
                let local = local.and_utc().timestamp();
                let right = local - zone.offset_at_local_s(local);
                score.times = 1;
                score.times_right = u32::from(event.time.is_some_and(|time| time.timestamp() == right));
                if score.times_right == 0 {
                    println!("  time {:?} instead of {time}: {line}", event.time);
                }
            }
        }
        (true, None) => {
            score.missed = 1;
            println!("  missed ({}): {line}", if case.aggressive { "aggressive" } else { "normal" });
        }
        (false, Some(event)) => {
            score.wrong = 1;
            println!("  wrong, {:?}: {line}", event.kind);
        }
        (false, None) => {}
    }
    score
}
