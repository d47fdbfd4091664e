//! What collectors read of a recorded machine, figure by figure, and what they say of a damaged one.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod machines;

use chrono::{DateTime, Utc};
use home_soc::collect::sockets::Detail;
use home_soc::collect::{Root, Seen, host, processes, sockets, system};
use home_soc::model::{Process, Protocol, Reach, Sensor, SensorState, Sockets, TcpState};
use machines::Machine;
use std::sync::Arc;
use std::time::Duration;

const TEN_SECONDS: Option<Duration> = Some(Duration::from_secs(10));

fn now() -> DateTime<Utc> {
    "2026-11-18T12:07:00Z".parse().unwrap()
}

fn processes_of(root: Root) -> processes::Collector {
    processes::Collector::new(root, processes::Settings::default())
}

fn list(collector: &mut processes::Collector, elapsed: Option<Duration>) -> Arc<Vec<Process>> {
    collector.read(now(), elapsed).value.unwrap()
}

fn pid(list: &[Process], pid: u32) -> Option<&Process> {
    list.iter().find(|process| process.program.pid == pid)
}

fn sensor<'a>(sensors: &'a [Sensor], id: &str) -> &'a Sensor {
    sensors.iter().find(|sensor| sensor.id == id).unwrap()
}

fn sockets_of(machine: &Machine, detail: Detail) -> Seen<Arc<Sockets>> {
    let list = processes_of(machine.root()).read(now(), None).value;
    sockets::Collector::new(machine.root()).read(now(), list.as_deref().map(Vec::as_slice), detail)
}

// --- the machine as a whole

#[test]
fn the_host_is_named_and_its_id_is_not_the_machines_own() {
    let machine = Machine::recorded("calm");
    let seen = host::read(&machine.root());
    let host = seen.value.unwrap();
    assert_eq!(host.name, "nas01");
    assert_eq!(host.os.unwrap(), "Debian GNU/Linux 13 (trixie)");
    assert_eq!(host.kernel.unwrap(), "6.12.48+deb13-arm64");
    assert_eq!(host.id.len(), 16);
    assert!(!"0123456789abcdef0123456789abcdef".contains(&host.id));
    assert_eq!(host::boot_id(&machine.root()).as_deref(), Some("a1b2c3d4"));
    assert_eq!(host::boot_time(&machine.root()).unwrap().timestamp(), 1_795_000_000);
}

#[test]
fn the_first_beat_knows_levels_and_the_second_rates() {
    let machine = Machine::recorded("calm");
    let mut collector = system::Collector::new(machine.root());
    let first = collector.read(now(), None).value.unwrap();
    assert_eq!(first.load.map(|load| load.one_min), Some(0.42));
    assert_eq!(first.uptime_s, Some(2500.0));
    assert_eq!(first.memory.map(|memory| memory.used_pct), Some(46.0));
    assert_eq!(first.swap.unwrap().used_pct, Some(10.0));
    let memory_pressure = first.pressure.unwrap().memory;
    assert_eq!(memory_pressure.map(|line| line.some_avg10_pct), Some(1.5));
    let cpu = first.cpu.unwrap();
    assert_eq!((cpu.cores, cpu.used_pct), (4, None));
    let eth0 = &first.interfaces.as_ref().unwrap()[1];
    assert_eq!((eth0.up, eth0.loopback, eth0.rx_bytes_per_s, eth0.errors), (Some(true), false, None, 6));
    let thermometer = &first.temperatures.as_ref().unwrap()[0];
    assert_eq!((thermometer.label.as_str(), thermometer.celsius), ("cpu_thermal", 48.312));
    assert_eq!(thermometer.critical_celsius, Some(110.0));

    // 4,000 ticks pass; 1,000 of them are busy, 200 of these in the kernel, 400 wait for the disk.
    let stat = machine
        .text("/proc/stat")
        .replace("cpu  40000 0 20000 920000 20000 0 0 0 0 0", "cpu  40800 0 20200 922600 20400 0 0 0 0 0");
    machine.write("/proc/stat", stat.replace("cpu0 10000 0 5000 230000", "cpu0 10900 0 5100 230000"));
    machine.write("/proc/net/dev", machine.text("/proc/net/dev").replace("5000000", "5010000"));
    let second = collector.read(now(), TEN_SECONDS).value.unwrap();
    let cpu = second.cpu.unwrap();
    assert_eq!((cpu.used_pct, cpu.system_pct, cpu.iowait_pct), (Some(25.0), Some(5.0), Some(10.0)));
    assert_eq!(cpu.per_core_pct, [100.0, 0.0, 0.0, 0.0]);
    let eth0 = &second.interfaces.as_ref().unwrap()[1];
    assert_eq!((eth0.rx_bytes_per_s, eth0.tx_bytes_per_s), (Some(1000.0), Some(0.0)));
}

