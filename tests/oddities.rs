//! Contradictions, made live: a tracer, a packet socket, a covered process; and a quiet machine has none.
//!
//! Only processes that a test starts are touched. A case that needs root or python3 is left out without them.

use chrono::Utc;
use home_soc::collect::{Root, oddities, processes};
use home_soc::model::{Hiding, Oddities, PacketFamily};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

/// A program that is ended with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a Python program and waits for its first line; `None` without Python or without permission.
fn python(program: &str) -> Option<(Running, String)> {
    let mut command = Command::new("python3");
    let child = command.args(["-c", program]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let mut child = Running(child);
    let mut line = String::new();
    BufReader::new(child.0.stdout.take()?).read_line(&mut line).ok()?;
    (!line.is_empty()).then(|| (child, line.trim().to_owned()))
}

fn look() -> Arc<Oddities> {
    let now = Utc::now();
    let listed =
        processes::Collector::new(Root::real(), processes::Settings::default()).read(now, None).value;
    let seen =
        oddities::Collector::new(Root::real()).read(now, listed.as_ref().map(|listed| listed.as_slice()));
    seen.value.expect("oddities have always a value")
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn a_process_that_another_one_seizes_is_told_with_its_tracer() {
    let seize = "import ctypes, os, time\n\
                 pid = os.fork()\n\
                 if pid == 0: time.sleep(60); os._exit(0)\n\
                 libc = ctypes.CDLL(None, use_errno=True)\n\
                 print(pid if libc.ptrace(0x4206, pid, None, None) == 0 else '', flush=True)\n\
                 time.sleep(60)\n";
    let Some((controller, pid)) = python(seize) else { return };
    let Ok(pid) = pid.parse::<u32>() else { return };
    let oddities = look();
    let traced = oddities.traced.as_ref().and_then(|all| all.iter().find(|traced| traced.pid == pid));
    let traced = traced.expect("the seized process is told");
    assert_eq!((traced.tracer_pid, traced.by_parent), (controller.0.id(), true));
    assert!(traced.tracer_name.as_ref().is_some_and(|name| name.starts_with("python3")));
    if let Some(pid) = rustix::process::Pid::from_raw(pid as i32) {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}

#[test]
fn a_packet_socket_is_told_with_its_owner() {
    let open = "import socket, time\n\
                s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))\n\
                print(__import__('os').fstat(s.fileno()).st_ino, flush=True)\n\
                time.sleep(60)\n";
    let Some((owner, inode)) = python(open) else { return };
    let oddities = look();
    let sockets = oddities.packet_sockets.as_ref().expect("the tables can be read by everybody");
    let socket = sockets.iter().find(|socket| socket.inode.to_string() == inode).expect("it is told");
    assert_eq!((socket.family, socket.protocol), (PacketFamily::Packet, 3));
    assert_eq!(socket.owner.as_ref().map(|owner| owner.pid), Some(owner.0.id()));
    assert!(socket.exe.as_ref().is_some_and(|exe| exe.contains("python")));
}

#[test]
fn a_mount_over_a_process_hides_it_from_nobody() {
    let child = Running(Command::new("sleep").arg("60").spawn().unwrap());
    let pid = child.0.id();
    let empty = tempfile::tempdir().unwrap();
    let place = format!("/proc/{pid}");
    let mounted = is_root()
        && Command::new("mount")
            .arg("--bind")
            .arg(empty.path())
            .arg(&place)
            .status()
            .is_ok_and(|s| s.success());
    let oddities = look();
    if mounted {
        let unmounted = Command::new("umount").arg(&place).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
    let hidden = oddities.hidden.as_deref().unwrap_or_default();
    let found = hidden.iter().find(|hidden| hidden.pid == pid);
    assert_eq!(found.map(|found| found.how), mounted.then_some(Hiding::Covered));
    assert!(hidden.iter().all(|hidden| hidden.how == Hiding::Covered), "nobody else is hidden: {hidden:?}");
}

#[test]
fn births_and_ends_by_the_thousand_are_no_hidden_processes() {
    let storm = "i=0; while [ $i -lt 3000 ]; do /bin/true & i=$((i+1)); [ $((i % 20)) = 0 ] && wait; done";
    let mut storm = Running(Command::new("sh").args(["-c", storm]).spawn().unwrap());
    let mut looks = 0;
    while storm.0.try_wait().is_ok_and(|ended| ended.is_none()) && looks < 300 {
        let unlisted = oddities::Collector::new(Root::real()).read(Utc::now(), None).value.unwrap();
        let unlisted = unlisted.hidden.as_deref().unwrap_or_default().to_vec();
        let unlisted: Vec<_> = unlisted.iter().filter(|hidden| hidden.how == Hiding::Unlisted).collect();
        assert!(unlisted.is_empty(), "{unlisted:?}");
        looks += 1;
    }
    assert!(looks > 0);
}
