//! The screen as people see it: every tab, on four machines, at six sizes; every key; every byte.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod stage;
mod story;

use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use home_soc::model::{
    Column, Columns, Deduction, FindingId, Level, LoginKind, Metric, Numbers, Request, Snapshot, Span,
};
use home_soc::outputs::journal::{AlertEvent, Change, Stored};
use home_soc::tui::app::{App, Chart, Effect, Looks, lines};
use home_soc::tui::glyphs;
use home_soc::tui::keymap::{Action, KEYMAP};
use home_soc::tui::page::Tab;
use home_soc::tui::past::{Kept, Past, Recalled, Stretch, Told, Trend};
use home_soc::tui::theme;
use home_soc::tui::wire::Wire;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use stage::{app, app_with, draw, keys, open, picture, press};
use std::sync::Arc;
use std::time::Duration;

const SIZES: [(u16, u16); 6] = [(200, 50), (100, 30), (80, 24), (40, 12), (20, 5), (1, 1)];

#[test]
fn every_tab_on_every_machine_at_every_size() {
    for (name, snapshot) in story::all() {
        let mut app = app(snapshot);
        for tab in Tab::ALL {
            open(&mut app, tab);
            // The smallest sizes look the same on every tab.
            let sizes = if tab == Tab::Overview { &SIZES[..] } else { &SIZES[..4] };
            let pictures: Vec<String> = sizes
                .iter()
                .map(|(width, height)| format!("== {width}x{height}\n{}", picture(&mut app, *width, *height)))
                .collect();
            insta::assert_snapshot!(format!("{name}-{}", tab.title()), pictures.join("\n"));
        }
    }
}

#[test]
fn no_size_panics_and_none_is_refused() {
    // Every size from 0x0 to 200x60 in the long run, a net of them in the quick one.
    let all = std::env::var_os("HOME_SOC_LONG").is_some();
    for (_, snapshot) in story::all() {
        let mut app = app(snapshot);
        for tab in Tab::ALL {
            open(&mut app, tab);
            for height in (0..=60).step_by(if all { 1 } else { 6 }).chain([1, 2, 3, 4]) {
                for width in (0..=200)
                    .step_by(if all { 1 } else { 13 })
                    .chain([1, 2, 3, 4, 5, 39, 40, 59, 60, 79, 80, 99, 100, 139, 140])
                {
                    let picture = picture(&mut app, width, height);
                    assert!(!picture.contains("too small"));
                }
            }
        }
    }
}

#[test]
fn no_popup_panics_at_any_size() {
    for popup in ["?", ":", "C", "e", "s", "n"] {
        for (width, height) in [(1, 1), (3, 2), (4, 3), (5, 9), (20, 5), (40, 12), (80, 24), (200, 60)] {
            let mut app = app(story::attacked());
            open(&mut app, Tab::Processes);
            keys(&mut app, popup);
            picture(&mut app, width, height);
            keys(&mut app, "jjG");
            picture(&mut app, width, height);
        }
    }
}

