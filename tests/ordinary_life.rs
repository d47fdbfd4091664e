//! What looks odd and is somebody's ordinary day: containers, editors that update themselves, tools of packages that
//! sniff and trace. Each stands beside what it must not be taken for.

#![allow(clippy::unwrap_used, reason = "a test")]

use chrono::{DateTime, TimeDelta, Utc};
use home_soc::assess::{Context, Judge, Memory, Settings, Verdict};
use home_soc::model::{
    Exe, ExecEvent, ExecReading, Level, Listener, Oddities, Owner, PacketFamily, PacketSocket, Process,
    Program, Protocol, Provenance, Reach, Readings, Sockets, TracedProcess,
};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

const PERSON: Option<u32> = Some(1000);
const DAEMON: Option<u32> = None;

fn now() -> DateTime<Utc> {
    "2026-11-22T13:00:00Z".parse().unwrap()
}

/// A running program; ` (deleted)` after the path means that its file is gone.
fn running(name: &str, path: &str, login_uid: Option<u32>) -> Process {
    let (path, deleted) = path.strip_suffix(" (deleted)").map_or((path, false), |path| (path, true));
    Process {
        program: Arc::new(Program {
            pid: 50,
            start_ticks: 500,
            uid: Some(1000),
            user: Some("anna".into()),
            name: name.into(),
            cmdline: Some(path.into()),
            exe: Some(Exe { path: path.into(), deleted, replaced: false }),
            login_uid,
            package: path.starts_with("/usr/").then_some(Provenance::Packaged),
            ..Program::default()
        }),
        ppid: 1,
        state: 'S',
        cpu_pct: Some(0.0),
        cpu_time_ms: 10,
        rss_bytes: 1 << 20,
        threads: 1,
        nice: 0,
    }
}

fn contained(mut process: Process) -> Process {
    Arc::make_mut(&mut process.program).cgroup = Some("/system.slice/docker-0123abcd.scope".into());
    process
}

fn of_nobody(mut process: Process) -> Process {
    Arc::make_mut(&mut process.program).package = Some(Provenance::Unpackaged);
    process
}

fn with(process: Process) -> Readings {
    Readings { processes: Some(Arc::new(vec![process])), ..Readings::default() }
}

fn judged(readings: &Readings) -> Verdict {
    Judge::new(Settings::default(), Memory::default(), Context::default()).beat(readings, &[], now())
}

/// The level at which a rule speaks; `None` when it is silent.
fn level(verdict: &Verdict, rule: &str) -> Option<Level> {
    verdict.findings.iter().find(|finding| finding.rule == rule).map(|finding| finding.level)
}

/// Rules that say something of a program.
fn about_programs(verdict: &Verdict) -> Vec<&str> {
    let rules = verdict.findings.iter().map(|finding| finding.rule.as_str());
    rules.filter(|rule| rule.starts_with("HS-PROC")).collect()
}

#[test]
fn a_file_that_is_gone_is_an_alert_only_where_nobody_cleans_up_by_himself() {
    let cases = [
        (running("x", "/srv/x (deleted)", DAEMON), Some(Level::Alert)),
        (running("x", "/home/anna/.cache/x (deleted)", DAEMON), Some(Level::Alert)),
        (running(".x1", "/tmp/.x1 (deleted)", PERSON), Some(Level::Alert)),
        (running("node", "/home/anna/.vscode-server/bin/0a1b/node (deleted)", PERSON), Some(Level::Warning)),
        (
            running("esbuild", "/home/anna/app/node_modules/esbuild/bin/esbuild (deleted)", PERSON),
            Some(Level::Warning),
        ),
        (contained(running("app", "/srv/app (deleted)", DAEMON)), Some(Level::Info)),
        (contained(running("app", "/tmp/.x (deleted)", DAEMON)), Some(Level::Warning)),
        (running("nginx", "/usr/sbin/nginx (deleted)", DAEMON), None),
        (running("bash", "/nix/store/0a-bash/bin/bash (deleted)", PERSON), None),
    ];
    for (process, expected) in cases {
        let path = process.program.exe.as_ref().unwrap().path.clone();
        assert_eq!(level(&judged(&with(process)), "HS-PROC-001"), expected, "{path}");
    }
}

