//! Signals to processes that are held by a pidfd: a pid that is used again is never hit.
//!
//! It says what stands in the way before anything is sent. Whom to signal is a person's decision, on the screen.

use crate::collect::processes::Identity;
use crate::tui::hands::{Pinned, Signal, Signals, Standing};
use anyhow::{Context as _, Result, anyhow, bail};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::process::{self, Pid, PidfdFlags, pidfd_open, pidfd_send_signal};
use std::fs;

/// Parents that are followed at most.
const ANCESTORS_MOST: usize = 64;

/// Sends signals through the kernel.
pub struct Kernel;

impl Signals for Kernel {
    fn pin(&self, pid: u32, start_ticks: u64) -> Result<Box<dyn Pinned>> {
        let gone = || anyhow!("process {pid} is gone");
        let raw = i32::try_from(pid).ok().and_then(Pid::from_raw).with_context(gone)?;
        let fd = match pidfd_open(raw, PidfdFlags::empty()) {
            Ok(fd) => fd,
            Err(Errno::SRCH) => return Err(gone()),
            Err(Errno::NOSYS) => {
                bail!("this kernel cannot hold a process (it needs Linux 5.3): nothing was sent")
            }
            Err(error) => return Err(anyhow!(error).context(format!("cannot hold process {pid}"))),
        };
        // In this order: while the descriptor is open, the pid is not given to another.
        match Identity::of(pid) {
            Some(now) if now.start_ticks == start_ticks => Ok(Box::new(Held { pid: raw, fd })),
            Some(_) => {
                bail!("process {pid} is gone, and its number belongs to another one now: nothing was sent")
            }
            None => Err(gone()),
        }
    }
}

/// One process that is held.
struct Held {
    pid: Pid,
    fd: OwnedFd,
}

impl Pinned for Held {
    fn standing(&self) -> Standing {
        Standing { refusal: self.refusal(), caution: self.caution() }
    }

    fn send(&self, signal: Signal) -> Result<()> {
        let raw = match signal {
            Signal::Stop => process::Signal::STOP,
            Signal::Term => process::Signal::TERM,
            Signal::Kill => process::Signal::KILL,
            Signal::Cont => process::Signal::CONT,
            Signal::Hup => process::Signal::HUP,
            Signal::Int => process::Signal::INT,
        };
        match pidfd_send_signal(&self.fd, raw) {
            Ok(()) => Ok(()),
            Err(Errno::SRCH) => bail!("it is gone"),
            Err(Errno::PERM) => bail!("not permitted"),
            Err(error) => Err(error.into()),
        }
    }
}

impl Held {
    fn number(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    fn refusal(&self) -> Option<String> {
        if Identity::of(self.number()).is_none_or(|now| now.is_dead) {
            return Some(
                "It has ended already and only waits for its parent: no signal reaches it.".to_owned(),
            );
        }
        // Signal 0 through the pid: the descriptor is open, so it is still this process's.
        match process::test_kill_process(self.pid) {
            Err(Errno::PERM) => Some(
                "It belongs to another account: this will be refused. Shown so that you can copy it:"
                    .to_owned(),
            ),
            Err(Errno::SRCH) => Some("It is gone.".to_owned()),
            _ => None,
        }
    }

    fn caution(&self) -> Option<String> {
        let pid = self.number();
        let own = std::process::id();
        let says = match pid {
            1 => "It is the first process: if it ends, this machine ends with it.",
            _ if pid == own => "It is home-soc itself: the screen and the record end with it.",
            _ if descends_from(own, pid) => "Your session runs below it: you will lose this screen.",
            _ if carries_our_login(pid) => "It carries your own login: you will lose this connection.",
            _ => return None,
        };
        Some(says.to_owned())
    }
}

/// True when `pid` is above `from` in the family of processes.
fn descends_from(from: u32, pid: u32) -> bool {
    let mut at = from;
    for _ in 0..ANCESTORS_MOST {
        match Identity::of(at) {
            Some(now) if now.ppid == pid => return true,
            Some(now) if now.ppid > 1 => at = now.ppid,
            _ => return false,
        }
    }
    false
}

/// True for the sshd of the login that started us, which tmux and screen take out of the family (audit session ids,
/// `/proc/PID/sessionid`; all ones is none).
fn carries_our_login(pid: u32) -> bool {
    let session = |pid: &str| fs::read_to_string(format!("/proc/{pid}/sessionid")).ok();
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let ours = session("self").filter(|id| id.trim() != u32::MAX.to_string());
    name.starts_with("sshd") && ours.is_some() && ours == session(&pid.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    fn sleeper() -> Child {
        Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().unwrap()
    }

    fn start_of(pid: u32) -> u64 {
        Identity::of(pid).unwrap().start_ticks
    }

    #[test]
    fn a_process_that_is_held_gets_the_signal() {
        let mut child = sleeper();
        let held = Kernel.pin(child.id(), start_of(child.id())).unwrap();
        assert_eq!(held.standing(), Standing::default());
        held.send(Signal::Term).unwrap();
        let status = child.wait().unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(15));
        assert!(held.send(Signal::Kill).unwrap_err().to_string().contains("gone"));
    }

    #[test]
    fn a_number_that_belongs_to_another_by_now_is_refused() {
        let mut child = sleeper();
        let error = Kernel.pin(child.id(), start_of(child.id()) - 1).err().unwrap();
        assert!(error.to_string().contains("belongs to another"), "{error}");
        child.kill().unwrap();
        child.wait().unwrap();
        let error = Kernel.pin(child.id(), 1).err().unwrap();
        assert!(error.to_string().contains("gone"), "{error}");
    }

    #[test]
    fn an_ended_process_is_said_to_have_ended() {
        let mut child = sleeper();
        let held = Kernel.pin(child.id(), start_of(child.id())).unwrap();
        child.kill().unwrap();
        let since = Instant::now();
        while Identity::of(child.id()).is_some_and(|now| !now.is_dead) {
            assert!(since.elapsed() < Duration::from_secs(30));
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(held.standing().refusal.unwrap().contains("ended already"));
        child.wait().unwrap();
    }

    #[test]
    fn the_first_process_ourselves_and_those_above_us_must_be_meant() {
        let own = std::process::id();
        let parent = Identity::of(own).unwrap().ppid;
        for (pid, words) in [(1, "first process"), (own, "home-soc itself"), (parent, "session")] {
            let caution = Kernel.pin(pid, start_of(pid)).unwrap().standing().caution.unwrap();
            assert!(caution.contains(words) || pid == parent, "{pid}: {caution}");
        }
    }
}