#[test]
fn every_key_in_the_help_does_something_on_the_tabs_that_list_it() {
    for tab in Tab::ALL {
        for binding in KEYMAP.iter().filter(|binding| binding.on.contains(&tab)) {
            for chord in binding.keys {
                let mut app = ready(tab, binding.action);
                let before = picture(&mut app, 120, 30);
                let modifiers = if chord.ctrl { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
                let effects = app.handle(&Event::Key(KeyEvent::new(chord.code, modifiers)), story::now());
                let after = picture(&mut app, 120, 30);
                assert!(
                    before != after || !effects.is_empty() || app.tab() != tab,
                    "{chord} ({}) does nothing on {tab:?}",
                    binding.command
                );
            }
        }
    }
}

/// A screen on which the action can be seen: something to move to, to leave, to turn round.
fn ready(tab: Tab, action: Action) -> App {
    let mut looks = Looks { has_record: true, min_level: Level::Alert, ..Looks::default() };
    looks.themes = ["dark", "light"].map(|name| theme::load(name, &[]).unwrap()).into();
    looks.interval = Duration::from_secs(5);
    if action != Action::Show(Level::Info) {
        looks.min_level = Level::Info;
    }
    let mut app = app_with(looks, crowded());
    open(&mut app, tab);
    picture(&mut app, 120, 30);
    match action {
        Action::Go(to) if to == tab => open(&mut app, tab.step(1)),
        Action::Up | Action::PageUp | Action::HalfUp | Action::First => drop(keys(&mut app, "G")),
        Action::Right | Action::JumpRight | Action::Last if tab == Tab::History => {
            drop(keys(&mut app, "{{{"));
        }
        Action::Last if tab != Tab::History => drop(keys(&mut app, "g")),
        Action::Back | Action::Live => drop(keys(&mut app, " ")),
        Action::Attention => drop(keys(&mut app, ">")),
        Action::ScrollLeft => drop(press(&mut app, KeyCode::Right)),
        _ => {}
    }
    app
}

/// The attacked machine with so many rows that every list scrolls.
fn crowded() -> Snapshot {
    let mut snapshot = story::attacked();
    let more = snapshot.findings.clone();
    for (at, finding) in more.iter().cycle().take(40).enumerate() {
        let mut finding = finding.clone();
        finding.id = FindingId::parse(&format!("{}:{at}", finding.rule));
        finding.title = format!("{} ({at})", finding.title).as_str().into();
        snapshot.score.deductions.push(Deduction {
            finding: Some(finding.id.clone()),
            points: 0,
            group: None,
            title: finding.title.clone(),
            recovers: None,
        });
        snapshot.findings.push(finding);
    }
    snapshot
}

#[test]
fn the_footer_and_the_help_show_the_keys_of_the_table() {
    for tab in Tab::ALL {
        let mut app = app(story::calm());
        open(&mut app, tab);
        let footer = picture(&mut app, 300, 40).lines().last().unwrap().to_owned();
        for binding in KEYMAP.iter().filter(|binding| binding.on.contains(&tab)) {
            if let Some(word) = binding.footer {
                assert!(footer.contains(word), "{tab:?}: no `{word}` in {footer}");
            }
        }
        keys(&mut app, "?");
        let help = picture(&mut app, 120, 120);
        for binding in KEYMAP.iter().filter(|binding| binding.on.contains(&tab) && !binding.keys.is_empty()) {
            assert!(help.contains(binding.says), "{tab:?}: no `{}` in the help", binding.says);
        }
    }
}

#[test]
fn help_and_quit_stay_in_the_footer_down_to_forty_columns() {
    let mut app = app(story::attacked());
    for width in 40..=200 {
        let footer = picture(&mut app, width, 30).lines().last().unwrap().to_owned();
        assert!(footer.contains('?') && footer.contains('q'), "{width}: {footer}");
    }
}

#[test]
fn an_upper_bound_is_never_shown_as_a_plain_score() {
    let mut app = app(story::blind());
    for tab in Tab::ALL {
        open(&mut app, tab);
        for (width, height) in &SIZES[..5] {
            let picture = picture(&mut app, *width, *height);
            assert!(picture.contains("≤92"), "{tab:?} at {width}x{height}:\n{picture}");
        }
    }
}

#[test]
fn what_cannot_be_seen_is_said_and_never_drawn_as_zero() {
    let mut app = app(story::blind());
    open(&mut app, Tab::Auth);
    let auth = picture(&mut app, 100, 30);
    for wanted in ["I CANNOT SEE", "permission denied", "sudo usermod -aG systemd-journal anna", "4 Auth ?"] {
        assert!(auth.contains(wanted), "no `{wanted}` in\n{auth}");
    }
    for tab in [Tab::Processes, Tab::Network, Tab::Logins] {
        open(&mut app, tab);
        let picture = picture(&mut app, 100, 30);
        assert!(picture.contains("I CANNOT SEE"), "{picture}");
        assert!(!picture.contains(" 0 "), "{picture}");
    }
}

#[test]
fn a_frozen_picture_does_not_move_by_one_byte() {
    let mut app = app(story::attacked());
    keys(&mut app, " ");
    let frozen = draw(&mut app, 80, 24, story::now());
    assert!(lines(&frozen).contains("FROZEN"));
    let mut wire = Wire::default();
    for beat in 1..20 {
        let now = story::now() + TimeDelta::seconds(10 * beat);
        let mut next = story::calm();
        next.at = now;
        app.hear(Arc::new(next), now);
        assert!(!app.is_dirty());
        let mut out = Vec::new();
        wire.encode(&frozen, &draw(&mut app, 80, 24, now), None, &mut out);
        assert_eq!(out, b"");
    }
    keys(&mut app, ".");
    assert!(picture(&mut app, 80, 24).contains(" NORMAL"));
}

#[test]
fn a_frame_stays_within_its_budget_of_bytes() {
    for (width, height, budget) in [(80, 24, 2_000), (100, 30, 3_000), (200, 50, 6_000)] {
        for tab in Tab::ALL {
            let mut app = app(story::attacked());
            open(&mut app, tab);
            let mut wire = Wire::default();
            let mut before = Buffer::empty(Rect::new(0, 0, width, height));
            let mut sent = Vec::new();
            for beat in 0..12 {
                let now = story::now() + TimeDelta::seconds(10 * beat);
                app.hear(Arc::new(moved(now, beat as u64)), now);
                let after = draw(&mut app, width, height, now);
                let mut out = Vec::new();
                wire.encode(&before, &after, None, &mut out);
                before = after;
                sent.push(out.len());
            }
            // The first frame fills the screen; those after it are what the line carries.
            let most = sent[2..].iter().max().unwrap();
            assert!(*most <= budget, "{tab:?} at {width}x{height}: {sent:?}");
        }
    }
}

/// The attacked machine a while later: every figure has moved.
fn moved(now: DateTime<Utc>, beat: u64) -> Snapshot {
    let mut snapshot = story::attacked();
    snapshot.at = now;
    let wave = (beat * 37 % 50) as f64;
    let system = &mut snapshot.readings.system;
    system.cpu.as_mut().unwrap().used_pct = Some(20.0 + wave);
    system.load.as_mut().unwrap().one_min = 0.4 + wave / 100.0;
    system.memory.as_mut().unwrap().used_pct = 46.0 + wave / 10.0;
    for link in system.interfaces.as_mut().unwrap() {
        link.rx_bytes_per_s = Some(1000.0 * wave);
        link.tx_bytes_per_s = Some(100.0 * wave);
    }
    for process in Arc::make_mut(snapshot.readings.processes.as_mut().unwrap()) {
        let own = f32::from((process.program.pid % 7) as u8);
        process.cpu_pct = Some((wave as f32 * own) % 50.0);
        process.rss_bytes += beat * 70_000 * u64::from(process.program.pid % 5);
    }
    snapshot
}

#[test]
fn old_news_is_said_to_be_old() {
    let mut app = app(story::calm());
    let later = story::now() + TimeDelta::seconds(90);
    let tick = app.next_tick(story::now()).unwrap();
    assert!(tick < later);
    app.tick(later);
    assert!(app.is_dirty());
    assert!(lines(&draw(&mut app, 100, 30, later)).contains("NO NEWS FOR 1m"));
}

#[test]
fn a_filter_is_tried_while_it_is_typed_and_a_wrong_one_keeps_the_last_good_result() {
    let mut app = app(story::attacked());
    open(&mut app, Tab::Processes);
    keys(&mut app, "/user:root");
    let root = picture(&mut app, 100, 30);
    assert!(root.contains("kdevtmp") && !root.contains("firefox"), "{root}");
    app.handle(&Event::Paste(" cpu>x".to_owned()), story::now());
    let wrong = picture(&mut app, 100, 30);
    assert!(
        wrong.contains("needs a number") && wrong.contains("kdevtmp") && !wrong.contains("firefox"),
        "{wrong}"
    );
    press(&mut app, KeyCode::Esc);
    assert!(picture(&mut app, 100, 30).contains("firefox"));
    keys(&mut app, "/firefox");
    press(&mut app, KeyCode::Enter);
    assert!(picture(&mut app, 100, 30).contains("filter: firefox"));
    press(&mut app, KeyCode::Esc);
    let all = picture(&mut app, 100, 30);
    assert!(all.contains("7719 root"), "{all}");
}

#[test]
fn the_next_problem_is_found_on_whatever_tab_it_is() {
    let mut app = app(story::attacked());
    let mut tabs = Vec::new();
    for _ in 0..5 {
        keys(&mut app, "n");
        tabs.push(app.tab());
    }
    assert_eq!(tabs, [Tab::Processes, Tab::Auth, Tab::Network, Tab::Findings, Tab::Findings]);
    keys(&mut app, "N");
    assert_eq!(app.tab(), Tab::Findings);
}

#[test]
fn the_selection_stays_on_its_row_while_the_list_moves() {
    let mut app = app(story::attacked());
    open(&mut app, Tab::Processes);
    keys(&mut app, "jj");
    let selected = |app: &mut App| {
        let picture = picture(app, 100, 30);
        picture.lines().find(|line| line.starts_with('▌')).unwrap()[..20].to_owned()
    };
    let before = selected(&mut app);
    for beat in 1..5 {
        app.hear(Arc::new(moved(story::now(), beat)), story::now());
        assert_eq!(selected(&mut app), before);
    }
}

#[test]
fn the_command_of_a_finding_can_be_copied_and_nothing_else_gets_into_it() {
    let mut app = app(story::attacked());
    assert_eq!(keys(&mut app, "Y"), [Effect::Copy("sudo kill -STOP 7719".to_owned())]);
    open(&mut app, Tab::Auth);
    press(&mut app, KeyCode::Enter);
    assert_eq!(keys(&mut app, "Y"), [Effect::Copy("sudo loginctl terminate-session 41".to_owned())]);
}

#[test]
fn the_attacker_and_what_to_do_are_three_keys_away() {
    let mut app = app(story::attacked());
    keys(&mut app, "n");
    keys(&mut app, "n");
    press(&mut app, KeyCode::Enter);
    let story = picture(&mut app, 80, 24);
    assert!(story.contains("sudo loginctl terminate-session 41"), "{story}");
}

#[test]
fn plain_text_holds_every_row() {
    let mut app = app(crowded());
    open(&mut app, Tab::Findings);
    let Some(Effect::Plain(text)) = keys(&mut app, "v").pop() else { panic!("no plain text") };
    assert!(text.contains("(39)"), "{text}");
}

#[test]
fn ascii_screens_are_ascii() {
    let looks = || Looks { glyphs: &glyphs::ASCII, ..Looks::default() };
    for (name, mut snapshot) in story::all() {
        snapshot.host.name = "日本-naś\u{301}".into();
        let mut app = app_with(looks(), snapshot);
        for tab in Tab::ALL {
            open(&mut app, tab);
            for (width, height) in SIZES {
                let picture = picture(&mut app, width, height);
                assert!(picture.is_ascii(), "{name} {tab:?}:\n{picture}");
            }
        }
        keys(&mut app, "?");
        assert!(picture(&mut app, 80, 24).is_ascii());
    }
    let mut app = app_with(looks(), story::attacked());
    insta::assert_snapshot!("ascii", picture(&mut app, 100, 30));
}

#[test]
fn hostile_names_never_become_control_bytes() {
    let hostile = [
        "\u{1b}[2J\u{1b}]0;x\u{7}",
        "\u{9b}31m",
        "a\u{202e}b\u{2066}c",
        "日本語日本語日本語日本語",
        "e\u{301}\u{301}\u{301}\u{301}",
        "\u{200b}\u{feff}",
        "🧨👩\u{200d}👩\u{200d}👧",
        "\t\n\r\0",
        "ﷺ",
        "ｗｉｄｅ",
        "\u{1f3f4}\u{e0067}\u{e007f}",
    ];
    for name in hostile {
        let name: home_soc::model::Safe = name.into();
        let mut snapshot = story::attacked();
        snapshot.host.name = name.clone();
        for finding in &mut snapshot.findings {
            finding.title = name.clone();
            finding.why = name.clone();
            finding.evidence[0].text = name.clone();
        }
        for process in Arc::make_mut(snapshot.readings.processes.as_mut().unwrap()) {
            let program = Arc::make_mut(&mut process.program);
            (program.name, program.cmdline, program.user) =
                (name.clone(), Some(name.clone()), Some(name.clone()));
        }
        for source in &mut snapshot.sign_ins.as_mut().unwrap().sources {
            source.names = vec![name.clone()];
            source.address = name.clone();
        }
        let mut app = app(snapshot);
        for tab in Tab::ALL {
            open(&mut app, tab);
            for (width, height) in SIZES {
                let frame = draw(&mut app, width, height, story::now());
                let mut out = Vec::new();
                Wire::default().encode(&Buffer::empty(frame.area), &frame, None, &mut out);
                assert_only_our_sequences(&String::from_utf8(out).unwrap());
            }
        }
    }
}

/// Lets through printable text and the sequences that we send: places, looks, erasures, the synchronised update.
fn assert_only_our_sequences(sent: &str) {
    let mut rest = sent;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c == '\u{1b}' {
            let end = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap();
            let (parameters, after) = rest.split_at(end);
            let body = parameters.strip_prefix('[').unwrap_or_else(|| panic!("ESC {parameters:?}"));
            let known = matches!(&after[..1], "H" | "C" | "m" | "K" | "X") || body == "?2026";
            assert!(
                known && body.chars().all(|c| c.is_ascii_digit() || ";?".contains(c)),
                "ESC {parameters}{after}"
            );
            rest = &after[1..];
        } else {
            assert!(!c.is_control(), "{c:?}");
            assert!(
                !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'),
                "{c:?}"
            );
        }
    }
}

