//! What a line of an auth log costs to read, join and count: at most 200 ns on one core.

use home_soc::collect::auth::{Clock, Input, Scan};
use home_soc::model::{Safe, Zone};
use std::io::Cursor;

fn main() {
    divan::main();
}

/// Lines of one measurement.
const LINES: u32 = 100_000;

/// A day of guessing: each process with PAM's word, sshd's word and its end; every line differs.
fn log() -> Vec<u8> {
    let mut log = String::new();
    for n in 0..LINES {
        let (process, second) = (n / 3, n / 3 % 86_400);
        let (address, pid) = (format!("198.51.{}.{}", process % 97, process % 251), 1_000 + process % 30_000);
        let stamp = format!("Nov 21 {:02}:{:02}:{:02} nas", second / 3600, second / 60 % 60, second % 60);
        let message = match n % 3 {
            0 => format!(
                "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={address}  user=root"
            ),
            1 => format!("Failed password for root from {address} port {} ssh2", 1_024 + process % 60_000),
            _ => format!(
                "Received disconnect from {address} port {}:11: Bye Bye [preauth]",
                1_024 + process % 60_000
            ),
        };
        log.extend([stamp.as_str(), &format!(" sshd[{pid}]: "), &message, "\n"]);
    }
    log.into_bytes()
}

/// Time, template, join and tally.
#[divan::bench(args = [1, 2])]
fn a_hundred_thousand_lines(bencher: divan::Bencher<'_, '_>, workers: usize) {
    let log = log();
    let now = chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_780);
    let clock = Clock { now, zone: Zone::utc(), year: None, upper_bound: None };
    bencher
        .counter(divan::counter::BytesCount::new(log.len()))
        .with_inputs(|| Box::new(Cursor::new(log.clone())))
        .bench_local_values(|bytes| {
            let mut scan = Scan::new(clock, workers);
            let input = Input { name: Safe::new("log"), bytes, size: None, written_until: None };
            drop(scan.read(input, None, &mut |_| {}));
            scan.summary()
        });
}
