//! What must hold for any bytes that the parsers meet: one file a parser, each with `run(data)`.
//!
//! libFuzzer calls them through `src/bin`, and `tests/fuzz_corpus.rs` of the monitor includes this file and runs
//! the kept corpus through them without libFuzzer. A broken promise is a panic.

pub mod config;
pub mod exec_message;
pub mod filter;
pub mod journal_record;
pub mod line;
pub mod mask;
mod promise;
pub mod record_line;
pub mod safe;
pub mod scan;
pub mod scan_pieces;
pub mod sockets;
pub mod stat;
pub mod timestamp;
pub mod utmp;
pub mod zone_rules;

/// A target: it takes any bytes and panics when a promise is broken.
pub type Target = fn(&[u8]);

/// All of them, by the names of their corpora.
pub const TARGETS: &[(&str, Target)] = &[
    ("config", config::run),
    ("exec_message", exec_message::run),
    ("filter", filter::run),
    ("journal_record", journal_record::run),
    ("line", line::run),
    ("mask", mask::run),
    ("record_line", record_line::run),
    ("safe", safe::run),
    ("scan", scan::run),
    ("scan_pieces", scan_pieces::run),
    ("sockets", sockets::run),
    ("stat", stat::run),
    ("timestamp", timestamp::run),
    ("utmp", utmp::run),
    ("zone_rules", zone_rules::run),
];
