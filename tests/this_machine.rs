//! What collectors read of this very machine, beside ps, ss, df and free, and under known loads.
//!
//! Other programs come and go meanwhile: what is compared exactly belongs to this test, the rest within what can
//! change between two looks. A case whose tool is not here is left out.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use chrono::Utc;
use home_soc::collect::processes::Hints;
use home_soc::collect::sockets::Detail;
use home_soc::collect::{Root, own, processes, sockets, system};
use home_soc::model::{Process, Protocol, SensorState, Sockets};
use rustix::time::{ClockId, clock_gettime};
use std::collections::HashMap;
use std::io::Write;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One at a time: they burn, and what our children used is our own.
static BURNS: Mutex<()> = Mutex::new(());

/// A program that is ended with its test.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap())
    }

    /// Waits until the kernel calls it so and it rests.
    fn named(self, name: &str) -> Self {
        let comm = format!("/proc/{}/comm", self.0.id());
        until(|| std::fs::read(&comm).is_ok_and(|comm| comm.strip_suffix(b"\n") == Some(name.as_bytes())));
        // The kernel gives the name first and the command line a moment later.
        let cmdline = format!("/proc/{}/cmdline", self.0.id());
        until(|| std::fs::read(&cmdline).is_ok_and(|line| !line.is_empty()));
        // Until it has loaded its libraries it runs, or waits for the disk.
        let stat = format!("/proc/{}/stat", self.0.id());
        until(|| std::fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") S ")));
        self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn until(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(20), "it did not happen");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn programs() -> processes::Collector {
    processes::Collector::new(Root::real(), processes::Settings::default())
}

fn look(collector: &mut processes::Collector, elapsed: Option<Duration>) -> Arc<Vec<Process>> {
    collector.read(Utc::now(), elapsed).value.unwrap()
}

fn find(list: &[Process], pid: u32) -> &Process {
    list.iter().find(|process| process.program.pid == pid).unwrap()
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_child_of_ours_has_every_fact_that_we_gave_it() {
    let child = Running::start(Command::new("/bin/sleep").arg("1234").env_clear()).named("sleep");
    let list = look(&mut programs(), None);
    let process = find(&list, child.0.id());
    assert_eq!(process.program.name, "sleep");
    assert_eq!(process.program.cmdline.as_deref(), Some("/bin/sleep 1234"));
    assert_eq!((process.ppid, process.state, process.threads), (std::process::id(), 'S', 1));
    assert_eq!(process.program.uid, Some(rustix::process::geteuid().as_raw()));
    let exe = process.program.exe.as_ref().unwrap();
    assert_eq!(exe.path.as_str(), std::fs::canonicalize("/bin/sleep").unwrap().to_str().unwrap());
    let age = Utc::now() - process.program.started_at.unwrap();
    assert!((0..30).contains(&age.num_seconds()), "{age}");
    assert!(process.program.own && find(&list, std::process::id()).program.own);
    let parent = find(&list, find(&list, std::process::id()).ppid);
    assert!(parent.program.ours && !parent.program.own);
}

#[test]
fn our_list_agrees_with_ps() {
    let mut collector = programs();
    look(&mut collector, None);
    let Some(ps) = output("ps", &["-eo", "pid=,ppid=,nlwp=,rss=,comm="]) else { return };
    let list = look(&mut collector, Some(Duration::from_secs(1)));
    let ours: HashMap<u32, &Process> = list.iter().map(|process| (process.program.pid, process)).collect();
    let (mut both, mut alike) = (0, 0);
    for line in ps.lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (Ok(pid), Some(name)) = (fields[0].parse::<u32>(), fields.get(4)) else { continue };
        let Some(process) = ours.get(&pid) else { continue };
        let same_name = process.program.kernel_thread || process.program.name.starts_with(name);
        let rss_kib: u64 = fields[3].parse().unwrap();
        let close = process.rss_bytes.abs_diff(rss_kib * 1024) <= (rss_kib * 1024 / 10).max(2 << 20);
        both += 1;
        alike += u32::from(process.ppid.to_string() == fields[1] && same_name && close);
    }
    let listed = ps.lines().count();
    assert!(both * 10 >= listed * 9, "{both} of {listed}");
    assert!(alike * 20 >= u32::try_from(both).unwrap() * 19, "{alike} of {both} are alike");
}

/// What is known of a machine that does nothing.
fn idle(stirred: Option<Vec<u32>>) -> Hints {
    Hints { stirred, busy_pct: Some(0.0) }
}

