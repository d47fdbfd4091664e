//! Four made-up machines that tell one story: a home server on a Sunday afternoon, its attack, the same machine
//! seen without permission, and its first beat. Addresses are documentation ranges; nothing here is measured.

#![allow(dead_code, reason = "each test uses the machines that it needs")]
#![allow(clippy::unwrap_used, clippy::similar_names, clippy::unnecessary_wraps, reason = "a made-up machine")]

use chrono::{DateTime, TimeDelta, Utc};
use home_soc::model::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The moment at which all machines are seen: Sunday, 14:32:07 in UTC.
pub(crate) fn now() -> DateTime<Utc> {
    at("2026-11-22T14:32:07Z")
}

/// A moment by its RFC 3339 text.
pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn today(time: &str) -> DateTime<Utc> {
    at(&format!("2026-11-22T{time}Z"))
}

fn host() -> Host {
    Host {
        name: "nas01".into(),
        id: "b1946ac92492d234".into(),
        os: Some("Debian GNU/Linux 13".into()),
        kernel: Some("6.12.48".into()),
        cpu: None,
    }
}

const GIB: u64 = 1 << 30;

fn system(cpu: f64) -> System {
    System {
        uptime_s: Some(12.0 * 86_400.0),
        load: Some(Load { one_min: 0.42, five_min: 0.38, fifteen_min: 0.31 }),
        cpu: Some(Cpu {
            cores: 4,
            used_pct: Some(cpu),
            system_pct: Some(3.0),
            iowait_pct: Some(0.5),
            steal_pct: Some(0.0),
            per_core_pct: vec![20.0, 10.0, 8.0, 10.0],
        }),
        pressure: Some(Pressure {
            cpu: Some(PressureLine { some_avg10_pct: 2.0, some_avg60_pct: 1.0, full_avg10_pct: None }),
            memory: Some(PressureLine {
                some_avg10_pct: 0.0,
                some_avg60_pct: 0.0,
                full_avg10_pct: Some(0.0),
            }),
            io: Some(PressureLine { some_avg10_pct: 1.0, some_avg60_pct: 1.0, full_avg10_pct: Some(0.0) }),
        }),
        memory: Some(Memory {
            total_bytes: 6 * GIB - 200_000_000,
            available_bytes: 3 * GIB,
            used_bytes: 2_900_000_000,
            used_pct: 46.0,
        }),
        swap: Some(Swap { total_bytes: GIB, used_bytes: 10_000_000, used_pct: Some(1.0) }),
        paging: None,
        disks: Some(vec![
            Disk {
                mount: "/".into(),
                file_system: "ext4".into(),
                total_bytes: 64 * GIB,
                used_bytes: 50 * GIB,
                used_pct: 78.0,
            },
            Disk {
                mount: "/srv".into(),
                file_system: "btrfs".into(),
                total_bytes: 4000 * GIB,
                used_bytes: 1200 * GIB,
                used_pct: 30.0,
            },
        ]),
        interfaces: Some(vec![
            interface("lo", true, 100.0, 100.0),
            interface("eth0", false, 1_258_291.0, 86_016.0),
            interface("wg0", false, 0.0, 0.0),
        ]),
        temperatures: Some(vec![Temperature {
            label: "cpu".into(),
            celsius: 51.0,
            critical_celsius: Some(100.0),
        }]),
    }
}

fn interface(name: &str, loopback: bool, rx: f64, tx: f64) -> Interface {
    Interface {
        name: name.into(),
        up: Some(true),
        loopback,
        rx_bytes_per_s: Some(rx),
        tx_bytes_per_s: Some(tx),
        errors: 0,
    }
}

struct Ps {
    pid: u32,
    ppid: u32,
    user: &'static str,
    uid: u32,
    cpu: f32,
    rss: u64,
    started: DateTime<Utc>,
    name: &'static str,
    cmdline: &'static str,
    exe: Option<&'static str>,
}

