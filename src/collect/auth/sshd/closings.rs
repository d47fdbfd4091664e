//! Ends of connections: before a sign-in they are probes.

use super::super::claim::{Claim, Role};
use super::super::cut;
use super::claim;
use super::place::{Id, id, known_address, place, place_and_colon, tail, with_id};
use super::probes::{ident_write, nameless_probe};
use super::tries::too_many;
use crate::model::AuthKind;

/// `Connection from ..`, `Connection closed by ID`, `Connection reset by ID`, `Connection from ID timed out`.
pub(super) fn connection(message: &[u8], preauth: bool) -> Option<Claim<'_>> {
    let Some(rest) = message.strip_prefix(b"Connection ") else {
        return ident_write(message).or_else(|| nameless_probe(message));
    };
    if let Some(rest) = rest.strip_prefix(b"closed by ").or_else(|| rest.strip_prefix(b"reset by ")) {
        let id = id(rest).or_else(|| {
            // A name instead of an address, as old versions with UseDNS write it.
            let (name, more) = cut::word(rest);
            let address = cut::host(name).filter(|_| more.is_empty())?;
            Some(Id { user: None, exists: None, address, port: None })
        })?;
        return Some(with_id(closing(Role::Closes, preauth || in_progress(&id)), &id));
    }
    let rest = rest.strip_prefix(b"from ")?;
    if let Some(id) = rest.strip_suffix(b" timed out").and_then(id) {
        return Some(with_id(closing(Role::Closes, preauth || in_progress(&id)), &id));
    }
    let (address, port) = place(rest)?;
    Some(Claim { address: Some(address), port, ..claim(AuthKind::Other, Role::Opens) })
}

/// A user who is still to be authenticated cannot have signed in, whatever the suffix.
fn in_progress(id: &Id<'_>) -> bool {
    id.user.is_some() && id.exists == Some(false)
}

/// The end of a connection: before a sign-in it is a probe.
fn closing(role: Role, preauth: bool) -> Claim<'static> {
    claim(if preauth { AuthKind::Probe } else { AuthKind::Other }, role)
}

/// `Disconnected from ID`, `Disconnecting ID: REASON`, `Disconnecting: REASON`, `Did not receive ..`.
pub(super) fn disconnecting(message: &[u8], preauth: bool) -> Option<Claim<'_>> {
    if let Some(rest) = message.strip_prefix(b"Disconnected from ") {
        let id = id(rest)?;
        return Some(with_id(closing(Role::Closes, preauth || in_progress(&id)), &id));
    }
    if let Some(rest) = message.strip_prefix(b"Did not receive identification string from ") {
        let tail = tail(rest)?;
        let claim = claim(AuthKind::Probe, Role::Own);
        return Some(Claim {
            address: known_address(tail.address),
            port: tail.port,
            reason: Some(b"no identification string"),
            ..claim
        });
    }
    let rest = message.strip_prefix(b"Disconnecting")?;
    let Some(rest) = rest.strip_prefix(b": ") else {
        return disconnecting_id(rest.strip_prefix(b" ")?);
    };
    let mut claim = match rest {
        _ if rest.starts_with(b"Too many authentication failures") => return too_many(rest),
        _ if preauth => claim(AuthKind::Probe, Role::Nameless),
        _ => return None,
    };
    claim.reason = Some(rest);
    if let Some((user, _)) = change_of_name(rest) {
        claim.kind = AuthKind::Failed;
        claim.user = Some(user);
    }
    Some(claim)
}

const CHANGE: &[u8] = b"Change of username or service not allowed: (";

/// The old name, and what follows it, of a try to change the name in one connection.
fn change_of_name(reason: &[u8]) -> Option<(&[u8], &[u8])> {
    cut::split(reason.strip_prefix(CHANGE)?, b",ssh-connection) -> (")
}

/// `[{authenticating|invalid} user USER ]IP port N: REASON`. The name and parts of the reason are the client's.
fn disconnecting_id(text: &[u8]) -> Option<Claim<'_>> {
    let text = text.strip_prefix(b"from ").unwrap_or(text);
    let mut found: Option<(Id<'_>, &[u8])> = None;
    let (mut readings, mut known) = (0, false);
    let mut from = 0;
    let plain = !text.starts_with(b"invalid user ");
    while let Some(at) = cut::find(&text[from..], b": ") {
        let at = from + at;
        from = at + 2;
        let Some(id) = id(&text[..at]) else { continue };
        let reason = &text[at + 2..];
        let is_known = match reason.strip_prefix(CHANGE) {
            // The old name stands in the reason again: a reading in which they differ is a forged one.
            Some(rest) => {
                let again = id.user.and_then(|user| rest.strip_prefix(user));
                if id.user.is_some() && !again.is_some_and(|rest| rest.starts_with(b",")) {
                    continue;
                }
                true
            }
            None => reason == b"Too many authentication failures",
        };
        // What sshd is known to say goes before what it may say.
        if known && !is_known {
            continue;
        }
        readings = if is_known == known { readings + 1 } else { 1 };
        known = is_known;
        found = Some((id, reason));
        if plain {
            // A name that exists has no spaces and no colon: the first reading is sshd's.
            break;
        }
    }
    let (id, reason) = found?;
    let mut claim = with_id(claim(AuthKind::Probe, Role::Own), &id);
    claim.reason = Some(reason);
    claim.disputed = readings > 1;
    if reason.starts_with(b"Too many authentication failures") {
        claim.kind = AuthKind::Failed;
        claim.role = Role::Limit;
    } else if reason.starts_with(CHANGE) {
        claim.kind = AuthKind::Failed;
    }
    Some(claim)
}

/// `Received disconnect from IP[ port N]:[ ]CODE: TEXT`; the text is the client's.
pub(super) fn received_disconnect(message: &[u8], preauth: bool) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"Received disconnect from ")?;
    let (place, port, rest) = place_and_colon(rest)?;
    let (code, text) = cut::split(cut::trim(rest), b":")?;
    let code = cut::number(code)?;
    let text = cut::trim(text);
    let mut claim = closing(Role::Leaves, preauth);
    claim.address = Some(place);
    claim.port = port;
    claim.reason = Some(text);
    // The client says that its try failed; a client that got in says 11.
    if code == 3 && text.ends_with(b": Auth fail") {
        claim.kind = AuthKind::Failed;
    } else if code == 14 && text.starts_with(b"No ") && text.ends_with(b" available") {
        claim.kind = AuthKind::Probe;
    }
    Some(claim)
}
