//! Sign-ins: one physical event each, and what they add up to over a day.

use super::Safe;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a sign-in source gave in one beat.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AuthReading {
    /// Where the lines come from, in words: `journal`, `/var/log/auth.log`.
    pub source: Safe,
    /// Events that are new since the last beat, in the order of their arrival; the first beats bring what the
    /// source held before this start.
    pub events: Vec<Arc<AuthEvent>>,
    /// False while what the source held before this start is still being read.
    pub caught_up: bool,
    /// Lines that were dropped because they came faster than they could be kept, in this beat.
    pub dropped: u64,
    /// Time of the newest line read, whether it was an event or not.
    pub last_line_at: Option<DateTime<Utc>>,
}

/// What happened, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthKind {
    /// A credential was tried and refused.
    Failed,
    /// A credential was taken.
    Accepted,
    /// A name that does not exist was offered, before a credential.
    InvalidUser,
    /// A session began.
    SessionOpened,
    /// A session ended.
    SessionClosed,
    /// A command was run as another user through sudo, doas or pkexec.
    Sudo,
    /// Such a command was refused.
    SudoDenied,
    /// A user became another by su.
    Su,
    /// That was refused.
    SuFailed,
    /// An account or group was added.
    AccountAdded,
    /// An account's uid, home, shell, lock or expiry changed.
    AccountChanged,
    /// An account or group was removed.
    AccountRemoved,
    /// Membership of a group changed.
    GroupChanged,
    /// A password changed.
    PasswordChanged,
    /// A connection that ended before a credential was tried.
    Probe,
    /// An account or address was locked out.
    Lockout,
    /// Said by a speaker we know, but none of the above.
    Other,
}

/// How far an address can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attribution {
    /// The kernel's socket table showed that address and port.
    KernelConfirmed,
    /// Only the log says so.
    LogOnly,
    /// Two witnesses contradict each other.
    Disputed,
}

/// One physical sign-in event. A field that the line does not state is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthEvent {
    /// The file it stood in, as named on the command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Safe>,
    /// Line in that file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<DateTime<Utc>>,
    /// What.
    pub kind: AuthKind,
    /// Who says so: `sshd`, `sudo`, `su`, `pam`, ...
    pub service: Safe,
    /// The account tried, used or acting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Safe>,
    /// The account that a command ran as, or that was switched to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_user: Option<Safe>,
    /// An IP address or, where the speaker logged a name, that name; never one the client could choose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Safe>,
    /// The remote port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// `password`, `publickey`, `keyboard-interactive/pam`, ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Safe>,
    /// Key type and fingerprint, `ED25519 SHA256:...`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Safe>,
    /// The command of sudo, doas or pkexec.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Safe>,
    /// The terminal named by the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tty: Option<Safe>,
    /// Why it was refused or ended, in the speaker's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Safe>,
    /// Whether the account exists, where the line tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_exists: Option<bool>,
    /// The machine that wrote the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<Safe>,
    /// Process id of the speaker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// How often it happened: the N of "message repeated N times".
    pub count: u32,
    /// Trust in the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution: Option<Attribution>,
    /// Set when another line already told this event: that one's key; this one is not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<Safe>,
    /// Set when the journal's trusted fields name another program than the line claims: that program. The line
    /// is a forgery and is not counted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub forged_by: Option<Safe>,
    /// The message as written, cleaned.
    pub raw: Safe,
}

impl AuthEvent {
    /// An event of `kind` that states nothing else.
    pub fn new(kind: AuthKind, service: &str, raw: &str) -> Self {
        Self {
            file: None,
            line: None,
            time: None,
            kind,
            service: Safe::new(service),
            user: None,
            target_user: None,
            address: None,
            port: None,
            method: None,
            key: None,
            command: None,
            tty: None,
            reason: None,
            user_exists: None,
            host: None,
            pid: None,
            count: 1,
            attribution: None,
            duplicate_of: None,
            forged_by: None,
            raw: Safe::new(raw),
        }
    }
}

/// Sign-ins over the last 24 hours, as counted by the judge from the events.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SignIns {
    /// Where the lines come from.
    pub source: Safe,
    /// Refused credentials.
    pub failed_24h: u64,
    /// Different addresses of them.
    pub failed_sources_24h: u64,
    /// Of `failed_24h`, those for accounts that exist on this machine.
    pub failed_existing_24h: u64,
    /// Taken credentials.
    pub accepted_24h: u64,
    /// Commands run through sudo, doas, pkexec.
    pub sudo_24h: u64,
    /// Refused ones.
    pub sudo_denied_24h: u64,
    /// Connections that ended before a credential.
    pub probes_24h: u64,
    /// Per hour, oldest first, the last entry is the current hour: 24 entries.
    pub hours: Vec<HourCounts>,
    /// Who is knocking: most tries first, bounded; the rest is in the totals only.
    pub sources: Vec<Source>,
    /// Sources that are known but not listed.
    pub sources_more: u64,
    /// The latest events, oldest first, bounded.
    pub recent: Vec<Arc<AuthEvent>>,
    /// False while the past is still being read.
    pub caught_up: bool,
    /// Time of the newest line read.
    pub last_line_at: Option<DateTime<Utc>>,
}

/// Sign-ins of one hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct HourCounts {
    pub failed: u64,
    pub accepted: u64,
    pub sudo: u64,
}

/// One address that tried, over the last 24 hours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Address, or the /64 of an IPv6 one; `local` for tries at this machine.
    pub address: Safe,
    /// Refused credentials.
    pub tries: u64,
    /// Taken credentials.
    pub accepted: u64,
    /// Names tried, most often first, at most eight.
    pub names: Vec<Safe>,
    /// How many different names, counted up to a bound.
    pub names_total: u64,
    /// First and last event.
    pub first_at: Option<DateTime<Utc>>,
    /// Last event.
    pub last_at: Option<DateTime<Utc>>,
    /// What came of it.
    pub state: SourceState,
    /// Tries per hour, oldest first, 24 entries.
    pub hours: Vec<u32>,
}

/// What is known of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// It may go on trying.
    Open,
    /// fail2ban or the like has banned it.
    Banned,
    /// It got in after failing.
    GotIn,
    /// It is where the person at this screen sits.
    Yours,
}
