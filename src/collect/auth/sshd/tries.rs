//! Tries to sign in: refused, accepted, and given up by sshd.

use super::super::claim::{Claim, Role};
use super::super::{cut, pam};
use super::place::{UserTail, invalid_name, tail, user_tail, with_tail};
use super::{SSHD, claim};
use crate::model::AuthKind;

/// `Failed METHOD for [invalid user ]USER from IP port N ssh2[: EXTRA]`.
pub(super) fn failed(message: &[u8]) -> Option<Claim<'_>> {
    let (method, rest) = cut::word(message.strip_prefix(b"Failed ")?);
    let rest = rest.strip_prefix(b"for ")?;
    let (rest, exists) = match invalid_name(rest) {
        Some(name) => (name, false),
        None => (rest, true),
    };
    let is_key = method.starts_with(b"publickey") || method.starts_with(b"hostbased");
    let found = user_tail(rest, exists, is_key)?;
    let mut claim = claim(AuthKind::Failed, Role::Verdict);
    // A client offers every key of its agent: the refused ones of an existing user are one sign-in.
    if exists && method == b"publickey" {
        claim.role = Role::Offer;
    }
    claim.key = found.tail.extra.filter(|_| is_key).map(key_of);
    Some(Claim {
        method: Some(method),
        exists: Some(known_name(found.user, exists)),
        ..with_tail(claim, found)
    })
}

/// The key of an EXTRA, without what a certificate adds.
fn key_of(extra: &[u8]) -> &[u8] {
    cut::split(extra, b" ID ").map_or(extra, |(key, _)| key)
}

/// Solaris writes `<invalid username>` for names that do not exist.
fn known_name(user: &[u8], exists: bool) -> bool {
    exists && user != b"<invalid username>"
}

/// `Accepted METHOD for USER from IP port N ssh2[: EXTRA]`.
pub(super) fn accepted(message: &[u8]) -> Option<Claim<'_>> {
    let (method, rest) = cut::word(message.strip_prefix(b"Accepted ")?);
    let rest = rest.strip_prefix(b"for ")?;
    let is_key = method.starts_with(b"publickey") || method.starts_with(b"hostbased");
    let found = user_tail(rest, true, is_key)?;
    let mut claim = claim(AuthKind::Accepted, Role::Accepts);
    claim.key = found.tail.extra.filter(|_| is_key).map(key_of);
    Some(Claim { method: Some(method), exists: Some(true), ..with_tail(claim, found) })
}

/// `Partial METHOD for USER from ..`, `Postponed METHOD for USER from ..`: one step of several.
pub(super) fn partial(message: &[u8]) -> Option<Claim<'_>> {
    let rest = cut::after(message, b"Partial ").or_else(|| cut::after(message, b"Postponed "))?;
    let (method, rest) = cut::word(rest);
    let rest = rest.strip_prefix(b"for ")?;
    let (rest, exists) = invalid_name(rest).map_or((rest, true), |name| (name, false));
    let found = user_tail(rest, exists, true)?;
    let claim = claim(AuthKind::Other, Role::Own);
    Some(Claim { method: Some(method), ..with_tail(claim, found) })
}

/// `Invalid user USER from IP[ port N]`.
pub(super) fn invalid_user(message: &[u8]) -> Option<Claim<'_>> {
    let rest = match message.strip_prefix(b"I").or_else(|| message.strip_prefix(b"i"))? {
        rest if rest.starts_with(b"nvalid user ") => &rest[12..],
        rest if rest.starts_with(b"llegal user ") => &rest[12..],
        _ => return None,
    };
    // An empty name leaves `Invalid user  from ..`.
    let (user, place) = cut::split_last(rest, b" from ")?;
    let tail = tail(place).filter(|tail| tail.extra.is_none())?;
    let claim = claim(AuthKind::InvalidUser, Role::Own);
    Some(Claim { exists: Some(false), ..with_tail(claim, UserTail { user, tail, disputed: false }) })
}

/// `User USER from HOST not allowed because REASON`, `User USER not allowed because account is locked`.
pub(super) fn not_allowed(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"User ")?;
    let (who, reason) = cut::split_last(rest, b" not allowed because ")?;
    // sshd goes on as with a name that does not exist: no credential is taken, but some are tried.
    let mut claim = claim(AuthKind::InvalidUser, Role::Own);
    claim.reason = Some(reason);
    claim.exists = Some(true);
    if let Some((user, host)) = cut::split_last(who, b" from ")
        && let Some(address) = cut::host(host)
    {
        return Some(Claim { user: Some(user), address: Some(address), ..claim });
    }
    Some(Claim { user: Some(who), role: Role::Nameless, ..claim })
}

/// `ROOT LOGIN REFUSED FROM IP[ port N]`.
pub(super) fn root_refused(message: &[u8]) -> Option<Claim<'_>> {
    let tail = tail(message.strip_prefix(b"ROOT LOGIN REFUSED FROM ")?)?;
    let mut claim = claim(AuthKind::Failed, Role::Remark);
    claim.reason = Some(b"root login refused");
    claim.exists = Some(true);
    Some(with_tail(claim, UserTail { user: b"root", tail, disputed: false }))
}

