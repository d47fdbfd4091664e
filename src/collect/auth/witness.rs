//! The kernel as a witness: whether an address and port that a log line names had a connection here.
//!
//! It remembers the remote ends of recent connections to our open doors. A line whose address and port the
//! kernel has seen is confirmed; one that it has not seen is only what the log says, for a short connection can
//! come and go between two looks.

use super::ends::end_of;
use crate::model::{Attribution, AuthEvent, Connection, Protocol, Sockets};
use chrono::{DateTime, Utc};
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

/// At most this many remote ends are remembered; the oldest are forgotten first.
const ENDS: usize = 8192;

/// Remote ends of recent connections.
#[derive(Debug, Default)]
pub(super) struct Witness {
    seen: HashMap<(IpAddr, u16), u64>,
    order: VecDeque<((IpAddr, u16), u64)>,
    looks: u64,
    /// When the connections that were last looked at were read.
    looked_at: Option<DateTime<Utc>>,
}

impl Witness {
    /// Remembers who came in and is or was just connected.
    pub(super) fn look(&mut self, sockets: &Sockets) {
        if sockets.connections_at.is_some() && sockets.connections_at == self.looked_at {
            return;
        }
        self.looked_at = sockets.connections_at;
        let came_in = |connection: &&Connection| connection.protocol == Protocol::Tcp && connection.incoming;
        let ends = sockets.connections().iter().filter(came_in);
        self.remember(
            ends.map(|connection| (connection.remote.ip().to_canonical(), connection.remote.port())),
        );
    }

    /// Remembers remote ends that were seen at one moment.
    pub(super) fn remember(&mut self, ends: impl Iterator<Item = (IpAddr, u16)>) {
        self.looks += 1;
        for end in ends {
            if self.seen.insert(end, self.looks) != Some(self.looks) {
                self.order.push_back((end, self.looks));
            }
        }
        // An end that was seen again stands in the queue twice: only its latest place counts.
        while self.seen.len() > ENDS || self.order.len() > 2 * ENDS {
            let Some((end, look)) = self.order.pop_front() else { break };
            if self.seen.get(&end) == Some(&look) {
                self.seen.remove(&end);
            }
        }
    }

    /// Says how far the event's address can be trusted; `None` for events that name none.
    pub(super) fn judge(&self, event: &AuthEvent) -> Option<Attribution> {
        event.address.as_ref()?;
        // Both stand: what contradicts itself, and what was confirmed before.
        if matches!(event.attribution, Some(Attribution::Disputed | Attribution::KernelConfirmed)) {
            return event.attribution;
        }
        let is_seen = end_of(event).is_some_and(|end| self.seen.contains_key(&end));
        Some(if is_seen { Attribution::KernelConfirmed } else { Attribution::LogOnly })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AuthKind, TcpState};
    use std::sync::Arc;

    fn sockets(ends: impl IntoIterator<Item = (String, bool)>) -> Sockets {
        let connection = |(remote, incoming): (String, bool)| Connection {
            protocol: Protocol::Tcp,
            local: "192.0.2.10:22".parse().unwrap(),
            remote: remote.parse().unwrap(),
            state: TcpState::Established,
            incoming,
            owner: None,
            uid: 0,
            inode: 1,
            sent_bytes: None,
            received_bytes: None,
            since: None,
        };
        Sockets {
            connections: Some(Arc::new(ends.into_iter().map(connection).collect())),
            ..Sockets::default()
        }
    }

    fn event(address: &str, port: u16) -> AuthEvent {
        AuthEvent {
            address: Some(address.into()),
            port: Some(port),
            ..AuthEvent::new(AuthKind::Failed, "sshd", "")
        }
    }

    #[test]
    fn only_what_came_in_and_was_seen_is_confirmed() {
        let mut witness = Witness::default();
        let ends = ["[::ffff:192.0.2.7]:5000", "[fe80::1]:6000"].map(|end| (end.to_owned(), true));
        witness.look(&sockets(ends.into_iter().chain([("198.51.100.1:443".to_owned(), false)])));
        witness.look(&sockets([]));
        assert_eq!(witness.judge(&event("192.0.2.7", 5000)), Some(Attribution::KernelConfirmed));
        assert_eq!(witness.judge(&event("fe80::1%eth0", 6000)), Some(Attribution::KernelConfirmed));
        assert_eq!(witness.judge(&event("192.0.2.7", 5001)), Some(Attribution::LogOnly));
        assert_eq!(witness.judge(&event("198.51.100.1", 443)), Some(Attribution::LogOnly));
        assert_eq!(witness.judge(&event("host.example", 5000)), Some(Attribution::LogOnly));
        assert_eq!(witness.judge(&AuthEvent::new(AuthKind::Sudo, "sudo", "")), None);
        let disputed = AuthEvent { attribution: Some(Attribution::Disputed), ..event("192.0.2.7", 5000) };
        assert_eq!(witness.judge(&disputed), Some(Attribution::Disputed));
    }

    #[test]
    fn the_memory_is_bounded_and_forgets_the_oldest() {
        let mut witness = Witness::default();
        for look in 0..40_u32 {
            let ends = (0..1000).map(|n| (format!("192.0.2.{}:{}", look + 1, 1000 + n), true));
            witness.look(&sockets(ends.chain([("203.0.113.1:1".to_owned(), true)])));
        }
        assert!(witness.seen.len() <= ENDS && witness.order.len() <= 2 * ENDS);
        assert_eq!(witness.judge(&event("203.0.113.1", 1)), Some(Attribution::KernelConfirmed));
        assert_eq!(witness.judge(&event("192.0.2.1", 1000)), Some(Attribution::LogOnly));
        assert_eq!(witness.judge(&event("192.0.2.40", 1000)), Some(Attribution::KernelConfirmed));
    }
}
