//! What OpenSSH says, from 6.6 (`sshd`) to 10.x (`sshd-session`, `sshd-auth`), portable and on other systems.
//!
//! A user name may hold anything but NUL, so every message is read by its template from both ends, and the
//! address is the one that sshd itself wrote. Sources: auth.c, auth2.c, packet.c, sshd-session.c, srclimit.c.
//! It does not join lines.

mod closings;
mod place;
mod probes;
mod tries;

use super::claim::{Claim, Role};
use super::cut;
use crate::model::AuthKind;
use closings::{connection, disconnecting, received_disconnect};
use probes::{
    bad_protocol, connection_error, drop_connection, nameless_probe, negotiation, penalty, protocol_differs,
    refused_connect, scanned, tcp_wrappers_probe, timeout,
};
use tries::{
    accepted, account_denied, failed, host_not_permitted, invalid_user, maximum, not_allowed, pam_prefixed,
    pam_reason, partial, restricted, root_refused, too_many,
};

const SSHD: &[u8] = b"sshd";

/// Reads a message of sshd; `None` when it says nothing about sign-ins.
pub(super) fn read(message: &[u8]) -> Option<Claim<'_>> {
    let (message, preauth) = match message.strip_suffix(b"]") {
        Some(rest) => match rest.strip_suffix(b" [preauth") {
            Some(rest) => (cut::trim(rest), true),
            None => (rest.strip_suffix(b" [postauth").map_or(message, cut::trim), false),
        },
        None => (message, false),
    };
    let message = after_level(message);
    let claim = match message.first()? {
        b'A' => accepted(message)
            .or_else(|| host_not_permitted(message))
            .or_else(|| pam_reason(message))
            .or_else(|| account_denied(message)),
        b'B' => bad_protocol(message).or_else(|| nameless_probe(message)),
        b'C' => connection(message, preauth),
        b'D' => disconnecting(message, preauth),
        b'F' => failed(message),
        b'I' | b'i' => invalid_user(message),
        b'L' => restricted(message),
        b'P' => pam_prefixed(message).or_else(|| protocol_differs(message)).or_else(|| partial(message)),
        b'R' => root_refused(message)
            .or_else(|| received_disconnect(message, preauth))
            .or_else(|| nameless_probe(message)),
        b'S' => tcp_wrappers_probe(message),
        b'T' => timeout(message).or_else(|| too_many(message)),
        b'U' => not_allowed(message).or_else(|| negotiation(message)).or_else(|| pam_reason(message)),
        b'r' => refused_connect(message),
        b'm' => maximum(message),
        b'd' => drop_connection(message),
        b's' => penalty(message).or_else(|| scanned(message)).or_else(|| connection_error(message)),
        b'b' => connection_error(message).or_else(|| nameless_probe(message)),
        b'a' => pam_reason(message),
        _ => nameless_probe(message).or_else(|| connection_error(message)),
    }?;
    Some(claim)
}

/// Skips the level that sshd writes before errors.
fn after_level(message: &[u8]) -> &[u8] {
    for level in [&b"error: "[..], b"fatal: "] {
        if let Some(rest) = message.strip_prefix(level) {
            return cut::trim(rest);
        }
    }
    message
}

const fn claim(kind: AuthKind, role: Role) -> Claim<'static> {
    let mut claim = Claim::new(kind, SSHD);
    claim.role = role;
    claim
}
