//! Days of a machine, minute by minute: calm ones, wild ones, and one that does something new at every beat.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test binary uses a part of it")]

use chrono::{DateTime, TimeDelta, Utc};
use home_soc::model::{
    AuthEvent, AuthKind, AuthReading, Command, Connection, Exe, ExecReading, Interface, Inventory, Listener,
    Module, Modules, Owner, Paging, Pressure, PressureLine, Process, Program, Protocol, Reach, Readings,
    Sockets, System, TcpState, Unit, UsbDevice,
};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

pub fn start() -> DateTime<Utc> {
    "2026-11-22T13:00:00Z".parse().unwrap()
}

/// What a machine does at a moment; `wild` 0 is calm.
pub fn readings(minute: i64, wild: f64) -> Readings {
    let wave = (minute as f64 / 97.0).sin().abs();
    let line = |pct: f64| Some(PressureLine { some_avg60_pct: pct, ..PressureLine::default() });
    Readings {
        system: System {
            memory: Some(home_soc::model::Memory {
                total_bytes: 16 << 30,
                available_bytes: 8 << 30,
                used_bytes: 8 << 30,
                used_pct: 40.0 + wave,
            }),
            pressure: Some(Pressure {
                cpu: line(wave + wild),
                memory: line(wave + wild / 4.0),
                io: line(wave + wild),
            }),
            paging: Some(Paging {
                disk_bytes_per_s: Some(1e6 * (1.0 + wave + wild * 3.0)),
                swap_in_bytes_per_s: Some(wild * 1e5),
            }),
            interfaces: Some(vec![Interface {
                name: "eth0".into(),
                up: Some(true),
                loopback: false,
                rx_bytes_per_s: Some(1e4 * (1.0 + wave + wild)),
                tx_bytes_per_s: Some(1e3),
                errors: 0,
            }]),
            ..System::default()
        },
        processes: Some(Arc::new(vec![process("/usr/sbin/sshd", 0.1)])),
        sockets: Some(Arc::new(Sockets {
            connections: Some(Arc::new(Vec::new())),
            established: Some(5 + wild as u64 * 2),
            ..Sockets::default()
        })),
        auth: Some(AuthReading { source: "journal".into(), caught_up: true, ..AuthReading::default() }),
        execs: Some(Arc::new(ExecReading { seen: 10 + wild as u64 * 20, ..ExecReading::default() })),
        ..Readings::default()
    }
}

pub fn process(path: &str, cpu_pct: f32) -> Process {
    Process {
        program: Arc::new(Program {
            pid: 900,
            start_ticks: 9000,
            uid: Some(0),
            user: Some("root".into()),
            name: "program".into(),
            exe: Some(Exe { path: path.into(), deleted: false, replaced: false }),
            ..Program::default()
        }),
        ppid: 1,
        state: 'S',
        cpu_pct: Some(cpu_pct),
        cpu_time_ms: 10,
        rss_bytes: 1 << 20,
        threads: 1,
        nice: 0,
    }
}

/// A machine that does something else every minute and meets somebody new at every beat.
pub fn restless(minute: i64) -> Readings {
    let mut readings = readings(minute, ((minute * 7919) % 1000) as f64);
    if minute > 4 * 60 {
        // The first hours bring more than is kept of each kind.
        return readings;
    }
    readings.processes = Some(Arc::new(
        (0..50)
            .map(|n| {
                let mut one = process(&format!("/srv/{:090}/run", minute * 50 + n), 2.0);
                Arc::make_mut(&mut one.program).pid = 1000 + n as u32;
                one
            })
            .collect(),
    ));
    let events = (0..20).map(|n| {
        let mut event = AuthEvent::new(AuthKind::Accepted, "sshd", "the line as written");
        event.time = Some(start() + TimeDelta::minutes(minute));
        event.user = Some(format!("{:090}", minute * 20 + n).as_str().into());
        event.address =
            Some(Ipv4Addr::from((minute * 999_983 + n * 77_777) as u32).to_string().as_str().into());
        event.method = Some("publickey".into());
        event.key = Some(format!("SHA256:{:043}", minute * 20 + n).as_str().into());
        Arc::new(event)
    });
    let sudos = (0..20).map(|n| {
        let mut event = AuthEvent::new(AuthKind::Sudo, "sudo", "the line as written");
        event.time = Some(start() + TimeDelta::minutes(minute));
        event.user = Some(format!("{:090}", minute * 20 + n).as_str().into());
        event.command = Some("/usr/bin/id".into());
        Arc::new(event)
    });
    readings.auth.as_mut().unwrap().events = events.chain(sudos).collect();
    let sockets = Arc::make_mut(readings.sockets.as_mut().unwrap());
    sockets.listeners = (0..20)
        .map(|n| Listener {
            protocol: Protocol::Tcp,
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            port: ((minute * 20 + n) % 30_000) as u16 + 1,
            reach: Reach::Everyone,
            owner: Some(Owner { pid: 7, start_ticks: 7, name: format!("{minute:015}").as_str().into() }),
            uid: 0,
            user: None,
            inode: n as u64,
            since: None,
        })
        .collect();
    sockets.connections = Some(Arc::new((0..50).map(|n| call(minute, n)).collect()));
    readings.inventory = Some(Arc::new(strangers(minute)));
    readings
}

/// A call of one of the programs of this minute, to a port of its own.
fn call(minute: i64, n: u32) -> Connection {
    Connection {
        protocol: Protocol::Tcp,
        local: "192.0.2.1:40000".parse().unwrap(),
        remote: format!("203.0.113.9:{}", 1000 + (minute * 50 + i64::from(n)) % 30_000).parse().unwrap(),
        state: TcpState::Established,
        incoming: false,
        owner: Some(Owner { pid: 1000 + n, start_ticks: 9000, name: "program".into() }),
        uid: 0,
        inode: u64::from(n),
        sent_bytes: None,
        received_bytes: None,
        since: None,
    }
}

/// Services, modules and devices that were never here before, each with a name as long as it may be.
fn strangers(minute: i64) -> Inventory {
    let line = |n: i64| home_soc::model::Safe::new(&format!("/srv/{n:0900}"));
    let units = (0..40).map(|n| Unit {
        path: format!("/etc/systemd/system/{:0100}.service", minute * 40 + n).as_str().into(),
        user: None,
        runs: (0..16).map(|n| Command { line: line(n), program: line(n), package: None }).collect(),
        preloads: Vec::new(),
        package: None,
        written_at: None,
    });
    let foreign = (0..40).map(|n| Module {
        name: format!("{:055}", minute * 40 + n).as_str().into(),
        marks: "OE".into(),
        file: Some("/lib/modules/6.12/updates/dkms/x.ko".into()),
        catalogued: true,
    });
    let devices = (0..40).map(|n| UsbDevice {
        id: "046d:c077".into(),
        name: format!("{:0126}", minute * 40 + n).as_str().into(),
        serial: Some(format!("{:0126}", minute * 40 + n).as_str().into()),
        interfaces: vec![(3, 1)],
    });
    Inventory {
        units: Some(units.collect()),
        modules: Some(Modules { total: 40, foreign: foreign.collect(), taint: Some(12_288), marked: true }),
        devices: Some(devices.collect()),
        passwords: None,
    }
}
