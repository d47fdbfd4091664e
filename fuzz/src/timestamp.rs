//! Time stamps before a line that is an event for certain, each with and without lines before it.

use super::promise;
use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use home_soc::collect::auth::{Clock, Parser, Place};
use home_soc::model::Zone;

/// Reads each line of `data` as a time stamp, at most eight.
pub fn run(data: &[u8]) {
    let fixed = |seconds| Zone::Fixed(FixedOffset::east_opt(seconds).unwrap());
    for zone in [Zone::utc(), fixed(19_800), fixed(-36_000)] {
        let clock = Clock { zone, ..promise::clock() };
        let mut before = Parser::new(clock);
        for (number, stamp) in data.split(|byte| *byte == b'\n').take(8).enumerate() {
            let alone = time_of(&mut Parser::new(clock), stamp, number);
            let among_others = time_of(&mut before, stamp, number);
            assert_eq!(alone, among_others, "the lines before change a time");
            if let Some(time) = alone {
                check(stamp, time);
            }
        }
        // With the year of the first line, times depend on the lines before; they are still times.
        let mut forward = Parser::new(Clock { year: Some(2023), ..clock });
        for (number, stamp) in data.split(|byte| *byte == b'\n').take(8).enumerate() {
            time_of(&mut forward, stamp, number);
        }
    }
}

fn time_of(parser: &mut Parser, stamp: &[u8], number: usize) -> Option<DateTime<Utc>> {
    // Each line is its own process and source: none is another's echo.
    let rest =
        format!(" h sshd[{number}]: Failed password for root from 192.0.2.{number} port {number} ssh2");
    let mut events = Vec::new();
    parser.line(&[stamp, rest.as_bytes()].concat(), Place::default(), &mut events);
    parser.finish(&mut events);
    events.iter().find_map(|event| event.time)
}

fn check(stamp: &[u8], time: DateTime<Utc>) {
    let again = DateTime::parse_from_rfc3339(&time.to_rfc3339());
    assert!(again.is_ok_and(|again| again == time), "cannot be written and read: {time:?}");
    if is_yearless(stamp) {
        let now = promise::now();
        assert!(time <= now + TimeDelta::days(2), "a year in the future: {time}");
        assert!(time >= now - TimeDelta::days(9 * 366), "years ago: {time}");
    }
}

/// Tells `Mar  1 12:00:00` and nothing else.
fn is_yearless(stamp: &[u8]) -> bool {
    stamp.len() == 15
        && stamp.iter().zip(b"Aaa 99 99:99:99").all(|(byte, like)| match like {
            b'9' => byte.is_ascii_digit() || *byte == b' ',
            b'A' | b'a' => byte.is_ascii_alphabetic(),
            _ => byte == like,
        })
}
