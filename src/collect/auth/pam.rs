//! What PAM modules say, under whatever program's name they say it.
//!
//! `ruser`, `rhost` and `user` stand unquoted one behind the other, and the first and last are the client's, so
//! their order decides. Source: pam_unix_auth.c, support.c, and the other modules of Linux-PAM.

use super::claim::{Claim, Role};
use super::cut;
use crate::model::AuthKind;

/// Reads a message that may come from a PAM module inside the program `tag`.
pub(super) fn read<'a>(tag: &'a [u8], message: &'a [u8]) -> Option<Claim<'a>> {
    // `su(pam_unix)[4]: authentication failure; ..`, before 2005.
    if let Some((service, module)) = tag.strip_suffix(b")").and_then(|tag| cut::split(tag, b"("))
        && module.starts_with(b"pam_")
    {
        return told(module, service, message);
    }
    if message.starts_with(b"PAM ") {
        return of_service(message, tag);
    }
    // `(pam_unix) authentication failure; ..`, as old syslogs of Debian have it.
    if let Some(rest) = message.strip_prefix(b"(pam_") {
        let (module, rest) = cut::split(rest, b") ")?;
        return told(module, tag, rest);
    }
    // `pam_unix(sshd:auth): ..`, `pam_unix: ..`, `pam_sss(sshd:auth): ..`.
    if !message.starts_with(b"pam_") {
        return None;
    }
    let end = message.iter().position(|byte| matches!(byte, b'(' | b':' | b'[' | b' '))?;
    let (module, rest) = message.split_at(end);
    let (service, rest) = match rest.first()? {
        b'(' => {
            let (inner, rest) = cut::split(&rest[1..], b")")?;
            let (service, kind) = cut::split(inner, b":").unwrap_or((tag, inner));
            let rest = match rest.strip_prefix(b"[") {
                Some(rest) => cut::split(rest, b"]")?.1,
                None => rest,
            };
            let service = if kind.is_empty() || service.is_empty() { tag } else { service };
            (service, rest.strip_prefix(b":").unwrap_or(rest))
        }
        b'[' => (tag, cut::split(rest, b"]")?.1.strip_prefix(b":")?),
        b':' => (tag, &rest[1..]),
        _ => (tag, rest),
    };
    told(module, service, cut::trim_start(rest))
}

/// `PAM N more authentication failures; ..`, `PAM service(sshd) ignoring max retries; 6 > 3`.
pub(super) fn of_service<'a>(message: &'a [u8], service: &'a [u8]) -> Option<Claim<'a>> {
    let rest = message.strip_prefix(b"PAM ")?;
    let (number, rest) = cut::word(rest);
    let count = cut::number(number).filter(|count| (1..=10_000).contains(count))? as u32;
    let rest = rest.strip_prefix(b"more authentication failure")?;
    let (_, fields) = cut::split(rest, b"; ")?;
    let mut claim = failure(service, fields)?;
    claim.role = Role::More;
    claim.count = count;
    Some(claim)
}

/// What a module tells of a service.
fn told<'a>(module: &'a [u8], service: &'a [u8], message: &'a [u8]) -> Option<Claim<'a>> {
    let message = cut::trim(message);
    match message.first()? {
        b'a' => {
            if let Some(rest) = message.strip_prefix(b"authentication failure;") {
                return Some(Claim { method: Some(module), ..failure(service, rest)? });
            }
            if let Some(rest) = message.strip_prefix(b"authentication success;") {
                let mut claim = failure(service, rest)?;
                claim.kind = AuthKind::Other;
                claim.role = Role::Relents;
                return Some(claim);
            }
            access_denied(service, message)
        }
        b's' => session(service, message),
        b'p' => password_changed(service, message),
        b'C' => faillock(service, message),
        b'u' => tally(service, message),
        b'r' => requirement(service, message),
        b'A' => access_denied(service, message),
        b'0'..=b'9' => {
            let (number, rest) = cut::word(message);
            let rest = rest.strip_prefix(b"more authentication failure")?;
            let mut claim = failure(service, cut::split(rest, b"; ")?.1)?;
            claim.role = Role::More;
            claim.count = cut::number(number).filter(|count| (1..=10_000).contains(count))? as u32;
            Some(claim)
        }
        _ => None,
    }
}

