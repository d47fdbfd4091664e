//! Hostile text in every place where text can stand: nothing but text and our own sequences reaches the terminal.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends at the first thing that is not as it must be, and says its figures"
)]

mod pty;
mod stage;
mod story;
mod suspect;
mod terminal;

use crossterm::event::{Event, KeyCode};
use home_soc::model::{Level, Safe, Snapshot, Zone};
use home_soc::outputs::changes::Changes;
use home_soc::outputs::document::Document;
use home_soc::outputs::{bill, report};
use home_soc::tui::app::Effect;
use home_soc::tui::page::Tab;
use home_soc::tui::wire::Wire;
use pty::Pty;
use ratatui::buffer::Buffer;
use serde_json::Value;
use stage::{app, draw, keys, open, press};
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::process::{Child, Command};
use std::time::Duration;
use terminal::{PROGRAM, need, until};

/// Keys of a beat whose text comes from outside.
const FROM_OUTSIDE: [&str; 28] = [
    "name",
    "title",
    "why",
    "harmless_if",
    "text",
    "source",
    "user",
    "target_user",
    "cmdline",
    "path",
    "raw",
    "service",
    "mount",
    "file_system",
    "label",
    "says",
    "from",
    "tty",
    "how",
    "doing",
    "note",
    "os",
    "kernel",
    "address_text",
    "key",
    "method",
    "reason",
    "risk",
];

/// Every control, every invisible sign, and the sequences that do harm, at the beginning, in the middle, at the end.
fn hostile() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    let mut add = |text: &str| seeds.push(text.as_bytes().to_vec());
    for c in (0..=0x1f).chain(0x7f..=0x9f).filter_map(char::from_u32) {
        add(&c.to_string());
    }
    let invisible = [0xad, 0x61c, 0x180e, 0xfeff, 0xfff9, 0xfffb, 0x2028, 0x2029, 0xe0001, 0xe007f]
        .into_iter()
        .chain(0x200b..=0x200f)
        .chain(0x202a..=0x202e)
        .chain(0x2060..=0x206f)
        .chain((0xe0020..0xe007f).step_by(5));
    for c in invisible.filter_map(char::from_u32) {
        add(&c.to_string());
    }
    for sequence in [
        "\u{1b}[2J",
        "\u{1b}[?1049l",
        "\u{1b}[?1003h",
        "\u{1b}]0;owned\u{7}",
        "\u{1b}]52;c;cm0gLXJm\u{7}",
        "\u{1b}c",
        "\u{1b}P+q544e\u{1b}\\",
        "\u{1b}[6n",
        "\u{1b}[c",
        "\u{1b}]8;;http://x\u{1b}\\x",
        "\u{1b}[31m",
        "\u{1b}(0",
        "\u{9b}2J",
        "\u{9d}0;x\u{9c}",
        "\u{90}q\u{9c}",
        "\u{1b}[8m",
        "\u{1b}[1;1H",
        "\u{1b}#8",
        "\r\nroot",
        "\u{8}\u{8}ok",
        "ro\u{1b}ot",
        "\u{202e}txt.exe",
        "日本語日本語",
        "🧨👩\u{200d}👩\u{200d}👧",
        "ﷺ",
        "ｗｉｄｅ",
        "\u{1f3f4}\u{e0067}\u{e007f}",
        "e\u{301}",
        "=cmd|'/C calc'!A0",
        "'; rm -rf / #",
        "$(reboot)",
        "%s%n%x",
        "<script>alert(1)</script>",
    ] {
        add(sequence);
    }
    add(&format!("a{}", "\u{301}".repeat(100_000)));
    add(&"A".repeat(70_000));
    for bytes in [
        &b"\xff\xfe"[..],
        b"\xc0\x9b",
        b"\xed\xa0\x80",
        b"\xf5\x80\x80\x80",
        b"\xe2\x80",
        b"\x80\x9b1m",
        b"\xc2",
    ] {
        seeds.push(bytes.to_vec());
    }
    let mut all = Vec::new();
    for seed in &seeds {
        for (before, after) in [
            ("", ""),
            ("root", ""),
            ("", "root"),
            ("a ", " b"),
            ("日", "日"),
            ("e\u{301}", "\u{301}"),
            ("/usr/bin/", " --x"),
        ] {
            all.push([before.as_bytes(), seed, after.as_bytes()].concat());
        }
    }
    all
}