fn ps(pid: u32, ppid: u32, user: &'static str, cpu: f32, rss_mib: u64, command: &'static str) -> Ps {
    let program = command.split(' ').next().unwrap_or(command);
    let name = program.rsplit('/').next().unwrap_or(program).trim_end_matches(':');
    let uid = match user {
        "root" => 0,
        "anna" => 1000,
        _ => 110,
    };
    let started = now() - TimeDelta::days(12);
    Ps { pid, ppid, user, uid, cpu, rss: rss_mib << 20, started, name, cmdline: command, exe: None }
}

impl Ps {
    fn started(mut self, started: DateTime<Utc>) -> Self {
        self.started = started;
        self
    }

    fn exe(mut self, exe: &'static str) -> Self {
        self.exe = Some(exe);
        self
    }

    fn process(self) -> Process {
        Process {
            program: Arc::new(Program {
                pid: self.pid,
                start_ticks: u64::from(self.pid) * 7,
                started_at: Some(self.started),
                uid: Some(self.uid),
                user: Some(self.user.into()),
                name: self.name.into(),
                cmdline: Some(if self.ppid == 2 { "" } else { self.cmdline }.into()),
                exe: self.exe.map(|path| Exe { path: path.into(), deleted: false, replaced: false }),
                kernel_thread: self.ppid == 2 || self.pid == 2,
                own: self.name == "home-soc",
                ours: matches!(self.pid, 5000 | 5011),
                ..Program::default()
            }),
            ppid: self.ppid,
            state: if self.cpu > 20.0 { 'R' } else { 'S' },
            cpu_pct: Some(self.cpu),
            cpu_time_ms: u64::from(self.pid) * 900,
            rss_bytes: self.rss,
            threads: 1 + self.pid % 9,
            nice: 0,
        }
    }
}

fn processes(attacked: bool) -> Vec<Process> {
    let mut all = vec![
        ps(4410, 1714, "anna", 38.0, 460, "firefox-esr").started(today("12:31:00")),
        ps(4502, 4410, "anna", 9.1, 180, "Isolated Web Co").started(today("12:31:05")),
        ps(1355, 1, "root", 4.5, 203, "/usr/lib/xorg/Xorg :0 -seat seat0").exe("/usr/lib/xorg/Xorg"),
        ps(2214, 1, "redis", 1.2, 142, "redis-server *:6379").started(today("09:14:30")),
        ps(1714, 1355, "anna", 0.4, 48, "marco --replace"),
        ps(5120, 5011, "anna", 0.3, 7, "home-soc").started(today("14:12:00")).exe("/usr/bin/home-soc"),
        ps(901, 1, "root", 0.1, 12, "/lib/systemd/systemd-journald"),
        ps(1302, 1, "www-data", 0.1, 64, "nginx: worker process"),
        ps(1188, 1, "root", 0.0, 18, "sshd: /usr/sbin/sshd -D"),
        ps(5000, 1188, "root", 0.0, 9, "sshd-session: anna [priv]").started(today("12:09:00")),
        ps(5011, 5000, "anna", 0.0, 5, "-bash").started(today("12:09:01")),
        ps(2, 0, "root", 0.0, 0, "kthreadd"),
        ps(31, 2, "root", 0.0, 0, "kworker/0:1"),
        ps(1, 0, "root", 0.0, 13, "/sbin/init"),
    ];
    if attacked {
        all.push(ps(7688, 1188, "root", 0.0, 9, "sshd-session: root@pts/2").started(today("13:58:11")));
        all.push(ps(7702, 7688, "root", 0.0, 4, "-bash").started(today("13:58:12")));
        all.push(
            ps(7719, 7702, "root", 48.0, 6, "/dev/shm/.x/kdevtmp -o pool.example:4444")
                .started(today("13:58:40"))
                .exe("/dev/shm/.x/kdevtmp"),
        );
    }
    all.into_iter().map(Ps::process).collect()
}

