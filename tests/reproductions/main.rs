//! Attacks, played live on this machine in scratch folders and on loopback, each beside its benign twin.
//!
//! A rule must fire within one beat for the case and stay silent for the twin. Every program that is started here
//! is ended by its pid. A case that needs root or python3 is left out without them.

mod stage;

use chrono::{Local, TimeDelta};
use stage::{Machine, Stray, Watch, copy_of, fires, fires_for, python, wait_for};
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

fn scratch() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("home-soc-stage").tempdir().expect("a scratch folder")
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn a_program_that_erased_itself_is_told_from_one_that_was_upgraded() {
    let folder = scratch();
    let (gone, upgraded) = (folder.path().join(".x1"), folder.path().join("x2"));
    let case = Stray::start(&[&text(&copy_of("/bin/sleep", &gone)), "300"]);
    fs::remove_file(&gone).unwrap();
    let twin = Stray::start(&[&text(&copy_of("/bin/sleep", &upgraded)), "300"]);
    fs::rename(copy_of("/bin/sleep", &folder.path().join("new")), &upgraded).unwrap();

    let findings = Machine::new().once();
    assert!(fires_for(&findings, "HS-PROC-001", &case));
    assert!(!fires_for(&findings, "HS-PROC-001", &twin));
}

#[test]
fn a_program_without_a_file_is_told_from_one_that_only_maps_memory() {
    let folder = scratch();
    let exec = "import os, sys\n\
                fd = os.memfd_create('x', 0)\n\
                os.write(fd, open('/bin/sleep', 'rb').read())\n\
                open(sys.argv[1], 'w').write('done\\n')\n\
                os.execve('/proc/self/fd/%d' % fd, ['sleep', '300'], {})\n";
    let map = "import mmap, os, sys, time\n\
               fd = os.memfd_create('x', 0)\n\
               os.ftruncate(fd, 4096)\n\
               memory = mmap.mmap(fd, 4096)\n\
               open(sys.argv[1], 'w').write('done\\n')\n\
               time.sleep(300)\n";
    let Some((case, _)) = python(exec, &folder.path().join("case")) else { return };
    let Some((twin, _)) = python(map, &folder.path().join("twin")) else { return };
    wait_for(|| {
        fs::read_link(format!("/proc/{}/exe", case.pid))
            .is_ok_and(|exe| exe.starts_with("/memfd:x (deleted)"))
    });
    let findings = Machine::new().once();
    assert!(fires_for(&findings, "HS-PROC-002", &case));
    assert!(!fires_for(&findings, "HS-PROC-002", &twin));
}

#[test]
fn a_false_kernel_thread_is_told_from_a_program_with_brackets_in_its_words() {
    let case = Stray::disguised("[kworker/0:1]", &["/bin/sleep", "300"]);
    let twin = Stray::disguised("sleep [kworker/0:1]", &["/bin/sleep", "300"]);
    let findings = Machine::new().once();
    assert!(fires_for(&findings, "HS-PROC-004", &case));
    assert!(!fires_for(&findings, "HS-PROC-004", &twin));

    let folder = scratch();
    let rename = "import ctypes, sys, time\n\
                  ctypes.CDLL(None).prctl(15, b'kworker/u8:2', 0, 0, 0)\n\
                  open(sys.argv[1], 'w').write('done\\n')\n\
                  time.sleep(300)\n";
    let Some((renamed, _)) = python(rename, &folder.path().join("case")) else { return };
    assert!(fires_for(&Machine::new().once(), "HS-PROC-004", &renamed));
}

#[test]
fn a_shell_on_a_socket_is_told_from_a_program_that_is_connected() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let shell = format!("exec 5<>/dev/tcp/127.0.0.1/{port}; sleep 300 0<&5 1>&5 2>&5; true");
    let case = Stray::start(&["bash", "-c", &shell]);
    let first = listener.accept().unwrap();
    let folder = scratch();
    let connect = format!(
        "import socket, sys, time\n\
         s = socket.create_connection(('127.0.0.1', {port}))\n\
         open(sys.argv[1], 'w').write('done\\n')\n\
         time.sleep(300)\n"
    );
    let twin = python(&connect, &folder.path().join("twin"));
    let findings = Machine::new().once();
    drop(first);
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", case.pid)).unwrap_or_default();
    let child = children.trim().parse().map(|pid| Stray { pid });
    let child_fires = child.as_ref().is_ok_and(|child| fires_for(&findings, "HS-PROC-005", child));
    assert!(fires_for(&findings, "HS-PROC-005", &case) || child_fires);
    assert!(!twin.is_some_and(|(twin, _)| fires_for(&findings, "HS-PROC-005", &twin)));
}

