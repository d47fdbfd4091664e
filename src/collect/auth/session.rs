//! What logind says of sessions, and cron of changed tables.

use super::claim::Claim;
use super::cut;
use crate::model::AuthKind;

/// Reads a message of systemd-logind: `New session X of user U.`, newer: `New session 'X' of user 'U' with ..`.
pub(super) fn logind(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"New session ")?;
    let (_, rest) = cut::split(rest, b" of user ")?;
    let (user, _) = cut::word(rest);
    let user = user.strip_suffix(b".").unwrap_or(user);
    let user = user.strip_prefix(b"'").and_then(|user| user.strip_suffix(b"'")).unwrap_or(user);
    Some(Claim { user: Some(user), ..Claim::new(AuthKind::SessionOpened, b"systemd-logind") })
}

/// Reads a message of cron and crontab: `(U) REPLACE (U)`. Jobs that run are no sign-ins.
pub(super) fn cron(message: &[u8]) -> Option<Claim<'_>> {
    let (user, rest) = cut::split(message.strip_prefix(b"(")?, b") ")?;
    let (what, rest) = cut::split(rest, b" (")?;
    if !matches!(what, b"REPLACE" | b"DELETE" | b"BEGIN EDIT" | b"END EDIT" | b"AUTH" | b"RELOAD") {
        return None;
    }
    let claim = Claim::new(AuthKind::Other, b"cron");
    Some(Claim { user: Some(user), target: rest.strip_suffix(b")"), reason: Some(what), ..claim })
}