fn owner(pid: u32, name: &str) -> Option<Owner> {
    Some(Owner { pid, start_ticks: u64::from(pid) * 7, name: name.into() })
}

fn listener(
    protocol: Protocol,
    address: &str,
    port: u16,
    reach: Reach,
    owner: Option<Owner>,
    user: &str,
) -> Listener {
    Listener {
        protocol,
        address: address.parse().unwrap(),
        port,
        reach,
        owner,
        uid: 0,
        user: Some(user.into()),
        inode: u64::from(port),
        since: Some(now() - TimeDelta::days(12)),
    }
}

fn connection(
    local: &str,
    remote: &str,
    incoming: bool,
    owner: Option<Owner>,
    sent: u64,
    received: u64,
) -> Connection {
    Connection {
        protocol: Protocol::Tcp,
        local: local.parse().unwrap(),
        remote: remote.parse().unwrap(),
        state: TcpState::Established,
        incoming,
        owner,
        uid: 1000,
        inode: sent + received,
        sent_bytes: Some(sent),
        received_bytes: Some(received),
        since: Some(today("12:31:00")),
    }
}

fn sockets(attacked: bool) -> Sockets {
    let mut listeners = vec![
        listener(Protocol::Tcp, "0.0.0.0", 22, Reach::Everyone, owner(1188, "sshd"), "root"),
        listener(Protocol::Tcp, "::", 22, Reach::Everyone, owner(1188, "sshd"), "root"),
        listener(Protocol::Tcp, "0.0.0.0", 443, Reach::Everyone, owner(1302, "nginx"), "root"),
        listener(Protocol::Udp, "192.0.2.10", 5353, Reach::Lan, owner(640, "avahi-daemon"), "avahi"),
        listener(Protocol::Tcp, "192.0.2.10", 3000, Reach::Lan, None, "472"),
        listener(Protocol::Tcp, "127.0.0.1", 631, Reach::ThisMachine, owner(700, "cupsd"), "root"),
        listener(Protocol::Tcp, "127.0.0.1", 25, Reach::ThisMachine, owner(710, "exim4"), "Debian-exim"),
    ];
    let mut connections = vec![
        connection("192.0.2.10:22", "192.0.2.33:61240", true, owner(5000, "sshd"), 624_640, 122_880),
        connection(
            "192.0.2.10:41000",
            "203.0.113.80:443",
            false,
            owner(4410, "firefox-esr"),
            2_202_009,
            50_331_648,
        ),
        connection("192.0.2.10:41002", "203.0.113.80:443", false, owner(4410, "firefox-esr"), 1_000, 9_000),
        connection("127.0.0.1:6379", "127.0.0.1:50000", true, owner(2214, "redis-server"), 1_024, 1_024),
        connection("192.0.2.10:443", "203.0.113.9:40211", true, owner(1302, "nginx"), 81_920, 4_096),
    ];
    if attacked {
        listeners.push(listener(
            Protocol::Tcp,
            "0.0.0.0",
            6379,
            Reach::Everyone,
            owner(2214, "redis-server"),
            "redis",
        ));
        connections.push(connection(
            "192.0.2.10:42000",
            "198.51.100.23:4444",
            false,
            owner(7719, "kdevtmp"),
            1_153_434,
            8_192,
        ));
        connections.push(connection(
            "192.0.2.10:22",
            "198.51.100.23:50112",
            true,
            owner(7688, "sshd-session"),
            45_056,
            31_744,
        ));
    }
    Sockets {
        listeners,
        established: Some(connections.len() as u64 + 40),
        connections: Some(Arc::new(connections)),
        connections_at: None,
        owners_known: 40,
        owners_total: 41,
    }
}

