//! Reads wtmpdb and lastlog2: the SQLite databases that replace wtmp and lastlog since Debian 13.
//!
//! It opens them read-only and never creates, locks for writing or repairs anything. Times are microseconds in
//! wtmpdb and seconds in lastlog2. It does not tell failed logins: neither database has them.

use crate::model::{Login, LoginKind, Safe};
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OpenFlags, Row, types::ValueRef};
use std::path::Path;
use std::time::Duration;

/// Rows of `wtmp.db`, newest first: logins, and boots whose logout is their shutdown.
pub(super) fn read_wtmpdb(path: &Path, limit: usize) -> Result<Vec<Login>, String> {
    const QUERY: &str =
        "SELECT Type, User, Login, Logout, TTY, RemoteHost FROM wtmp ORDER BY rowid DESC LIMIT ?1";
    query(path, QUERY, limit, |row| {
        let at = micros(row, 2)?;
        let kind = match integer(row, 0)? {
            1 => LoginKind::Boot,
            3 => LoginKind::Login,
            _ => return None,
        };
        let remote = text(row, 5);
        Some(Login {
            kind,
            at,
            user: if kind == LoginKind::Boot {
                remote.clone().unwrap_or_default()
            } else {
                text(row, 1).unwrap_or_default()
            },
            from: remote.filter(|from| kind == LoginKind::Login && !from.starts_with(':')),
            tty: text(row, 4).filter(|tty| kind == LoginKind::Login && !tty.is_empty()),
            ended: micros(row, 3),
            here: false,
            note: None,
        })
    })
}

/// Rows of `lastlog2.db`, newest first: the latest login of each account, without its end.
pub(super) fn read_lastlog2(path: &Path, limit: usize) -> Result<Vec<Login>, String> {
    const QUERY: &str = "SELECT Name, Time, TTY, RemoteHost FROM Lastlog2 ORDER BY Time DESC LIMIT ?1";
    query(path, QUERY, limit, |row| {
        Some(Login {
            kind: LoginKind::Login,
            at: DateTime::from_timestamp(integer(row, 1).filter(|time| *time > 0)?, 0)?,
            user: text(row, 0)?,
            from: text(row, 3).filter(|from| !from.is_empty() && !from.starts_with(':')),
            tty: text(row, 2).filter(|tty| !tty.is_empty()),
            ended: None,
            here: false,
            note: Some(Safe::new("latest of this account; its end is not recorded")),
        })
    })
}

fn query(
    path: &Path,
    sql: &str,
    limit: usize,
    login: impl Fn(&Row<'_>) -> Option<Login>,
) -> Result<Vec<Login>, String> {
    let rows = |connection: Connection| -> rusqlite::Result<Vec<Login>> {
        connection.busy_timeout(Duration::from_millis(100))?;
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query([limit as i64])?;
        let mut logins = Vec::new();
        while let Some(row) = rows.next()? {
            logins.extend(login(row));
        }
        Ok(logins)
    };
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    // A database in WAL mode needs its -shm file, which a reader without rights on the folder cannot make:
    // then it is read as it stands on disk.
    let uri = |query| format!("file:{}?{query}", percent_encoded(path));
    Connection::open_with_flags(uri("mode=ro"), flags)
        .and_then(&rows)
        .or_else(|_| Connection::open_with_flags(uri("mode=ro&immutable=1"), flags).and_then(&rows))
        .map_err(|error| error.to_string())
}

fn percent_encoded(path: &Path) -> String {
    let mut out = String::new();
    for byte in std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()) {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                out.push(char::from(*byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn integer(row: &Row<'_>, column: usize) -> Option<i64> {
    match row.get_ref(column).ok()? {
        ValueRef::Integer(value) => Some(value),
        _ => None,
    }
}

fn micros(row: &Row<'_>, column: usize) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(integer(row, column).filter(|micros| *micros > 0)?)
}

fn text(row: &Row<'_>, column: usize) -> Option<Safe> {
    match row.get_ref(column).ok()? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) if !bytes.is_empty() => Some(Safe::from_bytes(bytes)),
        _ => None,
    }
}
