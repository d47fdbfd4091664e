//! A record that another process writes: this one reads it, stores nothing, and says when nobody writes any more.

use crate::model::Snapshot;
use crate::outputs::Output;
use anyhow::{Result, bail};
use rustix::process::{Pid, test_kill_process};
use std::path::PathBuf;
use std::sync::Arc;

/// A record that another process writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// The data directory.
    pub dir: PathBuf,
    /// The process that writes, where it told.
    pub writer: Option<u32>,
}

impl Viewer {
    /// Who writes what, in words.
    pub fn says(&self) -> String {
        format!("{} records to {}", self.who(), self.dir.display())
    }

    fn who(&self) -> String {
        self.writer
            .map_or_else(|| "another home-soc".to_owned(), |pid| format!("another home-soc (pid {pid})"))
    }

    /// False when the writer is known to have ended.
    fn writer_runs(&self) -> bool {
        let pid = self.writer.and_then(|pid| Pid::from_raw(pid.cast_signed()));
        pid.is_none_or(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
    }
}

impl Output for Viewer {
    fn name(&self) -> &'static str {
        "record"
    }

    fn hear(&mut self, _snapshot: &Arc<Snapshot>) -> Result<()> {
        if !self.writer_runs() {
            bail!("nothing is recorded any more: {} has ended; start this one again to record", self.who());
        }
        Ok(())
    }
}
