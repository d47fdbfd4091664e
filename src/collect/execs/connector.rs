//! The netlink socket on which the kernel tells of births, execs and ends of processes.
//!
//! Works without root from Linux 6.6 on, as root long before; in a container or without `CONFIG_PROC_EVENTS` the
//! kernel keeps silent, which [`Connector::open`] finds out. It does not look at any process.

use super::message::{self, Event, Message, Request};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::sockopt::{self, Timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Room for about 20,000 events while the reader is held up. The kernel doubles it for its own bookkeeping.
const RECEIVE_BYTES: usize = 8 << 20;

/// The multicast group of process events (`CN_IDX_PROC`).
const PROC_GROUP: u32 = 1;

/// The longest wait for the kernel's answer; it comes within microseconds or never.
const ANSWER_WITHIN: Duration = Duration::from_millis(200);

/// How long [`Connector::receive`] waits: a machine on which nothing happens is asked so often.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why the kernel tells nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Silence {
    /// It wants root.
    #[error("this kernel tells process events to root only")]
    Forbidden,
    /// It has no such interface, or not here.
    #[error("this kernel tells no process events here (built without them, or inside a container): {0}")]
    Unsupported(Errno),
}

impl From<Errno> for Silence {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::PERM | Errno::ACCESS => Self::Forbidden,
            other => Self::Unsupported(other),
        }
    }
}

/// An open connector.
#[derive(Debug)]
pub(super) struct Connector {
    socket: OwnedFd,
    buffer: Vec<u8>,
    /// The last sequence number of each processor.
    sequence: HashMap<u32, u32>,
    lost: u64,
}

impl Connector {
    /// Opens the connector and waits until the kernel answers.
    pub(super) fn open() -> Result<Self, Silence> {
        let socket = rustix::net::socket_with(
            AddressFamily::NETLINK,
            SocketType::DGRAM,
            SocketFlags::CLOEXEC,
            Some(netlink::CONNECTOR),
        )?;
        // Beyond the system's limit only with CAP_NET_ADMIN; without it as much as is allowed.
        if sockopt::set_socket_recv_buffer_size_force(&socket, RECEIVE_BYTES).is_err() {
            sockopt::set_socket_recv_buffer_size(&socket, RECEIVE_BYTES)?;
        }
        rustix::net::bind(&socket, &SocketAddrNetlink::new(0, PROC_GROUP))?;
        let mut connector = Self { socket, buffer: vec![0; 4096], sequence: HashMap::new(), lost: 0 };
        let token = connector.ask(Request::Listen)?;
        sockopt::set_socket_timeout(&connector.socket, Timeout::Recv, Some(ANSWER_WITHIN))?;
        connector.await_answer(token, Instant::now() + ANSWER_WITHIN)?;
        sockopt::set_socket_timeout(&connector.socket, Timeout::Recv, Some(PATIENCE))?;
        Ok(connector)
    }

    /// Waits a while for one datagram and hands its events to `hear`.
    pub(super) fn receive(&mut self, mut hear: impl FnMut(Event)) -> rustix::io::Result<()> {
        let (_, length, sender) =
            match rustix::net::recvfrom(&self.socket, &mut self.buffer[..], RecvFlags::empty()) {
                // When the buffer was full, the gap in the sequence will tell how many are lost.
                Err(Errno::AGAIN | Errno::NOBUFS | Errno::INTR) => return Ok(()),
                other => other?,
            };
        let from_kernel = sender
            .and_then(|sender| SocketAddrNetlink::try_from(sender).ok())
            .is_some_and(|sender| sender.pid() == 0);
        if from_kernel {
            for message in message::parse(self.buffer.get(..length).unwrap_or_default()) {
                self.lost += gap(&mut self.sequence, message);
                hear(message.event);
            }
        }
        Ok(())
    }

    /// The number of events of any kind that the kernel could not deliver since the last call.
    pub(super) fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }

    /// Sends a request, and gives the token by which its answer is known: answers go to every listener.
    fn ask(&self, what: Request) -> rustix::io::Result<u32> {
        let pid = std::process::id();
        // Beside a listener in another container that has the same pid there.
        let token = pid ^ rustix::time::clock_gettime(rustix::time::ClockId::Monotonic).tv_nsec as u32;
        let message = message::request(what, token, pid);
        rustix::net::sendto(&self.socket, &message, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
        Ok(token)
    }

    fn await_answer(&mut self, token: u32, until: Instant) -> Result<(), Silence> {
        loop {
            let mut answer = None;
            self.receive(|event| match event {
                Event::Answer { token: of, errno } if of == token.wrapping_add(1) => answer = Some(errno),
                // In a container the kernel ignores us, and we hear what another listener outside asked for, with
                // numbers that mean other processes here.
                _ => {}
            })?;
            match answer {
                Some(0) => return Ok(()),
                Some(errno) => return Err(Errno::from_raw_os_error(errno as i32).into()),
                None => {}
            }
            if Instant::now() >= until {
                return Err(Silence::Unsupported(Errno::TIMEDOUT));
            }
        }
    }
}

impl Drop for Connector {
    fn drop(&mut self) {
        // Kernels before 6.6 count listeners and do not notice that one is gone.
        let _ = self.ask(Request::Ignore);
    }
}

/// Events that are missing before this one on its processor.
fn gap(sequence: &mut HashMap<u32, u32>, message: Message) -> u64 {
    let before = sequence.insert(message.cpu, message.seq);
    match before.map(|before| message.seq.wrapping_sub(before)) {
        // Backwards: the processor went offline and came back.
        Some(step) if step < 1 << 31 => u64::from(step.saturating_sub(1)),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_in_the_sequence_of_a_processor_is_a_loss() {
        let mut sequence = HashMap::new();
        let mut lost = |cpu, seq| gap(&mut sequence, Message { seq, cpu, event: Event::Other });
        assert_eq!(lost(0, 5), 0);
        assert_eq!(lost(0, 6), 0);
        assert_eq!(lost(1, 100), 0);
        assert_eq!(lost(0, 10), 3);
        assert_eq!(lost(1, 101), 0);
        assert_eq!(lost(0, 9), 0);
        assert_eq!(lost(2, u32::MAX), 0);
        assert_eq!(lost(2, 1), 1);
    }
}
