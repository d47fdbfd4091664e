//! Keys that open something of their own: settings, log lines, names, costs, what was accepted; and clicks.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod stage;
mod story;

use chrono::TimeDelta;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use home_soc::config::Config;
use home_soc::model::{Acceptance, Band, Request, Status};
use home_soc::tui::app::{App, Effect, Looks, lines};
use home_soc::tui::hands::LogLine;
use home_soc::tui::page::Tab;
use home_soc::tui::theme;
use stage::{app, app_with, draw, keys, open, picture, press};
use std::sync::Arc;
use std::time::Duration;

fn click(app: &mut App, column: u16, row: u16) -> Vec<Effect> {
    let event = MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column,
        row,
        modifiers: KeyModifiers::NONE,
    };
    app.handle(&Event::Mouse(event), story::now())
}

/// The place of a text on the screen.
fn place(picture: &str, text: &str) -> (u16, u16) {
    let (row, line) = picture.lines().enumerate().find(|(_, line)| line.contains(text)).unwrap();
    let column = line.split(text).next().unwrap().chars().count();
    (column as u16, row as u16)
}

#[test]
fn settings_change_at_once_and_tell_the_lines_that_keep_them() {
    let themes = ["terminal", "nord"].map(|name| theme::load(name, &[]).unwrap()).into();
    let mut app = app_with(Looks { themes, ..Looks::default() }, story::attacked());
    open(&mut app, Tab::Processes);
    keys(&mut app, ",");
    assert!(picture(&mut app, 80, 24).contains("holds until you quit"));
    // The interval, from 10 s to 30 s.
    let asked = press(&mut app, KeyCode::Right);
    assert_eq!(asked, [Effect::Request(Request::Interval(Duration::from_secs(30)))]);
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Right);
    keys(&mut app, "j");
    press(&mut app, KeyCode::Enter);
    keys(&mut app, "jj");
    assert_eq!(keys(&mut app, " "), [Effect::Mouse(true)]);
    // The last column that can be hidden.
    keys(&mut app, "G");
    assert!(picture(&mut app, 100, 30).contains("WHY FLAGGED "));
    press(&mut app, KeyCode::Right);
    let shown = picture(&mut app, 100, 40);
    for line in ["interval_s = 30.0", "min_level = \"warning\"", "theme = \"nord\"", "mouse = true"] {
        assert!(shown.contains(line), "no `{line}` in\n{shown}");
    }
    let [Effect::Copy(kept)] = &keys(&mut app, "y")[..] else { panic!("nothing was copied") };
    let config = Config::parse(kept).unwrap();
    assert_eq!((config.interval_s, config.screen.theme.as_str()), (30.0, "nord"));
    assert!(config.screen.mouse && config.screen.hidden_columns == ["WHY FLAGGED"], "{kept}");
    press(&mut app, KeyCode::Esc);
    assert!(!picture(&mut app, 100, 30).contains("WHY FLAGGED"));
    // For small screens the panel scrolls, and it never panics.
    keys(&mut app, ",");
    for (width, height) in [(1, 1), (20, 5), (40, 12), (80, 24), (200, 50)] {
        keys(&mut app, "jG");
        picture(&mut app, width, height);
    }
}

#[test]
fn a_column_that_is_none_is_an_error_that_names_the_nearest() {
    let (line, why) = Config::parse("[screen]\nhidden_columns = [\"THRR\"]\n").unwrap_err();
    assert!(line == 2 && why.contains("`THR`"), "{line}: {why}");
    let kept = Config::parse("[screen]\nhidden_columns = [\"CPU%\"]\n");
    assert!(kept.is_err(), "what a list lives by is never hidden");
}

#[test]
fn log_lines_stand_behind_the_rows_of_every_list() {
    for (tab, to_row, wanted) in [
        (Tab::Network, "jjjjjjj", "198.51.100.23"),
        (Tab::Auth, "", "198.51.100.23"),
        (Tab::Logins, "", "root from 198.51.100.23"),
        (Tab::Findings, "j", "Log lines of"),
    ] {
        let mut app = app(story::attacked());
        open(&mut app, tab);
        picture(&mut app, 100, 30);
        keys(&mut app, to_row);
        keys(&mut app, "l");
        let shown = picture(&mut app, 100, 30);
        assert!(shown.contains("Log lines of") && shown.contains(wanted), "{tab:?}:\n{shown}");
    }
}