#[test]
fn a_program_in_a_hidden_folder_is_told_from_the_same_one_in_its_own() {
    let folder = scratch();
    let hidden = copy_of("/bin/sleep", &folder.path().join(".../.kswapd0"));
    let case = Stray::start(&[&text(&hidden), "60"]);
    let twin = Stray::start(&["/bin/sleep", "60"]);
    let findings = Machine::new().once();
    assert!(fires_for(&findings, "HS-PROC-003", &case));
    assert!(!fires_for(&findings, "HS-PROC-003", &twin));
    assert!(fires(&findings, "HS-PROC-003", &text(&hidden)));
}

#[test]
fn the_words_of_a_miner_are_told_from_those_who_look_for_them() {
    let case = Stray::disguised("xmrig", &["/bin/sleep", "300"]);
    let pool = Stray::start(&[
        "python3",
        "-c",
        "import time; time.sleep(300)",
        "-o",
        "stratum+tcp://127.0.0.1:3333",
    ]);
    let twin = Stray::start(&["tail", "-f", "/dev/null", "xmrig.log"]);
    let findings = Machine::new().once();
    assert!(fires_for(&findings, "HS-PROC-006", &case));
    assert!(fires_for(&findings, "HS-PROC-006", &pool));
    assert!(!fires_for(&findings, "HS-PROC-006", &twin));
}

#[test]
fn a_busy_stranger_is_told_from_a_busy_program_of_a_package() {
    let folder = scratch();
    let strange = copy_of("/usr/bin/yes", &folder.path().join("y"));
    let case = Stray::start(&[&text(&strange)]);
    let twin = Stray::start(&["/usr/bin/yes"]);
    let mut machine = Machine::busy_from(2.0);
    // Four minutes for the judge; the processor time is real.
    let findings = machine.beats(5, TimeDelta::seconds(60));
    assert!(fires_for(&findings, "HS-PROC-007", &case));
    assert!(!fires_for(&findings, "HS-PROC-007", &twin));
}

#[test]
fn a_new_door_is_told_from_one_that_was_open_before() {
    let folder = scratch();
    let mut machine = Machine::new();
    // Below the ports that the kernel gives out by itself.
    let listen = "import os, socket, sys, time\n\
                  s = socket.socket()\n\
                  for port in range(20000 + os.getpid() % 5000, 32000):\n\
                  \x20   try: s.bind(('0.0.0.0', port)); break\n\
                  \x20   except OSError: pass\n\
                  s.listen()\n\
                  open(sys.argv[1], 'w').write('%d\\n' % s.getsockname()[1])\n\
                  time.sleep(300)\n";
    let Some((_twin, old)) = python(listen, &folder.path().join("twin")) else { return };
    machine.beat();
    let Some((_case, new)) = python(listen, &folder.path().join("case")) else { return };
    let findings = machine.beat();
    let says = |port: &str| {
        findings.iter().any(|finding| {
            finding.rule == "HS-NET-002" && finding.subject.get("port").is_some_and(|value| **value == *port)
        })
    };
    assert!(
        says(&new),
        "port {new}: {:?}",
        findings.iter().map(|f| (&f.rule, &f.subject)).collect::<Vec<_>>()
    );
    assert!(!says(&old));
}

/// What the program finds when it is asked once among mounts of its own, where a folder lies over that of a process:
/// nobody else's view of this machine is changed, and the mount ends with the program. `None` without the right to.
fn once_with_covered(pid: u32, empty: &Path, data: &Path) -> Option<serde_json::Value> {
    let script = "mount --bind \"$1\" \"/proc/$2\" && exec \"$3\" --once --json --data-dir \"$4\"";
    let output = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c", script, "sh"])
        .args([&text(empty), &pid.to_string(), env!("CARGO_BIN_EXE_home-soc"), &text(data)])
        .output()
        .ok()?;
    serde_json::from_slice(&output.stdout).ok()
}

