//! What one process said in the journal, read when a person asks.
//!
//! It takes part in no beat, and a hung journal costs nobody but the one who asked.

use super::{JournalRecord, choice, journal};
use crate::model::Safe;
use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};

/// Lines that are read at most.
const LINES_MOST: u32 = 200;

/// A line that a process wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When the journal took it.
    pub at: Option<DateTime<Utc>>,
    /// Who the writer says it is, and the message.
    pub words: Safe,
}

/// The newest lines of a process, newest last. `since` is its start: older lines are another's that had its pid.
///
/// # Errors
/// There is no journal, or it may not be read, in words.
pub fn of_process(pid: u32, since: Option<DateTime<Utc>>) -> anyhow::Result<Vec<Line>> {
    let program = journal::program().context("this machine has no journalctl")?;
    let mut command = journal::command(program);
    command.args([format!("--lines={LINES_MOST}"), format!("_PID={pid}")]);
    if let Some(since) = since {
        command.arg(format!("--since=@{}", since.timestamp()));
    }
    let output = choice::answer(&mut command).context("journalctl did not answer")?;
    let lines = lines(&output.stdout);
    if lines.is_empty() && !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("journalctl says: {}", said.lines().next().unwrap_or("nothing").trim());
    }
    Ok(lines)
}

fn lines(stdout: &[u8]) -> Vec<Line> {
    let records = stdout.split(|byte| *byte == b'\n').filter_map(JournalRecord::parse);
    records
        .map(|record| {
            let who = record.identifier.or(record.comm).unwrap_or_default();
            let message = Safe::from_bytes(&record.message);
            Line {
                at: record.realtime_us.and_then(|us| DateTime::from_timestamp_micros(us as i64)),
                words: Safe::new(&format!("{who}: {message}")),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_become_lines_and_damaged_ones_are_left_out() {
        let told = lines(
            br#"{"__REALTIME_TIMESTAMP":"1763819891000000","SYSLOG_IDENTIFIER":"nginx","MESSAGE":"up\u001b[2J"}
not json
{"MESSAGE":[104,105,255],"_COMM":"sh"}
"#,
        );
        assert_eq!(told.len(), 2);
        assert_eq!(told[0].at, DateTime::from_timestamp(1_763_819_891, 0));
        assert_eq!(told[0].words, "nginx: up^[[2J");
        assert_eq!((told[1].at, told[1].words.as_str()), (None, r"sh: hi\xff"));
    }
}