fn event(kind: AuthKind, time: &str, user: &str, address: Option<&str>, raw: &str) -> Arc<AuthEvent> {
    let service = if matches!(kind, AuthKind::Sudo | AuthKind::SudoDenied) { "sudo" } else { "sshd" };
    Arc::new(AuthEvent {
        time: Some(today(time)),
        user: Some(user.into()),
        address: address.map(Safe::from),
        user_exists: Some(user != "admin"),
        method: (kind == AuthKind::Accepted).then(|| "publickey".into()),
        command: matches!(kind, AuthKind::Sudo | AuthKind::SudoDenied).then(|| "/usr/bin/apt update".into()),
        ..AuthEvent::new(kind, service, raw)
    })
}

fn source(address: &str, tries: u64, names: &[&str], more: u64, state: SourceState, hour: usize) -> Source {
    let mut hours = vec![0; 24];
    hours[hour] = tries as u32;
    hours[(hour + 3) % 24] = tries as u32 / 3;
    Source {
        address: address.into(),
        tries,
        accepted: u64::from(state == SourceState::GotIn || state == SourceState::Yours),
        names: names.iter().map(|name| Safe::from(*name)).collect(),
        names_total: names.len() as u64 + more,
        first_at: Some(today("00:02:00")),
        last_at: Some(today("14:31:40")),
        state,
        hours,
    }
}

fn sign_ins(attacked: bool) -> SignIns {
    let failed = |time, address| {
        event(
            AuthKind::Failed,
            time,
            "admin",
            Some(address),
            "Failed password for invalid user admin from 203.0.113.77 port 40000 ssh2",
        )
    };
    let hours = (0..24).map(|hour| HourCounts {
        failed: if attacked { 40 + (hour * 7) % 30 } else { 0 },
        accepted: u64::from(hour % 6 == 0),
        sudo: u64::from(hour % 8 == 0),
    });
    let mut recent = vec![
        event(AuthKind::Accepted, "12:09:00", "anna", Some("192.0.2.33"), "Accepted publickey for anna"),
        event(AuthKind::Sudo, "14:20:02", "anna", None, "anna : COMMAND=/usr/bin/apt update"),
    ];
    let mut sources = vec![source("192.0.2.33", 2, &["anna"], 0, SourceState::Yours, 9)];
    if attacked {
        recent.extend([failed("03:00:00", "203.0.113.77"), failed("14:31:40", "203.0.113.77")]);
        recent.push(event(
            AuthKind::Accepted,
            "13:58:11",
            "root",
            Some("198.51.100.23"),
            "Accepted publickey for root from 198.51.100.23 port 50112 ssh2: ED25519 SHA256:9f3c",
        ));
        recent.push(event(AuthKind::SudoDenied, "03:12:00", "backup", None, "backup : command not allowed"));
        recent.sort_by_key(|event| event.time);
        sources = vec![
            source("203.0.113.77", 412, &["admin", "test", "oracle"], 31, SourceState::Banned, 2),
            source("203.0.113.140", 208, &["root"], 0, SourceState::Banned, 3),
            source("2001:db8:7::/64", 96, &["ubuntu", "pi", "git"], 0, SourceState::Open, 5),
            source("198.51.100.9", 61, &["admin"], 0, SourceState::Banned, 9),
            source("203.0.113.5", 18, &["root", "admin"], 0, SourceState::Open, 13),
            source("198.51.100.23", 9, &["root"], 0, SourceState::GotIn, 13),
            source("192.0.2.33", 2, &["anna"], 0, SourceState::Yours, 9),
        ];
    }
    SignIns {
        source: "journal".into(),
        failed_24h: if attacked { 1284 } else { 0 },
        failed_sources_24h: if attacked { 212 } else { 0 },
        failed_existing_24h: if attacked { 222 } else { 0 },
        accepted_24h: if attacked { 7 } else { 2 },
        sudo_24h: if attacked { 14 } else { 3 },
        sudo_denied_24h: u64::from(attacked),
        probes_24h: if attacked { 77 } else { 0 },
        hours: hours.collect(),
        sources_more: if attacked { 205 } else { 0 },
        sources,
        recent,
        caught_up: true,
        last_line_at: Some(today("14:31:58")),
    }
}

