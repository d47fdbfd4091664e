//! Which records this machine has: asks each place in turn and remembers what happened there.
//!
//! It chooses; the parsing is in `logind`, `utmp` and `wtmpdb`, the working out in `past`.

use super::{OpenSession, here, logind, past, utmp};
use crate::collect::Root;
use crate::model::{Login, LoginKind, Looked, Process, Safe, Sensor, SensorState, Session};
use chrono::{DateTime, Utc};
use std::io;
use std::os::unix::fs::MetadataExt;

/// At most this many rows of the past, and of refused logins among them.
const ROWS: usize = 1000;
const REFUSED_ROWS: usize = 200;

/// The clock of process starts and that of records differ by this much at most, in seconds.
const ROUNDING_S: i64 = 5;

const SESSIONS: &str = "/run/systemd/sessions";
const UTMP: [&str; 2] = ["/run/utmp", "/var/run/utmp"];
const WTMP: &str = "/var/log/wtmp";
const OLD_WTMP: &str = "/var/log/wtmp.1";
const BTMP: &str = "/var/log/btmp";
const WTMPDB: [&str; 2] = ["/var/lib/wtmpdb/wtmp.db", "/var/log/wtmp.db"];
const LASTLOG2: &str = "/var/lib/lastlog/lastlog2.db";

/// The places that tell who is here.
pub(super) const HERE: &[&str] = &[SESSIONS, UTMP[0], UTMP[1]];
/// The places that tell who was.
pub(super) const PAST: &[&str] =
    &[WTMP, OLD_WTMP, BTMP, WTMPDB[0], "/var/lib/wtmpdb/wtmp.db-wal", WTMPDB[1], LASTLOG2];

/// What tells whether a file changed: inode, length and time of the last change; `None` where there is none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Stamps(Vec<Option<(u64, u64, i64, i64)>>);

impl Stamps {
    pub(super) fn of(root: &Root, places: &[&str]) -> Self {
        let stamp = |place: &&str| {
            let meta = std::fs::metadata(root.path(place)).ok()?;
            Some((meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec()))
        };
        Self(places.iter().map(stamp).collect())
    }
}

/// Who is here, by logind or utmp.
#[derive(Debug, Default)]
pub(super) struct Here {
    told: Option<(Vec<OpenSession>, &'static str)>,
    looked: Vec<Looked>,
}

impl Here {
    pub(super) fn read(root: &Root) -> Self {
        let mut looked = Vec::new();
        let records = read_utmp(root, &mut looked);
        let sessions = match logind::read(root) {
            Ok(Some(sessions)) => {
                look(&mut looked, SESSIONS, "readable");
                Some(sessions)
            }
            Ok(None) => {
                look(&mut looked, SESSIONS, "systemd-logind does not run here");
                None
            }
            Err(error) => {
                look(&mut looked, SESSIONS, &words(&error));
                None
            }
        };
        let told = match (sessions, records) {
            (Some(sessions), records) => {
                let records = records.unwrap_or_default();
                Some((sessions.into_iter().map(|s| of_logind(s, &records)).collect(), "logind"))
            }
            (None, Some(records)) => Some((records.iter().map(of_utmp).collect(), "utmp")),
            (None, None) => None,
        };
        Self { told, looked }
    }