#[test]
fn a_terminal_shows_what_was_drawn() {
    for (width, height) in [(80, 24), (200, 50), (33, 12)] {
        let mut terminal = vt100::Parser::new(height.try_into().unwrap(), width.try_into().unwrap(), 0);
        let mut wire = Wire::default();
        let mut before = Buffer::empty(Rect::new(0, 0, width, height));
        let mut app = app(story::attacked());
        for key in "1234567?\u{1b}1n2jj3C\u{1b}67".chars() {
            let code = if key == '\u{1b}' { KeyCode::Esc } else { KeyCode::Char(key) };
            press(&mut app, code);
            let after = draw(&mut app, width, height, story::now());
            let mut out = Vec::new();
            wire.encode(&before, &after, None, &mut out);
            terminal.process(&out);
            let rows: Vec<String> =
                terminal.screen().rows(0, width).map(|row| row.trim_end().to_owned()).collect();
            assert_eq!(rows.join("\n").trim_end(), lines(&after).trim_end(), "after {key}");
            for place in after.area.positions() {
                let shown = terminal.screen().cell(place.y, place.x).unwrap();
                let reversed = after[place].modifier.contains(Modifier::REVERSED);
                assert_eq!(shown.inverse(), reversed, "{place} after {key} at {width}x{height}");
            }
            before = after;
        }
    }
}

