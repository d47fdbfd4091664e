//! The past in numbers: what the record keeps of each beat for charts.

use chrono::{DateTime, Utc};

/// A number that is kept for every beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

impl Metric {
    /// All of them, in the order of their declaration.
    pub const ALL: [Self; 8] = [
        Self::Score,
        Self::CpuLoad,
        Self::CpuUsedPct,
        Self::MemoryUsedPct,
        Self::EstablishedConnections,
        Self::FailedLogins,
        Self::NetRxBytesPerS,
        Self::NetTxBytesPerS,
    ];

    /// Its name in the record and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Score => "score",
            Self::CpuLoad => "cpu_load",
            Self::CpuUsedPct => "cpu_used_pct",
            Self::MemoryUsedPct => "memory_used_pct",
            Self::EstablishedConnections => "established_connections",
            Self::FailedLogins => "failed_logins",
            Self::NetRxBytesPerS => "net_rx_bytes_per_s",
            Self::NetTxBytesPerS => "net_tx_bytes_per_s",
        }
    }

    /// The number with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name)
    }
}

/// Something for each number; `None` where it could not be seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Numbers<T>([Option<T>; Metric::ALL.len()]);

impl<T: Copy> Numbers<T> {
    /// Nothing was seen.
    pub const UNSEEN: Self = Self([None; Metric::ALL.len()]);

    /// What is known of one number.
    pub const fn get(&self, metric: Metric) -> Option<T> {
        self.0[metric as usize]
    }

    /// Sets what is known of one number.
    pub const fn set(&mut self, metric: Metric, value: Option<T>) {
        self.0[metric as usize] = value;
    }

    /// What was seen.
    pub fn seen(&self) -> impl Iterator<Item = (Metric, T)> {
        Metric::ALL.into_iter().filter_map(|metric| Some((metric, self.get(metric)?)))
    }

    /// The same numbers told in another way.
    #[must_use]
    pub fn map<U: Copy>(&self, tell: impl Fn(T) -> U) -> Numbers<U> {
        Numbers(self.0.map(|value| value.map(&tell)))
    }
}

/// One beat's numbers.
///
/// The score is 0-100, the load an average of one minute, use of processor and memory percent of all there is,
/// connections are established TCP connections, failed logins the refused credentials of the 24 hours before, and
/// the rates bytes per second over all interfaces but loopback.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// When.
    pub at: DateTime<Utc>,
    /// What was seen.
    pub numbers: Numbers<f64>,
}

impl Sample {
    /// A sample in which nothing was seen.
    pub const fn unseen(at: DateTime<Utc>) -> Self {
        Self { at, numbers: Numbers::UNSEEN }
    }

    /// Sets the value of one metric.
    pub const fn set(&mut self, metric: Metric, value: Option<f64>) {
        self.numbers.set(metric, value);
    }

    /// The value of one metric.
    pub const fn get(&self, metric: Metric) -> Option<f64> {
        self.numbers.get(metric)
    }
}

/// Samples of a stretch of time, oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// Samples, oldest first.
    pub samples: Vec<Sample>,
    /// Lines that could not be read, and were skipped.
    pub skipped_lines: u64,
    /// Values that should be numbers and are not, and were skipped.
    pub skipped_values: u64,
}

/// One column of a chart: what was recorded in a short stretch of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// When the column begins.
    pub at: DateTime<Utc>,
    /// How many beats it stands for.
    pub beats: u64,
    /// What was seen of every number.
    pub spans: Numbers<Span>,
}

/// Least, mean, most, and how many were seen.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Span {
    pub least: f64,
    pub mean: f64,
    pub most: f64,
    pub seen: u64,
}

impl Span {
    /// The span of one value.
    pub const fn of(value: f64) -> Self {
        Self { least: value, mean: value, most: value, seen: 1 }
    }

    /// What was seen in both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let seen = self.seen + other.seen;
        let share = other.seen as f64 / seen.max(1) as f64;
        Self {
            least: self.least.min(other.least),
            mean: self.mean + (other.mean - self.mean) * share,
            most: self.most.max(other.most),
            seen,
        }
    }
}

impl Numbers<Span> {
    /// Joins what was seen elsewhere.
    pub fn join(&mut self, other: &Self) {
        for (metric, span) in other.seen() {
            self.set(metric, Some(self.get(metric).map_or(span, |before| before.join(span))));
        }
    }
}

/// A stretch of time in columns of equal length.
#[derive(Debug, Clone, Default, PartialEq)]
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
