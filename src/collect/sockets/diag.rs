//! The kernel's socket tables over netlink (sock_diag(7)), straight into the reader's rows.
//!
//! Messages are cut by hand: a dump of 40,000 sockets must not allocate. It knows nothing of processes.

use super::row::{Bytes, Row, Wanted, state};
use crate::model::Protocol;
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// The kernel fills at most 32 KiB a message.
const BUFFER_BYTES: usize = 64 << 10;

/// A kernel that does not answer must not hold the beat.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often a dump that was torn by changes is asked again before it is taken as it is.
const ATTEMPTS: u32 = 3;

// linux/netlink.h, linux/sock_diag.h, linux/inet_diag.h
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const TCPDIAG_GETSOCK: u16 = 18;
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLM_F_REQUEST_DUMP: u16 = 0x1 | 0x300;
const NLM_F_DUMP_INTR: u16 = 0x10;
const INET_DIAG_INFO: u16 = 2;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const IPPROTO_UDP: u8 = 17;
const HEADER_BYTES: usize = 16;
/// Header and socket id are followed by different fields in the two kinds of request; the longer has this size.
const REQUEST_BYTES: usize = HEADER_BYTES + 60;
const ROW_BYTES: usize = 72;

/// An open line to the kernel.
#[derive(Debug)]
pub(super) struct Diag {
    socket: OwnedFd,
    buffer: Vec<u8>,
    sequence: u32,
}

/// How far a dump is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    complete: bool,
    /// The table changed while it was listed, so that rows may be missing or twice.
    torn: bool,
}

impl Diag {
    /// Opens the line; refused in some sandboxes and by kernels without sock_diag.
    pub(super) fn open() -> rustix::io::Result<Self> {
        let socket = rustix::net::socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            SocketFlags::CLOEXEC,
            Some(netlink::SOCK_DIAG),
        )?;
        set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))?;
        Ok(Self { socket, buffer: vec![0; BUFFER_BYTES], sequence: 0 })
    }

    /// Appends the wanted sockets of both families to `rows`.
    pub(super) fn read(
        &mut self,
        protocol: Protocol,
        wanted: Wanted,
        rows: &mut Vec<Row>,
    ) -> rustix::io::Result<()> {
        let start = rows.len();
        for attempt in 1..=ATTEMPTS {
            rows.truncate(start);
            let torn = match protocol {
                Protocol::Tcp => self.dump(tcp_request(wanted), protocol, wanted, rows)?,
                Protocol::Udp => {
                    let torn = self.dump(udp_request(AF_INET, wanted), protocol, wanted, rows)?;
                    torn | match self.dump(udp_request(AF_INET6, wanted), protocol, wanted, rows) {
                        // A kernel without IPv6 does not know the family.
                        Err(Errno::NOENT | Errno::AFNOSUPPORT | Errno::INVAL) => false,
                        answer => answer?,
                    }
                }
            };
            if !torn || attempt == ATTEMPTS {
                break;
            }
        }
        Ok(())
    }

    /// One dump; true when the kernel says that the table changed while it was listed.
    fn dump(
        &mut self,
        mut request: [u8; REQUEST_BYTES],
        protocol: Protocol,
        wanted: Wanted,
        rows: &mut Vec<Row>,
    ) -> rustix::io::Result<bool> {
        self.sequence = self.sequence.wrapping_add(1);
        request[8..12].copy_from_slice(&self.sequence.to_ne_bytes());
        rustix::net::send(&self.socket, &request, SendFlags::empty())?;
        let mut torn = false;
        loop {
            let (_, length) =
                match rustix::net::recv(&self.socket, self.buffer.as_mut_slice(), RecvFlags::TRUNC) {
                    Err(Errno::INTR) => continue,
                    answer => answer?,
                };
            // With MSG_TRUNC the length is the message's own, even where the buffer was too small for it.
            let answer = self.buffer.get(..length).ok_or(Errno::MSGSIZE)?;
            let progress = take(answer, self.sequence, protocol, wanted, rows)?;
            torn |= progress.torn;
            if progress.complete {
                return Ok(torn);
            }
        }
    }
}

/// `struct nlmsghdr` and `struct inet_diag_req`: the older request, because it lists both families in one walk
/// over the kernel's table, and that walk is dear even where the table is empty.
fn tcp_request(wanted: Wanted) -> [u8; REQUEST_BYTES] {
    let mut bytes = request(TCPDIAG_GETSOCK);
    bytes[16] = AF_INET;
    if wanted == (Wanted::All { bytes: true }) {
        bytes[19] = 1 << (INET_DIAG_INFO - 1);
    }
    bytes[68..72].copy_from_slice(&wanted.mask(Protocol::Tcp).to_ne_bytes());
    bytes
}

