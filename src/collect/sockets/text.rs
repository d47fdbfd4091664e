//! The kernel's socket tables as text: /proc/net/{tcp,tcp6,udp,udp6}.
//!
//! For recorded machines, and for live ones that refuse netlink. It knows no bytes per connection.

use super::row::{Row, Wanted, state};
use crate::collect::Root;
use crate::collect::fault::Fault;
use crate::collect::fields::{lines, number, words};
use crate::collect::kept::Kept;
use crate::model::Protocol;
use rustix::io::Errno;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The two tables of one protocol.
#[derive(Debug)]
pub(super) struct Tables {
    protocol: Protocol,
    v4: Kept,
    v6: Kept,
}

impl Tables {
    pub(super) fn new(root: &Root, protocol: Protocol) -> Self {
        let [v4, v6] = match protocol {
            Protocol::Tcp => ["/proc/net/tcp", "/proc/net/tcp6"],
            Protocol::Udp => ["/proc/net/udp", "/proc/net/udp6"],
        };
        Self { protocol, v4: Kept::new(root, v4), v6: Kept::new(root, v6) }
    }

    /// Gives the wanted rows of both tables to `take`, and tells how many lines were damaged.
    pub(super) fn read(
        &mut self,
        wanted: Wanted,
        buffer: &mut Vec<u8>,
        mut take: impl FnMut(Row),
    ) -> Result<u64, Fault> {
        self.v4.read(buffer)?;
        let mut damaged = parse(buffer, self.protocol, wanted, &mut take);
        match self.v6.read(buffer) {
            Ok(()) => damaged += parse(buffer, self.protocol, wanted, &mut take),
            // A machine without IPv6 has no such table.
            Err(Fault::Unreadable { errno: Errno::NOENT, .. }) => {}
            Err(fault) => return Err(fault),
        }
        Ok(damaged)
    }
}

/// Reads one table; the heading is its first line.
pub(super) fn parse(text: &[u8], protocol: Protocol, wanted: Wanted, take: &mut impl FnMut(Row)) -> u64 {
    let mut damaged = 0;
    for line in lines(text).skip(1) {
        match row(line, protocol) {
            Some(row) if wanted.takes(protocol, row.state) => take(row),
            Some(_) => {}
            None => damaged += 1,
        }
    }
    damaged
}

/// `sl local remote st tx:rx tr:when retrnsmt uid timeout inode ...`
fn row(line: &[u8], protocol: Protocol) -> Option<Row> {
    let mut words = words(line).skip(1);
    let local = endpoint(words.next()?)?;
    let remote = endpoint(words.next()?)?;
    let state = state(u8::try_from(hex(words.next()?)?).ok()?)?;
    let uid = u32::try_from(number(words.nth(3)?)?).ok()?;
    let inode = number(words.nth(1)?)?;
    Some(Row { protocol, state, local, remote, uid, inode, bytes: None })
}

/// `0100007F:0016`, or 32 digits and a port: each group of 8 is one word of the address in the order of this
/// machine's memory.
fn endpoint(word: &[u8]) -> Option<SocketAddr> {
    let colon = memchr::memchr(b':', word)?;
    let (address, port) = (&word[..colon], &word[colon + 1..]);
    let port = u16::try_from(hex(port)?).ok()?;
    let ip = match address.len() {
        8 => IpAddr::V4(Ipv4Addr::from((hex(address)? as u32).to_ne_bytes())),
        32 => {
            let mut bytes = [0_u8; 16];
            for (to, digits) in bytes.chunks_exact_mut(4).zip(address.chunks_exact(8)) {
                to.copy_from_slice(&(hex(digits)? as u32).to_ne_bytes());
            }
            // An IPv4 peer of an IPv6 socket is shown as what it is.
            Ipv6Addr::from(bytes).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

fn hex(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    digits
        .iter()
        .try_fold(0_u64, |value, digit| Some(value << 4 | u64::from(char::from(*digit).to_digit(16)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TcpState;
    use proptest::prelude::*;

    const TCP: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
        \x20  0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0 100 0 0 10 0\n\
        \x20  1: 0F02000A:0016 0202000A:C8D4 01 00000000:00000000 02:000A 00000000  1000        0 77 2 0 20 4 30 10 -1\n";

    fn rows(text: &str, wanted: Wanted) -> (Vec<Row>, u64) {
        let mut rows = Vec::new();
        let damaged = parse(text.as_bytes(), Protocol::Tcp, wanted, &mut |row| rows.push(row));
        (rows, damaged)
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn addresses_ports_states_owners_are_read() {
        let (rows, damaged) = rows(TCP, Wanted::All { bytes: false });
        assert_eq!(damaged, 0);
        assert_eq!(
            (rows[0].local.to_string(), rows[0].state, rows[0].inode),
            ("127.0.0.1:22".into(), TcpState::Listen, 4242)
        );
        assert_eq!(
            (rows[1].remote.to_string(), rows[1].state, rows[1].uid),
            ("10.0.2.2:51412".into(), TcpState::Established, 1000)
        );
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn a_mapped_address_is_shown_as_ipv4_and_the_wildcard_stays_ipv6() {
        let mapped = endpoint(b"0000000000000000FFFF00000100007F:1F90").unwrap();
        assert_eq!(mapped.to_string(), "127.0.0.1:8080");
        assert_eq!(endpoint(b"00000000000000000000000000000000:0016").unwrap().to_string(), "[::]:22");
        assert_eq!(
            endpoint(b"000080FE00000000FF005450B6AD1DFE:0016").unwrap().ip().to_string(),
            "fe80::5054:ff:fe1d:adb6"
        );
    }

    #[test]
    fn only_the_wanted_rows_are_given_and_damaged_ones_are_counted() {
        assert_eq!(rows(TCP, Wanted::Doors).0.len(), 1);
        assert_eq!(rows(TCP, Wanted::Established).0.len(), 1);
        let garbled = format!("{TCP}   2: zz:0016 garbage\n\n   3: 0100007F:FFFFF 0:0 0A\n");
        assert_eq!(rows(&garbled, Wanted::All { bytes: false }).1, 2);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = row(&bytes, Protocol::Udp);
            let _ = endpoint(&bytes);
        }
    }
}
