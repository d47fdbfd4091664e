//! The output as the heart knows it: every letter arrives once, whatever the server does first, and no beat waits.

use crate::fake::{Answer, Fake, OK};
use crate::terminal::until;
use crate::{SECRET, beats, http_tables, open, secret_file};
use chrono::Utc;
use home_soc::model::{FindingId, Level, Snapshot, Zone};
use home_soc::outputs::Output as _;
use home_soc::outputs::notify::Notifier;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(90);

fn start(table: &str, dir: &Path) -> Notifier {
    let (settings, channels) = open(&format!("gather_s = 0\n{table}"));
    Notifier::start(&settings, channels, Some(dir), Zone::utc(), Utc::now).unwrap()
}

/// A beat with so many alerts, each of another user.
fn beat(alerts: usize) -> Arc<Snapshot> {
    let now = Utc::now();
    let mut beat = beats::beat_at(1, now);
    for number in 0..alerts {
        let mut alert = beats::finding("HS-AUTH-003", Level::Alert, now);
        let user = format!("user{number}");
        alert.subject = BTreeMap::from([("user".to_owned(), user.as_str().into())]);
        alert.id = FindingId::new(&alert.rule, &alert.subject);
        alert.title = format!("{user} got in after 9 failures").as_str().into();
        beat.findings.push(alert);
    }
    Arc::new(beat)
}

#[test]
fn every_letter_arrives_once_after_each_way_to_fail() {
    let first = [
        Answer::Status(429, "Retry-After: 1\r\n"),
        Answer::Status(500, ""),
        Answer::Status(503, "Retry-After: 1\r\n"),
        Answer::Reset,
        Answer::Hang,
        Answer::Drip,
        Answer::Noise,
    ];
    let scratch = tempfile::tempdir().unwrap();
    let token = secret_file(scratch.path(), "token", SECRET);
    let mut runs = 0;
    thread::scope(|scope| {
        for (at, answer) in first.into_iter().enumerate() {
            for (name, table) in http_tables("URL", &token) {
                let dir = scratch.path().join(format!("{name}{at}"));
                runs += 1;
                scope.spawn(move || {
                    let fake = Fake::start(&[answer, OK]);
                    let mut notifier = start(&table.replace("URL", &fake.url), &dir);
                    notifier.hear(&beat(1)).unwrap();
                    until("a failure that is said", PATIENCE, || notifier.hear(&beat(1)).err());
                    until("the letter", PATIENCE, || notifier.hear(&beat(1)).ok());
                    let heard = fake.heard();
                    assert_eq!(heard.len(), 2, "{name}, {answer:?}");
                    assert_eq!(heard[0].body, heard[1].body, "the same letter, with the same id");
                    // Nothing more comes while nothing more happens.
                    for _ in 0..20 {
                        notifier.hear(&beat(1)).unwrap();
                        thread::sleep(Duration::from_millis(50));
                    }
                    assert_eq!(fake.heard().len(), 2, "{name}, {answer:?}");
                });
            }
        }
    });
    eprintln!("{runs} letters after {} ways to fail: each delivered once", first.len());
}

#[test]
fn a_wrong_token_is_said_as_such_and_not_hammered() {
    let scratch = tempfile::tempdir().unwrap();
    let token = secret_file(scratch.path(), "token", SECRET);
    let fake = Fake::start(&[Answer::Status(401, "")]);
    let (_, table) = http_tables(&fake.url, &token).into_iter().next().unwrap();
    let mut notifier = start(&table, scratch.path());
    let said = until("what is wrong", PATIENCE, || notifier.hear(&beat(1)).err()).to_string();
    assert!(said.contains("telegram is set up wrongly") && said.contains("check the bot's token"), "{said}");
    for number in 1..40 {
        assert!(notifier.hear(&beat(1 + number % 3)).is_err());
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(fake.heard().len(), 1, "one attempt, then none for an hour");
    // Who starts the program again has looked at the settings.
    notifier.close(Utc::now()).unwrap();
    fake.answer(&[OK]);
    let mut again = start(&table, scratch.path());
    until("the letter", PATIENCE, || again.hear(&beat(3)).ok());
    assert!(fake.heard().len() >= 2);
}

#[test]
fn a_server_that_hangs_never_holds_up_a_beat_nor_another_channel() {
    let scratch = tempfile::tempdir().unwrap();
    let token = secret_file(scratch.path(), "token", SECRET);
    let (hanging, good) = (Fake::start(&[Answer::Hang]), Fake::start(&[OK]));
    let tables = format!("{}{}", http_tables(&hanging.url, &token)[0].1, http_tables(&good.url, &token)[1].1);
    let mut notifier = start(&tables, scratch.path());
    let mut slowest = Duration::ZERO;
    let mut beats = 0;
    until("the webhook's letter, beside Telegram that hangs", PATIENCE, || {
        let (beat, before) = (beat(1), Instant::now());
        drop(notifier.hear(&beat));
        slowest = slowest.max(before.elapsed());
        beats += 1;
        (!good.heard().is_empty() && !hanging.heard().is_empty()).then_some(())
    });
    eprintln!("{beats} beats beside a server that hangs, the slowest {slowest:?}");
    assert!(slowest < Duration::from_secs(10), "a beat waited for the network: {slowest:?}");
}

#[test]
fn no_secret_is_written_to_disk_and_what_is_kept_is_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = tempfile::tempdir().unwrap();
    let token = secret_file(scratch.path(), "token", SECRET);
    let fake = Fake::start(&[Answer::Status(500, "")]);
    let tables: String = http_tables(&fake.url, &token).into_iter().map(|(_, table)| table).collect();
    let dir = scratch.path().join("data");
    let mut notifier = start(&tables, &dir);
    until("failures of all channels", PATIENCE, || {
        let said = notifier.hear(&beat(2)).err()?.to_string();
        assert!(!said.contains("geheim"), "{said}");
        ["telegram", "webhook", "ntfy", "gotify"].iter().all(|name| said.contains(name)).then_some(())
    });
    notifier.close(Utc::now()).unwrap();
    let kept = std::fs::read_to_string(dir.join("notify.json")).unwrap();
    assert!(kept.contains("user1") && !kept.contains("geheim"), "{kept}");
    let mode = std::fs::metadata(dir.join("notify.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_damaged_outbox_is_set_aside_and_messages_go_on() {
    let scratch = tempfile::tempdir().unwrap();
    let token = secret_file(scratch.path(), "token", SECRET);
    let fake = Fake::start(&[OK]);
    let table = &http_tables(&fake.url, &token)[0].1;
    for (number, damage) in ["{", "\0\0\0", "{\"news\": 3}", "null"].into_iter().enumerate() {
        let dir = scratch.path().join(number.to_string());
        std::fs::create_dir(&dir).unwrap();
        secret_file(&dir, "notify.json", damage);
        let mut notifier = start(table, &dir);
        assert!(notifier.notes().iter().any(|note| note.contains("notify.json")), "{damage}");
        until("the letter", PATIENCE, || {
            drop(notifier.hear(&beat(1)));
            (fake.heard().len() > number).then_some(())
        });
    }
}
