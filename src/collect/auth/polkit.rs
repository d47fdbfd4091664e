//! What pkexec and polkitd say.

use super::claim::{Claim, Role};
use super::cut;
use crate::model::AuthKind;

/// Reads a message of pkexec: `U: Executing command [USER=r] [TTY=t] [CWD=d] [COMMAND=c]`.
pub(super) fn pkexec(message: &[u8]) -> Option<Claim<'_>> {
    let (user, rest) = cut::split(message, b": ")?;
    let mut claim = Claim::new(AuthKind::Sudo, b"pkexec");
    claim.user = Some(user);
    let fields = if let Some(fields) = rest.strip_prefix(b"Executing command ") {
        fields
    } else if let Some(rest) = rest.strip_prefix(b"Error executing command as another user: ") {
        let (reason, fields) = cut::split(rest, b" [").unwrap_or((rest, b""));
        claim.kind = AuthKind::SudoDenied;
        claim.role = Role::Verdict;
        claim.reason = Some(reason);
        fields
    } else if rest.starts_with(b"The value for ") {
        // Harmless programs do not set such variables: the mark of a known attack on pkexec.
        claim.kind = AuthKind::SudoDenied;
        claim.reason = Some(cut::split(rest, b" [").map_or(rest, |(reason, _)| reason));
        rest
    } else {
        return None;
    };
    claim.target = bracketed(fields, b"USER=");
    claim.tty = bracketed(fields, b"TTY=").filter(|tty| *tty != b"unknown");
    // The command is last and may hold brackets.
    claim.command =
        cut::split(fields, b"COMMAND=").map(|(_, command)| command.strip_suffix(b"]").unwrap_or(command));
    Some(claim)
}

/// The value of `[NAME=value]`.
fn bracketed<'a>(fields: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (_, rest) = cut::split(fields, name)?;
    Some(cut::split(rest, b"]")?.0)
}

/// Reads a message of polkitd: `Operator of SESSION {successfully authenticated as|FAILED to authenticate} ..`.
pub(super) fn polkitd(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"Operator of ")?;
    let (_, rest) = cut::word(rest);
    let owner = cut::split_last(message, b"(owned by unix-user:")
        .and_then(|(_, owner)| owner.strip_suffix(b")"))
        .filter(|owner| !owner.contains(&b' '));
    let (_, action) = cut::split(rest, b"for action ")?;
    let (action, _) = cut::word(action);
    if let Some(rest) = rest.strip_prefix(b"successfully authenticated as unix-user:") {
        let (target, _) = cut::word(rest);
        let claim = Claim::new(AuthKind::Other, b"polkit");
        return Some(Claim { user: owner, target: Some(target), command: Some(action), ..claim });
    }
    rest.strip_prefix(b"FAILED to authenticate ")?;
    let mut claim = Claim::new(AuthKind::SudoDenied, b"polkit");
    claim.reason = Some(b"failed to authenticate");
    Some(Claim { user: owner, command: Some(action), ..claim })
}
