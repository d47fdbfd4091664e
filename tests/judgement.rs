//! What the judge says of whole machines: the scenario table, and each rule with its benign twin.
//!
//! Readings are made by hand and the clock is an argument, so every case is exact. Parsing is tested elsewhere.

#![allow(clippy::unwrap_used, clippy::similar_names, clippy::needless_pass_by_value, reason = "a test")]

use chrono::{DateTime, TimeDelta, Utc};
use home_soc::assess::{Context, Judge, Memory, Settings, Verdict};
use home_soc::model::{
    AuthEvent, AuthKind, AuthReading, Connection, Cpu, Disk, Exe, ExecEvent, ExecReading, Finding, Inventory,
    Level, Listener, Load, Owner, PasswordLogins, Pressure, PressureLine, Process, Program, Protocol, Reach,
    Readings, Safe, Sensor, Sockets, SourceState, System, TcpState,
};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

fn start() -> DateTime<Utc> {
    "2026-11-22T13:00:00Z".parse().unwrap()
}

/// A calm machine with eight cores; the cases change what they are about.
fn calm() -> Readings {
    Readings {
        system: System {
            load: Some(Load { one_min: 0.4, five_min: 0.4, fifteen_min: 0.3 }),
            cpu: Some(Cpu { cores: 8, used_pct: Some(5.0), iowait_pct: Some(0.0), ..Cpu::default() }),
            memory: Some(memory(40.0)),
            disks: Some(vec![disk("/", 50.0)]),
            ..System::default()
        },
        processes: Some(Arc::new(vec![
            process(1, 0, "systemd", "/usr/lib/systemd/systemd"),
            process(900, 1, "sshd", "/usr/sbin/sshd"),
        ])),
        sockets: Some(Arc::new(Sockets {
            listeners: vec![listener(Protocol::Tcp, 22, Reach::Everyone, Some((900, "sshd")))],
            connections: Some(Arc::new(Vec::new())),
            established: Some(3),
            ..Sockets::default()
        })),
        auth: Some(AuthReading { source: "journal".into(), caught_up: true, ..AuthReading::default() }),
        ..Readings::default()
    }
}

fn memory(used_pct: f64) -> home_soc::model::Memory {
    let total = 16_u64 << 30;
    let used = (total as f64 * used_pct / 100.0) as u64;
    home_soc::model::Memory { total_bytes: total, available_bytes: total - used, used_bytes: used, used_pct }
}

fn disk(mount: &str, used_pct: f64) -> Disk {
    let total = 100_u64 << 30;
    Disk {
        mount: mount.into(),
        file_system: "ext4".into(),
        total_bytes: total,
        used_bytes: (total as f64 * used_pct / 100.0) as u64,
        used_pct,
    }
}

fn process(pid: u32, ppid: u32, name: &str, path: &str) -> Process {
    let (exe, deleted) = path.strip_suffix(" (deleted)").map_or((path, false), |path| (path, true));
    Process {
        program: Arc::new(Program {
            pid,
            start_ticks: u64::from(pid) * 10,
            started_at: Some(start() - TimeDelta::minutes(5)),
            uid: Some(0),
            user: Some("root".into()),
            name: name.into(),
            cmdline: Some(path.into()),
            exe: Some(Exe { path: exe.into(), deleted, replaced: false }),
            ..Program::default()
        }),
        ppid,
        state: 'S',
        cpu_pct: Some(0.0),
        cpu_time_ms: 10,
        rss_bytes: 1 << 20,
        threads: 1,
        nice: 0,
    }
}

fn change(process: Process, edit: impl FnOnce(&mut Program)) -> Process {
    let mut program = (*process.program).clone();
    edit(&mut program);
    Process { program: Arc::new(program), ..process }
}

fn busy(process: Process, cpu_pct: f32) -> Process {
    Process { cpu_pct: Some(cpu_pct), state: 'R', ..process }
}

fn owner(pid: u32, name: &str) -> Owner {
    Owner { pid, start_ticks: u64::from(pid) * 10, name: name.into() }
}

fn listener(protocol: Protocol, port: u16, reach: Reach, by: Option<(u32, &str)>) -> Listener {
    Listener {
        protocol,
        address: IpAddr::V4(if reach == Reach::ThisMachine {
            Ipv4Addr::LOCALHOST
        } else {
            Ipv4Addr::UNSPECIFIED
        }),
        port,
        reach,
        owner: by.map(|(pid, name)| owner(pid, name)),
        uid: 0,
        user: None,
        inode: u64::from(port),
        since: None,
    }
}

fn with_processes(more: Vec<Process>) -> Readings {
    let mut readings = calm();
    let mut processes = readings.processes.as_deref().cloned().unwrap_or_default();
    processes.extend(more);
    readings.processes = Some(Arc::new(processes));
    readings
}

fn with_listener(mut readings: Readings, listener: Listener) -> Readings {
    let mut sockets = readings.sockets.as_deref().cloned().unwrap_or_default();
    sockets.listeners.push(listener);
    readings.sockets = Some(Arc::new(sockets));
    readings
}

fn event(kind: AuthKind, at: DateTime<Utc>, user: &str, address: Option<&str>) -> AuthEvent {
    let mut event = AuthEvent::new(kind, "sshd", "the line as written");
    event.time = Some(at);
    event.user = Some(user.into());
    event.address = address.map(Safe::new);
    event.method = Some("password".into());
    event
}

fn failed(at: DateTime<Utc>, user: &str, exists: bool, address: Option<&str>) -> AuthEvent {
    AuthEvent { user_exists: Some(exists), ..event(AuthKind::Failed, at, user, address) }
}

fn with_events(events: Vec<AuthEvent>) -> Readings {
    let mut readings = calm();
    if let Some(auth) = &mut readings.auth {
        auth.events = events.into_iter().map(Arc::new).collect();
    }
    readings
}

fn judge() -> Judge {
    Judge::new(Settings::default(), Memory::default(), Context::default())
}

/// Judges the same machine every ten seconds, events only once.
fn after(seconds: i64, readings: &Readings) -> Verdict {
    let mut judge = judge();
    let _ = judge.beat(&calm(), &[], start() - TimeDelta::seconds(10));
    let mut verdict = judge.beat(readings, &[], start());
    let mut quiet = readings.clone();
    if let Some(auth) = &mut quiet.auth {
        auth.events.clear();
    }
    for beat in 1..=seconds / 10 {
        verdict = judge.beat(&quiet, &[], start() + TimeDelta::seconds(beat * 10));
    }
    verdict
}

fn raised<'a>(verdict: &'a Verdict, rule: &str) -> Option<&'a Finding> {
    verdict.findings.iter().find(|finding| finding.rule == rule)
}

#[track_caller]
fn assert_raised(verdict: &Verdict, rule: &str, level: Level) {
    let finding = raised(verdict, rule);
    assert_eq!(finding.map(|finding| finding.level), Some(level), "{rule}: {:#?}", titles(verdict));
}

#[track_caller]
fn assert_silent(verdict: &Verdict, rule: &str) {
    assert!(raised(verdict, rule).is_none(), "{rule}: {:#?}", titles(verdict));
}

fn titles(verdict: &Verdict) -> Vec<String> {
    verdict
        .findings
        .iter()
        .map(|finding| format!("{} {:?} {} {}", finding.rule, finding.level, finding.points, finding.title))
        .collect()
}