/// The attacked machine with hostile text in every place that is filled from outside, beginning with the `turn`th.
fn poisoned(texts: &[Vec<u8>], turn: usize) -> (Snapshot, usize) {
    fn walk(value: &mut Value, texts: &[Vec<u8>], at: &mut usize) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| walk(item, texts, at)),
            Value::Object(fields) => {
                for (key, field) in fields.iter_mut() {
                    match field {
                        Value::String(text) if FROM_OUTSIDE.contains(&key.as_str()) => {
                            *text = Safe::from_bytes(&texts[*at % texts.len()]).to_string();
                            *at += 1;
                        }
                        Value::Array(items) if matches!(key.as_str(), "names" | "errors") => {
                            for item in items {
                                *item =
                                    Value::String(Safe::from_bytes(&texts[*at % texts.len()]).to_string());
                                *at += 1;
                            }
                        }
                        field => walk(field, texts, at),
                    }
                }
            }
            _ => {}
        }
    }
    let mut value = serde_json::to_value(story::attacked()).unwrap();
    let mut at = turn;
    walk(&mut value, texts, &mut at);
    for subject in
        value["findings"].as_array_mut().unwrap().iter_mut().filter_map(|f| f["subject"].as_object_mut())
    {
        for text in subject.values_mut() {
            *text = Value::String(Safe::from_bytes(&texts[at % texts.len()]).to_string());
            at += 1;
        }
    }
    (serde_json::from_value(value).unwrap(), at - turn)
}

/// Where text breaks the rule, if it does: only text, and of the sequences only those that we send.
fn leak(sent: &[u8], may_lead: bool) -> Option<String> {
    let Ok(text) = std::str::from_utf8(sent) else { return Some("bytes that are no UTF-8".to_owned()) };
    let mut chars = text.chars().peekable();
    let mut marks = 0;
    while let Some(c) = chars.next() {
        marks = if matches!(c, '\u{300}'..='\u{36f}') { marks + 1 } else { 0 };
        match c {
            '\u{1b}' if may_lead && chars.next_if_eq(&'[').is_some() => {
                let mut body = String::new();
                while let Some(c) = chars.next_if(|c| c.is_ascii_digit() || ";?".contains(*c)) {
                    body.push(c);
                }
                let end = chars.next();
                let known = match (body.strip_prefix('?'), end) {
                    (None, Some('H' | 'C' | 'm' | 'J' | 'K' | 'X')) => true,
                    (Some(mode), Some('h' | 'l')) => {
                        ["2026", "25", "1049", "2004", "1000", "1002", "1006", "1003"].contains(&mode)
                    }
                    _ => false,
                };
                if !known || (body == "?1003" && end == Some('h')) {
                    return Some(format!("ESC[{body}{end:?}"));
                }
            }
            '\n' if !may_lead => {}
            '\u{0}'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}' => return Some(format!("{c:?}")),
            _ if marks > 4 => return Some("a tower of marks".to_owned()),
            _ => {}
        }
    }
    None
}