#[test]
fn who_rests_is_woken_by_work_that_nobody_explains() {
    let _alone = BURNS.lock().unwrap_or_else(PoisonError::into_inner);
    let second = Duration::from_secs(1);
    // It waits for a line, and then it works.
    let script = "read line; while :; do :; done";
    let mut child = Running::start(Command::new("/bin/sh").args(["-c", script])).named("sh");
    let pid = child.0.id();
    let mut collector = programs();
    let mut look = |hints| {
        collector.expect(hints);
        look(&mut collector, Some(second))
    };
    look(Hints::default());
    look(idle(Some(Vec::new())));
    child.0.stdin.take().unwrap().write_all(b"go\n").unwrap();
    let stat = format!("/proc/{pid}/stat");
    until(|| {
        let stat = std::fs::read_to_string(&stat).unwrap();
        stat.split(' ').nth(13).unwrap().parse::<u64>().unwrap() >= 50
    });
    // Without a sign it rests.
    let list = look(idle(Some(Vec::new())));
    assert_eq!((find(&list, pid).state, find(&list, pid).cpu_pct), ('S', Some(0.0)));
    // With one it is read, over the time that it rested, too: half a second and more in the two seconds.
    let list = look(Hints { busy_pct: Some(1_000.0), ..idle(Some(Vec::new())) });
    let process = find(&list, pid);
    assert_eq!(process.state, 'R');
    assert!(process.cpu_pct.unwrap() >= 25.0, "{:?}", process.cpu_pct);
}

#[test]
fn nobody_rests_longer_than_some_seconds_nor_in_spite_of_an_event() {
    let second = Duration::from_secs(1);
    let child = Running::start(&mut Command::new("/bin/cat")).named("cat");
    let pid = child.0.id();
    let mut collector = programs();
    let mut state = |hints| {
        collector.expect(hints);
        find(&look(&mut collector, Some(second)), pid).state
    };
    let signal = |signal| {
        let pid = rustix::process::Pid::from_child(&child.0);
        rustix::process::kill_process(pid, signal).unwrap();
    };
    let is = |state: char| {
        let stat = format!("/proc/{pid}/stat");
        until(|| std::fs::read_to_string(&stat).unwrap().contains(&format!(") {state} ")));
    };
    assert_eq!(state(Hints::default()), 'S');
    assert_eq!(state(Hints::default()), 'S');
    // What is told as nothing costs no reading: so it stays unseen for a while, but not for long.
    signal(rustix::process::Signal::STOP);
    is('T');
    let states: Vec<char> = (0..5).map(|_| state(idle(Some(Vec::new())))).collect();
    assert!(states[0] == 'S' && states[4] == 'T', "{states:?}");
    signal(rustix::process::Signal::CONT);
    is('S');
    assert_eq!(state(idle(Some(Vec::new()))), 'S', "who does not sleep does not rest");
    assert_eq!(state(idle(Some(Vec::new()))), 'S');
    signal(rustix::process::Signal::STOP);
    is('T');
    assert_eq!(state(idle(Some(vec![pid]))), 'T');
}

#[test]
fn who_was_born_is_read_without_a_list_and_who_died_is_gone() {
    let second = Some(Duration::from_secs(1));
    let mut collector = programs();
    look(&mut collector, None);
    let told = Running::start(Command::new("/bin/sleep").arg("1235")).named("sleep");
    let untold = Running::start(Command::new("/bin/sleep").arg("1236"));
    // The told one twice, one who is there anyhow, and one who never was.
    collector.expect(idle(Some(vec![4_194_305, told.0.id(), std::process::id(), told.0.id()])));
    let list = look(&mut collector, second);
    let listed = |list: &[Process], pid| list.iter().filter(|process| process.program.pid == pid).count();
    assert_eq!(find(&list, told.0.id()).program.cmdline.as_deref(), Some("/bin/sleep 1235"));
    assert_eq!((listed(&list, told.0.id()), listed(&list, untold.0.id())), (1, 0), "nothing was listed");
    let pid = told.0.id();
    drop(told);
    collector.expect(idle(Some(Vec::new())));
    assert_eq!(listed(&look(&mut collector, second), pid), 0);
    // Where births are not certain, all are listed.
    collector.expect(idle(None));
    assert_eq!(listed(&look(&mut collector, second), untold.0.id()), 1);
}