/// `struct nlmsghdr` and `struct inet_diag_req_v2`.
fn udp_request(family: u8, wanted: Wanted) -> [u8; REQUEST_BYTES] {
    let mut bytes = request(SOCK_DIAG_BY_FAMILY);
    bytes[16] = family;
    bytes[17] = IPPROTO_UDP;
    bytes[20..24].copy_from_slice(&wanted.mask(Protocol::Udp).to_ne_bytes());
    bytes
}

/// The header of a request for a whole table.
fn request(kind: u16) -> [u8; REQUEST_BYTES] {
    let mut bytes = [0; REQUEST_BYTES];
    bytes[0..4].copy_from_slice(&(REQUEST_BYTES as u32).to_ne_bytes());
    bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
    bytes[6..8].copy_from_slice(&NLM_F_REQUEST_DUMP.to_ne_bytes());
    bytes
}

/// One netlink message.
struct Message<'a> {
    kind: u16,
    flags: u16,
    sequence: u32,
    body: &'a [u8],
}

/// Cuts the first message off.
fn message(bytes: &[u8]) -> Option<(Message<'_>, &[u8])> {
    let length = u32_at(bytes, 0)? as usize;
    let body = bytes.get(HEADER_BYTES..length)?;
    let message =
        Message { kind: u16_at(bytes, 4)?, flags: u16_at(bytes, 6)?, sequence: u32_at(bytes, 8)?, body };
    Some((message, bytes.get(length.next_multiple_of(4)..).unwrap_or_default()))
}

/// Takes the messages of one answer in; an error is the kernel's own.
pub(super) fn take(
    answer: &[u8],
    sequence: u32,
    protocol: Protocol,
    wanted: Wanted,
    rows: &mut Vec<Row>,
) -> rustix::io::Result<Progress> {
    let mut progress = Progress::default();
    let mut rest = answer;
    while let Some((message, after)) = message(rest) {
        rest = after;
        // An answer to an earlier request that was given up.
        if message.sequence != sequence {
            continue;
        }
        progress.torn |= message.flags & NLM_F_DUMP_INTR != 0;
        match message.kind {
            // Both carry an error number, negative; 0 is none.
            NLMSG_ERROR | NLMSG_DONE => {
                match u32_at(message.body, 0).map_or(0, |number| (number as i32).unsigned_abs()) {
                    0 => progress.complete = true,
                    number @ 1..4096 => return Err(Errno::from_raw_os_error(number as i32)),
                    // Linux has no such error: what we read is no answer of its kernel.
                    _ => return Err(Errno::PROTO),
                }
            }
            SOCK_DIAG_BY_FAMILY | TCPDIAG_GETSOCK => {
                let row = row(message.body, protocol);
                rows.extend(row.filter(|row| wanted.takes(protocol, row.state)));
            }
            _ => {}
        }
    }
    Ok(progress)
}

/// `struct inet_diag_msg` and its attributes.
fn row(body: &[u8], protocol: Protocol) -> Option<Row> {
    let fixed = body.get(..ROW_BYTES)?;
    let family = fixed[0];
    let state = state(fixed[1])?;
    Some(Row {
        protocol,
        state,
        local: endpoint(family, &fixed[4..6], &fixed[8..24])?,
        remote: endpoint(family, &fixed[6..8], &fixed[24..40])?,
        uid: u32_at(fixed, 64)?,
        inode: u64::from(u32_at(fixed, 68)?),
        bytes: bytes(&body[ROW_BYTES..]),
    })
}

/// Port and address in network order.
fn endpoint(family: u8, port: &[u8], address: &[u8]) -> Option<SocketAddr> {
    let port = u16::from_be_bytes(port.try_into().ok()?);
    let ip = match family {
        AF_INET => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(address.get(..4)?).ok()?)),
        // An IPv4 peer of an IPv6 socket is shown as what it is.
        AF_INET6 => Ipv6Addr::from(<[u8; 16]>::try_from(address).ok()?).to_canonical(),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

