//! Lines as machines write them, and what must be read in them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr, reason = "a test")]

use chrono::{DateTime, Utc};
use home_soc::collect::auth::{Clock, JournalRecord, Parser, Place};
use home_soc::model::{AuthEvent, AuthKind, Zone};

fn clock() -> Clock {
    let now = DateTime::parse_from_rfc3339("2026-11-22T12:00:00Z").unwrap().with_timezone(&Utc);
    Clock::live(now, Zone::utc())
}

fn read(lines: &[&str]) -> Vec<AuthEvent> {
    let mut parser = Parser::new(clock());
    let mut out = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        parser.line(line.as_bytes(), Place { file: None, line: Some(number as u64 + 1) }, &mut out);
    }
    parser.finish(&mut out);
    out
}

#[test]
fn one_try_told_by_pam_and_sshd_is_one_event() {
    let events = read(&[
        "Nov 22 07:45:01 nas sshd[123]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=root",
        "Nov 22 07:45:03 nas sshd[123]: Failed password for root from 203.0.113.9 port 51514 ssh2",
        "Nov 22 07:45:13 nas sshd[123]: message repeated 2 times: [ Failed password for root from 203.0.113.9 port 51514 ssh2]",
        "Nov 22 07:45:13 nas sshd[123]: PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=root",
    ]);
    assert_eq!(events.len(), 4, "{events:#?}");
    let counted: u32 = events
        .iter()
        .filter(|event| event.kind == AuthKind::Failed && event.duplicate_of.is_none())
        .map(|event| event.count)
        .sum();
    assert_eq!(counted, 3);
    assert!(events.iter().all(|event| event.address.as_deref() == Some("203.0.113.9")));
}

#[test]
fn refusals_that_pam_counts_up_after_the_end_are_not_counted_again() {
    let failed = "Nov 22 10:07:49 vm sshd[88]: Failed password for anna from 127.0.0.1 port 59134 ssh2";
    let events = read(&[
        failed,
        failed,
        failed,
        "Nov 22 10:07:57 vm sshd[88]: Connection closed by authenticating user anna 127.0.0.1 port 59134 [preauth]",
        "Nov 22 10:07:57 vm sshd[88]: PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=127.0.0.1  user=anna",
        "Nov 22 11:00:00 vm sshd[88]: Failed password for ben from 127.0.0.1 port 4000 ssh2",
    ]);
    let counted =
        events.iter().filter(|event| event.kind == AuthKind::Failed && event.duplicate_of.is_none()).count();
    assert_eq!(counted, 4, "{events:#?}");
}

#[test]
fn a_line_that_logger_wrote_as_sshd_is_a_forgery_and_no_sign_in() {
    let record = JournalRecord::parse(
        br#"{"SYSLOG_IDENTIFIER":"sshd[999]","_COMM":"logger","_EXE":"/usr/bin/logger","_UID":"1000","_PID":"7",
        "MESSAGE":"Accepted password for root from 8.8.8.8 port 22 ssh2","__REALTIME_TIMESTAMP":"1700000000000000"}"#,
    )
    .unwrap();
    let mut out = Vec::new();
    Parser::new(clock()).record(&record, &mut out);
    assert_eq!(out.len(), 1);
    assert_eq!(out[0].kind, AuthKind::Other);
    assert_eq!(out[0].forged_by.as_deref(), Some("logger (uid 1000)"));
    assert_eq!(out[0].address, None);
}