#[test]
fn a_look_at_the_sockets_stands_while_none_comes_or_goes() {
    let mut collector = sockets::Collector::new(Root::real());
    let list = look(&mut programs(), None);
    let mut look = || collector.read(Utc::now(), Some(&list), Detail::Paced).value.unwrap();
    let door = |seen: &Sockets, port| seen.listeners.iter().any(|door| door.port == port);
    let first = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = first.local_addr().unwrap().port();
    assert!(door(&look(), port));
    // Others on this machine open and close theirs at any moment: of some looks one stands.
    until(|| Arc::ptr_eq(&look(), &look()));
    // What comes or goes is seen before the last look is too old, unless another socket does the opposite.
    let mut soon = |wanted, port| {
        let start = Instant::now();
        until(|| door(&look(), port) == wanted);
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    };
    let second = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = second.local_addr().unwrap().port();
    soon(true, other);
    drop(second);
    soon(false, other);
}

#[test]
fn a_hostile_name_on_a_live_machine_deceives_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("x\n) R 1");
    std::fs::copy("/bin/sleep", &copy).unwrap();
    let child = Running::start(Command::new(&copy).arg("60")).named("x\n) R 1");
    std::fs::remove_file(&copy).unwrap();
    let mut collector = programs();
    look(&mut collector, None);
    let list = look(&mut collector, Some(Duration::from_secs(1)));
    let process = find(&list, child.0.id());
    assert_eq!(
        (process.program.name.as_str(), process.state, process.ppid),
        ("x^J) R 1", 'S', std::process::id())
    );
    let exe = process.program.exe.as_ref().unwrap();
    assert!(exe.path.ends_with("/x^J) R 1") && exe.deleted && !exe.replaced, "{exe:?}");
}

#[test]
fn an_exec_into_another_and_into_the_same_program_is_seen_in_the_next_beat() {
    for (next, name) in [("exec sleep 77", "sleep"), ("exec sh -c 'read y; true'", "sh")] {
        let mut child =
            Running::start(Command::new("sh").args(["-c", &format!("read x; {next}; true")])).named("sh");
        let mut collector = programs();
        let before = look(&mut collector, None);
        assert!(find(&before, child.0.id()).program.cmdline.as_deref().unwrap().starts_with("sh -c read x;"));
        child.0.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
        let cmdline = format!("/proc/{}/cmdline", child.0.id());
        until(|| {
            std::fs::read(&cmdline).is_ok_and(|line| !line.is_empty() && !line.starts_with(b"sh\0-c\0read x"))
        });
        let after = look(&mut collector, Some(Duration::from_secs(1)));
        let process = find(&after, child.0.id());
        assert_eq!(process.program.name, name);
        assert!(
            !process.program.cmdline.as_deref().unwrap().contains("read x"),
            "{:?}",
            process.program.cmdline
        );
        assert!(process.cpu_pct.is_some());
    }
}

