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