// --- the scenario table ------------------------------------------------------------------------------------------

#[test]
fn an_idle_machine_has_the_full_score() {
    let verdict = after(300, &calm());
    assert_eq!(verdict.score.value, 100, "{:#?}", titles(&verdict));
    assert!(verdict.checks_passed.len() >= 10, "{:?}", verdict.checks_passed);
}

#[test]
fn a_large_build_is_explained() {
    let mut list = vec![
        change(process(50, 1, "bash", "/usr/bin/bash"), |bash| bash.uid = Some(1000)),
        change(process(60, 50, "cargo", "/home/anna/.rustup/toolchains/stable/bin/cargo"), |cargo| {
            cargo.uid = Some(1000);
        }),
    ];
    for n in 0..16 {
        list.push(change(
            busy(process(100 + n, 60, "rustc", "/home/anna/.rustup/toolchains/stable/bin/rustc"), 50.0),
            |rustc| {
                rustc.uid = Some(1000);
            },
        ));
    }
    let mut readings = with_processes(list);
    readings.system.load = Some(Load { one_min: 16.0, five_min: 15.0, fifteen_min: 12.0 });
    readings.system.memory = Some(memory(85.0));
    if let Some(cpu) = &mut readings.system.cpu {
        cpu.used_pct = Some(100.0);
    }
    let verdict = after(600, &readings);
    assert!(verdict.score.value >= 96, "{}: {:#?}", verdict.score.value, titles(&verdict));
}

#[test]
fn a_game_is_explained() {
    let game = change(
        busy(
            process(70, 60, "Game.x86_64", "/home/anna/.local/share/Steam/steamapps/common/Game/Game.x86_64"),
            380.0,
        ),
        |game| {
            game.uid = Some(1000);
            game.login_uid = Some(1000);
        },
    );
    let mut readings =
        with_processes(vec![game, busy(process(71, 1, "Discord", "/usr/share/discord/Discord"), 90.0)]);
    readings.system.load = Some(Load { one_min: 9.0, five_min: 9.0, fifteen_min: 8.0 });
    let verdict = after(600, &readings);
    assert!(verdict.score.value >= 95, "{}: {:#?}", verdict.score.value, titles(&verdict));
}

#[test]
fn a_backup_that_waits_for_disks_is_normal() {
    let mut readings = calm();
    readings.processes = None;
    readings.system.load = Some(Load { one_min: 20.0, five_min: 18.0, fifteen_min: 12.0 });
    if let Some(cpu) = &mut readings.system.cpu {
        cpu.iowait_pct = Some(70.0);
    }
    let verdict = after(600, &readings);
    assert!(verdict.score.value >= 90, "{}: {:#?}", verdict.score.value, titles(&verdict));
}

#[test]
fn the_noise_of_the_internet_costs_little_where_only_keys_are_taken() {
    let names = ["admin", "test", "oracle", "pi", "ubuntu", "git", "postgres", "guest"];
    let events = (0..500)
        .map(|n| {
            failed(start() - TimeDelta::seconds(500 - n), names[n as usize % 8], false, Some("203.0.113.9"))
        })
        .collect();
    let verdict = after(10, &with_events(events));
    assert!(verdict.score.value >= 95, "{}: {:#?}", verdict.score.value, titles(&verdict));
    assert_eq!(verdict.sign_ins.unwrap().failed_24h, 500);
}

#[test]
fn keys_that_are_refused_are_noise_as_well() {
    let events = (0..500)
        .map(|n| AuthEvent {
            method: Some("publickey".into()),
            ..failed(start() - TimeDelta::seconds(500 - n), "root", true, Some("203.0.113.9"))
        })
        .collect();
    assert!(after(10, &with_events(events)).score.value >= 95);
}

#[test]
fn guesses_of_real_names_are_noise_where_sshd_takes_no_passwords_and_only_there() {
    let tries = |service: &str| -> Vec<_> {
        let names = ["root", "anna", "admin", "pi"];
        (0..500)
            .map(|n| AuthEvent {
                service: service.into(),
                ..failed(
                    start() - TimeDelta::seconds(500 - n),
                    names[n as usize % 4],
                    n % 4 < 2,
                    Some("203.0.113.9"),
                )
            })
            .collect()
    };
    let judged = |service: &str, passwords| {
        let inventory = Inventory { passwords, ..Inventory::default() };
        let readings = Readings { inventory: Some(Arc::new(inventory)), ..with_events(tries(service)) };
        after(10, &readings)
    };
    let refused = judged("sshd", Some(PasswordLogins::Refused));
    assert!(refused.score.value >= 95, "{}: {:#?}", refused.score.value, titles(&refused));
    assert!(raised(&refused, "HS-AUTH-001").unwrap().why.contains("takes no passwords"));
    for (service, passwords) in
        [("sshd", Some(PasswordLogins::Taken)), ("sshd", None), ("dovecot", Some(PasswordLogins::Refused))]
    {
        let verdict = judged(service, passwords);
        assert!(verdict.score.value <= 80, "{service} {passwords:?}: {}", verdict.score.value);
        assert_raised(&verdict, "HS-AUTH-001", Level::Warning);
    }
}

#[test]
fn a_password_that_was_taken_belies_settings_that_refuse_it() {
    let mut events: Vec<_> = (0..25)
        .map(|n| failed(start() - TimeDelta::seconds(60 - n), "anna", true, Some("203.0.113.9")))
        .collect();
    events.push(event(AuthKind::Accepted, start() - TimeDelta::seconds(5), "anna", Some("203.0.113.9")));
    let inventory = Inventory { passwords: Some(PasswordLogins::Refused), ..Inventory::default() };
    let verdict = after(10, &Readings { inventory: Some(Arc::new(inventory)), ..with_events(events) });
    assert!(verdict.score.value <= 49, "{}", verdict.score.value);
    assert_raised(&verdict, "HS-AUTH-003", Level::Alert);
    assert_raised(&verdict, "HS-AUTH-001", Level::Warning);
}

#[test]
fn your_own_typo_costs_one_point() {
    let at = start() - TimeDelta::seconds(30);
    let console = |kind, seconds| AuthEvent {
        service: "login".into(),
        method: None,
        user_exists: Some(true),
        ..event(kind, at + TimeDelta::seconds(seconds), "anna", None)
    };
    let events =
        vec![console(AuthKind::Failed, 0), console(AuthKind::Failed, 4), console(AuthKind::SessionOpened, 9)];
    let verdict = after(10, &with_events(events));
    assert!((98..=99).contains(&verdict.score.value), "{}: {:#?}", verdict.score.value, titles(&verdict));
    assert_eq!(verdict.sign_ins.unwrap().failed_24h, 2);
}

#[test]
fn many_failures_for_a_real_user_from_the_neighbourhood_are_a_warning() {
    let events = (0..25)
        .map(|n| failed(start() - TimeDelta::seconds(50 - n), "anna", true, Some("192.168.1.20")))
        .collect();
    let verdict = after(10, &with_events(events));
    assert!((70..=80).contains(&verdict.score.value), "{}: {:#?}", verdict.score.value, titles(&verdict));
    assert_raised(&verdict, "HS-AUTH-001", Level::Warning);
    assert_raised(&verdict, "HS-AUTH-002", Level::Warning);
}

