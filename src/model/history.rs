//! The past in numbers: what the record keeps of each beat for charts.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A number that is kept for every beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names and units are those of the metrics line")]
pub enum Metric {
    Score,
    CpuLoad,
    CpuUsedPct,
    MemoryUsedPct,
    EstablishedConnections,
    FailedLogins,
    NetRxBytesPerS,
    NetTxBytesPerS,
}

/// One beat's numbers; `None` where it could not be seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When.
    pub at: DateTime<Utc>,
    /// 0-100.
    pub score: Option<f64>,
    /// Load average of one minute.
    pub cpu_load: Option<f64>,
    /// Percent of all cores.
    pub cpu_used_pct: Option<f64>,
    /// Percent of main memory.
    pub memory_used_pct: Option<f64>,
    /// Established TCP connections.
    pub established_connections: Option<f64>,
    /// Refused credentials in the 24 hours before.
    pub failed_logins: Option<f64>,
    /// Received bytes per second, all interfaces but loopback.
    pub net_rx_bytes_per_s: Option<f64>,
    /// Sent bytes per second, all interfaces but loopback.
    pub net_tx_bytes_per_s: Option<f64>,
}

impl Sample {
    /// A sample in which nothing was seen.
    pub const fn unseen(at: DateTime<Utc>) -> Self {
        Self {
            at,
            score: None,
            cpu_load: None,
            cpu_used_pct: None,
            memory_used_pct: None,
            established_connections: None,
            failed_logins: None,
            net_rx_bytes_per_s: None,
            net_tx_bytes_per_s: None,
        }
    }

    /// Sets the value of one metric.
    pub const fn set(&mut self, metric: Metric, value: f64) {
        let place = match metric {
            Metric::Score => &mut self.score,
            Metric::CpuLoad => &mut self.cpu_load,
            Metric::CpuUsedPct => &mut self.cpu_used_pct,
            Metric::MemoryUsedPct => &mut self.memory_used_pct,
            Metric::EstablishedConnections => &mut self.established_connections,
            Metric::FailedLogins => &mut self.failed_logins,
            Metric::NetRxBytesPerS => &mut self.net_rx_bytes_per_s,
            Metric::NetTxBytesPerS => &mut self.net_tx_bytes_per_s,
        };
        *place = Some(value);
    }

    /// The value of one metric.
    pub const fn get(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::Score => self.score,
            Metric::CpuLoad => self.cpu_load,
            Metric::CpuUsedPct => self.cpu_used_pct,
            Metric::MemoryUsedPct => self.memory_used_pct,
            Metric::EstablishedConnections => self.established_connections,
            Metric::FailedLogins => self.failed_logins,
            Metric::NetRxBytesPerS => self.net_rx_bytes_per_s,
            Metric::NetTxBytesPerS => self.net_tx_bytes_per_s,
        }
    }
}

/// Samples of a stretch of time, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Samples, oldest first.
    pub samples: Vec<Sample>,
    /// Lines that could not be read, and were skipped.
    pub skipped_lines: u64,
    /// Values that should be numbers and are not, and were skipped.
    #[serde(default)]
    pub skipped_values: u64,
}

/// One column of a chart: what was recorded in a short stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// How many beats it stands for.
    pub beats: u64,
    /// The least of every number.
    pub least: Sample,
    /// The mean of every number.
    pub mean: Sample,
    /// The most of every number.
    pub most: Sample,
}

/// A stretch of time in columns of equal length.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Columns {
    /// When the first column begins.
    pub from: DateTime<Utc>,
    /// How long a column is, in seconds.
    pub step_s: f64,
    /// The columns, oldest first; `None` where nothing was recorded.
    pub columns: Vec<Option<Column>>,
    /// Lines that could not be read, and were skipped.
    pub skipped_lines: u64,
    /// Values that should be numbers and are not, and were skipped.
    pub skipped_values: u64,
}
