//! What dropbear says: the SSH server of routers and rescue systems.
//!
//! Source: svr-authpasswd.c, svr-auth.c, svr-session.c. Addresses are written `IP:PORT`, IPv6 too.

use super::claim::{Claim, Role};
use super::cut;
use super::timestamp;
use crate::model::AuthKind;

const DROPBEAR: &[u8] = b"dropbear";

/// Reads a message of dropbear.
pub(super) fn read(message: &[u8]) -> Option<Claim<'_>> {
    let message = without_second_header(message);
    match message.first()? {
        b'B' | b'b' => bad_password(message),
        b'L' | b'l' => unknown_user(message),
        b'E' | b'e' => exit(message),
        b'C' | b'c' => child(message),
        b'M' | b'm' => max_tries(message),
        b'P' | b'p' | b'A' | b'a' => succeeded(message),
        b'U' | b'u' | b'R' | b'r' => rejected(message),
        _ => None,
    }
}

/// In the journal some builds repeat their own header: `[1234] Jul 27 01:04:12 `.
fn without_second_header(message: &[u8]) -> &[u8] {
    let Some((pid, rest)) = message.strip_prefix(b"[").and_then(|rest| cut::split(rest, b"] ")) else {
        return message;
    };
    if cut::number(pid).is_none() {
        return message;
    }
    &rest[timestamp::read(rest).1..]
}

fn claim(kind: AuthKind, role: Role) -> Claim<'static> {
    let mut claim = Claim::new(kind, DROPBEAR);
    claim.role = role;
    claim
}

/// The text after a prefix whose first letter may be small, as before 2013.
fn after<'a>(message: &'a [u8], rest_of_prefix: &[u8]) -> Option<&'a [u8]> {
    message.get(1..)?.strip_prefix(rest_of_prefix)
}

/// `IP:PORT` that fills the text; the port may be missing.
fn place(text: &[u8]) -> Option<(&[u8], Option<u16>)> {
    if let Some((address, port)) = cut::split_last(text, b":")
        && let (Some(address), Some(port)) = (cut::ip(address), cut::port(port))
    {
        return Some((address, Some(port)));
    }
    Some((cut::host(text)?, None))
}

/// `'USER' from PLACE`; the name is the client's, so the last `' from ` counts.
fn user_and_place<'a>(text: &'a [u8], claim: Claim<'a>) -> Option<Claim<'a>> {
    let (user, rest) = cut::split_last(text, b"' ")?;
    let user = user.strip_prefix(b"'")?;
    let (_, from) =
        cut::split_last(rest, b"from ").filter(|(key, _)| key.is_empty() || key.starts_with(b"with "))?;
    let (address, port) = place(from)?;
    Some(Claim { user: Some(user), address: Some(address), port, ..claim })
}

/// `Bad [PAM ]password attempt for 'U' from IP:P`.
fn bad_password(message: &[u8]) -> Option<Claim<'_>> {
    let rest = after(message, b"ad ")?;
    let rest = rest.strip_prefix(b"PAM ").unwrap_or(rest).strip_prefix(b"password attempt for ")?;
    let mut claim = claim(AuthKind::Failed, Role::Verdict);
    claim.method = Some(b"password");
    claim.exists = Some(true);
    user_and_place(rest, claim)
}

/// `Login attempt for nonexistent user[ 'U'] from IP:P`, `Login attempt with wrong user 'U' from IP:P`.
fn unknown_user(message: &[u8]) -> Option<Claim<'_>> {
    let rest = after(message, b"ogin attempt ")?;
    let mut claim = claim(AuthKind::InvalidUser, Role::Own);
    if let Some(rest) = rest.strip_prefix(b"with wrong user ") {
        return user_and_place(rest, claim);
    }
    claim.exists = Some(false);
    let rest = rest.strip_prefix(b"for nonexistent user ")?;
    if let Some(from) = rest.strip_prefix(b"from ") {
        let (address, port) = place(from)?;
        return Some(Claim { address: Some(address), port, ..claim });
    }
    user_and_place(rest, claim)
}

