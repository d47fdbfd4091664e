//! What a beat costs to judge: 500 processes, 200 sockets, 100 sign-in events. At most 1 ms.

use chrono::{DateTime, TimeDelta, Utc};
use home_soc::assess::{Context, Judge, Memory, Settings};
use home_soc::model::{
    AuthEvent, AuthKind, AuthReading, Connection, Cpu, Exe, Listener, Load, Owner, Process, Program,
    Protocol, Reach, Readings, Sensor, Sockets, TcpState,
};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

fn main() {
    divan::main();
}

/// A beat of a busy server, a third of it new.
#[divan::bench]
fn a_beat_with_500_processes_200_sockets_100_sign_ins(bencher: divan::Bencher<'_, '_>) {
    let mut judge = Judge::new(Settings::default(), Memory::default(), Context::default());
    let sensors =
        [Sensor::ok("auth"), Sensor::ok("proc"), Sensor::partial("proc.exe", "permission_denied", "some")];
    let mut now: DateTime<Utc> = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    let mut beat = 0;
    bencher.bench_local(|| {
        beat += 1;
        now += TimeDelta::seconds(10);
        judge.beat(&readings(beat, now), &sensors, now)
    });
}

/// The same readings, made and not judged: what the figure above contains that is not ours.
#[divan::bench]
fn making_these_readings(bencher: divan::Bencher<'_, '_>) {
    let now: DateTime<Utc> = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    let mut beat = 0;
    bencher.bench_local(|| {
        beat += 1;
        readings(beat, now)
    });
}

fn readings(beat: u32, now: DateTime<Utc>) -> Readings {
    let mut readings = Readings {
        processes: Some(Arc::new((1..=500).map(process).collect())),
        sockets: Some(Arc::new(sockets())),
        auth: Some(AuthReading {
            source: "journal".into(),
            events: (0..100).map(|n| Arc::new(event(beat, n, now))).collect(),
            caught_up: true,
            ..AuthReading::default()
        }),
        ..Readings::default()
    };
    readings.system.load = Some(Load { one_min: 3.0, five_min: 2.0, fifteen_min: 1.0 });
    readings.system.cpu = Some(Cpu { cores: 4, used_pct: Some(60.0), ..Cpu::default() });
    readings
}

fn process(pid: u32) -> Process {
    let paths =
        ["/usr/sbin/sshd", "/usr/lib/firefox/firefox", "/home/anna/.cargo/bin/cargo", "/opt/app/bin/server"];
    let path = paths[pid as usize % paths.len()];
    Process {
        program: Arc::new(Program {
            pid,
            start_ticks: u64::from(pid),
            uid: Some(1000),
            user: Some("anna".into()),
            name: "server".into(),
            cmdline: Some(format!("{path} --config /etc/server.toml --workers 4").as_str().into()),
            exe: Some(Exe { path: path.into(), deleted: false, replaced: false }),
            ..Program::default()
        }),
        ppid: pid / 2,
        state: 'S',
        cpu_pct: Some(if pid < 8 { 95.0 } else { 0.3 }),
        cpu_time_ms: 100,
        rss_bytes: 1 << 20,
        threads: 4,
        nice: 0,
    }
}

fn sockets() -> Sockets {
    let address = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let owner = |pid: u32| Some(Owner { pid, start_ticks: u64::from(pid), name: "server".into() });
    Sockets {
        listeners: (0..40)
            .map(|n| Listener {
                protocol: Protocol::Tcp,
                address,
                port: 1000 + n,
                reach: Reach::Everyone,
                owner: owner(u32::from(n) + 1),
                uid: 0,
                user: None,
                inode: u64::from(n),
                since: None,
            })
            .collect(),
        connections: Some(Arc::new(
            (0..160)
                .map(|n| Connection {
                    protocol: Protocol::Tcp,
                    local: SocketAddr::new(address, 443),
                    remote: SocketAddr::new(address, 40_000 + n),
                    state: TcpState::Established,
                    incoming: true,
                    owner: owner(u32::from(n) + 1),
                    uid: 0,
                    inode: 1000 + u64::from(n),
                    sent_bytes: None,
                    received_bytes: None,
                    since: None,
                })
                .collect(),
        )),
        established: Some(160),
        ..Sockets::default()
    }
}

fn event(beat: u32, n: u32, now: DateTime<Utc>) -> AuthEvent {
    let mut event =
        AuthEvent::new(AuthKind::Failed, "sshd", "Failed password for invalid user admin from 203.0.113.9");
    let address = Ipv4Addr::from(0xCB00_7100 + (beat * 31 + n * 7) % 3000);
    event.time = Some(now);
    event.user = Some(["root", "admin", "test"][n as usize % 3].into());
    event.user_exists = Some(n.is_multiple_of(3));
    event.address = Some(address.to_string().as_str().into());
    event.method = Some("password".into());
    event
}