fn logins(attacked: bool) -> Logins {
    let session = |user: &str, from: &str, since: &str, you: bool| Session {
        user: user.into(),
        from: Some(from.into()),
        tty: Some(if you { "pts/0" } else { "pts/2" }.into()),
        how: Some("publickey".into()),
        since: Some(today(since)),
        idle_s: Some(if you { 0 } else { 120 }),
        pid: Some(if you { 5000 } else { 7688 }),
        doing: Some(if you { "home-soc" } else { "-bash" }.into()),
        you,
        id: Some(if you { "38" } else { "41" }.into()),
    };
    let login = |user: &str, from: Option<&str>, at: DateTime<Utc>, minutes: Option<i64>| Login {
        kind: LoginKind::Login,
        at,
        user: user.into(),
        from: from.map(Safe::from),
        tty: Some("pts/0".into()),
        ended: minutes.map(|minutes| at + TimeDelta::minutes(minutes)),
        here: minutes.is_none(),
        note: None,
    };
    let mut here = vec![session("anna", "192.0.2.33", "12:09:00", true)];
    let mut past = vec![login("anna", Some("192.0.2.33"), today("12:09:00"), None)];
    if attacked {
        here.insert(0, session("root", "198.51.100.23", "13:58:11", false));
        past.insert(0, login("root", Some("198.51.100.23"), today("13:58:11"), None));
    }
    past.push(login("anna", Some("192.0.2.33"), today("08:59:00"), Some(41)));
    past.push(login("anna", Some("203.0.113.9"), at("2026-11-21T23:47:00Z"), Some(3)));
    past.push(login("backup", Some("192.0.2.40"), at("2026-11-20T07:30:00Z"), Some(1)));
    past.push(Login {
        kind: LoginKind::Boot,
        user: "6.12.48".into(),
        tty: None,
        here: false,
        note: Some("clean".into()),
        ..login("", None, at("2026-11-10T21:14:00Z"), None)
    });
    past.push(login("anna", None, at("2026-11-05T20:58:00Z"), Some(15)));
    Logins { source: "logind + wtmpdb".into(), here: Some(here), past: Some(past) }
}

struct Told {
    rule: &'static str,
    level: Level,
    category: Category,
    points: f64,
    title: &'static str,
    why: &'static str,
    subject: &'static [(&'static str, &'static str)],
    since: DateTime<Utc>,
    fix: &'static [&'static str],
}

impl Told {
    fn finding(self) -> Finding {
        let subject: BTreeMap<String, Safe> =
            self.subject.iter().map(|(key, value)| ((*key).to_owned(), Safe::from(*value))).collect();
        Finding {
            id: FindingId::new(self.rule, &subject),
            rule: self.rule.to_owned(),
            level: self.level,
            status: Status::Open,
            category: self.category,
            kind: Kind::State,
            points: self.points,
            ceiling: (self.level == Level::Alert).then_some(49),
            confidence: Confidence::High,
            title: self.title.into(),
            why: self.why.into(),
            harmless_if: "it was you.".into(),
            evidence: vec![Evidence {
                source: "journal".into(),
                at: Some(self.since),
                text: format!("what was seen of: {}", self.title).as_str().into(),
            }],
            fix: vec![Fix {
                text: "End it".into(),
                argv: self.fix.iter().map(ToString::to_string).collect(),
                risk: Some("it is gone then".into()),
            }],
            attack: vec!["T1078.003".to_owned()],
            first_seen: self.since,
            last_seen: self.since,
            count: 1,
            story: (self.level == Level::Alert).then(|| "2026-11-22T13:57:49Z/1".to_owned()),
            accepted: None,
            subject,
        }
    }
}

