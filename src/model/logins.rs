//! Who is here now and who was: login records, boots and shutdowns.

use super::Safe;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Sessions and login records.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Logins {
    /// Where the facts come from, in words: `logind + wtmpdb`.
    pub source: Safe,
    /// Sessions that are open now; `None` when nothing could tell.
    pub here: Option<Vec<Session>>,
    /// Past logins, boots and shutdowns, newest first, bounded; `None` when nothing could tell.
    pub past: Option<Vec<Login>>,
}

/// An open session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Account.
    pub user: Safe,
    /// Remote address or name; `None` for a local terminal.
    pub from: Option<Safe>,
    /// Terminal line, `pts/0`.
    pub tty: Option<Safe>,
    /// How: `password`, `publickey`, `console`; from the sign-ins where they tell.
    pub how: Option<Safe>,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
    /// Seconds since the terminal was last touched.
    pub idle_s: Option<u64>,
    /// The session's leading process.
    pub pid: Option<u32>,
    /// What runs in the foreground.
    pub doing: Option<Safe>,
    /// The session that this program runs in.
    pub you: bool,
    /// logind's session id.
    pub id: Option<Safe>,
}

/// What a login record tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum LoginKind {
    Login,
    Boot,
    Shutdown,
    FailedLogin,
}

/// A login record, from wtmp, btmp or wtmpdb.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Login {
    /// What.
    pub kind: LoginKind,
    /// When.
    pub at: DateTime<Utc>,
    /// Account; for boots the kernel's release.
    pub user: Safe,
    /// Remote address or name.
    pub from: Option<Safe>,
    /// Terminal line.
    pub tty: Option<Safe>,
    /// End; `None` while open, or when no record tells.
    pub ended: Option<DateTime<Utc>>,
    /// The session is still open.
    pub here: bool,
    /// How the end came: `crash` when a boot followed without a shutdown, `gone` when no record tells.
    pub note: Option<Safe>,
}
