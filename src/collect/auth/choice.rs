//! Chooses where the sign-ins are read from, once, and remembers what every place said.
//!
//! The journal where it can be read and is alive, else the text log that is, never both: one line must not be
//! told twice. What cannot be read gets the smallest fix that works on this machine.

use super::rights::Account;
use super::{journal, rotated};
use crate::collect::Root;
use crate::model::{Fix, Looked, Safe, Sensor};
use chrono::{DateTime, Utc};
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// A text log that is ahead of the journal by more than this is alive, and the journal is not.
const AHEAD_S: i64 = 600;
/// How much of the end of a general log is looked through for sign-ins.
const SAMPLE_BYTES: u64 = 256 << 10;

/// The text logs, and what to say when one does not exist.
const LOGS: [(&str, &str); 3] = [
    ("/var/log/auth.log", "does not exist (normal on Debian 12 and later)"),
    ("/var/log/secure", "does not exist (Red Hat family only)"),
    ("/var/log/messages", "does not exist (Alpine, openSUSE)"),
];
/// The log of everything: sign-ins are there only on some machines.
const GENERAL: &str = "/var/log/messages";
/// How long journalctl may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
const JOURNAL: &str = "system journal (sshd, sudo)";
const BTMP: &str = "/var/log/btmp (failed logins)";

/// Where the sign-ins are read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// The journal, by this journalctl.
    Journal(&'static Path),
    /// A text log, as people know it and as it is opened.
    File { name: String, path: PathBuf },
}

/// The choice and the reasons for it.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    /// `None` when nothing can be read.
    pub(super) place: Option<Place>,
    /// How the sensor begins, without figures of its work.
    pub(super) sensor: Sensor,
}

/// What the journal answered.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Journal {
    /// Not asked: this is no live machine.
    Elsewhere,
    NoProgram,
    Denied,
    /// Nothing was ever written.
    Empty,
    Failed(String),
    Readable {
        program: &'static Path,
        newest: DateTime<Utc>,
        is_volatile: bool,
    },
}

/// What a text log is.
enum Log {
    Missing,
    Denied(Option<Metadata>),
    Unusable(String),
    Readable { changed: i64, len: u64 },
}

/// Looks everywhere and chooses. `files` are looked at instead of the usual logs when there are any.
pub(super) fn choose(root: &Root, files: &[PathBuf], now: DateTime<Utc>) -> Choice {
    let journal = if files.is_empty() { ask_journal(root) } else { Journal::Elsewhere };
    let logs: Vec<(String, Log)> = if files.is_empty() {
        LOGS.iter()
            .map(|(name, _)| ((*name).to_owned(), look_at(&root.path(name), *name == GENERAL)))
            .collect()
    } else {
        files
            .iter()
            .map(|file| (file.display().to_string(), look_at(&root.path(&file.to_string_lossy()), false)))
            .collect()
    };
    let place = alive(&journal, &logs).map(|alive| match alive {
        Alive::Journal(program) => Place::Journal(program),
        Alive::Log(name) => Place::File { name: name.to_owned(), path: root.path(name) },
    });
    let me = Account::of_this_process(root);
    let mut looked = Vec::new();
    if journal != Journal::Elsewhere || root.is_live() {
        looked.push(Looked { place: JOURNAL.into(), result: Safe::new(&journal_words(&journal, &me)) });
    }
    looked.extend(
        logs.iter().map(|(name, log)| Looked { place: Safe::new(name), result: log_words(name, log, now) }),
    );
    if files.is_empty() {
        looked.push(Looked { place: BTMP.into(), result: btmp_words(root) });
    }
    let mut sensor = match &place {
        Some(Place::Journal(_)) => Sensor::ok("auth.journal"),
        Some(Place::File { .. }) => Sensor::ok("auth.file"),
        None => blind(&journal, &logs, &me, root),
    };
    if let (Some(Place::Journal(_)), Journal::Readable { is_volatile: true, .. }) = (&place, &journal) {
        sensor.says =
            Some("this journal is kept in memory only: it begins with the last start of the machine".into());
    }
    sensor.looked = looked;
    Choice { place, sensor }
}

/// The best of what can be read.
#[derive(Debug, PartialEq, Eq)]
enum Alive<'a> {
    Journal(&'static Path),
    Log(&'a str),
}

/// Chooses the journal, unless a text log goes on where the journal has ended; of text logs the newest.
fn alive<'a>(journal: &Journal, logs: &'a [(String, Log)]) -> Option<Alive<'a>> {
    let newest_log = logs
        .iter()
        .filter_map(|(name, log)| match log {
            Log::Readable { changed, len } => Some((*len > 0, *changed, name)),
            _ => None,
        })
        .max_by_key(|(has_content, changed, _)| (*has_content, *changed));
    match (journal, newest_log) {
        (Journal::Readable { newest, .. }, Some((true, changed, name)))
            if changed > newest.timestamp() + AHEAD_S =>
        {
            Some(Alive::Log(name))
        }
        (Journal::Readable { program, .. }, _) => Some(Alive::Journal(program)),
        (_, Some((.., name))) => Some(Alive::Log(name)),
        (_, None) => None,
    }
}