fn findings() -> Vec<Finding> {
    [
        Told {
            rule: "HS-PROC-003",
            level: Level::Alert,
            category: Category::Process,
            points: 25.0,
            title: "a program was started from /dev/shm",
            why: "kdevtmp (7719), root, talks to 198.51.100.23:4444",
            subject: &[("pid", "7719"), ("exe", "/dev/shm/.x/kdevtmp")],
            since: today("13:58:40"),
            fix: &["sudo", "kill", "-STOP", "7719"],
        },
        Told {
            rule: "HS-AUTH-004",
            level: Level::Alert,
            category: Category::Auth,
            points: 20.0,
            title: "root logged in from an address never seen before",
            why: "9 failed attempts from the same address came just before. That is how guessed access looks.",
            subject: &[("user", "root"), ("address", "198.51.100.23")],
            since: today("13:58:11"),
            fix: &["sudo", "loginctl", "terminate-session", "41"],
        },
        Told {
            rule: "HS-NET-001",
            level: Level::Warning,
            category: Category::Network,
            points: 10.0,
            title: "redis-server is reachable from every network",
            why: "0.0.0.0:6379 (pid 2214), firewall not visible",
            subject: &[("port", "6379"), ("protocol", "tcp")],
            since: today("09:14:30"),
            fix: &["sudo", "systemctl", "stop", "redis-server"],
        },
        Told {
            rule: "HS-CONF-001",
            level: Level::Warning,
            category: Category::Posture,
            points: 5.0,
            title: "SSH still accepts passwords",
            why: "keys cannot be guessed, passwords are guessed all day",
            subject: &[("file", "/etc/ssh/sshd_config")],
            since: now() - TimeDelta::days(12),
            fix: &["sudo", "nano", "/etc/ssh/sshd_config"],
        },
        Told {
            rule: "HS-CONF-002",
            level: Level::Warning,
            category: Category::Posture,
            points: 3.0,
            title: "4 security updates waiting, oldest 11 days",
            why: "what is fixed there is known to everybody",
            subject: &[("machine", "updates")],
            since: now() - TimeDelta::days(11),
            fix: &["sudo", "apt", "upgrade"],
        },
    ]
    .map(Told::finding)
    .into()
}

fn score(value: u8, bound: bool, findings: &[Finding]) -> Score {
    let mut deductions: Vec<Deduction> = findings
        .iter()
        .map(|finding| Deduction {
            finding: Some(finding.id.clone()),
            points: finding.points as u8,
            group: Some(finding.category),
            title: finding.title.clone(),
            recovers: None,
        })
        .collect();
    let charged: u8 = deductions.iter().map(|row| row.points).sum();
    if charged < 100 - value && value < 50 {
        deductions.push(Deduction {
            finding: None,
            points: 100 - value - charged,
            group: None,
            title: "held at this value by: a program was started from /dev/shm".into(),
            recovers: None,
        });
    }
    Score {
        value,
        is_upper_bound: bound,
        band: Band::of(value),
        previous: (value < 50).then_some(82),
        changed_at: (value < 50).then(|| today("13:58:11")),
        posture: 8,
        activity: 100 - value - 8.min(100 - value),
        deductions,
    }
}

fn sensors() -> Vec<Sensor> {
    ["proc.system", "proc.list", "proc.io", "net.sockets", "auth.journal", "logins", "execs"]
        .map(Sensor::ok)
        .into()
}

fn checks(count: usize) -> Vec<String> {
    (0..count).map(|check| format!("check number {check} found nothing")).collect()
}

/// A quiet day: 100, and everything is seen.
pub(crate) fn calm() -> Snapshot {
    Snapshot {
        seq: 812_345,
        boot: "a1b2c3d4".into(),
        host: host(),
        at: now(),
        interval_s: 10.0,
        score: score(100, false, &[]),
        readings: Readings {
            system: system(12.0),
            processes: Some(Arc::new(processes(false))),
            sockets: Some(Arc::new(sockets(false))),
            auth: None,
            logins: Some(Arc::new(logins(false))),
            own: OwnCost {
                cpu_pct: Some(0.3),
                rss_bytes: Some(7_444_000),
                io_calls: Some(172),
                beat_ms: Some(4.0),
            },
            ..Readings::default()
        },
        sign_ins: Some(sign_ins(false)),
        findings: Vec::new(),
        sensors: sensors(),
        checks_passed: checks(17),
        errors: Vec::new(),
    }
}

