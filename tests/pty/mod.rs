//! A pseudo-terminal that the test holds the other end of: what is sent is bytes, and it may be left unread.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test uses what it needs, and ends where it fails"
)]

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::{File, OpenOptions};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A program on a pseudo-terminal.
pub(crate) struct Pty {
    master: Option<OwnedFd>,
    pub(crate) child: Child,
    columns: u16,
    rows: u16,
}

impl Pty {
    /// Starts a program. With `controlling`, the terminal is its own and its loss is told by SIGHUP; without, the
    /// terminal is only what it reads and writes.
    pub(crate) fn start(columns: u16, rows: u16, controlling: bool, argv: &[&str], home: &Path) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        // Without NOCTTY the terminal could become the test's own.
        let open = || -> File {
            use std::os::unix::fs::OpenOptionsExt as _;
            let flags = rustix::fs::OFlags::NOCTTY.bits().cast_signed();
            OpenOptions::new().read(true).write(true).custom_flags(flags).open(&name).unwrap()
        };
        let mut command = Command::new("setsid");
        if controlling {
            command.arg("--ctty");
        }
        let child = command
            .args(argv)
            .env("HOME", home)
            .env("TERM", "xterm-256color")
            .env("LANG", "C.UTF-8")
            .env_remove("NO_COLOR")
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_STATE_HOME")
            .env_remove("TMUX")
            .stdin(open())
            .stdout(open())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { master: Some(master), child, columns, rows }
    }

    /// Types bytes.
    pub(crate) fn send(&self, bytes: &[u8]) {
        // A terminal whose program left takes nothing; then the test sees it by other means.
        let _ = rustix::io::write(self.master.as_ref().unwrap(), bytes);
    }

    /// Reads what was sent until nothing more came for `quiet`, but not longer than `most`.
    pub(crate) fn read(&self, quiet: Duration, most: Duration) -> Vec<u8> {
        let master = self.master.as_ref().unwrap();
        let start = Instant::now();
        let mut all = Vec::new();
        let mut chunk = vec![0; 65536];
        while start.elapsed() < most {
            let mut fds = [PollFd::new(master, PollFlags::IN)];
            let wait = Timespec { tv_sec: quiet.as_secs() as i64, tv_nsec: i64::from(quiet.subsec_nanos()) };
            if poll(&mut fds, Some(&wait)).unwrap() == 0 {
                break;
            }
            match rustix::io::read(master, &mut chunk) {
                Ok(count) if count > 0 => all.extend_from_slice(&chunk[..count]),
                _ => break,
            }
        }
        all
    }

    /// Reads until what came holds `words`, or draws them: a letter that stood in its place already is not sent again.
    pub(crate) fn until(&self, words: &str, most: Duration) -> Vec<u8> {
        let start = Instant::now();
        let mut all = Vec::new();
        loop {
            all.extend(self.read(Duration::from_millis(100), Duration::from_millis(200)));
            let mut terminal =
                vt100::Parser::new(self.rows.try_into().unwrap(), self.columns.try_into().unwrap(), 0);
            terminal.process(&all);
            if String::from_utf8_lossy(&all).contains(words) || terminal.screen().contents().contains(words) {
                return all;
            }
            assert!(
                start.elapsed() < most,
                "never saw {words:?}: {}",
                String::from_utf8_lossy(&all).escape_debug()
            );
        }
    }

    /// The line is gone.
    pub(crate) fn vanish(&mut self) {
        self.master = None;
    }

    /// Processor seconds that the program used; `None` when it has ended.
    pub(crate) fn cpu_s(&self) -> Option<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
        if fields[0] == "Z" {
            return None;
        }
        let ticks: f64 = fields[11].parse::<f64>().ok()? + fields[12].parse::<f64>().ok()?;
        Some(ticks / rustix::param::clock_ticks_per_second() as f64)
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
