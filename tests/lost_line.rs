//! A terminal that vanishes, that stops reading, that is left in any way: the program ends, goes on, or restores it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends at the first thing that is not as it must be, and says its figures"
)]

mod pty;
mod story;
mod terminal;

use home_soc::model::{Level, Zone};
use home_soc::tui::hands::{Hands, Pinned, Signals};
use home_soc::tui::{self, ColorDepth, Setup};
use pty::Pty;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use terminal::{PROGRAM, Terminal, until};

fn long() -> bool {
    std::env::var_os("HOME_SOC_LONG").is_some()
}

fn start(controlling: bool, interval: &str, home: &Path) -> Pty {
    let data = home.join("data").display().to_string();
    let argv = [PROGRAM, "--interval", interval, "--data-dir", &data];
    Pty::start(80, 24, controlling, &argv, home)
}

/// Lines of the record, each of them whole.
fn samples(home: &Path) -> usize {
    let record = fs::read_to_string(home.join("data/monitor_metrics.jsonl")).unwrap_or_default();
    record.lines().count()
}

#[test]
fn a_line_that_is_lost_ends_the_program_in_every_state() {
    let rounds = if long() { 50 } else { 2 };
    let (mut slowest, mut dearest, mut ends) = (Duration::ZERO, 0.0_f64, 0);
    for controlling in [true, false] {
        for keys in ["", "2/user:roo", "?", " v"] {
            for _ in 0..rounds {
                let home = tempfile::tempdir().unwrap();
                let mut pty = start(controlling, "1", home.path());
                pty.until("score", Duration::from_secs(30));
                for key in keys.as_bytes() {
                    pty.send(&[*key]);
                    pty.read(Duration::from_millis(50), Duration::from_secs(1));
                }
                let before = pty.cpu_s().unwrap();
                let lost = Instant::now();
                pty.vanish();
                let mut after = before;
                until("the end", Duration::from_secs(30), || {
                    let Some(now) = pty.cpu_s() else { return Some(()) };
                    after = now;
                    None
                });
                ends += 1;
                slowest = slowest.max(lost.elapsed());
                dearest = dearest.max(after - before);
                let record =
                    fs::read_to_string(home.path().join("data/monitor_metrics.jsonl")).unwrap_or_default();
                assert!(record.is_empty() || record.ends_with('\n'), "what was measured is written whole");
            }
        }
    }
    eprintln!("a lost line: {ends} ends, at most {} ms and {dearest:.2} CPU-s after it", slowest.as_millis());
    assert!(dearest < 0.6, "it span: {dearest} CPU-s");
}

#[test]
fn a_terminal_that_stops_reading_never_stops_the_record() {
    let (wanted, interval) = if long() { (600, "1") } else { (80, "0.1") };
    let home = tempfile::tempdir().unwrap();
    let mut pty = start(true, interval, home.path());
    until("the first sample", Duration::from_secs(30), || (samples(home.path()) > 0).then_some(()));
    let since = Instant::now();
    let before = samples(home.path());
    let mut typed = 0;
    until("samples behind an unread terminal", Duration::from_mins(20), || {
        // Another tab each time: many times what an unread terminal holds.
        typed += 1;
        pty.send(&[b'1' + (typed % 7) as u8]);
        (samples(home.path()) >= before + wanted).then_some(())
    });
    let record = fs::read_to_string(home.path().join("data/monitor_metrics.jsonl")).unwrap();
    let seqs: Vec<u64> = record
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["seq"].as_u64().unwrap())
        .collect();
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "a beat is missing");
    eprintln!(
        "an unread terminal: {} of {wanted} samples in {:.0} s, {typed} keys",
        seqs.len().min(wanted + before) - before,
        since.elapsed().as_secs_f64()
    );
    // And when it reads again, the newest picture is there and keys work.
    pty.send(b"?");
    pty.until("Keys on", Duration::from_secs(30));
    pty.send(b"\x7fq");
    until("the end", Duration::from_secs(30), || {
        pty.read(Duration::from_millis(50), Duration::from_secs(1));
        pty.child.try_wait().unwrap()
    });
}

