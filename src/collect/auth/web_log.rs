//! What web services with log-ins of their own say: Nextcloud and ownCloud.
//!
//! Their own log is one JSON object a line; over syslog they send that object, or `{app} MESSAGE`. The address is the
//! server's word; a name in the message is whatever was typed.

use super::claim::{Claim, Role};
use super::cut;
use super::line::Frame;
use super::timestamp;
use crate::model::AuthKind;

const SERVICE: &[u8] = b"nextcloud";

/// Tells a line of their own log.
pub(super) fn is_entry(line: &[u8]) -> bool {
    line.starts_with(b"{\"reqId\":\"") || line.starts_with(b"{\"app\":\"")
}

/// Takes a line of their own log apart; the message of the frame is the whole object.
pub(super) fn frame(line: &[u8]) -> Option<Frame<'_>> {
    let (stamp, _) = timestamp::read(field(line, b"\"time\":\"")?);
    is_entry(line).then_some(Frame { stamp, host: None, tag: SERVICE, pid: None, message: line, repeated: 1 })
}

/// Reads a message of Nextcloud or ownCloud.
pub(super) fn read(message: &[u8]) -> Option<Claim<'_>> {
    if is_entry(message) {
        let address = field(message, b"\"remoteAddr\":\"").and_then(cut::ip);
        return claim(field(message, b"\"message\":\"")?, address);
    }
    let (_, text) = cut::split(message.strip_prefix(b"{")?, b"} ")?;
    claim(text, None)
}

/// The text of a field, still escaped. A mark cannot stand inside another text: there its quotes are escaped.
fn field<'a>(object: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    let (_, rest) = cut::split(object, mark)?;
    let mut escaped = false;
    let end = rest.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    })?;
    Some(&rest[..end])
}

/// `address` is that of the entry; else the message has it.
fn claim<'a>(text: &'a [u8], address: Option<&'a [u8]>) -> Option<Claim<'a>> {
    let mut claim = Claim::new(AuthKind::Failed, SERVICE);
    if let Some(rest) = text.strip_prefix(b"Trusted domain error. ") {
        claim.kind = AuthKind::Probe;
        claim.reason = Some(b"asked for a host that it does not serve");
        claim.address = address.or_else(|| cut::ip(quoted(cut::word(rest).0)));
        return claim.address.is_some().then_some(claim);
    }
    if let Some(rest) = text.strip_prefix(b"Login successful: ") {
        claim.kind = AuthKind::Accepted;
        claim.role = Role::Accepts;
        return Some(Claim { user: Some(quoted(rest)), address: Some(address?), ..claim });
    }
    let rest = match text.strip_prefix(b"Login failed: ") {
        Some(rest) => Some((rest, &b"password"[..])),
        None => text.strip_prefix(b"Two-factor challenge failed: ").map(|rest| (rest, &b"two-factor"[..])),
    };
    let (rest, method) = rest?;
    let (user, place) =
        cut::split_last(rest, b" (Remote IP: ").map_or((rest, None), |(user, place)| (user, Some(place)));
    let told = place.and_then(|place| cut::ip(quoted(place.strip_suffix(b")")?)));
    claim.role = Role::Verdict;
    claim.method = Some(method);
    // A header that anybody may send stands behind the address there.
    claim.disputed = address.is_none() && cut::find(user, b"X-Forwarded-For: ").is_some();
    Some(Claim { user: Some(quoted(user)), address: Some(address.or(told)?), ..claim })
}

/// Without quotes around it, which may be escaped.
fn quoted(text: &[u8]) -> &[u8] {
    for mark in [&b"'"[..], b"\"", b"\\\""] {
        if let Some(inner) = text.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark)) {
            return inner;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(message: &str) -> Option<(AuthKind, &str, &str, bool)> {
        let claim = read(message.as_bytes())?;
        let text = |bytes: Option<&'static [u8]>| std::str::from_utf8(bytes.unwrap_or_default()).unwrap();
        let [user, address] =
            [claim.user, claim.address].map(|bytes| bytes.map(|bytes| &*bytes.to_vec().leak()));
        Some((claim.kind, text(user), text(address), claim.disputed))
    }

    #[test]
    fn log_ins_are_read_in_each_form() {
        let failed = |user, address| Some((AuthKind::Failed, user, address, false));
        for (message, expected) in [
            (r"{core} Login failed: 'admin' (Remote IP: '203.0.113.9')", failed("admin", "203.0.113.9")),
            (r"{core} Login failed: anna b (Remote IP: 2001:db8::7)", failed("anna b", "2001:db8::7")),
            // What was typed stands before the server's word.
            (
                r"{core} Login failed: x (Remote IP: 192.0.2.1) (Remote IP: 203.0.113.9)",
                failed("x (Remote IP: 192.0.2.1)", "203.0.113.9"),
            ),
            (
                r#"{"reqId":"a1","level":2,"time":"2026-11-22T10:11:12+00:00","remoteAddr":"203.0.113.9","user":"--","app":"core","method":"POST","url":"/login?\"message\":\"x","message":"Login failed: a\"b (Remote IP: 192.0.2.1)","userAgent":"x"}"#,
                failed(r#"a\"b"#, "203.0.113.9"),
            ),
            (
                r#"{"app":"core","message":"Login failed: 'admin' (Remote IP: '203.0.113.9')","level":2,"time":"2015-06-09T08:16:29+00:00"}"#,
                failed("admin", "203.0.113.9"),
            ),
            (
                r#"{"reqId":"a1","remoteAddr":"203.0.113.9","app":"admin_audit","message":"Login successful: \"anna\"","time":"2026-11-22T10:11:12+00:00"}"#,
                Some((AuthKind::Accepted, "anna", "203.0.113.9", false)),
            ),
            (
                r#"{"reqId":"a1","remoteAddr":"203.0.113.9","app":"core","message":"Trusted domain error. \"203.0.113.9\" tried to access using \"x\" as host.","time":"2026-11-22T10:11:12+00:00"}"#,
                Some((AuthKind::Probe, "", "203.0.113.9", false)),
            ),
            (
                r"{core} Login failed: 'u' (Remote IP: '203.0.113.9', X-Forwarded-For: 'x (Remote IP: '192.0.2.1')",
                Some((
                    AuthKind::Failed,
                    "'u' (Remote IP: '203.0.113.9', X-Forwarded-For: 'x",
                    "192.0.2.1",
                    true,
                )),
            ),
            (r"{core} Login failed: 'u' (Remote IP: '203.0.113.9', X-Forwarded-For: '')", None),
            (r"{files} Login was slow", None),
            (r#"{"reqId":"a1","message":"Login failed: x"}"#, None),
            (r#"{"reqId":"a1","message":"Login failed: x"#, None),
        ] {
            assert_eq!(told(message), expected, "{message}");
        }
    }
}