#[test]
fn what_cannot_be_read_is_absent_and_named_and_never_zero() {
    for (file, id) in [
        ("/proc/stat", "cpu"),
        ("/proc/meminfo", "memory"),
        ("/proc/loadavg", "load"),
        ("/proc/net/dev", "net.interfaces"),
    ] {
        for damage in ["gone", "", "garbage \u{1b}[31m nan -1\n", "cpu cpu cpu\nMemTotal: x\n"] {
            let machine = Machine::recorded("calm");
            machine.remove(file);
            if damage != "gone" {
                machine.write(file, damage);
            }
            let seen = system::Collector::new(machine.root()).read(now(), None);
            let reading = seen.value.unwrap();
            let absent = match id {
                "cpu" => reading.cpu.is_none(),
                "memory" => reading.memory.is_none() && reading.swap.is_none(),
                "load" => reading.load.is_none(),
                _ => reading.interfaces.is_none(),
            };
            assert!(absent, "{file} {damage:?}");
            let blind = sensor(&seen.sensors, id);
            assert_eq!(blind.state, SensorState::Blind, "{file} {damage:?}");
            assert!(blind.says.as_ref().unwrap().contains(file), "{:?}", blind.says);
        }
    }
}

#[test]
fn a_kernel_without_pressure_and_a_board_without_thermometers_are_not_blind() {
    let machine = Machine::recorded("calm");
    machine.remove("/proc/pressure");
    machine.remove("/sys/class/hwmon");
    let seen = system::Collector::new(machine.root()).read(now(), None);
    let system = seen.value.unwrap();
    assert_eq!(system.pressure, None);
    assert_eq!(system.temperatures, Some(Vec::new()));
    assert!(seen.sensors.iter().all(|sensor| sensor.state == SensorState::Ok));
}

#[test]
fn an_interface_that_comes_back_with_smaller_counters_has_no_rate() {
    let machine = Machine::recorded("calm");
    let mut collector = system::Collector::new(machine.root());
    collector.read(now(), None);
    machine.write("/proc/net/dev", machine.text("/proc/net/dev").replace("5000000", "12"));
    let interfaces = collector.read(now(), TEN_SECONDS).value.unwrap().interfaces.unwrap();
    assert_eq!((interfaces[1].rx_bytes_per_s, interfaces[1].tx_bytes_per_s), (None, Some(0.0)));
}

// --- processes

#[test]
fn a_process_has_its_lasting_facts_from_the_first_beat() {
    let machine = Machine::recorded("calm");
    let list = list(&mut processes_of(machine.root()), None);
    let curl = pid(&list, 1180).unwrap();
    assert_eq!(curl.program.name, "curl");
    assert_eq!(curl.program.cmdline.as_ref().unwrap(), &"curl -O https://example.org/big");
    let exe = curl.program.exe.as_ref().unwrap();
    assert_eq!((exe.path.as_str(), exe.deleted), ("/usr/bin/curl", true));
    assert_eq!((curl.program.uid, curl.program.user.as_deref()), (Some(1000), Some("anna")));
    assert_eq!(curl.program.login_uid, Some(1000));
    assert_eq!(curl.program.cgroup.as_ref().unwrap(), &"/user.slice/user-1000.slice/session-4.scope");
    assert_eq!((curl.ppid, curl.state, curl.nice, curl.threads), (1150, 'R', 5, 2));
    assert_eq!((curl.cpu_pct, curl.cpu_time_ms), (None, 1000));
    // Started 2,400 s after the boot.
    assert_eq!(curl.program.started_at.unwrap().timestamp(), 1_795_002_400);
    assert_eq!(pid(&list, 710).unwrap().program.login_uid, None);
}

