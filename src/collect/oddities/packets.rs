//! Sockets below TCP and UDP, from `/proc/net/packet`, `/proc/net/raw` and `/proc/net/raw6`.
//!
//! Those of this network namespace; containers have tables of their own.

use crate::collect::Root;
use crate::collect::fault::Fault;
use crate::collect::fields::{lines, number, words};
use crate::collect::kept::Kept;
use crate::collect::sockets::Owners;
use crate::model::{PacketFamily, PacketSocket, Process};

/// At most this many are kept.
const MANY: usize = 256;

/// The tables, from beat to beat.
#[derive(Debug)]
pub(super) struct Tables {
    packet: Kept,
    raw: [Kept; 2],
    owners: Owners,
    buffer: Vec<u8>,
}

impl Tables {
    pub(super) fn new(root: &Root) -> Self {
        Self {
            packet: Kept::new(root, "/proc/net/packet"),
            raw: [Kept::new(root, "/proc/net/raw"), Kept::new(root, "/proc/net/raw6")],
            owners: Owners::new(root),
            buffer: Vec::new(),
        }
    }

    /// Reads the tables, and looks for the owners of what is new among `processes`.
    pub(super) fn read(&mut self, processes: Option<&[Process]>) -> Result<Vec<PacketSocket>, Fault> {
        self.packet.read(&mut self.buffer)?;
        let mut found: Vec<_> = lines(&self.buffer).filter_map(packet).collect();
        for table in &mut self.raw {
            // A kernel without IPv6 has no second table.
            if table.read(&mut self.buffer).is_ok() {
                found.extend(lines(&self.buffer).filter_map(raw));
            }
        }
        found.truncate(MANY);

        self.owners.begin(processes);
        for socket in &found {
            self.owners.meet(socket.inode, true, None);
        }
        self.owners.forget_closed(true);
        if let Some(processes) = processes {
            self.owners.look_up(processes);
            for socket in &mut found {
                socket.owner = self.owners.of(socket.inode).0.cloned();
                let program = socket.owner.as_ref().and_then(|owner| {
                    let process = processes.iter().find(|process| process.program.pid == owner.pid);
                    Some(&process?.program)
                });
                socket.exe = program.and_then(|program| Some(program.exe.as_ref()?.path.clone()));
            }
        }
        Ok(found)
    }
}

/// `sk RefCnt Type Proto Iface R Rmem User Inode`; the protocol is hexadecimal.
fn packet(line: &[u8]) -> Option<PacketSocket> {
    let mut words = words(line).skip(3);
    let protocol = hexadecimal(words.next()?)?;
    let interface = u32::try_from(number(words.next()?)?).ok()?;
    let uid = u32::try_from(number(words.nth(2)?)?).ok()?;
    let inode = number(words.next()?)?;
    let interface = Some(interface).filter(|interface| *interface > 0);
    Some(socket(PacketFamily::Packet, protocol, interface, uid, inode))
}

/// `sl local_address:protocol rem_address st queues timer retransmits uid timeout inode ...`
fn raw(line: &[u8]) -> Option<PacketSocket> {
    let mut words = words(line).skip(1);
    let local = words.next()?;
    let protocol = hexadecimal(local.rsplit(|byte| *byte == b':').next()?)?;
    let uid = u32::try_from(number(words.nth(5)?)?).ok()?;
    let inode = number(words.nth(1)?)?;
    Some(socket(PacketFamily::Raw, protocol, None, uid, inode))
}

fn socket(family: PacketFamily, protocol: u16, interface: Option<u32>, uid: u32, inode: u64) -> PacketSocket {
    PacketSocket { family, protocol, interface, uid, inode, owner: None, exe: None }
}

fn hexadecimal(digits: &[u8]) -> Option<u16> {
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_tables_are_read_and_their_heads_are_not() {
        let line = b"00000000d2a3b4c5 3      3    0003   2     1 0        1000   98765";
        let found = packet(line).unwrap();
        assert_eq!((found.protocol, found.interface, found.uid, found.inode), (3, Some(2), 1000, 98765));
        assert_eq!(packet(b"sk               RefCnt Type Proto  Iface R Rmem   User   Inode"), None);
        let line = b"   58: 00000000000000000000000000000000:003A 00000000000000000000000000000000:0000 07 \
                     00000000:00000000 00:00000000 00000000   101        0 4321 2 0000000000000000 0";
        let found = raw(line).unwrap();
        assert_eq!(
            (found.family, found.protocol, found.uid, found.inode),
            (PacketFamily::Raw, 58, 101, 4321)
        );
        assert_eq!(
            raw(b"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid"),
            None
        );
        for end in 0..line.len() - 40 {
            let _ = (raw(&line[..end]), packet(&line[..end]));
        }
    }
}
