//! A record on disk that holds any bytes: good lines are read, bad ones are counted, nothing is made up.

use super::promise;
use chrono::TimeDelta;
use home_soc::model::{History, Sample, Span, Zone};
use home_soc::outputs::journal::{ALERTS, METRICS, Reader, verdicts};
use std::cell::OnceCell;
use std::fs;
use std::path::Path;

thread_local! {
    /// One folder for all runs of a thread; in memory where the machine has such a place.
    static FOLDER: OnceCell<tempfile::TempDir> = const { OnceCell::new() };
}

/// Reads a record whose samples and alerts are `data`.
pub fn run(data: &[u8]) {
    FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| {
            let memory = Path::new("/dev/shm");
            tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir()).unwrap()
        });
        fs::write(folder.path().join(METRICS), data).unwrap();
        fs::write(folder.path().join(ALERTS), data).unwrap();
        read(folder.path(), data);
    });
}

fn read(folder: &Path, data: &[u8]) {
    let reader = Reader::new(folder.to_owned()).in_zone(Zone::utc());
    let lines = data.split(|byte| *byte == b'\n').count();

    let last = reader.last(100).unwrap();
    check(&last, lines);
    let few = reader.last(2).unwrap();
    assert!(last.samples.ends_with(&few.samples), "the last two are not the last of all");

    let (from, to) = (promise::now() - TimeDelta::days(1), promise::now());
    let day = reader.samples(from, to).unwrap();
    check(&day, lines);
    assert!(day.samples.is_sorted_by_key(|sample| sample.at), "out of order");
    assert!(day.samples.iter().all(|sample| (from..=to).contains(&sample.at)), "another day's");

    for count in [1, 7, 2000] {
        let columns = reader.columns(from, to, count).unwrap();
        assert_eq!(columns.columns.len(), count);
        for column in columns.columns.iter().flatten() {
            assert!(column.beats > 0, "a column of nothing");
            for (metric, Span { least, mean, most, .. }) in column.spans.seen() {
                // The mean of equal numbers may differ from them in its last digit.
                let slack = (least.abs() + most.abs()) * 1e-9;
                assert!(least <= most, "{metric:?}: {least} > {most}");
                assert!(mean >= least - slack && mean <= most + slack, "{metric:?}: {least} {mean} {most}");
            }
        }
    }
    for (_, verdict) in verdicts(folder).unwrap() {
        assert!(verdict.lines <= lines as u64, "more lines than there are");
        assert!(verdict.damaged.count <= verdict.lines, "more damage than lines");
    }
}

fn check(history: &History, lines: usize) {
    let told = history.samples.len() as u64 + history.skipped_lines;
    assert!(told <= lines as u64, "{told} of {lines} lines");
    let finite = |sample: &Sample| sample.numbers.seen().all(|(_, value)| value.is_finite());
    assert!(history.samples.iter().all(finite), "a number that is none: {history:?}");
}
