//! What is wrong with the settings of the messages: the key, and what to do about it.

use std::fmt;

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The key with its tables, `notify.telegram.token_file`.
    pub key: String,
    /// What is wrong and what to do; never a secret.
    pub says: String,
    /// The file is there, and this user may not read it.
    pub is_denied: bool,
}

impl Fault {
    /// A fault of one key.
    pub(super) fn new(table: &str, key: &str, says: impl Into<String>) -> Self {
        let key = if table.is_empty() { format!("notify.{key}") } else { format!("notify.{table}.{key}") };
        Self { key, says: says.into(), is_denied: false }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.says)
    }
}

impl std::error::Error for Fault {}