#[test]
fn hostile_text_reaches_the_terminal_as_text_in_every_view() {
    let texts = hostile();
    assert!(texts.len() > 1000, "{}", texts.len());
    let long = std::env::var_os("HOME_SOC_LONG").is_some();
    let (mut turn, mut frames, mut places) = (0, 0, 0);
    // Each text stands in many places, another one in each beat.
    for round in 0..(if long { 200 } else { 12 }) {
        let (snapshot, filled) = poisoned(&texts, turn);
        turn += filled + 7;
        places += filled;
        let mut app = app(snapshot.clone());
        for tab in Tab::ALL {
            open(&mut app, tab);
            for key in ["", "e", "?", "o", "l"] {
                keys(&mut app, key);
                for (width, height) in [(200, 50), (80, 24), (41, 13), (20, 5)] {
                    let frame = draw(&mut app, width, height, story::now());
                    let mut out = Vec::new();
                    Wire::default().encode(&Buffer::empty(frame.area), &frame, None, &mut out);
                    assert_eq!(leak(&out, true), None, "round {round}, {tab:?}, {key:?} at {width}x{height}");
                    frames += 1;
                }
                press(&mut app, KeyCode::Esc);
            }
            press(&mut app, KeyCode::Enter);
            draw(&mut app, 100, 30, story::now());
            press(&mut app, KeyCode::Esc);
            let Some(Effect::Plain(text)) = keys(&mut app, "v").pop() else { panic!("no plain text") };
            assert_eq!(leak(text.as_bytes(), false), None, "{tab:?} as plain text");
        }
        let mut texts_out: Vec<Vec<u8>> = vec![Vec::new(); 3];
        report::once(&snapshot, report::ReportOptions::default(), &mut texts_out[0]).unwrap();
        bill::findings(&snapshot, Level::Info, Zone::utc(), &mut texts_out[1]).unwrap();
        bill::explain(&snapshot, &mut texts_out[2]).unwrap();
        texts_out.push(Document::full(&snapshot, Zone::utc()).to_line().unwrap());
        texts_out.push(report::check_line(&snapshot).into_bytes());
        let mut changes = Changes::new(Level::Info, Zone::utc());
        changes.hear(&story::calm());
        texts_out.push(changes.hear(&snapshot).join("\n").into_bytes());
        for (at, text) in texts_out.iter().enumerate() {
            assert_eq!(leak(text, false), None, "text {at} of round {round}");
        }
    }
    eprintln!("hostile text: {} strings in {places} places, {frames} frames, leaks 0", texts.len());
}

#[test]
fn what_is_pasted_or_typed_is_text_too() {
    for text in hostile() {
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut app = app(story::attacked());
        for opens in ["2/", ":", "7o", "2?/"] {
            keys(&mut app, opens);
            app.handle(&Event::Paste(text.clone()), story::now());
            for c in text.chars().filter(|c| !c.is_control()).take(8) {
                press(&mut app, KeyCode::Char(c));
            }
            let frame = draw(&mut app, 80, 24, story::now());
            let mut out = Vec::new();
            Wire::default().encode(&Buffer::empty(frame.area), &frame, None, &mut out);
            assert_eq!(leak(&out, true), None, "{opens} {}", text.escape_debug());
            press(&mut app, KeyCode::Esc);
            press(&mut app, KeyCode::Esc);
        }
    }
}

/// A process whose name and arguments do harm to a terminal that gets them raw.
struct Poison {
    dir: tempfile::TempDir,
    child: Child,
}

impl Poison {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let name = std::ffi::OsString::from_vec(b"p\x1b]0;own\x07\xe2\x80\xaex".to_vec());
        let file = dir.path().join(name);
        fs::copy("/bin/sleep", &file).unwrap();
        let child = until("the start of a copied program", Duration::from_secs(30), || {
            Command::new(&file).arg("600").spawn().ok()
        });
        Self { dir, child }
    }
}

impl Drop for Poison {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        drop(fs::remove_dir_all(self.dir.path()));
    }
}

#[test]
fn beside_a_poisoned_process_our_bytes_are_clean_and_the_controls_are_not() {
    need("top");
    let poison = Poison::start();
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data").display().to_string();
    let ours = Pty::start(120, 40, true, &[PROGRAM, "--interval", "0.3", "--data-dir", &data], home.path());
    let mut bytes = ours.until("score", Duration::from_secs(30));
    ours.send(format!("2/pid={}\r", poison.child.id()).as_bytes());
    bytes.extend(ours.until("0;own", Duration::from_secs(30)));
    for key in ["\r", "\x7f", "v", "x", "3", "1"] {
        ours.send(key.as_bytes());
        bytes.extend(ours.read(Duration::from_millis(150), Duration::from_secs(2)));
    }
    let plain_end = String::from_utf8(bytes).unwrap();
    // The plain view is the one place with line ends.
    let without_ends = plain_end.replace("\r\n", "");
    assert_eq!(leak(without_ends.as_bytes(), true), None);

    // The control: a monitor that sends some of it as it is. If it were clean, this test would see nothing at all.
    let pid = poison.child.id().to_string();
    let theirs = Pty::start(120, 40, true, &["top", "-d", "1", "-p", &pid], home.path());
    let sent = theirs.until("own", Duration::from_secs(30));
    let sent = String::from_utf8_lossy(&sent).into_owned();
    assert!(sent.contains('\u{202e}'), "the control is clean, so the check cannot be trusted: {sent:?}");
    assert_ne!(leak(sent.as_bytes(), true), None);
}
