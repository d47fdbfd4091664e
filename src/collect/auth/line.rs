//! Takes a text line apart: time, host, speaker, process id, message. Every dialect of syslog, and none.
//!
//! It does not read the message: see the files of the speakers.

use super::timestamp::{self, Stamp};
use super::{cut, web_log};

/// A log line taken apart, in slices of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Frame<'a> {
    pub stamp: Stamp,
    /// The machine that wrote it.
    pub host: Option<&'a [u8]>,
    /// The speaker as it calls itself, without its folder: `sshd`, `CRON`, `su(pam_unix)`.
    pub tag: &'a [u8],
    pub pid: Option<u32>,
    pub message: &'a [u8],
    /// The N of `message repeated N times: [ ... ]`.
    pub repeated: u32,
}

/// Takes a line apart; `None` when it is no log line (blank, comment) or states neither a time nor a speaker.
pub(super) fn read(line: &[u8]) -> Option<Frame<'_>> {
    let line = trim_end(line);
    match line.first()? {
        b'<' => return with_priority(line),
        b'{' => return web_log::frame(line),
        _ => {}
    }
    let (stamp, at) = timestamp::read(line);
    let rest = &line[at..];
    let mut frame = match rest.first() {
        Some(b'[') if stamp != Stamp::None => own_log(rest, stamp).or_else(|| header(rest, stamp))?,
        _ => match usual(rest, stamp) {
            Some(frame) => frame,
            None => header(rest, stamp)?,
        },
    };
    unwrap_repeated(&mut frame);
    Some(frame)
}

/// Reads lines that follow each other: most begin with the second and the host of the line before.
#[derive(Debug, Default)]
pub(super) struct Reader<'a> {
    /// Stamp, host and the space behind it.
    head: &'a [u8],
    stamp: Stamp,
    host: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Takes a line apart, as [`read`] does.
    pub(super) fn read(&mut self, line: &'a [u8]) -> Option<Frame<'a>> {
        if !self.head.is_empty()
            && let Some(rest) = line.strip_prefix(self.head)
            && let Some(mut frame) = tagged(trim_end(rest), self.stamp, self.host)
        {
            unwrap_repeated(&mut frame);
            return Some(frame);
        }
        let frame = read(line)?;
        self.head = &[];
        // Only the oldest form, `Feb  7 15:10:42 HOST TAG`, has the same bytes for a whole second.
        if let Some(host) = frame.host
            && matches!(frame.stamp, Stamp::Yearless { .. })
            && line.get(STAMP..).is_some_and(|rest| rest.starts_with(host))
            && line.get(STAMP + host.len()) == Some(&b' ')
            && usual(&line[STAMP..], frame.stamp).is_some()
        {
            *self = Self { head: &line[..=STAMP + host.len()], stamp: frame.stamp, host };
        }
        Some(frame)
    }
}

/// Bytes of `Feb  7 15:10:42 `.
const STAMP: usize = 16;

/// Makes a frame of a message whose speaker is known from elsewhere.
pub(super) fn bare<'a>(tag: &'a [u8], pid: Option<u32>, message: &'a [u8]) -> Frame<'a> {
    let mut frame = Frame { tag, pid, message: trim_end(message), repeated: 1, ..Frame::default() };
    unwrap_repeated(&mut frame);
    frame
}

/// Cuts `\r`, `\n`, spaces and NULs at the end.
fn trim_end(mut line: &[u8]) -> &[u8] {
    while let [rest @ .., b'\n' | b'\r' | b' ' | b'\t' | 0] = line {
        line = rest;
    }
    line
}

/// `<38>Oct 11 ..` and RFC 5424: `<38>1 TIME HOST APP PID MSGID SD MESSAGE`.
fn with_priority(line: &[u8]) -> Option<Frame<'_>> {
    let (priority, rest) = cut::split(line.get(1..)?, b">")?;
    if priority.len() > 3 || cut::number(priority).is_none() {
        return None;
    }
    let Some(rest) = rest.strip_prefix(b"1 ") else {
        return read(rest);
    };
    let (time, rest) = cut::word(rest);
    let (host, rest) = cut::word(rest);
    let (app, rest) = cut::word(rest);
    let (pid, rest) = cut::word(rest);
    let (_message_id, rest) = cut::word(rest);
    let message = after_structured_data(rest)?;
    let message = message.strip_prefix(b"\xef\xbb\xbf").unwrap_or(message);
    let (stamp, at) = timestamp::read(time);
    if at != time.len() && time != b"-" {
        return None;
    }
    let mut frame = Frame {
        stamp,
        host: (host != b"-").then_some(host),
        tag: base_name(app),
        pid: cut::number(pid).map(|pid| pid as u32),
        message,
        repeated: 1,
    };
    unwrap_repeated(&mut frame);
    Some(frame)
}