#[test]
fn the_journal_is_asked_for_a_process_and_its_words_do_no_harm() {
    let mut app = app_with(Looks { has_logs: true, ..Looks::default() }, story::attacked());
    open(&mut app, Tab::Processes);
    let [Effect::ReadLog(trail)] = &keys(&mut app, "l")[..] else { panic!("nothing was asked") };
    assert_eq!(trail.asks().unwrap().0, 7719);
    let line = LogLine { at: Some(story::now()), words: "x: --password=hunter2 \u{1b}[2J".into() };
    app.log_was_read(trail, &Ok(vec![line]), story::now());
    let shown = picture(&mut app, 100, 30);
    assert!(shown.contains("Log lines of 7719 kdevtmp") && shown.contains("^[[2J"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
    press(&mut app, KeyCode::Esc);
    app.log_was_read(trail, &Err("permission denied".to_owned()), story::now());
    assert!(picture(&mut app, 100, 30).contains("permission denied"));
    // Who is busy with something else is not called back.
    press(&mut app, KeyCode::Esc);
    keys(&mut app, "?");
    app.log_was_read(trail, &Ok(Vec::new()), story::now());
    assert!(!picture(&mut app, 100, 30).contains("Log lines of"));
    // Its words have no stand-ins.
    press(&mut app, KeyCode::Esc);
    keys(&mut app, "X");
    assert_eq!(keys(&mut app, "l"), []);
}

#[test]
fn names_are_asked_for_only_when_wanted_and_only_once() {
    let mut app = app(story::attacked());
    open(&mut app, Tab::Network);
    let asked = keys(&mut app, "d");
    let [Effect::LookUp(addresses)] = &asked[..] else { panic!("{asked:?}") };
    let intruder = "198.51.100.23".parse().unwrap();
    assert!(addresses.contains(&intruder) && !addresses.iter().any(std::net::IpAddr::is_loopback));
    assert_eq!(app.named(intruder, Some("evil\u{1b}.example".into()), story::now()), []);
    let shown = picture(&mut app, 200, 50);
    assert!(shown.contains("evil^[.example") && shown.contains("names: on"), "{shown}");
    assert_eq!(keys(&mut app, "d"), []);
    assert!(!picture(&mut app, 200, 50).contains("evil"));
    keys(&mut app, "d");
    app.nobody_names("the resolver gives no answer", story::now());
    assert!(picture(&mut app, 100, 30).contains("names off again: the resolver gives no answer"));
}

#[test]
fn the_palette_explains_rules_and_findings_and_tells_what_it_costs() {
    let explain: fn(&str) -> Result<String, String> = |asked| match asked {
        "HS-AUTH-004" => Ok("a page of words\n".to_owned()),
        _ => Err(format!("there is no rule {asked}")),
    };
    let mut app = app_with(Looks { explain, ..Looks::default() }, story::attacked());
    for (typed, wanted) in [
        (":explain hs-auth-004", "a page of words"),
        (":explain nothing", "there is no rule NOTHING"),
        (":stats", "of one core since the last beat"),
        (":mouse on", "mouse on"),
    ] {
        keys(&mut app, typed);
        press(&mut app, KeyCode::Enter);
        let shown = picture(&mut app, 100, 30);
        assert!(shown.contains(wanted), "{typed}:\n{shown}");
        press(&mut app, KeyCode::Esc);
    }
    let id = story::attacked().findings[0].id.as_str().to_owned();
    keys(&mut app, &format!(":explain {id}"));
    press(&mut app, KeyCode::Enter);
    assert!(picture(&mut app, 100, 30).contains("PROOF"));
}

#[test]
fn findings_are_narrowed_to_a_rule_and_to_what_was_accepted() {
    let mut snapshot = story::attacked();
    for finding in &mut snapshot.findings {
        finding.status = Status::Open;
    }
    snapshot.findings[1].status = Status::Accepted;
    snapshot.findings[1].accepted =
        Some(Acceptance { reason: "mine".into(), since: story::now(), until: None });
    let titles: Vec<String> = snapshot.findings.iter().map(|finding| finding.title.to_string()).collect();
    let mut app = app(snapshot);
    open(&mut app, Tab::Findings);
    keys(&mut app, "L");
    let shown = picture(&mut app, 160, 30);
    assert!(shown.contains(&titles[1]) && !shown.contains(&titles[0]), "{shown}");
    // The next problem is shown although the list was narrowed.
    keys(&mut app, "LF");
    assert!(picture(&mut app, 160, 30).contains("filter: rule:HS-"));
    press(&mut app, KeyCode::Enter);
    assert!(!picture(&mut app, 160, 30).contains(&titles[2]));
}

#[test]
fn memory_is_shown_in_bytes_or_in_percent_first() {
    let mut app = app(story::attacked());
    open(&mut app, Tab::Processes);
    let head =
        |app: &mut App| picture(app, 80, 24).lines().find(|line| line.contains("CPU%")).unwrap().to_owned();
    assert!(head(&mut app).contains("MEM%") && !head(&mut app).contains("RSS"));
    keys(&mut app, "%");
    assert!(head(&mut app).contains("RSS") && !head(&mut app).contains("MEM%"));
    keys(&mut app, "m");
    assert!(head(&mut app).contains("RSS▼"));
}

#[test]
fn rows_and_events_of_the_overview_are_selected_and_opened_by_keys_and_clicks() {
    for (width, height) in [(200, 50), (100, 30), (80, 24)] {
        let mut app = app(story::attacked());
        let (x, y) = place(&picture(&mut app, width, height), "root accepted");
        assert_eq!(click(&mut app, x, y), [], "the first click selects");
        assert!(!picture(&mut app, width, height).contains("Log lines"));
        click(&mut app, x, y);
        let opened = picture(&mut app, width, height);
        assert!(opened.contains("Log lines of 198.51.100.23"), "{width}x{height}:\n{opened}");
        press(&mut app, KeyCode::Esc);
        let (x, y) = place(&picture(&mut app, width, height), "redis-server is reachable");
        click(&mut app, x, y);
        click(&mut app, x, y);
        let opened = picture(&mut app, width, height);
        assert!(opened.contains("WHAT") && opened.contains("redis-server"), "{width}x{height}:\n{opened}");
    }
    // By keys: below the bill come the events, and back.
    let mut app = app(story::attacked());
    picture(&mut app, 100, 30);
    keys(&mut app, "G");
    press(&mut app, KeyCode::Enter);
    assert!(picture(&mut app, 100, 30).contains("Esc back"));
    press(&mut app, KeyCode::Esc);
    keys(&mut app, "g");
    press(&mut app, KeyCode::Enter);
    assert!(picture(&mut app, 100, 30).contains("sudo kill -STOP 7719"));
}

#[test]
fn what_a_filter_or_a_level_hides_is_never_said_to_be_absent() {
    for (tab, lie) in [
        (Tab::Auth, "Nothing needs your eyes"),
        (Tab::Logins, "Nobody is logged in"),
        (Tab::Logins, "No login is on record"),
        (Tab::Findings, "Nothing deserves"),
    ] {
        let mut app = app(story::attacked());
        open(&mut app, tab);
        keys(&mut app, "/nobodyhasthis");
        press(&mut app, KeyCode::Enter);
        for (width, height) in [(100, 30), (80, 24)] {
            let shown = picture(&mut app, width, height);
            assert!(!shown.contains(lie) && shown.contains("no row fits the filter"), "{tab:?}:\n{shown}");
        }
        press(&mut app, KeyCode::Esc);
    }
    let mut app = app(story::attacked());
    open(&mut app, Tab::Processes);
    keys(&mut app, "/redis");
    assert!(picture(&mut app, 80, 24).contains(" 1 of 1"));
}

#[test]
fn the_first_step_back_on_history_leads_back_wherever_in_its_column_now_is() {
    for second in (0..120).step_by(7) {
        let now = story::now() + TimeDelta::seconds(second);
        let mut app = app(story::calm());
        let mut snapshot = story::calm();
        snapshot.at = now;
        app.hear(Arc::new(snapshot), now);
        open(&mut app, Tab::History);
        draw(&mut app, 80, 24, now);
        app.handle(&Event::Key(KeyEvent::new(KeyCode::Left, KeyModifiers::NONE)), now);
        let shown = lines(&draw(&mut app, 80, 24, now));
        assert!(!shown.contains("cursor now"), "{second} s:\n{shown}");
        app.handle(&Event::Key(KeyEvent::new(KeyCode::Right, KeyModifiers::NONE)), now);
        assert!(lines(&draw(&mut app, 80, 24, now)).contains("cursor now"));
    }
}

#[test]
fn the_verdict_is_never_cut() {
    for (score, upper, word) in [
        (100, false, "ALL NORMAL"),
        (92, true, "AS FAR AS I SEE"),
        (61, true, "SOMETHING IS OFF"),
        (20, false, "ACT NOW"),
    ] {
        let mut snapshot = story::attacked();
        snapshot.score.value = score;
        snapshot.score.is_upper_bound = upper;
        snapshot.score.band = Band::of(score);
        let mut app = app(snapshot);
        for (width, height) in [(200, 50), (100, 30)] {
            let shown = picture(&mut app, width, height);
            assert!(shown.contains(word), "{word}:\n{shown}");
        }
    }
}
