//! Reads open sessions from the files of systemd-logind in `/run/systemd/sessions`.
//!
//! The same facts come over D-Bus; the files need no bus, no permission and no dependency. sd-login(3) reads
//! them too. It does not know what a session does: processes tell that.

use crate::collect::Root;
use crate::model::Safe;
use chrono::{DateTime, Utc};
use std::io::{self, Read};

/// A session file is a few hundred bytes.
const FILE_BYTES: u64 = 64 << 10;
/// At most this many sessions are read.
const SESSIONS: usize = 1000;

/// One session of a person; managers, greeters and closing sessions are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LogindSession {
    /// logind's id.
    pub(super) id: Safe,
    /// Account.
    pub(super) user: Safe,
    /// Terminal line, `pts/0`; logind does not know it for most SSH sessions.
    pub(super) tty: Option<Safe>,
    /// Remote host as PAM gave it.
    pub(super) from: Option<Safe>,
    /// PAM service, `sshd`.
    pub(super) service: Option<Safe>,
    /// Leading process.
    pub(super) leader: Option<u32>,
    /// The kernel's audit session.
    pub(super) audit: Option<u32>,
    /// Start.
    pub(super) since: Option<DateTime<Utc>>,
}

/// Reads every open session; `None` when logind does not run here.
pub(super) fn read(root: &Root) -> io::Result<Option<Vec<LogindSession>>> {
    let folder = root.path("/run/systemd/sessions");
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut sessions = Vec::new();
    let mut files = 0;
    for entry in entries.flatten().take(SESSIONS) {
        let name = entry.file_name();
        // `.ref` are pipes; a name with a dot is never a session.
        let Some(id) = name.to_str().filter(|name| !name.contains('.')) else { continue };
        let mut text = Vec::new();
        // A session may end between the listing and the reading.
        let Ok(file) = super::open_regular(&entry.path()) else { continue };
        if file.take(FILE_BYTES).read_to_end(&mut text).is_err() {
            continue;
        }
        files += 1;
        sessions.extend(parse(id, &String::from_utf8_lossy(&text)));
    }
    // Without systemd as the first process the folder may be left over from an image.
    let runs = files > 0 || root.path("/run/systemd/seats/seat0").exists();
    sessions.sort_by(|a, b| (a.since, &a.id).cmp(&(b.since, &b.id)));
    Ok(runs.then_some(sessions))
}

/// Parses one session file; `None` when it is no open session of a person.
pub(super) fn parse(id: &str, text: &str) -> Option<LogindSession> {
    let value = |key: &str| {
        text.lines()
            .filter_map(|line| line.split_once('='))
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value.trim_matches('"'))
            .filter(|value| !value.is_empty())
    };
    let class = value("CLASS").unwrap_or("user");
    if !class.starts_with("user") || value("STATE") == Some("closing") {
        return None;
    }
    let micros = |key| value(key).and_then(|text| text.parse().ok());
    Some(LogindSession {
        id: Safe::new(id),
        user: Safe::new(value("USER").or_else(|| value("UID"))?),
        tty: value("TTY").or_else(|| value("DISPLAY")).map(Safe::new),
        from: value("REMOTE_HOST").map(Safe::new),
        service: value("SERVICE").map(Safe::new),
        leader: value("LEADER").and_then(|pid| pid.parse().ok()),
        audit: value("AUDIT").and_then(|audit| audit.parse().ok()),
        since: micros("REALTIME").and_then(DateTime::from_timestamp_micros),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SSH: &str = "# This is private data. Do not parse.\nUID=1000\nUSER=anna\nACTIVE=1\nIS_DISPLAY=1\n\
        STATE=active\nREMOTE=1\nTYPE=tty\nORIGINAL_TYPE=tty\nCLASS=user\nSCOPE=session-41.scope\n\
        REMOTE_HOST=192.0.2.33\nSERVICE=sshd\nLEADER=7688\nAUDIT=41\nREALTIME=1763800000123456\nMONOTONIC=1\n";

    #[test]
    fn a_session_file_tells_who_from_where_since_when() {
        let session = parse("41", SSH).unwrap();
        assert_eq!(session.user, "anna");
        assert_eq!(session.from, Some(Safe::new("192.0.2.33")));
        assert_eq!(session.leader, Some(7688));
        assert_eq!(session.audit, Some(41));
        assert_eq!(session.since.unwrap().timestamp_micros(), 1_763_800_000_123_456);
        assert_eq!(session.tty, None);
    }

    #[test]
    fn managers_greeters_and_closing_sessions_are_nobody() {
        for (from, to) in [
            ("CLASS=user\n", "CLASS=manager\n"),
            ("CLASS=user\n", "CLASS=greeter\n"),
            ("CLASS=user\n", "CLASS=background\n"),
            ("STATE=active\n", "STATE=closing\n"),
        ] {
            assert_eq!(parse("1", &SSH.replace(from, to)), None);
        }
        assert!(parse("1", &SSH.replace("CLASS=user\n", "CLASS=user-early\n")).is_some());
        assert_eq!(parse("1", ""), None);
    }
}
