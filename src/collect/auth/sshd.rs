//! What OpenSSH says, from 6.6 (`sshd`) to 10.x (`sshd-session`, `sshd-auth`), portable and on other systems.
//!
//! A user name may hold anything but NUL, so every message is read by its template from both ends, and the
//! address is the one that sshd itself wrote. Sources: auth.c, auth2.c, packet.c, sshd-session.c, srclimit.c.
//! It does not join lines.

use super::claim::{Claim, Role};
use super::cut;
use super::pam;
use crate::model::AuthKind;

const SSHD: &[u8] = b"sshd";

/// Reads a message of sshd; `None` when it says nothing about sign-ins.
pub(super) fn read(message: &[u8]) -> Option<Claim<'_>> {
    let (message, preauth) = match message.strip_suffix(b"]") {
        Some(rest) => match rest.strip_suffix(b" [preauth") {
            Some(rest) => (cut::trim(rest), true),
            None => (rest.strip_suffix(b" [postauth").map_or(message, cut::trim), false),
        },
        None => (message, false),
    };
    let message = after_level(message);
    let claim = match message.first()? {
        b'A' => accepted(message)
            .or_else(|| host_not_permitted(message))
            .or_else(|| pam_reason(message))
            .or_else(|| account_denied(message)),
        b'B' => bad_protocol(message).or_else(|| nameless_probe(message)),
        b'C' => connection(message, preauth),
        b'D' => disconnecting(message, preauth),
        b'F' => failed(message),
        b'I' | b'i' => invalid_user(message),
        b'L' => restricted(message),
        b'P' => pam_prefixed(message).or_else(|| protocol_differs(message)).or_else(|| partial(message)),
        b'R' => root_refused(message)
            .or_else(|| received_disconnect(message, preauth))
            .or_else(|| nameless_probe(message)),
        b'S' => tcp_wrappers_probe(message),
        b'T' => timeout(message).or_else(|| too_many(message)),
        b'U' => not_allowed(message).or_else(|| negotiation(message)).or_else(|| pam_reason(message)),
        b'r' => refused_connect(message),
        b'm' => maximum(message),
        b'd' => drop_connection(message),
        b's' => penalty(message).or_else(|| scanned(message)).or_else(|| connection_error(message)),
        b'b' => connection_error(message).or_else(|| nameless_probe(message)),
        b'a' => pam_reason(message),
        _ => nameless_probe(message).or_else(|| connection_error(message)),
    }?;
    Some(claim)
}

/// Skips the level that sshd writes before errors.
fn after_level(message: &[u8]) -> &[u8] {
    for level in [&b"error: "[..], b"fatal: "] {
        if let Some(rest) = message.strip_prefix(level) {
            return cut::trim(rest);
        }
    }
    message
}

const fn claim(kind: AuthKind, role: Role) -> Claim<'static> {
    let mut claim = Claim::new(kind, SSHD);
    claim.role = role;
    claim
}

/// What sshd writes after a user name: `IP port N ssh2`.
#[derive(Clone, Copy)]
struct Tail<'a> {
    address: &'a [u8],
    port: Option<u16>,
    /// What follows a colon after it.
    extra: Option<&'a [u8]>,
}

/// Reads `HOST[ port N][ ssh2][: EXTRA]`, to the end of the text.
fn tail(text: &[u8]) -> Option<Tail<'_>> {
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
struct UserTail<'a> {
    user: &'a [u8],
    tail: Tail<'a>,
    disputed: bool,
}

/// Splits `USER from HOST port N ssh2[: EXTRA]`.
///
/// A name that exists on this machine has no spaces, so the first place counts; whatever follows may be
/// the client's. A name that does not exist may be any text, so the last place counts. `extra_is_key` tells
/// that this method writes a key after the colon.
fn user_tail(text: &[u8], exists: bool, extra_is_key: bool) -> Option<UserTail<'_>> {
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
fn is_key(text: &[u8]) -> bool {
    let (kind, rest) = cut::word(text);
    let (print, rest) = cut::word(rest);
    !kind.is_empty()
        && kind.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        && print.contains(&b':')
        && (rest.is_empty() || kind.ends_with(b"-CERT") && rest.starts_with(b"ID "))
}