    /// The sessions of the best source that tells any: logind, utmp, else the process list.
    pub(super) fn told_by(
        &self,
        root: &Root,
        processes: Option<&[Process]>,
    ) -> Option<(Vec<OpenSession>, &'static str)> {
        match &self.told {
            Some((sessions, source)) => {
                // A record outlives a session that was killed: only utmp is written by the dying one itself.
                let lives = |s: &&OpenSession| {
                    *source != "utmp"
                        || s.pid.zip(s.since).is_none_or(|(pid, since)| is_alive(root, pid, since))
                };
                Some((sessions.iter().filter(lives).cloned().collect(), source))
            }
            None => Some((here::of_processes(processes?)?, "processes")),
        }
    }
}

/// The users of the first utmp that has any record; an empty file is one that nobody writes.
fn read_utmp(root: &Root, looked: &mut Vec<Looked>) -> Option<Vec<utmp::Record>> {
    for place in UTMP {
        match utmp::read(&root.path(place)) {
            Ok(records) if records.is_empty() => {
                look(looked, place, "empty: nothing on this machine writes it");
            }
            Ok(mut records) => {
                look(looked, place, "readable");
                records.retain(|record| record.entry == utmp::Entry::User && !record.user.is_empty());
                return Some(records);
            }
            // The second is the first's older name: said once.
            Err(error) if place == UTMP[0] || error.kind() != io::ErrorKind::NotFound => {
                look(looked, place, &words(&error));
            }
            Err(_) => {}
        }
    }
    None
}

fn of_logind(session: logind::LogindSession, records: &[utmp::Record]) -> OpenSession {
    let record = records.iter().find(|record| Some(record.pid) == session.leader);
    OpenSession {
        user: session.user,
        from: session.from.or_else(|| record.and_then(utmp::Record::from)),
        tty: session.tty.or_else(|| record.map(|record| record.line.clone())),
        pid: session.leader,
        since: session.since.or_else(|| record.map(|record| record.at)),
        id: Some(session.id),
        audit: session.audit,
    }
}

fn of_utmp(record: &utmp::Record) -> OpenSession {
    OpenSession {
        user: record.user.clone(),
        from: record.from(),
        tty: Some(record.line.clone()).filter(|line| !line.is_empty()),
        pid: Some(record.pid).filter(|pid| *pid > 0),
        since: Some(record.at),
        ..OpenSession::default()
    }
}

/// True when the process of a record still runs: one of its number that is not younger than the record.
fn is_alive(root: &Root, pid: u32, recorded: DateTime<Utc>) -> bool {
    let read = |place: &str| std::fs::read_to_string(root.path(place)).ok();
    let Some(stat) = read(&format!("/proc/{pid}/stat")) else { return false };
    let boot = read("/proc/stat").and_then(|text| {
        text.lines()
            .find_map(|line| line.strip_prefix("btime "))
            .and_then(|time| time.trim().parse::<i64>().ok())
    });
    // Field 22, proc_pid_stat(5); 19 fields after the state, which follows the last bracket of the name.
    let ticks = stat
        .rsplit_once(')')
        .and_then(|(_, rest)| rest.split_ascii_whitespace().nth(19)?.parse::<i64>().ok());
    let per_second = rustix::param::clock_ticks_per_second().max(1) as i64;
    match (boot, ticks) {
        (Some(boot), Some(ticks)) => boot + ticks / per_second <= recorded.timestamp() + ROUNDING_S,
        _ => true,
    }
}

/// Who was here.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// Rows, newest first; `None` when no place told anything.
    pub(super) rows: Option<Vec<Login>>,
    pub(super) source: Option<&'static str>,
    looked: Vec<Looked>,
    /// Refused because of rights.
    denied: bool,
}

impl Past {
    pub(super) fn read(root: &Root, sessions: Option<&[Session]>) -> Self {
        let mut past = Self::default();
        let mut rows = past.read_wtmpdb(root, sessions);
        let oldest_in_database = rows.last().map(|login| login.at);
        let has_database = !rows.is_empty();
        let mut from_wtmp = past.read_wtmp(root);
        // Both on one machine: it was upgraded, and the old file holds what came before the database.
        from_wtmp.retain(|login| oldest_in_database.is_none_or(|oldest| login.at < oldest));
        past.source = match (has_database, !from_wtmp.is_empty()) {
            (true, true) => Some("wtmpdb + wtmp"),
            (true, false) => Some("wtmpdb"),
            (false, true) => Some("wtmp"),
            (false, false) => None,
        };
        rows.extend(from_wtmp);
        if rows.is_empty() {
            rows = past.read_lastlog2(root);
            past.source = (!rows.is_empty()).then_some("lastlog2");
        }
        rows.truncate(ROWS);
        rows.extend(past.read_btmp(root));
        rows.sort_by_key(|login| std::cmp::Reverse(login.at));
        // No machine that records logins has recorded nothing, not even its own boot.
        past.rows = (!rows.is_empty()).then_some(rows);
        past
    }

    /// Time of the newest row.
    pub(super) fn newest(&self) -> Option<DateTime<Utc>> {
        self.rows.as_ref()?.iter().find(|login| login.kind != LoginKind::FailedLogin).map(|login| login.at)
    }

    /// The login that is still open on a terminal.
    pub(super) fn open_on(&self, user: &Safe, tty: Option<&Safe>) -> Option<&Login> {
        self.rows
            .iter()
            .flatten()
            .find(|login| login.here && login.user == *user && login.tty.as_ref() == tty)
    }

    fn read_wtmp(&mut self, root: &Root) -> Vec<Login> {
        let mut records = self.records(root, OLD_WTMP, false);
        records.extend(self.records(root, WTMP, true));
        past::from_wtmp(&records, |record| is_alive(root, record.pid, record.at))
    }

    fn read_btmp(&mut self, root: &Root) -> Vec<Login> {
        match utmp::read(&root.path(BTMP)) {
            Ok(records) => {
                look(&mut self.looked, BTMP, "readable");
                past::from_btmp(&records, REFUSED_ROWS)
            }
            Err(error) => {
                let told = format!("{}; not needed once the sign-ins are read", words(&error));
                look(&mut self.looked, BTMP, &told);
                Vec::new()
            }
        }
    }

