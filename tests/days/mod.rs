//! Days of a machine, minute by minute: calm ones, wild ones, and one that does something new at every beat.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test binary uses a part of it")]

use chrono::{DateTime, TimeDelta, Utc};
use home_soc::model::{
    AuthEvent, AuthKind, AuthReading, Exe, ExecReading, Interface, Listener, Owner, Paging, Pressure,
    PressureLine, Process, Program, Protocol, Reach, Readings, Sockets, System,
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
    readings.auth.as_mut().unwrap().events = events.collect();
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
    readings
}
