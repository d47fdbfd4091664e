//! Where and when a line stands, and the event that it becomes.

use super::claim::Claim;
use super::fact::Key;
use super::sink::Heard;
use crate::model::{Attribution, AuthEvent, Safe};
use chrono::DateTime;

/// Where a line stood.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place<'p> {
    /// The file, as named by the user.
    pub file: Option<&'p Safe>,
    /// Line in it, from 1.
    pub line: Option<u64>,
}

/// A place and a time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spot<'p> {
    pub place: Place<'p>,
    pub time: Option<(i64, u32)>,
}

impl Spot<'_> {
    pub(super) fn second(&self) -> Option<i64> {
        self.time.map(|(second, _)| second)
    }

    pub(super) fn key(&self) -> Key {
        Key { line: self.place.line, time: self.time }
    }
}

impl Heard<'_, '_> {
    /// Builds the event of a claim of this line. What was the speaker's becomes safe text here.
    pub(super) fn event(&self, claim: &Claim<'_>) -> Box<AuthEvent> {
        let safe = |text: Option<&[u8]>| text.map(Safe::from_bytes);
        Box::new(AuthEvent {
            file: self.spot.place.file.cloned(),
            line: self.spot.place.line,
            time: self.spot.time.and_then(|(second, micros)| DateTime::from_timestamp(second, micros * 1000)),
            kind: claim.kind,
            service: Safe::from_bytes(claim.service),
            user: safe(claim.user),
            target_user: safe(claim.target),
            address: safe(claim.address),
            port: claim.port,
            method: safe(claim.method),
            key: safe(claim.key),
            command: safe(claim.command),
            tty: safe(claim.tty),
            reason: safe(claim.reason),
            user_exists: claim.exists,
            host: safe(self.frame.host),
            pid: self.frame.pid,
            count: claim.count.saturating_mul(self.frame.repeated),
            attribution: claim
                .address
                .map(|_| if claim.disputed { Attribution::Disputed } else { Attribution::LogOnly }),
            duplicate_of: None,
            forged_by: None,
            raw: Safe::from_bytes(self.frame.message),
        })
    }
}
