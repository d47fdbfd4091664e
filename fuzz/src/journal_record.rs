//! Records of `journalctl -o json`, one a line, in their order through one parser.

use super::promise;
use home_soc::collect::auth::{JournalRecord, Parser};

/// Reads the records of `data`.
pub fn run(data: &[u8]) {
    let mut parser = Parser::new(promise::clock());
    let mut events = Vec::new();
    let mut heard = Vec::new();
    for line in data.split(|byte| *byte == b'\n') {
        let Some(record) = JournalRecord::parse(line) else { continue };
        heard.extend_from_slice(&record.message);
        heard.push(b'\n');
        parser.record(&record, &mut events);
    }
    parser.finish(&mut events);
    for event in &events {
        promise::event(event, &heard);
    }
}
