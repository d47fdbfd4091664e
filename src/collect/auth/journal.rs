//! Follows the journal through `journalctl -o json`, and keeps it running.
//!
//! First everything since a moment is read to its end, then the journal is followed from the last record on. A
//! journalctl that dies (it does when the journal is vacuumed under it) is started again from the last record:
//! nothing is lost and nothing comes twice. It ends by itself when our end of its pipe is closed, however we
//! die. It does not read the records: the parser does.

use super::JournalRecord;
use super::bell::Bell;
use super::lines::Lines;
use rustix::fd::AsFd as _;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The longest record that is read; sshd's are one thousandth of it.
const RECORD_BYTES: usize = 1 << 20;
/// How long to wait before journalctl is started again: doubles from the first to the second.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// Where journalctl is on the systems that have it; it is never looked up in `PATH`.
const PROGRAMS: [&str; 3] =
    ["/usr/bin/journalctl", "/bin/journalctl", "/run/current-system/sw/bin/journalctl"];

/// Programs by the kernel's name for them: who really spoke.
const SPEAKERS: &[&str] = &[
    "sshd",
    "sshd-session",
    "sshd-auth",
    "dropbear",
    "sudo",
    "su",
    "login",
    "doas",
    "pkexec",
    "polkitd",
    "systemd-logind",
    "useradd",
    "usermod",
    "userdel",
    "groupadd",
    "groupmod",
    "groupdel",
    "adduser",
    "deluser",
    "passwd",
    "chpasswd",
    "newusers",
    "gpasswd",
    "chage",
    "chfn",
    "chsh",
    "cockpit-session",
    "cockpit-tls",
    "gdm-session-wor",
    "lightdm",
    "sddm-helper",
    "xrdp-sesman",
    "vsftpd",
    "proftpd",
    "pure-ftpd",
    "openvpn",
];
/// Names that a line may claim: of speakers that are known by no other name, and of forgeries.
const CLAIMS: &[&str] = &[
    "sshd",
    "sshd-session",
    "sshd-auth",
    "dropbear",
    "sudo",
    "su",
    "login",
    "doas",
    "pkexec",
    "systemd-logind",
    "useradd",
    "usermod",
    "userdel",
    "groupadd",
    "groupmod",
    "groupdel",
    "passwd",
    "gpasswd",
    "chpasswd",
    "gdm-password]",
    "xrdp-sesman",
    "ovpn-server",
    "Nextcloud",
    "nextcloud",
    "ownCloud",
    "owncloud",
];
/// The facilities auth and authpriv (RFC 5424, table 1).
const FACILITIES: &[&str] = &["4", "10"];

/// The journal, being read.
#[derive(Debug)]
pub(super) struct Journal {
    program: PathBuf,
    /// Seconds since 1970 of the first record wanted.
    since: i64,
    /// Of the last record handed out.
    cursor: Option<String>,
    running: Option<Running>,
    /// What was there at the start is read.
    caught_up: bool,
    /// Times that journalctl ended while it should have followed.
    restarts: u64,
    wait_until: Option<Instant>,
    back_off: Duration,
    buffer: Vec<u8>,
    unreadable: u64,
}

#[derive(Debug)]
struct Running {
    child: Child,
    lines: Lines,
    /// The record that the last run ended with is given once more: it is known by its cursor.
    known: Option<String>,
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Records may have come.
    Read,
    /// Nothing came.
    Idle,
}

/// Finds journalctl.
pub(super) fn program() -> Option<&'static Path> {
    PROGRAMS.iter().map(Path::new).find(|program| program.is_file())
}

/// journalctl with an empty environment and no input.
pub(super) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().args(["--output=json", "--all", "--no-pager"]).stdin(Stdio::null());
    command
}

