//! Works out from login records who was here, until when, and how it ended, the way last(1) does.
//!
//! Pure: records in, rows out. It reads no file and asks no process table; who is still alive is told to it.

use super::utmp::{Entry, Record};
use crate::model::{Login, LoginKind, Safe};
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// How the machine stopped after a moment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Halt {
    Shutdown,
    /// A boot followed, and no shutdown was recorded before it.
    Crash,
}

/// Turns the records of wtmp, oldest first, into rows, newest first.
pub(super) fn from_wtmp(records: &[Record], is_alive: impl Fn(&Record) -> bool) -> Vec<Login> {
    let mut rows = Vec::new();
    // Walking back in time: when each line was next taken or left, and how the machine next stopped.
    let mut next_on_line: HashMap<&str, DateTime<Utc>> = HashMap::new();
    let mut halt: Option<(DateTime<Utc>, Halt)> = None;
    for record in records.iter().rev() {
        match record.entry {
            Entry::RunLevel if is_shutdown(record) => {
                rows.push(row(LoginKind::Shutdown, record, &record.host));
                halt = Some((record.at, Halt::Shutdown));
                next_on_line.clear();
            }
            Entry::Boot => {
                let mut boot = row(LoginKind::Boot, record, &record.host);
                (boot.ended, boot.note) = ending(halt);
                boot.here = halt.is_none();
                rows.push(boot);
                halt = Some((record.at, Halt::Crash));
                next_on_line.clear();
            }
            Entry::User if !record.user.is_empty() && record.user != "LOGIN" => {
                let mut login = row(LoginKind::Login, record, &record.user);
                login.from = record.from();
                login.tty = Some(record.line.clone()).filter(|line| !line.is_empty());
                match next_on_line.insert(&record.line, record.at) {
                    Some(left) => login.ended = Some(left),
                    None if halt.is_some() => (login.ended, login.note) = ending(halt),
                    None if is_alive(record) => login.here = true,
                    None => login.note = Some(gone()),
                }
                rows.push(login);
            }
            Entry::Dead | Entry::Waiting if !record.line.is_empty() => {
                next_on_line.insert(&record.line, record.at);
            }
            _ => {}
        }
    }
    rows
}

/// Works out what wtmpdb's rows, newest first, leave open, and adds the shutdowns that its boots end with.
#[cfg(feature = "login-db")]
pub(super) fn from_wtmpdb(rows: Vec<Login>, is_here: impl Fn(&Login) -> bool) -> Vec<Login> {
    let mut out = Vec::with_capacity(rows.len());
    let mut halt: Option<(DateTime<Utc>, Halt)> = None;
    for mut login in rows {
        if login.kind == LoginKind::Boot {
            if let Some(at) = login.ended {
                out.push(Login { kind: LoginKind::Shutdown, at, ended: None, ..login.clone() });
            } else {
                (login.ended, login.note) = ending(halt);
                login.here = halt.is_none();
            }
            halt = Some((login.at, Halt::Crash));
        } else if login.ended.is_none() {
            if halt.is_some() {
                (login.ended, login.note) = ending(halt);
            } else if is_here(&login) {
                login.here = true;
            } else {
                login.note = Some(gone());
            }
        }
        out.push(login);
    }
    out
}

/// Turns the records of btmp, oldest first, into rows, newest first.
pub(super) fn from_btmp(records: &[Record], limit: usize) -> Vec<Login> {
    let tried = |record: &Record| Login {
        from: record.from(),
        tty: Some(record.line.clone()).filter(|line| !line.is_empty()),
        ..row(LoginKind::FailedLogin, record, &record.user)
    };
    records.iter().rev().take(limit).map(tried).collect()
}

fn row(kind: LoginKind, record: &Record, user: &Safe) -> Login {
    Login {
        kind,
        at: record.at,
        user: user.clone(),
        from: None,
        tty: None,
        ended: None,
        here: false,
        note: None,
    }
}

fn ending(halt: Option<(DateTime<Utc>, Halt)>) -> (Option<DateTime<Utc>>, Option<Safe>) {
    match halt {
        Some((at, Halt::Crash)) => (Some(at), Some(Safe::new("crash"))),
        Some((at, Halt::Shutdown)) => (Some(at), None),
        None => (None, None),
    }
}

fn gone() -> Safe {
    Safe::new("gone")
}

/// True for systemd's `shutdown` record and for sysvinit's run levels 0 and 6.
fn is_shutdown(record: &Record) -> bool {
    record.user == "shutdown" || matches!(record.pid as u8, b'0' | b'6')
}

#[cfg(test)]
mod tests {
    use super::super::utmp::{parse, tests::record};
    use super::*;

    fn rows(records: &[(u16, u32, &str, &str, i64)]) -> Vec<Login> {
        let bytes: Vec<u8> = records
            .iter()
            .flat_map(|(kind, pid, line, user, at)| record(false, *kind, *pid, line, user, "", *at))
            .collect();
        from_wtmp(&parse(&bytes), |record| record.pid == 99)
    }

    fn seconds(row: &Login) -> (LoginKind, i64, Option<i64>, bool, Option<&str>) {
        (row.kind, row.at.timestamp(), row.ended.map(|at| at.timestamp()), row.here, row.note.as_deref())
    }

    #[test]
    fn sessions_end_by_logout_shutdown_crash_or_not_yet() {
        let rows = rows(&[
            (2, 0, "~", "reboot", 100),
            (7, 1, "pts/0", "out", 110),
            (8, 1, "pts/0", "", 120),
            (7, 2, "pts/0", "down", 130),
            (1, 0, "~", "shutdown", 140),
            (2, 0, "~", "reboot", 200),
            (7, 3, "tty1", "lost", 210),
            (2, 0, "~", "reboot", 300),
            (7, 99, "pts/1", "here", 310),
            (7, 4, "pts/2", "gone", 320),
        ]);
        let told: Vec<_> = rows.iter().map(seconds).collect();
        assert_eq!(
            told,
            [
                (LoginKind::Login, 320, None, false, Some("gone")),
                (LoginKind::Login, 310, None, true, None),
                (LoginKind::Boot, 300, None, true, None),
                (LoginKind::Login, 210, Some(300), false, Some("crash")),
                (LoginKind::Boot, 200, Some(300), false, Some("crash")),
                (LoginKind::Shutdown, 140, None, false, None),
                (LoginKind::Login, 130, Some(140), false, None),
                (LoginKind::Login, 110, Some(120), false, None),
                (LoginKind::Boot, 100, Some(140), false, None),
            ]
        );
    }

    #[test]
    fn a_new_login_on_a_line_ends_the_old_one() {
        let rows = rows(&[(7, 1, "pts/0", "old", 10), (7, 99, "pts/0", "new", 20)]);
        assert_eq!(seconds(&rows[1]), (LoginKind::Login, 10, Some(20), false, None));
        assert!(rows[0].here);
    }

    #[test]
    fn a_change_of_run_level_is_no_shutdown() {
        let runlevel = u32::from(b'5') + (u32::from(b'N') << 8);
        let rows = rows(&[(2, 0, "~", "reboot", 1), (1, runlevel, "~", "runlevel", 2)]);
        assert_eq!(rows.len(), 1);
        assert!(rows[0].here);
    }
}
