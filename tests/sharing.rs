//! What leaves the screen for others: exports, the picture without names, and the mouse that points at it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod stage;
mod story;
mod terminal;

use crossterm::event::{Event, KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use home_soc::tui::app::{App, Effect};
use home_soc::tui::page::Tab;
use stage::{app, keys, open, picture, press};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use terminal::{PROGRAM, Terminal};

/// What an export holds, by how far down its menu it stands.
fn exported(app: &mut App, down: usize) -> (String, &'static str, String) {
    keys(app, "E");
    for _ in 0..down {
        press(app, KeyCode::Down);
    }
    let mut effects = press(app, KeyCode::Enter);
    let Some(Effect::Save(name, extension, text)) = effects.pop() else {
        panic!("nothing was to be written")
    };
    (name, extension, text)
}

#[test]
fn a_list_is_written_with_every_row_and_column() {
    let mut app = app(story::attacked());
    open(&mut app, Tab::Processes);
    let (name, extension, csv) = exported(&mut app, 0);
    assert_eq!((name.as_str(), extension), ("home-soc-processes-20261122-143207", "csv"));
    let head = csv.lines().next().unwrap();
    assert!(head.starts_with("PID,USER,CPU%") && head.ends_with("COMMAND"), "{head}");
    assert!(csv.lines().any(|line| line.starts_with("7719,root,")), "{csv}");
    let (_, _, json) = exported(&mut app, 1);
    let rows: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), csv.lines().count() - 1);
    let (_, extension, text) = exported(&mut app, 2);
    assert!(extension == "txt" && text.contains("kdevtmp"), "{text}");
}

#[test]
fn the_evidence_is_the_whole_document_of_the_moment() {
    let mut app = app(story::attacked());
    let (name, extension, text) = exported(&mut app, 1);
    assert!(name.starts_with("home-soc-evidence-") && extension == "json", "{name}");
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["schema"], "home-soc/snapshot");
    assert!(!document["findings"].as_array().unwrap().is_empty());
}

/// Names and addresses of the story.
const PRIVATE: [&str; 7] =
    ["anna", "nas01", "203.0.113.77", "203.0.113.140", "198.51.100.23", "2001:db8:7::", "backup"];

#[test]
fn a_redacted_picture_has_no_name_and_no_address_on_any_tab() {
    let mut app = app(story::attacked());
    let before = picture(&mut app, 200, 50);
    assert!(before.contains("nas01") && before.contains("198.51.100.23"));
    keys(&mut app, "X");
    press(&mut app, KeyCode::Esc);
    for tab in Tab::ALL {
        open(&mut app, tab);
        for key in ["", "\r", "e"] {
            match key {
                "\r" => drop(press(&mut app, KeyCode::Enter)),
                key => drop(keys(&mut app, key)),
            }
            let shown = picture(&mut app, 200, 50);
            assert!(shown.contains("REDACTED"), "{shown}");
            for private in PRIVATE {
                assert!(!shown.contains(private), "{private} on {tab:?}:\n{shown}");
            }
            press(&mut app, KeyCode::Esc);
        }
    }
    open(&mut app, Tab::Findings);
    assert!(!exported(&mut app, 3).2.contains("nas01"), "what is exported then is redacted, too");
    open(&mut app, Tab::Overview);
    keys(&mut app, "X");
    assert!(picture(&mut app, 200, 50).contains("nas01"));
}

#[test]
fn what_is_redacted_can_still_be_accepted() {
    let mut app = app(story::attacked());
    keys(&mut app, "X7o");
    keys(&mut app, "mine");
    let effects = press(&mut app, KeyCode::Enter);
    let [Effect::Accept(id, _)] = &effects[..] else { panic!("{effects:?}") };
    assert!(story::attacked().findings.iter().any(|finding| finding.id == *id));
}

fn mouse(app: &mut App, kind: MouseEventKind, column: u16, row: u16) -> Vec<Effect> {
    app.handle(&Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }), story::now())
}

/// The place of a text on the screen.
fn place(shown: &str, text: &str) -> (u16, u16) {
    let (row, line) = shown.lines().enumerate().find(|(_, line)| line.contains(text)).unwrap();
    (line[..line.find(text).unwrap()].chars().count() as u16, row as u16)
}

#[test]
fn a_click_goes_where_it_points() {
    let click = MouseEventKind::Down(MouseButton::Left);
    let mut app = app(story::attacked());
    for tab in Tab::ALL.into_iter().rev() {
        let (x, y) = place(&picture(&mut app, 100, 30), tab.title());
        mouse(&mut app, click, x, y);
        assert_eq!(app.tab(), tab);
    }
    open(&mut app, Tab::Processes);
    let (x, y) = place(&picture(&mut app, 200, 50), "firefox-esr");
    mouse(&mut app, click, x, y);
    let shown = picture(&mut app, 200, 50);
    assert!(shown.lines().nth(usize::from(y)).unwrap().starts_with('▌'), "{shown}");
    mouse(&mut app, click, x, y);
    assert!(picture(&mut app, 200, 50).contains("Esc back"), "a second click opens it");
    press(&mut app, KeyCode::Esc);
    let (x, y) = place(&picture(&mut app, 200, 50), "CPU%");
    mouse(&mut app, click, x, y);
    assert!(picture(&mut app, 200, 50).contains("sort: CPU%"));
    mouse(&mut app, MouseEventKind::ScrollDown, x, y);
    mouse(&mut app, MouseEventKind::Moved, 3, 3);
    for (x, y) in [(0, 0), (199, 49), (65_535, 65_535), (5, 1)] {
        mouse(&mut app, click, x, y);
        picture(&mut app, 200, 50);
    }
}

#[test]
fn the_mouse_is_off_until_it_is_asked_for_and_never_sends_every_motion() {
    let terminal = Terminal::start(100, 30, &format!("{PROGRAM} --interval 1 --data-dir $HOME/data"));
    terminal.shows("SECURITY SCORE");
    let flags = || {
        terminal
            .ask("#{mouse_standard_flag}#{mouse_button_flag}#{mouse_all_flag}#{mouse_sgr_flag}")
            .trim()
            .to_owned()
    };
    assert_eq!(flags(), "0000");
    terminal.press(&["F8"]);
    terminal.shows("mouse on");
    // tmux keeps the last of the modes of one kind.
    assert_eq!(flags(), "0101");
    terminal.press(&["F8"]);
    terminal.shows("mouse off");
    assert_eq!(flags(), "0000");
    terminal.press(&["E", "Enter"]);
    let shown = terminal.shows("written: ");
    let path = shown.split("written: ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    terminal.press(&["F8", "q"]);
    assert_eq!(terminal.ended(), 0);
    terminal.is_as_before();
    assert_eq!(flags(), "0000", "the mouse is given back");
    let exports = terminal.file("data/exports");
    assert!(path.contains("exports"), "{path}");
    let file = fs::read_dir(&exports).unwrap().next().unwrap().unwrap().path();
    assert_eq!(fs::metadata(&exports).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(&file).unwrap().contains("SECURITY SCORE"));
}

#[test]
fn the_mouse_can_be_on_from_the_beginning() {
    let out = Command::new(PROGRAM).args(["--help"]).output().unwrap();
    assert!(String::from_utf8_lossy(&out.stdout).contains("--mouse"));
    let terminal = Terminal::start(100, 30, &format!("{PROGRAM} --mouse --interval 1 --data-dir $HOME/data"));
    terminal.shows("SECURITY SCORE");
    assert_eq!(terminal.ask("#{mouse_button_flag}#{mouse_all_flag}").trim(), "10");
}
