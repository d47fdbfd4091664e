//! Lines of a text log, in their order through one parser.

use super::promise;
use home_soc::collect::auth::{Parser, Place};

/// Reads the lines of `data`.
pub fn run(data: &[u8]) {
    let mut parser = Parser::new(promise::clock());
    let mut events = Vec::new();
    let mut lines = 0;
    for line in data.split(|byte| *byte == b'\n') {
        lines += 1;
        parser.line(line, Place { file: None, line: Some(lines) }, &mut events);
    }
    parser.finish(&mut events);
    for event in &events {
        promise::event(event, data);
        assert!(event.line.is_some_and(|line| (1..=lines).contains(&line)), "stands nowhere: {event:?}");
    }
}