#[test]
fn tools_of_a_developer_run_from_their_own_hidden_folders() {
    for path in [
        "/home/anna/.vscode-server/cli/servers/Stable-0a/server/node",
        "/home/anna/.local/bin/uv",
        "/home/anna/.local/share/JetBrains/Toolbox/apps/idea/bin/idea",
        "/home/anna/infra/.terraform/providers/registry.terraform.io/hashicorp/aws/5.0.0/terraform-provider-aws",
        "/home/anna/code/.venv/bin/python3",
        "/home/anna/.nvm/versions/node/v22/bin/node",
        "/home/anna/.local/share/flatpak/app/org.x/files/bin/x",
        "/snap/firefox/1/usr/lib/firefox/firefox",
        "/nix/store/0a-hello/bin/.hello-wrapped",
        "/usr/local/bin/tool",
        "/opt/google/chrome/chrome",
        "/app/bin/gimp",
        "/init",
        "/var/lib/docker/overlay2/0a/merged/usr/bin/redis-server",
        "/tmp/.mount_Nextcl/usr/bin/nextcloud",
    ] {
        let verdict = judged(&with(running("tool", path, PERSON)));
        assert_eq!(about_programs(&verdict), [""; 0], "{path}");
    }
    for (path, expected) in [
        ("/home/anna/.x/tool", Level::Warning),
        ("/var/www/.x/tool", Level::Alert),
        ("/tmp/x", Level::Warning),
        ("/run/user/1000/x", Level::Warning),
    ] {
        assert_eq!(
            level(&judged(&with(running("tool", path, PERSON))), "HS-PROC-003"),
            Some(expected),
            "{path}"
        );
    }
}

#[test]
fn a_game_on_another_disk_is_a_persons_own_and_the_same_daemon_is_a_stranger() {
    let raised = |login| {
        let busy = Process { cpu_pct: Some(99.0), ..running("game", "/mnt/games/x/game", login) };
        let mut judge = Judge::new(Settings::default(), Memory::default(), Context::default());
        let beat = |n: i64| judge.beat(&with(busy.clone()), &[], now() + TimeDelta::seconds(n * 30));
        level(&(0..10).map(beat).last().unwrap(), "HS-PROC-007")
    };
    assert_eq!(raised(PERSON), None);
    assert_eq!(raised(DAEMON), Some(Level::Warning));
}

#[test]
fn a_daemon_with_the_name_of_a_kernel_thread_must_be_a_packages_file_of_that_name() {
    let told = |process| level(&judged(&with(process)), "HS-PROC-004");
    assert_eq!(told(running("watchdogd", "/usr/sbin/watchdogd", DAEMON)), None);
    assert_eq!(told(running("watchdogd", "/usr/bin/python3.11", DAEMON)), Some(Level::Alert));
    assert_eq!(told(of_nobody(running("watchdogd", "/usr/sbin/watchdogd", DAEMON))), Some(Level::Alert));
    assert_eq!(told(running("watchdogd", "/srv/watchdogd", DAEMON)), Some(Level::Alert));
}

#[test]
fn a_copy_in_memory_is_a_runtimes_own_only_under_its_own_name() {
    let started = |name: &str, path: &str| {
        let event = ExecEvent {
            at: now(),
            pid: 77,
            start_ticks: Some(7),
            ppid: Some(1),
            parent: Some("systemd".into()),
            uid: Some(0),
            name: Some(name.into()),
            argv: Some("x".into()),
            exe: Some(Exe { path: path.into(), deleted: true, replaced: false }),
            package: None,
            foreign: None,
            own: false,
        };
        let execs = ExecReading { events: vec![event], seen: 1, ..ExecReading::default() };
        let readings = Readings { execs: Some(Arc::new(execs)), ..Readings::default() };
        level(&judged(&readings), "HS-PROC-002")
    };
    assert_eq!(started("runc", "/memfd:runc_cloned:/proc/self/exe"), None);
    assert_eq!(started("exe", "/memfd:payload"), Some(Level::Alert));
}

#[test]
fn what_cargo_run_becomes_is_work_and_its_number_is_not_when_used_again() {
    let exec = |name: &str, path: &str, start_ticks| ExecEvent {
        at: now(),
        pid: 50,
        start_ticks: Some(start_ticks),
        ppid: Some(40),
        parent: Some("bash".into()),
        uid: Some(1000),
        name: Some(name.into()),
        argv: Some(name.into()),
        exe: Some(Exe { path: path.into(), deleted: false, replaced: false }),
        package: None,
        foreign: None,
        own: false,
    };
    let told = |cargo_ticks| {
        let built = running("app", "/tmp/try/target/debug/app", PERSON);
        let events = vec![exec("cargo", "/home/anna/.cargo/bin/cargo", cargo_ticks)];
        let execs = ExecReading { events, seen: 1, ..ExecReading::default() };
        level(&judged(&Readings { execs: Some(Arc::new(execs)), ..with(built) }), "HS-PROC-003")
    };
    assert_eq!(told(500), None, "the same process, before it became the program");
    assert_eq!(told(499), Some(Level::Warning), "another process that had this number");
}

