//! What the judge learns of a machine: its numbers, its habits, how much room that takes, and what cannot poison it.
//!
//! Days pass as arguments. Which things are judged by it is tested with the judgement.

#![allow(clippy::unwrap_used, reason = "a test")]

mod days;

use chrono::TimeDelta;
use days::{process, readings, restless, start};
use home_soc::assess::{Context, Judge, Memory, Settings, Verdict};
use home_soc::model::{AuthEvent, AuthKind, Finding, Level, Readings};
use std::sync::Arc;

/// Lets days pass, with a beat every five minutes.
fn learn(judge: &mut Judge, minutes: std::ops::Range<i64>, of: impl Fn(i64) -> Readings) -> Verdict {
    minutes
        .step_by(5)
        .map(|minute| judge.beat(&of(minute), &[], start() + TimeDelta::minutes(minute)))
        .last()
        .unwrap()
}

/// Lets minutes pass, with a beat in each, and answers the last verdict.
fn live(judge: &mut Judge, minutes: std::ops::Range<i64>, of: impl Fn(i64) -> Readings) -> Verdict {
    minutes.map(|minute| judge.beat(&of(minute), &[], start() + TimeDelta::minutes(minute))).last().unwrap()
}

fn judge() -> Judge {
    Judge::new(Settings::default(), Memory::default(), Context::default())
}

fn restarted(judge: &Judge) -> Judge {
    let text = serde_json::to_string(judge.memory()).unwrap();
    Judge::new(Settings::default(), serde_json::from_str(&text).unwrap(), Context::default())
}

fn unusual(verdict: &Verdict) -> Vec<&Finding> {
    verdict.findings.iter().filter(|finding| finding.rule == "HS-HLTH-006").collect()
}

fn series<'a>(findings: &[&'a Finding]) -> Vec<&'a str> {
    findings.iter().map(|finding| finding.subject["series"].as_str()).collect()
}

const DAY: i64 = 24 * 60;

#[test]
fn a_burst_is_unusual_only_when_it_lasts_and_after_a_day_of_learning() {
    let mut young = judge();
    let verdict =
        live(&mut young, 0..300, |minute| readings(minute, 50.0 * f64::from(u8::from(minute > 250))));
    assert!(unusual(&verdict).is_empty(), "nothing is normal yet");

    let mut judge = judge();
    let calm = learn(&mut judge, 0..3 * DAY, |minute| readings(minute, 0.0));
    assert!(unusual(&calm).is_empty());
    let brief = live(&mut judge, 3 * DAY..3 * DAY + 2, |minute| readings(minute, 50.0));
    assert!(unusual(&brief).is_empty(), "three minutes are asked for");
    let verdict = live(&mut judge, 3 * DAY + 2..3 * DAY + 6, |minute| readings(minute, 50.0));
    let found = unusual(&verdict);
    let named = series(&found);
    for expected in ["pressure_cpu", "pressure_memory", "pressure_io", "disk_bytes", "execs"] {
        assert!(named.contains(&expected), "{expected}: {named:?}");
    }
    assert!(!named.contains(&"net_bytes"), "half a megabyte a second is below what is worth a word");
    assert!(!named.contains(&"swap_in"), "pressure tells more where the kernel has it");
    assert!(found.iter().all(|finding| finding.level == Level::Info), "{found:#?}");
    let disk = found.iter().find(|finding| finding.subject["series"] == "disk_bytes").unwrap();
    assert!(disk.title.contains("x the widest swing of 3 days"), "{}", disk.title);
    assert!(disk.why.starts_with("Normal here is 9") && disk.why.contains("MiB/s"), "{}", disk.why);
    assert!(verdict.score.value >= 95, "one busy hour is one thing: {}", verdict.score.value);
    let after = live(&mut judge, 3 * DAY + 6..3 * DAY + 8, |minute| readings(minute, 0.0));
    assert!(unusual(&after).is_empty());
}

#[test]
fn how_much_is_learned_is_told() {
    let told = |verdict: &Verdict| {
        verdict
            .checks_passed
            .iter()
            .find(|check| check.contains("learning") || check.contains("unusual"))
            .cloned()
    };
    let mut judge = judge();
    let verdict = live(&mut judge, 0..10, |minute| readings(minute, 0.0));
    assert_eq!(told(&verdict).as_deref(), Some("learning what is normal here: 0/7 days"));
    let verdict = learn(&mut judge, 10..3 * DAY + 60, |minute| readings(minute, 0.0));
    assert_eq!(told(&verdict).as_deref(), Some("learning what is normal here: 3/7 days"));
    let mut judge = restarted(&judge);
    let verdict = learn(&mut judge, 3 * DAY + 60..7 * DAY + 120, |minute| readings(minute, 0.0));
    assert_eq!(told(&verdict).as_deref(), Some("no number is unusual for this machine"));
}

#[test]
fn an_open_alert_teaches_nothing_and_an_accepted_one_does_not_stop_learning() {
    let attacked = |minute| {
        let mut readings = readings(minute, 60.0);
        readings.processes = Some(Arc::new(vec![process("/dev/shm/x", 1.0)]));
        readings
    };
    let mut judge = judge();
    learn(&mut judge, 0..2 * DAY, |minute| readings(minute, 0.0));
    learn(&mut judge, 2 * DAY..4 * DAY, attacked);
    let verdict = live(&mut judge, 4 * DAY..4 * DAY + 5, attacked);
    assert!(series(&unusual(&verdict)).contains(&"disk_bytes"), "two days of attack are not normal");

    let alert = verdict.findings.iter().find(|finding| finding.level == Level::Alert).unwrap();
    judge.accept(&alert.id, "it is mine", None, start() + TimeDelta::days(4)).unwrap();
    let verdict = learn(&mut judge, 4 * DAY + 5..9 * DAY, attacked);
    assert_eq!(series(&unusual(&verdict)), [""; 0], "what a person accepts is a normal day");
}

