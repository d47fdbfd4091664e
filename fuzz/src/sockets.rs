//! The kernel's socket tables: answers of netlink, and text.

use home_soc::collect::fuzzing;

/// The least bytes of a row: netlink header and `struct inet_diag_msg`.
const ROW: usize = 16 + 72;

/// Reads `data` as both.
pub fn run(data: &[u8]) {
    for ends in [fuzzing::socket_answer(data), fuzzing::socket_table(data)] {
        for end in ends.iter().flatten() {
            // An IPv4 peer of an IPv6 socket is told as what it is.
            assert_eq!(end.ip(), end.ip().to_canonical());
        }
    }
    let rows = fuzzing::socket_answer(data).len();
    assert!(rows * ROW <= data.len() + 3, "{rows} rows in {} bytes", data.len());
    let lines = data.split(|byte| *byte == b'\n').count();
    assert!(fuzzing::socket_table(data).len() <= lines, "more sockets than lines");
}