#[test]
fn a_guessing_run_that_gets_in_is_a_possible_compromise() {
    let mut events: Vec<_> = (0..25)
        .map(|n| failed(start() - TimeDelta::seconds(60 - n), "anna", true, Some("192.168.1.20")))
        .collect();
    events.push(event(AuthKind::Accepted, start() - TimeDelta::seconds(5), "anna", Some("192.168.1.20")));
    let verdict = after(10, &with_events(events));
    assert!(verdict.score.value <= 49, "{}", verdict.score.value);
    assert_raised(&verdict, "HS-AUTH-003", Level::Alert);
    let sign_ins = verdict.sign_ins.unwrap();
    assert_eq!((sign_ins.failed_24h, sign_ins.accepted_24h), (25, 1));
    assert_eq!(sign_ins.sources[0].state, SourceState::GotIn);
}

#[test]
fn a_miner_from_a_temporary_folder_is_an_alert() {
    let verdict = after(10, &with_processes(vec![busy(process(7000, 1, "y", "/tmp/y (deleted)"), 99.0)]));
    assert!(verdict.score.value <= 69, "{}", verdict.score.value);
    assert_raised(&verdict, "HS-PROC-001", Level::Alert);
}

#[test]
fn a_reverse_shell_on_an_idle_machine_is_serious() {
    let mut readings = with_processes(vec![change(process(7100, 1, "bash", "/usr/bin/bash"), |bash| {
        bash.stdio_socket = Some(77);
    })]);
    readings.sockets = Some(Arc::new(connected(77, Some((7100, "bash")), false)));
    let verdict = after(0, &readings);
    assert!(verdict.score.value <= 49, "{}: {:#?}", verdict.score.value, titles(&verdict));
    assert_raised(&verdict, "HS-PROC-005", Level::Alert);
}

#[test]
fn a_new_door_from_a_home_folder_is_a_warning() {
    let readings = with_processes(vec![process(7200, 1, "tool", "/home/anna/tool")]);
    let verdict = after(
        0,
        &with_listener(readings, listener(Protocol::Tcp, 4444, Reach::Everyone, Some((7200, "tool")))),
    );
    assert!(verdict.score.value <= 89, "{}", verdict.score.value);
    assert_raised(&verdict, "HS-NET-002", Level::Warning);
}

#[test]
fn without_sign_ins_the_score_is_an_upper_bound() {
    let mut readings = calm();
    readings.auth = None;
    for sensors in [
        vec![],
        vec![
            Sensor::blind("auth", "permission_denied", "no log can be read").fixed_by(&["sudo", "home-soc"]),
        ],
        vec![Sensor::blind("auth.journal", "not_found", "no"), Sensor::blind("auth.file", "not_found", "no")],
    ] {
        let verdict = judge().beat(&readings, &sensors, start());
        assert!(verdict.score.value <= 92 && verdict.score.is_upper_bound, "{}", verdict.score.value);
        assert!(verdict.sign_ins.is_none());
        assert_eq!(verdict.findings.iter().filter(|finding| finding.rule.starts_with("HS-SEE")).count(), 1);
    }
}

fn connected(inode: u64, by: Option<(u32, &str)>, incoming: bool) -> Sockets {
    Sockets {
        connections: Some(Arc::new(vec![Connection {
            protocol: Protocol::Tcp,
            local: "192.0.2.10:51000".parse().unwrap(),
            remote: "198.51.100.23:4444".parse().unwrap(),
            state: TcpState::Established,
            incoming,
            owner: by.map(|(pid, name)| owner(pid, name)),
            uid: 0,
            inode,
            sent_bytes: None,
            received_bytes: None,
            since: None,
        }])),
        established: Some(1),
        ..Sockets::default()
    }
}

// --- sign-ins ----------------------------------------------------------------------------------------------------

#[test]
fn twelve_wrong_passwords_are_twelve_and_cost_points() {
    for exists in [true, false] {
        let mut judge = judge();
        let before = judge.beat(&calm(), &[], start()).sign_ins.unwrap().failed_24h;
        let events: Vec<_> = (0..12)
            .map(|n| failed(start() + TimeDelta::seconds(n), "root", exists, Some("127.0.0.1")))
            .collect();
        let verdict = judge.beat(&with_events(events), &[], start() + TimeDelta::seconds(20));
        assert_eq!(verdict.sign_ins.unwrap().failed_24h, before + 12);
        let charged = verdict.score.deductions.iter().any(|row| {
            row.points > 0 && row.finding.as_ref().is_some_and(|id| id.as_str().starts_with("HS-AUTH-001"))
        });
        assert!(charged, "exists {exists}: {:?}", verdict.score.deductions);
    }
}

#[test]
fn an_event_told_twice_counts_once_and_a_repeated_one_as_often_as_it_says() {
    let one = AuthEvent { count: 5, ..failed(start(), "root", true, Some("203.0.113.9")) };
    let two = AuthEvent {
        duplicate_of: Some("auth.log:1".into()),
        ..failed(start(), "root", true, Some("203.0.113.9"))
    };
    let sign_ins = after(10, &with_events(vec![one, two])).sign_ins.unwrap();
    assert_eq!((sign_ins.failed_24h, sign_ins.failed_sources_24h, sign_ins.failed_existing_24h), (5, 1, 5));
}

#[test]
fn only_the_last_24_hours_count() {
    let events = vec![
        failed(start() - TimeDelta::hours(25), "root", true, Some("203.0.113.9")),
        failed(start() - TimeDelta::hours(23), "root", true, Some("203.0.113.9")),
        failed(start() + TimeDelta::hours(5), "root", true, Some("203.0.113.10")),
    ];
    let mut judge = judge();
    let verdict = judge.beat(&with_events(events), &[], start());
    assert_eq!(verdict.sign_ins.unwrap().failed_24h, 2);
    let later = judge.beat(&calm(), &[], start() + TimeDelta::hours(2));
    assert_eq!(later.sign_ins.unwrap().failed_24h, 1);
    let tomorrow = judge.beat(&calm(), &[], start() + TimeDelta::hours(26));
    assert_eq!(tomorrow.sign_ins.unwrap().failed_24h, 0);
    assert_eq!(tomorrow.score.value, 100, "{:?}", tomorrow.score.deductions);
}

#[test]
fn addresses_of_one_ipv6_network_are_one_source() {
    let events = (0..20)
        .map(|n| failed(start(), "root", true, Some(&format!("2001:db8:7:0:{n:x}::1"))))
        .chain([failed(start(), "root", true, Some("::ffff:203.0.113.9"))])
        .collect();
    let sign_ins = after(10, &with_events(events)).sign_ins.unwrap();
    let addresses: Vec<_> = sign_ins.sources.iter().map(|source| source.address.as_str()).collect();
    assert_eq!(addresses, ["2001:db8:7::/64", "203.0.113.9"]);
}

#[test]
fn a_flood_of_sources_is_bounded_and_its_failures_are_all_counted() {
    let events = (0..5000_u32)
        .map(|n| {
            failed(start(), "root", true, Some(&IpAddr::V4(Ipv4Addr::from(0xCB00_7100 + n)).to_string()))
        })
        .collect();
    let verdict = after(10, &with_events(events));
    let sign_ins = verdict.sign_ins.as_ref().unwrap();
    assert_eq!((sign_ins.failed_24h, sign_ins.failed_sources_24h), (5000, 5000));
    assert!(sign_ins.sources.len() <= 100 && verdict.findings.len() <= 60, "{}", verdict.findings.len());
}

