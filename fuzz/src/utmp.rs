//! Files of fixed-size login records.

use super::promise;
use home_soc::collect::logins::utmp;

/// The smaller of the two sizes of a record, in bytes.
const RECORD: usize = 384;

/// Reads the records of `data`.
pub fn run(data: &[u8]) {
    let records = utmp::parse(data);
    assert!(records.len() <= data.len() / RECORD, "more records than there is room for");
    for record in &records {
        for text in [&record.line, &record.user, &record.host] {
            promise::text(text);
        }
        if let Some(from) = record.from() {
            promise::text(&from);
            assert!(!from.is_empty(), "a login from nowhere: {record:?}");
        }
    }
}
