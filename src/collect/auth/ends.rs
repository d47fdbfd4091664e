//! The remote ends of this machine's TCP connections, asked at the moment a line names one.
//!
//! A beat comes too late for most tries: a connection lives for seconds. The thread that reads the lines looks
//! itself, into `/proc/net/tcp` and `tcp6` (kernel documentation, networking/proc_net_tcp): when lines name
//! addresses and for a while after, for those who try once try again; and no more often than it costs little.
//! It does not say who owns a connection.

use super::witness::Witness;
use crate::collect::Root;
use crate::model::{Attribution, AuthEvent, AuthKind};
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// At most this much of a table is read: about 28,000 connections.
const TABLE_BYTES: u64 = 4 << 20;
/// A look is followed by a pause of this many times its length, which bounds what looking costs.
const PAUSE_TIMES: u32 = 20;
/// A login that was not seen yet is looked for at once, but not more often than this.
const INSIST_EVERY: Duration = Duration::from_secs(1);
/// Looking goes on for this long after a line that named an address.
const GO_ON: Duration = Duration::from_secs(10);

/// Looks for remote ends in the kernel's tables, and remembers them.
#[derive(Debug)]
pub(super) struct Ends {
    tables: [PathBuf; 2],
    seen: Witness,
    not_before: Option<Instant>,
    go_on_until: Option<Instant>,
    insisted: Option<Instant>,
    text: Vec<u8>,
}

impl Ends {
    /// The tables below `root`; `None` for a recorded machine, whose tables are of another time than its lines.
    pub(super) fn of(root: &Root) -> Option<Self> {
        root.is_live().then(|| Self {
            tables: ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| root.path(table)),
            seen: Witness::default(),
            not_before: None,
            go_on_until: None,
            insisted: None,
            text: Vec::new(),
        })
    }

    /// Confirms those of the events whose address and port are connected now, or were until just now.
    pub(super) fn confirm(&mut self, events: &mut [AuthEvent]) {
        let now = Instant::now();
        if events.iter().any(|event| end_of(event).is_some()) {
            self.go_on_until = Some(now + GO_ON);
        }
        if self.go_on_until.is_some_and(|until| now < until) && self.not_before.is_none_or(|at| at <= now) {
            self.look();
            self.not_before = Some(now + now.elapsed() * PAUSE_TIMES);
        }
        let is_unseen = |event: &AuthEvent| {
            event.kind == AuthKind::Accepted && end_of(event).is_some() && !self.is_confirmed(event)
        };
        if events.iter().any(is_unseen) && self.insisted.is_none_or(|at| now >= at + INSIST_EVERY) {
            self.look();
            self.insisted = Some(now);
        }
        for event in events {
            if self.is_confirmed(event) {
                event.attribution = Some(Attribution::KernelConfirmed);
            }
        }
    }

    fn is_confirmed(&self, event: &AuthEvent) -> bool {
        self.seen.judge(event) == Some(Attribution::KernelConfirmed)
    }

    fn look(&mut self) {
        for table in &self.tables {
            self.text.clear();
            // A kernel without IPv6 has no second table.
            if let Ok(file) = std::fs::File::open(table) {
                let _ = file.take(TABLE_BYTES).read_to_end(&mut self.text);
                self.seen.remember(self.text.split(|byte| *byte == b'\n').filter_map(remote_end));
            }
        }
    }
}

/// The remote end that an event names.
pub(super) fn end_of(event: &AuthEvent) -> Option<(IpAddr, u16)> {
    let address = event.address.as_deref()?.split('%').next()?.parse::<IpAddr>().ok()?;
    Some((address.to_canonical(), event.port?))
}

/// Reads the third field of a row, `0100007F:D431`: address in the machine's byte order by words, port.
fn remote_end(row: &[u8]) -> Option<(IpAddr, u16)> {
    let text = std::str::from_utf8(row).ok()?;
    let (address, port) = text.split_ascii_whitespace().nth(2)?.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok().filter(|port| *port != 0)?;
    let word =
        |at: usize| Some(u32::from_str_radix(address.get(at * 8..at * 8 + 8)?, 16).ok()?.to_ne_bytes());
    let ip = match address.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let mut bytes = [0; 16];
            for (at, part) in bytes.chunks_exact_mut(4).enumerate() {
                part.copy_from_slice(&word(at)?);
            }
            IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical()
        }
        _ => return None,
    };
    Some((ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn rows_of_both_tables_tell_the_remote_end() {
        let end = |row: &str| remote_end(row.as_bytes()).map(|(ip, port)| format!("{ip} {port}"));
        let v4 = "   1: 0A0200C0:0016 097100CB:C93A 01 00000000:00000000 02:000A 00000000 0 0 1 2 0 20";
        assert_eq!(end(v4).as_deref(), Some("203.0.113.9 51514"));
        let mapped = "   2: 0000000000000000FFFF00000A0200C0:0016 0000000000000000FFFF0000097100CB:C93A 06 0";
        assert_eq!(end(mapped).as_deref(), Some("203.0.113.9 51514"));
        let v6 = "   3: 00000000000000000000000001000000:0016 B80D0120000000000000000007000000:0001 01 0";
        assert_eq!(end(v6).as_deref(), Some("2001:db8::7 1"));
        assert_eq!(end("   0: 00000000:0016 00000000:0000 0A"), None);
        assert_eq!(end("  sl  local_address rem_address   st"), None);
        assert_eq!(end("0: x é0000000:1 2"), None);
    }
}