/// Skips `-` or `[id key="value"][..]`, where a value may hold escaped quotes and brackets.
fn after_structured_data(text: &[u8]) -> Option<&[u8]> {
    if let Some(rest) = text.strip_prefix(b"-") {
        return Some(rest.strip_prefix(b" ").unwrap_or(rest));
    }
    let (mut quoted, mut escaped, mut open) = (false, false, false);
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' if !quoted => open = true,
            b']' if !quoted => open = false,
            b' ' if !open => return Some(&text[at + 1..]),
            _ if !open => return None,
            _ => {}
        }
    }
    None
}

/// Logs that a service writes itself: `[pid 7] [user] FAIL LOGIN: ..` of vsftpd, `[INFO ] AUTHFAIL: ..` of xrdp.
fn own_log(text: &[u8], stamp: Stamp) -> Option<Frame<'_>> {
    let (inner, rest) = cut::split(text.strip_prefix(b"[")?, b"] ")?;
    if let Some(pid) = inner.strip_prefix(b"pid ").and_then(cut::number) {
        let pid = u32::try_from(pid).ok();
        return Some(Frame { stamp, tag: b"vsftpd", pid, message: rest, repeated: 1, host: None });
    }
    let level = cut::trim(inner);
    if !matches!(level, b"INFO" | b"WARN" | b"ERROR" | b"CORE" | b"DEBUG" | b"TRACE" | b"NOTICE") {
        return None;
    }
    header(rest, stamp)
}

/// Reads `HOST TAG[PID]: MESSAGE`, the form of nearly every line, in one go; `None` leaves it to [`header`].
fn usual(text: &[u8], stamp: Stamp) -> Option<Frame<'_>> {
    let space = text.iter().position(|byte| *byte == b' ')?;
    let (host, rest) = (&text[..space], &text[space + 1..]);
    if stamp == Stamp::None || matches!(host.last()?, b':' | b']') || is_facility(host) {
        return None;
    }
    tagged(rest, stamp, host)
}

/// Reads `TAG[PID]: MESSAGE` behind a host.
fn tagged<'a>(rest: &'a [u8], stamp: Stamp, host: &'a [u8]) -> Option<Frame<'a>> {
    let end = rest.iter().position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')))?;
    let tag = &rest[..end];
    let (pid, colon) = match rest[end] {
        b':' => (None, end),
        b'[' => {
            let digits = rest[end + 1..].iter().position(|byte| !byte.is_ascii_digit())?;
            let close = end + 1 + digits;
            let pid = cut::number(&rest[end + 1..close])?;
            (Some(u32::try_from(pid).ok()?), if rest[close] == b']' { close + 1 } else { return None })
        }
        _ => return None,
    };
    if tag.is_empty() || !rest.get(colon..)?.starts_with(b": ") {
        return None;
    }
    let message = after_extras(&rest[colon + 2..]);
    Some(Frame { stamp, host: Some(host), tag, pid, message, repeated: 1 })
}

/// Reads `[HOST ][FACILITY ]TAG[PID]: MESSAGE`.
fn header(text: &[u8], stamp: Stamp) -> Option<Frame<'_>> {
    let mut frame = Frame { stamp, repeated: 1, ..Frame::default() };
    let mut rest = text;
    for _ in 0..4 {
        while let [b' ' | b'\t', more @ ..] = rest {
            rest = more;
        }
        let (token, after) = cut::word(rest);
        if token.is_empty() {
            break;
        }
        if matches!(token.last(), Some(b':' | b']'))
            && let Some((tag, pid)) = tag(token)
        {
            frame.tag = base_name(tag);
            frame.pid = pid;
            frame.message = after_extras(after);
            return Some(frame);
        }
        // `fail2ban.actions [384]:`: the number stands apart.
        if let Some(name) = frame.host
            && let Some(pid) = token.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]:"))
            && let Some(pid) = cut::number(pid)
        {
            frame = Frame { host: None, tag: name, pid: u32::try_from(pid).ok(), ..frame };
            frame.message = after_extras(after);
            return Some(frame);
        }
        if is_facility(token) {
            rest = after;
            continue;
        }
        if frame.host.is_some() {
            break;
        }
        // `last message repeated 3 times` may stand where the speaker does.
        if token == b"last" && after.starts_with(b"message repeated ") {
            break;
        }
        frame.host = Some(token);
        rest = after;
    }
    if stamp == Stamp::None {
        // Without a time and a speaker it may be anything.
        return None;
    }
    frame.message = rest;
    Some(frame)
}

