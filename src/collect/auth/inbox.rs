//! Holds events between two beats, in bounded room.
//!
//! A flood must not push out the one line that matters: when there are many, tries that differ in nothing but
//! their second are folded into one with a count, and only what still does not fit is dropped, and counted.

use crate::model::{AuthEvent, AuthKind, Safe};
use std::collections::HashMap;

/// From this many events on, tries are folded.
const FOLD_FROM: usize = 4_000;
/// At most this many events; beyond, tries are dropped.
const TRIES: usize = 8_000;
/// At most this many events when the new one is no mere try.
const EVENTS: usize = 10_000;

/// Events that wait to be fetched.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    events: Vec<AuthEvent>,
    folded: HashMap<Alike, usize>,
    dropped: u64,
}

/// What must be equal for two tries to be told as one.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Alike {
    kind: AuthKind,
    service: Safe,
    user: Option<Safe>,
    address: Option<Safe>,
    exists: Option<bool>,
    minute: Option<i64>,
}

impl Inbox {
    /// Takes in an event.
    pub(super) fn put(&mut self, event: AuthEvent) {
        let is_told_already = event.duplicate_of.is_some();
        if self.events.len() < FOLD_FROM {
            self.events.push(event);
        } else if is_try(event.kind) {
            if is_told_already {
                return;
            }
            let alike = Alike {
                kind: event.kind,
                service: event.service.clone(),
                user: event.user.clone(),
                address: event.address.clone(),
                exists: event.user_exists,
                minute: event.time.map(|time| time.timestamp().div_euclid(60)),
            };
            if let Some(&at) = self.folded.get(&alike) {
                self.events[at].count = self.events[at].count.saturating_add(event.count);
            } else if self.events.len() < TRIES {
                self.folded.insert(alike, self.events.len());
                self.events.push(event);
            } else {
                self.dropped += u64::from(event.count);
            }
        } else if self.events.len() < EVENTS {
            self.events.push(event);
        } else {
            self.dropped += u64::from(event.count);
        }
    }

    /// How many events wait.
    pub(super) const fn len(&self) -> usize {
        self.events.len()
    }

    /// Gives everything out, with the number of events that were dropped.
    pub(super) fn take(&mut self) -> (Vec<AuthEvent>, u64) {
        self.folded.clear();
        (std::mem::take(&mut self.events), std::mem::take(&mut self.dropped))
    }
}

/// What an attacker can make any number of from outside.
const fn is_try(kind: AuthKind) -> bool {
    matches!(
        kind,
        AuthKind::Failed | AuthKind::InvalidUser | AuthKind::Probe | AuthKind::Lockout | AuthKind::Other
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: AuthKind, user: &str) -> AuthEvent {
        AuthEvent { user: Some(user.into()), ..AuthEvent::new(kind, "sshd", "") }
    }

    #[test]
    fn a_flood_is_counted_in_full_and_pushes_out_nothing_that_matters() {
        let mut inbox = Inbox::default();
        for _ in 0..1_000_000 {
            inbox.put(event(AuthKind::Failed, "root"));
        }
        inbox.put(event(AuthKind::Accepted, "root"));
        let (events, dropped) = inbox.take();
        assert_eq!(events.iter().map(|event| u64::from(event.count)).sum::<u64>(), 1_000_001);
        assert_eq!(dropped, 0);
        assert_eq!(events.len(), FOLD_FROM + 2);
        assert_eq!(events.last().unwrap().kind, AuthKind::Accepted);
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let mut inbox = Inbox::default();
        for n in 0..20_000 {
            inbox.put(event(AuthKind::Failed, &n.to_string()));
        }
        assert_eq!(inbox.len(), TRIES);
        inbox.put(event(AuthKind::Accepted, "root"));
        let (events, dropped) = inbox.take();
        assert_eq!(events.len() as u64 + dropped, 20_001);
        assert_eq!(events.len(), TRIES + 1);
        assert_eq!(inbox.take(), (Vec::new(), 0));
    }
}
