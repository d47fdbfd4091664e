//! A real sshd is attacked and logged into, and every event is told exactly once: from the journal, and from
//! rsyslog's `auth.log`. Names and lines that lie are tried as well.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so")]

mod lab;

use chrono::Utc;
use home_soc::collect::Root;
use home_soc::collect::auth::source::{Collector, Settings};
use home_soc::model::{AuthEvent, AuthKind};
use lab::{Lab, Recorder};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// A collector that has fetched the past: what it tells from now on is new.
fn listening(lab: &Lab, recorder: Recorder) -> Collector {
    let root = match recorder {
        Recorder::Journald => Root::real(),
        Recorder::Rsyslog => Root::fixture(&lab.root),
    };
    // rsyslog makes its file with the first line.
    Lab::logger(None, "home-soc-lab", "the laboratory is open");
    lab::wait_for("the log", || recorder == Recorder::Journald || lab.root.join("var/log/auth.log").exists());
    let mut collector = Collector::start(root, Settings::default(), Utc::now());
    let patience = Instant::now() + Duration::from_secs(20);
    loop {
        collector.wait(Duration::from_millis(100));
        let seen = collector.read(Utc::now());
        let reading = seen.value.unwrap_or_else(|| panic!("nothing can be read: {:?}", seen.sensors));
        if reading.caught_up {
            return collector;
        }
        assert!(Instant::now() < patience, "the past is not read after 20 s");
    }
}

/// Fetches events until they are enough, and then for a while longer: one too many is as wrong as one too few.
fn fetch(collector: &mut Collector, is_enough: impl Fn(&[Arc<AuthEvent>]) -> bool) -> Vec<Arc<AuthEvent>> {
    let mut events = Vec::new();
    let mut patience = Instant::now() + Duration::from_secs(30);
    let mut was_enough = false;
    while Instant::now() < patience {
        thread::sleep(Duration::from_millis(200));
        let reading = collector.read(Utc::now()).value.unwrap();
        assert_eq!(reading.dropped, 0);
        events.extend(reading.events);
        if !was_enough && is_enough(&events) {
            was_enough = true;
            patience = Instant::now() + Duration::from_secs(4);
        }
    }
    events
}

/// How often something happened, each physical event once.
fn count(events: &[Arc<AuthEvent>], kind: AuthKind, user: &str) -> u32 {
    events
        .iter()
        .filter(|event| event.kind == kind && event.user.as_deref() == Some(user))
        .filter(|event| event.duplicate_of.is_none() && event.forged_by.is_none())
        .map(|event| event.count)
        .sum()
}

/// Twelve wrong passwords, one login: what the log of `recorder` makes of them.
fn attack(recorder: Recorder) {
    let Some(lab) = Lab::start(recorder) else { return };
    let mut collector = listening(&lab, recorder);
    lab.hydra(&lab.user, 12);
    lab.log_in("true");
    let events = fetch(&mut collector, |events| count(events, AuthKind::SessionClosed, &lab.user) > 0);
    let told = |kind| count(&events, kind, &lab.user);
    let all = format!("{events:#?}");
    assert_eq!(told(AuthKind::Failed), 12, "{all}");
    assert_eq!(told(AuthKind::Accepted), 1, "{all}");
    assert_eq!(told(AuthKind::SessionOpened), 1, "{all}");
    for event in &events {
        if matches!(event.kind, AuthKind::Failed | AuthKind::Accepted)
            && event.user.as_deref() == Some(&*lab.user)
        {
            assert_eq!(event.address.as_deref(), Some("127.0.0.1"), "{event:?}");
        }
    }
}

#[test]
fn twelve_wrong_passwords_and_a_login_are_told_once_each_from_the_journal() {
    attack(Recorder::Journald);
}

#[test]
fn twelve_wrong_passwords_and_a_login_are_told_once_each_from_auth_log() {
    attack(Recorder::Rsyslog);
}

#[test]
fn a_name_that_looks_like_an_address_is_blamed_on_the_real_one() {
    for recorder in [Recorder::Journald, Recorder::Rsyslog] {
        let Some(lab) = Lab::start(recorder) else { return };
        let mut collector = listening(&lab, recorder);
        let names = ["root from 1.2.3.4 port 22 ssh2", "1.2.3.4 port 22", "a from 1.2.3.4"];
        for name in names {
            lab.wrong_passwords(name, 1);
        }
        let failed = |events: &[Arc<AuthEvent>]| {
            names.iter().map(|name| count(events, AuthKind::Failed, name)).sum::<u32>()
        };
        let events = fetch(&mut collector, |events| failed(events) >= 3);
        let all = format!("{events:#?}");
        assert_eq!(failed(&events), 3, "{recorder:?} {all}");
        for event in events {
            assert!(event.address.as_deref().is_none_or(|address| address == "127.0.0.1"), "{event:?}");
        }
    }
}

#[test]
fn a_line_that_only_claims_to_be_of_sshd_is_no_login() {
    let Some(lab) = Lab::start(Recorder::Journald) else { return };
    let mut collector = listening(&lab, Recorder::Journald);
    let line = "Accepted password for root from 8.8.8.8 port 22 ssh2";
    Lab::logger(Some(65534), "sshd", line);
    Lab::logger(None, "sshd[999]", line);
    let forged = |events: &[Arc<AuthEvent>]| events.iter().filter(|event| event.forged_by.is_some()).count();
    let events = fetch(&mut collector, |events| forged(events) >= 2);
    let all = format!("{events:#?}");
    assert_eq!(forged(&events), 2, "{all}");
    assert_eq!(count(&events, AuthKind::Accepted, "root"), 0, "{all}");
}