    fn records(&mut self, root: &Root, place: &str, say_missing: bool) -> Vec<utmp::Record> {
        match utmp::read(&root.path(place)) {
            Ok(records) => {
                let told = if records.is_empty() { "empty: no login, no boot" } else { "readable" };
                look(&mut self.looked, place, told);
                records
            }
            Err(error) => {
                self.denied |= error.kind() == io::ErrorKind::PermissionDenied;
                if say_missing || error.kind() != io::ErrorKind::NotFound {
                    look(&mut self.looked, place, &words(&error));
                }
                Vec::new()
            }
        }
    }

    #[cfg(feature = "login-db")]
    fn read_wtmpdb(&mut self, root: &Root, sessions: Option<&[Session]>) -> Vec<Login> {
        let is_here = |login: &Login| {
            sessions.is_some_and(|all| all.iter().any(|s| s.user == login.user && s.tty == login.tty))
        };
        for place in WTMPDB {
            let rows = self.database(root, place, super::wtmpdb::read_wtmpdb);
            if !rows.is_empty() {
                return past::from_wtmpdb(rows, is_here);
            }
        }
        Vec::new()
    }

    #[cfg(feature = "login-db")]
    fn read_lastlog2(&mut self, root: &Root) -> Vec<Login> {
        self.database(root, LASTLOG2, super::wtmpdb::read_lastlog2)
    }

    #[cfg(feature = "login-db")]
    fn database(
        &mut self,
        root: &Root,
        place: &str,
        read: impl Fn(&std::path::Path, usize) -> Result<Vec<Login>, String>,
    ) -> Vec<Login> {
        let path = root.path(place);
        // SQLite opens whatever it is told to: ask first whether it is a file that we may read.
        match super::open_regular(&path).map(|_| read(&path, ROWS)) {
            Ok(Ok(rows)) => {
                look(
                    &mut self.looked,
                    place,
                    if rows.is_empty() { "empty: no login, no boot" } else { "readable" },
                );
                rows
            }
            Ok(Err(error)) => {
                look(&mut self.looked, place, &format!("not readable as a database: {error}"));
                Vec::new()
            }
            Err(error) => {
                self.denied |= error.kind() == io::ErrorKind::PermissionDenied;
                if error.kind() != io::ErrorKind::NotFound || place == WTMPDB[0] {
                    look(&mut self.looked, place, &words(&error));
                }
                Vec::new()
            }
        }
    }

    #[cfg(not(feature = "login-db"))]
    fn read_wtmpdb(&mut self, root: &Root, _: Option<&[Session]>) -> Vec<Login> {
        self.without_database(root, WTMPDB[0])
    }

    #[cfg(not(feature = "login-db"))]
    fn read_lastlog2(&mut self, root: &Root) -> Vec<Login> {
        self.without_database(root, LASTLOG2)
    }

    #[cfg(not(feature = "login-db"))]
    fn without_database(&mut self, root: &Root, place: &str) -> Vec<Login> {
        if root.path(place).exists() {
            look(&mut self.looked, place, "this home-soc was built without the feature login-db");
        }
        Vec::new()
    }
}

/// Says what is seen of logins, what not, and why.
pub(super) fn sensor(here: &Here, past: &Past, here_source: Option<&str>) -> Sensor {
    const ID: &str = "logins";
    let reason = if past.denied { "permission_denied" } else { "not_found" };
    let mut sensor = match (here_source, past.rows.is_some()) {
        (Some("processes"), true) => Sensor::partial(
            ID,
            "not_found",
            "SSH sessions are known from the process list only: no logind, no utmp",
        ),
        (Some("processes"), false) => Sensor::partial(
            ID,
            reason,
            "only SSH sessions that are open now are known, from the process list: no login is recorded here",
        ),
        (Some(_), true) => Sensor::ok(ID),
        (Some(_), false) => {
            Sensor::partial(ID, reason, "who is here now is known; past logins are not recorded here")
        }
        (None, true) => {
            Sensor::partial(ID, reason, "past logins are known; who is here now is not: no logind, no utmp")
        }
        (None, false) => Sensor::blind(ID, reason, "neither who is here now nor who was can be read"),
    };
    if past.denied && sensor.state != SensorState::Ok {
        sensor = sensor.fixed_by(&["sudo", "home-soc"]);
    }
    sensor.looked = here.looked.iter().chain(&past.looked).cloned().collect();
    sensor
}

fn look(looked: &mut Vec<Looked>, place: &str, result: &str) {
    looked.push(Looked { place: Safe::new(place), result: Safe::new(result) });
}

fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "does not exist".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => error.to_string(),
    }
}