#[test]
fn keys_offered_one_after_the_other_are_no_guessing_run() {
    let mut events: Vec<_> = (0..6)
        .map(|n| AuthEvent {
            method: Some("publickey".into()),
            ..failed(start() - TimeDelta::seconds(10 - n), "anna", true, Some("198.51.100.7"))
        })
        .collect();
    events.push(AuthEvent {
        method: Some("publickey".into()),
        ..event(AuthKind::Accepted, start() - TimeDelta::seconds(2), "anna", Some("198.51.100.7"))
    });
    let verdict = after(10, &with_events(events));
    assert_silent(&verdict, "HS-AUTH-003");
    assert_silent(&verdict, "HS-AUTH-002");
}

#[test]
fn a_first_login_is_news_only_after_a_day_of_records() {
    let login = |day: i64, address: &str| {
        event(AuthKind::Accepted, start() - TimeDelta::days(20 - day), "anna", Some(address))
    };
    let mut judge = judge();
    let past = with_events((0..20).map(|day| login(day, "192.0.2.33")).collect());
    assert_silent(&judge.beat(&past, &[], start()), "HS-AUTH-004");
    let usual = with_events(vec![event(AuthKind::Accepted, start(), "anna", Some("192.0.2.40"))]);
    assert_silent(&judge.beat(&usual, &[], start() + TimeDelta::seconds(10)), "HS-AUTH-004");
    let strange = with_events(vec![event(AuthKind::Accepted, start(), "anna", Some("198.51.100.23"))]);
    let verdict = judge.beat(&strange, &[], start() + TimeDelta::seconds(20));
    assert_raised(&verdict, "HS-AUTH-004", Level::Warning);
    let again = judge.beat(&strange, &[], start() + TimeDelta::seconds(30));
    assert_eq!(raised(&again, "HS-AUTH-004").map(|finding| finding.count), Some(1));
}

#[test]
fn your_own_address_is_never_strange() {
    let own = "198.51.100.23".parse().ok();
    let mut judge = Judge::new(Settings::default(), Memory::default(), Context { own_address: own });
    let past = with_events(vec![event(
        AuthKind::Accepted,
        start() - TimeDelta::days(20),
        "anna",
        Some("192.0.2.33"),
    )]);
    let _ = judge.beat(&past, &[], start());
    let mine = with_events(vec![
        failed(start(), "anna", true, Some("198.51.100.23")),
        event(AuthKind::Accepted, start(), "anna", Some("198.51.100.23")),
    ]);
    let verdict = judge.beat(&mine, &[], start() + TimeDelta::seconds(10));
    assert_silent(&verdict, "HS-AUTH-004");
    assert_eq!(verdict.sign_ins.unwrap().sources[0].state, SourceState::Yours);
    assert!(verdict.score.value >= 99);
}

#[test]
fn a_refused_sudo_is_a_note_and_a_typo_before_a_success_is_none() {
    let sudo = |kind, seconds, reason: Option<&str>| AuthEvent {
        service: "sudo".into(),
        method: None,
        reason: reason.map(Safe::new),
        ..event(kind, start() + TimeDelta::seconds(seconds), "anna", None)
    };
    let refused = after(10, &with_events(vec![sudo(AuthKind::SudoDenied, 0, Some("user NOT in sudoers"))]));
    assert_raised(&refused, "HS-AUTH-005", Level::Info);
    let mut judge = judge();
    let typo = with_events(vec![
        sudo(AuthKind::SudoDenied, 0, Some("1 incorrect password attempt")),
        sudo(AuthKind::Sudo, 5, None),
    ]);
    let verdict = judge.beat(&typo, &[], start() + TimeDelta::seconds(10));
    assert_silent(&verdict, "HS-AUTH-005");
    assert_eq!(verdict.sign_ins.unwrap().sudo_denied_24h, 1);
}

#[test]
fn a_forged_line_is_an_alert_and_is_not_counted() {
    let forged = AuthEvent {
        forged_by: Some("logger (uid 1000)".into()),
        ..event(AuthKind::Accepted, start(), "root", Some("8.8.8.8"))
    };
    let verdict = after(10, &with_events(vec![forged]));
    assert_raised(&verdict, "HS-AUTH-006", Level::Alert);
    assert_eq!(verdict.sign_ins.unwrap().accepted_24h, 0);
}

#[test]
fn a_second_root_is_a_possible_compromise_and_an_ordinary_account_is_none() {
    let account = |kind, said: &str, group: Option<&str>| AuthEvent {
        service: "useradd".into(),
        reason: Some(said.into()),
        target_user: group.map(Safe::new),
        ..event(kind, start(), "t", None)
    };
    for (said, kind, bad) in [
        (
            "new user: name=t, UID=0, GID=0, home=/root, shell=/bin/sh, from=none",
            AuthKind::AccountAdded,
            true,
        ),
        ("change user 't' UID from '1000' to '0'", AuthKind::AccountChanged, true),
        ("new user: name=t, UID=1001, GID=0, home=/home/t, shell=/bin/sh", AuthKind::AccountAdded, false),
        ("change user 't' UID from '1000' to '1010'", AuthKind::AccountChanged, false),
    ] {
        let verdict = after(10, &with_events(vec![account(kind, said, None)]));
        assert_eq!(raised(&verdict, "HS-ACCT-001").is_some(), bad, "{said}");
        assert_eq!(verdict.score.value <= 49, bad, "{said}");
    }
    for (said, group, bad) in [
        ("add 't' to group 'sudo'", "sudo", true),
        ("user t added by root to group docker", "docker", true),
        ("add 't' to group 'audio'", "audio", false),
        ("delete 't' from group 'sudo'", "sudo", false),
    ] {
        let verdict = after(10, &with_events(vec![account(AuthKind::GroupChanged, said, Some(group))]));
        assert_eq!(raised(&verdict, "HS-ACCT-002").is_some(), bad, "{said}");
    }
}

#[test]
fn a_hostile_name_never_enters_a_command() {
    let mut events: Vec<_> =
        (0..30).map(|_| failed(start(), "$(reboot); x", true, Some("evil.example;reboot"))).collect();
    events.push(event(AuthKind::Accepted, start(), "$(reboot); x", Some("evil.example;reboot")));
    let verdict = after(10, &with_events(events));
    assert_raised(&verdict, "HS-AUTH-003", Level::Alert);
    for fix in verdict.findings.iter().flat_map(|finding| &finding.fix) {
        assert!(!fix.argv.iter().any(|word| word.contains("reboot")), "{:?}", fix.argv);
    }
}

// --- processes ---------------------------------------------------------------------------------------------------