#[test]
fn cpu_is_of_one_core_between_two_beats_and_the_busiest_comes_first() {
    let machine = Machine::recorded("calm");
    let mut collector = processes_of(machine.root());
    list(&mut collector, None);
    // 500 ticks of 10 ms within 10 s: half of one core.
    machine.write("/proc/1180/stat", machine.text("/proc/1180/stat").replace(" 90 10 ", " 540 60 "));
    machine.write("/proc/700/stat", machine.text("/proc/700/stat").replace(" 4 6 ", " 104 6 "));
    let list = list(&mut collector, TEN_SECONDS);
    assert_eq!(list[0].program.pid, 1180);
    assert_eq!((list[0].cpu_pct, list[1].cpu_pct), (Some(50.0), Some(10.0)));
    assert_eq!(pid(&list, 1150).unwrap().cpu_pct, Some(0.0));
    let idle: Vec<u32> = list[2..].iter().map(|process| process.program.pid).collect();
    assert!(idle.is_sorted());
}

#[test]
fn a_pid_that_is_used_again_is_another_process() {
    let machine = Machine::recorded("calm");
    let mut collector = processes_of(machine.root());
    list(&mut collector, None);
    machine.write("/proc/1180/stat", machine.text("/proc/1180/stat").replace(" 240000 ", " 250000 "));
    machine.write("/proc/1180/cmdline", "curl\0other\0");
    let list = list(&mut collector, TEN_SECONDS);
    let curl = pid(&list, 1180).unwrap();
    assert_eq!((curl.cpu_pct, curl.program.start_ticks), (None, 250_000));
    assert_eq!(curl.program.cmdline.as_ref().unwrap(), &"curl other");
}

#[test]
fn an_exec_is_seen_by_the_name_or_by_the_stack() {
    for (from, to) in [("(curl)", "(sh)"), ("140720000000000", "140730000000000")] {
        let machine = Machine::recorded("calm");
        let mut collector = processes_of(machine.root());
        list(&mut collector, None);
        machine.write("/proc/1180/stat", machine.text("/proc/1180/stat").replace(from, to));
        machine.write("/proc/1180/cmdline", "another\0program\0");
        let list = list(&mut collector, TEN_SECONDS);
        let program = &pid(&list, 1180).unwrap().program;
        assert_eq!(program.cmdline.as_ref().unwrap(), &"another program", "{from}");
        assert_eq!(pid(&list, 1180).unwrap().cpu_pct, Some(0.0), "{from}");
    }
}

#[test]
fn known_programs_are_shared_between_beats_and_not_read_again() {
    let machine = Machine::recorded("calm");
    let mut collector = processes_of(machine.root());
    let first = list(&mut collector, None);
    let second = list(&mut collector, TEN_SECONDS);
    for process in first.iter() {
        let again = pid(&second, process.program.pid).unwrap();
        assert!(Arc::ptr_eq(&process.program, &again.program), "{}", process.program.pid);
    }
}

#[test]
fn kernel_threads_zombies_our_children_and_our_ancestors_are_told() {
    let machine = Machine::recorded("calm");
    let list = list(&mut processes_of(machine.root()), None);
    let which = |mark: fn(&Process) -> bool| -> Vec<u32> {
        let mut pids: Vec<u32> =
            list.iter().filter(|process| mark(process)).map(|process| process.program.pid).collect();
        pids.sort_unstable();
        pids
    };
    assert_eq!(which(|process| process.program.kernel_thread), [2, 15]);
    assert_eq!(which(|process| process.program.own), [1200, 1201]);
    assert_eq!(which(|process| process.program.ours), [1, 700, 1100, 1150]);
    let zombie = pid(&list, 1190).unwrap();
    assert_eq!((zombie.state, zombie.program.cmdline.as_deref()), ('Z', Some("")));
    assert_eq!(zombie.command(), "[sh]");
}

