//! Completes open sessions by what the processes tell: terminal, idle time, what runs in the foreground.
//!
//! Also finds SSH sessions in the process list alone, for machines (containers, musl) without logind and utmp.

use super::{OpenSession, Whoami};
use crate::collect::Root;
use crate::model::{Process, Safe, Session};
use chrono::{DateTime, Utc};
use std::os::unix::fs::MetadataExt;

/// At most this many processes below a session's leader are asked for their terminal.
const FAMILY: usize = 32;

/// Completes the sessions and marks our own.
pub(super) fn sessions(
    open: &[OpenSession],
    root: &Root,
    whoami: &Whoami,
    processes: Option<&[Process]>,
    now: DateTime<Utc>,
) -> Vec<Session> {
    let grounds: Vec<_> = open.iter().map(|s| foreground(s.pid?, root, processes?)).collect();
    let open: Vec<_> = open
        .iter()
        .zip(&grounds)
        .map(|(session, ground)| OpenSession {
            tty: session.tty.clone().or_else(|| ground.as_ref().map(|ground| ground.tty.clone())),
            ..session.clone()
        })
        .collect();
    let own = whoami.own(&open, processes);
    open.into_iter()
        .zip(grounds)
        .zip(own)
        .map(|((session, ground), you)| Session {
            idle_s: session.tty.as_deref().and_then(|tty| idle_s(root, tty, now)),
            how: session.tty.as_deref().filter(|tty| is_console(tty)).map(|_| Safe::new("console")),
            doing: ground.and_then(|ground| ground.doing),
            user: session.user,
            from: session.from,
            tty: session.tty,
            since: session.since,
            pid: session.pid,
            you,
            id: session.id,
        })
        .collect()
}

/// What a session's terminal shows.
struct Foreground {
    tty: Safe,
    doing: Option<Safe>,
}

/// Asks the leader and its descendants, nearest first, for a terminal and its foreground process group.
fn foreground(leader: u32, root: &Root, processes: &[Process]) -> Option<Foreground> {
    let mut family = vec![leader];
    let mut next = 0;
    while let Some(&pid) = family.get(next) {
        let stat = std::fs::read(root.path(&format!("/proc/{pid}/stat"))).unwrap_or_default();
        if let Some((tty, group)) = terminal(&stat) {
            let doing = processes.iter().find(|p| p.program.pid == group).map(|p| Safe::new(&p.command()));
            return Some(Foreground { tty: Safe::new(&tty), doing });
        }
        let more = FAMILY.saturating_sub(family.len());
        family.extend(processes.iter().filter(|p| p.ppid == pid).map(|p| p.program.pid).take(more));
        next += 1;
    }
    None
}

/// Reads terminal line and foreground process group of `/proc/PID/stat`; `None` for a process without terminal.
fn terminal(stat: &[u8]) -> Option<(String, u32)> {
    // The name may hold anything, blanks and brackets too: what follows its last bracket is ours.
    let fields = &stat[memchr::memrchr(b')', stat)? + 1..];
    let mut fields = std::str::from_utf8(fields).ok()?.split_ascii_whitespace().skip(4);
    let device: u32 = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    let (major, minor) = ((device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xf_ff00));
    let line = match major {
        4 if minor < 64 => format!("tty{minor}"),
        4 => format!("ttyS{}", minor - 64),
        136..=143 => format!("pts/{}", (major - 136) * 256 + minor),
        _ => return None,
    };
    Some((line, group))
}

/// Seconds since the terminal was last read from, as w(1) tells it.
fn idle_s(root: &Root, tty: &str, now: DateTime<Utc>) -> Option<u64> {
    let is_line = tty.chars().all(|c| c.is_ascii_alphanumeric() || c == '/') && !tty.starts_with('/');
    let meta = std::fs::metadata(root.path(&format!("/dev/{}", Some(tty).filter(|_| is_line)?))).ok()?;
    Some(now.timestamp().saturating_sub(meta.atime()).max(0) as u64)
}