/// Somebody is in: 37 at most.
pub(crate) fn attacked() -> Snapshot {
    let findings = findings();
    let mut sensors = sensors();
    sensors.push(
        Sensor {
            seen: Some(90),
            total: Some(131),
            ..Sensor::partial("proc.exe", "permission_denied", "the programs of other users cannot be seen")
        }
        .fixed_by(&["sudo", "home-soc"]),
    );
    sensors.push(
        Sensor::blind("net.firewall", "permission_denied", "firewall rules need CAP_NET_ADMIN")
            .fixed_by(&["sudo", "home-soc"]),
    );
    Snapshot {
        score: score(37, true, &findings),
        readings: Readings {
            system: system(61.0),
            processes: Some(Arc::new(processes(true))),
            sockets: Some(Arc::new(sockets(true))),
            logins: Some(Arc::new(logins(true))),
            ..calm().readings
        },
        sign_ins: Some(sign_ins(true)),
        findings,
        sensors,
        checks_passed: checks(12),
        ..calm()
    }
}

/// An ordinary user without permission: nothing of the sign-ins is known.
pub(crate) fn blind() -> Snapshot {
    let looked = |place: &str, result: &str| Looked { place: place.into(), result: result.into() };
    let mut sensors = sensors();
    sensors.retain(|sensor| sensor.id != "auth.journal");
    sensors.push(
        Sensor {
            looked: vec![
                looked(
                    "system journal (sshd, sudo)",
                    "permission denied: anna is not in systemd-journal or adm",
                ),
                looked("/var/log/auth.log", "does not exist (normal on Debian 12 and later)"),
                looked("/var/log/secure", "does not exist (Red Hat family only)"),
            ],
            alternatives: vec![Fix {
                text: "only this once".into(),
                argv: vec!["sudo".into(), "home-soc".into()],
                risk: None,
            }],
            ..Sensor::blind("auth", "permission_denied", "no source of sign-ins can be read")
        }
        .fixed_by(&["sudo", "usermod", "-aG", "systemd-journal", "anna"]),
    );
    Snapshot {
        score: score(92, true, &[]),
        readings: Readings {
            system: System {
                cpu: None,
                memory: None,
                disks: None,
                interfaces: None,
                load: None,
                ..System::default()
            },
            processes: None,
            sockets: None,
            logins: None,
            ..calm().readings
        },
        sign_ins: None,
        sensors,
        checks_passed: checks(5),
        ..calm()
    }
}

/// The first beat of all: rates and shares need a second one.
pub(crate) fn first_run() -> Snapshot {
    let mut snapshot = calm();
    snapshot.seq = 1;
    snapshot.checks_passed = checks(9);
    if let Some(cpu) = &mut snapshot.readings.system.cpu {
        cpu.used_pct = None;
        cpu.per_core_pct.clear();
    }
    for link in snapshot.readings.system.interfaces.iter_mut().flatten() {
        link.rx_bytes_per_s = None;
        link.tx_bytes_per_s = None;
    }
    if let Some(processes) = &mut snapshot.readings.processes {
        for process in Arc::make_mut(processes) {
            process.cpu_pct = None;
        }
    }
    if let Some(sign_ins) = &mut snapshot.sign_ins {
        sign_ins.caught_up = false;
    }
    snapshot
}

/// All machines by name.
pub(crate) fn all() -> [(&'static str, Snapshot); 4] {
    [("calm", calm()), ("attacked", attacked()), ("blind", blind()), ("first_run", first_run())]
}