#[test]
fn each_program_rule_fires_and_its_benign_twin_is_silent() {
    let toolchain = |edit: fn(&mut Program)| {
        vec![
            process(60, 1, "cargo", "/home/anna/.cargo/bin/cargo"),
            change(process(61, 60, "probe", "/tmp/target/debug/probe"), edit),
        ]
    };
    let kernel = |edit: fn(&mut Program)| vec![change(process(62, 1, "sleep", "/usr/bin/sleep"), edit)];
    let cases: Vec<(&str, Level, Vec<Process>, Vec<Process>)> = vec![
        (
            "HS-PROC-001",
            Level::Alert,
            vec![process(50, 1, "x1", "/srv/x1 (deleted)")],
            vec![change(process(50, 1, "x2", "/srv/x2 (deleted)"), |program| {
                if let Some(exe) = &mut program.exe {
                    exe.replaced = true;
                }
            })],
        ),
        (
            "HS-PROC-001",
            Level::Alert,
            vec![process(50, 1, "x1", "/home/anna/x1 (deleted)")],
            vec![process(50, 1, "nginx", "/usr/sbin/nginx (deleted)")],
        ),
        (
            "HS-PROC-002",
            Level::Alert,
            vec![process(50, 1, "python3", "/memfd:payload (deleted)")],
            vec![process(50, 1, "runc:[2:INIT]", "/memfd:runc_cloned:/proc/self/exe (deleted)")],
        ),
        (
            "HS-PROC-003",
            Level::Alert,
            vec![process(50, 1, ".kswapd0", "/tmp/.../.kswapd0")],
            toolchain(|_| {}),
        ),
        (
            "HS-PROC-003",
            Level::Warning,
            vec![process(50, 1, "y", "/tmp/y")],
            vec![process(50, 1, "nextcloud", "/tmp/.mount_Nextcl/usr/bin/nextcloud")],
        ),
        (
            "HS-PROC-003",
            Level::Alert,
            vec![process(50, 1, "kdevtmp", "/dev/shm/kdevtmp")],
            vec![process(50, 1, "app", "/home/anna/.local/bin/app")],
        ),
        (
            "HS-PROC-004",
            Level::Alert,
            kernel(|program| program.cmdline = Some("[kworker/0:1] 300".into())),
            kernel(|program| program.cmdline = Some("[celeryd: a@b:MainProcess] -active-".into())),
        ),
        (
            "HS-PROC-004",
            Level::Alert,
            kernel(|program| program.name = "kworker/u8:2".into()),
            kernel(|program| {
                program.name = "kworker/u8:2".into();
                program.kernel_thread = true;
            }),
        ),
        (
            "HS-PROC-006",
            Level::Alert,
            kernel(|program| program.cmdline = Some("xmrig 60 -- --donate-level 1".into())),
            kernel(|program| {
                program.name = "grep".into();
                program.cmdline = Some("grep -r stratum+tcp:// /etc".into());
            }),
        ),
    ];
    for (rule, level, bad, good) in cases {
        assert_raised(&after(0, &with_processes(bad)), rule, level);
        let twin = after(300, &with_processes(good));
        assert_silent(&twin, rule);
        assert!(twin.score.value >= 99, "{rule}: {:#?}", titles(&twin));
    }
}

#[test]
fn this_program_and_its_children_are_never_a_finding() {
    let mut list = vec![
        change(busy(process(80, 1, "home-soc", "/tmp/.x/home-soc (deleted)"), 100.0), |own| own.own = true),
        change(process(81, 80, "journalctl", "/memfd:x"), |own| {
            own.own = true;
            own.cmdline = Some("[kworker/0:1]".into());
        }),
    ];
    list.push(change(process(82, 80, "home-soc", "/dev/shm/home-soc"), |own| own.own = true));
    let readings = with_processes(list);
    let readings =
        with_listener(readings, listener(Protocol::Tcp, 8080, Reach::Everyone, Some((82, "home-soc"))));
    let verdict = after(1000, &readings);
    assert_eq!((verdict.score.value, verdict.findings.len()), (100, 0), "{:#?}", titles(&verdict));
}

#[test]
fn the_session_that_the_person_sits_in_is_never_an_attacker() {
    let shell = change(process(80, 1, "python3", "/memfd:x (deleted)"), |shell| shell.ours = true);
    let verdict = after(10, &with_processes(vec![shell]));
    assert_raised(&verdict, "HS-PROC-002", Level::Info);
    assert_eq!(verdict.score.value, 100);
    let pauses = verdict
        .findings
        .iter()
        .flat_map(|finding| &finding.fix)
        .any(|fix| fix.argv.contains(&"-STOP".to_owned()));
    assert!(!pauses, "no advice cuts the own branch");
}

#[test]
fn unexplained_work_is_charged_after_three_minutes_and_explained_work_hardly() {
    let miner = with_processes(vec![busy(process(50, 1, "y", "/srv/y"), 99.0)]);
    assert_silent(&after(60, &miner), "HS-PROC-007");
    assert_silent(&after(60, &miner), "HS-HLTH-003");
    assert_raised(&after(180, &miner), "HS-PROC-007", Level::Warning);
    let known = with_processes(vec![busy(process(50, 1, "yes", "/usr/bin/yes"), 99.0)]);
    let verdict = after(300, &known);
    assert_silent(&verdict, "HS-PROC-007");
    assert_raised(&verdict, "HS-HLTH-003", Level::Info);
    assert!(verdict.score.value >= 98);
}

#[test]
fn a_pid_that_is_used_again_does_not_inherit_a_streak() {
    let mut judge = judge();
    for beat in 0..30 {
        let mut next = busy(process(50, 1, "y", "/srv/y"), 99.0);
        next = change(next, |program| program.start_ticks = 1000 + beat as u64 / 10);
        let verdict = judge.beat(&with_processes(vec![next]), &[], start() + TimeDelta::seconds(beat * 10));
        assert_silent(&verdict, "HS-HLTH-003");
        assert_silent(&verdict, "HS-PROC-007");
    }
}

// --- health and network ------------------------------------------------------------------------------------------

#[test]
fn one_sample_never_alarms() {
    let mut readings = with_processes(vec![busy(process(50, 1, "y", "/srv/y"), 99.0)]);
    readings.system.load = Some(Load { one_min: 50.0, five_min: 50.0, fifteen_min: 50.0 });
    readings.system.memory = Some(memory(99.0));
    let verdict = after(10, &readings);
    assert_eq!(verdict.score.value, 100, "{:#?}", titles(&verdict));
}

#[test]
fn load_that_nothing_explains_is_charged_and_clears_again() {
    let busy_list: Vec<_> =
        (0..8).map(|n| busy(process(50 + n, 1, &format!("y{n}"), "/srv/y"), 99.0)).collect();
    let mut readings = with_processes(busy_list);
    readings.system.load = Some(Load { one_min: 30.0, five_min: 30.0, fifteen_min: 30.0 });
    readings.system.pressure = Some(Pressure {
        cpu: Some(PressureLine { some_avg60_pct: 80.0, ..PressureLine::default() }),
        ..Pressure::default()
    });
    if let Some(cpu) = &mut readings.system.cpu {
        cpu.used_pct = Some(100.0);
    }
    let mut judge = judge();
    let mut verdict = judge.beat(&readings, &[], start());
    for beat in 1..30 {
        verdict = judge.beat(&readings, &[], start() + TimeDelta::seconds(beat * 10));
    }
    assert_raised(&verdict, "HS-HLTH-001", Level::Warning);
    assert!((70..90).contains(&verdict.score.value), "{}", verdict.score.value);
    let calm_again = judge.beat(&calm(), &[], start() + TimeDelta::seconds(300));
    assert_eq!(calm_again.score.value, 100, "{:#?}", titles(&calm_again));
    assert_eq!(
        (calm_again.score.previous, calm_again.score.changed_at),
        (Some(verdict.score.value), Some(start() + TimeDelta::seconds(300)))
    );
}