/// Asks for what the speakers of sign-ins said, by trusted fields and by claimed ones.
pub(super) fn matches() -> Vec<String> {
    let field = |name: &str, values: &[&str]| {
        values.iter().map(|value| format!("{name}={value}")).collect::<Vec<_>>()
    };
    [
        field("_COMM", SPEAKERS),
        vec!["+".to_owned()],
        field("SYSLOG_IDENTIFIER", CLAIMS),
        vec!["+".to_owned()],
        field("SYSLOG_FACILITY", FACILITIES),
    ]
    .concat()
}

impl Journal {
    /// The journal since `since`, in seconds since 1970.
    pub(super) fn since(program: &Path, since: i64) -> Self {
        Self {
            program: program.to_owned(),
            since,
            cursor: None,
            running: None,
            caught_up: false,
            restarts: 0,
            wait_until: None,
            back_off: BACK_OFF.0,
            buffer: vec![0; 256 << 10],
            unreadable: 0,
        }
    }

    /// True when everything that was there at the start was handed out.
    pub(super) const fn caught_up(&self) -> bool {
        self.caught_up
    }

    /// How often journalctl had to be started again.
    pub(super) const fn restarts(&self) -> u64 {
        self.restarts
    }

    /// True while journalctl does not run and is waited for.
    pub(super) const fn is_down(&self) -> bool {
        self.running.is_none() && self.wait_until.is_some()
    }

    /// Records that were too long, or no JSON.
    pub(super) const fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// Hands new records to `record`; waits at most `patience` for one, and not beyond the bell.
    pub(super) fn turn(
        &mut self,
        bell: &Bell,
        patience: Duration,
        record: &mut dyn FnMut(&JournalRecord),
    ) -> Turn {
        if self.running.is_none() {
            if let Some(left) = self.wait_until.and_then(|at| at.checked_duration_since(Instant::now())) {
                bell.rest(left.min(patience));
                return Turn::Idle;
            }
            match self.start() {
                Ok(running) => self.running = Some(running),
                Err(_) => return self.ended(false),
            }
        }
        let Some(running) = &mut self.running else { return Turn::Idle };
        let Some(pipe) = running.child.stdout.as_mut() else { return self.ended(false) };
        match bell.wait_for(pipe.as_fd(), patience) {
            Ok(true) => {}
            Ok(false) => return Turn::Idle,
            Err(_) => return self.ended(false),
        }
        match pipe.read(&mut self.buffer) {
            Ok(0) => {
                let succeeded = running.child.wait().is_ok_and(|status| status.success());
                self.ended(succeeded)
            }
            Ok(read) => {
                let (cursor, known, unreadable) =
                    (&mut self.cursor, &mut running.known, &mut self.unreadable);
                running.lines.take(&self.buffer[..read], &mut |line| {
                    let Some(one) = JournalRecord::parse(line).filter(|one| one.cursor.is_some()) else {
                        *unreadable += 1;
                        return;
                    };
                    if known.take().is_none_or(|known| Some(known) != one.cursor) {
                        record(&one);
                    }
                    *cursor = one.cursor;
                });
                if self.caught_up {
                    self.back_off = BACK_OFF.0;
                }
                Turn::Read
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Turn::Idle,
            Err(_) => self.ended(false),
        }
    }

    fn start(&self) -> io::Result<Running> {
        let mut command = command(&self.program);
        if self.caught_up {
            command.args(["--follow", "--no-tail"]);
        }
        match &self.cursor {
            // Not --after-cursor: when that record was vacuumed away, it skips the first one that is left.
            Some(cursor) => command.arg(format!("--cursor={cursor}")),
            None => command.arg(format!("--since=@{}", self.since)),
        };
        let child = command.args(matches()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        Ok(Running { child, lines: Lines::of_at_most(RECORD_BYTES), known: self.cursor.clone() })
    }

    /// Notes that journalctl ended: as it should after the past, or not.
    fn ended(&mut self, succeeded: bool) -> Turn {
        self.running = None;
        if !self.caught_up && succeeded {
            self.caught_up = true;
        } else {
            self.restarts += 1;
            self.wait_until = Some(Instant::now() + self.back_off);
            self.back_off = (self.back_off * 2).min(BACK_OFF.1);
        }
        Turn::Read
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
