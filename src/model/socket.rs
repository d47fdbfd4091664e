//! Sockets: open doors and connections, with the process behind them where permitted.

use super::Safe;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Sockets of one beat.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sockets {
    /// Listening TCP and unconnected bound UDP sockets.
    pub listeners: Vec<Listener>,
    /// Connected sockets; `None` when only the kernel's count was asked for.
    pub connections: Option<Arc<Vec<Connection>>>,
    /// When these were read; very many are not read in every beat.
    #[serde(default)]
    pub connections_at: Option<DateTime<Utc>>,
    /// Established TCP connections, v4 and v6, from the kernel's own counter where it has one.
    pub established: Option<u64>,
    /// Sockets whose owner is known, of all that were looked up.
    pub owners_known: u64,
    /// Sockets that were looked up.
    pub owners_total: u64,
}

impl Sockets {
    /// The connected sockets that are known.
    pub fn connections(&self) -> &[Connection] {
        self.connections.as_deref().map_or(&[], Vec::as_slice)
    }
}

/// TCP or UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Protocol {
    Tcp,
    Udp,
}

/// The state of a TCP socket, by the kernel's numbers (net/tcp_states.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "RFC 9293's own names")]
pub enum TcpState {
    Established,
    SynSent,
    SynRecv,
    FinWait1,
    FinWait2,
    TimeWait,
    Close,
    CloseWait,
    LastAck,
    Listen,
    Closing,
}

/// Who can reach a listening socket, judged by the address it is bound to (no firewall is considered).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Loopback: this machine only.
    ThisMachine,
    /// One private, link-local or otherwise non-global address.
    Lan,
    /// A wildcard or a global address: every network that this machine is on.
    Everyone,
}

/// The process behind a socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Process id; with `start_ticks` the identity.
    pub pid: u32,
    /// Start time in clock ticks since boot.
    pub start_ticks: u64,
    /// The process's short name.
    pub name: Safe,
}

/// A socket that waits for others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listener {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Bound address; unspecified (`0.0.0.0`, `::`) means all.
    pub address: IpAddr,
    /// Bound port.
    pub port: u16,
    /// Who can reach it.
    pub reach: Reach,
    /// The process, where permitted.
    pub owner: Option<Owner>,
    /// User id that owns the socket.
    pub uid: u32,
    /// User name of `uid`.
    pub user: Option<Safe>,
    /// Socket inode: the identity of the socket.
    pub inode: u64,
    /// When it appeared; `None` when it was there before our first look.
    pub since: Option<DateTime<Utc>>,
}

/// A connected socket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Our end.
    pub local: SocketAddr,
    /// Their end.
    pub remote: SocketAddr,
    /// TCP state; connected UDP counts as established.
    pub state: TcpState,
    /// True when they came to one of our listening ports.
    pub incoming: bool,
    /// The process, where permitted.
    pub owner: Option<Owner>,
    /// User id that owns the socket.
    pub uid: u32,
    /// Socket inode; 0 for sockets without one (time-wait).
    pub inode: u64,
    /// Bytes acknowledged by them, where the kernel tells.
    pub sent_bytes: Option<u64>,
    /// Bytes received from them, where the kernel tells.
    pub received_bytes: Option<u64>,
    /// When it appeared; `None` when it was there before our first look, or has no inode to know it by.
    pub since: Option<DateTime<Utc>>,
}
