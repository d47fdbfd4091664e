//! What su says: shadow, util-linux, and BSD.

use super::claim::{Claim, Role};
use super::cut;
use crate::model::AuthKind;

const SU: &[u8] = b"su";

/// Reads a message of su.
pub(super) fn read(message: &[u8]) -> Option<Claim<'_>> {
    match message.first()? {
        b'S' => pair(message.strip_prefix(b"Successful su for ")?, AuthKind::Su),
        b'F' => match message.strip_prefix(b"FAILED su for ") {
            Some(rest) => pair(rest, AuthKind::SuFailed),
            None => util_linux(message.strip_prefix(b"FAILED SU ")?, AuthKind::SuFailed),
        },
        b'(' => util_linux(message, AuthKind::Su),
        b'+' => short(message.strip_prefix(b"+ ")?, AuthKind::Su),
        b'-' => short(message.strip_prefix(b"- ")?, AuthKind::SuFailed),
        b'B' => bsd(message.strip_prefix(b"BAD SU ")?, AuthKind::SuFailed),
        b'p' if message.starts_with(b"pam_authenticate: ") => {
            let mut claim = Claim::new(AuthKind::SuFailed, SU);
            claim.role = Role::Limit;
            claim.reason = Some(&message[18..]);
            Some(claim)
        }
        _ => bsd(message, AuthKind::Su),
    }
}

fn claim<'a>(kind: AuthKind, user: &'a [u8], target: &'a [u8]) -> Claim<'a> {
    let mut claim = Claim::new(kind, SU);
    claim.role = if kind == AuthKind::Su { Role::Own } else { Role::Verdict };
    Claim { user: Some(user), target: Some(target), ..claim }
}

/// `TARGET by USER`.
fn pair(rest: &[u8], kind: AuthKind) -> Option<Claim<'_>> {
    let (target, user) = cut::split_last(rest, b" by ")?;
    Some(claim(kind, user, target))
}

/// `(to TARGET) USER on TTY`.
fn util_linux(rest: &[u8], kind: AuthKind) -> Option<Claim<'_>> {
    let (target, rest) = cut::split(rest.strip_prefix(b"(to ")?, b") ")?;
    let (user, tty) = cut::split_last(rest, b" on ")?;
    Some(Claim { tty: Some(tty).filter(|tty| *tty != b"none"), ..claim(kind, user, target) })
}

/// `TTY USER:TARGET`.
fn short(rest: &[u8], kind: AuthKind) -> Option<Claim<'_>> {
    let (tty, names) = cut::word(rest);
    let (user, target) = cut::split(names, b":")?;
    let tty = Some(tty).filter(|tty| *tty != b"???");
    Some(Claim { tty, ..claim(kind, user, target) })
}

/// `USER to TARGET on TTY`.
fn bsd(rest: &[u8], kind: AuthKind) -> Option<Claim<'_>> {
    let (user, rest) = cut::split(rest, b" to ")?;
    let (target, tty) = cut::split(rest, b" on ")?;
    let word = |text: &[u8]| !text.is_empty() && !text.contains(&b' ');
    (word(user) && word(target) && word(tty)).then(|| Claim { tty: Some(tty), ..claim(kind, user, target) })
}