#[test]
fn sniffers_and_tracers_of_packages_are_a_note_and_scripts_that_do_the_same_are_not() {
    let sniffs = |process: Process| {
        let socket = PacketSocket {
            family: PacketFamily::Packet,
            protocol: 3,
            interface: None,
            uid: 0,
            inode: 9,
            owner: Some(Owner { pid: 50, start_ticks: 500, name: process.program.name.clone() }),
            exe: process.program.exe.as_ref().map(|exe| exe.path.clone()),
        };
        let oddities = Oddities { packet_sockets: Some(vec![socket]), ..Oddities::default() };
        level(&judged(&Readings { oddities: Some(Arc::new(oddities)), ..with(process) }), "HS-NET-003")
    };
    for name in ["dhclient", "NetworkManager", "wpa_supplicant", "systemd-network", "tcpdump"] {
        assert_eq!(sniffs(running(name, &format!("/usr/sbin/{name}"), DAEMON)), None, "{name}");
    }
    assert_eq!(sniffs(running("ptp4l", "/usr/sbin/ptp4l", DAEMON)), Some(Level::Info));
    assert_eq!(sniffs(running("tcpdump", "/usr/bin/python3.11", DAEMON)), None, "a known name is believed");
    assert_eq!(sniffs(running("python3", "/usr/bin/python3.11", DAEMON)), Some(Level::Warning));
    assert_eq!(sniffs(of_nobody(running("ptp4l", "/usr/sbin/ptp4l", DAEMON))), Some(Level::Warning));
    assert_eq!(sniffs(running("dhclient", "/dev/shm/dhclient", DAEMON)), Some(Level::Alert));

    let traces = |process: Process, by_parent| {
        let traced = TracedProcess {
            pid: 60,
            name: "app".into(),
            uid: Some(1000),
            tracer_pid: 50,
            tracer_name: Some(process.program.name.clone()),
            tracer_exe: process.program.exe.as_ref().map(|exe| exe.path.clone()),
            tracer_uid: Some(1000),
            by_parent,
        };
        let oddities = Oddities { traced: Some(vec![traced]), ..Oddities::default() };
        level(&judged(&Readings { oddities: Some(Arc::new(oddities)), ..with(process) }), "HS-PROC-010")
    };
    assert_eq!(traces(running("gdb", "/usr/bin/gdb", PERSON), false), None);
    assert_eq!(traces(running("strace", "/usr/bin/strace", PERSON), true), None);
    assert_eq!(traces(running("runsc-sandbox", "/usr/bin/runsc", DAEMON), true), Some(Level::Info));
    assert_eq!(traces(running("python3", "/usr/bin/python3.11", PERSON), false), Some(Level::Warning));
    assert_eq!(traces(running("gdb", "/tmp/gdb", PERSON), false), Some(Level::Alert));
}

#[test]
fn the_door_of_a_container_is_the_persons_wish_and_that_of_a_stranger_is_not() {
    let told = |name: &str, path: &str| {
        let mut judge = Judge::new(Settings::default(), Memory::default(), Context::default());
        let listener = Listener {
            protocol: Protocol::Tcp,
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            port: 8448,
            reach: Reach::Everyone,
            owner: Some(Owner { pid: 50, start_ticks: 500, name: name.into() }),
            uid: 1000,
            user: None,
            inode: 9,
            since: None,
        };
        let before = Readings { sockets: Some(Arc::default()), ..with(running(name, path, PERSON)) };
        let sockets = Sockets { listeners: vec![listener], ..Sockets::default() };
        let after = Readings { sockets: Some(Arc::new(sockets)), ..before.clone() };
        let _ = judge.beat(&before, &[], now());
        level(&judge.beat(&after, &[], now() + TimeDelta::seconds(10)), "HS-NET-002")
    };
    assert_eq!(told("docker-proxy", "/usr/bin/docker-proxy"), Some(Level::Info));
    assert_eq!(told("rootlessport", "/usr/bin/rootlessport"), Some(Level::Info));
    assert_eq!(told("rootlessport", "/home/anna/rootlessport"), Some(Level::Warning));
    assert_eq!(told("server", "/usr/bin/server"), Some(Level::Warning));
}
