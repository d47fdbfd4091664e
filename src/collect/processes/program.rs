//! The lasting facts of one process: account, command line, executable, control group.
//!
//! Read once when a process is new and again after an exec; never every beat.

use crate::collect::fields::{first_line, lines, number, words};
use crate::collect::kept::{READ, read_at};
use crate::model::{Exe, Safe};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

/// What the kernel appends to the name of a file that is gone.
const DELETED: &[u8] = b" (deleted)";

/// What the kernel says for "nobody logged in" (audit, `AUDIT_UID_UNSET`).
const NO_LOGIN: u64 = u32::MAX as u64;

/// The facts below /proc/PID.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) uid: Option<u32>,
    pub(super) cmdline: Option<Safe>,
    pub(super) exe: Option<Exe>,
    /// The executable is there, and we are not permitted to see it.
    pub(super) exe_denied: bool,
    pub(super) login_uid: Option<u32>,
    pub(super) cgroup: Option<Safe>,
    pub(super) stdio_socket: Option<u64>,
}

/// Where the account of a process is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccountFrom {
    /// The owner of its folder, which the kernel sets to the effective user.
    Folder,
    /// Its `status`: in a recorded machine the folder belongs to whoever recorded it.
    Status,
}

/// Reads the facts of the process below `folder` (/proc); an error means that it is gone.
///
/// `bare` is a kernel thread or a zombie: it has neither a command line nor an executable.
pub(super) fn read(
    folder: BorrowedFd<'_>,
    pid: &str,
    bare: bool,
    account: AccountFrom,
    buffer: &mut Vec<u8>,
) -> rustix::io::Result<Facts> {
    let process =
        rustix::fs::openat(folder, pid, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let uid = match account {
        AccountFrom::Folder => Some(rustix::fs::fstat(&process)?.st_uid),
        AccountFrom::Status => read_at(&process, "status", buffer).ok().and_then(|()| effective_uid(buffer)),
    };
    if bare {
        return Ok(Facts { uid, cmdline: Some(Safe::default()), ..Facts::default() });
    }
    let cmdline = match head(&process, "cmdline", buffer) {
        Ok(()) => Some(command_line(buffer)),
        Err(Errno::SRCH) => return Err(Errno::SRCH),
        Err(_) => None,
    };
    let (exe, exe_denied) = executable(&process, buffer);
    let login_uid = read_at(&process, "loginuid", buffer)
        .ok()
        .and_then(|()| number(first_line(buffer)?))
        .filter(|uid| *uid != NO_LOGIN)
        .and_then(|uid| u32::try_from(uid).ok());
    let cgroup = read_at(&process, "cgroup", buffer).ok().and_then(|()| control_group(buffer));
    let stdio_socket = stdio_socket(&process, buffer);
    Ok(Facts { uid, cmdline, exe, exe_denied, login_uid, cgroup, stdio_socket })
}

/// Reads the first 8 KiB: a command line may have megabytes, and half of this is shown.
fn head(process: &OwnedFd, name: &str, buffer: &mut Vec<u8>) -> rustix::io::Result<()> {
    buffer.clear();
    buffer.reserve(8192);
    let file = rustix::fs::openat(process, name, READ, Mode::empty())?;
    let mut text = [0_u8; 8192];
    let length = rustix::io::read(&file, &mut text)?;
    buffer.extend_from_slice(&text[..length]);
    Ok(())
}

/// Reads the executable of the process whose folder is given, and whether it is there but not permitted to us.
pub(in crate::collect) fn executable(process: impl AsFd, buffer: &mut Vec<u8>) -> (Option<Exe>, bool) {
    if let Err(errno) = link(&process, "exe", buffer) {
        return (None, matches!(errno, Errno::ACCESS | Errno::PERM));
    }
    let mut exe = exe(buffer);
    if exe.deleted {
        // Through the process's own root, because in a container the same path is another file.
        let mut place = b"root".to_vec();
        place.extend_from_slice(buffer.strip_suffix(DELETED).unwrap_or_default());
        exe.replaced = rustix::fs::statat(&process, place.as_slice(), AtFlags::empty()).is_ok();
    }
    (Some(exe), false)
}

fn exe(target: &[u8]) -> Exe {
    match target.strip_suffix(DELETED) {
        Some(path) => Exe { path: Safe::from_bytes(path), deleted: true, replaced: false },
        None => Exe { path: Safe::from_bytes(target), deleted: false, replaced: false },
    }
}

/// The one socket behind standard input, output and error.
fn stdio_socket(process: impl AsFd, buffer: &mut Vec<u8>) -> Option<u64> {
    link(&process, "fd/0", buffer).ok()?;
    let first = socket_inode(buffer)?;
    for other in ["fd/1", "fd/2"] {
        link(&process, other, buffer).ok()?;
        (socket_inode(buffer)? == first).then_some(())?;
    }
    Some(first)
}

/// The inode in `socket:[123]`, the target of a descriptor that is a socket (proc_pid_fd(5)).
pub(in crate::collect) fn socket_inode(target: &[u8]) -> Option<u64> {
    number(target.strip_prefix(b"socket:[")?.strip_suffix(b"]")?)
}

/// Reads where a link points to, into the reused buffer.
fn link(folder: impl AsFd, name: &str, buffer: &mut Vec<u8>) -> rustix::io::Result<()> {
    *buffer = rustix::fs::readlinkat(folder, name, std::mem::take(buffer))?.into_bytes();
    Ok(())
}

/// Arguments end in a NUL each; they are shown with a blank between them.
pub(in crate::collect) fn command_line(raw: &[u8]) -> Safe {
    let end = raw.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let shown: Vec<u8> = raw[..end].iter().map(|byte| if *byte == 0 { b' ' } else { *byte }).collect();
    Safe::from_bytes(&shown)
}

/// The second number of `Uid:` in proc_pid_status(5).
pub(in crate::collect) fn effective_uid(status: &[u8]) -> Option<u32> {
    let line = lines(status).find_map(|line| line.strip_prefix(b"Uid:"))?;
    u32::try_from(number(words(line).nth(1)?)?).ok()
}

/// The path of the unified hierarchy (`0::/path`), else the one that systemd names (cgroups(7)).
fn control_group(text: &[u8]) -> Option<Safe> {
    let path = |line: &[u8]| {
        let mut parts = line.splitn(3, |byte| *byte == b':');
        let (number, names, path) = (parts.next()?.to_vec(), parts.next()?.to_vec(), parts.next()?.to_vec());
        Some((number, names, path))
    };
    let all: Vec<_> = lines(text).take(64).filter_map(path).collect();
    let unified = all.iter().find(|(number, names, path)| number == b"0" && names.is_empty() && path != b"/");
    let systemd = || all.iter().find(|(_, names, _)| names == b"name=systemd");
    let any = || all.iter().find(|(number, _, _)| number == b"0");
    unified.or_else(systemd).or_else(any).map(|(_, _, path)| Safe::from_bytes(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_joined_and_trailing_zeros_dropped() {
        assert_eq!(command_line(b"sshd\0-D\0\0\0"), "sshd -D");
        assert_eq!(command_line(b"nginx: master process\0"), "nginx: master process");
        assert_eq!(command_line(b"a\0\0b\0"), "a  b");
        assert_eq!(command_line(b"\0\0"), "");
    }

    #[test]
    fn a_deleted_executable_keeps_its_path_and_is_marked() {
        assert_eq!(exe(b"/tmp/x (deleted)"), Exe { path: "/tmp/x".into(), deleted: true, replaced: false });
        assert!(!exe(b"/tmp/(deleted)").deleted);
    }

    #[test]
    fn the_unified_group_is_preferred_and_systemds_comes_next() {
        let both = b"12:cpu:/a\n1:name=systemd:/user.slice\n0::/system.slice/ssh.service\n";
        assert_eq!(control_group(both).unwrap(), "/system.slice/ssh.service");
        assert_eq!(control_group(b"1:name=systemd:/x:y\n0::/\n").unwrap(), "/x:y");
        assert_eq!(control_group(b"0::/\n").unwrap(), "/");
        assert_eq!(control_group(b"garbage\n"), None);
    }

    #[test]
    fn the_account_is_the_effective_one() {
        assert_eq!(effective_uid(b"Name:\ta\nUid:\t1000\t0\t1000\t1000\n"), Some(0));
        assert_eq!(effective_uid(b"Uid:\t1000\n"), None);
    }
}
