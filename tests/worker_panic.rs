//! A worker panics under a live screen: the screen stays, and the terminal is given back as it was.
//!
//! This test program starts itself again inside a real terminal: there the one test with [`HOSTS`] in its
//! environment is the program that shows the screen and has a worker that fails.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as it must be"
)]

mod terminal;

use home_soc::model::{Level, Zone};
use home_soc::tui::{self, ColorDepth, Setup};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use terminal::Terminal;
use tokio::sync::watch;

const HOSTS: &str = "HOME_SOC_TEST_HOSTS_A_PANIC";

#[test]
fn a_panic_in_a_worker_leaves_the_screen_and_later_the_terminal_as_they_were() {
    if std::env::var_os(HOSTS).is_some() {
        host();
        return;
    }
    let me = std::env::current_exe().unwrap();
    let name = "a_panic_in_a_worker_leaves_the_screen_and_later_the_terminal_as_they_were";
    let terminal = Terminal::start(80, 24, &format!("{HOSTS}=1 {} --exact {name} --nocapture", me.display()));
    terminal.shows("measuring");
    // The worker fails after half a second; the screen must still be there and hear keys a second later.
    thread::sleep(Duration::from_millis(1200));
    let screen = terminal.shows("measuring");
    assert!(!screen.contains("a worker's own fault"), "the panic wrote into the picture:\n{screen}");
    terminal.resize(100, 30);
    terminal.shows("measuring");
    terminal.press(&["q"]);
    assert_eq!(terminal.ended(), 0);
    terminal.is_as_before();
}

/// Shows the screen while a worker fails.
fn host() {
    let (_show, snapshots) = watch::channel(None);
    let (requests, _inbox) = mpsc::channel();
    let worker = thread::Builder::new().name("worker".into()).spawn(|| {
        thread::sleep(Duration::from_millis(500));
        panic!("a worker's own fault");
    });
    let setup = Setup {
        snapshots,
        requests,
        record: None,
        look_back: None,
        settings: tui::Settings::default(),
        user_themes: Vec::new(),
        color: ColorDepth::Ansi16,
        explain: |_| Err(String::new()),
        mouse: false,
        ascii: false,
        min_level: Level::Info,
        interval: Duration::from_secs(1),
        zone: Zone::utc(),
        hands: tui::hands::Hands::default(),
        notices: Vec::new(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(tui::run(setup)).unwrap();
    worker.unwrap().join().unwrap_err();
}