/// Asks journalctl for its newest record: whether one comes, and what is said instead, tells everything.
fn ask_journal(root: &Root) -> Journal {
    if !root.is_live() {
        return Journal::Elsewhere;
    }
    let Some(program) = journal::program() else { return Journal::NoProgram };
    let output = match answer(journal::command(program).arg("--lines=1")) {
        Ok(output) => output,
        Err(error) => return Journal::Failed(error.to_string()),
    };
    let said = String::from_utf8_lossy(&output.stderr);
    // "No files", "some files", or a hint that only one's own messages are shown: what counts is the system's.
    let is_limited = said.contains("insufficient permissions") || said.contains("not seeing messages from");
    if is_limited && !system_journal_opens(root) {
        return Journal::Denied;
    }
    let newest = super::JournalRecord::parse(&output.stdout)
        .and_then(|record| DateTime::from_timestamp_micros(record.realtime_us? as i64));
    match newest {
        Some(newest) => Journal::Readable {
            program,
            newest,
            is_volatile: journal_folders(root, "/var/log/journal").is_empty(),
        },
        None if output.status.success() => Journal::Empty,
        None => Journal::Failed(said.lines().next().unwrap_or("it ended without a word").to_owned()),
    }
}

/// True when the journal of the system's own services can be opened.
fn system_journal_opens(root: &Root) -> bool {
    ["/var/log/journal", "/run/log/journal"]
        .into_iter()
        .flat_map(|place| journal_folders(root, place))
        .any(|folder| rotated::open(&folder.join("system.journal")).is_ok())
}

/// The folders of machines below a place of journals.
fn journal_folders(root: &Root, place: &str) -> Vec<PathBuf> {
    std::fs::read_dir(root.path(place))
        .map(|entries| entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect())
        .unwrap_or_default()
}

/// Runs a command to its end, which must come soon: a journal on a hung disk must not hang us.
pub(super) fn answer(command: &mut Command) -> io::Result<Output> {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let pid = rustix::process::Pid::from_child(&child);
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::Builder::new()
        .name("auth-probe".into())
        .spawn(move || tell.send(child.wait_with_output()))?;
    told.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        // Not waited for by the thread yet: the number is still this child's.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        Err(io::Error::new(io::ErrorKind::TimedOut, format!("no answer in {} s", PATIENCE.as_secs())))
    })
}

fn look_at(path: &Path, is_general: bool) -> Log {
    let file = match rotated::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Log::Missing,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return Log::Denied(std::fs::metadata(path).ok());
        }
        Err(error) => return Log::Unusable(error.to_string()),
    };
    match file.metadata() {
        Ok(meta) if is_general && !holds_sign_ins(&file, meta.len()) => {
            Log::Unusable("holds no sign-ins".into())
        }
        Ok(meta) => Log::Readable { changed: meta.mtime(), len: meta.len() },
        Err(error) => Log::Unusable(error.to_string()),
    }
}

/// Looks through the end of a general log for a speaker of sign-ins.
fn holds_sign_ins(file: &std::fs::File, len: u64) -> bool {
    let mut sample = vec![0; len.min(SAMPLE_BYTES) as usize];
    let read = file.read_at(&mut sample, len.saturating_sub(SAMPLE_BYTES)).unwrap_or(0);
    [
        &b" sshd["[..],
        b" sshd-session[",
        b" sudo:",
        b" sudo[",
        b" su[",
        b" su:",
        b" dropbear[",
        b"pam_unix(",
        b" login[",
    ]
    .iter()
    .any(|speaker| memchr::memmem::find(&sample[..read], speaker).is_some())
}

fn journal_words(journal: &Journal, me: &Account) -> String {
    match journal {
        Journal::Elsewhere => "not looked at: the configuration names files".into(),
        Journal::NoProgram => "journalctl is not installed".into(),
        Journal::Denied if me.is_listed_in(&["systemd-journal", "adm"]) => {
            format!(
                "permission denied: {} has joined a group that may, but this login is older",
                me.name_or_uid()
            )
        }
        Journal::Denied => {
            format!("permission denied: {} is not in systemd-journal or adm", me.name_or_uid())
        }
        Journal::Empty => "no journal: journald does not run here".into(),
        Journal::Failed(why) => format!("journalctl failed: {why}"),
        Journal::Readable { newest, is_volatile, .. } => {
            let kept = if *is_volatile { ", kept in memory only" } else { "" };
            format!("readable{kept}, last record {}", newest.format("%Y-%m-%d %H:%M:%S UTC"))
        }
    }
}