/// Reads `sshd[123]:`, `sshd:`, `[sshd]`, `[sshd]:`, `sshd[123]`, `su(pam_unix)[4]:`, `gdm-password][123]:`.
fn tag(token: &[u8]) -> Option<(&[u8], Option<u32>)> {
    let (token, colon) = match token {
        [inner @ .., b':'] => (inner, true),
        _ => (token, false),
    };
    match token {
        [b'[', inner @ .., b']'] if !inner.is_empty() && !inner[0].is_ascii_digit() => Some((inner, None)),
        [inner @ .., b']'] => {
            let Some(open) = memchr::memrchr(b'[', inner) else {
                return (colon && !inner.is_empty()).then_some((inner, None));
            };
            let name = inner[..open].strip_suffix(b"]").unwrap_or(&inner[..open]);
            match cut::number(&inner[open + 1..]) {
                Some(pid) if !name.is_empty() => Some((name, u32::try_from(pid).ok())),
                Some(_) => None,
                None => colon.then_some((token, None)),
            }
        }
        _ if colon && !token.is_empty() => Some((token.strip_suffix(b"]").unwrap_or(token), None)),
        _ => None,
    }
}

/// Tells what some systems write between host and speaker: `auth.info`, `<auth.info>`, `auth|security:info`,
/// `@vserver_1`.
fn is_facility(token: &[u8]) -> bool {
    // Most tokens are plain host names.
    if !token.iter().any(|byte| matches!(byte, b'.' | b'|' | b':' | b'@')) {
        return false;
    }
    let token = token.strip_prefix(b"<").and_then(|inner| inner.strip_suffix(b">")).unwrap_or(token);
    if token.first() == Some(&b'@') {
        return true;
    }
    let name = token.split(|byte| matches!(byte, b'.' | b'|' | b':')).next().unwrap_or_default();
    name.len() < token.len()
        && matches!(
            name,
            b"auth"
                | b"authpriv"
                | b"daemon"
                | b"user"
                | b"security"
                | b"cron"
                | b"ftp"
                | b"syslog"
                | b"kern"
        )
        || name.len() < token.len()
            && name.len() <= 2
            && cut::number(name).is_some()
            && cut::number(&token[name.len() + 1..]).is_some()
}

/// Skips what stands between tag and message: `[ID 800047 auth.info]`, `kernel: [ 970.699]`, spaces.
fn after_extras(mut message: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] = message {
        message = rest;
    }
    match message.first() {
        Some(b'[') if message.starts_with(b"[ID ") => match cut::split(message, b"] ") {
            Some((id, rest)) if id.len() < 64 => rest,
            _ => message,
        },
        Some(b'k') if message.starts_with(b"kernel:") => {
            let rest = cut::trim(&message[7..]);
            match cut::split(rest, b"]") {
                Some(([b'[', uptime @ ..], rest))
                    if uptime.iter().all(|byte| matches!(byte, b' ' | b'.' | b'0'..=b'9')) =>
                {
                    cut::trim(rest.strip_prefix(b":").unwrap_or(rest))
                }
                _ => message,
            }
        }
        _ => message,
    }
}

/// `/usr/sbin/sshd` as `sshd`.
fn base_name(tag: &[u8]) -> &[u8] {
    if tag.first() != Some(&b'/') {
        return tag;
    }
    memchr::memrchr(b'/', tag).map_or(tag, |at| &tag[at + 1..])
}

/// `message repeated 5 times: [ MESSAGE]` as MESSAGE, five times.
#[inline]
fn unwrap_repeated(frame: &mut Frame<'_>) {
    // Nearly no line does: one byte tells.
    if frame.message.first() != Some(&b'm') {
        return;
    }
    let Some(rest) = frame.message.strip_prefix(b"message repeated ") else { return };
    let (number, rest) = cut::word(rest);
    let Some(times) = cut::number(number).filter(|times| (1..=1_000_000).contains(times)) else { return };
    let Some(inner) = rest.strip_prefix(b"times: [").and_then(|rest| rest.strip_suffix(b"]")) else { return };
    frame.message = cut::trim(inner);
    frame.repeated = times as u32;
}

/// The N of `last message repeated N times`.
#[inline]
pub(super) fn last_repeated(message: &[u8]) -> Option<u32> {
    if message.first() != Some(&b'l') {
        return None;
    }
    let rest = message.strip_prefix(b"last message repeated ")?;
    let (number, rest) = cut::word(rest);
    let times = cut::number(number).filter(|times| (1..=1_000_000).contains(times))?;
    matches!(cut::trim(rest), b"times" | b"time").then_some(times as u32)
}
