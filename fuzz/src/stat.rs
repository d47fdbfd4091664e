//! /proc/PID/stat: any bytes are a line or none, and no name that a process chooses changes another field.

use home_soc::collect::fuzzing;

/// Parses `data` as a line, and as the name in a good line.
pub fn run(data: &[u8]) {
    if let Some(stat) = fuzzing::stat(data) {
        let written = [b"(", stat.name, b")"].concat();
        assert!(data.windows(written.len()).any(|part| part == written), "a name that nobody wrote");
    }
    let mut line = b"4242 (".to_vec();
    line.extend_from_slice(data);
    line.extend_from_slice(
        b") S 17 4242 4242 0 -1 4194560 1 0 0 0 30 12 0 0 20 0 3 0 9876 1 55 0 0 0 4096\n",
    );
    let stat = fuzzing::stat(&line).expect("the kernel's own line");
    assert_eq!((stat.name, stat.ppid, stat.cpu_ticks), (data, 17, 42), "a name forged a field");
}