#[test]
fn history_draws_gaps_as_gaps() {
    let looks = Looks { has_record: true, ..Looks::default() };
    let mut app = app_with(looks, story::calm());
    open(&mut app, Tab::History);
    picture(&mut app, 100, 30);
    let effects = app.handle(&Event::Resize(100, 30), story::now());
    let Some(Effect::Load(Chart::History, stretch)) = effects.last().cloned() else { panic!("{effects:?}") };
    let column = |place: usize, score: f64| {
        let mut spans = Numbers::UNSEEN;
        for (metric, value) in [(Metric::Score, score), (Metric::CpuLoad, 1.0), (Metric::CpuUsedPct, 50.0)] {
            spans.set(metric, Some(Span::of(value)));
        }
        Some(Column { at: stretch.from + stretch.step() * place as i32, beats: 1, spans })
    };
    let mut columns = vec![None; stretch.columns];
    for (place, cell) in columns.iter_mut().enumerate().take(35).skip(6) {
        *cell = column(place, 82.0);
    }
    columns[57] = column(57, 37.0);
    let event = |minutes, change| AlertEvent {
        at: story::now() - TimeDelta::minutes(minutes),
        change,
        id: None,
        title: "root logged in from an address never seen before".into(),
    };
    let told = Told {
        columns: Columns { columns, ..Columns::default() },
        events: vec![event(30, Change::Opened), event(20, Change::Closed)],
        stored: Stored { since: Some(story::now() - TimeDelta::days(31)), bytes: 58 << 20 },
    };
    app.remember(Chart::History, stretch, Ok(told));
    insta::assert_snapshot!("history-with-a-record", picture(&mut app, 100, 30));
    keys(&mut app, "{{{");
    app.remember(
        Chart::History,
        Stretch { columns: 7, ..stretch },
        Err("an answer that is too late".to_owned()),
    );
    insta::assert_snapshot!("history-with-a-cursor", picture(&mut app, 100, 30));
    app.remember(Chart::History, stretch, Err("the record is damaged".to_owned()));
    assert!(picture(&mut app, 100, 30).contains("the record is damaged"));
}

