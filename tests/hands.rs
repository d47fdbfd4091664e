//! Accepting a risk and stopping a process on the screen, with a real program, a real file and a real signal.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as it must be"
)]

mod suspect;
mod terminal;

use std::fs;
use std::time::Duration;
use suspect::Suspect;
use terminal::{PROGRAM, Terminal, until};

#[test]
fn a_risk_that_is_accepted_on_the_screen_is_in_the_file_and_costs_nothing() {
    let suspect = Suspect::start("hsa");
    let terminal = Terminal::start(100, 30, &format!("{PROGRAM} --interval 1 --data-dir $HOME/data"));
    terminal.shows("SECURITY SCORE");
    terminal.press(&["7", "/"]);
    terminal.press(&[&suspect.name(), "Enter"]);
    terminal.shows(&format!("filter: {}", suspect.name()));
    terminal.shows("ALERT");
    terminal.press(&["o"]);
    terminal.shows("Reason");
    terminal.press(&["mine", "Enter"]);
    terminal.shows("is accepted: it stays visible");
    terminal.shows("ACCEPTED");
    let path = terminal.file("data/accepted.json");
    assert!(fs::read_to_string(&path).unwrap().contains("mine"));
    terminal.press(&["u"]);
    terminal.shows("counts again");
    assert!(!fs::read_to_string(&path).unwrap().contains("mine"));
    terminal.press(&["q"]);
    assert_eq!(terminal.ended(), 0);
    terminal.is_as_before();
}

#[test]
fn a_process_is_paused_and_stopped_with_a_few_keys() {
    let suspect = Suspect::start("hsb");
    let terminal = Terminal::start(80, 24, &format!("{PROGRAM} --interval 1 --data-dir $HOME/data"));
    terminal.shows("score");
    terminal.shows("MACHINE");
    terminal.press(&["2", "/"]);
    terminal.press(&[&suspect.name(), "Enter"]);
    terminal.shows("runs from");
    terminal.press(&["K"]);
    terminal.shows("SIGSTOP");
    terminal.press(&["Enter"]);
    terminal.shows("SIGSTOP was sent");
    until("the pause", Duration::from_secs(30), || (suspect.state() == Some('T')).then_some(()));
    terminal.press(&["F9"]);
    terminal.shows("SIGKILL");
    terminal.press(&["Down", "Down", "Enter"]);
    until("the end", Duration::from_secs(30), || {
        suspect.state().is_none_or(|state| state == 'Z').then_some(())
    });
    terminal.press(&["q"]);
    assert_eq!(terminal.ended(), 0);
}

#[test]
fn a_screen_that_may_only_look_has_no_such_keys() {
    let terminal =
        Terminal::start(100, 30, &format!("{PROGRAM} --read-only --interval 1 --data-dir $HOME/data"));
    terminal.shows("SECURITY SCORE");
    terminal.press(&["2", "K", "o", "?"]);
    let help = terminal.shows("Keys on Processes");
    assert!(
        !help.contains("SIGTERM") && !help.contains("Reason") && !help.contains("pause or stop"),
        "{help}"
    );
}
