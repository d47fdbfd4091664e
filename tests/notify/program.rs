//! The whole program: a real sshd is broken into, and the telephone rings once.

use crate::fake::{Answer, Fake, OK};
use crate::lab::{Lab, Recorder};
use crate::mail::MailServer;
use crate::terminal::{PROGRAM, home_soc, until};
use crate::{SECRET, secret_file};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(90);

/// The program without a screen, ended by SIGTERM.
struct Watch(Child);

impl Watch {
    fn start(config: &Path, data: &Path) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(["--headless", "--interval", "1", "--config"]).arg(config).arg("--data-dir").arg(data);
        let log = fs::File::options().create(true).append(true).open(data.with_extension("log")).unwrap();
        let errors = log.try_clone().unwrap();
        Self(command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn().unwrap())
    }

    fn stop(mut self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn beats(data: &Path) -> usize {
    fs::read_to_string(data.join("monitor_metrics.jsonl")).unwrap_or_default().lines().count()
}

fn some_beats(data: &Path, more: usize) {
    let before = beats(data);
    until("some beats", PATIENCE, || (beats(data) >= before + more).then_some(()));
}

#[test]
fn a_break_in_rings_once_a_restart_is_silent_and_the_end_rings_once_more() {
    let Some(lab) = Lab::start(Recorder::Journald) else { return };
    let scratch = tempfile::tempdir().unwrap();
    let (telegram, mail) = (Fake::start(&[OK]), MailServer::start("starttls"));
    let token = secret_file(scratch.path(), "token", SECRET);
    let password = secret_file(scratch.path(), "password", "geheim-pw");
    let config = scratch.path().join("config.toml");
    let text = format!(
        "[notify]\ngather_s = 10\nmax_per_day = 100\n[notify.telegram]\nchat = \"42\"\ntoken_file = \"{}\"\nbase_url = \"{}\"\n\
         [notify.email]\nhost = \"localhost\"\nport = {}\nfrom = \"nas@example.org\"\nto = [\"me@example.org\"]\n\
         user = \"nas\"\npassword_file = \"{}\"\nca_file = \"{}\"\n",
        token.display(),
        telegram.url,
        mail.port,
        password.display(),
        mail.ca_file().display()
    );
    fs::write(&config, text).unwrap();
    let data = scratch.path().join("data");
    let about = |user: &str| {
        let said = telegram.heard().into_iter().filter(|request| request.body.contains(user)).count();
        let written = mail.mails().iter().filter(|mail| readable(mail).contains(user)).count();
        (said, written)
    };

    let watch = Watch::start(&config, &data);
    some_beats(&data, 3);
    lab.hydra(&lab.user, 12);
    lab.log_in("true");
    let mut seen = (0, 0);
    until("the messages", PATIENCE, || {
        let now = about(&lab.user);
        if now != seen {
            eprintln!("{now:?} messages, by Telegram and by mail");
            seen = now;
        }
        (now == (1, 1)).then_some(())
    });
    let request = telegram.heard().into_iter().find(|request| request.body.contains(&lab.user)).unwrap();
    let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    let said = body["text"].as_str().unwrap().to_owned();
    eprintln!("{said}");
    assert!(said.starts_with("[ALERT] ") && said.contains(": score "), "{said}");
    let title = format!("ALERT \"{}\" got in after ", lab.user);
    assert!(said.contains(&title) && said.contains("\"127.0.0.1\""), "{said}");
    assert!(said.contains("Accepted password for"), "{said}");
    let letter =
        mail.mails().into_iter().map(|mail| readable(&mail)).find(|mail| mail.contains(&title)).unwrap();
    assert!(letter.contains("Subject: [ALERT] ") && letter.contains("TLS True"), "{letter}");

    some_beats(&data, 15);
    watch.stop();
    let again = Watch::start(&config, &data);
    some_beats(&data, 20);
    assert_eq!(about(&lab.user), (1, 1), "a restart says nothing again");

    let home = scratch.path();
    let out = home_soc(home, &["findings", "--json"]);
    let all: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    let rows = all.as_array().or_else(|| all["findings"].as_array()).unwrap();
    let alerts: Vec<&str> = rows
        .iter()
        .filter(|row| row["level"] == "alert" && row.to_string().contains(&lab.user))
        .filter_map(|row| row["id"].as_str())
        .collect();
    assert!(!alerts.is_empty(), "{all}");
    for id in &alerts {
        let out = home_soc(home, &["accept", id, "--reason", "the test did it"]);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }
    until("the message of the end", PATIENCE, || (about(&lab.user) == (2, 2)).then_some(()));
    let last = telegram.heard().into_iter().rfind(|request| request.body.contains(&lab.user)).unwrap();
    // Other tests of a busy machine may raise alerts of their own, which stand in the same message.
    let title = format!("ACCEPTED \\\"{}\\\" got in after ", lab.user);
    assert!(last.body.contains(&title) && last.body.contains("the test did it"), "{}", last.body);
    some_beats(&data, 15);
    again.stop();
    assert_eq!(about(&lab.user), (2, 2));
    no_secret_below(scratch.path());
}

/// A mail as people see it: long lines joined, quoted-printable undone where it matters here.
fn readable(mail: &str) -> String {
    mail.replace("=\n", "").replace("=\r\n", "").replace("=3D", "=").replace("\r\n", "\n")
}

/// No file of the program holds a secret.
fn no_secret_below(folder: &Path) {
    let mut searched = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !["token", "password"].contains(&path.file_name().unwrap().to_str().unwrap()) {
                searched += 1;
                let bytes = fs::read(&path).unwrap();
                let found = bytes.windows(6).any(|window| window == b"geheim");
                assert!(!found, "{} holds a secret", path.display());
            }
        }
    }
    assert!(searched > 3, "the record was not found");
    eprintln!("{searched} files searched, secrets found 0");
}