#[test]
fn enter_on_history_shows_every_tab_of_then_and_a_point_returns() {
    let mut app = app_with(Looks { has_record: true, ..Looks::default() }, story::calm());
    open(&mut app, Tab::History);
    picture(&mut app, 100, 30);
    assert_eq!(press(&mut app, KeyCode::Enter), [], "the cursor is at the present");
    keys(&mut app, "{{");
    let effects = press(&mut app, KeyCode::Enter);
    let [Effect::Recall(asked)] = effects[..] else { panic!("{effects:?}") };
    let mut then = story::attacked();
    then.at = asked - TimeDelta::seconds(3);
    let recalled = |snapshot: Snapshot| Recalled {
        snapshot: Arc::new(snapshot),
        kept: Kept { processes: Some(231), connections: Some(300) },
        trend: Trend::default(),
        day: Past::None,
    };
    app.recall(asked, Ok(Some(recalled(then.clone()))), story::now());
    let clock = then.at.format("%H:%M:%S").to_string();
    for tab in Tab::ALL {
        open(&mut app, tab);
        for (width, height) in [(100, 30), (80, 24)] {
            let shown = picture(&mut app, width, height);
            assert!(shown.contains(&format!("LOOKING BACK {clock}")), "{shown}");
            // The clock of the header goes on.
            assert!(shown.lines().next().unwrap().contains("14:32"), "{shown}");
        }
    }
    open(&mut app, Tab::Processes);
    assert!(picture(&mut app, 100, 30).contains("kept of 231"));
    assert!(picture(&mut app, 100, 30).contains("kdevtmp"));
    // New beats change nothing of what was then.
    app.hear(Arc::new(story::calm()), story::now());
    assert!(picture(&mut app, 100, 30).contains("kdevtmp"));
    keys(&mut app, ".");
    let shown = picture(&mut app, 100, 30);
    assert!(!shown.contains("kdevtmp") && !shown.contains("LOOKING BACK"), "{shown}");

    // Nothing was kept of the time itself: the last moment before it is shown, and said to be that.
    then.at = asked - TimeDelta::hours(3);
    app.recall(asked, Ok(Some(recalled(then))), story::now());
    assert!(picture(&mut app, 100, 30).contains("the last moment before it"));
    press(&mut app, KeyCode::Esc);
    assert!(!picture(&mut app, 100, 30).contains("LOOKING BACK"));
    app.recall(asked, Ok(None), story::now());
    assert!(picture(&mut app, 100, 30).contains("no moment of"));
    app.recall(asked, Err("it is damaged".to_owned()), story::now());
    assert!(picture(&mut app, 100, 30).contains("it is damaged"));
}

