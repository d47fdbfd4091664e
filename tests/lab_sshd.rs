//! A real sshd is attacked and logged into, and every event is told exactly once: from the journal, and from
//! rsyslog's `auth.log`. Names and lines that lie are tried as well.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on says so"
)]

mod lab;

use chrono::Utc;
use home_soc::collect::Root;
use home_soc::collect::auth::source::{Collector, Settings};
use home_soc::model::{Attribution, AuthEvent, AuthKind};
use lab::{Lab, Recorder};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// A collector that has fetched the past: what it tells from now on is new.
fn listening(lab: &Lab, recorder: Recorder) -> Collector {
    let root = match recorder {
        Recorder::Journald => Root::real(),
        Recorder::Rsyslog => Root::fixture(&lab.root),
    };
    // rsyslog makes its file with the first line.
    Lab::logger(None, "home-soc-lab", "the laboratory is open");
    lab::wait_for("the log", || recorder == Recorder::Journald || lab.root.join("var/log/auth.log").exists());
    let mut collector = Collector::start(root, Settings::default(), Utc::now());
    let patience = Instant::now() + Duration::from_secs(20);
    loop {
        collector.wait(Duration::from_millis(100));
        let seen = collector.read(Utc::now());
        let reading = seen.value.unwrap_or_else(|| panic!("nothing can be read: {:?}", seen.sensors));
        if reading.caught_up {
            return collector;
        }
        assert!(Instant::now() < patience, "the past is not read after 20 s");
    }
}

/// Fetches events until they are enough, and then for a while longer: one too many is as wrong as one too few.
fn fetch(collector: &mut Collector, is_enough: impl Fn(&[Arc<AuthEvent>]) -> bool) -> Vec<Arc<AuthEvent>> {
    let mut events = Vec::new();
    let mut patience = Instant::now() + Duration::from_secs(30);
    let mut was_enough = false;
    while Instant::now() < patience {
        thread::sleep(Duration::from_millis(200));
        let reading = collector.read(Utc::now()).value.unwrap();
        assert_eq!(reading.dropped, 0);
        events.extend(reading.events);
        if !was_enough && is_enough(&events) {
            was_enough = true;
            patience = Instant::now() + Duration::from_secs(4);
        }
    }
    events
}

/// How often something happened, each physical event once.
fn count(events: &[Arc<AuthEvent>], kind: AuthKind, user: &str) -> u32 {
    events
        .iter()
        .filter(|event| event.kind == kind && event.user.as_deref() == Some(user))
        .filter(|event| event.duplicate_of.is_none() && event.forged_by.is_none())
        .map(|event| event.count)
        .sum()
}

/// Twelve wrong passwords, one login: what the log of `recorder` makes of them.
fn attack(recorder: Recorder) {
    let Some(lab) = Lab::start(recorder) else { return };
    let mut collector = listening(&lab, recorder);
    lab.hydra(&lab.user, 12);
    lab.log_in("sleep 5");
    let events = fetch(&mut collector, |events| count(events, AuthKind::SessionClosed, &lab.user) > 0);
    let told = |kind| count(&events, kind, &lab.user);
    let all = format!("{events:#?}");
    assert_eq!(told(AuthKind::Failed), 12, "{all}");
    assert_eq!(told(AuthKind::Accepted), 1, "{all}");
    assert_eq!(told(AuthKind::SessionOpened), 1, "{all}");
    for event in &events {
        if matches!(event.kind, AuthKind::Failed | AuthKind::Accepted)
            && event.user.as_deref() == Some(&*lab.user)
        {
            assert_eq!(event.address.as_deref(), Some("127.0.0.1"), "{event:?}");
        }
    }
    // A folder that stands for a machine has no connections; of this one the kernel saw those that lasted.
    let is_confirmed = |event: &&Arc<AuthEvent>| event.attribution == Some(Attribution::KernelConfirmed);
    let confirmed: Vec<_> = events.iter().filter(is_confirmed).collect();
    if recorder == Recorder::Journald {
        assert!(confirmed.iter().any(|event| event.kind == AuthKind::Accepted), "{all}");
        assert!(confirmed.iter().filter(|event| event.kind == AuthKind::Failed).count() >= 6, "{all}");
    } else {
        assert!(confirmed.is_empty(), "{all}");
    }
}

