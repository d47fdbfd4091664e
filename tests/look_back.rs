//! The past as people see it: the program in a terminal over a record of thirty days, at two sizes.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, reason = "a test")]

mod beats;
mod terminal;

use beats::{beat_at, finding, process};
use chrono::{DateTime, TimeDelta, Utc};
use home_soc::model::{Level, Zone};
use home_soc::outputs::Output as _;
use home_soc::outputs::journal::{Opened, Record, Settings};
use std::path::Path;
use std::sync::Arc;
use terminal::{PROGRAM, Terminal, home_soc};

/// Thirty days that end now: every ten minutes a beat, in the last three hours every ten seconds. From 130 to 110
/// minutes ago a program ran that is gone since, and an alert was open.
fn thirty_days(dir: &Path) -> DateTime<Utc> {
    let now = Utc::now();
    let begin = now - TimeDelta::days(30);
    let opened = Record::open(dir, Settings::default(), Zone::Local, begin).unwrap();
    let Opened::Writer(mut record) = opened else { panic!("somebody else writes") };
    let mut at = begin;
    for seq in 1.. {
        at += if now - at > TimeDelta::hours(3) { TimeDelta::minutes(10) } else { TimeDelta::seconds(10) };
        if at >= now {
            break;
        }
        let mut beat = beat_at(seq, at);
        let ago = (now - at).num_minutes();
        if (110..130).contains(&ago) {
            let mut intruder = process(7719, 48.0);
            Arc::make_mut(&mut intruder.program).name = "kdevtmp".into();
            Arc::make_mut(&mut intruder.program).cmdline = Some("/dev/shm/.x/kdevtmp".into());
            beat.readings.processes =
                Some(Arc::new((1..=90).map(|pid| process(pid, 1.0)).chain([intruder]).collect()));
            beat.findings.push(finding("HS-AUTH-004", Level::Alert, now - TimeDelta::minutes(130)));
        }
        record.hear(&Arc::new(beat)).unwrap();
    }
    record.close(now).unwrap();
    now
}

#[test]
fn a_moment_of_two_hours_ago_is_printed_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    let now = thirty_days(&home.path().join("data"));
    let out = home_soc(home.path(), &["--at", "-2h", "--once"]);
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(
        out.status.success() && text.contains("root logged in from an address never seen before"),
        "{text}"
    );
    assert_eq!(String::from_utf8_lossy(&out.stderr), "");
    let out = home_soc(home.path(), &["--at", "-2h", "--once", "--json"]);
    let document: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    let time = DateTime::parse_from_rfc3339(document["time"].as_str().unwrap()).unwrap().to_utc();
    let off = (time - (now - TimeDelta::hours(2))).num_seconds();
    assert!((-15..60).contains(&off), "{off} s off");

    // Ten minutes lie between two beats of yesterday: what is shown is not what was asked for, and says so.
    let asked = (now - TimeDelta::hours(30)).to_rfc3339();
    let out = home_soc(home.path(), &["--at", &asked, "--once"]);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(
        out.status.success() && (said.is_empty() || said.contains("the last moment before it")),
        "{said}"
    );
    let out = home_soc(home.path(), &["--at", "-40d", "--once"]);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(!out.status.success() && said.contains("no moment so old"), "{said}");
    assert_eq!(home_soc(home.path(), &["--at", "soonish", "--once"]).status.code(), Some(64));
}

#[test]
fn every_tab_shows_the_moment_and_a_point_returns_at_both_sizes() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    thirty_days(&data);
    for (columns, rows) in [(100, 30), (80, 24)] {
        let command = format!("{PROGRAM} --interval 1 --data-dir {} --at -2h", data.display());
        let terminal = Terminal::start(columns, rows, &command);
        terminal.shows("LOOKING BACK");
        terminal.shows("root logged in from an address never");
        terminal.press(&["2"]);
        terminal.shows("kdevtmp");
        for tab in ["3", "4", "5", "6", "7"] {
            terminal.press(&[tab]);
            terminal.shows("LOOKING BACK");
        }
        terminal.press(&["."]);
        let live = terminal.shows("live 1s");
        assert!(!live.contains("LOOKING BACK"), "{live}");

        // The same by the History page, with the whole stretch before it.
        terminal.press(&["6", "Z", "Z"]);
        terminal.shows("range 24 h");
        terminal.press(&["Z", "Z", "Z"]);
        terminal.shows("range 30 days");
        terminal.press(&["z", "z", "z", "z", "t"]);
        terminal.shows("Go to a time");
        terminal.press(&["-", "2", "h", "Enter"]);
        terminal.shows("WHAT CHANGED AROUND");
        terminal.shows("Events");
        terminal.shows("■ root logged in from an address never");
        terminal.press(&["Enter"]);
        terminal.shows("LOOKING BACK");
        terminal.press(&["2"]);
        terminal.shows("kdevtmp");
        terminal.press(&["Escape"]);
        terminal.shows("live 1s");
        terminal.press(&["q"]);
        assert_eq!(terminal.ended(), 0);
        terminal.is_as_before();
    }
}