/// Kind and place of a refusal inside a service.
fn refusal(service: &[u8]) -> AuthKind {
    match service {
        b"su" | b"su-l" | b"runuser" => AuthKind::SuFailed,
        b"sudo" | b"sudo-i" | b"doas" | b"polkit-1" | b"pkexec" => AuthKind::SudoDenied,
        _ => AuthKind::Failed,
    }
}

/// `logname=L uid=N euid=N tty=T ruser=R rhost=H[  user=U]`.
///
/// A reading is one in which H has no space and is followed by the end or by the user. More than one reading
/// means that a name was made to look like these fields.
fn failure<'a>(service: &'a [u8], fields: &'a [u8]) -> Option<Claim<'a>> {
    let fields = cut::trim(fields);
    let mut claim = Claim::new(refusal(service), service);
    claim.role = Role::Opinion;
    // sshd never names a ruser: nearly every line is this one.
    if let Some(rest) = fields.strip_prefix(b"logname= uid=0 euid=0 tty=ssh ruser= rhost=")
        && let (host, after) = cut::word(rest)
        && cut::find(after, b"rhost=").is_none()
    {
        let after = after.trim_ascii_start();
        claim.tty = Some(b"ssh");
        claim.address = cut::host(host);
        if let Some(user) = after.strip_prefix(b"user=") {
            claim.user = Some(user);
            claim.exists = Some(true);
        }
        return (after.is_empty() || claim.user.is_some()).then_some(claim);
    }
    let ruser_at = cut::find(fields, b"ruser=")?;
    let head = &fields[..ruser_at];
    claim.tty = field(head, b"tty=").filter(|tty| !tty.is_empty());
    let rest = &fields[ruser_at + 6..];
    let mut chosen: Option<Reading<'_>> = None;
    let mut readings = 0;
    let mut from = 0;
    while let Some(at) = cut::find(&rest[from..], b"rhost=") {
        let at = from + at;
        from = at + 6;
        if at > 0 && rest[at - 1] != b' ' {
            continue;
        }
        let (host, after) = cut::word(&rest[at + 6..]);
        let after = cut::trim(after);
        let user = match after.strip_prefix(b"user=") {
            Some(user) => Some(user),
            None if after.is_empty() => None,
            None => continue,
        };
        readings += 1;
        let reading = Reading { ruser: cut::trim(&rest[..at]), host, user };
        // vsftpd and its like give the same name twice: a reading in which both agree is the true one.
        let agrees = |reading: &Reading<'_>| reading.user.is_some_and(|user| user == reading.ruser);
        if chosen.as_ref().is_none_or(|old| !agrees(old) && agrees(&reading)) {
            chosen = Some(reading);
        }
    }
    let reading = chosen?;
    claim.disputed = readings > 1;
    claim.address = cut::host(reading.host);
    let user = reading.user.or(Some(reading.ruser)).filter(|user| !user.is_empty());
    claim.user = user;
    if matches!(claim.kind, AuthKind::SuFailed | AuthKind::SudoDenied) {
        claim.target = reading.user.filter(|_| claim.kind == AuthKind::SuFailed);
        let acting = if reading.ruser.is_empty() { field(head, b"logname=") } else { Some(reading.ruser) };
        claim.user = acting.filter(|user| !user.is_empty()).or(user);
    }
    if reading.user.is_some() {
        claim.exists = Some(true);
    }
    Some(claim)
}

/// One way to read the fields of a failure.
struct Reading<'a> {
    ruser: &'a [u8],
    host: &'a [u8],
    user: Option<&'a [u8]>,
}

/// The value of a field without spaces.
fn field<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let at = cut::find(text, name)?;
    Some(cut::word(&text[at + name.len()..]).0)
}

