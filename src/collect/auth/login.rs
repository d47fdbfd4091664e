//! What login says on consoles and over telnet: util-linux, shadow, BSD.

use super::claim::{Claim, Role};
use super::cut;
use crate::model::AuthKind;

const LOGIN: &[u8] = b"login";

/// Reads a message of login.
pub(super) fn read(message: &[u8]) -> Option<Claim<'_>> {
    match message.first()? {
        b'F' => failed(message.strip_prefix(b"FAILED LOGIN ")?),
        b'T' => too_many(message.strip_prefix(b"TOO MANY LOGIN ")?),
        b'L' => on(message.strip_prefix(b"LOGIN ON ").or_else(|| message.strip_prefix(b"LOGIN on "))?),
        b'R' => root_on(message.strip_prefix(b"ROOT LOGIN ")?),
        b'D' => on(message.strip_prefix(b"DIALUP AT ")?),
        b'i' => invalid_password(message.strip_prefix(b"invalid password for ")?),
        b'0'..=b'9' => bsd(message),
        _ => None,
    }
}

fn claim(kind: AuthKind, role: Role) -> Claim<'static> {
    let mut claim = Claim::new(kind, LOGIN);
    claim.role = role;
    claim
}

/// `'text'` as `text`.
fn unquoted(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"'").and_then(|text| text.strip_suffix(b"'")).unwrap_or(text)
}

/// Puts what stands behind FROM where it belongs: a terminal or the other end.
fn with_place<'a>(claim: Claim<'a>, place: &'a [u8]) -> Claim<'a> {
    let place = unquoted(place);
    let place = place.strip_prefix(b"/dev/").unwrap_or(place);
    if place.starts_with(b"tty") || place.starts_with(b"pts/") || matches!(place, b"console" | b"hvc0") {
        return Claim { tty: Some(place), ..claim };
    }
    if matches!(place, b"(null)" | b"(unknown)" | b"UNKNOWN" | b"") {
        return claim;
    }
    Claim { address: cut::host(place), ..claim }
}

/// `N FROM PLACE FOR USER, REASON`, `SESSION FROM ..`, `(N) on 'TTY'[ from 'HOST'] FOR 'USER', REASON`.
fn failed(rest: &[u8]) -> Option<Claim<'_>> {
    let (_, rest) = cut::word(rest);
    let mut claim = claim(AuthKind::Failed, Role::Verdict);
    // The place has no spaces and comes before the name, which may hold anything.
    let (place, rest) = cut::split(rest, b" FOR ")?;
    if let Some(place) = place.strip_prefix(b"FROM ") {
        claim = with_place(claim, place);
    } else if let Some(place) = place.strip_prefix(b"on ") {
        let (tty, from) = cut::split(place, b" from ").map_or((place, None), |(tty, from)| (tty, Some(from)));
        claim = with_place(claim, tty);
        if let Some(from) = from {
            claim = with_place(claim, from);
        }
    } else {
        return None;
    }
    let (user, reason) =
        cut::split_last(rest, b", ").map_or((rest, None), |(user, reason)| (user, Some(reason)));
    claim.reason = reason;
    let user = unquoted(user);
    if user == b"UNKNOWN" || user == b"(unknown)" {
        claim.exists = Some(false);
    } else {
        claim.user = Some(user);
    }
    Some(claim)
}

/// `TRIES (N) FROM PLACE FOR USER[, REASON]`.
fn too_many(rest: &[u8]) -> Option<Claim<'_>> {
    let (_, rest) = cut::split(rest, b") ")?;
    let rest = rest.strip_prefix(b"FROM ").or_else(|| rest.strip_prefix(b"from ")).unwrap_or(rest);
    let mut claim = claim(AuthKind::Failed, Role::Limit);
    claim.reason = Some(b"too many login tries");
    let (place, user) = match cut::split(rest, b" FOR ") {
        Some(parts) => parts,
        None => (&b""[..], rest.strip_prefix(b"FOR ")?),
    };
    let user = cut::split_last(user, b", ").map_or(user, |(user, _)| user);
    Some(Claim { user: Some(unquoted(user)), ..with_place(claim, place) })
}

/// `TTY BY USER[ FROM HOST]`.
fn on(rest: &[u8]) -> Option<Claim<'_>> {
    let (tty, rest) = cut::split(rest, b" BY ").or_else(|| cut::split(rest, b" by "))?;
    let (user, from) =
        cut::split_last(rest, b" FROM ").map_or((rest, None), |(user, from)| (user, Some(from)));
    let claim = with_place(claim(AuthKind::Accepted, Role::Accepts), from.unwrap_or_default());
    Some(Claim { user: Some(user), tty: Some(tty), exists: Some(true), ..claim })
}

/// `ON TTY[ FROM HOST]`, ` on 'TTY'[ from 'HOST']`.
fn root_on(rest: &[u8]) -> Option<Claim<'_>> {
    let rest = cut::trim(rest);
    let rest = rest.strip_prefix(b"ON ").or_else(|| rest.strip_prefix(b"on "))?;
    let (tty, from) = cut::split(rest, b" FROM ")
        .or_else(|| cut::split(rest, b" from "))
        .map_or((rest, None), |(tty, from)| (tty, Some(from)));
    let claim = with_place(claim(AuthKind::Accepted, Role::Accepts), from.unwrap_or_default());
    Some(Claim { user: Some(b"root"), exists: Some(true), ..with_place(claim, tty) })
}

/// `'USER' on 'TTY'[ from 'HOST']`, of shadow.
fn invalid_password(rest: &[u8]) -> Option<Claim<'_>> {
    let (user, place) = cut::split_last(rest, b" on ")?;
    let (tty, from) = cut::split(place, b" from ").map_or((place, None), |(tty, from)| (tty, Some(from)));
    let claim = with_place(claim(AuthKind::Failed, Role::Verdict), tty);
    let claim = Claim { user: Some(unquoted(user)), ..claim };
    Some(from.map_or(claim, |from| with_place(claim, from)))
}

/// `N LOGIN FAILURE[S] {ON TTY|FROM HOST}[, USER]`.
fn bsd(message: &[u8]) -> Option<Claim<'_>> {
    let (number, rest) = cut::word(message);
    let count = cut::number(number).filter(|count| (1..=1000).contains(count))? as u32;
    let rest = rest.strip_prefix(b"LOGIN FAILURE")?;
    let rest = rest.strip_prefix(b"S").unwrap_or(rest);
    let rest = rest.strip_prefix(b" FROM ").or_else(|| rest.strip_prefix(b" ON "))?;
    let (place, user) = cut::split(rest, b", ").map_or((rest, None), |(place, user)| (place, Some(user)));
    let claim = with_place(claim(AuthKind::Failed, Role::Verdict), place);
    Some(Claim { user, count, ..claim })
}
