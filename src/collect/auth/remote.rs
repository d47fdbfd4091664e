//! What other doors to the machine say: OpenVPN, xrdp, Webmin, and the guards that lock addresses out.

use super::claim::{Claim, Role};
use super::cut;
use crate::model::AuthKind;

/// Reads a message of OpenVPN: `[NAME/]IP:PORT MESSAGE`.
pub(super) fn openvpn(message: &[u8]) -> Option<Claim<'_>> {
    let (place, rest) = cut::word(message);
    let mut claim = Claim::new(AuthKind::Failed, b"openvpn");
    let Some((address, port)) = place_of(place) else {
        return stray_packet(message);
    };
    claim.address = Some(address);
    claim.port = port;
    claim.user = cut::split_last(place, b"/").map(|(name, _)| name);
    if rest.starts_with(b"TLS Auth Error: Auth Username/Password verification failed") {
        claim.method = Some(b"password");
        return Some(claim);
    }
    if rest.starts_with(b"VERIFY ERROR: ") {
        claim.method = Some(b"certificate");
        claim.reason = Some(&rest[14..]);
        return Some(claim);
    }
    if let Some(rest) = rest.strip_prefix(b"TLS: Username/Password authentication succeeded for username '") {
        claim.kind = AuthKind::Accepted;
        claim.method = Some(b"password");
        let (user, _) = cut::split(rest, b"'")?;
        return Some(Claim { user: Some(user), ..claim });
    }
    if let Some((name, _)) =
        rest.strip_prefix(b"[").and_then(|rest| cut::split(rest, b"] Peer Connection Initiated"))
    {
        claim.kind = AuthKind::Accepted;
        return Some(Claim { user: Some(name).filter(|name| !name.is_empty()), ..claim });
    }
    if let Some(reason) = rest.strip_prefix(b"TLS Error: ") {
        claim.kind = AuthKind::Probe;
        return Some(Claim { reason: Some(reason), ..claim });
    }
    None
}

/// `TLS Error: incoming packet authentication failed from [AF_INET]IP:PORT`.
fn stray_packet(message: &[u8]) -> Option<Claim<'_>> {
    let reason = message.strip_prefix(b"TLS Error: ")?;
    let (_, place) = cut::split_last(reason, b" from ")?;
    let (address, port) = place_of(place)?;
    let mut claim = Claim::new(AuthKind::Probe, b"openvpn");
    claim.reason = Some(reason);
    Some(Claim { address: Some(address), port, ..claim })
}

/// `[NAME/][[AF_INET]]IP:PORT` that fills the text.
fn place_of(text: &[u8]) -> Option<(&[u8], Option<u16>)> {
    let text = cut::split_last(text, b"/").map_or(text, |(_, place)| place);
    let text = match text.strip_prefix(b"[AF_INET") {
        Some(rest) => cut::split(rest, b"]")?.1,
        None => text,
    };
    let (address, port) = cut::split_last(text, b":")?;
    Some((cut::ip(address)?, Some(cut::port(port)?)))
}

/// Reads a message of xrdp-sesman: `AUTHFAIL: user=U ip=IP time=N`, without the first word.
pub(super) fn xrdp(message: &[u8]) -> Option<Claim<'_>> {
    let (rest, time) = cut::split_last(message, b" time=")?;
    cut::number(cut::trim(time))?;
    let (user, address) = cut::split_last(rest, b" ip=")?;
    let claim = Claim::new(AuthKind::Failed, b"xrdp");
    Some(Claim { user: Some(user.strip_prefix(b"user=")?), address: Some(cut::host(address)?), ..claim })
}

/// Reads a message of Webmin: `{Invalid|Non-existent|Successful} login as U from IP`.
pub(super) fn webmin(message: &[u8]) -> Option<Claim<'_>> {
    let (kind, exists, rest) = if let Some(rest) = message.strip_prefix(b"Invalid login as ") {
        (AuthKind::Failed, true, rest)
    } else if let Some(rest) = message.strip_prefix(b"Non-existent login as ") {
        (AuthKind::Failed, false, rest)
    } else {
        (AuthKind::Accepted, true, message.strip_prefix(b"Successful login as ")?)
    };
    let (user, address) = cut::split_last(rest, b" from ")?;
    let claim = Claim::new(kind, b"webmin");
    Some(Claim { user: Some(user), address: Some(cut::host(address)?), exists: Some(exists), ..claim })
}

/// Reads a message of fail2ban: `[..] NOTICE [JAIL] Ban IP`.
pub(super) fn fail2ban(message: &[u8]) -> Option<Claim<'_>> {
    let (head, address) = cut::split_last(message, b" Ban ")?;
    let (_, jail) = cut::split_last(head, b"[")?;
    let mut claim = Claim::new(AuthKind::Lockout, b"fail2ban");
    claim.reason = Some(jail.strip_suffix(b"]")?);
    Some(Claim { address: Some(cut::ip(cut::trim(address))?), ..claim })
}

/// Reads a message of sshguard: `Blocking "IP/32" for 120 secs (..)`, `Blocking IP:4 for >630secs: ..`.
pub(super) fn sshguard(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"Blocking ")?;
    let (place, reason) = cut::split(rest, b" for ")?;
    let place = place.strip_prefix(b"\"").and_then(|place| place.strip_suffix(b"\"")).unwrap_or(place);
    let address = cut::split_last(place, b"/").map_or(place, |(address, _)| address);
    let address =
        cut::ip(address).or_else(|| cut::split_last(address, b":").and_then(|(ip, _)| cut::ip(ip)))?;
    let mut claim = Claim::new(AuthKind::Lockout, b"sshguard");
    claim.role = Role::Own;
    Some(Claim { address: Some(address), reason: Some(reason), ..claim })
}