/// `session opened for user U(uid=N) by L(uid=N)`, `session closed for user U`.
fn session<'a>(service: &'a [u8], message: &'a [u8]) -> Option<Claim<'a>> {
    // Jobs and the user's own systemd have sessions too, but nobody signs in to them.
    let is_job = matches!(service, b"cron" | b"crond" | b"CRON" | b"atd" | b"systemd-user" | b"runuser");
    if let Some(user) = message.strip_prefix(b"session closed for user ") {
        let kind = if is_job { AuthKind::Other } else { AuthKind::SessionClosed };
        return Some(Claim { user: Some(user), ..Claim::new(kind, service) });
    }
    let rest = message.strip_prefix(b"session opened for user ")?;
    let (user, by) = cut::split_last(rest, b" by ").unwrap_or((rest, b""));
    let user = without_uid(user);
    let by = without_uid(by);
    let mut claim = Claim::new(if is_job { AuthKind::Other } else { AuthKind::SessionOpened }, service);
    claim.user = Some(user);
    if matches!(service, b"su" | b"su-l" | b"sudo" | b"sudo-i" | b"runuser" | b"polkit-1") && !by.is_empty() {
        claim.user = Some(by);
        claim.target = Some(user);
    }
    Some(claim)
}

/// `root(uid=0)` as `root`.
fn without_uid(name: &[u8]) -> &[u8] {
    name.strip_suffix(b")").and_then(|inner| cut::split_last(inner, b"(uid=")).map_or(name, |(name, _)| name)
}

/// `password changed for U`.
fn password_changed<'a>(service: &'a [u8], message: &'a [u8]) -> Option<Claim<'a>> {
    let user = message.strip_prefix(b"password changed for ")?;
    Some(Claim { user: Some(user), ..Claim::new(AuthKind::PasswordChanged, service) })
}

/// `Consecutive login failures for user U account temporarily locked`.
fn faillock<'a>(service: &'a [u8], message: &'a [u8]) -> Option<Claim<'a>> {
    let rest = message.strip_prefix(b"Consecutive login failures for user ")?;
    let user = rest.strip_suffix(b" account temporarily locked")?;
    Some(Claim { user: Some(user), ..Claim::new(AuthKind::Lockout, service) })
}

/// `user U (uid) tally N, deny M`, `user U (uid) has time limit [..]`: the account is locked.
fn tally<'a>(service: &'a [u8], message: &'a [u8]) -> Option<Claim<'a>> {
    let rest = message.strip_prefix(b"user ")?;
    let (rest, numbers) = cut::split_last(rest, b" tally ")?;
    cut::split(numbers, b", deny ")?;
    let user = cut::split_last(rest, b" (").map_or(rest, |(user, _)| user);
    Some(Claim { user: Some(user), ..Claim::new(AuthKind::Lockout, service) })
}

/// `requirement "uid >= 1000" not met by user "root"`, and `received for user U: 7 (Authentication failure)`.
fn requirement<'a>(service: &'a [u8], message: &'a [u8]) -> Option<Claim<'a>> {
    let mut claim = Claim::new(AuthKind::Other, service);
    if let Some(rest) = message.strip_prefix(b"received for user ") {
        let (user, reason) = cut::split_last(rest, b": ")?;
        return Some(Claim { user: Some(user), reason: Some(reason), ..claim });
    }
    let rest = message.strip_prefix(b"requirement \"")?;
    let (_, user) = cut::split_last(rest, b"\" not met by user \"")?;
    claim.reason = Some(message);
    Some(Claim { user: Some(user.strip_suffix(b"\"")?), ..claim })
}

/// `access denied for user `U' from `H'` of pam_access.
fn access_denied<'a>(service: &'a [u8], message: &'a [u8]) -> Option<Claim<'a>> {
    let rest = message.get(1..)?.strip_prefix(b"ccess denied for user ")?;
    let (user, host) = cut::split_last(rest, b" from ")?;
    let mut claim = Claim::new(refusal(service), service);
    claim.role = Role::Opinion;
    claim.reason = Some(b"access denied");
    let address = cut::host(unquoted(host));
    Some(Claim { user: Some(unquoted(user)), address, ..claim })
}

/// `` `root' `` as `root`.
fn unquoted(text: &[u8]) -> &[u8] {
    let inner = text.strip_prefix(b"`").or_else(|| text.strip_prefix(b"'")).unwrap_or(text);
    inner.strip_suffix(b"'").unwrap_or(inner)
}