#[test]
fn a_covered_process_is_told_and_an_open_one_is_not() {
    if !is_root() {
        return;
    }
    let case = Stray::start(&["/bin/sleep", "60"]);
    let twin = Stray::start(&["/bin/sleep", "61"]);
    let (empty, data) = (scratch(), scratch());
    let Some(told) = once_with_covered(case.pid, empty.path(), data.path()) else { return };
    let hidden: Vec<_> = told["findings"]
        .as_array()
        .expect("a document with findings")
        .iter()
        .filter(|finding| finding["rule"] == "HS-PROC-009")
        .map(|finding| finding["subject"]["pid"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert!(hidden.contains(&case.pid.to_string()), "{hidden:?}");
    assert!(!hidden.contains(&twin.pid.to_string()), "{hidden:?}");
}

#[test]
fn who_listens_to_every_packet_is_told_from_who_has_an_ordinary_socket() {
    let folder = scratch();
    let open = |kind: &str| {
        format!(
            "import socket, sys, time\n\
             s = socket.socket({kind})\n\
             open(sys.argv[1], 'w').write('done\\n')\n\
             time.sleep(300)\n"
        )
    };
    if !is_root() {
        return;
    }
    let all = "socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3)";
    let Some((case, _)) = python(&open(all), &folder.path().join("case")) else { return };
    let datagrams = "socket.AF_INET, socket.SOCK_DGRAM";
    let Some((twin, _)) = python(&open(datagrams), &folder.path().join("twin")) else { return };
    let findings = Machine::new().once();
    assert!(fires_for(&findings, "HS-NET-003", &case));
    assert!(!fires_for(&findings, "HS-NET-003", &twin));
}

#[test]
fn who_controls_another_process_is_told_and_who_only_waits_for_it_is_not() {
    let folder = scratch();
    let parent = |deed: &str| {
        format!(
            "import ctypes, os, sys, time\n\
             pid = os.fork()\n\
             if pid == 0: time.sleep(60); os._exit(0)\n\
             {deed}\n\
             open(sys.argv[1], 'w').write('%d\\n' % pid)\n\
             time.sleep(60)\n"
        )
    };
    let seize = "ctypes.CDLL(None).ptrace(0x4206, pid, None, None)";
    let Some((_tracer, child)) = python(&parent(seize), &folder.path().join("case")) else { return };
    let Some((_parent, other)) = python(&parent("pass"), &folder.path().join("twin")) else { return };
    let (case, twin) = (Stray { pid: child.parse().unwrap() }, Stray { pid: other.parse().unwrap() });
    let findings = Machine::new().once();
    assert!(fires_for(&findings, "HS-PROC-010", &case));
    assert!(!fires_for(&findings, "HS-PROC-010", &twin));
}

/// A unit of this user for as long as the test runs; the user's systemd, where there is one, is not asked to start it.
struct UnitFile(std::path::PathBuf);

impl UnitFile {
    fn write(name: &str, runs: &str) -> Option<Self> {
        // Where the account lives, whatever HOME says: that is where systemd looks.
        let uid = rustix::process::geteuid().as_raw().to_string();
        let accounts = fs::read_to_string("/etc/passwd").ok()?;
        let mut accounts = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let home = accounts.find(|fields| fields.get(2) == Some(&uid.as_str()))?.get(5)?.to_string();
        let folder = Path::new(&home).join(".config/systemd/user");
        fs::create_dir_all(&folder).ok()?;
        let file = Self(folder.join(format!("home-soc-stage-{name}-{}.service", std::process::id())));
        fs::write(&file.0, format!("[Service]\nExecStart={runs}\n")).ok()?;
        Some(file)
    }

    fn name(&self) -> String {
        self.0.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

impl Drop for UnitFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn a_service_from_shared_memory_is_told_from_one_of_a_package() {
    let Some(case) = UnitFile::write("case", "/dev/shm/.x/agent --quiet") else { return };
    let Some(twin) = UnitFile::write("twin", "/usr/bin/sleep 60") else { return };
    let mut machine = Machine::new();
    // The package databases are read first, then the units, both beside the beats.
    let mut findings = Vec::new();
    wait_for(|| {
        findings = machine.beat();
        fires(&findings, "HS-FILE-001", &case.name())
    });
    assert!(fires(&findings, "HS-FILE-001", &case.name()));
    assert!(!fires(&findings, "HS-FILE-001", &twin.name()));
}

/// Lines of a text log, the last one a second ago.
fn log(lines: &[&str]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = scratch();
    let path = folder.path().join("auth.log");
    let start = Local::now() - TimeDelta::seconds(lines.len() as i64 + 1);
    let stamped = lines.iter().enumerate().map(|(at, line)| {
        let time = start + TimeDelta::seconds(at as i64);
        format!("{} host {line}\n", time.format("%b %e %H:%M:%S"))
    });
    fs::write(&path, stamped.collect::<String>()).expect("room for a log");
    (folder, path)
}

fn judged(lines: &[&str]) -> Vec<home_soc::model::Finding> {
    let (_folder, path) = log(lines);
    Machine::with_log(&path).once()
}

const FAILED: &str = "sshd[123]: Failed password for root from 203.0.113.9 port 51514 ssh2";
const ACCEPTED: &str = "sshd[123]: Accepted password for root from 203.0.113.9 port 51514 ssh2";
const UNKNOWN: &str = "sshd[124]: Failed password for invalid user admin from 203.0.113.9 port 51514 ssh2";

#[test]
fn a_guessed_password_is_told_from_a_mistyped_one() {
    let guessed = judged(&[&[FAILED; 12][..], &[ACCEPTED]].concat());
    assert!(fires(&guessed, "HS-AUTH-003", "203.0.113.9"));
    let mistyped = judged(&[FAILED, FAILED, ACCEPTED]);
    assert!(!fires(&mistyped, "HS-AUTH-003", "203.0.113.9"));
}

#[test]
fn a_guessing_run_is_told_from_one_failure() {
    let run = judged(&[FAILED; 30]);
    assert!(fires(&run, "HS-AUTH-002", "203.0.113.9") || fires(&run, "HS-AUTH-001", "203.0.113.9"));
    let names: Vec<_> = ["oracle", "git", "test", "pi", "ubuntu", "ftp", "www", "admin"]
        .iter()
        .map(|name| UNKNOWN.replace("admin", name))
        .collect();
    let sweep = judged(&names.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(fires(&sweep, "HS-AUTH-002", "203.0.113.9"));
    let once = judged(&[FAILED]);
    assert!(!fires(&once, "HS-AUTH-002", "203.0.113.9"));
}

#[test]
fn a_refused_sudo_is_told_from_a_granted_one() {
    let refused = "sudo: nobody : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/id";
    let granted = "sudo: nobody : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/id";
    assert!(fires(&judged(&[refused; 3]), "HS-AUTH-005", "nobody"));
    assert!(!fires(&judged(&[granted; 3]), "HS-AUTH-005", "nobody"));
}

#[test]
fn a_dropper_that_lives_a_millisecond_is_told_and_an_ordinary_program_is_not() {
    let events = home_soc::collect::execs::Collector::start(home_soc::collect::Root::real())
        .read(chrono::Utc::now())
        .sensors[0]
        .state;
    let Ok(memory) = tempfile::Builder::new().prefix(".home-soc-stage").tempdir_in("/dev/shm") else {
        return;
    };
    if events != home_soc::model::SensorState::Ok {
        return;
    }
    let data = scratch();
    let dropper = copy_of("/bin/true", &memory.path().join("dropper"));
    let go = memory.path().join("go");
    // It lives before the watch begins, which would else see that a build tool started it. On busy cores a dropper
    // may be gone before its file can be read; a hundred over ten seconds are not.
    let run = "while [ ! -e \"$1\" ]; do sleep 0.1; done; i=0; \
               while [ $i -lt 100 ]; do i=$((i + 1)); \"$0\" --now; /bin/true --twin; sleep 0.1; done";
    let _script = Stray::start(&["sh", "-c", run, &text(&dropper), &text(&go)]);
    let _watch = Watch::start(data.path());
    fs::write(&go, "").unwrap();
    let told = || fs::read_to_string(data.path().join("monitor_alerts.jsonl")).unwrap_or_default();
    wait_for(|| told().contains("/dropper"));
    let told = told();
    assert!(told.contains("HS-PROC-003") && told.contains("/dropper"), "{told}");
    assert!(!told.contains("--twin"), "{told}");
}