/// The counters in the `struct tcp_info` attribute, where the kernel (4.1 and later) fills it so far.
fn bytes(mut attributes: &[u8]) -> Option<Bytes> {
    loop {
        let length = usize::from(u16_at(attributes, 0)?);
        let content = attributes.get(4..length)?;
        if u16_at(attributes, 2)? == INET_DIAG_INFO {
            return Some(Bytes { acknowledged: u64_at(content, 120)?, received: u64_at(content, 128)? });
        }
        attributes = attributes.get(length.next_multiple_of(4)..)?;
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TcpState;
    use proptest::prelude::*;

    fn packed(kind: u16, flags: u16, sequence: u32, body: &[u8]) -> Vec<u8> {
        let mut bytes = ((HEADER_BYTES + body.len()) as u32).to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(flags.to_ne_bytes());
        bytes.extend(sequence.to_ne_bytes());
        bytes.extend([0; 4]);
        bytes.extend(body);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    /// 192.168.1.15:22 to 192.168.1.2:51412, established, with 7 bytes acknowledged and 9 received.
    fn connection() -> Vec<u8> {
        let mut body = vec![0; ROW_BYTES];
        body[0] = AF_INET;
        body[1] = 1;
        body[4..6].copy_from_slice(&22_u16.to_be_bytes());
        body[6..8].copy_from_slice(&51412_u16.to_be_bytes());
        body[8..12].copy_from_slice(&[192, 168, 1, 15]);
        body[24..28].copy_from_slice(&[192, 168, 1, 2]);
        body[64..68].copy_from_slice(&1000_u32.to_ne_bytes());
        body[68..72].copy_from_slice(&77_u32.to_ne_bytes());
        let mut info = vec![0; 136];
        info[120..128].copy_from_slice(&7_u64.to_ne_bytes());
        info[128..136].copy_from_slice(&9_u64.to_ne_bytes());
        // An attribute of another kind stands before it.
        for (kind, content) in [(8_u16, vec![3_u8]), (INET_DIAG_INFO, info)] {
            body.extend(((4 + content.len()) as u16).to_ne_bytes());
            body.extend(kind.to_ne_bytes());
            body.extend(content);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        body
    }

    const ALL: Wanted = Wanted::All { bytes: true };

    fn taken(answer: &[u8]) -> (rustix::io::Result<Progress>, Vec<Row>) {
        let mut rows = Vec::new();
        (take(answer, 5, Protocol::Tcp, ALL, &mut rows), rows)
    }

    #[test]
    fn a_row_is_cut_from_its_message() {
        let (progress, rows) = taken(&packed(SOCK_DIAG_BY_FAMILY, 2, 5, &connection()));
        assert_eq!(progress, Ok(Progress::default()));
        let row = rows[0];
        assert_eq!(
            (row.local.to_string(), row.remote.to_string()),
            ("192.168.1.15:22".into(), "192.168.1.2:51412".into())
        );
        assert_eq!((row.state, row.uid, row.inode), (TcpState::Established, 1000, 77));
        assert_eq!(row.bytes, Some(Bytes { acknowledged: 7, received: 9 }));
    }

    #[test]
    fn an_older_kernel_without_the_counters_tells_no_bytes() {
        let mut body = connection();
        body.truncate(ROW_BYTES + 8 + 4 + 104);
        let length = (4 + 104_u16).to_ne_bytes();
        body[ROW_BYTES + 8..ROW_BYTES + 10].copy_from_slice(&length);
        let (_, rows) = taken(&packed(SOCK_DIAG_BY_FAMILY, 2, 5, &body));
        assert_eq!((rows.len(), rows[0].bytes), (1, None));
    }

    #[test]
    fn the_end_a_torn_table_and_a_refusal_are_told_apart() {
        let done = packed(NLMSG_DONE, 2, 5, &[0; 4]);
        assert_eq!(taken(&done).0, Ok(Progress { complete: true, torn: false }));
        let torn = packed(NLMSG_DONE, 2 | NLM_F_DUMP_INTR, 5, &[0; 4]);
        assert_eq!(taken(&torn).0, Ok(Progress { complete: true, torn: true }));
        let refused = packed(NLMSG_ERROR, 0, 5, &(-2_i32).to_ne_bytes());
        assert_eq!(taken(&refused).0, Err(Errno::NOENT));
        let failed = packed(NLMSG_DONE, 0, 5, &(-12_i32).to_ne_bytes());
        assert_eq!(taken(&failed).0, Err(Errno::NOMEM));
    }

    #[test]
    fn an_answer_to_an_earlier_question_is_not_taken() {
        let mut stale = packed(SOCK_DIAG_BY_FAMILY, 2, 4, &connection());
        stale.extend(packed(NLMSG_DONE, 2, 4, &[0; 4]));
        assert_eq!(taken(&stale), (Ok(Progress::default()), Vec::new()));
    }

    proptest! {
        #[test]
        fn no_bytes_panic_or_loop(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = taken(&bytes);
            let _ = taken(&packed(SOCK_DIAG_BY_FAMILY, 0, 5, &bytes));
            let mut body = connection();
            body.truncate(ROW_BYTES);
            body.extend(&bytes);
            let _ = row(&body, Protocol::Tcp);
        }
    }
}