/// Keeps one core busy for a share of each 20 ms, by the clock of this process's own processor time.
fn burn(share: f64, wall: Duration) {
    let used = |from: rustix::time::Timespec| {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        (now.tv_sec - from.tv_sec) as f64 + (now.tv_nsec - from.tv_nsec) as f64 / 1e9
    };
    let (start, first) = (Instant::now(), clock_gettime(ClockId::ThreadCPUTime));
    while start.elapsed() < wall {
        if used(first) < start.elapsed().as_secs_f64() * share {
            std::hint::black_box((0..10_000_u64).sum::<u64>());
        } else {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

#[test]
fn processor_use_is_what_was_used() {
    let _alone = BURNS.lock().unwrap_or_else(PoisonError::into_inner);
    let used = || {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    };
    for share in [0.25, 0.5, 1.0] {
        let (mut collector, mut meter) = (programs(), own::Meter::new());
        // The first look is dear, and would be part of what is measured.
        look(&mut collector, None);
        look(&mut collector, Some(Duration::from_secs(1)));
        meter.read(None);
        let (start, before) = (Instant::now(), used());
        burn(share, Duration::from_millis(1500));
        // What really was used is asked of another clock, because a busy machine may not give us what we want.
        let (elapsed, spent) = (start.elapsed(), used() - before);
        let list = look(&mut collector, Some(elapsed));
        let cost = meter.read(Some(elapsed));
        let real = spent / elapsed.as_secs_f64() * 100.0;
        let shown = f64::from(find(&list, std::process::id()).cpu_pct.unwrap());
        assert!((shown - real).abs() <= 3.0, "{shown:.1} % is shown, {real:.1} % was used");
        assert!((cost.cpu_pct.unwrap() - real).abs() <= 3.0, "{:?} beside {real:.1} %", cost.cpu_pct);
        assert!(cost.rss_bytes.unwrap() > 1 << 20);
    }
}

fn doors_of(root: Root, detail: Detail) -> (Arc<Sockets>, Vec<home_soc::model::Sensor>) {
    let list = programs().read(Utc::now(), None).value;
    let seen = sockets::Collector::new(root).read(Utc::now(), list.as_deref().map(Vec::as_slice), detail);
    (seen.value.unwrap(), seen.sensors)
}

#[test]
fn our_own_sockets_are_found_over_netlink_and_as_text_alike() {
    let v4 = TcpListener::bind("127.0.0.1:0").unwrap();
    let Ok(v6) = TcpListener::bind("[::]:0") else { return };
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.connect(udp.local_addr().unwrap()).unwrap();
    // Over IPv4 to a socket of both families: its end has a mapped address.
    let port = v6.local_addr().unwrap().port();
    let client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let (mut server, _) = v6.accept().unwrap();
    server.write_all(&[7; 1000]).unwrap();
    until(|| client.peek(&mut [0; 1000]).unwrap() == 1000);
    // A root that is not live is read as text; this one is the same machine.
    for root in [Root::real(), Root::fixture("/")] {
        let live = root.is_live();
        let (sockets, _) = doors_of(root, Detail::All);
        for (address, protocol) in [
            (v4.local_addr(), Protocol::Tcp),
            (v6.local_addr(), Protocol::Tcp),
            (udp.local_addr(), Protocol::Udp),
        ] {
            let address = address.unwrap();
            let door = sockets
                .listeners
                .iter()
                .find(|door| door.port == address.port() && door.protocol == protocol)
                .unwrap();
            assert_eq!((door.address, door.protocol), (address.ip(), protocol));
            assert_eq!(door.owner.as_ref().unwrap().pid, std::process::id());
        }
        let connections = sockets.connections.as_ref().unwrap();
        let ours = |local, remote| {
            connections.iter().find(|found| found.local == local && found.remote == remote).unwrap()
        };
        let (near, far) = (client.local_addr().unwrap(), client.peer_addr().unwrap());
        let (out, back) = (ours(near, far), ours(far, near));
        assert_eq!((out.incoming, back.incoming), (false, true));
        assert_eq!(back.owner.as_ref().unwrap().pid, std::process::id());
        assert_eq!(ours(peer.local_addr().unwrap(), udp.local_addr().unwrap()).protocol, Protocol::Udp);
        if live {
            assert_eq!((back.sent_bytes, out.received_bytes), (Some(1000), Some(1000)));
        }
        assert!(sockets.established.unwrap() >= 2);
    }
    drop(server);
}

#[test]
fn half_closed_connections_are_not_counted_as_established() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let pairs: Vec<(TcpStream, TcpStream)> = (0..40)
        .map(|_| (TcpStream::connect(listener.local_addr().unwrap()).unwrap(), listener.accept().unwrap().0))
        .collect();
    let count = || {
        let (doors, _) = doors_of(Root::real(), Detail::Doors);
        let (all, _) = doors_of(Root::real(), Detail::All);
        (doors.established.unwrap(), all.established.unwrap())
    };
    let (before, _) = count();
    assert!(before >= 80);
    // One end closes: it waits for the other (FIN_WAIT2), which has not closed yet (CLOSE_WAIT).
    for (client, _) in &pairs {
        client.shutdown(std::net::Shutdown::Write).unwrap();
    }
    std::thread::sleep(Duration::from_millis(100));
    let (told, counted) = count();
    assert!(told.abs_diff(counted) <= 6, "{told} told, {counted} counted");
    assert!(told + 60 <= before, "{before} before, {told} after");
}

#[test]
fn very_many_connections_are_read_in_full_only_now_and_then_and_when_it_matters() {
    let hard = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum;
    let limit = rustix::process::Rlimit { current: hard, maximum: hard };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let pair = || (TcpStream::connect(listener.local_addr().unwrap()).unwrap(), listener.accept().unwrap().0);
    let pairs: Vec<(TcpStream, TcpStream)> = (0..600).map(|_| pair()).collect();
    let mut collector = sockets::Collector::new(Root::real());
    let mut programs = programs();
    let mut at = Utc::now();
    let mut read = |detail| {
        let list = look(&mut programs, None);
        at += chrono::TimeDelta::seconds(1);
        let seen = collector.read(at, Some(&list), detail);
        let sockets = seen.value.unwrap();
        let is_of_now = sockets.connections_at == Some(at);
        (sockets, is_of_now, seen.sensors[0].says.is_some())
    };
    let (first, is_of_now, _) = read(Detail::Paced);
    assert!(is_of_now && first.connections().len() >= 1_200);
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    let (second, is_of_now, says_so) = read(Detail::Paced);
    assert!(!is_of_now && says_so, "{:?}", second.connections_at);
    assert_eq!(second.connections().len(), first.connections().len());
    assert!(second.established.unwrap() >= 1_200);
    let port = door.local_addr().unwrap().port();
    assert!(second.listeners.iter().any(|listener| listener.port == port), "doors are of now");
    assert!(read(Detail::All).1, "somebody looks");
    // A program with a connection in place of a terminal may be a remote shell: that is no time to rest.
    let (client, server) = pair();
    let socket = || Stdio::from(std::os::fd::OwnedFd::from(server.try_clone().unwrap()));
    let mut command = Command::new("sleep");
    let child = command.arg("60").stdin(socket()).stdout(socket()).stderr(socket()).spawn().unwrap();
    let child = Running(child).named("sleep");
    let (last, is_of_now, _) = read(Detail::Paced);
    let remote = client.local_addr().unwrap();
    assert!(is_of_now && last.connections().iter().any(|one| one.remote == remote), "{}", child.0.id());
    assert!(!read(Detail::Paced).1, "once is enough");
    drop(pairs);
    // The kernel tells their number without a list, and what is over must not be shown for long.
    until(|| read(Detail::Paced).1);
}

#[test]
fn listeners_and_the_count_of_connections_agree_with_ss() {
    let Some(ss) = output("ss", &["-Htuln"]) else { return };
    let (sockets, _) = doors_of(Root::real(), Detail::Doors);
    let mut ports: Vec<String> = sockets.listeners.iter().map(|door| door.port.to_string()).collect();
    let mut theirs: Vec<String> = ss
        .lines()
        .filter_map(|line| line.split_whitespace().nth(4)?.rsplit(':').next().map(str::to_owned))
        .collect();
    ports.sort();
    theirs.sort();
    // Other tests open and close doors meanwhile.
    let missing = theirs.iter().filter(|port| !ports.contains(port)).count();
    assert!(missing <= 6, "ss {theirs:?}\nours {ports:?}");
}

#[test]
fn memory_load_uptime_and_disks_agree_with_the_usual_tools() {
    let seen = system::Collector::new(Root::real()).read(Utc::now(), None);
    let system = seen.value.unwrap();
    let up = clock_gettime(ClockId::Boottime).tv_sec as f64;
    assert!((system.uptime_s.unwrap() - up).abs() < 5.0);
    if let Some(free) = output("free", &["-b"]) {
        let words: Vec<&str> = free.lines().nth(1).unwrap().split_whitespace().collect();
        let memory = system.memory.unwrap();
        assert_eq!(memory.total_bytes.to_string(), words[1]);
        let available: u64 = words[6].parse().unwrap();
        assert!(memory.available_bytes.abs_diff(available) < memory.total_bytes / 20);
    }
    let disks = system.disks.unwrap();
    for disk in &disks {
        let Some(df) = output("df", &["-B1", "--output=size,pcent", disk.mount.as_str()]) else { return };
        let words: Vec<&str> = df.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(words[0], disk.total_bytes.to_string(), "{}", disk.mount);
        let percent: f64 = words[1].trim_end_matches('%').parse().unwrap();
        assert!((percent - disk.used_pct).abs() <= 1.5, "{} {percent} {}", disk.mount, disk.used_pct);
    }
}

/// Runs `name`, which is ignored otherwise, in a process of its own with so few open files.
fn alone_with_files(limit: u32, name: &str) {
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -n {limit} && exec \"$0\" --ignored --exact {name}")]).arg(program);
    // A group of its own, so that nothing of it outlives the test.
    let output = command.process_group(0).output().unwrap();
    assert!(output.status.success(), "{limit} files: {}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn few_open_files_are_enough() {
    for limit in [24, 64, 100, 200] {
        alone_with_files(limit, "every_process_is_read_with_the_files_there_are");
    }
}

#[test]
#[ignore = "run by few_open_files_are_enough, in a process of its own"]
fn every_process_is_read_with_the_files_there_are() {
    let mut collector = programs();
    for elapsed in [None, Some(Duration::from_secs(1)), Some(Duration::from_secs(1))] {
        let seen = collector.read(Utc::now(), elapsed);
        let list = seen.value.unwrap();
        assert!(list.iter().any(|process| process.program.pid == std::process::id()));
        let sensor = &seen.sensors[0];
        assert_ne!(sensor.reason.as_deref(), Some("out_of_resources"), "{sensor:?}");
        // Room is left for others.
        let others: Vec<_> = (0..8).map(|_| std::fs::File::open("/proc/self/stat").unwrap()).collect();
        assert_eq!(others.len(), 8);
    }
    let mut sockets = sockets::Collector::new(Root::real());
    let seen = sockets.read(Utc::now(), None, Detail::All);
    assert_eq!(seen.sensors[0].state, SensorState::Ok);
}
