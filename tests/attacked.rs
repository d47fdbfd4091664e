//! A real sshd is attacked while the program watches: the count is right on the screen, in the record, in JSON and
//! in the bill, within one beat.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as it must be"
)]

mod lab;
mod terminal;

use lab::{Lab, Recorder};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::time::Duration;
use terminal::{PROGRAM, Terminal, home_soc, until};

/// The newest line of the record.
fn newest(data: &Path) -> Option<Value> {
    let text = fs::read_to_string(data.join("monitor_metrics.jsonl")).ok()?;
    serde_json::from_str(text.lines().last()?).ok()
}

fn failed(document: &Value) -> Option<u64> {
    let entries = document["entries"].as_array()?;
    entries.iter().find(|entry| entry["metric"] == "failed_logins")?["value"].as_u64()
}

#[test]
fn twelve_wrong_passwords_are_twelve_on_the_screen_in_the_record_and_in_the_bill() {
    let Some(lab) = Lab::start(Recorder::Journald) else { return };
    let terminal = Terminal::start(100, 30, &format!("{PROGRAM} --interval 1 --data-dir $HOME/data"));
    let data = terminal.file("data");
    terminal.press(&["4"]);
    terminal.shows("SIGN-INS");
    let before = until("the first beats", Duration::from_secs(30), || {
        let line = newest(&data).filter(|line| line["seq"].as_u64() > Some(2))?;
        failed(&line)
    });

    lab.hydra(&lab.user, 12);
    // One beat is a second; the machine that tests may be busy.
    let line = until("the count", Duration::from_secs(20), || {
        newest(&data).filter(|line| failed(line) >= Some(before + 12))
    });
    assert_eq!(failed(&line), Some(before + 12), "not one more, not one less");
    let charged = line["score"]["deductions"]
        .as_array()
        .unwrap()
        .iter()
        .any(|row| row["group"] == "auth" && row["points"].as_u64() > Some(0));
    assert!(charged, "failed logins cost points: {}", line["score"]);

    let shown = home_soc::text::count(before + 12);
    let screen = until("the count on the Auth tab", Duration::from_secs(20), || {
        let screen = terminal.screen();
        let counts = screen.lines().find(|line| line.trim_start().starts_with("failed"))?;
        counts.contains(&format!(" {shown} ")).then(|| screen.clone())
    });
    assert!(screen.contains("127.0.0.1"), "{screen}");

    let home = tempfile::tempdir().unwrap();
    let out = home_soc(home.path(), &["--once", "--json"]);
    let document: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(document["metrics"]["failed_logins_24h"].as_u64(), Some(before + 12));
    assert_eq!(failed(&document), Some(before + 12));

    terminal.press(&["q"]);
    assert_eq!(terminal.ended(), 0);
    terminal.is_as_before();
}