#[test]
fn a_time_that_is_typed_moves_the_cursor_there() {
    let mut app = app_with(Looks { has_record: true, ..Looks::default() }, story::calm());
    open(&mut app, Tab::History);
    picture(&mut app, 100, 30);
    keys(&mut app, "t");
    assert!(picture(&mut app, 100, 30).contains("Go to a time"));
    keys(&mut app, "soon");
    press(&mut app, KeyCode::Enter);
    assert!(picture(&mut app, 100, 30).contains("is no time"));
    for _ in 0..4 {
        press(&mut app, KeyCode::Backspace);
    }
    keys(&mut app, "2026-10-03 08:15");
    let effects = press(&mut app, KeyCode::Enter);
    assert!(matches!(effects[..], [Effect::Load(Chart::History, _)]), "{effects:?}");
    assert!(picture(&mut app, 100, 30).contains("cursor Sat 3 Oct 08:15:00"));
    // The same in the palette, from any tab.
    open(&mut app, Tab::Auth);
    keys(&mut app, ":time -2h");
    press(&mut app, KeyCode::Enter);
    assert!(picture(&mut app, 100, 30).contains("cursor Sun 22 Nov 12:32:07"));
    for range in ["6 h", "24 h", "2 days", "7 days", "30 days", "90 days", "1 year"] {
        keys(&mut app, "Z");
        assert!(picture(&mut app, 80, 24).contains(&format!("range {range} ")));
    }
    keys(&mut app, "zzzzzzzzz");
    assert!(picture(&mut app, 80, 24).contains("range 15 min "));
}