/// The key of an EXTRA, without what a certificate adds.
fn key_of(extra: &[u8]) -> &[u8] {
    cut::split(extra, b" ID ").map_or(extra, |(key, _)| key)
}

/// `Failed METHOD for [invalid user ]USER from IP port N ssh2[: EXTRA]`.
fn failed(message: &[u8]) -> Option<Claim<'_>> {
    let (method, rest) = cut::word(message.strip_prefix(b"Failed ")?);
    let rest = rest.strip_prefix(b"for ")?;
    let (rest, exists) = match invalid_name(rest) {
        Some(name) => (name, false),
        None => (rest, true),
    };
    let is_key = method.starts_with(b"publickey") || method.starts_with(b"hostbased");
    let found = user_tail(rest, exists, is_key)?;
    let mut claim = claim(AuthKind::Failed, Role::Verdict);
    // A client offers every key of its agent: the refused ones of an existing user are one sign-in.
    if exists && method == b"publickey" {
        claim.role = Role::Offer;
    }
    claim.key = found.tail.extra.filter(|_| is_key).map(key_of);
    Some(Claim {
        method: Some(method),
        exists: Some(known_name(found.user, exists)),
        ..with_tail(claim, found)
    })
}

/// The name after `invalid user `, `illegal user `.
fn invalid_name(text: &[u8]) -> Option<&[u8]> {
    cut::after(text, b"invalid user ").or_else(|| cut::after(text, b"illegal user "))
}

/// Solaris writes `<invalid username>` for names that do not exist.
fn known_name(user: &[u8], exists: bool) -> bool {
    exists && user != b"<invalid username>"
}

fn with_tail<'a>(claim: Claim<'a>, found: UserTail<'a>) -> Claim<'a> {
    Claim {
        user: Some(found.user),
        address: Some(found.tail.address),
        port: found.tail.port,
        disputed: found.disputed,
        ..claim
    }
}

/// `Accepted METHOD for USER from IP port N ssh2[: EXTRA]`.
fn accepted(message: &[u8]) -> Option<Claim<'_>> {
    let (method, rest) = cut::word(message.strip_prefix(b"Accepted ")?);
    let rest = rest.strip_prefix(b"for ")?;
    let is_key = method.starts_with(b"publickey") || method.starts_with(b"hostbased");
    let found = user_tail(rest, true, is_key)?;
    let mut claim = claim(AuthKind::Accepted, Role::Accepts);
    claim.key = found.tail.extra.filter(|_| is_key).map(key_of);
    Some(Claim { method: Some(method), exists: Some(true), ..with_tail(claim, found) })
}

/// `Partial METHOD for USER from ..`, `Postponed METHOD for USER from ..`: one step of several.
fn partial(message: &[u8]) -> Option<Claim<'_>> {
    let rest = cut::after(message, b"Partial ").or_else(|| cut::after(message, b"Postponed "))?;
    let (method, rest) = cut::word(rest);
    let rest = rest.strip_prefix(b"for ")?;
    let (rest, exists) = invalid_name(rest).map_or((rest, true), |name| (name, false));
    let found = user_tail(rest, exists, true)?;
    let claim = claim(AuthKind::Other, Role::Own);
    Some(Claim { method: Some(method), ..with_tail(claim, found) })
}

/// `Invalid user USER from IP[ port N]`.
fn invalid_user(message: &[u8]) -> Option<Claim<'_>> {
    let rest = match message.strip_prefix(b"I").or_else(|| message.strip_prefix(b"i"))? {
        rest if rest.starts_with(b"nvalid user ") => &rest[12..],
        rest if rest.starts_with(b"llegal user ") => &rest[12..],
        _ => return None,
    };
    // An empty name leaves `Invalid user  from ..`.
    let (user, place) = cut::split_last(rest, b" from ")?;
    let tail = tail(place).filter(|tail| tail.extra.is_none())?;
    let claim = claim(AuthKind::InvalidUser, Role::Own);
    Some(Claim { exists: Some(false), ..with_tail(claim, UserTail { user, tail, disputed: false }) })
}

