//! What is told of a line, and where it goes. It does not decide what is told.

use super::claim::Claim;
use super::fact::Key;
use super::line::Frame;
use super::spot::Spot;
use crate::model::{AuthEvent, AuthKind, Safe};

/// One event as it is counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome<'a> {
    pub kind: AuthKind,
    pub service: &'a [u8],
    pub count: u32,
    pub user: Option<&'a [u8]>,
    pub address: Option<&'a [u8]>,
    pub second: Option<i64>,
    /// Another line tells this event.
    pub duplicate: bool,
}

/// Where events go.
pub(super) trait Sink {
    /// False when only the counts are wanted: then no event is built.
    const EVENTS: bool;

    /// Takes one event; `event` is there when `EVENTS` is true.
    fn hear(&mut self, outcome: &Outcome<'_>, event: Option<Box<AuthEvent>>);
}

/// A line with what it claims and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard<'a, 'p> {
    pub frame: &'p Frame<'a>,
    pub claim: &'p Claim<'a>,
    pub spot: Spot<'p>,
}

/// Gives a claim as an event.
pub(super) fn tell<S: Sink>(
    heard: &Heard<'_, '_>,
    claim: &Claim<'_>,
    duplicate_of: Option<Key>,
    sink: &mut S,
) {
    let count = claim.count.saturating_mul(heard.frame.repeated);
    let outcome = Outcome {
        kind: claim.kind,
        count,
        user: claim.user,
        address: claim.address,
        second: heard.spot.second(),
        service: claim.service,
        duplicate: duplicate_of.is_some(),
    };
    let event = S::EVENTS.then(|| {
        let mut event = heard.event(claim);
        event.duplicate_of = duplicate_of.map(|key| key.name_in(event.file.as_ref()));
        event
    });
    sink.hear(&outcome, event);
}

/// Gives a line that another program wrote under this speaker's name.
pub(super) fn tell_forged<S: Sink>(heard: &Heard<'_, '_>, forger: &str, sink: &mut S) {
    let outcome = Outcome {
        kind: AuthKind::Other,
        service: heard.claim.service,
        count: 1,
        user: None,
        address: None,
        second: heard.spot.second(),
        duplicate: false,
    };
    let event = S::EVENTS.then(|| {
        let mut event = heard.event(heard.claim);
        event.forged_by = Some(Safe::new(forger));
        event
    });
    sink.hear(&outcome, event);
}