#[test]
fn a_suspended_machine_does_not_wake_up_to_a_streak() {
    let mut readings = calm();
    readings.system.memory = Some(memory(99.0));
    let mut judge = judge();
    let _ = judge.beat(&readings, &[], start());
    let verdict = judge.beat(&readings, &[], start() + TimeDelta::hours(8));
    assert_silent(&verdict, "HS-HLTH-002");
    let back = judge.beat(&readings, &[], start() - TimeDelta::hours(8));
    assert_silent(&back, "HS-HLTH-002");
}

#[test]
fn doors_that_were_open_at_the_start_are_the_starting_point() {
    let door = |reach| with_listener(calm(), listener(Protocol::Tcp, 8123, reach, Some((900, "sshd"))));
    let mut judge = judge();
    assert_silent(&judge.beat(&door(Reach::Everyone), &[], start()), "HS-NET-002");
    // The same program on the same port, but now from everywhere: that is another door.
    let mut other = self::judge();
    let _ = other.beat(&door(Reach::ThisMachine), &[], start());
    assert_raised(
        &other.beat(&door(Reach::Everyone), &[], start() + TimeDelta::seconds(10)),
        "HS-NET-002",
        Level::Warning,
    );
    assert_silent(&other.beat(&calm(), &[], start() + TimeDelta::seconds(20)), "HS-NET-002");
}

#[test]
fn doors_weigh_by_who_can_reach_them() {
    let new = |reach, port| {
        after(0, &with_listener(calm(), listener(Protocol::Tcp, port, reach, Some((900, "python3")))))
    };
    let points = |verdict: Verdict| raised(&verdict, "HS-NET-002").map(|finding| finding.points);
    let (here, lan, all) =
        (new(Reach::ThisMachine, 18_080), new(Reach::Lan, 18_080), new(Reach::Everyone, 18_080));
    assert_eq!(here.score.value, 100);
    let (here, lan, all) = (points(here).unwrap(), points(lan).unwrap(), points(all).unwrap());
    assert!(here < lan && lan < all, "{here} {lan} {all}");
    let client = after(
        0,
        &with_listener(calm(), listener(Protocol::Udp, 51_515, Reach::Everyone, Some((900, "firefox")))),
    );
    assert_silent(&client, "HS-NET-002");
    let redis =
        with_listener(calm(), listener(Protocol::Tcp, 6379, Reach::Everyone, Some((900, "redis-server"))));
    assert_raised(&judge().beat(&redis, &[], start()), "HS-NET-002", Level::Warning);
}

#[test]
fn connections_alone_never_leave_the_upper_bands() {
    let mut readings = calm();
    readings.sockets = Some(Arc::new(Sockets { established: Some(5000), ..Sockets::default() }));
    let verdict = after(0, &readings);
    assert_raised(&verdict, "HS-NET-001", Level::Warning);
    assert!((70..=89).contains(&verdict.score.value));
}

#[test]
fn a_disk_is_full_when_little_room_is_left_and_not_by_percentage_alone() {
    let full = |mount: &str, kind: &str, pct: f64, total_gib: u64| {
        let mut readings = calm();
        let total = total_gib << 30;
        readings.system.disks = Some(vec![Disk {
            mount: mount.into(),
            file_system: kind.into(),
            total_bytes: total,
            used_bytes: (total as f64 * pct / 100.0) as u64,
            used_pct: pct,
        }]);
        after(0, &readings)
    };
    assert_raised(&full("/", "ext4", 99.0, 30), "HS-HLTH-005", Level::Warning);
    assert_raised(&full("/", "ext4", 94.0, 30), "HS-HLTH-005", Level::Info);
    assert_silent(&full("/data", "ext4", 93.0, 8000), "HS-HLTH-005");
    assert_silent(&full("/snap/core/1", "squashfs", 100.0, 1), "HS-HLTH-005");
}

#[test]
fn what_a_file_system_keeps_back_is_not_free() {
    let kept_back =
        Disk { used_bytes: 5 << 30, used_pct: 99.0, total_bytes: 8000 << 30, ..disk("/srv", 0.0) };
    assert_eq!(kept_back.free_bytes() >> 20, 51);
    assert_eq!(disk("/", 0.0).free_bytes(), 100 << 30);
    let mut readings = calm();
    readings.system.disks = Some(vec![kept_back]);
    assert_raised(&after(0, &readings), "HS-HLTH-005", Level::Warning);
}

// --- seeing ------------------------------------------------------------------------------------------------------

#[test]
fn one_missing_right_is_charged_once() {
    let sensors = [
        Sensor {
            seen: Some(31),
            total: Some(131),
            ..Sensor::partial("proc.exe", "permission_denied", "41 programs")
        },
        Sensor::partial("net.owners", "permission_denied", "owners"),
        Sensor::blind("exec.events", "unsupported", "no connector"),
        Sensor::blind("temperatures", "unsupported", "none"),
        Sensor::ok("auth"),
        Sensor::blind("auth.file", "not_found", "no"),
    ];
    let verdict = judge().beat(&calm(), &sensors, start());
    let rules: Vec<_> =
        verdict.findings.iter().map(|finding| (finding.rule.as_str(), finding.points)).collect();
    assert_eq!(rules, [("HS-SEE-002", 4.0), ("HS-SEE-003", 3.0), ("HS-SEE-004", 0.0)]);
    assert!(verdict.score.is_upper_bound);
    assert_eq!((verdict.score.posture, verdict.score.activity), (100 - verdict.score.value, 0));
    let open_eyes = judge().beat(&calm(), &[Sensor::ok("proc.exe"), Sensor::ok("auth")], start());
    assert!(!open_eyes.score.is_upper_bound && open_eyes.score.value == 100);
}

#[test]
fn what_cannot_be_seen_any_more_is_not_solved() {
    let mut judge = judge();
    let _ = judge.beat(&calm(), &[], start());
    let bad = with_processes(vec![process(50, 1, "x", "/dev/shm/x")]);
    let _ = judge.beat(&bad, &[], start() + TimeDelta::seconds(10));
    let mut blind = calm();
    blind.processes = None;
    assert_raised(&judge.beat(&blind, &[], start() + TimeDelta::seconds(20)), "HS-PROC-003", Level::Alert);
    assert_silent(&judge.beat(&calm(), &[], start() + TimeDelta::seconds(30)), "HS-PROC-003");
    assert_eq!(judge.memory().solved.len(), 1);
}

// --- the life of a finding ---------------------------------------------------------------------------------------

#[test]
fn a_finding_keeps_its_id_and_its_beginning_over_a_restart() {
    let bad = with_processes(vec![process(50, 1, "x", "/dev/shm/x")]);
    let mut first = judge();
    let _ = first.beat(&calm(), &[], start());
    let before = first.beat(&bad, &[], start() + TimeDelta::seconds(10));
    let text = serde_json::to_string(first.memory()).unwrap();
    let memory: Memory = serde_json::from_str(&text).unwrap();
    let mut second = Judge::new(Settings::default(), memory, Context::default());
    let restarted = with_processes(vec![process(51, 1, "x", "/dev/shm/x")]);
    let after = second.beat(&restarted, &[], start() + TimeDelta::hours(1));
    let (before, after) = (raised(&before, "HS-PROC-003").unwrap(), raised(&after, "HS-PROC-003").unwrap());
    assert_eq!((&before.id, before.first_seen), (&after.id, after.first_seen));
    assert_eq!(after.last_seen, start() + TimeDelta::hours(1));
    assert_eq!(after.subject["pid"], "51");
}