/// `User USER from HOST not allowed because REASON`, `User USER not allowed because account is locked`.
fn not_allowed(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"User ")?;
    let (who, reason) = cut::split_last(rest, b" not allowed because ")?;
    // sshd goes on as with a name that does not exist: no credential is taken, but some are tried.
    let mut claim = claim(AuthKind::InvalidUser, Role::Own);
    claim.reason = Some(reason);
    claim.exists = Some(true);
    if let Some((user, host)) = cut::split_last(who, b" from ")
        && let Some(address) = cut::host(host)
    {
        return Some(Claim { user: Some(user), address: Some(address), ..claim });
    }
    Some(Claim { user: Some(who), role: Role::Nameless, ..claim })
}

/// `ROOT LOGIN REFUSED FROM IP[ port N]`.
fn root_refused(message: &[u8]) -> Option<Claim<'_>> {
    let tail = tail(message.strip_prefix(b"ROOT LOGIN REFUSED FROM ")?)?;
    let mut claim = claim(AuthKind::Failed, Role::Remark);
    claim.reason = Some(b"root login refused");
    claim.exists = Some(true);
    Some(with_tail(claim, UserTail { user: b"root", tail, disputed: false }))
}

/// `maximum authentication attempts exceeded for [invalid user ]USER from IP port N ssh2`.
fn maximum(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"maximum authentication attempts exceeded for ")?;
    let (rest, exists) = invalid_name(rest).map_or((rest, true), |name| (name, false));
    let found = user_tail(rest, exists, false)?;
    let mut claim = claim(AuthKind::Failed, Role::Limit);
    claim.reason = Some(b"maximum authentication attempts exceeded");
    Some(Claim { exists: Some(exists), ..with_tail(claim, found) })
}

/// `Too many authentication failures for USER[ from IP port N ssh2]`.
fn too_many(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"Too many authentication failures")?;
    let mut claim = claim(AuthKind::Failed, Role::Limit);
    claim.reason = Some(b"too many authentication failures");
    let Some(rest) = rest.strip_prefix(b" for ") else {
        return rest.is_empty().then_some(claim);
    };
    match user_tail(rest, true, false) {
        Some(found) => Some(with_tail(claim, found)),
        None => Some(Claim { user: Some(rest), ..claim }),
    }
}

/// `Login restricted for USER: REASON`, on AIX.
fn restricted(message: &[u8]) -> Option<Claim<'_>> {
    let (user, reason) = cut::split(message.strip_prefix(b"Login restricted for ")?, b": ")?;
    let claim = claim(AuthKind::Failed, Role::Nameless);
    Some(Claim { user: Some(user), reason: Some(reason), exists: Some(true), ..claim })
}

/// `Authentication tried for USER with correct key but not from a permitted host (host=NAME, ip=IP[, ..])`.
fn host_not_permitted(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"Authentication tried for ")?;
    let (user, place) = cut::split_last(rest, b" with correct key but not from a permitted host (host=")?;
    let (_, ip) = cut::split(place, b", ip=")?;
    let end = ip.iter().position(|byte| matches!(byte, b',' | b')'))?;
    let mut claim = claim(AuthKind::Failed, Role::Remark);
    claim.reason = Some(b"correct key, but not from a permitted host");
    Some(Claim { user: Some(user), address: Some(cut::ip(&ip[..end])?), exists: Some(true), ..claim })
}

/// `PAM: REASON for [illegal user ]USER from HOST`, and the two lines of PAM that sshd passes on.
fn pam_prefixed(message: &[u8]) -> Option<Claim<'_>> {
    match message.strip_prefix(b"PAM: ") {
        Some(rest) => pam_reason(rest),
        None => pam::of_service(message, SSHD),
    }
}

