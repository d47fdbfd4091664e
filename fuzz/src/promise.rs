//! What every piece of text and every sign-in event promises, whatever was read.

use chrono::{DateTime, TimeZone as _, Utc};
use home_soc::collect::auth::Clock;
use home_soc::model::{AuthEvent, AuthKind, Safe, Zone};
use std::net::IpAddr;

/// The present of all targets: a fuzzer's finding must be the same tomorrow.
pub(super) fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap()
}

pub(super) fn clock() -> Clock {
    Clock::live(now(), Zone::utc())
}

/// Tells characters that a terminal obeys or that change how their neighbours read. It is a list of its own, so
/// that a gap in the program's list is seen.
fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Text that is safe to show stays so, however often it is cleaned.
pub(super) fn text(text: &Safe) {
    assert!(!text.chars().any(is_dangerous), "unprintable: {text:?}");
    assert!(text.len() <= 4096 + 32, "{} bytes of text", text.len());
    assert_eq!(&Safe::new(text), text, "cleaning it again changes it");
}

/// An event states only what the text `heard` states, and survives being written and read.
pub(super) fn event(event: &AuthEvent, heard: &[u8]) {
    assert!(event.count >= 1, "an event that did not happen: {event:?}");
    text(&event.service);
    text(&event.raw);
    for part in [
        &event.file,
        &event.user,
        &event.target_user,
        &event.address,
        &event.method,
        &event.key,
        &event.command,
        &event.tty,
        &event.reason,
        &event.host,
        &event.duplicate_of,
        &event.forged_by,
    ] {
        part.iter().for_each(text);
    }
    assert_eq!(event.attribution.is_some(), event.address.is_some(), "trust in an address: {event:?}");
    if let Some(address) = &event.address {
        assert!(is_address(address), "neither address nor name: {event:?}");
        let stands = heard.windows(address.len()).any(|part| part == address.as_bytes());
        assert!(stands, "an address that nobody wrote: {event:?}");
    }
    if event.forged_by.is_some() {
        assert_eq!(event.kind, AuthKind::Other, "a forgery counts: {event:?}");
    }
    let written = serde_json::to_vec(event).unwrap();
    assert_eq!(&serde_json::from_slice::<AuthEvent>(&written).unwrap(), event, "written and read again");
}

fn is_address(text: &str) -> bool {
    let is_name = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
    };
    let (address, zone) = text.split_once('%').unwrap_or((text, "none"));
    is_name(text) || (address.parse::<IpAddr>().is_ok() && is_name(zone))
}
