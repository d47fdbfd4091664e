//! What a scan of log files adds up to.

use super::Safe;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The counts of all files of one scan.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ScanSummary {
    /// What was read, as named by the user.
    pub files: Vec<Safe>,
    /// Bytes read, after decompression.
    pub bytes: u64,
    /// Lines or records read.
    pub lines: u64,
    /// Blank lines and comments.
    pub lines_skipped: u64,
    /// Lines that are no log line that we know.
    pub lines_unparsed: u64,
    /// Where the first of them stand: file, line, and why where there is a reason.
    pub unparsed: Vec<UnparsedLine>,
    /// Lines that told something of sign-ins, counted events or not.
    pub lines_telling: u64,
    /// Refused credentials, each once.
    pub attempts: u64,
    /// Names offered that may not sign in: they do not exist, or are not allowed.
    pub invalid_users: u64,
    /// Connections that ended before a credential.
    pub probes: u64,
    /// Accounts or addresses locked out.
    pub lockouts: u64,
    /// Taken credentials.
    pub accepted: u64,
    /// Sessions opened by a sign-in.
    pub sessions: u64,
    /// Commands run as another user.
    pub sudo: u64,
    /// Such commands refused.
    pub sudo_denied: u64,
    /// Changes of user by su.
    pub su: u64,
    /// Refused ones.
    pub su_failed: u64,
    /// Changes of accounts, groups and passwords.
    pub changes: u64,
    /// Different addresses of refused credentials; IPv6 by /64.
    pub failing_sources: u64,
    /// Different names of refused credentials.
    pub names_tried: u64,
    /// True when the two counts above are estimates, because there were more than are kept.
    pub estimated: bool,
    /// Attempts of sources that are not kept one by one.
    pub attempts_of_other_sources: u64,
    /// First and last time stated by a line that told something.
    pub first_at: Option<DateTime<Utc>>,
    /// Last such time.
    pub last_at: Option<DateTime<Utc>>,
    /// Sources by attempts, most first, at most ten.
    pub top_sources: Vec<ScanSource>,
    /// Names by attempts, most first, at most ten.
    pub top_names: Vec<(Safe, u64)>,
    /// Sign-ins from addresses that had failed before, in their order, at most twenty.
    pub after_failures: Vec<AfterFailures>,
    /// How many there were.
    pub after_failures_total: u64,
    /// Attempts per hour of the day, in the zone of the scan: 24 entries.
    pub hours: Vec<u64>,
    /// What could not be read, or not to its end.
    pub problems: Vec<Safe>,
}

/// A line that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct UnparsedLine {
    pub file: Safe,
    pub line: u64,
}

/// One source of attempts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScanSource {
    /// Address, /64 or name.
    pub address: Safe,
    /// Refused credentials.
    pub attempts: u64,
    /// Taken credentials.
    pub accepted: u64,
    /// Names tried, in the order of their first try, at most eight.
    pub names: Vec<Safe>,
    /// First attempt.
    pub first_at: Option<DateTime<Utc>>,
    /// Last attempt.
    pub last_at: Option<DateTime<Utc>>,
}

/// A sign-in that followed failures of the same source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AfterFailures {
    /// Who got in.
    pub user: Safe,
    /// From where.
    pub address: Safe,
    /// How many attempts had failed before.
    pub failures: u64,
    /// When.
    pub at: Option<DateTime<Utc>>,
}
