//! Doors to the parsers of what the kernel tells, for the fuzz targets: nobody else outside this room needs them.
//!
//! It adds no reading of its own.

use super::{execs, processes, sockets};
use std::net::SocketAddr;

/// What is read of /proc/PID/stat.
#[derive(Debug)]
pub struct Stat<'a> {
    /// The short name.
    pub name: &'a [u8],
    /// The parent.
    pub ppid: u32,
    /// Time in user and kernel mode, in clock ticks.
    pub cpu_ticks: u64,
}

/// Reads a line of /proc/PID/stat.
pub fn stat(line: &[u8]) -> Option<Stat<'_>> {
    let stat = processes::stat::parse(line)?;
    Some(Stat { name: stat.name, ppid: stat.now.ppid, cpu_ticks: stat.now.cpu_ticks })
}

/// Counts the messages in a datagram of the process connector.
pub fn exec_messages(datagram: &[u8]) -> usize {
    execs::messages_in(datagram)
}

/// Reads the two ends of each TCP socket in an answer of sock_diag with sequence number 1.
pub fn socket_answer(answer: &[u8]) -> Vec<[SocketAddr; 2]> {
    sockets::ends_in_answer(answer)
}

/// Reads the two ends of each socket in the text of /proc/net/tcp.
pub fn socket_table(text: &[u8]) -> Vec<[SocketAddr; 2]> {
    sockets::ends_in_table(text)
}