#[test]
fn every_way_out_restores_the_terminal() {
    let ways: [&[&str]; 6] =
        [&["q"], &["C-c"], &["F10"], &["F8", "q"], &["v", "x", "q"], &["2", "/", "a", "C-c"]];
    for keys in ways {
        let terminal = Terminal::start(80, 24, &format!("{PROGRAM} --interval 1 --data-dir $HOME/data"));
        terminal.shows("score");
        terminal.press(keys);
        assert_eq!(terminal.ended(), 0, "{keys:?}");
        terminal.is_as_before();
    }
}

#[test]
fn suspending_gives_the_terminal_back_and_resuming_takes_it_again() {
    for by_signal in [false, true] {
        let command = format!(
            "set -m\n{PROGRAM} --interval 1 --data-dir $HOME/data\nstty -g >$HOME/stty.stopped\nfg >/dev/null"
        );
        let terminal = Terminal::start(80, 24, &command);
        terminal.shows("score");
        let pid = terminal.pid();
        if by_signal {
            assert!(Command::new("kill").args(["-TSTP", &pid.to_string()]).status().unwrap().success());
        } else {
            terminal.press(&["C-z"]);
        }
        let [before, stopped] = ["stty.before", "stty.stopped"].map(|name| terminal.file(name));
        until("the pause", Duration::from_secs(30), || {
            fs::read_to_string(&stopped).ok().filter(|text| text.ends_with('\n'))
        });
        assert_eq!(fs::read_to_string(before).unwrap(), fs::read_to_string(stopped).unwrap());
        terminal.shows("score");
        terminal.press(&["2"]);
        terminal.shows("COMMAND");
        terminal.press(&["q"]);
        assert_eq!(terminal.ended(), 0);
        terminal.is_as_before();
    }
}

const HOSTS: &str = "HOME_SOC_TEST_HOSTS_A_FAULT_OF_THE_SCREEN";

#[test]
fn a_fault_of_the_screen_itself_restores_the_terminal_and_is_told() {
    if std::env::var_os(HOSTS).is_some() {
        host();
        return;
    }
    let me = std::env::current_exe().unwrap();
    let name = "a_fault_of_the_screen_itself_restores_the_terminal_and_is_told";
    let command = format!("{HOSTS}=1 {} --exact {name} --nocapture", me.display());
    let terminal = Terminal::start(80, 24, &command);
    terminal.shows("score");
    terminal.press(&["2"]);
    terminal.shows("COMMAND");
    terminal.press(&["K"]);
    assert_ne!(terminal.ended(), 0);
    terminal.is_as_before();
    terminal.shows("a hand fails on the screen's own thread");
}

/// A hand that fails where the screen is drawn.
struct Failing;

impl Signals for Failing {
    fn pin(&self, _pid: u32, _start_ticks: u64) -> anyhow::Result<Box<dyn Pinned>> {
        panic!("a hand fails on the screen's own thread");
    }
}

/// Shows the screen with that hand, on Processes.
fn host() {
    let mut beat = story::attacked();
    beat.at = chrono::Utc::now();
    let (show, snapshots) = tokio::sync::watch::channel(None);
    let (requests, _inbox) = mpsc::channel();
    let setup = Setup {
        snapshots,
        requests,
        record: None,
        look_back: None,
        settings: tui::Settings::default(),
        user_themes: Vec::new(),
        color: ColorDepth::Ansi16,
        explain: |_| Err(String::new()),
        mouse: true,
        ascii: false,
        min_level: Level::Info,
        interval: Duration::from_secs(1),
        zone: Zone::utc(),
        hands: Hands { signals: Some(Arc::new(Failing)), ..Hands::default() },
        notices: Vec::new(),
    };
    show.send_replace(Some(Arc::new(beat)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(tui::run(setup)).unwrap();
}