/// `Exit before auth[ from <IP:P>][: (user 'U', N fails)]: REASON`; `Exit (U)[ from <IP:P>]: REASON`.
fn exit(message: &[u8]) -> Option<Claim<'_>> {
    let Some(rest) = after(message, b"xit before auth") else {
        let rest = after(message, b"xit (")?;
        let (user, rest) = cut::split(rest, b")")?;
        let mut claim = claim(AuthKind::Other, Role::Closes);
        claim.user = Some(user);
        if let Some((from, _)) = rest.strip_prefix(b" from <").and_then(|rest| cut::split(rest, b">")) {
            let (address, port) = place(from)?;
            return Some(Claim { address: Some(address), port, ..claim });
        }
        return Some(claim);
    };
    let mut claim = claim(AuthKind::Probe, Role::Closes);
    let mut rest = rest;
    if let Some((from, after)) = rest.strip_prefix(b" from <").and_then(|rest| cut::split(rest, b">")) {
        let (address, port) = place(from)?;
        claim.address = Some(address);
        claim.port = port;
        rest = after;
    }
    // A name may hold `): `: what dropbear itself wrote of the end is the last.
    if let Some((user, after)) = cut::split(rest, b"(user '")
        .and_then(|(_, rest)| cut::split_last(rest, b" fails): "))
        .and_then(|(name, after)| Some((cut::split_last(name, b"', ")?.0, after)))
    {
        claim.user = Some(user);
        rest = after;
    } else {
        rest = rest.strip_prefix(b": ")?;
    }
    claim.reason = Some(rest);
    if let Some(limit) = max_tries(rest) {
        return Some(Claim {
            kind: limit.kind,
            address: limit.address.or(claim.address),
            port: limit.port,
            ..claim
        })
        .map(|claim| Claim { role: Role::Own, ..claim });
    }
    if claim.address.is_none() {
        claim.role = Role::Nameless;
    }
    Some(claim)
}

/// `Max auth tries reached - user 'U' from IP:P`.
fn max_tries(message: &[u8]) -> Option<Claim<'_>> {
    let rest = after(message, b"ax auth tries reached - user ")?;
    let mut claim = claim(AuthKind::Lockout, Role::Own);
    claim.reason = Some(b"max auth tries reached");
    user_and_place(rest, claim)
}

/// `Child connection from IP:P`.
fn child(message: &[u8]) -> Option<Claim<'_>> {
    let (address, port) = place(after(message, b"hild connection from ")?)?;
    Some(Claim { address: Some(address), port, ..claim(AuthKind::Other, Role::Opens) })
}

/// `[PAM ]password auth succeeded for 'U' from IP:P`, `Pubkey auth succeeded for 'U' with T key FP from IP:P`,
/// `Auth succeeded with blank password for 'U' from IP:P`.
fn succeeded(message: &[u8]) -> Option<Claim<'_>> {
    let mut claim = claim(AuthKind::Accepted, Role::Accepts);
    claim.exists = Some(true);
    let (how, rest) = cut::split(message, b"uth succeeded ")?;
    if let Some(rest) = rest.strip_prefix(b"with blank password for ") {
        claim.method = Some(b"blank password");
        return user_and_place(rest, claim);
    }
    if !how.ends_with(b" a") {
        return None;
    }
    let is_key = how.starts_with(b"Pubkey") || how.starts_with(b"pubkey");
    claim.method = Some(if is_key { b"publickey" } else { b"password" });
    let rest = rest.strip_prefix(b"for ")?;
    if is_key {
        claim.key = cut::split_last(rest, b"' with ")
            .and_then(|(_, key)| cut::split_last(key, b" from "))
            .map(|(key, _)| key);
    }
    user_and_place(rest, claim)
}

/// `User 'U' has invalid shell, rejected`, `root login rejected`: another line has the address.
fn rejected(message: &[u8]) -> Option<Claim<'_>> {
    let mut claim = claim(AuthKind::InvalidUser, Role::Nameless);
    claim.exists = Some(true);
    if let Some(rest) = after(message, b"oot login rejected") {
        claim.user = Some(b"root");
        claim.reason = Some(b"root login rejected");
        return rest.is_empty().then_some(claim);
    }
    let rest = after(message, b"ser '")?;
    let (user, reason) = cut::split_last(rest, b"' ")?;
    reason.ends_with(b"rejected").then_some(Claim { user: Some(user), reason: Some(reason), ..claim })
}
