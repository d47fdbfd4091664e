//! What the programs say that change accounts, groups and passwords: shadow-utils, PAM's passwd, systemd-sysusers.
//!
//! Several lines tell one change (`/etc/group`, `/etc/gshadow`, the summary): `join` makes them one event. For a
//! group change, `target` is the group. Source: shadow's useradd.c, usermod.c, groupadd.c, gpasswd.c, ...

use super::claim::Claim;
use super::cut;
use crate::model::AuthKind;

/// Reads a message of one of these programs.
pub(super) fn read<'a>(program: &'a [u8], message: &'a [u8]) -> Option<Claim<'a>> {
    let claim = |kind| Claim::new(kind, program);
    let told = match message.first()? {
        b'n' => added(message)?,
        b'g' => group(message)?,
        b'a' => membership(message.strip_prefix(b"add ")?, b" to ")?,
        b'd' => deleted(message)?,
        b'c' => changed(message)?,
        b'l' | b'u' => locked_or_member(message)?,
        b'r' => removed_group(message)?,
        b'p' => password(message)?,
        b'm' => (AuthKind::GroupChanged, members(message)?, None),
        b'C' => sysusers(message)?,
        _ => return None,
    };
    let (kind, user, target) = told;
    Some(Claim { user: Some(user), target, reason: Some(message), ..claim(kind) })
}

type Told<'a> = (AuthKind, &'a [u8], Option<&'a [u8]>);

/// A name in quotes, and the text after it.
fn quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.strip_prefix(b"'").or_else(|| text.strip_prefix(b"`"))?;
    let (name, rest) = cut::split(text, b"'")?;
    Some((name, rest))
}

/// The value of `name=` up to a comma.
fn named(text: &[u8]) -> Option<&[u8]> {
    let (_, rest) = cut::split(text, b"name=")?;
    Some(rest.split(|byte| *byte == b',').next().unwrap_or(rest))
}

/// `new user: name=U, UID=..`, `new group: name=G, GID=..`.
fn added(message: &[u8]) -> Option<Told<'_>> {
    let rest = message.strip_prefix(b"new ")?;
    let (what, rest) = cut::split(rest, b": ")?;
    matches!(what, b"user" | b"group" | b"account").then_some(())?;
    Some((AuthKind::AccountAdded, named(rest)?, None))
}

/// `group added to F: name=G[, GID=N]`, `group 'G' removed[ from F]`, `group changed in F (group G/N, ..)`.
fn group(message: &[u8]) -> Option<Told<'_>> {
    let rest = message.strip_prefix(b"group ")?;
    if let Some(rest) = rest.strip_prefix(b"added to ") {
        return Some((AuthKind::AccountAdded, named(rest)?, None));
    }
    if let Some(rest) = rest.strip_prefix(b"changed in ") {
        let (_, rest) = cut::split(rest, b"(group ")?;
        let end = rest.iter().position(|byte| matches!(byte, b'/' | b',' | b')'))?;
        return Some((AuthKind::GroupChanged, &rest[..end], Some(&rest[..end])));
    }
    let (name, rest) = quoted(rest)?;
    rest.starts_with(b" removed").then_some((AuthKind::AccountRemoved, name, None))
}

/// `'U' to [shadow ]group 'G'`, `'U' from [shadow ]group 'G'`.
fn membership<'a>(text: &'a [u8], way: &[u8]) -> Option<Told<'a>> {
    let (user, rest) = quoted(text)?;
    let rest = rest.strip_prefix(way)?;
    let rest = rest.strip_prefix(b"shadow ").unwrap_or(rest).strip_prefix(b"group ")?;
    Some((AuthKind::GroupChanged, user, Some(quoted(rest)?.0)))
}

/// `delete user 'U'`, `delete 'U' from [shadow ]group 'G'`.
fn deleted(message: &[u8]) -> Option<Told<'_>> {
    let rest = message.strip_prefix(b"delete ").or_else(|| message.strip_prefix(b"deleted "))?;
    if let Some(rest) = rest.strip_prefix(b"user ") {
        return Some((AuthKind::AccountRemoved, quoted(rest)?.0, None));
    }
    membership(rest, b" from ")
}

/// `change[d] user 'U' ..`, `change user name 'A' to 'B'`, `changed password expiry for U`.
fn changed(message: &[u8]) -> Option<Told<'_>> {
    let rest = message.strip_prefix(b"change")?;
    let rest = rest.strip_prefix(b"d").unwrap_or(rest).strip_prefix(b" ")?;
    if let Some(user) = rest.strip_prefix(b"password expiry for ") {
        return Some((AuthKind::AccountChanged, user, None));
    }
    if let Some(rest) = rest.strip_prefix(b"user name ") {
        let (old, rest) = quoted(rest)?;
        return Some((
            AuthKind::AccountChanged,
            old,
            quoted(rest.strip_prefix(b" to ")?).map(|(new, _)| new),
        ));
    }
    let (user, rest) = quoted(rest.strip_prefix(b"user ")?)?;
    let kind =
        if cut::trim(rest) == b"password" { AuthKind::PasswordChanged } else { AuthKind::AccountChanged };
    Some((kind, user, None))
}

/// `lock user 'U' password`, `unlock ..`, `user A added by V to group G`, `user A removed by V from group G`.
fn locked_or_member(message: &[u8]) -> Option<Told<'_>> {
    for word in [&b"lock user "[..], b"unlock user "] {
        if let Some(rest) = message.strip_prefix(word) {
            return Some((AuthKind::AccountChanged, quoted(rest)?.0, None));
        }
    }
    let rest = message.strip_prefix(b"user ")?;
    let (user, rest) = cut::word(rest);
    let rest = rest.strip_prefix(b"added by ").or_else(|| rest.strip_prefix(b"removed by "))?;
    let (_, group) = cut::split_last(rest, b" group ")?;
    Some((AuthKind::GroupChanged, user, Some(group)))
}

/// `removed [shadow ]group 'G' owned by 'U'`.
fn removed_group(message: &[u8]) -> Option<Told<'_>> {
    let rest = message.strip_prefix(b"removed ")?;
    let rest = rest.strip_prefix(b"shadow ").unwrap_or(rest).strip_prefix(b"group ")?;
    Some((AuthKind::AccountRemoved, quoted(rest)?.0, None))
}

/// `password for 'U' changed by 'V'`, `password for [group ]U changed by V`, `password of group G ..`.
fn password(message: &[u8]) -> Option<Told<'_>> {
    if let Some(rest) = message.strip_prefix(b"password of group ") {
        let (group, _) = cut::word(rest);
        return Some((AuthKind::GroupChanged, group, Some(group)));
    }
    let rest = message.strip_prefix(b"password for ")?;
    let (user, by) = cut::split(rest, b" changed by ")?;
    let bare = |text| quoted(text).map_or(text, |(name, _)| name);
    Some((AuthKind::PasswordChanged, bare(user), Some(bare(by))))
}

/// `members of group G set by V to A,B`.
fn members(message: &[u8]) -> Option<&[u8]> {
    let rest = message.strip_prefix(b"members of group ")?;
    let (group, rest) = cut::word(rest);
    rest.starts_with(b"set by ").then_some(group)
}

/// `Creating user 'U' (..) with UID N and GID N.`, `Creating group 'G' with GID N.`
fn sysusers(message: &[u8]) -> Option<Told<'_>> {
    let rest = message.strip_prefix(b"Creating ")?;
    let rest = rest.strip_prefix(b"user ").or_else(|| rest.strip_prefix(b"group "))?;
    Some((AuthKind::AccountAdded, quoted(rest)?.0, None))
}
