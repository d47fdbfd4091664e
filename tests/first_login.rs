//! A real sshd lets somebody in by a way that was never used before, and the heart says so within a beat; the same
//! login where that way is known is no news.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so")]

mod lab;

use chrono::{DateTime, TimeDelta, Utc};
use home_soc::assess::{Context, Judge, Memory, Settings};
use home_soc::collect::Root;
use home_soc::engine::{CollectSettings, Engine};
use home_soc::model::{AuthEvent, AuthKind, AuthReading, Finding, Readings, Snapshot};
use lab::{Lab, Recorder};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a judge remembers of an account that has logged in by `method` for three weeks, with a key or without.
fn memory(user: &str, method: &str, key: Option<&str>, now: DateTime<Utc>) -> Memory {
    let mut judge = Judge::new(Settings::default(), Memory::default(), Context::default());
    for day in (1..=20).rev() {
        let at = now - TimeDelta::days(day);
        let mut event = AuthEvent::new(AuthKind::Accepted, "sshd", "the line as written");
        event.time = Some(at);
        event.user = Some(user.into());
        event.address = Some("127.0.0.1".into());
        event.method = Some(method.into());
        event.key = key.map(Into::into);
        let auth = AuthReading { caught_up: true, events: vec![Arc::new(event)], ..AuthReading::default() };
        let _ = judge.beat(&Readings { auth: Some(auth), ..Readings::default() }, &[], at);
    }
    judge.memory().clone()
}

fn machine(memory: Memory) -> Engine {
    let judge = Judge::new(Settings::default(), memory, Context::default());
    Engine::new(&Root::real(), &CollectSettings::default(), judge, Duration::from_secs(5), Utc::now())
}

/// Beats until it is so, for at most a minute: other tests and builds may hold the cores.
fn beats_until(machine: &mut Engine, is_so: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        let snapshot = machine.beat(Utc::now());
        if is_so(&snapshot) {
            return snapshot;
        }
        assert!(Instant::now() < until, "not so after a minute: {:#?}", snapshot.sign_ins);
        std::thread::sleep(Duration::from_millis(500));
    }
}

fn news<'a>(snapshot: &'a Snapshot, user: &str) -> Option<&'a Finding> {
    snapshot.findings.iter().find(|finding| {
        finding.rule == "HS-AUTH-004" && finding.subject.get("user").is_some_and(|name| **name == *user)
    })
}

fn catch_up(machines: [&mut Engine; 2]) {
    for machine in machines {
        beats_until(machine, |snapshot| snapshot.sign_ins.as_ref().is_some_and(|sums| sums.caught_up));
    }
}

fn has_entered(snapshot: &Snapshot, user: &str) -> bool {
    let mut recent = snapshot.sign_ins.iter().flat_map(|sums| &sums.recent);
    recent.any(|event| event.kind == AuthKind::Accepted && event.user.as_deref() == Some(user))
}

#[test]
fn a_first_login_with_a_new_key_is_told_and_one_with_a_known_key_is_not() {
    let Some(lab) = Lab::start(Recorder::Journald) else { return };
    let (key, fingerprint) = lab.new_key();
    let now = Utc::now();
    let another = "ED25519 SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let mut case = machine(memory(&lab.user, "publickey", Some(another), now));
    let mut twin = machine(memory(&lab.user, "publickey", Some(&fingerprint), now));
    catch_up([&mut case, &mut twin]);
    lab.log_in_by_key(&key, "true");
    let told = beats_until(&mut case, |snapshot| has_entered(snapshot, &lab.user));
    let finding = news(&told, &lab.user).unwrap_or_else(|| panic!("not told: {:#?}", told.findings));
    assert!(finding.why.contains("never used this key"), "{}", finding.why);
    assert_eq!(finding.subject.get("key").map(home_soc::model::Safe::as_str), Some(&*fingerprint));
    let usual = beats_until(&mut twin, |snapshot| has_entered(snapshot, &lab.user));
    assert_eq!(news(&usual, &lab.user), None);
}

#[test]
fn a_first_login_by_a_new_method_is_told_within_a_beat_and_a_usual_one_is_not() {
    let Some(lab) = Lab::start(Recorder::Journald) else { return };
    let now = Utc::now();
    let mut case = machine(memory(&lab.user, "publickey", None, now));
    let mut twin = machine(memory(&lab.user, "password", None, now));
    catch_up([&mut case, &mut twin]);
    lab.log_in("true");
    let entered = |snapshot: &Snapshot| has_entered(snapshot, &lab.user);
    let told = beats_until(&mut case, entered);
    let finding = news(&told, &lab.user).unwrap_or_else(|| panic!("not told: {:#?}", told.findings));
    assert!(finding.why.contains("never used this method"), "{}", finding.why);
    assert!(finding.evidence[0].text.contains("Accepted password"), "{:?}", finding.evidence);
    let usual = beats_until(&mut twin, entered);
    assert_eq!(news(&usual, &lab.user), None);

    // The second time it is no longer the first.
    lab.log_in("true");
    let again = beats_until(&mut case, |snapshot| {
        snapshot
            .sign_ins
            .as_ref()
            .is_some_and(|sums| sums.accepted_24h > told.sign_ins.as_ref().unwrap().accepted_24h)
    });
    assert_eq!(news(&again, &lab.user).map(|finding| finding.count), Some(1));
}
