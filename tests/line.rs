//! The line to the terminal, on a real pseudo-terminal: one that stops reading, one that vanishes, one that is held
//! still.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One at a time: they measure time.
static ONE: Mutex<()> = Mutex::new(());

/// The program on a pseudo-terminal whose other end we hold.
struct Line {
    master: Option<File>,
    program: Child,
    home: tempfile::TempDir,
    /// What stands on the terminal. What was sent does not tell: a letter that stood there already is not sent again.
    screen: vt100::Parser,
}

impl Line {
    fn start(columns: u16, rows: u16, interval: &str) -> Self {
        Self::start_under(&[], columns, rows, interval)
    }

    /// Starts it as the child of another program, which is given with its arguments.
    fn start_under(parent: &[&str], columns: u16, rows: u16, interval: &str) -> Self {
        let master: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let slave = OpenOptions::new().read(true).write(true).open(name).unwrap();
        tcsetwinsize(&slave, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let home = tempfile::tempdir().unwrap();
        let argv = [parent, &[env!("CARGO_BIN_EXE_home-soc")]].concat();
        let program = Command::new(argv[0])
            .args(&argv[1..])
            .args(["--interval", interval, "--data-dir"])
            .arg(home.path().join("data"))
            .env("HOME", home.path())
            .env("TERM", "xterm-256color")
            .env_remove("NO_COLOR")
            .stdin(slave.try_clone().unwrap())
            .stdout(slave.try_clone().unwrap())
            .stderr(slave)
            .spawn()
            .unwrap();
        let screen = vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 0);
        Self { master: Some(File::from(master)), program, home, screen }
    }

    /// Reads what comes within a time.
    fn read_for(&mut self, time: Duration) -> Vec<u8> {
        let master = self.master.as_mut().unwrap();
        let end = Instant::now() + time;
        let mut all = Vec::new();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
            let mut fds = [PollFd::from_borrowed_fd(master.as_fd(), PollFlags::IN)];
            if left.is_zero() || poll(&mut fds, Some(&timeout)).unwrap() == 0 {
                return all;
            }
            let mut some = [0; 8192];
            let count = master.read(&mut some).unwrap();
            self.screen.process(&some[..count]);
            all.extend_from_slice(&some[..count]);
        }
    }

    fn shows(&self, text: &str) -> bool {
        self.screen.screen().contents().contains(text)
    }

    /// Reads until a text stands on the terminal.
    fn read_until(&mut self, text: &str) {
        let start = Instant::now();
        while !self.shows(text) {
            let screen = self.screen.screen();
            assert!(start.elapsed() < Duration::from_secs(20), "{text:?} never came:\n{}", screen.contents());
            self.read_for(Duration::from_millis(50));
        }
    }

    fn press(&mut self, keys: &str) {
        self.master.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    /// Waits for the end of the program.
    fn end_within(&mut self, patience: Duration) -> Duration {
        let start = Instant::now();
        while self.program.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < patience, "it still runs after {patience:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
        start.elapsed()
    }

    fn beats(&self) -> usize {
        lines(&self.home.path().join("data/monitor_metrics.jsonl"))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        drop(self.program.kill());
        drop(self.program.wait());
    }
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).map_or(0, |text| text.lines().count())
}

#[test]
fn keys_are_answered_while_a_reader_hangs() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    // Every look at the load after the first ones takes ten minutes.
    let held = "inject=pread64:delay_enter=600000000:when=5+";
    let strace =
        ["strace", "-fqq", "-o", "/dev/null", "-P", "/proc/loadavg", "-e", "trace=pread64", "-e", held];
    let mut line = Line::start_under(&strace, 100, 30, "0.2");
    line.read_until("SECURITY SCORE");
    let start = Instant::now();
    let mut beats = (usize::MAX, line.beats());
    while beats.1 == 0 || beats.0 != beats.1 {
        assert!(start.elapsed() < Duration::from_mins(1), "nothing holds it up");
        line.read_for(Duration::from_secs(2));
        beats = (beats.1, line.beats());
    }
    for (key, word) in [
        ("2", "COMMAND"),
        ("6", "WHAT CHANGED LATELY"),
        ("?", "Esc"),
        ("\u{1b}", "range"),
        ("3", "OPEN DOORS"),
    ] {
        assert!(!line.shows(word), "{word:?} is there before {key:?}");
        line.press(key);
        line.read_until(word);
    }
    assert_eq!(line.beats(), beats.1, "it was held up all the time");
}

#[test]
fn a_terminal_that_stops_reading_never_stops_the_record() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut line = Line::start(200, 50, "0.2");
    line.read_until("SECURITY SCORE");
    let before = line.beats();
    // Nobody reads from here on; the keys make it draw much more than a terminal takes.
    for tab in "1234567".chars().cycle().take(100) {
        line.press(&tab.to_string());
        std::thread::sleep(Duration::from_millis(40));
    }
    let beats = line.beats() - before;
    assert!(beats >= 10, "{beats} beats in 4 s while the terminal was blocked");
    let pid = rustix::process::Pid::from_child(&line.program);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    line.end_within(Duration::from_secs(2));
}

#[test]
fn a_terminal_that_vanishes_ends_it_within_a_second_in_every_state() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    for keys in ["", "?", "2/ssh", " ", ":the", "6", "e"] {
        let mut line = Line::start(80, 24, "0.5");
        line.read_until("MACHINE");
        line.press(keys);
        line.read_for(Duration::from_millis(300));
        drop(line.master.take());
        let took = line.end_within(Duration::from_secs(2));
        assert!(took < Duration::from_secs(1), "{keys:?}: {took:?}");
    }
}

#[test]
fn a_picture_that_is_held_still_sends_nothing_while_the_record_goes_on() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut line = Line::start(80, 24, "0.2");
    line.read_until("MACHINE");
    line.press(" ");
    line.read_for(Duration::from_millis(800));
    let before = line.beats();
    let sent = line.read_for(Duration::from_secs(2));
    assert!(sent.is_empty(), "{} bytes: {:?}", sent.len(), String::from_utf8_lossy(&sent));
    assert!(line.beats() > before + 3);
}
