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

/// Reads a file of `tests/fixtures/auth` as one log and compares each line with what stands above it.
fn check_fixture(name: &str) {
    let path = format!("{}/tests/fixtures/auth/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    let mut parser = Parser::new(clock());
    let mut events = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if !line.starts_with('#') {
            parser.line(line.as_bytes(), Place { file: None, line: Some(number as u64 + 1) }, &mut events);
        }
    }
    parser.finish(&mut events);
    let mut wrong = Vec::new();
    let mut expected: Option<&str> = None;
    for (number, line) in text.lines().enumerate() {
        if let Some(fields) = line.strip_prefix("#= ") {
            expected = Some(fields);
            continue;
        }
        let Some(fields) = expected.take() else { continue };
        let number = number as u64 + 1;
        let found: Vec<serde_json::Value> = events
            .iter()
            .filter(|event| event.line == Some(number))
            .map(|event| serde_json::to_value(event).unwrap())
            .collect();
        if fields == "nothing" {
            if !found.is_empty() {
                wrong.push(format!("{name}:{number} gives {found:?}"));
            }
            continue;
        }
        let fields: serde_json::Value = serde_json::from_str(fields).unwrap();
        let [event] = found.as_slice() else {
            wrong.push(format!("{name}:{number} gives {} events: {line}", found.len()));
            continue;
        };
        for (field, value) in fields.as_object().unwrap() {
            let relative =
                value.as_str().filter(|_| field == "duplicate_of").and_then(|by| by.parse::<i64>().ok());
            let value = &relative.map_or(value.clone(), |by| (number as i64 + by).to_string().into());
            if &event[field] != value {
                wrong.push(format!("{name}:{number} {field} is {} instead of {value}: {line}", event[field]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sshd_is_read_from_6_6_to_10() {
    check_fixture("sshd.log");
}

#[test]
fn hostile_names_never_choose_the_address() {
    check_fixture("hostile.log");
}

#[test]
fn the_other_speakers_are_read() {
    check_fixture("others.log");
}

#[test]
fn every_dialect_of_time_host_and_speaker_is_read() {
    check_fixture("stamps.log");
}

/// A generator of numbers that gives the same ones in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

/// A name as an attacker would type it: up to 100 bytes of what sshd itself would say.
fn hostile_name(dice: &mut Dice) -> String {
    const PARTS: [&str; 34] = [
        "root",
        " from ",
        "9.9.9.9",
        " port 22",
        " ssh2",
        ":",
        " ",
        "invalid user ",
        "authenticating user ",
        " [preauth]",
        "Failed password for ",
        "Accepted publickey for ",
        " not allowed because ",
        "not listed in AllowUsers",
        "RSA SHA256:abc",
        ": RSA SHA256:abc",
        "rhost=9.9.9.9",
        "  user=x",
        "ruser=",
        "' from 9.9.9.9",
        "9.9.9.9:22",
        ": 11: Bye Bye",
        " on 9.9.9.9 port 22",
        "::ffff:9.9.9.9",
        "9:9::9",
        " port 22: Change of username or service not allowed: (",
        ",ssh-connection) -> (",
        "]",
        "#012",
        "\\n",
        "Connection closed by ",
        " ID x (serial 0) CA RSA SHA256:d",
        " via 9.9.9.9",
        "user ",
    ];
    let mut name = String::new();
    for _ in 0..=dice.below(9) {
        let part = PARTS[dice.below(PARTS.len())];
        if name.len() + part.len() <= 100 {
            name.push_str(part);
        }
    }
    name
}

#[test]
fn a_hundred_thousand_hostile_names_blame_nobody_else() {
    const TEMPLATES: [&str; 22] = [
        "Failed password for invalid user {U} from {A} port {P} ssh2",
        "Failed none for invalid user {U} from {A} port {P} ssh2",
        "Failed keyboard-interactive/pam for invalid user {U} from {A} port {P} ssh2",
        "Failed publickey for invalid user {U} from {A} port {P} ssh2: ED25519 SHA256:real",
        "Invalid user {U} from {A}",
        "Invalid user {U} from {A} port {P}",
        "User {U} from {A} not allowed because not listed in AllowUsers",
        "error: maximum authentication attempts exceeded for invalid user {U} from {A} port {P} ssh2 [preauth]",
        "error: PAM: Authentication failure for illegal user {U} from {A}",
        "error: PAM: User not known to the underlying authentication module for illegal user {U} from {A}",
        "Connection closed by invalid user {U} {A} port {P} [preauth]",
        "Connection reset by authenticating user {U} {A} port {P} [preauth]",
        "Disconnected from invalid user {U} {A} port {P} [preauth]",
        "Disconnecting invalid user {U} {A} port {P}: Too many authentication failures [preauth]",
        "Disconnecting invalid user {U} {A} port {P}: Change of username or service not allowed: ({U},ssh-connection) -> (x,ssh-connection) [preauth]",
        "Received disconnect from {A} port {P}:11: {U} [preauth]",
        "Received disconnect from {A}: 11: {U}",
        "Bad protocol version identification '{U}' from {A} port {P}",
        "Unable to negotiate with {A} port {P}: no matching cipher found. Their offer: {U} [preauth]",
        "Failed hostbased for root from {A} port {P} ssh2: RSA SHA256:real, client user \"{U}\", client host \"{U}\"",
        "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={A}  user={U}",
        "input_userauth_request: invalid user {U} [preauth]",
    ];
    let mut dice = Dice(0x5eed);
    let (mut events, mut wrong, mut undecided) = (0, Vec::new(), 0);
    for n in 0..100_000 {
        let template = TEMPLATES[dice.below(TEMPLATES.len())];
        let name = hostile_name(&mut dice);
        let address = if n % 5 == 0 { "2001:db8::77" } else { "198.18.7.7" };
        let message = template.replace("{U}", &name).replace("{A}", address).replace("{P}", "40022");
        for event in read(&[&format!("Nov 22 07:45:01 nas sshd[77]: {message}")]) {
            events += 1;
            if event.address.as_deref().is_some_and(|found| found != address) {
                // Where one line can be read in two ways, it must say so.
                if event.attribution == Some(home_soc::model::Attribution::Disputed) {
                    undecided += 1;
                } else {
                    wrong.push(message.clone());
                }
            }
        }
    }
    println!("{events} events, {} wrong, {undecided} undecided", wrong.len());
    assert!(wrong.is_empty(), "{} wrong, such as\n{}", wrong.len(), wrong[..wrong.len().min(8)].join("\n"));
    assert!(undecided * 10_000 < events, "{undecided} of {events} are undecided");
}

#[test]
fn no_bytes_make_a_parser_panic() {
    let fixtures: Vec<u8> = ["sshd.log", "hostile.log", "others.log", "stamps.log"]
        .iter()
        .flat_map(|name| {
            std::fs::read(format!("{}/tests/fixtures/auth/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
        })
        .collect();
    let lines: Vec<&[u8]> = fixtures.split(|byte| *byte == b'\n').collect();
    let mut dice = Dice(0xbad);
    let mut parser = Parser::new(clock());
    let mut out = Vec::new();
    for _ in 0..200_000 {
        let mut line = lines[dice.below(lines.len())].to_vec();
        for _ in 0..dice.below(6) {
            match dice.below(4) {
                0 if !line.is_empty() => line.truncate(dice.below(line.len())),
                1 if !line.is_empty() => {
                    let at = dice.below(line.len());
                    line[at] = dice.below(256) as u8;
                }
                2 => {
                    let other = lines[dice.below(lines.len())];
                    line.extend_from_slice(&other[dice.below(other.len() + 1)..]);
                }
                _ if !line.is_empty() => {
                    let at = dice.below(line.len());
                    line.drain(..at);
                }
                _ => {}
            }
        }
        parser.line(&line, Place::default(), &mut out);
        JournalRecord::parse(&line);
        out.clear();
    }
    parser.finish(&mut out);
}
