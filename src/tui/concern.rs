//! Which row a finding is about: its subject and its proofs name a process, a port, an address.
//!
//! It compares; it judges nothing.

use crate::model::{Connection, Finding, Level, Listener, Process, Snapshot, Status};

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
