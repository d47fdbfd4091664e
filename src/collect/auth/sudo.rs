//! What sudo and sudo-rs say: commands run as another user, and those refused.
//!
//! Source: sudoers.log in sudo's logging.c. sudo-rs logs no refusals of its own; PAM does.

use super::claim::Claim;
use super::cut;
use crate::model::AuthKind;

const SUDO: &[u8] = b"sudo";

/// Refusals that stand before the fields. What is not among them is a remark, not a refusal.
const REFUSALS: [&[u8]; 16] = [
    b"user NOT in sudoers",
    b"user NOT authorized on host",
    b"command not allowed",
    b"a password is required",
    b"authentication failure",
    b"no tty present",
    b"sorry, you must have a tty",
    b"sorry, a password is required",
    b"sorry, you are not allowed",
    b"user not allowed to",
    b"you are not permitted to",
    b"account validation failure",
    b"account expired",
    b"unable to change expired password",
    b"validation failure",
    b"command rejected",
];

/// Reads `USER : [REFUSAL ; ][HOST=h ; ]TTY=t ; PWD=d ; USER=r ; COMMAND=c`.
pub(super) fn read(message: &[u8]) -> Option<Claim<'_>> {
    let (user, rest) = cut::split(cut::trim(message), b" : ")?;
    let user = cut::trim(user);
    if user.is_empty() || user.contains(&b' ') || rest.starts_with(b"(command continued)") {
        return None;
    }
    let mut claim = Claim::new(AuthKind::Sudo, SUDO);
    claim.user = Some(user);
    claim.target = Some(b"root");
    let mut rest = rest;
    let mut fields = 0;
    // The command is last and may itself hold ` ; `: it is never split.
    loop {
        if let Some(command) = rest.strip_prefix(b"COMMAND=") {
            claim.command = Some(command);
            fields += 1;
            break;
        }
        let (field, after) = match cut::split(rest, b" ; ") {
            Some((field, after)) => (field, Some(after)),
            None => (rest, None),
        };
        match value(field) {
            Some((b"TTY", tty)) => claim.tty = Some(tty),
            Some((b"USER", target)) => claim.target = Some(target),
            Some(_) => {}
            // sudo-rs and old versions write remarks as well.
            None => refused(field, &mut claim),
        }
        fields += usize::from(value(field).is_some());
        match after {
            Some(after) => rest = after,
            None => break,
        }
    }
    if claim.kind == AuthKind::Sudo && claim.command.is_none() {
        return None;
    }
    (fields > 0 || claim.kind == AuthKind::SudoDenied).then_some(claim)
}

/// `NAME=VALUE`, where the name is one of sudo's.
fn value(field: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, value) = cut::split(field, b"=")?;
    let known = [&b"HOST"[..], b"TTY", b"CHROOT", b"PWD", b"CWD", b"USER", b"GROUP", b"TSID", b"ENV"];
    known.contains(&name).then_some((name, value))
}

/// Notes a refusal; `3 incorrect password attempts` is three.
fn refused<'a>(field: &'a [u8], claim: &mut Claim<'a>) {
    let (number, rest) = cut::word(field);
    if let Some(count) = cut::number(number)
        && rest.starts_with(b"incorrect password attempt")
    {
        claim.kind = AuthKind::SudoDenied;
        claim.role = super::claim::Role::Limit;
        claim.count = (count as u32).clamp(1, 1000);
        claim.reason = Some(field);
    } else if REFUSALS.iter().any(|refusal| field.starts_with(refusal)) {
        claim.kind = AuthKind::SudoDenied;
        claim.reason = Some(field);
    }
}