#[test]
fn a_hostile_name_is_shown_and_deceives_nobody() {
    let machine = Machine::recorded("calm");
    machine
        .write("/proc/1180/stat", machine.text("/proc/1180/stat").replace("(curl)", "(x\n) R 1 (\u{1b}[2J)"));
    let list = list(&mut processes_of(machine.root()), None);
    let process = pid(&list, 1180).unwrap();
    assert_eq!((process.program.name.as_str(), process.ppid), ("x^J) R 1 (^[[2J", 1150));
}

#[test]
fn a_process_that_vanishes_is_no_fault_and_one_without_sense_is_counted() {
    let machine = Machine::recorded("calm");
    machine.remove("/proc/1180/stat");
    machine.write("/proc/700/stat", "700 (sshd) nonsense");
    let seen = processes_of(machine.root()).read(now(), None);
    let list = seen.value.unwrap();
    assert!(pid(&list, 1180).is_none() && pid(&list, 700).is_none());
    let sensor = sensor(&seen.sensors, "proc");
    assert_eq!((sensor.state, sensor.reason.as_deref()), (SensorState::Partial, Some("damaged")));
    assert_eq!((sensor.seen, sensor.total), (Some(list.len() as u64), Some(list.len() as u64 + 1)));
}

#[test]
fn without_proc_the_list_is_absent_and_the_sensor_blind() {
    let machine = Machine::recorded("calm");
    machine.remove("/proc");
    let seen = processes_of(machine.root()).read(now(), None);
    assert!(seen.value.is_none());
    assert_eq!(sensor(&seen.sensors, "proc").state, SensorState::Blind);
    let sockets = sockets_of(&machine, Detail::All);
    assert!(sockets.value.is_none());
    assert_eq!(sensor(&sockets.sensors, "net.sockets").state, SensorState::Blind);
}

#[test]
fn thousands_of_new_processes_are_listed_at_once_and_read_in_turns() {
    let machine = Machine::recorded("calm");
    let stat = machine.text("/proc/1150/stat");
    for pid in 20_000..30_000_u32 {
        machine
            .write(&format!("/proc/{pid}/stat"), stat.replacen("1150 (bash)", &format!("{pid} (bash)"), 1));
    }
    let mut collector = processes_of(machine.root());
    let first = collector.read(now(), None);
    assert_eq!(first.value.unwrap().len(), 10_011);
    assert_eq!(sensor(&first.sensors, "proc").reason.as_deref(), Some("busy"));
    let second = collector.read(now(), TEN_SECONDS);
    assert_eq!(sensor(&second.sensors, "proc").state, SensorState::Ok);
    assert_eq!(pid(&second.value.unwrap(), 29_999).unwrap().program.name, "bash");
}

// --- sockets

#[test]
fn doors_have_their_reach_their_account_and_their_process() {
    let machine = Machine::recorded("calm");
    let seen = sockets_of(&machine, Detail::Doors);
    let sockets = seen.value.unwrap();
    let doors: Vec<_> = sockets
        .listeners
        .iter()
        .map(|door| {
            (
                door.protocol,
                door.address.to_string(),
                door.port,
                door.reach,
                door.owner.as_ref().map(|owner| owner.pid),
            )
        })
        .collect();
    assert_eq!(
        doors,
        [
            // systemd holds the first socket too; the daemon is its owner.
            (Protocol::Tcp, "0.0.0.0".into(), 22, Reach::Everyone, Some(700)),
            (Protocol::Tcp, "::".into(), 22, Reach::Everyone, Some(700)),
            (Protocol::Udp, "127.0.0.53".into(), 53, Reach::ThisMachine, Some(710)),
        ]
    );
    assert_eq!(sockets.listeners[2].user.as_deref(), Some("sshd"));
    assert_eq!((sockets.established, sockets.connections.is_none()), (Some(2), true));
    assert_eq!((sockets.owners_known, sockets.owners_total), (3, 3));
    assert!(seen.sensors.iter().all(|sensor| sensor.state == SensorState::Ok));
}

