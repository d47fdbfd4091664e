//! One failed sign-in on its way: line, event, snapshot, record, document. Asserted at every stop.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as it must be"
)]

mod trees;

use home_soc::assess::{self, Judge};
use home_soc::collect::Root;
use home_soc::engine::{CollectSettings, Engine};
use home_soc::model::{AuthKind, Snapshot, Zone};
use home_soc::outputs::Output;
use home_soc::outputs::document::Document;
use home_soc::outputs::journal::{Opened, Reader, Record};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// One physical event, told by PAM and by sshd.
const LINES: &str = "2026-11-22T13:31:01.000000+00:00 nas01 sshd[123]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=root\n\
    2026-11-22T13:31:03.000000+00:00 nas01 sshd[123]: Failed password for root from 203.0.113.9 port 51514 ssh2\n";

fn engine(tree: &trees::Tree) -> Engine {
    let judge =
        Judge::new(assess::Settings::default(), assess::Memory::default(), assess::Context::default());
    let settings = CollectSettings::default();
    Engine::new(&Root::fixture(tree.path()), &settings, judge, Duration::from_secs(10), trees::now())
}

/// Beats until the sign-in file has been read up to its end.
fn beat(engine: &mut Engine, wanted: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
    for _ in 0..200 {
        let snapshot = engine.beat(trees::now());
        if snapshot.readings.auth.as_ref().is_some_and(|auth| auth.caught_up) && wanted(&snapshot) {
            return snapshot;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    panic!("the sign-ins were never read");
}

#[test]
fn one_failed_sign_in_is_one_event_from_the_line_to_the_record() {
    let tree = trees::calm();
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().join("record");
    let mut engine = engine(&tree);
    let calm = beat(&mut engine, |_| true);
    let before = calm.sign_ins.as_ref().unwrap().failed_24h;
    assert_eq!(before, 0);

    // 1. the line
    let log = tree.path().join("var/log/auth.log");
    OpenOptions::new().append(true).open(log).unwrap().write_all(LINES.as_bytes()).unwrap();

    // 2. the event, in the readings: PAM's line is told as a duplicate
    let mut events = Vec::new();
    let snapshot = {
        let found = std::cell::RefCell::new(&mut events);
        beat(&mut engine, |snapshot| {
            found.borrow_mut().extend(snapshot.readings.auth.as_ref().unwrap().events.iter().cloned());
            snapshot.sign_ins.as_ref().is_some_and(|sign_ins| sign_ins.failed_24h > 0)
        })
    };
    let failed: Vec<_> = events
        .iter()
        .filter(|event| event.kind == AuthKind::Failed && event.duplicate_of.is_none())
        .collect();
    assert_eq!(failed.len(), 1, "{events:#?}");
    assert_eq!(failed[0].user.as_deref(), Some("root"));
    assert_eq!(failed[0].address.as_deref(), Some("203.0.113.9"));

    // 3. the judgement
    let sign_ins = snapshot.sign_ins.as_ref().unwrap();
    assert_eq!(sign_ins.failed_24h, 1);
    assert_eq!(sign_ins.sources[0].address, *"203.0.113.9");
    assert_eq!(sign_ins.sources[0].tries, 1);
    assert!(snapshot.findings.iter().any(|finding| finding.rule == "HS-AUTH-001"));

    // 4. the bill
    assert!(snapshot.score.value < calm.score.value || snapshot.score.value == 100 - bill(&snapshot));
    assert_eq!(bill(&snapshot), 100 - snapshot.score.value);

    // 5. the record: one line, and the reader gives the same number back
    let Opened::Writer(mut record) =
        Record::open(&dir, home_soc::outputs::journal::Settings::default(), Zone::utc(), trees::now())
            .unwrap()
    else {
        panic!("nobody else writes here")
    };
    record.hear(&snapshot).unwrap();
    let text = fs::read_to_string(dir.join("monitor_metrics.jsonl")).unwrap();
    assert_eq!(text.lines().count(), 1);
    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
    let entry =
        line["entries"].as_array().unwrap().iter().find(|entry| entry["metric"] == "failed_logins").unwrap();
    assert_eq!(entry["value"], 1);
    let history = Reader::new(dir).samples(trees::now() - chrono::Duration::hours(1), trees::now()).unwrap();
    assert_eq!(history.samples.last().unwrap().get(home_soc::model::Metric::FailedLogins), Some(1.0));

    // 6. the document
    let document = serde_json::to_value(Document::full(&snapshot, Zone::utc())).unwrap();
    assert_eq!(document["metrics"]["failed_logins_24h"], 1);
    assert_eq!(document["metrics"]["failed_login_sources_24h"], 1);
}

fn bill(snapshot: &Snapshot) -> u8 {
    snapshot.score.deductions.iter().map(|row| row.points).sum()
}
