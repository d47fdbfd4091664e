//! Each channel against a server that takes a message, refuses it, or misbehaves.

use crate::fake::{Answer, Fake, OK};
use crate::mail::MailServer;
use crate::{SECRET, http_tables, letter, open, secret_file};
use home_soc::outputs::notify::Outcome;
use std::os::unix::fs::PermissionsExt as _;
use std::thread;
use std::time::Duration;

/// What an outcome must be.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Want {
    Delivered,
    Later,
    LaterAfter(u64),
    Refused,
}

fn is(want: Want, outcome: &Outcome) -> bool {
    match (want, outcome) {
        (Want::Delivered, Outcome::Delivered)
        | (Want::Later, Outcome::Later { after: None, .. })
        | (Want::Refused, Outcome::Refused { .. }) => true,
        (Want::LaterAfter(seconds), Outcome::Later { after: Some(after), .. }) => {
            *after == Duration::from_secs(seconds)
        }
        _ => false,
    }
}

#[test]
fn every_channel_understands_what_it_is_answered_and_no_secret_gets_into_its_words() {
    let date = "Retry-After: Sun, 22 Nov 2026 12:00:30 GMT\r\nDate: Sun, 22 Nov 2026 12:00:00 GMT\r\n";
    let cases = [
        (OK, Want::Delivered),
        (Answer::Status(204, ""), Want::Delivered),
        (Answer::Giant, Want::Delivered),
        (Answer::Status(302, "Location: http://127.0.0.1:1/\r\n"), Want::Refused),
        (Answer::Status(307, "Location: /elsewhere\r\n"), Want::Refused),
        (Answer::Status(400, ""), Want::Refused),
        (Answer::Status(401, ""), Want::Refused),
        (Answer::Status(403, ""), Want::Refused),
        (Answer::Status(404, ""), Want::Refused),
        (Answer::Status(408, ""), Want::Later),
        (Answer::Status(429, "Retry-After: 7\r\n"), Want::LaterAfter(7)),
        (Answer::Status(429, date), Want::LaterAfter(30)),
        (Answer::Status(429, "Retry-After: -1\r\n"), Want::Later),
        (Answer::Status(429, "Retry-After: 99999999999\r\n"), Want::LaterAfter(86_400)),
        (Answer::Status(500, ""), Want::Later),
        (Answer::Status(503, "Retry-After: 3\r\n"), Want::LaterAfter(3)),
        (Answer::Hang, Want::Later),
        (Answer::Reset, Want::Later),
        (Answer::Drip, Want::Later),
        (Answer::Noise, Want::Later),
    ];
    let scratch = tempfile::tempdir().unwrap();
    let token = secret_file(scratch.path(), "token", SECRET);
    let mut checked = 0;
    thread::scope(|scope| {
        for (answer, want) in cases {
            let fake = Fake::start(&[answer]);
            for (name, table) in http_tables(&fake.url, &token) {
                checked += 1;
                scope.spawn(move || {
                    let (_, channels) = open(&table);
                    let outcome = channels[0].carry(&letter());
                    assert!(is(want, &outcome), "{name}, {answer:?}: {outcome:?}");
                    let said = format!("{outcome:?} {channels:?}");
                    assert!(!said.contains("geheim"), "{name}, {answer:?}: {said}");
                });
            }
        }
    });
    eprintln!("{checked} attempts with {} ways to answer, secrets in words: 0", cases.len());
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Fake::start(&[OK]);
    let target: &'static str = Box::leak(format!("Location: {}/\r\n", elsewhere.url).into_boxed_str());
    let scratch = tempfile::tempdir().unwrap();
    let token = secret_file(scratch.path(), "token", SECRET);
    for code in [301, 302, 303, 307, 308] {
        let fake = Fake::start(&[Answer::Status(code, target)]);
        for (_, table) in http_tables(&fake.url, &token) {
            open(&table).1[0].carry(&letter());
        }
        assert_eq!(fake.heard().len(), 4);
    }
    assert!(elsewhere.heard().is_empty(), "{:?}", elsewhere.heard());
}

#[test]
fn each_server_gets_what_it_understands() {
    let fake = Fake::start(&[OK]);
    let scratch = tempfile::tempdir().unwrap();
    let token = secret_file(scratch.path(), "token", SECRET);
    for (_, table) in http_tables(&format!("{}/", fake.url), &token) {
        assert_eq!(open(&table).1[0].carry(&letter()), Outcome::Delivered);
    }
    let heard = fake.heard();
    let lines: Vec<&str> = heard.iter().map(|request| request.head.lines().next().unwrap()).collect();
    assert_eq!(
        lines,
        [
            "POST /bot123456:geheim-AbC/sendMessage HTTP/1.1",
            "POST //hook?key=geheim-AbC HTTP/1.1",
            "POST / HTTP/1.1",
            "POST /message HTTP/1.1"
        ]
    );
    let bodies: Vec<serde_json::Value> =
        heard.iter().map(|request| serde_json::from_str(&request.body).unwrap()).collect();
    assert_eq!(bodies[0]["chat_id"], "42");
    assert!(bodies[0].get("parse_mode").is_none());
    assert_eq!(bodies[0]["link_preview_options"]["is_disabled"], true);
    assert!(bodies[0]["text"].as_str().unwrap().starts_with("[TEST] nas01"));
    assert_eq!(bodies[1]["schema"], "home-soc/message");
    assert_eq!(bodies[1]["kind"], "test");
    assert_eq!((&bodies[2]["topic"], &bodies[2]["priority"]), (&"geheim-AbC".into(), &3.into()));
    assert!(bodies[3]["title"].as_str().unwrap().starts_with("[TEST]"));
    let bearer = format!("bearer {}", SECRET.to_lowercase());
    for place in [1, 2] {
        assert!(heard[place].head.to_lowercase().contains(&bearer), "{}", heard[place].head);
    }
    assert!(heard[3].head.to_lowercase().contains("x-gotify-key"), "{}", heard[3].head);
}

