//! The program over a real SSH connection that dies: it must end within a second and use no processor time.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as it must be"
)]

mod terminal;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use terminal::{PROGRAM, Terminal, need, until};

/// An sshd of our own on loopback that lets one key in.
struct Sshd {
    child: Child,
    port: u16,
    dir: tempfile::TempDir,
}

impl Sshd {
    fn start() -> Self {
        need("ssh");
        need("ssh-keygen");
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name).display().to_string();
        for key in ["host", "user"] {
            let made =
                Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &at(key)]).status();
            assert!(made.unwrap().success());
        }
        // sshd refuses to run without its empty directory.
        fs::create_dir_all("/run/sshd").unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new("/usr/sbin/sshd")
            .args(["-D", "-f", "/dev/null", "-p", &port.to_string(), "-h", &at("host")])
            .args(["-o", "ListenAddress=127.0.0.1", "-o", "PidFile=none", "-o", "StrictModes=no"])
            .args(["-o", "PermitRootLogin=prohibit-password", "-o", "UsePAM=no"])
            .args(["-o", &format!("AuthorizedKeysFile={}", at("user.pub"))])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        until("sshd", Duration::from_secs(5), || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
        Self { child, port, dir }
    }

    /// The command line of a client that runs a command here on a terminal.
    fn client(&self, command: &str) -> String {
        format!(
            "ssh -tt -i {} -p {} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
             root@127.0.0.1 '{command}'",
            self.dir.path().join("user").display(),
            self.port
        )
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The pid of the program under test that keeps its record in `data`.
fn pid_of(data: &Path) -> u32 {
    let wanted = data.display().to_string();
    until("the program behind the connection", Duration::from_secs(30), || {
        fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .find(|pid: &u32| {
                fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == Path::new(PROGRAM))
                    && fs::read_to_string(format!("/proc/{pid}/cmdline"))
                        .is_ok_and(|line| line.contains(&wanted))
            })
    })
}

/// The pid of the client that keeps this scratch directory's key.
fn client_pid(sshd: &Sshd) -> u32 {
    let key = sshd.dir.path().join("user").display().to_string();
    until("the client", Duration::from_secs(5), || {
        fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .find(|pid: &u32| {
                fs::read_to_string(format!("/proc/{pid}/cmdline"))
                    .is_ok_and(|line| line.starts_with("ssh\0") && line.contains(&key))
            })
    })
}

fn ends_when_the_client_dies(before: &str) {
    if !terminal::root_or_skip("an sshd of our own") {
        return;
    }
    let sshd = Sshd::start();
    let data = sshd.dir.path().join("data");
    let command = format!("{before} {PROGRAM} --interval 1 --data-dir {}", data.display());
    let terminal = Terminal::start(80, 24, &sshd.client(&command));
    terminal.shows("score");
    let pid = pid_of(&data);
    let client = client_pid(&sshd);
    let start = Instant::now();
    assert!(Command::new("kill").args(["-9", &client.to_string()]).status().unwrap().success());
    // A process that ended has no program any more, even while nobody has taken notice of its end.
    until("the end", Duration::from_secs(5), || {
        fs::read_link(format!("/proc/{pid}/exe")).is_err().then_some(())
    });
    let took = start.elapsed();
    assert!(took < Duration::from_millis(1200), "it lived on for {took:?}");
    let record = fs::read_to_string(data.join("monitor_metrics.jsonl")).unwrap();
    assert!(record.ends_with('\n'), "what was measured is written whole");
}

#[test]
fn a_lost_connection_ends_the_program_within_a_second() {
    ends_when_the_client_dies("");
}

#[test]
fn a_lost_connection_ends_it_without_the_hang_up_signal_too() {
    // In a session of its own it gets no SIGHUP: the terminal is simply gone.
    ends_when_the_client_dies("setsid --wait");
}
