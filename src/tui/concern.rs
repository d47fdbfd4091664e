//! Which row a finding is about: its subject and its proofs name a process, a port, an address.
//!
//! It compares; it judges nothing.

use crate::model::{Connection, Finding, Level, Listener, Process, Snapshot, Status};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, SocketAddr};

/// The worst open finding for which `about` holds.
pub fn worst(snapshot: &Snapshot, about: impl Fn(&Finding) -> bool) -> Option<&Finding> {
    let open = snapshot.findings.iter().filter(|finding| finding.status == Status::Open);
    open.filter(|finding| about(finding)).max_by_key(|finding| finding.level)
}

fn subject<'a>(finding: &'a Finding, keys: &[&str]) -> Option<&'a str> {
    keys.iter().find_map(|key| finding.subject.get(*key)).map(std::convert::AsRef::as_ref)
}

/// Tells whether a finding is about a process: by pid, by a proof in its /proc directory, by its file or name.
pub fn process(finding: &Finding, process: &Process) -> bool {
    let program = &process.program;
    if let Some(pid) = subject(finding, &["pid"]) {
        return pid.parse() == Ok(program.pid);
    }
    let home = format!("/proc/{}/", program.pid);
    if finding.evidence.iter().any(|proof| proof.source.starts_with(&home)) {
        return true;
    }
    if let Some(path) = subject(finding, &["exe", "path"])
        && program.exe.as_ref().is_some_and(|exe| exe.path == *path)
    {
        return true;
    }
    subject(finding, &["process", "program", "command", "name", "comm"])
        .is_some_and(|name| program.name == *name)
        && finding.category == crate::model::Category::Process
}

/// Tells whether a finding is about an open door: by its port, and its protocol where that is named.
pub fn listener(finding: &Finding, listener: &Listener) -> bool {
    let protocol = match listener.protocol {
        crate::model::Protocol::Tcp => "tcp",
        crate::model::Protocol::Udp => "udp",
    };
    let same = subject(finding, &["protocol"]).is_none_or(|named| named.eq_ignore_ascii_case(protocol));
    let port = subject(finding, &["port", "listener", "socket"]).and_then(|port| {
        let digits = port
            .rsplit([':', ' ', '/'])
            .find(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
        digits?.parse::<u16>().ok()
    });
    same && port == Some(listener.port)
        && subject(finding, &["address", "remote"]).is_none_or(|address| {
            address.parse().is_ok_and(|address: std::net::IpAddr| {
                address == listener.address || listener.address.is_unspecified()
            })
        })
}

/// How bad what is said about connections is, for lists of very many of them.
pub struct Connections {
    addresses: HashMap<IpAddr, Level>,
    ends: HashMap<SocketAddr, Level>,
    pids: HashMap<u32, Level>,
}

impl Connections {
    /// Gathers what the open findings say.
    pub fn of(snapshot: &Snapshot) -> Self {
        let (mut addresses, mut ends, mut pids) = (HashMap::new(), HashMap::new(), HashMap::new());
        for finding in snapshot.findings.iter().filter(|finding| finding.status == Status::Open) {
            if let Some(text) = subject(finding, &["address", "remote"]) {
                if let Ok(address) = text.parse::<IpAddr>() {
                    note(&mut addresses, address, finding.level);
                }
                if let Ok(end) = text.parse::<SocketAddr>() {
                    note(&mut ends, end, finding.level);
                }
            }
            if let Some(pid) = subject(finding, &["pid"]).and_then(|pid| pid.parse().ok()) {
                note(&mut pids, pid, finding.level);
            }
        }
        Self { addresses, ends, pids }
    }

    /// The worst that is said about this one; the same as [`connection`] asked of every finding.
    pub fn level(&self, connection: &Connection) -> Option<Level> {
        let address = self.addresses.get(&connection.remote.ip().to_canonical());
        let end = (!self.ends.is_empty()).then(|| self.ends.get(&connection.remote)).flatten();
        let pid = connection.owner.as_ref().and_then(|owner| self.pids.get(&owner.pid));
        address.max(end).max(pid).copied()
    }
}

fn note<K: Eq + Hash>(levels: &mut HashMap<K, Level>, about: K, level: Level) {
    levels.entry(about).and_modify(|worst| *worst = level.max(*worst)).or_insert(level);
}

/// Tells whether a finding is about a connection: by the remote address, or by the process that holds it.
pub fn connection(finding: &Finding, connection: &Connection) -> bool {
    let remote = connection.remote.ip().to_canonical();
    let address = subject(finding, &["address", "remote"]);
    let pid = subject(finding, &["pid"]).and_then(|pid| pid.parse::<u32>().ok());
    address.is_some_and(|text| text.parse() == Ok(remote) || text.parse() == Ok(connection.remote))
        || (pid.is_some() && pid == connection.owner.as_ref().map(|owner| owner.pid))
}

/// Tells whether a finding is about an address that tried to sign in.
pub fn address(finding: &Finding, address: &str) -> bool {
    subject(finding, &["address", "source", "from"]) == Some(address)
}

/// The level of what is said about a row.
pub fn level(finding: Option<&Finding>) -> Option<Level> {
    finding.map(|finding| finding.level)
}
