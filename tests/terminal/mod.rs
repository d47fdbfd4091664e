//! A real terminal for tests: a tmux server of its own, keys in, screen out.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "each test binary uses a part of it, and ends where it fails"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_home-soc");

/// Runs the program with its own home and data directory, without a terminal.
pub fn home_soc(home: &Path, args: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(args)
        .env("HOME", home)
        .env_remove("XDG_STATE_HOME")
        .env_remove("XDG_CONFIG_HOME")
        .arg("--data-dir")
        .arg(home.join("data"))
        .output()
        .unwrap()
}

/// A tool that the tests need: missing, it fails loudly, because CI must never skip in silence.
pub fn need(tool: &str) {
    let found =
        Command::new("sh").args(["-c", &format!("command -v {tool}")]).output().unwrap().status.success();
    assert!(found, "this test needs {tool}: run ./tests/run, or install it");
}

/// True for root; else it says which test is left out and why, and fails in CI, where nothing is left out.
pub fn root_or_skip(why: &str) -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        eprintln!("SKIPPED: {why} needs root");
        assert!(std::env::var_os("CI").is_none(), "CI runs all tests: it must be root for {why}");
    }
    is_root
}

/// Waits until something is there.
pub fn until<T>(what: &str, patience: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < patience, "waited {patience:?} in vain for {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A program in a terminal of its own.
pub struct Terminal {
    socket: PathBuf,
    scratch: tempfile::TempDir,
}

impl Terminal {
    /// Starts a shell command in a terminal of `columns` x `rows`. After it ends, `ended` holds its exit code,
    /// `stty.before` and `stty.after` what the terminal was.
    pub fn start(columns: u16, rows: u16, command: &str) -> Self {
        need("tmux");
        let scratch = tempfile::tempdir().unwrap();
        let socket = scratch.path().join("tmux");
        let at = scratch.path().display().to_string();
        let script = scratch.path().join("script");
        fs::write(
            &script,
            format!(
                "stty -g >{at}/stty.before\nexport HOME={at}\nunset XDG_STATE_HOME XDG_CONFIG_HOME\n{command}\n\
                 echo $? >{at}/code\nstty -g >{at}/stty.after\nmv {at}/code {at}/ended\nsleep 1000\n"
            ),
        )
        .unwrap();
        let terminal = Self { socket, scratch };
        let size = [columns.to_string(), rows.to_string()];
        terminal.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-s",
            "t",
            "-x",
            &size[0],
            "-y",
            &size[1],
            "bash",
            script.to_str().unwrap(),
        ]);
        terminal.tmux(&["set-option", "-g", "status", "off"]);
        terminal.tmux(&["resize-window", "-t", "t", "-x", &size[0], "-y", &size[1]]);
        terminal
    }

    fn tmux(&self, args: &[&str]) -> String {
        let out = Command::new("tmux").arg("-S").arg(&self.socket).args(args).output().unwrap();
        assert!(out.status.success(), "tmux {args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).into_owned()
    }

    /// Presses keys, named as tmux names them.
    pub fn press(&self, keys: &[&str]) {
        for key in keys {
            self.tmux(&["send-keys", "-t", "t", key]);
            // Escape sequences are told from the Esc key by time.
            thread::sleep(Duration::from_millis(30));
        }
    }

    /// Changes the size of the terminal.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.tmux(&["resize-window", "-t", "t", "-x", &columns.to_string(), "-y", &rows.to_string()]);
    }

    /// Asks tmux for a figure of the terminal, in its own format.
    pub fn ask(&self, format: &str) -> String {
        self.tmux(&["display-message", "-p", "-t", "t", format])
    }

    /// What is on the screen.
    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-t", "t"])
    }

    /// Waits until the screen shows a text, and returns the screen.
    pub fn shows(&self, text: &str) -> String {
        let start = Instant::now();
        loop {
            let screen = self.screen();
            if screen.contains(text) {
                return screen;
            }
            assert!(start.elapsed() < Duration::from_secs(15), "the screen never showed {text:?}:\n{screen}");
            thread::sleep(Duration::from_millis(30));
        }
    }

    /// A file of this terminal's scratch directory, which is the program's HOME.
    pub fn file(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// Waits for the end of the program and returns its exit code.
    pub fn ended(&self) -> i32 {
        let path = self.file("ended");
        until("the end of the program", Duration::from_secs(30), || {
            fs::read_to_string(&path).ok()?.trim().parse().ok()
        })
    }

    /// Asserts that the terminal is as it was before the program.
    pub fn is_as_before(&self) {
        let [before, after] =
            ["stty.before", "stty.after"].map(|name| fs::read_to_string(self.file(name)).unwrap());
        assert_eq!(before, after, "stty -g differs");
    }

    /// The pid of the program under test that runs in this terminal.
    pub fn pid(&self) -> u32 {
        let shell: u32 =
            self.tmux(&["display-message", "-p", "-t", "t", "#{pane_pid}"]).trim().parse().unwrap();
        until("the program", Duration::from_secs(30), || {
            let children = fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).ok()?;
            children.split_whitespace().filter_map(|pid| pid.parse().ok()).find(|pid: &u32| {
                fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == Path::new(PROGRAM))
            })
        })
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        drop(Command::new("tmux").arg("-S").arg(&self.socket).arg("kill-server").output());
    }
}
