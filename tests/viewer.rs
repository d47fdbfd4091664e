//! Two at once: one records, the other shows that record, says so, and never writes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod terminal;

use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use terminal::{PROGRAM, Terminal, home_soc, until};

const PATIENCE: Duration = Duration::from_secs(30);

/// A recorder without a screen, and what it said first.
fn recorder(home: &Path) -> (Child, String) {
    let mut child = Command::new(PROGRAM)
        .args(["--headless", "--interval", "0.2", "--data-dir"])
        .arg(home.join("data"))
        .env("HOME", home)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
    (child, said)
}

fn end(mut child: Child) {
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
}

fn lines(home: &Path) -> usize {
    let text = std::fs::read_to_string(home.join("data/monitor_metrics.jsonl")).unwrap_or_default();
    text.lines().count()
}

#[test]
fn a_second_one_shows_the_record_of_the_first_and_says_so() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let (first, said) = recorder(home.path());
    assert!(said.contains("records to"), "{said}");
    until("some beats", PATIENCE, || (lines(home.path()) > 3).then_some(()));
    let says = format!("another home-soc (pid {}) records to", first.id());

    let once = home_soc(home.path(), &["--once", "--json"]);
    let document: serde_json::Value = serde_json::from_slice(&once.stdout).unwrap();
    assert!(document["errors"].to_string().contains(&says), "{}", document["errors"]);

    let second = Terminal::start(100, 30, &format!("{PROGRAM} --interval 1 --data-dir {}", data.display()));
    second.shows("another home-soc (pid");
    // History is that of the first: columns from before this screen was there.
    second.press(&["6"]);
    second.shows("Stored:");

    // The first one ends: nobody records, and the screen says it.
    end(first);
    second.press(&["1"]);
    second.shows("nothing is recorded any more");
    let before = lines(home.path());
    second.press(&["q"]);
    assert_eq!(second.ended(), 0);
    assert_eq!(lines(home.path()), before, "a viewer wrote");
    let verify = home_soc(home.path(), &["verify"]);
    assert!(verify.status.success(), "{}", String::from_utf8_lossy(&verify.stdout));
}

#[test]
fn a_second_recorder_waits_and_goes_on_with_the_next_number() {
    let home = tempfile::tempdir().unwrap();
    let (first, _) = recorder(home.path());
    until("some beats", PATIENCE, || (lines(home.path()) > 3).then_some(()));
    let (second, said) = recorder(home.path());
    assert!(said.contains(&format!("pid {}", first.id())) && said.contains("goes on when"), "{said}");
    end(first);
    let before = lines(home.path());
    until("the second one to take over", PATIENCE, || (lines(home.path()) > before + 3).then_some(()));
    // A third one waits, too, and a signal ends the wait.
    let (third, _) = recorder(home.path());
    end(third);
    end(second);
    let verify = home_soc(home.path(), &["verify"]);
    assert!(verify.status.success(), "{}", String::from_utf8_lossy(&verify.stdout));
}
