//! Who sits at this program: what tells our own session from the others.
//!
//! The facts are taken once, at start, by the one who calls; nothing here looks at other processes.

use super::OpenSession;
use crate::model::Process;

/// The audit session id of a process that nobody logged in for.
const NO_AUDIT_SESSION: u32 = u32::MAX;

/// The facts that tie this program to a session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Whoami {
    /// Our terminal line, `pts/0`.
    pub tty: Option<String>,
    /// `SSH_CONNECTION`: their address, their port, our address, our port.
    pub ssh_connection: Option<String>,
    /// Our process id.
    pub pid: u32,
    /// The kernel's audit session; it survives sudo and, mostly, tmux.
    pub audit: Option<u32>,
    /// logind's session id, from our control group.
    pub session: Option<String>,
}

impl Whoami {
    /// Reads the facts of this very process.
    pub fn of_this_process() -> Self {
        let file = |path| std::fs::read_to_string(path).unwrap_or_default();
        let tty = rustix::termios::ttyname(rustix::stdio::stdin(), Vec::new()).ok();
        Self {
            tty: tty.map(|tty| tty.to_string_lossy().trim_start_matches("/dev/").to_owned()),
            ssh_connection: std::env::var("SSH_CONNECTION").ok(),
            pid: std::process::id(),
            audit: file("/proc/self/sessionid").trim().parse().ok().filter(|id| *id != NO_AUDIT_SESSION),
            session: session_of_cgroup(&file("/proc/self/cgroup")),
        }
    }

    /// Their address, where we came by SSH.
    pub fn address(&self) -> Option<&str> {
        self.ssh_connection.as_deref()?.split_whitespace().next()
    }

    /// Marks our own sessions: by what cannot be mistaken, else by the terminal, else by the address, which
    /// inside tmux is all there is.
    pub(super) fn own(&self, sessions: &[OpenSession], processes: Option<&[Process]>) -> Vec<bool> {
        let ours = |pid: u32| {
            processes.is_some_and(|all| {
                all.iter().any(|p| p.program.pid == pid && (p.program.ours || p.program.pid == self.pid))
            })
        };
        let tests: [&dyn Fn(&OpenSession) -> bool; 3] = [
            &|s| {
                s.pid.is_some_and(ours)
                    || (s.audit.is_some() && s.audit == self.audit)
                    || s.id.as_deref().is_some_and(|id| Some(id) == self.session.as_deref())
            },
            &|s| s.tty.as_deref().is_some_and(|tty| Some(tty) == self.tty.as_deref()),
            &|s| s.from.as_deref().is_some_and(|from| Some(from) == self.address()),
        ];
        tests
            .iter()
            .map(|test| sessions.iter().map(test).collect::<Vec<_>>())
            .find(|marks| marks.contains(&true))
            .unwrap_or_else(|| vec![false; sessions.len()])
    }
}

/// Finds `session-41.scope` in a control group path.
fn session_of_cgroup(text: &str) -> Option<String> {
    text.split(['/', '\n'])
        .find_map(|part| part.strip_prefix("session-")?.strip_suffix(".scope"))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Safe;

    fn session(tty: &str, from: &str, id: &str) -> OpenSession {
        OpenSession {
            user: "anna".into(),
            tty: Some(Safe::new(tty)),
            from: Some(Safe::new(from)),
            id: Some(Safe::new(id)),
            ..OpenSession::default()
        }
    }

    #[test]
    fn the_session_that_cannot_be_mistaken_wins_over_terminal_and_address() {
        let sessions = [session("pts/0", "192.0.2.33", "41"), session("pts/1", "192.0.2.33", "42")];
        let mut me = Whoami {
            tty: Some("pts/1".into()),
            ssh_connection: Some("192.0.2.33 50000 192.0.2.10 22".into()),
            session: Some("41".into()),
            ..Whoami::default()
        };
        assert_eq!(me.own(&sessions, None), [true, false]);
        me.session = None;
        assert_eq!(me.own(&sessions, None), [false, true]);
        me.tty = Some("pts/7".into());
        assert_eq!(me.own(&sessions, None), [true, true]);
        me.ssh_connection = None;
        assert_eq!(me.own(&sessions, None), [false, false]);
    }

    #[test]
    fn a_control_group_names_the_session() {
        let text = "0::/user.slice/user-1000.slice/session-41.scope\n";
        assert_eq!(session_of_cgroup(text), Some("41".into()));
        assert_eq!(session_of_cgroup("0::/system.slice/home-soc.service\n"), None);
    }
}
