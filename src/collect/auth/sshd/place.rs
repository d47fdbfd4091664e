//! Where a message of sshd says who the other end is: always the place that sshd itself wrote.

use super::super::claim::Claim;
use super::super::cut;

/// What sshd writes after a user name: `IP port N ssh2`.
#[derive(Clone, Copy)]
pub(super) struct Tail<'a> {
    pub address: &'a [u8],
    pub port: Option<u16>,
    /// What follows a colon after it.
    pub extra: Option<&'a [u8]>,
}

/// Reads `HOST[ port N][ ssh2][: EXTRA]`, to the end of the text.
pub(super) fn tail(text: &[u8]) -> Option<Tail<'_>> {
    let (address, rest) = cut::word(text);
    if rest.is_empty() {
        let address = cut::host(address)?;
        return Some(Tail { address, port: None, extra: None });
    }
    let address = cut::host(address)?;
    let (port, rest) = match rest.strip_prefix(b"port ") {
        Some(rest) => {
            let digits = rest.iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
            (Some(cut::port(&rest[..digits])?), &rest[digits..])
        }
        None => (None, rest),
    };
    let rest = match rest.strip_prefix(b" ").unwrap_or(rest) {
        [b's', b's', b'h', b'1' | b'2', rest @ ..] | [b's', b's', b'h', rest @ ..] => rest,
        _ => rest,
    };
    match rest {
        [] => Some(Tail { address, port, extra: None }),
        [b':', extra @ ..] => Some(Tail { address, port, extra: Some(cut::trim(extra)) }),
        // `on 10.0.0.1` names our own side.
        _ => cut::after(cut::trim(rest), b"on ").filter(|own| cut::host(own).is_some()).map(|_| Tail {
            address,
            port,
            extra: None,
        }),
    }
}

/// `USER from TAIL`: the user is what stands before the place that sshd wrote.
#[derive(Clone, Copy)]
pub(super) struct UserTail<'a> {
    pub user: &'a [u8],
    pub tail: Tail<'a>,
    pub disputed: bool,
}

/// Splits `USER from HOST port N ssh2[: EXTRA]`.
///
/// A name that exists on this machine has no spaces, so the first place counts; whatever follows may be
/// the client's. A name that does not exist may be any text, so the last place counts. `extra_is_key` tells
/// that this method writes a key after the colon.
pub(super) fn user_tail(text: &[u8], exists: bool, extra_is_key: bool) -> Option<UserTail<'_>> {
    const FROM: &[u8] = b" from ";
    // Nearly every line has one place only.
    let last = cut::find_last(text, FROM)?;
    let first =
        if text[..last].len() >= FROM.len() { cut::find(&text[..last + FROM.len() - 1], FROM) } else { None };
    let Some(first) = first else {
        let tail = tail(&text[last + FROM.len()..])?;
        return Some(UserTail { user: &text[..last], tail, disputed: false });
    };
    if exists {
        let mut at = first;
        loop {
            if let Some(tail) = tail(&text[at + FROM.len()..]) {
                return Some(UserTail {
                    user: &text[..at],
                    tail,
                    disputed: tail.extra.is_some() && at != first,
                });
            }
            at += 1 + cut::find(&text[at + 1..], FROM)?;
        }
    }
    let mut weak = None;
    let mut end = text.len();
    while let Some(at) = cut::find_last(&text[..end], FROM) {
        end = at + FROM.len() - 1;
        if let Some(tail) = tail(&text[at + FROM.len()..]) {
            let user = &text[..at];
            let found = UserTail { user, tail, disputed: false };
            match tail.extra {
                // Two whole places joined by a colon: a hostile name, or a hostile remark of the client.
                None if tail.port.is_some() => {
                    if user.ends_with(b":")
                        && let Some(at) = cut::find_last(user, FROM)
                        && let Some(tail) = self::tail(&text[at + FROM.len()..])
                        && tail.port.is_some()
                    {
                        return Some(UserTail { user: &text[..at], tail, disputed: true });
                    }
                    return Some(found);
                }
                Some(extra) if extra_is_key && is_key(extra) => return Some(found),
                Some(_) if tail.port.is_some() => weak = Some(UserTail { disputed: weak.is_some(), ..found }),
                _ => weak = weak.or(Some(found)),
            }
        }
    }
    weak
}