#[test]
fn a_break_in_read_again_after_a_restart_did_not_happen_again() {
    let mut events: Vec<_> = (0..25)
        .map(|n| failed(start() - TimeDelta::seconds(60 - n), "anna", true, Some("203.0.113.9")))
        .collect();
    events.push(event(AuthKind::Accepted, start(), "anna", Some("203.0.113.9")));
    let readings = with_events(events);
    let mut first = judge();
    let _ = first.beat(&readings, &[], start() + TimeDelta::seconds(10));
    let mut second = Judge::new(Settings::default(), first.memory().clone(), Context::default());
    let verdict = second.beat(&readings, &[], start() + TimeDelta::seconds(60));
    assert_eq!(raised(&verdict, "HS-AUTH-003").map(|finding| finding.count), Some(1));
    assert_eq!(verdict.sign_ins.unwrap().failed_24h, 25);
    // It does not fade: a month later it still holds the score down.
    let later = second.beat(&calm(), &[], start() + TimeDelta::days(30));
    assert!(later.score.value <= 49);
}

#[test]
fn an_accepted_risk_is_free_until_its_date() {
    let bad = with_processes(vec![process(50, 1, "x", "/dev/shm/x")]);
    let mut judge = judge();
    let _ = judge.beat(&calm(), &[], start());
    let verdict = judge.beat(&bad, &[], start());
    let id = raised(&verdict, "HS-PROC-003").unwrap().id.clone();
    assert!(judge.accept(&id, "  ", None, start()).is_err());
    assert!(judge.accept(&id, "mine", Some(start()), start()).is_err());
    judge.accept(&id, "it is mine", Some(start() + TimeDelta::days(1)), start()).unwrap();
    let accepted = judge.beat(&bad, &[], start() + TimeDelta::seconds(10));
    assert_eq!(accepted.score.value, 100);
    assert_eq!(accepted.score.deductions.len(), 1, "it stays on the bill");
    let over = judge.beat(&bad, &[], start() + TimeDelta::days(2));
    assert!(over.score.value <= 69);
    judge.accept(&id, "for ever", None, start() + TimeDelta::days(2)).unwrap();
    judge.unaccept(&id, start() + TimeDelta::days(2)).unwrap();
    assert!(judge.unaccept(&id, start()).is_err());
    assert!(judge.beat(&bad, &[], start() + TimeDelta::days(2)).score.value <= 69);
}

#[test]
fn ten_thousand_findings_in_one_beat_are_bounded_and_counted() {
    let list =
        (0..10_000).map(|n| process(1000 + n, 1, &format!("x{n}"), &format!("/dev/shm/x{n}"))).collect();
    let mut judge = judge();
    let verdict = judge.beat(&with_processes(list), &[], start());
    assert!(verdict.findings.len() <= 500);
    assert_eq!(verdict.findings.len() as u64 + verdict.findings_more, 10_000);
    assert!(verdict.score.value <= 69);
    let size = serde_json::to_string(judge.memory()).unwrap().len();
    assert!(size < 2 << 20, "{size} bytes");
}

#[test]
fn findings_come_worst_first() {
    let mut readings = with_processes(vec![process(50, 1, "x", "/dev/shm/x"), process(51, 1, "y", "/tmp/y")]);
    readings.system.disks = Some(vec![disk("/", 99.5)]);
    let verdict = after(0, &readings);
    let order: Vec<_> = verdict.findings.iter().map(|finding| (finding.level, finding.points)).collect();
    assert!(order.is_sorted_by(|a, b| a.0 > b.0 || (a.0 == b.0 && a.1 >= b.1)), "{order:?}");
    assert!(verdict.findings.iter().all(|finding| home_soc::text::width(&finding.title) <= 60));
}

#[test]
fn a_level_of_your_own_stands_for_what_comes_with_it() {
    let mut settings = Settings::default();
    settings.score.levels.insert("HS-PROC-003".to_owned(), Level::Info);
    let mut judge = Judge::new(settings, Memory::default(), Context::default());
    let verdict = judge.beat(&with_processes(vec![process(50, 1, "y", "/tmp/y")]), &[], start());
    assert_raised(&verdict, "HS-PROC-003", Level::Info);
    assert!(verdict.score.value > 89);
}

// --- stories and normal days -------------------------------------------------------------------------------------

#[test]
fn a_break_in_reads_as_one_story() {
    let mut events: Vec<_> = (0..12)
        .map(|n| failed(start() - TimeDelta::seconds(60 - n), "anna", true, Some("203.0.113.9")))
        .collect();
    events.push(event(AuthKind::Accepted, start(), "anna", Some("203.0.113.9")));
    let mut judge = judge();
    let _ = judge.beat(&with_events(events), &[], start() + TimeDelta::seconds(10));
    let tool = change(process(7719, 1, "kdevtmp", "/dev/shm/.x/kdevtmp"), |tool| {
        tool.user = Some("anna".into());
        tool.uid = Some(1000);
    });
    let other = process(7800, 1, "y", "/tmp/y");
    let readings = with_listener(
        with_processes(vec![tool, other]),
        listener(Protocol::Tcp, 4444, Reach::Everyone, Some((7719, "kdevtmp"))),
    );
    let verdict = judge.beat(&readings, &[], start() + TimeDelta::seconds(40));
    let story = raised(&verdict, "HS-AUTH-003").unwrap().story.clone().unwrap();
    let members: Vec<_> = verdict
        .findings
        .iter()
        .filter(|finding| finding.story.as_ref() == Some(&story))
        .map(|finding| finding.rule.as_str())
        .collect();
    for rule in ["HS-AUTH-001", "HS-AUTH-002", "HS-AUTH-003", "HS-PROC-003", "HS-NET-002"] {
        assert!(members.contains(&rule), "{rule} is missing in {members:?}");
    }
    let stranger = verdict.findings.iter().find(|finding| finding.title.contains("/tmp/y")).unwrap();
    assert_eq!(stranger.story, None, "root's own program is another matter");
    let strangers = with_processes(vec![process(50, 1, "y", "/tmp/y"), process(51, 1, "x", "/dev/shm/x")]);
    assert!(after(0, &strangers).findings.iter().all(|finding| finding.story.is_none()), "nobody came in");
    let later = judge.beat(&readings, &[], start() + TimeDelta::seconds(50));
    assert_eq!(raised(&later, "HS-AUTH-003").unwrap().story.as_ref(), Some(&story));
}

#[test]
fn connections_are_judged_by_this_machines_own_days() {
    let at = |count: u64| {
        let mut readings = calm();
        readings.sockets = Some(Arc::new(Sockets { established: Some(count), ..Sockets::default() }));
        readings
    };
    let mut judge = judge();
    let mut now = start();
    for minute in 0..3 * 24 * 60_u64 {
        now = start() + TimeDelta::minutes(minute as i64);
        let _ = judge.beat(&at(300 + minute % 100), &[], now);
    }
    assert_silent(&judge.beat(&at(390), &[], now + TimeDelta::minutes(1)), "HS-NET-001");
    for minute in 2..5 {
        let verdict = judge.beat(&at(900), &[], now + TimeDelta::minutes(minute));
        assert_silent(&verdict, "HS-NET-001");
    }
    let verdict = judge.beat(&at(900), &[], now + TimeDelta::minutes(6));
    assert_raised(&verdict, "HS-NET-001", Level::Warning);
    let size = serde_json::to_string(judge.memory()).unwrap().len();
    assert!(size < 256 << 10, "{size} bytes");
}

