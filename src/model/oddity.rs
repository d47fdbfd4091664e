//! Contradictions between two views of one fact, and the rare things that are worth a look wherever they are.

use super::{Evidence, Owner, Safe};
use serde::{Deserialize, Serialize};

/// What was found odd in one look; each list is bounded.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Oddities {
    /// Processes that live and cannot be seen; `None` when it could not be looked for.
    pub hidden: Option<Vec<HiddenProcess>>,
    /// Sockets that see or make raw packets; `None` when the kernel's tables could not be read.
    pub packet_sockets: Option<Vec<PacketSocket>>,
    /// Processes that another process controls; `None` when no process could be asked.
    pub traced: Option<Vec<TracedProcess>>,
}

/// A process that answers to its number and is missing from a view that must show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HiddenProcess {
    /// Process id.
    pub pid: u32,
    /// How it is hidden.
    pub how: Hiding,
    /// The kernel's short name, where it can be read in spite of the hiding.
    pub name: Option<Safe>,
    /// Command line, where it can be read.
    pub cmdline: Option<Safe>,
    /// Effective user id, where it can be read.
    pub uid: Option<u32>,
    /// The views that contradict each other.
    pub evidence: Vec<Evidence>,
}

/// How a process is hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hiding {
    /// It lives, and the list of `/proc` leaves it out: a kernel rootkit.
    Unlisted,
    /// A mount lies over its folder in `/proc`.
    Covered,
}

/// A socket below TCP and UDP: it sees what passes, or makes packets of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PacketSocket {
    /// Which of the kernel's tables it stands in.
    pub family: PacketFamily,
    /// For packet sockets the Ethernet protocol (3 is every packet), for raw ones the IP protocol.
    pub protocol: u16,
    /// Index of the interface that it is bound to; `None` for all.
    pub interface: Option<u32>,
    /// User id that owns the socket.
    pub uid: u32,
    /// Socket inode: the identity of the socket.
    pub inode: u64,
    /// The process, where permitted.
    pub owner: Option<Owner>,
    /// The owner's executable, where permitted.
    pub exe: Option<Safe>,
}

/// The table that a packet socket stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PacketFamily {
    /// `AF_PACKET`: `/proc/net/packet`.
    Packet,
    /// Raw IPv4 or IPv6: `/proc/net/raw`, `/proc/net/raw6`.
    Raw,
}

/// A process that another one controls (ptrace).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TracedProcess {
    /// Process id.
    pub pid: u32,
    /// The kernel's short name.
    pub name: Safe,
    /// Effective user id.
    pub uid: Option<u32>,
    /// The process that controls it.
    pub tracer_pid: u32,
    /// The controller's short name; `None` when it was gone already.
    pub tracer_name: Option<Safe>,
    /// The controller's executable, where permitted.
    pub tracer_exe: Option<Safe>,
    /// The controller's effective user id.
    pub tracer_uid: Option<u32>,
    /// The controller is the parent: how a debugger starts a program, and not how one is broken into.
    pub by_parent: bool,
}