/// `REASON for [illegal user ]USER from HOST[ via OWN]`.
fn pam_reason(message: &[u8]) -> Option<Claim<'_>> {
    const REASONS: [&[u8]; 12] = [
        b"uthentication failure",
        b"uthentication error",
        b"uthentication failed",
        b"ser not known to the underlying authentication module",
        b"ser account has expired",
        b"ermission denied",
        b"aximum number of tries exceeded",
        b"ave exhausted maximum number of retries for service",
        b"uthentication service cannot retrieve authentication info",
        b"uthentication token is no longer valid; new one required",
        b"ccess denied for user",
        b"odule is unknown",
    ];
    let reason =
        REASONS.iter().find(|reason| message.get(1..).is_some_and(|rest| rest.starts_with(reason)))?;
    let rest = message[1 + reason.len()..].strip_prefix(b" for ")?;
    let (rest, exists) = match invalid_name(rest) {
        Some(name) => (name, Some(false)),
        None => (rest, None),
    };
    let (user, place) = cut::split_last(rest, b" from ")?;
    let (place, rest) = cut::word(place);
    let address = cut::host(place)?;
    if !rest.is_empty() && tail_is_own_side(rest).is_none() {
        return None;
    }
    let claim = claim(AuthKind::Failed, Role::Remark);
    Some(Claim {
        user: Some(user),
        address: Some(address),
        reason: Some(&message[..=reason.len()]),
        method: Some(b"keyboard-interactive/pam"),
        exists,
        ..claim
    })
}

/// `Access denied for user USER by PAM account configuration`.
fn account_denied(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"Access denied for user ")?;
    let user = rest.strip_suffix(b" by PAM account configuration")?;
    let mut claim = claim(AuthKind::Failed, Role::Nameless);
    claim.reason = Some(b"access denied by PAM account configuration");
    Some(Claim { user: Some(user), exists: Some(true), ..claim })
}

/// What may follow the address of a PAM reason: `via 192.168.1.201`, `port 22`, `on 10.0.0.1`.
fn tail_is_own_side(rest: &[u8]) -> Option<()> {
    let (word, value) = cut::word(rest);
    let (value, rest) = cut::word(value);
    let fits = match word {
        b"via" | b"on" => cut::host(value).is_some(),
        b"port" => cut::port(value).is_some(),
        _ => false,
    };
    (fits && (rest.is_empty() || tail_is_own_side(rest).is_some())).then_some(())
}

/// sshd's name of a connection: `[{authenticating|invalid} user USER ]IP port N`.
struct Id<'a> {
    user: Option<&'a [u8]>,
    exists: Option<bool>,
    address: &'a [u8],
    port: Option<u16>,
}

/// Reads a connection's name that fills the text.
fn id(text: &[u8]) -> Option<Id<'_>> {
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
fn place(text: &[u8]) -> Option<(&[u8], Option<u16>)> {
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

fn with_id<'a>(claim: Claim<'a>, id: &Id<'a>) -> Claim<'a> {
    Claim { user: id.user, exists: id.exists, address: Some(id.address), port: id.port, ..claim }
}

/// `Connection from ..`, `Connection closed by ID`, `Connection reset by ID`, `Connection from ID timed out`.
fn connection(message: &[u8], preauth: bool) -> Option<Claim<'_>> {
    let Some(rest) = message.strip_prefix(b"Connection ") else {
        return ident_write(message).or_else(|| nameless_probe(message));
    };
    if let Some(rest) = rest.strip_prefix(b"closed by ").or_else(|| rest.strip_prefix(b"reset by ")) {
        let id = id(rest).or_else(|| {
            // A name instead of an address, as old versions with UseDNS write it.
            let (name, more) = cut::word(rest);
            let address = cut::host(name).filter(|_| more.is_empty())?;
            Some(Id { user: None, exists: None, address, port: None })
        })?;
        return Some(with_id(closing(Role::Closes, preauth || in_progress(&id)), &id));
    }
    let rest = rest.strip_prefix(b"from ")?;
    if let Some(id) = rest.strip_suffix(b" timed out").and_then(id) {
        return Some(with_id(closing(Role::Closes, preauth || in_progress(&id)), &id));
    }
    let (address, port) = place(rest)?;
    Some(Claim { address: Some(address), port, ..claim(AuthKind::Other, Role::Opens) })
}

/// A user who is still to be authenticated cannot have signed in, whatever the suffix.
fn in_progress(id: &Id<'_>) -> bool {
    id.user.is_some() && id.exists == Some(false)
}