// --- programs that were only seen to start -----------------------------------------------------------------------

fn started(name: &str, path: Option<&str>, argv: &str) -> ExecEvent {
    ExecEvent {
        at: start(),
        pid: 4000,
        start_ticks: Some(40_000),
        ppid: Some(1),
        parent: Some("systemd".into()),
        uid: Some(0),
        name: Some(name.into()),
        argv: Some(argv.into()),
        exe: path.map(|path| Exe { path: path.into(), deleted: false, replaced: false }),
        package: None,
        foreign: None,
        own: false,
    }
}

fn with_starts(events: Vec<ExecEvent>) -> Readings {
    let seen = events.len() as u64;
    let mut readings = calm();
    readings.execs = Some(Arc::new(ExecReading { events, seen, ..ExecReading::default() }));
    readings
}

#[test]
fn a_program_that_lived_for_a_moment_stays_on_the_record_and_fades() {
    for (rule, event) in [
        ("HS-PROC-003", started("x", Some("/dev/shm/x"), "/dev/shm/x")),
        ("HS-PROC-002", started("payload", Some("/memfd:payload"), "payload")),
        ("HS-PROC-006", started("sleep", None, "xmrig 60 -- --donate-level 1")),
        ("HS-PROC-003", started("x", None, "/tmp/.x/x --now")),
    ] {
        let mut judge = judge();
        assert_raised(&judge.beat(&with_starts(vec![event]), &[], start()), rule, Level::Alert);
        let later = judge.beat(&calm(), &[], start() + TimeDelta::hours(1));
        assert_raised(&later, rule, Level::Alert);
        assert!(later.score.value <= 69);
        let gone = judge.beat(&calm(), &[], start() + TimeDelta::days(80));
        assert_silent(&gone, rule);
        assert_eq!(gone.score.value, 100);
    }
}

#[test]
fn work_of_compilers_and_installers_is_no_news_even_when_they_are_gone() {
    let with = |pid: u32, ppid: u32, parent: &str, event: ExecEvent| ExecEvent {
        pid,
        ppid: Some(ppid),
        parent: Some(parent.into()),
        ..event
    };
    let events = vec![
        with(10, 2000, "bash", started("cargo", Some("/home/anna/.cargo/bin/cargo"), "cargo test")),
        with(11, 10, "cargo", started("probe-1", Some("/tmp/target/debug/deps/probe-1"), "probe-1")),
        with(12, 11, "probe-1", started("app", Some("/tmp/target/debug/app"), "app --once")),
        with(20, 2000, "bash", started("python3", Some("/usr/bin/python3.11"), "python3 -m pip install x")),
        with(21, 20, "python3", started("ninja", Some("/tmp/pip-build-env-1/overlay/bin/ninja"), "ninja")),
        with(30, 2000, "go", started("main", Some("/tmp/go-build1/b001/exe/main"), "main")),
        with(40, 2000, "bash", started("grep", Some("/usr/bin/grep"), "grep -r stratum+tcp:// .")),
    ];
    let verdict = judge().beat(&with_starts(events), &[], start());
    assert_eq!((verdict.score.value, verdict.findings.len()), (100, 0), "{:#?}", titles(&verdict));
    // A program that only has the name of a tool vouches for nobody.
    let fake = vec![
        with(50, 2000, "bash", started("cargo", Some("/tmp/cargo"), "cargo")),
        with(51, 50, "sh", started("y", Some("/tmp/y"), "y")),
    ];
    assert_eq!(judge().beat(&with_starts(fake), &[], start()).findings.len(), 2);
}

#[test]
fn another_run_of_this_program_is_no_finding_and_a_tree_in_tmp_is_one() {
    let own = change(process(80, 1, "home-soc", "/tmp/clone/target/release/home-soc"), |own| own.own = true);
    let other = process(90, 1, "home-soc", "/tmp/clone/target/release/home-soc");
    let verdict = after(10, &with_processes(vec![own.clone(), other]));
    assert_eq!(verdict.findings.len(), 0, "{:#?}", titles(&verdict));
    let strangers = vec![own, process(90, 1, "a", "/tmp/tree/a"), process(91, 1, "b", "/tmp/tree/x/b")];
    let verdict = after(10, &with_processes(strangers));
    assert_eq!(raised(&verdict, "HS-PROC-003").map(|finding| finding.count), Some(2));
    assert_eq!(verdict.findings.len(), 1, "{:#?}", titles(&verdict));
}

#[test]
fn a_sweep_of_names_is_noted_where_only_keys_are_taken() {
    let names = ["admin", "test", "oracle", "pi", "ubuntu", "git", "postgres"];
    let events =
        names.iter().map(|name| event(AuthKind::InvalidUser, start(), name, Some("203.0.113.9"))).collect();
    let verdict = after(10, &with_events(events));
    assert_raised(&verdict, "HS-AUTH-002", Level::Info);
    assert_eq!((verdict.score.value, verdict.sign_ins.unwrap().failed_24h), (100, 0));
}

#[test]
fn the_daily_noise_is_one_calm_line_and_a_louder_day_is_not() {
    let hour = |now: DateTime<Utc>, failures: u32| {
        let events = (0..failures)
            .map(|n| failed(now, "root", true, Some(&format!("203.0.113.{}", n % 40))))
            .chain([failed(now, "root", true, Some("198.51.100.7"))])
            .collect();
        with_events(events)
    };
    let mut judge = judge();
    let mut now = start();
    for minute in (0..3 * 24 * 60_i64).step_by(10) {
        now = start() + TimeDelta::minutes(minute);
        let readings = if minute % 60 == 0 { hour(now, 50 + (minute as u32 / 60 * 7) % 11) } else { calm() };
        let _ = judge.beat(&readings, &[], now);
    }
    let usual = judge.beat(&calm(), &[], now + TimeDelta::seconds(10));
    assert!(usual.score.value >= 95, "{}: {:#?}", usual.score.value, titles(&usual));
    assert!(raised(&usual, "HS-AUTH-001").unwrap().title.contains("usual for you"), "{:#?}", titles(&usual));
    let loud = judge.beat(&hour(now, 900), &[], now + TimeDelta::seconds(20));
    assert!(loud.score.value < 75, "{}: {:#?}", loud.score.value, titles(&loud));
}

#[test]
fn a_port_that_the_kernel_gave_out_is_the_same_door_tomorrow() {
    let door =
        |port| with_listener(calm(), listener(Protocol::Tcp, port, Reach::Everyone, Some((900, "torrent"))));
    let mut judge = judge();
    let _ = judge.beat(&calm(), &[], start());
    let first = judge.beat(&door(40_001), &[], start() + TimeDelta::seconds(10));
    let second = judge.beat(&door(50_002), &[], start() + TimeDelta::days(1));
    let (first, second) = (raised(&first, "HS-NET-002").unwrap(), raised(&second, "HS-NET-002").unwrap());
    assert_eq!(first.id, second.id);
}