fn is_console(tty: &str) -> bool {
    tty.strip_prefix("tty").is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit())) || tty == "console"
}

/// Finds SSH sessions by what sshd calls its processes, `sshd: anna@pts/0`. `None` when the list is not whole.
///
/// Any program may call itself so: the account must own the process and root the parent, which must be sshd.
pub(super) fn of_processes(processes: &[Process]) -> Option<Vec<OpenSession>> {
    // With /proc mounted hidepid=2 the others' processes are missing, the first one among them.
    let by_pid = |pid| processes.iter().find(|p| p.program.pid == pid);
    by_pid(1)?;
    let is_sshd = |p: &Process| matches!(&*p.program.name, "sshd" | "sshd-session");
    let session = |p: &Process| {
        let title = p.program.cmdline.as_deref()?;
        let (user, tty) = title
            .strip_prefix("sshd: ")
            .or_else(|| title.strip_prefix("sshd-session: "))?
            .rsplit_once('@')?;
        let parent = by_pid(p.ppid)?;
        let is_true = is_sshd(p)
            && is_sshd(parent)
            && parent.program.uid == Some(0)
            && p.program.user.as_deref() == Some(user);
        let tty = tty.split(',').next().filter(|tty| *tty != "notty").map(Safe::new);
        is_true.then(|| OpenSession {
            user: Safe::new(user),
            tty,
            pid: Some(p.program.pid),
            since: p.program.started_at,
            ..OpenSession::default()
        })
    };
    Some(processes.iter().filter_map(session).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Program;
    use std::sync::Arc;

    fn process(pid: u32, parent: u32, uid: u32, user: &str, name: &str, cmdline: &str) -> Process {
        Process {
            program: Arc::new(Program {
                pid,
                uid: Some(uid),
                user: Some(user.into()),
                name: name.into(),
                cmdline: Some(cmdline.into()),
                ..Program::default()
            }),
            ppid: parent,
            state: 'S',
            cpu_pct: None,
            cpu_time_ms: 0,
            rss_bytes: 0,
            threads: 1,
            nice: 0,
        }
    }

    #[test]
    fn sshd_names_its_sessions_and_others_cannot() {
        let processes = [
            process(1, 0, 0, "root", "systemd", "/sbin/init"),
            process(10, 1, 0, "root", "sshd", "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"),
            process(20, 10, 0, "root", "sshd", "sshd: anna [priv]"),
            process(21, 20, 1000, "anna", "sshd", "sshd: anna@pts/0"),
            process(22, 20, 1000, "anna", "sshd", "sshd: anna@notty"),
            process(30, 1, 1000, "anna", "sshd", "sshd: root@pts/9"),
            process(31, 21, 1000, "anna", "sshd", "sshd: anna@pts/9"),
        ];
        let sessions = of_processes(&processes).unwrap();
        assert_eq!(sessions.iter().map(|s| s.pid.unwrap()).collect::<Vec<_>>(), [21, 22]);
        assert_eq!(sessions[0].tty, Some("pts/0".into()));
        assert_eq!(sessions[1].tty, None);
        assert_eq!(of_processes(&processes[1..]), None);
    }

    #[test]
    fn a_stat_line_tells_the_terminal_whatever_the_name_holds() {
        let stat = |device: u32| format!("7 (a) b) S 1 7 7 {device} 4242 4194304 0").into_bytes();
        assert_eq!(terminal(&stat(34816)), Some(("pts/0".into(), 4242)));
        assert_eq!(terminal(&stat(34816 + (1 << 8))), Some(("pts/256".into(), 4242)));
        assert_eq!(terminal(&stat(1025)), Some(("tty1".into(), 4242)));
        assert_eq!(terminal(&stat(0)), None);
        assert_eq!(terminal(b"7 (x"), None);
    }
}