/// The end of a connection: before a sign-in it is a probe.
fn closing(role: Role, preauth: bool) -> Claim<'static> {
    claim(if preauth { AuthKind::Probe } else { AuthKind::Other }, role)
}

/// `Disconnected from ID`, `Disconnecting ID: REASON`, `Disconnecting: REASON`, `Did not receive ..`.
fn disconnecting(message: &[u8], preauth: bool) -> Option<Claim<'_>> {
    if let Some(rest) = message.strip_prefix(b"Disconnected from ") {
        let id = id(rest)?;
        return Some(with_id(closing(Role::Closes, preauth || in_progress(&id)), &id));
    }
    if let Some(rest) = message.strip_prefix(b"Did not receive identification string from ") {
        let tail = tail(rest)?;
        let claim = claim(AuthKind::Probe, Role::Own);
        return Some(Claim {
            address: known_address(tail.address),
            port: tail.port,
            reason: Some(b"no identification string"),
            ..claim
        });
    }
    let rest = message.strip_prefix(b"Disconnecting")?;
    let Some(rest) = rest.strip_prefix(b": ") else {
        return disconnecting_id(rest.strip_prefix(b" ")?);
    };
    let mut claim = match rest {
        _ if rest.starts_with(b"Too many authentication failures") => return too_many(rest),
        _ if preauth => claim(AuthKind::Probe, Role::Nameless),
        _ => return None,
    };
    claim.reason = Some(rest);
    if let Some((user, _)) = change_of_name(rest) {
        claim.kind = AuthKind::Failed;
        claim.user = Some(user);
    }
    Some(claim)
}

/// `UNKNOWN` is what sshd writes when it does not know.
fn known_address(address: &[u8]) -> Option<&[u8]> {
    (address != b"UNKNOWN").then_some(address)
}

const CHANGE: &[u8] = b"Change of username or service not allowed: (";

/// The old name, and what follows it, of a try to change the name in one connection.
fn change_of_name(reason: &[u8]) -> Option<(&[u8], &[u8])> {
    cut::split(reason.strip_prefix(CHANGE)?, b",ssh-connection) -> (")
}

/// `[{authenticating|invalid} user USER ]IP port N: REASON`. The name and parts of the reason are the client's.
fn disconnecting_id(text: &[u8]) -> Option<Claim<'_>> {
    let text = text.strip_prefix(b"from ").unwrap_or(text);
    let mut found: Option<(Id<'_>, &[u8])> = None;
    let (mut readings, mut known) = (0, false);
    let mut from = 0;
    let plain = !text.starts_with(b"invalid user ");
    while let Some(at) = cut::find(&text[from..], b": ") {
        let at = from + at;
        from = at + 2;
        let Some(id) = id(&text[..at]) else { continue };
        let reason = &text[at + 2..];
        let is_known = match reason.strip_prefix(CHANGE) {
            // The old name stands in the reason again: a reading in which they differ is a forged one.
            Some(rest) => {
                let again = id.user.and_then(|user| rest.strip_prefix(user));
                if id.user.is_some() && !again.is_some_and(|rest| rest.starts_with(b",")) {
                    continue;
                }
                true
            }
            None => reason == b"Too many authentication failures",
        };
        // What sshd is known to say goes before what it may say.
        if known && !is_known {
            continue;
        }
        readings = if is_known == known { readings + 1 } else { 1 };
        known = is_known;
        found = Some((id, reason));
        if plain {
            // A name that exists has no spaces and no colon: the first reading is sshd's.
            break;
        }
    }
    let (id, reason) = found?;
    let mut claim = with_id(claim(AuthKind::Probe, Role::Own), &id);
    claim.reason = Some(reason);
    claim.disputed = readings > 1;
    if reason.starts_with(b"Too many authentication failures") {
        claim.kind = AuthKind::Failed;
        claim.role = Role::Limit;
    } else if reason.starts_with(CHANGE) {
        claim.kind = AuthKind::Failed;
    }
    Some(claim)
}

