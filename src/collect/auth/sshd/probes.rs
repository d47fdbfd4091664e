//! Strangers who knock: broken protocols, time-outs, and what sshd turns away by itself.

use super::super::claim::{Claim, Role};
use super::super::cut;
use super::claim;
use super::place::{id, known_address, place, place_and_colon, tail, with_id};
use crate::model::AuthKind;

/// `Unable to negotiate with ID: no matching ..`, `Unable to negotiate a key exchange method`.
pub(super) fn negotiation(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"Unable to negotiate ")?;
    let Some(rest) = rest.strip_prefix(b"with ") else {
        return Some(Claim { reason: Some(message), ..claim(AuthKind::Probe, Role::Nameless) });
    };
    let (who, reason) = cut::split(rest, b": no matching ")?;
    let id = id(who)?;
    Some(Claim { reason: Some(reason), ..with_id(claim(AuthKind::Probe, Role::Own), &id) })
}

/// `Timeout before authentication for IP port N`, `.. for connection from IP to IP, pid = N`.
pub(super) fn timeout(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"Timeout before authentication for ")?;
    let mut claim = claim(AuthKind::Probe, Role::Own);
    claim.reason = Some(b"timeout before authentication");
    if let Some(rest) = rest.strip_prefix(b"connection from ") {
        let (address, _) = cut::split(rest, b" to ")?;
        return Some(Claim { address: Some(cut::host(address)?), ..claim });
    }
    let tail = tail(rest.strip_suffix(b".").unwrap_or(rest))?;
    Some(Claim { address: Some(tail.address), port: tail.port, ..claim })
}

/// `Bad protocol version identification '..' from IP[ port N]`.
pub(super) fn bad_protocol(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"Bad protocol version identification '")?;
    let (_, place) = cut::split_last(rest, b"' from ")?;
    let tail = tail(place).filter(|tail| tail.extra.is_none())?;
    let claim = claim(AuthKind::Probe, Role::Own);
    Some(Claim {
        address: known_address(tail.address),
        port: tail.port,
        reason: Some(b"bad protocol version identification"),
        ..claim
    })
}

/// `Protocol major versions differ for IP[ port N]: A vs. B`.
pub(super) fn protocol_differs(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"Protocol major versions differ for ")?;
    let (address, port, _) = place_and_colon(rest)?;
    let claim = claim(AuthKind::Probe, Role::Own);
    Some(Claim { address: Some(address), port, reason: Some(b"protocol major versions differ"), ..claim })
}

/// `scanned from IP[ port N] with TEXT. Don't panic.`, in lower and upper case.
pub(super) fn scanned(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"scanned from ")?;
    let (who, _) = cut::split(rest, b" with ")?;
    let (address, port) = place(who)?;
    let claim = claim(AuthKind::Probe, Role::Own);
    Some(Claim { address: Some(address), port, reason: Some(b"scanned"), ..claim })
}

/// `SSH: Server;Ltype: Version;Remote: IP-PORT;..`: the high-performance patch names each connection.
pub(super) fn tcp_wrappers_probe(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"SSH: Server;Ltype: ")?;
    let (_, rest) = cut::split(rest, b";Remote: ")?;
    let (place, _) = cut::split(rest, b";")?;
    let (address, port) = cut::split_last(place, b"-")?;
    let claim = claim(AuthKind::Other, Role::Opens);
    Some(Claim { address: Some(cut::ip(address)?), port: cut::port(port), ..claim })
}

/// `Could not write ident string to IP port N: REASON`.
pub(super) fn ident_write(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"Could not write ident string to ")?;
    let tail = tail(rest)?;
    let claim = claim(AuthKind::Probe, Role::Own);
    Some(Claim { address: known_address(tail.address), port: tail.port, ..claim })
}

/// `refused connect from NAME (IP)`, of the TCP wrappers.
pub(super) fn refused_connect(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"refused connect from ")?;
    let mut claim = claim(AuthKind::Failed, Role::Own);
    claim.reason = Some(b"refused connect");
    if let Some((_, ip)) = rest.strip_suffix(b")").and_then(|rest| cut::split_last(rest, b" (")) {
        return Some(Claim { address: Some(cut::host(ip)?), ..claim });
    }
    let address = rest.strip_prefix(b"::ffff:").unwrap_or(rest);
    Some(Claim { address: Some(cut::host(address)?), ..claim })
}

/// `drop connection #N from [IP]:P on [IP]:P REASON`.
pub(super) fn drop_connection(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"drop connection #")?;
    let (_, rest) = cut::split(rest, b" from [")?;
    let (address, rest) = cut::split(rest, b"]:")?;
    let (port, rest) = cut::word(rest);
    let (_, reason) = cut::word(rest.strip_prefix(b"on ")?);
    let penalty = reason.strip_prefix(b"penalty: ");
    let kind = if penalty.is_some() { AuthKind::Lockout } else { AuthKind::Probe };
    Some(Claim {
        address: Some(cut::ip(address)?),
        port: cut::port(port),
        reason: Some(penalty.unwrap_or(reason)),
        ..claim(kind, Role::Own)
    })
}

/// `srclimit_penalise: ipv4: new IP/32 active penalty of S seconds for REASON`.
pub(super) fn penalty(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"srclimit_penalise: ipv")?;
    let (_, rest) = cut::split(rest, b": ")?;
    let rest = rest.strip_prefix(b"new ").unwrap_or(rest);
    let (net, rest) = cut::word(rest);
    let (address, _) = cut::split(net, b"/")?;
    let active = rest.starts_with(b"active ");
    let (_, reason) = cut::split(rest, b" for ")?;
    let kind = if active { AuthKind::Lockout } else { AuthKind::Other };
    Some(Claim {
        address: Some(cut::ip(address)?),
        reason: Some(reason.strip_prefix(b"penalty: ").unwrap_or(reason)),
        ..claim(kind, Role::Own)
    })
}

/// `TAG: Connection from ID: ERROR`, where TAG is one word of sshd's own: `banner exchange`, ...
pub(super) fn connection_error(message: &[u8]) -> Option<Claim<'_>> {
    let (tag, rest) = cut::split(message, b": Connection ")?;
    if tag.len() > 40 || !tag.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b' ')) {
        return None;
    }
    let rest = rest.strip_prefix(b"from ").or_else(|| rest.strip_prefix(b"to "))?;
    // An existing user's name has no colon, and an address before any colon is sshd's.
    let mut from = 0;
    while let Some(at) = cut::find(&rest[from..], b": ") {
        let at = from + at;
        from = at + 2;
        if let Some(id) = id(&rest[..at]) {
            let claim = with_id(claim(AuthKind::Probe, Role::Own), &id);
            return Some(Claim { reason: Some(&rest[at + 2..]), ..claim });
        }
    }
    None
}

/// Ends of a connection before a sign-in that name no address.
pub(super) fn nameless_probe(message: &[u8]) -> Option<Claim<'_>> {
    const STARTS: [&[u8]; 9] = [
        b"kex_exchange_identification: ",
        b"kex_protocol_error: ",
        b"Read from socket failed: ",
        b"no matching ",
        b"Bad packet length ",
        b"Corrupted MAC on input",
        b"Connection reset by peer",
        b"buffer_get_string",
        b"bad client public DH value",
    ];
    let known = STARTS.iter().any(|start| message.starts_with(start));
    known.then(|| Claim { reason: Some(message), ..claim(AuthKind::Probe, Role::Nameless) })
}