fn log_words(name: &str, log: &Log, now: DateTime<Utc>) -> Safe {
    match log {
        Log::Missing => {
            LOGS.iter().find(|(log, _)| *log == name).map_or("does not exist", |(_, words)| words).into()
        }
        Log::Denied(_) => "permission denied".into(),
        Log::Unusable(why) => Safe::new(why),
        Log::Readable { len: 0, .. } => "readable, empty".into(),
        Log::Readable { changed, .. } => {
            let age = crate::text::age((now.timestamp() - changed).max(0) as f64);
            Safe::new(&format!("readable, last line {age} ago"))
        }
    }
}

fn btmp_words(root: &Root) -> Safe {
    match rotated::open(&root.path("/var/log/btmp")) {
        Ok(_) => "readable; not needed once 1 works".into(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => "does not exist".into(),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            "permission denied; not needed once 1 works".into()
        }
        Err(error) => Safe::new(&error.to_string()),
    }
}

/// Says that nothing is seen, why, and what opens the eyes; the smallest right first.
fn blind(journal: &Journal, logs: &[(String, Log)], me: &Account, root: &Root) -> Sensor {
    let denied_log = logs.iter().find_map(|(name, log)| match log {
        Log::Denied(meta) => Some((name, meta.as_ref())),
        _ => None,
    });
    let is_denied = *journal == Journal::Denied || denied_log.is_some();
    if !is_denied {
        let mut sensor = Sensor::blind(
            "auth",
            "not_found",
            "sign-ins are written down nowhere on this machine: no journal, no auth.log, no secure",
        );
        sensor.alternatives.push(Fix {
            text: "Start systemd-journald or a syslog daemon: without one nothing records who signs in"
                .into(),
            argv: Vec::new(),
            risk: None,
        });
        return sensor;
    }
    let mut says = "sign-ins cannot be seen: their log is there, but I am not allowed to read it".to_owned();
    let mut fixes = Vec::new();
    let group = match (journal, denied_log) {
        (Journal::Denied, _) => {
            ["systemd-journal", "adm"].into_iter().find(|group| Account::group_exists(root, group))
        }
        (_, Some((_, Some(meta))))
            if meta.mode() & 0o040 != 0
                && Account::group_name(root, meta.gid()).as_deref() == Some("adm") =>
        {
            Some("adm")
        }
        _ => None,
    };
    match (group, me.name_for_command()) {
        (Some(group), _) if me.is_listed_in(&[group]) => {
            says.push_str("; this login is older than the membership that allows it: log out and in again");
        }
        (Some(group), Some(name)) => fixes.push(Fix {
            text: "Let your user read them, then log out and in again".into(),
            argv: ["sudo", "usermod", "-aG", group, name].map(str::to_owned).to_vec(),
            risk: None,
        }),
        _ => {}
    }
    if !me.is_root {
        fixes.push(Fix {
            text: "Only this once, as root".into(),
            argv: ["sudo", "home-soc"].map(str::to_owned).to_vec(),
            risk: None,
        });
    }
    let mut sensor = Sensor::blind("auth", "permission_denied", &says);
    let mut fixes = fixes.into_iter();
    sensor.fix = fixes.next().map(|fix| fix.argv).unwrap_or_default();
    sensor.alternatives = fixes.collect();
    sensor
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(name: &str, changed: i64, len: u64) -> (String, Log) {
        (name.to_owned(), Log::Readable { changed, len })
    }

    fn journal(newest: i64) -> Journal {
        let newest = DateTime::from_timestamp(newest, 0).unwrap();
        Journal::Readable { program: Path::new("/usr/bin/journalctl"), newest, is_volatile: false }
    }

    #[test]
    fn the_journal_is_read_unless_only_the_text_log_goes_on() {
        let is_journal = Some(Alive::Journal(Path::new("/usr/bin/journalctl")));
        let day = 86_400;
        let logs = [log("auth.log", 10 * day, 100), log("secure", 9 * day, 100)];
        assert_eq!(alive(&journal(10 * day - 60), &logs), is_journal);
        assert_eq!(alive(&journal(9 * day), &logs), Some(Alive::Log("auth.log")));
        assert_eq!(alive(&Journal::Denied, &logs), Some(Alive::Log("auth.log")));
        // Emptied by rotation, nothing written since: that is no sign of life.
        assert_eq!(alive(&journal(9 * day), &[log("auth.log", 10 * day, 0)]), is_journal);
        assert_eq!(alive(&Journal::Empty, &[log("auth.log", 10 * day, 0)]), Some(Alive::Log("auth.log")));
        assert_eq!(alive(&Journal::Empty, &[("auth.log".to_owned(), Log::Missing)]), None);
    }
}