#[test]
fn twelve_wrong_passwords_and_a_login_are_told_once_each_from_the_journal() {
    attack(Recorder::Journald);
}

#[test]
fn twelve_wrong_passwords_and_a_login_are_told_once_each_from_auth_log() {
    attack(Recorder::Rsyslog);
}

#[test]
fn a_name_that_looks_like_an_address_is_blamed_on_the_real_one() {
    for recorder in [Recorder::Journald, Recorder::Rsyslog] {
        let Some(lab) = Lab::start(recorder) else { return };
        let mut collector = listening(&lab, recorder);
        let names = ["root from 1.2.3.4 port 22 ssh2", "1.2.3.4 port 22", "a from 1.2.3.4"];
        for name in names {
            lab.wrong_passwords(name, 1);
        }
        let failed = |events: &[Arc<AuthEvent>]| {
            names.iter().map(|name| count(events, AuthKind::Failed, name)).sum::<u32>()
        };
        let events = fetch(&mut collector, |events| failed(events) >= 3);
        let all = format!("{events:#?}");
        assert_eq!(failed(&events), 3, "{recorder:?} {all}");
        for event in events {
            assert!(event.address.as_deref().is_none_or(|address| address == "127.0.0.1"), "{event:?}");
        }
    }
}

#[test]
fn what_others_write_in_the_name_of_a_service_is_no_sign_in() {
    let Some(lab) = Lab::start(Recorder::Journald) else { return };
    let mut collector = listening(&lab, Recorder::Journald);
    let line = "Accepted password for root from 8.8.8.8 port 22 ssh2";
    Lab::logger(Some(65534), "sshd", line);
    Lab::logger(None, "sshd[999]", line);
    Lab::pretender(65534, "sshd", line);
    Lab::logger(Some(65534), "vsftpd", "[root] FAIL LOGIN: Client \"8.8.8.8\"");
    let pam =
        "pam_unix(sshd:auth): authentication failure; logname= uid=0 tty=ssh ruser= rhost=8.8.8.8 user=root";
    Lab::logger(Some(65534), "logger", pam);
    Lab::logger(Some(65534), "(systemd)", pam);
    let forged = |events: &[Arc<AuthEvent>]| events.iter().filter(|event| event.forged_by.is_some()).count();
    let events = fetch(&mut collector, |events| forged(events) >= 5);
    let all = format!("{events:#?}");
    // What logger says under its own name is nobody's forgery, unless it was gone before journald knew its name.
    assert!((5..=6).contains(&forged(&events)), "{all}");
    let blamed = events
        .iter()
        .filter(|event| event.kind != AuthKind::Other)
        .find(|event| event.address.as_deref() == Some("8.8.8.8"));
    assert_eq!(blamed, None, "{all}");
}

/// The journalctl processes that we are the parent of.
fn journalctls(parent: u32) -> Vec<i32> {
    let is_ours = |pid: &i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let rest = stat.split_once("(journalctl) ").map(|(_, rest)| rest.to_owned());
        rest.is_some_and(|rest| {
            rest.split(' ').nth(1) == Some(&*parent.to_string()) && !rest.starts_with('Z')
        })
    };
    let entries = std::fs::read_dir("/proc").unwrap();
    entries.flatten().filter_map(|e| e.file_name().to_str()?.parse().ok()).filter(is_ours).collect()
}

