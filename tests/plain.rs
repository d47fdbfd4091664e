//! Without a screen: the report once, then a line for each change; and the themes as text.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as it must be"
)]

mod story;
mod suspect;
mod terminal;

use home_soc::model::{Level, SensorState, Status, Zone};
use home_soc::outputs::changes::Changes;
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;
use suspect::Suspect;
use terminal::{PROGRAM, Terminal, home_soc, until};

#[test]
fn every_change_is_one_line_and_what_stays_is_none() {
    let mut changes = Changes::new(Level::Info, Zone::utc());
    assert_eq!(changes.hear(&story::calm()), [""; 0], "the first beat is what the report told");
    assert_eq!(changes.hear(&story::calm()), [""; 0]);
    let lines = changes.hear(&story::attacked());
    let new = lines.iter().filter(|line| line.contains(" new: ")).count();
    let fresh = story::attacked().findings.iter().filter(|finding| finding.status == Status::Open).count();
    assert!(new > 0 && new <= fresh, "{lines:#?}");
    assert!(lines.iter().any(|line| line.starts_with("14:32:07 ALERT new: ")), "{lines:#?}");
    assert!(lines.last().unwrap().contains("score "), "{lines:#?}");
    assert!(lines.iter().all(|line| !line.contains('\n')));
    assert_eq!(changes.hear(&story::attacked()), [""; 0]);

    let mut seen = story::attacked();
    seen.findings[0].status = Status::Accepted;
    seen.sensors[0].state = SensorState::Blind;
    let lines = changes.hear(&seen).join("\n");
    assert!(lines.contains("accepted: ") && lines.contains("cannot see: "), "{lines}");
    let lines = changes.hear(&story::calm()).join("\n");
    assert!(lines.contains("over: ") && lines.contains("sees again: "), "{lines}");
}

#[test]
fn lower_levels_are_left_out() {
    let mut changes = Changes::new(Level::Alert, Zone::utc());
    changes.hear(&story::calm());
    let lines = changes.hear(&story::attacked());
    let new: Vec<&String> = lines.iter().filter(|line| line.contains(" new: ")).collect();
    assert!(!new.is_empty() && new.iter().all(|line| line.contains(" ALERT ")), "{lines:#?}");
}

#[test]
fn a_file_gets_the_report_and_then_what_changes() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("watched");
    let mut child = Command::new(PROGRAM)
        .args(["--watch", "--interval", "0.2", "--data-dir"])
        .arg(home.path().join("data"))
        .stdin(Stdio::null())
        .stdout(fs::File::create(&path).unwrap())
        .spawn()
        .unwrap();
    let told = || fs::read_to_string(&path).unwrap();
    let shows = |words: &str| {
        until(words, Duration::from_secs(30), || told().contains(words).then_some(()));
    };
    shows("From here on only what changes.");
    assert!(told().starts_with("Security score"), "{}", told());
    let suspect = Suspect::start("hsc");
    until("the new finding", Duration::from_secs(30), || {
        told().lines().any(|line| line.contains(" new: ") && line.contains(&suspect.name())).then_some(())
    });
    assert!(told().bytes().all(|byte| byte == b'\n' || byte >= 0x20), "no control bytes in a file");
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_that_leaves_ends_it_quietly_and_plain_ends_by_itself_in_a_pipe() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let watch = format!(
        "{PROGRAM} --watch --interval 0.1 --data-dir {} | head -1; echo ${{PIPESTATUS[0]}}",
        data.display()
    );
    let out = Command::new("timeout").args(["30", "bash", "-c", &watch]).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(text.starts_with("Security score") && text.trim_end().ends_with("\n0"), "{text}");

    let out = home_soc(home.path(), &["--plain"]);
    assert!(out.status.success());
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(text.starts_with("Security score") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_dumb_terminal_gets_lines_and_no_screen() {
    let terminal =
        Terminal::start(80, 24, &format!("TERM=dumb {PROGRAM} --interval 1 --data-dir $HOME/data"));
    terminal.shows("From here on only what changes. Enter tells all again, q and Enter ends.");
    terminal.press(&["q", "Enter"]);
    assert_eq!(terminal.ended(), 0);
    terminal.is_as_before();
    assert!(terminal.screen().contains("From here on"), "it never went to another screen");
}

#[test]
fn themes_are_listed_shown_and_their_mistakes_named() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".config/home-soc/themes");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("mine.toml"), "[tokens]\ntext = \"white on black\"\n").unwrap();
    let run = |args: &[&str]| {
        let out = Command::new(PROGRAM)
            .args(args)
            .env("HOME", home.path())
            .env_remove("XDG_CONFIG_HOME")
            .output()
            .unwrap();
        let [said, wrong] = [out.stdout, out.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        (out.status.code().unwrap(), said, wrong)
    };
    let (code, names, _) = run(&["themes"]);
    assert_eq!(code, 0);
    assert_eq!(names.lines().count(), 11);
    assert!(names.starts_with("mine\n") && names.contains("\ntokyo-night\n"), "{names}");
    let (code, shown, _) = run(&["themes", "--color", "true"]);
    assert!(code == 0 && shown.contains("ALERT") && shown.contains("38;2;"), "{shown}");
    let (code, sample, _) = run(&["themes", "nord", "--color", "true"]);
    assert!(code == 0 && sample.contains("meter_empty"), "{sample}");
    let (code, _, wrong) = run(&["themes", "nrod"]);
    assert!(code == 78 && wrong.contains("did you mean `nord`"), "{wrong}");

    fs::write(folder.join("mine.toml"), "[tokens]\ntext = \"white\"\nalrt = \"red\"\n").unwrap();
    for args in [&["themes", "mine"][..], &["--once", "--theme", "mine"], &["themes", "--color", "16"]] {
        let (code, _, wrong) = run(args);
        let right = wrong.contains("mine.toml, line 3") && wrong.contains("did you mean `alert`");
        assert!(code == 78 && right, "{args:?}: {code} {wrong}");
    }
}

#[test]
fn two_commands_on_one_key_are_refused_at_the_start() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.toml");
    let run = |text: &str| {
        fs::write(&config, text).unwrap();
        let out = home_soc(home.path(), &["config", "check", "--config", config.to_str().unwrap()]);
        (out.status.code().unwrap(), String::from_utf8(out.stderr).unwrap())
    };
    let (code, wrong) = run("[screen.keys]\nhelp = [\"F1\"]\nfreeze = [\"q\"]\n");
    assert_eq!(code, 78);
    for named in ["config.toml, line 3", "`freeze`", "`quit`"] {
        assert!(wrong.contains(named), "no {named} in {wrong}");
    }
    let (code, wrong) = run("[screen.keys]\nfreze = [\"x\"]\n");
    assert!(code == 78 && wrong.contains("line 2") && wrong.contains("did you mean `freeze`"), "{wrong}");
    assert_eq!(run("[screen]\npreset = \"htop\"\n").0, 0);
    let (code, wrong) = run("[screen]\npreset = \"htpo\"\n");
    assert!(code == 78 && wrong.contains("`htop`"), "{wrong}");
}