/// `maximum authentication attempts exceeded for [invalid user ]USER from IP port N ssh2`.
pub(super) fn maximum(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"maximum authentication attempts exceeded for ")?;
    let (rest, exists) = invalid_name(rest).map_or((rest, true), |name| (name, false));
    let found = user_tail(rest, exists, false)?;
    let mut claim = claim(AuthKind::Failed, Role::Limit);
    claim.reason = Some(b"maximum authentication attempts exceeded");
    Some(Claim { exists: Some(exists), ..with_tail(claim, found) })
}

/// `Too many authentication failures for USER[ from IP port N ssh2]`.
pub(super) fn too_many(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"Too many authentication failures")?;
    let mut claim = claim(AuthKind::Failed, Role::Limit);
    claim.reason = Some(b"too many authentication failures");
    let Some(rest) = rest.strip_prefix(b" for ") else {
        return rest.is_empty().then_some(claim);
    };
    match user_tail(rest, true, false) {
        Some(found) => Some(with_tail(claim, found)),
        None => Some(Claim { user: Some(rest), ..claim }),
    }
}

/// `Login restricted for USER: REASON`, on AIX.
pub(super) fn restricted(message: &[u8]) -> Option<Claim<'_>> {
    let (user, reason) = cut::split(message.strip_prefix(b"Login restricted for ")?, b": ")?;
    let claim = claim(AuthKind::Failed, Role::Nameless);
    Some(Claim { user: Some(user), reason: Some(reason), exists: Some(true), ..claim })
}

/// `Authentication tried for USER with correct key but not from a permitted host (host=NAME, ip=IP[, ..])`.
pub(super) fn host_not_permitted(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"Authentication tried for ")?;
    let (user, place) = cut::split_last(rest, b" with correct key but not from a permitted host (host=")?;
    let (_, ip) = cut::split(place, b", ip=")?;
    let end = ip.iter().position(|byte| matches!(byte, b',' | b')'))?;
    let mut claim = claim(AuthKind::Failed, Role::Remark);
    claim.reason = Some(b"correct key, but not from a permitted host");
    Some(Claim { user: Some(user), address: Some(cut::ip(&ip[..end])?), exists: Some(true), ..claim })
}

/// `PAM: REASON for [illegal user ]USER from HOST`, and the two lines of PAM that sshd passes on.
pub(super) fn pam_prefixed(message: &[u8]) -> Option<Claim<'_>> {
    match message.strip_prefix(b"PAM: ") {
        Some(rest) => pam_reason(rest),
        None => pam::of_service(message, SSHD),
    }
}

/// `REASON for [illegal user ]USER from HOST[ via OWN]`.
pub(super) fn pam_reason(message: &[u8]) -> Option<Claim<'_>> {
    const REASONS: [&[u8]; 12] = [
        b"uthentication failure",
        b"uthentication error",
        b"uthentication failed",
        b"ser not known to the underlying authentication module",
        b"ser account has expired",
        b"ermission denied",
        b"aximum number of tries exceeded",
        b"ave exhausted maximum number of retries for service",
        b"uthentication service cannot retrieve authentication info",
        b"uthentication token is no longer valid; new one required",
        b"ccess denied for user",
        b"odule is unknown",
    ];
    let reason =
        REASONS.iter().find(|reason| message.get(1..).is_some_and(|rest| rest.starts_with(reason)))?;
    let rest = message[1 + reason.len()..].strip_prefix(b" for ")?;
    let (rest, exists) = match invalid_name(rest) {
        Some(name) => (name, Some(false)),
        None => (rest, None),
    };
    let (user, place) = cut::split_last(rest, b" from ")?;
    let (place, rest) = cut::word(place);
    let address = cut::host(place)?;
    if !rest.is_empty() && tail_is_own_side(rest).is_none() {
        return None;
    }
    let claim = claim(AuthKind::Failed, Role::Remark);
    Some(Claim {
        user: Some(user),
        address: Some(address),
        reason: Some(&message[..=reason.len()]),
        method: Some(b"keyboard-interactive/pam"),
        exists,
        ..claim
    })
}

/// `Access denied for user USER by PAM account configuration`.
pub(super) fn account_denied(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"Access denied for user ")?;
    let user = rest.strip_suffix(b" by PAM account configuration")?;
    let mut claim = claim(AuthKind::Failed, Role::Nameless);
    claim.reason = Some(b"access denied by PAM account configuration");
    Some(Claim { user: Some(user), exists: Some(true), ..claim })
}

/// What may follow the address of a PAM reason: `via 192.168.1.201`, `port 22`, `on 10.0.0.1`.
fn tail_is_own_side(rest: &[u8]) -> Option<()> {
    let (word, value) = cut::word(rest);
    let (value, rest) = cut::word(value);
    let fits = match word {
        b"via" | b"on" => cut::host(value).is_some(),
        b"port" => cut::port(value).is_some(),
        _ => false,
    };
    (fits && (rest.is_empty() || tail_is_own_side(rest).is_some())).then_some(())
}
