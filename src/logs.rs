//! Log lines of one process for the screen, from the journal. What sign-ins tell the screen has in every beat.

use crate::collect::auth::said;
use crate::tui::hands::{LogLine, Logs};
use chrono::{DateTime, Utc};

/// Asks the journal.
pub(crate) struct Journal;

impl Logs for Journal {
    fn of_process(&self, pid: u32, since: Option<DateTime<Utc>>) -> anyhow::Result<Vec<LogLine>> {
        let lines = said::of_process(pid, since)?;
        Ok(lines.into_iter().map(|line| LogLine { at: line.at, words: line.words }).collect())
    }
}
