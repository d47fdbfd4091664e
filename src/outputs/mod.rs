//! Tells: every listener of the heartbeat is an [`Output`].

pub mod bill;
pub mod changes;
pub mod document;
pub mod events;
pub mod journal;
pub mod mask;
pub mod notify;
pub mod openmetrics;
pub mod report;
pub mod safe_file;
pub mod scan_report;
pub mod state;

use crate::model::Snapshot;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// A listener that hears every beat.
pub trait Output: Send {
    /// A short name for errors, `record`.
    fn name(&self) -> &'static str;

    /// Takes one beat. An error becomes a sensor line once, not an error at every beat.
    fn hear(&mut self, snapshot: &Arc<Snapshot>) -> anyhow::Result<()>;

    /// Writes what waits and makes it last: for the end of the program.
    fn close(&mut self, _now: DateTime<Utc>) -> anyhow::Result<()> {
        Ok(())
    }
}
