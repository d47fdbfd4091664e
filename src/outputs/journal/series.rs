//! The kinds of files in a data directory: which one is written now, and which are closed.
//!
//! A closed file carries in its name the last beat and the last time in it, so that order and age are known
//! without opening it. It is first plain, then packed; it is never written to again.

use crate::outputs::safe_file::Folder;
use anyhow::Result;
use chrono::{DateTime, NaiveDateTime, Utc};

/// A kind of line, and the names of the files that hold it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Series {
    /// The file that is written now.
    pub(super) active: &'static str,
    /// How the names of closed ones begin.
    pub(super) stem: &'static str,
    /// The active file holds packed members already.
    pub(super) packed: bool,
}

pub(super) const SAMPLES: Series = Series { active: super::METRICS, stem: "metrics", packed: false };
pub(super) const ALERTS: Series = Series { active: super::ALERTS, stem: "alerts", packed: false };
pub(super) const MINUTES: Series = Series { active: "minutes.jsonl", stem: "minutes", packed: false };
pub(super) const HOURS: Series = Series { active: "hours.jsonl", stem: "hours", packed: false };
pub(super) const MOMENTS: Series = Series { active: "moments.jsonl.gz", stem: "moments", packed: true };

/// All of them.
pub(super) const ALL: [&Series; 5] = [&SAMPLES, &ALERTS, &MINUTES, &HOURS, &MOMENTS];

/// How the names of packed files end.
pub(super) const PACKED: &str = ".jsonl.gz";
/// How the names of closed files end that wait for packing.
pub(super) const PLAIN: &str = ".jsonl";
const STAMP: &str = "%Y%m%dT%H%M%SZ";

/// A file that is not written any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Closed {
    pub(super) name: String,
    pub(super) packed: bool,
    /// The last beat in it; `None` for what was imported.
    pub(super) to_seq: Option<u64>,
    /// The last time in it; `None` for what was imported.
    pub(super) to: Option<DateTime<Utc>>,
}

impl Series {
    /// The name of the active file once it is closed, without an ending.
    pub(super) fn closed_stem(&self, to_seq: u64, to: DateTime<Utc>) -> String {
        format!("{}-{to_seq:012}-{}", self.stem, to.format(STAMP))
    }

    /// The name of what was imported from a file with this fingerprint.
    pub(super) fn imported(&self, fingerprint: u64) -> String {
        format!("{}-imported-{fingerprint:016x}{PACKED}", self.stem)
    }

    /// The closed files, imported ones first, then oldest first.
    pub(super) fn closed(&self, folder: &Folder) -> Result<Vec<Closed>> {
        Ok(self.closed_of(&folder.names()?))
    }

    /// The closed files among these names.
    pub(super) fn closed_of(&self, names: &[String]) -> Vec<Closed> {
        let mut closed: Vec<Closed> = names.iter().filter_map(|name| self.parse(name)).collect();
        closed.sort_by(|a, b| (a.to_seq, &a.name).cmp(&(b.to_seq, &b.name)));
        // Between the packed file's birth and the plain one's end a crash leaves both: the packed one is whole.
        let packed: Vec<String> =
            closed.iter().filter(|one| one.packed).map(|one| one.name.clone()).collect();
        closed.retain(|one| one.packed || !packed.contains(&format!("{}.gz", one.name)));
        closed
    }

    fn parse(&self, name: &str) -> Option<Closed> {
        let rest = name.strip_prefix(self.stem)?.strip_prefix('-')?;
        let (rest, packed) = match rest.strip_suffix(PACKED) {
            Some(rest) => (rest, true),
            None => (rest.strip_suffix(PLAIN)?, false),
        };
        let (seq, stamp) = rest.split_once('-')?;
        if seq == "imported" {
            return packed.then(|| Closed { name: name.to_owned(), packed, to_seq: None, to: None });
        }
        let to = NaiveDateTime::parse_from_str(stamp, STAMP).ok()?.and_utc();
        Some(Closed { name: name.to_owned(), packed, to_seq: Some(seq.parse().ok()?), to: Some(to) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_files_are_known_by_their_names_and_come_in_order() {
        let at = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let names = [
            format!("{}{PACKED}", SAMPLES.closed_stem(9, at)),
            format!("{}{PLAIN}", SAMPLES.closed_stem(9, at)),
            format!("{}{PLAIN}", SAMPLES.closed_stem(12, at)),
            format!("{}{PACKED}", SAMPLES.closed_stem(2, at)),
            SAMPLES.imported(7),
            "metrics-000000000009-20261118T110640Z.jsonl.gz.new".into(),
            "metrics-x.jsonl".into(),
            "monitor_metrics.jsonl".into(),
            format!("{}{PACKED}", ALERTS.closed_stem(9, at)),
        ];
        let closed = SAMPLES.closed_of(&names);
        let seqs: Vec<_> = closed.iter().map(|one| (one.to_seq, one.packed)).collect();
        assert_eq!(seqs, [(None, true), (Some(2), true), (Some(9), true), (Some(12), false)]);
        assert_eq!(closed[1].to, Some(at));
    }
}