#[test]
fn the_first_frame_comes_before_the_first_beat() {
    let mut app = App::new(Looks {
        notices: vec!["web page: http://127.0.0.1:8080/#t=x".to_owned()],
        ..Looks::default()
    });
    for (width, height) in SIZES {
        picture(&mut app, width, height);
    }
    let picture = picture(&mut app, 80, 24);
    assert!(picture.contains("measuring") && picture.contains("127.0.0.1:8080"), "{picture}");
    assert_eq!(keys(&mut app, "q"), [Effect::Quit]);
}

#[test]
fn a_flood_of_keys_and_pastes_does_no_harm() {
    let mut app = app(story::attacked());
    let all: Vec<char> = (' '..='~').filter(|c| *c != 'q' && *c != 'Q').collect();
    for at in 0..5_000_usize {
        press(&mut app, KeyCode::Char(all[at * 31 % all.len()]));
        if at % 97 == 0 {
            app.handle(&Event::Paste("\u{1b}[31mrm -rf\n".repeat(100)), story::now());
            press(&mut app, KeyCode::Esc);
            picture(&mut app, 80, 24);
        }
    }
    picture(&mut app, 80, 24);
}

#[test]
fn the_palette_takes_an_interval_and_a_theme() {
    let looks = Looks { themes: vec![theme::load("nord", &[]).unwrap()], ..Looks::default() };
    let mut app = app_with(looks, story::calm());
    keys(&mut app, ":interval 2.5");
    let asked = press(&mut app, KeyCode::Enter);
    assert_eq!(asked, [Effect::Request(Request::Interval(Duration::from_millis(2500)))]);
    keys(&mut app, ":theme nrd");
    press(&mut app, KeyCode::Enter);
    assert!(picture(&mut app, 100, 30).contains("did you mean nord?"));
    keys(&mut app, ":goto find");
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.tab(), Tab::Findings);
}

#[test]
fn a_guessers_refused_tries_do_not_hide_a_login() {
    let mut snapshot = story::attacked();
    let logins = Arc::make_mut(snapshot.readings.logins.as_mut().unwrap());
    let past = logins.past.as_mut().unwrap();
    let mut failed = past[0].clone();
    (failed.kind, failed.here) = (LoginKind::FailedLogin, false);
    past.splice(0..0, std::iter::repeat_n(failed, 1284));
    let mut app = app(snapshot);
    open(&mut app, Tab::Logins);
    let picture = picture(&mut app, 100, 30);
    assert!(picture.contains("1,284 failed") && picture.contains("here now"), "{picture}");
}
