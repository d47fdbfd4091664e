//! A log of several pieces: one thread and three must tell the same. Slow, for it reads hundreds of kilobytes.

use super::scan::scan;

/// Longer than a piece, so that what stands before and after it is read by different threads.
const GAP: usize = 260 * 1024;

/// Scans `data` cut at its first NUL byte (else in the middle), with a long gap of blank lines between.
pub fn run(data: &[u8]) {
    let cut = data.iter().position(|byte| *byte == 0).unwrap_or(data.len() / 2);
    let mut log = data[..cut].to_vec();
    log.resize(log.len() + GAP, b'\n');
    log.extend_from_slice(&data[cut..]);
    log.resize(log.len() + GAP, b'\n');
    log.extend_from_slice(&data[..cut]);
    assert_eq!(scan(log.clone(), 1), scan(log, 3), "threads change what is told");
}