#[test]
fn mail_goes_over_tls_or_not_at_all() {
    let scratch = tempfile::tempdir().unwrap();
    let good = secret_file(scratch.path(), "password", "geheim-pw\n");
    let bad = secret_file(scratch.path(), "wrong", "geheim-wrong\n");
    let modes = ["starttls", "implicit", "plain"];
    let servers = modes.map(MailServer::start);
    let table = |server: &MailServer, tls: &str, password: &std::path::Path, ca: bool| {
        let ca = format!("ca_file = \"{}\"\n", server.ca_file().display()).repeat(usize::from(ca));
        format!(
            "[email]\nhost = \"localhost\"\nport = {}\ntls = \"{tls}\"\nfrom = \"Nas <nas@example.org>\"\n\
             to = [\"me@example.org\", \"you@example.org\"]\nuser = \"nas\"\npassword_file = \"{}\"\n{ca}",
            server.port,
            password.display()
        )
    };
    let carry = |table: &str| open(table).1[0].carry(&letter());

    for (server, tls) in servers.iter().zip(["starttls", "implicit"]) {
        assert_eq!(carry(&table(server, tls, &good, true)), Outcome::Delivered, "{tls}");
        let mails = server.mails();
        assert_eq!(mails.len(), 1);
        let mail = &mails[0];
        assert!(
            mail.starts_with("FROM nas@example.org TO me@example.org,you@example.org TLS True"),
            "{mail}"
        );
        assert!(mail.contains("Subject: [TEST] nas01: home-soc can reach you"), "{mail}");
        assert!(mail.contains("You asked for this message"), "{mail}");

        let refused = carry(&table(server, tls, &bad, true));
        assert!(is(Want::Refused, &refused), "a wrong password: {refused:?}");
        let strange = carry(&table(server, tls, &good, false));
        assert!(is(Want::Later, &strange), "a certificate that nobody vouches for: {strange:?}");
        assert!(format!("{strange:?}").contains("ca_file"), "{strange:?}");
        for outcome in [refused, strange] {
            assert!(!format!("{outcome:?}").contains("geheim"), "{outcome:?}");
        }
        assert_eq!(server.mails().len(), 1);
    }
    let plain = carry(&table(&servers[2], "starttls", &good, true));
    assert!(is(Want::Refused, &plain), "a server without STARTTLS: {plain:?}");
    assert!(servers[2].mails().is_empty(), "nothing is sent in the clear");
}

#[test]
fn a_mail_server_that_misbehaves_is_left_alone_after_a_while() {
    let scratch = tempfile::tempdir().unwrap();
    let password = secret_file(scratch.path(), "password", "geheim-pw");
    thread::scope(|scope| {
        for answer in [Answer::Reset, Answer::Noise, Answer::Hang] {
            let fake = Fake::start(&[answer]);
            let port = fake.url.rsplit(':').next().unwrap().to_owned();
            let table = format!(
                "[email]\nhost = \"127.0.0.1\"\nport = {port}\nfrom = \"a@b.example\"\nto = [\"c@d.example\"]\n\
                 user = \"nas\"\npassword_file = \"{}\"\n",
                password.display()
            );
            scope.spawn(move || {
                let outcome = open(&table).1[0].carry(&letter());
                assert!(is(Want::Later, &outcome), "{answer:?}: {outcome:?}");
            });
        }
    });
}

#[test]
fn a_program_of_ones_own_gets_json_and_no_secret_and_is_ended_in_time() {
    let scratch = tempfile::tempdir().unwrap();
    let at = scratch.path().display().to_string();
    let program = |name: &str, script: &str| {
        let path = scratch.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        format!("[command]\nargv = [\"{}\", \"a b\"]\ntimeout_s = 2\n", path.display())
    };
    let carry = |table: &str| open(table).1[0].carry(&letter());
    let good = program("good", &format!("cat >{at}/json; env >{at}/env; echo \"$1\" >{at}/word"));
    assert_eq!(carry(&good), Outcome::Delivered);
    let read = |name: &str| std::fs::read_to_string(scratch.path().join(name)).unwrap();
    let json: serde_json::Value = serde_json::from_str(&read("json")).unwrap();
    assert_eq!(json["schema"], "home-soc/message");
    assert_eq!(read("word"), "a b\n");
    let names: Vec<String> =
        read("env").lines().filter_map(|line| Some(line.split_once('=')?.0.to_owned())).collect();
    assert!(
        names.iter().all(|name| ["PATH", "HOME", "PWD", "_", "SHLVL", "OLDPWD"].contains(&&**name)),
        "{names:?}"
    );

    assert!(is(Want::Later, &carry(&program("fails", "exit 3"))));
    assert_eq!(carry(&program("deaf", "exec <&-; exit 0")), Outcome::Delivered);
    // What it started goes with it.
    let slow = carry(&program("slow", &format!("sleep 60 & echo $! >{at}/child; wait")));
    assert!(is(Want::Later, &slow), "{slow:?}");
    let child: i32 = read("child").trim().parse().unwrap();
    crate::terminal::until("the end of what it started", Duration::from_secs(30), || {
        let stat = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        (stat.is_empty() || stat.contains(") Z ")).then_some(())
    });
}