#[test]
fn a_wrong_channel_ends_the_start_with_78_and_names_its_key() {
    let scratch = tempfile::tempdir().unwrap();
    let open = scratch.path().join("open");
    fs::write(&open, SECRET).unwrap();
    let token = secret_file(scratch.path(), "token", SECRET);
    let (open, token) = (open.display(), token.display());
    let cases = [
        ("[notify.telegram]\ntoken_file = \"/x\"\n".to_owned(), "chat", false),
        (
            format!("[notify.telegram]\nchat = \"no chat\"\ntoken_file = \"{token}\"\n"),
            "notify.telegram.chat",
            false,
        ),
        ("[notify.telegram]\nchat = \"42\"\n".to_owned(), "notify.telegram.token_file", false),
        (
            format!("[notify.telegram]\nchat = \"42\"\ntoken_file = \"{open}\"\n"),
            "notify.telegram.token_file",
            true,
        ),
        (
            "[notify.telegram]\nchat = \"42\"\ntoken_file = \"/nowhere/x\"\n".to_owned(),
            "notify.telegram.token_file",
            true,
        ),
        (
            "[notify.telegram]\nchat = \"42\"\ntoken_env = \"HOME_SOC_UNSET\"\n".to_owned(),
            "notify.telegram.token_env",
            true,
        ),
        ("[notify.telegramm]\nchat = \"42\"\n".to_owned(), "telegram", false),
        ("[notify.webhook]\nurl = \"http://192.0.2.1/x\"\n".to_owned(), "notify.webhook.url", false),
        ("[notify.webhook]\n".to_owned(), "notify.webhook.url", false),
        ("[notify.webhook]\nurl = \"https://bücher.example/\"\n".to_owned(), "xn--", false),
        (
            "[notify.email]\nhost = \"bücher.example\"\nfrom = \"a@b.c\"\nto = [\"a@b.c\"]\n".to_owned(),
            "xn--",
            false,
        ),
        (
            "[notify.email]\nhost = \"mail.example.org\"\nfrom = \"x\"\nto = []\n".to_owned(),
            "notify.email.from",
            false,
        ),
        (
            "[notify.email]\nhost = \"mail.example.org\"\nfrom = \"a@b.c\"\nto = []\n".to_owned(),
            "notify.email.to",
            false,
        ),
        (
            "[notify.email]\nhost = \"m\"\nfrom = \"a@b.c\"\nto = [\"a@b.c\"]\ntls = \"none\"\n".to_owned(),
            "none",
            false,
        ),
        (
            "[notify.email]\nhost = \"m\"\nfrom = \"a@b.c\"\nto = [\"a@b.c\"]\nca_file = \"/nowhere\"\n"
                .to_owned(),
            "notify.email.ca_file",
            true,
        ),
        ("[notify.command]\nargv = [\"relative\"]\n".to_owned(), "notify.command.argv", false),
        ("[notify.command]\nargv = [\"/nowhere/x\"]\n".to_owned(), "notify.command.argv", true),
        ("[notify.ntfy]\ntopic = \"a b\"\n".to_owned(), "notify.ntfy.topic", false),
        ("[notify]\nquiet_hours = \"late\"\n".to_owned(), "notify.quiet_hours", false),
        ("[notify]\nmax_per_day = 0\n".to_owned(), "notify.max_per_day", false),
    ];
    for (number, (text, key, only_at_start)) in cases.iter().enumerate() {
        let config = scratch.path().join(format!("{number}.toml"));
        fs::write(&config, text).unwrap();
        let config = config.to_str().unwrap();
        for args in [&["config", "check"][..], &["--headless"], &["notify", "test"]] {
            let out = home_soc(scratch.path(), &[&["--config", config], args].concat());
            let said = String::from_utf8_lossy(&out.stderr);
            assert_eq!(out.status.code(), Some(78), "{text}{args:?}: {said}");
            assert!(said.contains(key) && !said.contains("geheim"), "{text}{args:?}: {said}");
        }
        // A secret that cannot be read is no reason not to look at the machine.
        if *only_at_start {
            let out = home_soc(scratch.path(), &["--config", config, "notify", "status"]);
            assert!(out.status.success(), "{text}: {}", String::from_utf8_lossy(&out.stderr));
        }
    }
}

#[test]
fn test_and_status_tell_what_became_of_a_message_and_hide_the_secret() {
    let scratch = tempfile::tempdir().unwrap();
    let fake = Fake::start(&[OK, Answer::Status(401, ""), Answer::Status(500, "")]);
    let config = scratch.path().join("config.toml");
    let text = format!(
        "[notify.telegram]\nchat = \"42\"\ntoken_env = \"HOME_SOC_TEST_TOKEN\"\nbase_url = \"{}\"\n",
        fake.url
    );
    fs::write(&config, text).unwrap();
    for (channel, code) in [("telegram", 0), ("telegram", 78), ("telegram", 74), ("email", 78), ("fax", 64)] {
        let mut command = Command::new(PROGRAM);
        command.args(["notify", "test", channel, "--config"]).arg(&config).env("HOME_SOC_TEST_TOKEN", SECRET);
        let out = command.output().unwrap();
        let said =
            format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert_eq!(out.status.code(), Some(code), "{said}");
        assert!(!said.contains("geheim"), "{said}");
    }
    assert_eq!(fake.heard().len(), 3);
    let out = home_soc(scratch.path(), &["notify", "status", "--json", "--config", config.to_str().unwrap()]);
    let status: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(status["channels"][0]["channel"], "telegram");
    assert_eq!(status["channels"][0]["configured"], true);
    assert_eq!(status["channels"][1]["configured"], false);
}