#[test]
fn connections_have_a_direction_a_state_and_a_process() {
    let machine = Machine::recorded("calm");
    let sockets = sockets_of(&machine, Detail::All).value.unwrap();
    let connections = sockets.connections.as_ref().unwrap();
    assert_eq!(connections.len(), 4);
    let ssh = &connections[0];
    assert_eq!((ssh.remote.to_string().as_str(), ssh.incoming), ("192.168.1.2:51412", true));
    assert_eq!(ssh.owner.as_ref().unwrap().name, "sshd-session");
    let curl = &connections[1];
    assert_eq!((curl.remote.to_string().as_str(), curl.incoming, curl.uid), ("203.0.113.9:443", false, 1000));
    assert_eq!((connections[2].state, connections[2].since), (TcpState::TimeWait, None));
    assert_eq!((connections[3].protocol, connections[3].state), (Protocol::Udp, TcpState::Established));
    assert_eq!((sockets.owners_known, sockets.owners_total), (5, 6));
    assert_eq!(sockets.established, Some(2));
}

#[test]
fn a_damaged_table_is_said_and_the_rest_of_it_is_kept() {
    let machine = Machine::recorded("calm");
    machine.write("/proc/net/tcp", machine.text("/proc/net/tcp") + "   9: what is this\n");
    let seen = sockets_of(&machine, Detail::Doors);
    assert_eq!(seen.value.unwrap().listeners.len(), 3);
    assert_eq!(sensor(&seen.sensors, "net.sockets").reason.as_deref(), Some("damaged"));
    machine.remove("/proc/net/udp");
    let seen = sockets_of(&machine, Detail::Doors);
    assert_eq!(seen.value.unwrap().listeners.len(), 2);
    assert_eq!(sensor(&seen.sensors, "net.sockets").state, SensorState::Partial);
}

#[test]
fn a_door_that_was_there_before_us_has_no_time_and_finds_its_new_owner() {
    let machine = Machine::recorded("calm");
    let mut programs = processes_of(machine.root());
    let mut collector = sockets::Collector::new(machine.root());
    let first = collector.read(now(), Some(&list(&mut programs, None)), Detail::Doors).value.unwrap();
    // The daemon that opened the door ends; what it started holds the door still.
    machine.remove("/proc/700");
    std::os::unix::fs::symlink("socket:[5001]", machine.root().path("/proc/1100/fd/9")).unwrap();
    let later = now() + chrono::TimeDelta::seconds(10);
    let second = collector.read(later, Some(&list(&mut programs, TEN_SECONDS)), Detail::Doors).value.unwrap();
    assert_eq!(second.listeners[0].owner.as_ref().unwrap().pid, 1100);
    assert_eq!((first.listeners[0].since, second.listeners[0].since), (None, None));
}

#[test]
fn only_what_appears_while_we_look_has_a_time() {
    let machine = Machine::recorded("calm");
    let mut collector = sockets::Collector::new(machine.root());
    let mut look = |at, detail| collector.read(at, None, detail).value.unwrap();
    look(now(), Detail::All);
    let line = |number: u8, local: &str, remote: &str, state: &str, inode: u32| {
        format!(
            "   {number}: {local} {remote} {state} 00000000:00000000 00:00000000 00000000 0 0 {inode} 1\n"
        )
    };
    let door = line(4, "00000000:1F90", "00000000:0000", "0A", 6001);
    let talk = line(5, "0F01A8C0:0016", "0301A8C0:C8D4", "01", 6002);
    machine.write("/proc/net/tcp", machine.text("/proc/net/tcp") + &door + &talk);
    let later = now() + chrono::TimeDelta::seconds(10);
    look(later, Detail::All);
    let sockets = look(later + chrono::TimeDelta::seconds(10), Detail::All);
    for door in &sockets.listeners {
        assert_eq!(door.since, (door.port == 8080).then_some(later), "{door:?}");
    }
    for talk in sockets.connections() {
        assert_eq!(talk.since, (talk.inode == 6002).then_some(later), "{talk:?}");
    }
    assert_eq!((sockets.listeners.len(), sockets.connections().len()), (4, 5));
}

#[test]
fn without_processes_doors_are_known_and_their_owners_are_not() {
    let machine = Machine::recorded("calm");
    let seen = sockets::Collector::new(machine.root()).read(now(), None, Detail::Doors);
    assert_eq!(seen.value.unwrap().listeners.len(), 3);
    assert_eq!(sensor(&seen.sensors, "net.owners").state, SensorState::Blind);
}
