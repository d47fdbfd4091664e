//! What changes something: accepting a risk and signalling a process, from the key to what is asked for.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod stage;
mod story;

use chrono::TimeDelta;
use crossterm::event::KeyCode;
use home_soc::model::Status;
use home_soc::tui::app::{App, Effect, Looks};
use home_soc::tui::hands::{Signal, Standing, Target};
use home_soc::tui::keymap::{Action, Keymap};
use home_soc::tui::page::Tab;
use stage::{app, app_with, keys, open, picture, press};

/// The form for the worst finding, opened with a key.
fn form(key: &str) -> App {
    let mut app = app(story::attacked());
    open(&mut app, Tab::Findings);
    keys(&mut app, key);
    app
}

#[test]
fn a_risk_is_accepted_with_a_reason_for_good() {
    let mut app = form("o");
    let shown = picture(&mut app, 80, 24);
    assert!(shown.contains("Accept HS-") && shown.contains("costs no points"), "{shown}");
    assert_eq!(press(&mut app, KeyCode::Enter), [], "without a reason nothing happens");
    assert!(picture(&mut app, 80, 24).contains("say in some words"));
    keys(&mut app, "q is my own test");
    let effects = press(&mut app, KeyCode::Enter);
    let [Effect::Accept(id, acceptance)] = &effects[..] else { panic!("{effects:?}") };
    assert!(story::attacked().findings.iter().any(|finding| finding.id == *id));
    assert_eq!(acceptance.reason, "q is my own test");
    assert_eq!((acceptance.since, acceptance.until), (story::now(), None));
    assert!(!picture(&mut app, 80, 24).contains("Accept HS-"), "the form is closed");
    assert_eq!(keys(&mut app, "u"), [Effect::TakeBack(id.clone())], "u undoes the last one");
}

#[test]
fn a_risk_is_accepted_until_a_date_that_lies_ahead() {
    let mut app = form("O");
    keys(&mut app, "moving it");
    press(&mut app, KeyCode::Tab);
    assert!(picture(&mut app, 80, 24).contains("22 Dec 2026"), "{}", picture(&mut app, 80, 24));
    for _ in 0.."+30d".len() {
        press(&mut app, KeyCode::Backspace);
    }
    keys(&mut app, "2020-01-01");
    assert_eq!(press(&mut app, KeyCode::Enter), []);
    assert!(picture(&mut app, 80, 24).contains("must lie ahead"));
    for _ in 0.."2020-01-01".len() {
        press(&mut app, KeyCode::Backspace);
    }
    keys(&mut app, "+2d");
    let effects = press(&mut app, KeyCode::Enter);
    let [Effect::Accept(_, acceptance)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(acceptance.until, Some(story::now() + TimeDelta::days(2)));
}

#[test]
fn escape_leaves_the_form_and_nothing_is_accepted() {
    let mut app = form("o");
    keys(&mut app, "no");
    assert_eq!(press(&mut app, KeyCode::Esc), []);
    assert_eq!(app.tab(), Tab::Findings);
    assert!(!picture(&mut app, 80, 24).contains("Reason"));
}

#[test]
fn what_is_accepted_can_be_taken_back_from_its_row() {
    let mut snapshot = story::attacked();
    let id = snapshot.findings[0].id.clone();
    for finding in &mut snapshot.findings {
        finding.status = Status::Accepted;
    }
    let mut app = app(snapshot);
    open(&mut app, Tab::Findings);
    let effects = keys(&mut app, "u");
    assert!(matches!(&effects[..], [Effect::TakeBack(_)]), "{effects:?}");
    keys(&mut app, "o");
    assert!(picture(&mut app, 100, 30).contains("accepted already"), "{id}");
}

/// The process that deserves attention, asked to be held.
fn asked(app: &mut App) -> Target {
    open(app, Tab::Processes);
    let effects = keys(app, "K");
    let [Effect::Pin(target)] = &effects[..] else { panic!("{effects:?}") };
    target.clone()
}

#[test]
fn a_process_with_an_alert_is_paused_rather_than_ended() {
    let mut app = app(story::attacked());
    let target = asked(&mut app);
    assert_eq!((target.pid, target.name.as_str(), target.alert), (7719, "kdevtmp", true));
    app.pinned(target.clone(), Ok(Standing::default()), story::now());
    for (width, height) in [(200, 50), (80, 24), (40, 12), (20, 5), (1, 1)] {
        picture(&mut app, width, height);
    }
    let shown = picture(&mut app, 80, 24);
    assert!(shown.contains("▸ SIGSTOP") && shown.contains("kill -STOP 7719"), "{shown}");
    assert_eq!(press(&mut app, KeyCode::Enter), [Effect::Send(target, Signal::Stop)]);
    assert!(!picture(&mut app, 80, 24).contains("FROZEN"), "the list moves again");
}

#[test]
fn a_refusal_is_said_before_enter_and_nothing_is_sent() {
    let mut app = app(story::attacked());
    let target = asked(&mut app);
    let standing = Standing { refusal: Some("It belongs to another account.".to_owned()), caution: None };
    app.pinned(target, Ok(standing), story::now());
    let shown = picture(&mut app, 80, 24);
    assert!(shown.contains("another account") && shown.contains("sudo kill -STOP 7719"), "{shown}");
    assert_eq!(press(&mut app, KeyCode::Enter), []);
    press(&mut app, KeyCode::Down);
    assert_eq!(keys(&mut app, "y"), [Effect::Copy("sudo kill -TERM 7719".to_owned())]);
    press(&mut app, KeyCode::Esc);
    assert!(!picture(&mut app, 80, 24).contains("SIGTERM"));
}

#[test]
fn what_would_cut_the_own_branch_must_be_typed() {
    let mut app = app(story::attacked());
    let mut target = asked(&mut app);
    target.ours = true;
    app.pinned(target.clone(), Ok(Standing::default()), story::now());
    assert!(picture(&mut app, 80, 24).contains("your own session"));
    assert_eq!(press(&mut app, KeyCode::Enter), []);
    assert!(picture(&mut app, 80, 24).contains("type yes first"));
    keys(&mut app, "yes");
    assert_eq!(press(&mut app, KeyCode::Enter), [Effect::Send(target, Signal::Stop)]);
}

#[test]
fn a_process_that_is_gone_is_said_and_no_dialog_opens() {
    let mut app = app(story::attacked());
    let target = asked(&mut app);
    app.pinned(target, Err("process 7719 is gone".to_owned()), story::now());
    let shown = picture(&mut app, 80, 24);
    assert!(shown.contains("is gone") && !shown.contains("SIGTERM"), "{shown}");
}

#[test]
fn what_cannot_be_done_here_has_no_key_and_no_word() {
    let keymap =
        Keymap::default().without(&[Action::Accept, Action::AcceptUntil, Action::TakeBack, Action::Signal]);
    let mut app = app_with(Looks { keymap, ..Looks::default() }, story::attacked());
    open(&mut app, Tab::Processes);
    let before = picture(&mut app, 200, 50);
    assert!(!before.contains("signal") && !before.contains("I know"), "{before}");
    assert_eq!(keys(&mut app, "KoOu"), []);
    assert_eq!(picture(&mut app, 200, 50), before);
    keys(&mut app, "?");
    let help = picture(&mut app, 120, 120);
    assert!(!help.contains("pause or stop") && !help.contains("I know this"), "{help}");
}
