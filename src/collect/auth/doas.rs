//! What doas says. Source: doas.c of OpenDoas and OpenBSD.

use super::claim::{Claim, Role};
use super::cut;
use crate::model::AuthKind;

const DOAS: &[u8] = b"doas";

/// Reads a message of doas.
pub(super) fn read(message: &[u8]) -> Option<Claim<'_>> {
    if let Some(user) = message.strip_prefix(b"failed auth for ") {
        let mut claim = Claim::new(AuthKind::SudoDenied, DOAS);
        claim.role = Role::Limit;
        claim.reason = Some(b"failed auth");
        return Some(Claim { user: Some(user), ..claim });
    }
    if let Some(rest) = message.strip_prefix(b"command not permitted for ") {
        let (user, command) = cut::split(rest, b": ")?;
        let mut claim = Claim::new(AuthKind::SudoDenied, DOAS);
        claim.reason = Some(b"command not permitted");
        return Some(Claim { user: Some(user), command: Some(command), ..claim });
    }
    let (user, rest) = cut::split(message, b" ran command ")?;
    let (rest, _) = cut::split_last(rest, b" from ")?;
    let (command, target) = cut::split_last(rest, b" as ")?;
    if user.is_empty() || user.contains(&b' ') {
        return None;
    }
    let claim = Claim::new(AuthKind::Sudo, DOAS);
    Some(Claim { user: Some(user), target: Some(target), command: Some(command), ..claim })
}