/// `Received disconnect from IP[ port N]:[ ]CODE: TEXT`; the text is the client's.
fn received_disconnect(message: &[u8], preauth: bool) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"Received disconnect from ")?;
    let (place, port, rest) = place_and_colon(rest)?;
    let (code, text) = cut::split(cut::trim(rest), b":")?;
    let code = cut::number(code)?;
    let text = cut::trim(text);
    let mut claim = closing(Role::Leaves, preauth);
    claim.address = Some(place);
    claim.port = port;
    claim.reason = Some(text);
    // The client says that its try failed; a client that got in says 11.
    if code == 3 && text.ends_with(b": Auth fail") {
        claim.kind = AuthKind::Failed;
    } else if code == 14 && text.starts_with(b"No ") && text.ends_with(b" available") {
        claim.kind = AuthKind::Probe;
    }
    Some(claim)
}

/// `IP: ..`, `IP port N:..`: the address that sshd writes first.
fn place_and_colon(text: &[u8]) -> Option<(&[u8], Option<u16>, &[u8])> {
    let end = memchr::memchr(b' ', text)?;
    if let Some(rest) = text[end + 1..].strip_prefix(b"port ") {
        let digits = rest.iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
        let port = cut::port(&rest[..digits])?;
        return Some((cut::host(&text[..end])?, Some(port), rest[digits..].strip_prefix(b":")?));
    }
    Some((cut::host(text[..end].strip_suffix(b":")?)?, None, &text[end + 1..]))
}

/// `Unable to negotiate with ID: no matching ..`, `Unable to negotiate a key exchange method`.
fn negotiation(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"Unable to negotiate ")?;
    let Some(rest) = rest.strip_prefix(b"with ") else {
        return Some(Claim { reason: Some(message), ..claim(AuthKind::Probe, Role::Nameless) });
    };
    let (who, reason) = cut::split(rest, b": no matching ")?;
    let id = id(who)?;
    Some(Claim { reason: Some(reason), ..with_id(claim(AuthKind::Probe, Role::Own), &id) })
}

/// `Timeout before authentication for IP port N`, `.. for connection from IP to IP, pid = N`.
fn timeout(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"Timeout before authentication for ")?;
    let mut claim = claim(AuthKind::Probe, Role::Own);
    claim.reason = Some(b"timeout before authentication");
    if let Some(rest) = rest.strip_prefix(b"connection from ") {
        let (address, _) = cut::split(rest, b" to ")?;
        return Some(Claim { address: Some(cut::host(address)?), ..claim });
    }
    let tail = tail(rest.strip_suffix(b".").unwrap_or(rest))?;
    Some(Claim { address: Some(tail.address), port: tail.port, ..claim })
}

/// `Bad protocol version identification '..' from IP[ port N]`.
fn bad_protocol(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"Bad protocol version identification '")?;
    let (_, place) = cut::split_last(rest, b"' from ")?;
    let tail = tail(place).filter(|tail| tail.extra.is_none())?;
    let claim = claim(AuthKind::Probe, Role::Own);
    Some(Claim {
        address: known_address(tail.address),
        port: tail.port,
        reason: Some(b"bad protocol version identification"),
        ..claim
    })
}

/// `Protocol major versions differ for IP[ port N]: A vs. B`.
fn protocol_differs(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"Protocol major versions differ for ")?;
    let (address, port, _) = place_and_colon(rest)?;
    let claim = claim(AuthKind::Probe, Role::Own);
    Some(Claim { address: Some(address), port, reason: Some(b"protocol major versions differ"), ..claim })
}

/// `scanned from IP[ port N] with TEXT. Don't panic.`, in lower and upper case.
fn scanned(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"scanned from ")?;
    let (who, _) = cut::split(rest, b" with ")?;
    let (address, port) = place(who)?;
    let claim = claim(AuthKind::Probe, Role::Own);
    Some(Claim { address: Some(address), port, reason: Some(b"scanned"), ..claim })
}

/// `SSH: Server;Ltype: Version;Remote: IP-PORT;..`: the high-performance patch names each connection.
fn tcp_wrappers_probe(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"SSH: Server;Ltype: ")?;
    let (_, rest) = cut::split(rest, b";Remote: ")?;
    let (place, _) = cut::split(rest, b";")?;
    let (address, port) = cut::split_last(place, b"-")?;
    let claim = claim(AuthKind::Other, Role::Opens);
    Some(Claim { address: Some(cut::ip(address)?), port: cut::port(port), ..claim })
}