#[test]
fn a_number_that_a_person_accepts_is_normal_from_then_on() {
    let mut judge = judge();
    learn(&mut judge, 0..2 * DAY, |minute| readings(minute, 0.0));
    let verdict = live(&mut judge, 2 * DAY..2 * DAY + 5, |minute| readings(minute, 50.0));
    let ids: Vec<_> = unusual(&verdict).iter().map(|finding| finding.id.clone()).collect();
    let now = start() + TimeDelta::minutes(2 * DAY + 5);
    for id in &ids {
        judge.accept(id, "the new backup", Some(now + TimeDelta::minutes(1)), now).unwrap();
    }
    live(&mut judge, 2 * DAY + 5..2 * DAY + 10, |minute| readings(minute, 0.0));
    let mut judge = restarted(&judge);
    let verdict = live(&mut judge, 2 * DAY + 10..2 * DAY + 20, |minute| readings(minute, 50.0));
    assert_eq!(series(&unusual(&verdict)), [""; 0], "long after the acceptance is over");
    let verdict = live(&mut judge, 2 * DAY + 20..2 * DAY + 30, |minute| readings(minute, 150.0));
    assert!(series(&unusual(&verdict)).contains(&"disk_bytes"), "three times as much is still news");
}

#[test]
fn a_clock_that_jumps_and_a_file_from_the_future_take_nothing_away() {
    let mut judge = judge();
    learn(&mut judge, 0..2 * DAY, |minute| readings(minute, 0.0));
    for jump in [3000 * DAY, 100, 2 * DAY] {
        live(&mut judge, jump..jump + 3, |minute| readings(minute, 0.0));
        judge = restarted(&judge);
    }
    let verdict = live(&mut judge, 2 * DAY + 3..2 * DAY + 10, |minute| readings(minute, 50.0));
    let found = unusual(&verdict);
    assert!(series(&found).contains(&"disk_bytes"), "{:?}", series(&found));
    assert!(found.iter().all(|finding| finding.first_seen <= start() + TimeDelta::minutes(2 * DAY + 10)));
}

#[test]
fn a_program_that_is_there_for_a_week_is_known_and_one_that_was_always_busy_is_not() {
    let with = |minute: i64, cpu_pct: f32| {
        let mut readings = readings(minute, 0.0);
        readings.processes = Some(Arc::new(vec![process("/srv/app/run", cpu_pct)]));
        readings
    };
    let raised = |verdict: &Verdict| verdict.findings.iter().any(|finding| finding.rule == "HS-PROC-007");
    let mut known = judge();
    learn(&mut known, 0..8 * DAY, |minute| with(minute, 3.0));
    assert!(!raised(&live(&mut known, 8 * DAY..8 * DAY + 10, |minute| with(minute, 99.0))));
    let mut stranger = judge();
    assert!(raised(&learn(&mut stranger, 0..8 * DAY, |minute| with(minute, 99.0))));
}

#[test]
fn the_first_sudo_of_an_account_is_told_once_and_that_of_one_who_does_it_daily_is_not() {
    let sudo = |minute: i64, user: &str| {
        let mut readings = readings(minute, 0.0);
        let mut event = AuthEvent::new(AuthKind::Sudo, "sudo", "the line as written");
        event.time = Some(start() + TimeDelta::minutes(minute));
        event.user = Some(user.into());
        readings.auth.as_mut().unwrap().events = vec![Arc::new(event)];
        readings
    };
    let first = |verdict: &Verdict| -> Vec<String> {
        let rule = |finding: &&Finding| finding.rule == "HS-AUTH-007";
        verdict.findings.iter().filter(rule).map(|finding| finding.subject["user"].to_string()).collect()
    };
    let mut judge = judge();
    assert_eq!(first(&live(&mut judge, 0..5, |minute| sudo(minute, "anna"))), [""; 0]);
    assert_eq!(first(&live(&mut judge, 2 * DAY..2 * DAY + 5, |minute| sudo(minute, "anna"))), [""; 0]);
    assert_eq!(first(&live(&mut judge, 2 * DAY + 5..2 * DAY + 6, |minute| sudo(minute, "root"))), [""; 0]);
    let mut judge = restarted(&judge);
    assert_eq!(
        first(&live(&mut judge, 2 * DAY + 6..2 * DAY + 7, |minute| sudo(minute, "www-data"))),
        ["www-data"]
    );
    let later = live(&mut judge, 4 * DAY..4 * DAY + 1, |minute| sudo(minute, "www-data"));
    assert_eq!(first(&later), [""; 0], "told once, and faded since");
}

#[test]
fn all_that_is_learned_fits_in_256_kibibytes_on_disk() {
    let mut judge = judge();
    // Twelve minutes of each hour are lived through: more values than an hour keeps.
    for hour in 0..8 * 24 {
        live(&mut judge, hour * 60..hour * 60 + 12, restless);
    }
    let memory = judge.memory();
    let numbers = serde_json::to_string(&memory.baselines).unwrap().len();
    let things = serde_json::to_string(&memory.known).unwrap().len();
    assert!(numbers > 40 << 10 && things > 60 << 10, "the test fills both: {numbers} and {things} bytes");
    assert!(numbers + things <= 256 << 10, "{numbers} + {things} bytes");
}