/// Tells a key as sshd prints it: `RSA SHA256:...`, `ED25519-CERT SHA256:... ID x (serial 0) CA RSA SHA256:...`.
pub(super) fn is_key(text: &[u8]) -> bool {
    let (kind, rest) = cut::word(text);
    let (print, rest) = cut::word(rest);
    !kind.is_empty()
        && kind.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        && print.contains(&b':')
        && (rest.is_empty() || kind.ends_with(b"-CERT") && rest.starts_with(b"ID "))
}

/// The name after `invalid user `, `illegal user `.
pub(super) fn invalid_name(text: &[u8]) -> Option<&[u8]> {
    cut::after(text, b"invalid user ").or_else(|| cut::after(text, b"illegal user "))
}

pub(super) fn with_tail<'a>(claim: Claim<'a>, found: UserTail<'a>) -> Claim<'a> {
    Claim {
        user: Some(found.user),
        address: Some(found.tail.address),
        port: found.tail.port,
        disputed: found.disputed,
        ..claim
    }
}

/// sshd's name of a connection: `[{authenticating|invalid} user USER ]IP port N`.
pub(super) struct Id<'a> {
    pub user: Option<&'a [u8]>,
    pub exists: Option<bool>,
    pub address: &'a [u8],
    pub port: Option<u16>,
}

/// Reads a connection's name that fills the text.
pub(super) fn id(text: &[u8]) -> Option<Id<'_>> {
    if let Some((address, port)) = place(text) {
        return Some(Id { user: None, exists: None, address, port });
    }
    let (rest, exists) = if let Some(rest) = text.strip_prefix(b"authenticating user ") {
        (rest, Some(true))
    } else if let Some(rest) = text.strip_prefix(b"invalid user ") {
        (rest, Some(false))
    } else {
        (text.strip_prefix(b"user ")?, Some(true))
    };
    // From the end: ` IP port N` is the last.
    let (before, port) = match cut::split_last(rest, b" port ") {
        Some((before, digits)) if cut::port(digits).is_some() => (before, cut::port(digits)),
        _ => (rest, None),
    };
    let (user, address) = cut::split_last(before, b" ")?;
    Some(Id { user: Some(user), exists, address: cut::ip(address)?, port })
}

/// `IP[ port N][ on OWN[ port N]]`, to the end of the text.
pub(super) fn place(text: &[u8]) -> Option<(&[u8], Option<u16>)> {
    let (address, rest) = cut::word(text);
    let address = cut::ip(address)?;
    if rest.is_empty() {
        return Some((address, None));
    }
    let digits = rest.strip_prefix(b"port ")?;
    let (digits, rest) = cut::word(digits);
    let port = cut::port(digits)?;
    (rest.is_empty() || rest.starts_with(b"on ")).then_some((address, Some(port)))
}

pub(super) fn with_id<'a>(claim: Claim<'a>, id: &Id<'a>) -> Claim<'a> {
    Claim { user: id.user, exists: id.exists, address: Some(id.address), port: id.port, ..claim }
}

/// `IP: ..`, `IP port N:..`: the address that sshd writes first.
pub(super) fn place_and_colon(text: &[u8]) -> Option<(&[u8], Option<u16>, &[u8])> {
    let end = memchr::memchr(b' ', text)?;
    if let Some(rest) = text[end + 1..].strip_prefix(b"port ") {
        let digits = rest.iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
        let port = cut::port(&rest[..digits])?;
        return Some((cut::host(&text[..end])?, Some(port), rest[digits..].strip_prefix(b":")?));
    }
    Some((cut::host(text[..end].strip_suffix(b":")?)?, None, &text[end + 1..]))
}

/// `UNKNOWN` is what sshd writes when it does not know.
pub(super) fn known_address(address: &[u8]) -> Option<&[u8]> {
    (address != b"UNKNOWN").then_some(address)
}
