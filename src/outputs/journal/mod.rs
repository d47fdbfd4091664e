//! The record: every beat a line in `monitor_metrics.jsonl`, every change of an alert a line in
//! `monitor_alerts.jsonl`; minutes and hours beside them, so that years stay small.
//!
//! One process writes, by a file lock; others view. Lines are whole or not there. It judges nothing and never
//! rewrites what it wrote.

mod alerts;
mod append;
mod chain;
mod disk;
mod events;
mod grains;
mod history;
mod import;
mod keep;
mod known;
mod ladder;
mod line;
mod lines;
mod members;
mod moment;
mod moments;
mod packed;
mod plain;
mod points;
mod read;
mod record;
mod rollup;
mod scan;
mod series;
mod settings;
mod tail;
mod verify;
mod viewer;
mod writer;

pub use append::Gap;
pub use disk::{Disk, RealDisk};
pub use events::{AlertEvent, Change};
pub use history::{Format, export, history, metric};
pub use import::{Imported, import};
pub use ladder::Ladder;
pub use moment::Moment;
pub use moments::Latest;
pub use points::{Point, Points, Stretch, sample};
pub use read::{Reader, Stored};
pub use record::Record;
pub use settings::{Settings, Sync};
pub use verify::{Found, Verdict, verdicts, verify};
pub use viewer::Viewer;

/// The active file of samples; the name is the original's.
pub const METRICS: &str = "monitor_metrics.jsonl";

/// The active file of alerts; the name is the original's.
pub const ALERTS: &str = "monitor_alerts.jsonl";

/// What opening the record led to.
pub enum Opened {
    /// This process writes.
    Writer(Box<Record>),
    /// Another process writes; this one can read what it wrote.
    Viewer(Viewer),
}
