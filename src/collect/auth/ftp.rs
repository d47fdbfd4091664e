//! What FTP servers say: vsftpd, ProFTPD, Pure-FTPd, and the ftpd of BSD.

use super::claim::{Claim, Role};
use super::cut;
use crate::model::AuthKind;

/// Reads a message of vsftpd: `[USER] FAIL LOGIN: Client "IP"`.
pub(super) fn vsftpd(message: &[u8]) -> Option<Claim<'_>> {
    let (head, rest) = cut::split_last(message, b" LOGIN: Client \"")?;
    let (address, _) = cut::split(rest, b"\"")?;
    let (head, word) = cut::split_last(head, b" ")?;
    let user = cut::trim(head).strip_prefix(b"[")?.strip_suffix(b"]")?;
    let (kind, role) = match word {
        b"FAIL" => (AuthKind::Failed, Role::Verdict),
        b"OK" => (AuthKind::Accepted, Role::Accepts),
        _ => return None,
    };
    let mut claim = Claim::new(kind, b"vsftpd");
    claim.role = role;
    Some(Claim { user: Some(user), address: Some(cut::host(address)?), method: Some(b"password"), ..claim })
}

/// Reads a message of ProFTPD: `SERVER (NAME[IP])[:| -] MESSAGE`, where the first part is its own.
pub(super) fn proftpd(message: &[u8]) -> Option<Claim<'_>> {
    let (head, rest) = cut::split(message, b"])")?;
    let (_, address) = cut::split_last(head, b"[")?;
    let address = cut::ip(address)?;
    let rest = rest.strip_prefix(b":").unwrap_or(rest);
    let rest = cut::trim(rest);
    let rest = rest.strip_prefix(b"- ").unwrap_or(rest);
    let mut claim = Claim::new(AuthKind::Failed, b"proftpd");
    claim.address = Some(address);
    if rest.starts_with(b"Maximum login attempts (") {
        claim.role = Role::Limit;
        claim.reason = Some(rest);
        return Some(claim);
    }
    if let Some(rest) = rest.strip_prefix(b"SECURITY VIOLATION: ") {
        let root = rest.get(1..).is_some_and(|rest| rest.starts_with(b"oot login attempted"));
        claim.reason = Some(rest);
        claim.user = root.then_some(b"root");
        return (root || rest.ends_with(b"login attempted")).then_some(claim);
    }
    let (name, what) = cut::split_last(rest, b": ")?;
    let name = name.strip_prefix(b"USER ").or_else(|| name.strip_prefix(b"ANON "))?;
    claim.role = Role::Verdict;
    if let Some(user) = name.strip_suffix(b" (Login failed)") {
        return Some(Claim { user: Some(user), reason: Some(what), ..claim });
    }
    if what.starts_with(b"Login successful") {
        claim.kind = AuthKind::Accepted;
        claim.role = Role::Accepts;
        return Some(Claim { user: Some(name), ..claim });
    }
    if what.starts_with(b"no such user") {
        claim.exists = Some(false);
        return Some(Claim { user: Some(name), reason: Some(b"no such user found"), ..claim });
    }
    None
}

/// Reads a message of Pure-FTPd: `(USER@HOST) [LEVEL] MESSAGE`; before the login the user is `?`.
pub(super) fn pure_ftpd(message: &[u8]) -> Option<Claim<'_>> {
    let (who, rest) = cut::split(message.strip_prefix(b"(")?, b") [")?;
    let (_, host) = cut::split_last(who, b"@")?;
    let (_, text) = cut::split(rest, b"] ")?;
    let mut claim = Claim::new(AuthKind::Failed, b"pure-ftpd");
    claim.address = Some(cut::host(host)?);
    claim.method = Some(b"password");
    if let Some(rest) = text.strip_prefix(b"Authentication failed for user [") {
        claim.role = Role::Verdict;
        return Some(Claim { user: Some(rest.strip_suffix(b"]")?), ..claim });
    }
    if let Some(rest) = text.strip_prefix(b"Can't login as [") {
        let (user, reason) = cut::split_last(rest, b"]: ")?;
        claim.role = Role::Verdict;
        return Some(Claim { user: Some(user), reason: Some(reason), ..claim });
    }
    let user = text.strip_suffix(b" is now logged in")?;
    claim.kind = AuthKind::Accepted;
    claim.role = Role::Accepts;
    Some(Claim { user: Some(user), ..claim })
}

/// Reads a message of BSD's and the wu- ftpd.
pub(super) fn ftpd(message: &[u8]) -> Option<Claim<'_>> {
    let mut claim = Claim::new(AuthKind::Failed, b"ftpd");
    claim.role = Role::Verdict;
    if let Some(rest) = message.strip_prefix(b"FTP LOGIN FAILED FROM ") {
        let (place, user) = cut::split(rest, b", ").map_or((rest, None), |(place, user)| (place, Some(user)));
        return Some(Claim { user, address: Some(place_of(place)?), ..claim });
    }
    if let Some(rest) = message.strip_prefix(b"FTP LOGIN FROM ") {
        let (place, user) = cut::split_last(rest, b" as ")?;
        claim.kind = AuthKind::Accepted;
        claim.role = Role::Accepts;
        return Some(Claim { user: Some(user), address: Some(place_of(place)?), ..claim });
    }
    if let Some(rest) = message.strip_prefix(b"repeated login failures from ") {
        claim.role = Role::Limit;
        return Some(Claim { address: Some(place_of(rest)?), ..claim });
    }
    let rest = message.strip_prefix(b"failed login from ")?;
    Some(Claim { address: Some(place_of(rest)?), ..claim })
}

/// `HOST`, `HOST [IP]`, `HOST (IP)`, to the end of the text.
fn place_of(text: &[u8]) -> Option<&[u8]> {
    let text = cut::trim(text);
    let inner = text.strip_suffix(b"]").or_else(|| text.strip_suffix(b")"));
    match inner.and_then(|inner| cut::split_last(inner, b" [").or_else(|| cut::split_last(inner, b" ("))) {
        Some((_, address)) => cut::ip(address),
        None => cut::host(text),
    }
}