/// `Could not write ident string to IP port N: REASON`.
fn ident_write(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"Could not write ident string to ")?;
    let tail = tail(rest)?;
    let claim = claim(AuthKind::Probe, Role::Own);
    Some(Claim { address: known_address(tail.address), port: tail.port, ..claim })
}

/// `refused connect from NAME (IP)`, of the TCP wrappers.
fn refused_connect(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"refused connect from ")?;
    let mut claim = claim(AuthKind::Failed, Role::Own);
    claim.reason = Some(b"refused connect");
    if let Some((_, ip)) = rest.strip_suffix(b")").and_then(|rest| cut::split_last(rest, b" (")) {
        return Some(Claim { address: Some(cut::host(ip)?), ..claim });
    }
    let address = rest.strip_prefix(b"::ffff:").unwrap_or(rest);
    Some(Claim { address: Some(cut::host(address)?), ..claim })
}

/// `drop connection #N from [IP]:P on [IP]:P REASON`.
fn drop_connection(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"drop connection #")?;
    let (_, rest) = cut::split(rest, b" from [")?;
    let (address, rest) = cut::split(rest, b"]:")?;
    let (port, rest) = cut::word(rest);
    let (_, reason) = cut::word(rest.strip_prefix(b"on ")?);
    let penalty = reason.strip_prefix(b"penalty: ");
    let kind = if penalty.is_some() { AuthKind::Lockout } else { AuthKind::Probe };
    Some(Claim {
        address: Some(cut::ip(address)?),
        port: cut::port(port),
        reason: Some(penalty.unwrap_or(reason)),
        ..claim(kind, Role::Own)
    })
}

/// `srclimit_penalise: ipv4: new IP/32 active penalty of S seconds for REASON`.
fn penalty(message: &[u8]) -> Option<Claim<'_>> {
    let rest = message.strip_prefix(b"srclimit_penalise: ipv")?;
    let (_, rest) = cut::split(rest, b": ")?;
    let rest = rest.strip_prefix(b"new ").unwrap_or(rest);
    let (net, rest) = cut::word(rest);
    let (address, _) = cut::split(net, b"/")?;
    let active = rest.starts_with(b"active ");
    let (_, reason) = cut::split(rest, b" for ")?;
    let kind = if active { AuthKind::Lockout } else { AuthKind::Other };
    Some(Claim {
        address: Some(cut::ip(address)?),
        reason: Some(reason.strip_prefix(b"penalty: ").unwrap_or(reason)),
        ..claim(kind, Role::Own)
    })
}

/// `TAG: Connection from ID: ERROR`, where TAG is one word of sshd's own: `banner exchange`, ...
fn connection_error(message: &[u8]) -> Option<Claim<'_>> {
    let (tag, rest) = cut::split(message, b": Connection ")?;
    if tag.len() > 40 || !tag.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b' ')) {
        return None;
    }
    let rest = rest.strip_prefix(b"from ").or_else(|| rest.strip_prefix(b"to "))?;
    // An existing user's name has no colon, and an address before any colon is sshd's.
    let mut from = 0;
    while let Some(at) = cut::find(&rest[from..], b": ") {
        let at = from + at;
        from = at + 2;
        if let Some(id) = id(&rest[..at]) {
            let claim = with_id(claim(AuthKind::Probe, Role::Own), &id);
            return Some(Claim { reason: Some(&rest[at + 2..]), ..claim });
        }
    }
    None
}

/// Ends of a connection before a sign-in that name no address.
fn nameless_probe(message: &[u8]) -> Option<Claim<'_>> {
    const STARTS: [&[u8]; 9] = [
        b"kex_exchange_identification: ",
        b"kex_protocol_error: ",
        b"Read from socket failed: ",
        b"no matching ",
        b"Bad packet length ",
        b"Corrupted MAC on input",
        b"Connection reset by peer",
        b"buffer_get_string",
        b"bad client public DH value",
    ];
    let known = STARTS.iter().any(|start| message.starts_with(start));
    known.then(|| Claim { reason: Some(message), ..claim(AuthKind::Probe, Role::Nameless) })
}
