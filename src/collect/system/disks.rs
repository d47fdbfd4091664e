//! Mounted file systems that hold data, with their fill.
//!
//! Network file systems are not asked: a server that is gone would hold the beat for minutes. Neither is
//! anything mounted below one, because the way to it leads through the server.

use crate::collect::Root;
use crate::collect::fault::Fault;
use crate::collect::fields::{lines, words};
use crate::collect::kept::Kept;
use crate::model::{Disk, Safe, Sensor};
use rustix::fs::FileType;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// At most this many file systems are shown.
const CAP: usize = 256;

/// Local file systems that a person fills. Images that are full by nature (squashfs, iso9660) and those in
/// memory are not among them.
const LOCAL: &[&str] = &[
    "apfs", "bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "fuseblk", "hfs", "hfsplus", "jfs",
    "jffs2", "msdos", "nilfs2", "ntfs", "ntfs3", "reiserfs", "ubifs", "udf", "ufs", "vfat", "xfs", "zfs",
];

/// File systems whose answer may never come.
const REMOTE: &[&str] =
    &["9p", "afs", "autofs", "ceph", "cifs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs"];

/// The file systems as they were seen last.
#[derive(Debug)]
pub(super) struct Disks {
    mounts: Kept,
    live: bool,
    seen: Result<Vec<Disk>, Fault>,
}

/// A line of proc_pid_mountinfo(5).
#[derive(Debug, PartialEq, Eq)]
struct Mount {
    device: Vec<u8>,
    place: PathBuf,
    kind: String,
}

impl Disks {
    pub(super) fn new(root: &Root) -> Self {
        Self {
            mounts: Kept::of_long_records(root, "/proc/self/mountinfo"),
            live: root.is_live(),
            seen: Ok(Vec::new()),
        }
    }

    /// Asks each file system for its fill.
    pub(super) fn look(&mut self, buffer: &mut Vec<u8>) {
        self.seen = self.mounts.read(buffer).map(|()| {
            let mounts = lines(buffer).filter_map(parse);
            // The numbers of a recorded machine's file systems are not in its tree, and ours are not its own.
            if self.live {
                holding_data(mounts).iter().filter_map(fill).take(CAP).collect()
            } else {
                Vec::new()
            }
        });
    }

    /// What the last look found.
    pub(super) fn seen(&self) -> Option<Vec<Disk>> {
        self.seen.as_ref().ok().filter(|_| self.live).cloned()
    }

    /// Whether the last look saw anything; a recorded machine has no file systems to ask.
    pub(super) fn sensor(&self) -> Option<Sensor> {
        self.live.then(|| match &self.seen {
            Ok(_) => Sensor::ok("disks"),
            Err(fault) => fault.blinds("disks", "Mounted file systems"),
        })
    }
}

/// One mount per device, the one with the shortest path, none of them remote or behind a remote one.
fn holding_data(mounts: impl Iterator<Item = Mount>) -> Vec<Mount> {
    let mut remote = Vec::new();
    let mut shortest: BTreeMap<Vec<u8>, Mount> = BTreeMap::new();
    for mount in mounts {
        if is_remote(&mount.kind) {
            remote.push(mount.place);
            continue;
        }
        // A container's root is an overlay; every other overlay shows a disk that is shown already.
        let counts = LOCAL.contains(&mount.kind.as_str())
            || (mount.kind == "overlay" && mount.place == Path::new("/"));
        if !counts {
            continue;
        }
        match shortest.get(&mount.device) {
            Some(known) if known.place.as_os_str().len() <= mount.place.as_os_str().len() => {}
            _ => drop(shortest.insert(mount.device.clone(), mount)),
        }
    }
    let mut kept: Vec<Mount> = shortest.into_values().collect();
    kept.retain(|mount| !remote.iter().any(|server| mount.place.starts_with(server)));
    kept.sort_by(|a, b| a.place.cmp(&b.place));
    kept
}

fn is_remote(kind: &str) -> bool {
    REMOTE.contains(&kind) || kind.starts_with("fuse.") || kind == "fuse"
}

/// Asks one file system; `None` when it is out of our reach or has no size.
fn fill(mount: &Mount) -> Option<Disk> {
    // Containers bind single files (/etc/hosts) from the host's disk: that is not a disk of theirs.
    let stat = rustix::fs::stat(&mount.place).ok()?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
        return None;
    }
    let size = rustix::fs::statvfs(&mount.place).ok()?;
    let total_bytes = size.f_blocks.checked_mul(size.f_frsize).filter(|total| *total > 0)?;
    let used_blocks = size.f_blocks.saturating_sub(size.f_bfree);
    // Of what a user may fill, as df(1) counts: the blocks kept for root are neither used nor free.
    let fillable = used_blocks + size.f_bavail;
    Some(Disk {
        mount: Safe::from_bytes(mount.place.as_os_str().as_bytes()),
        file_system: Safe::new(&mount.kind),
        total_bytes,
        used_bytes: used_blocks.saturating_mul(size.f_frsize),
        used_pct: if fillable == 0 { 100.0 } else { used_blocks as f64 / fillable as f64 * 100.0 },
    })
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw`: fields 3, 5 and the one after ` - `.
fn parse(line: &[u8]) -> Option<Mount> {
    let mut words = words(line);
    let device = words.nth(2)?.to_vec();
    let place = unescape(words.nth(1)?);
    words.find(|word| *word == b"-")?;
    let kind = String::from_utf8(words.next()?.to_vec()).ok()?;
    Some(Mount { device, place: PathBuf::from(OsStr::from_bytes(&place)), kind })
}

/// Blank, tab, newline and backslash stand as `\040`, `\011`, `\012`, `\134`.
fn unescape(word: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((&first, after)) = rest.split_first() {
        if let [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..] = rest {
            out.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
            rest = after;
        } else {
            out.push(first);
            rest = after;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<String> {
        let mounts = holding_data(lines(text.as_bytes()).filter_map(parse));
        mounts.iter().map(|mount| mount.place.display().to_string()).collect()
    }

    #[test]
    fn a_disk_mounted_twice_is_shown_once_at_its_shortest_place() {
        let text = "1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 8:1 /x /srv/bind rw - ext4 /dev/a rw\n3 1 8:2 / /home rw shared:2 - xfs /dev/b rw\n4 1 0:5 / /proc rw - proc proc rw\n";
        assert_eq!(places(text), ["/", "/home"]);
    }

    #[test]
    fn neither_a_server_nor_a_disk_behind_it_is_asked() {
        let text = "1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 0:50 / /mnt/nas rw - nfs4 nas:/x rw\n3 2 8:3 / /mnt/nas/usb rw - ext4 /dev/c rw\n4 1 0:51 / /mnt/s rw - fuse.sshfs a:/ rw\n";
        assert_eq!(places(text), ["/"]);
    }

    #[test]
    fn a_place_with_blanks_is_unescaped_and_damaged_lines_are_skipped() {
        let text = "1 0 8:1 / /my\\040disk\\134n rw - ext4 /dev/a rw\nnonsense\n1 2 3\n";
        assert_eq!(places(text), ["/my disk\\n"]);
    }
}