fn kill(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

#[test]
fn a_journalctl_that_dies_and_a_journal_that_is_vacuumed_lose_and_double_nothing() {
    let Some(lab) = Lab::start(Recorder::Journald) else { return };
    let mut collector = listening(&lab, Recorder::Journald);
    let say = |numbers: std::ops::Range<u32>| {
        for n in numbers {
            Lab::logger(None, "sshd", &format!("Failed password for user{n} from 203.0.113.9 port 1 ssh2"));
        }
    };
    say(0..10);
    // What was written last before the death was not fetched yet.
    lab::wait_for("journalctl", || !journalctls(std::process::id()).is_empty());
    kill(journalctls(std::process::id())[0]);
    say(10..20);
    lab::wait_for("a new journalctl", || !journalctls(std::process::id()).is_empty());
    say(20..30);
    let events = fetch(&mut collector, |events| events.len() >= 30);
    for command in ["--rotate", "--vacuum-files=1"] {
        // Never on the journal of the machine that runs the tests.
        if lab.owns_journal {
            assert!(std::process::Command::new("journalctl").arg(command).status().unwrap().success());
        }
        say(30..35);
    }
    for pid in journalctls(std::process::id()) {
        kill(pid);
    }
    say(35..40);
    let later = fetch(&mut collector, |events| events.len() >= 15);
    let told = |n: u32, events: &[Arc<AuthEvent>]| {
        events.iter().filter(|event| event.raw.contains(&format!("for user{n} from"))).count()
    };
    for n in 0..30 {
        assert_eq!(told(n, &events), 1, "user{n}");
    }
    for n in 30..40 {
        assert_eq!(told(n, &later), if n < 35 { 2 } else { 1 }, "user{n}");
    }
}

/// Follows the journal until it is killed; run by the test below.
#[test]
fn child_that_follows() {
    if std::env::var_os("HOME_SOC_TEST_FOLLOW").is_none() {
        return;
    }
    let mut collector = Collector::start(Root::real(), Settings::default(), Utc::now());
    // The past is handed over in parts: whoever does not fetch them never comes to the present.
    for _ in 0..300 {
        thread::sleep(Duration::from_millis(100));
        collector.read(Utc::now());
    }
}

#[test]
fn no_journalctl_outlives_a_program_that_was_killed() {
    let Some(_lab) = Lab::start(Recorder::Journald) else { return };
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_follows"])
        .env("HOME_SOC_TEST_FOLLOW", "1")
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // The first reads the past and ends, the second follows.
    let follows = |pid: &i32| {
        std::fs::read(format!("/proc/{pid}/cmdline"))
            .is_ok_and(|line| line.windows(8).any(|part| part == b"--follow"))
    };
    lab::wait_for("journalctl --follow", || journalctls(child.id()).iter().any(follows));
    let orphans = journalctls(child.id());
    kill(child.id() as i32);
    child.wait().unwrap();
    thread::sleep(Duration::from_secs(1));
    for pid in orphans {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(stat.is_empty() || stat.contains("(journalctl) Z"), "it still runs: {stat}");
    }
}

/// Prints what a user without rights is told about the real journal; run by the test below.
#[test]
fn child_without_rights() {
    if std::env::var_os("HOME_SOC_TEST_NOBODY").is_some() {
        let seen = Collector::start(Root::real(), Settings::default(), Utc::now()).read(Utc::now());
        println!("SENSOR {}", serde_json::to_string(&(seen.value.is_some(), &seen.sensors[0])).unwrap());
    }
}

#[test]
fn a_user_who_may_not_read_the_journal_is_told_the_group_that_may() {
    use std::os::unix::fs::PermissionsExt;
    let Some(lab) = Lab::start(Recorder::Journald) else { return };
    let program = lab.root.join("program");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    std::fs::set_permissions(&lab.root, PermissionsExt::from_mode(0o755)).unwrap();
    let output = std::process::Command::new("setpriv")
        .args(["--reuid", &lab.user, "--regid=65534", "--clear-groups"])
        .arg(&program)
        .args(["--exact", "child_without_rights", "--nocapture"])
        .env("HOME_SOC_TEST_NOBODY", "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let json =
        text.lines().find_map(|line| line.split_once("SENSOR ")).unwrap_or_else(|| panic!("{output:?}")).1;
    let (sees, sensor): (bool, home_soc::model::Sensor) = serde_json::from_str(json).unwrap();
    assert!(!sees, "{json}");
    assert_eq!(sensor.fix, ["sudo", "usermod", "-aG", "systemd-journal", &lab.user], "{json}");
    let expected = format!("permission denied: {} is not in systemd-journal or adm", lab.user);
    assert_eq!(sensor.looked[0].result, *expected);
}
