//! One socket as the kernel tells it, before it is a door or a connection.

use crate::model::{Protocol, TcpState};
use std::net::SocketAddr;

/// A socket of the kernel's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) protocol: Protocol,
    pub(super) state: TcpState,
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    pub(super) uid: u32,
    /// 0 where the kernel keeps none: time-wait, and connections that nobody accepted yet.
    pub(super) inode: u64,
    pub(super) bytes: Option<Bytes>,
}

/// What a connection moved so far (`struct tcp_info`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bytes {
    pub(super) acknowledged: u64,
    pub(super) received: u64,
}

/// Which sockets are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Listening TCP and unconnected UDP.
    Doors,
    /// Established TCP, to be counted.
    Established,
    /// Every socket.
    All {
        /// And what each connection moved: a quarter of the price of the whole table.
        bytes: bool,
    },
}

impl Wanted {
    /// True when a socket in this state is wanted.
    pub(super) const fn takes(self, protocol: Protocol, state: TcpState) -> bool {
        match (self, protocol) {
            (Self::All { .. }, _) => true,
            (Self::Established, Protocol::Tcp) => matches!(state, TcpState::Established),
            (Self::Established, Protocol::Udp) => false,
            (Self::Doors, Protocol::Tcp) => matches!(state, TcpState::Listen),
            (Self::Doors, Protocol::Udp) => matches!(state, TcpState::Close),
        }
    }

    /// The same as a mask of the kernel's state numbers.
    pub(super) const fn mask(self, protocol: Protocol) -> u32 {
        match (self, protocol) {
            // All of 1-12: request sockets (12) are told as SYN_RECV.
            (Self::All { .. }, Protocol::Tcp) => 0x1ffe,
            (Self::All { .. }, Protocol::Udp) => 1 << 1 | 1 << 7,
            (Self::Established, _) => 1 << 1,
            (Self::Doors, Protocol::Tcp) => 1 << 10,
            (Self::Doors, Protocol::Udp) => 1 << 7,
        }
    }
}

/// The state with the kernel's number (net/tcp_states.h).
pub(super) const fn state(number: u8) -> Option<TcpState> {
    Some(match number {
        1 => TcpState::Established,
        2 => TcpState::SynSent,
        3 | 12 => TcpState::SynRecv,
        4 => TcpState::FinWait1,
        5 => TcpState::FinWait2,
        6 => TcpState::TimeWait,
        7 => TcpState::Close,
        8 => TcpState::CloseWait,
        9 => TcpState::LastAck,
        10 => TcpState::Listen,
        11 => TcpState::Closing,
        _ => return None,
    })
}
