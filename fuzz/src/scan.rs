//! A whole log through the scan, which must tell what the parser tells line by line.

use super::promise;
use home_soc::collect::auth::{Input, JournalRecord, Parser, Place, Scan};
use home_soc::model::{AuthEvent, Safe, ScanSummary};
use std::io::Cursor;

/// Scans `data`.
pub fn run(data: &[u8]) {
    let (events, summary) = scan(data.to_vec(), 1);
    for event in &events {
        promise::event(event, &unescaped(data));
    }
    assert_eq!(without_places(events), without_places(line_by_line(data)), "scan and parser disagree");
    assert_eq!(summary.bytes, data.len() as u64);
    let breaks = data.split(|byte| *byte == b'\n').count() as u64 - 1;
    assert_eq!(summary.lines, breaks + u64::from(data.last().is_some_and(|last| *last != b'\n')));
    assert!(summary.lines_skipped + summary.lines_unparsed <= summary.lines);
    assert!(summary.unparsed.iter().all(|unparsed| (1..=summary.lines).contains(&unparsed.line)));
    let counted = scan_only_counting(data.to_vec());
    assert_eq!(counted, summary, "the counts depend on whether anybody listens");
}

/// Scans with so many threads.
pub(super) fn scan(data: Vec<u8>, workers: usize) -> (Vec<AuthEvent>, ScanSummary) {
    let mut scan = Scan::new(promise::clock(), workers);
    let mut events = Vec::new();
    let mut keep = |event: &AuthEvent| {
        events.push(event.clone());
        Ok(())
    };
    scan.read(input(data), Some(&mut keep), &mut |_| {}).unwrap();
    let summary = scan.summary();
    (events, summary)
}

fn scan_only_counting(data: Vec<u8>) -> ScanSummary {
    let mut scan = Scan::new(promise::clock(), 1);
    scan.read(input(data), None, &mut |_| {}).unwrap();
    scan.summary()
}

fn input(data: Vec<u8>) -> Input {
    Input { name: Safe::new("log"), bytes: Box::new(Cursor::new(data)), size: None, written_until: None }
}

/// The same without the scan: the lines that it takes for lines of a log, one after the other.
fn line_by_line(data: &[u8]) -> Vec<AuthEvent> {
    let mut parser = Parser::new(promise::clock());
    let mut events = Vec::new();
    for line in data.split(|byte| *byte == b'\n') {
        let is_none = line.first() == Some(&b'#') || line.starts_with(b"-- ") || line.trim_ascii().is_empty();
        if line.first() == Some(&b'{') {
            if let Some(record) = JournalRecord::parse(line) {
                parser.record(&record, &mut events);
            }
        } else if !is_none {
            parser.line(line, Place::default(), &mut events);
        }
    }
    parser.finish(&mut events);
    events
}

/// Events without what names a place in a file, which the line-by-line reading does not know.
fn without_places(mut events: Vec<AuthEvent>) -> Vec<AuthEvent> {
    for event in &mut events {
        event.file = None;
        event.line = None;
        event.duplicate_of = event.duplicate_of.as_ref().map(|_| Safe::default());
    }
    events
}

/// What was written: the text itself, and the messages of its records without their escapes.
fn unescaped(data: &[u8]) -> Vec<u8> {
    let mut heard = data.to_vec();
    for record in data.split(|byte| *byte == b'\n').filter_map(JournalRecord::parse) {
        heard.push(b'\n');
        heard.extend_from_slice(&record.message);
    }
    heard
}
