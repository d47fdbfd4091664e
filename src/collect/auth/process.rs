//! What is known of one process, and how its next line stands to the lines before.
//!
//! It does not know of other processes: see `join`.

use super::claim::{Claim, Role};
use super::cut;
use super::fact::{Fact, Key, Short};
use super::sink::{Heard, Sink, tell};
use crate::model::AuthKind;

/// Claims that one process may have waiting.
const HELD_EACH: usize = 16;

/// What is known of one process.
#[derive(Debug, Default)]
pub(super) struct Process {
    /// The address of its connection, empty while unknown.
    address: Short,
    /// That is an address and no name, which would be less.
    is_ip: bool,
    port: Option<u16>,
    /// Refusals told so far.
    refused: bool,
    /// Its connection is closed: what comes next under this number is another process.
    is_closed: bool,
    /// The last event told that a closing line would only tell again.
    told: Option<Key>,
    /// The other end has said goodbye.
    left: bool,
    /// The last change told, by hash: programs write one change into several files and a line for each.
    changed: Option<(u64, Key)>,
    held: Vec<Fact>,
    /// When it was last heard: a running number.
    pub turn: u64,
}

impl Process {
    /// The address of its connection; empty while unknown.
    pub(super) fn address(&self) -> &[u8] {
        self.address.as_bytes()
    }

    /// Tells whether something waits for another line.
    pub(super) const fn is_waiting(&self) -> bool {
        !self.held.is_empty()
    }

    /// Tells whether it said goodbye or closed its connection.
    pub(super) const fn has_ended(&self) -> bool {
        self.left || self.is_closed
    }

    /// Takes back the opinions that wait.
    pub(super) fn relent(&mut self, why: &str) {
        for fact in self.held.iter_mut().filter(|fact| fact.role == Role::Opinion) {
            fact.relent(why);
        }
    }

    /// Takes a claim of this process; true when it was the verdict on a module's opinion.
    pub(super) fn hear<S: Sink>(&mut self, heard: &Heard<'_, '_>, sink: &mut S) -> bool {
        let mut claim = *heard.claim;
        let here = heard.spot.key();
        // sshd's monitor lets PAM count up the refusals after the connection is closed.
        if claim.role == Role::Opens || (self.is_closed && claim.role != Role::More) {
            self.start_over(&claim, sink);
        }
        if claim.role == Role::Opens {
            return false;
        }
        if claim.role == Role::Leaves && self.left {
            // Nobody says goodbye twice: the number belongs to a new process.
            self.start_over(&claim, sink);
        }
        let known = self.address.clone();
        match claim.address {
            Some(_) if claim.disputed && !known.is_empty() => {
                claim.address = Some(known.as_bytes());
                claim.port = self.port;
                claim.disputed = false;
            }
            Some(address) if !claim.disputed && known.as_bytes() != address => {
                let is_ip = cut::ip(address).is_some();
                // Another address: the number belongs to a new process. A name may be anybody's.
                if self.is_ip && is_ip {
                    self.start_over(&claim, sink);
                } else if known.is_empty() || is_ip {
                    self.address = Short::new(address);
                    self.is_ip = is_ip;
                    self.port = claim.port;
                }
            }
            Some(_) if self.port.is_none() => self.port = claim.port,
            None if !known.is_empty() && wants_address(&claim) => {
                claim.address = Some(known.as_bytes());
                claim.port = self.port;
            }
            _ => {}
        }
        match claim.role {
            Role::Opens => {}
            Role::Own if is_change(claim.kind) => {
                let change = change_hash(&claim);
                let before = self.changed.filter(|(hash, _)| *hash == change).map(|(_, key)| key);
                tell(heard, &claim, before, sink);
                if before.is_none() {
                    self.changed = Some((change, here));
                }
            }
            Role::Own => {
                self.absorb(here, sink, |fact| {
                    matches!(fact.role, Role::Nameless | Role::Limit) && claim.address.is_some()
                });
                tell(heard, &claim, None, sink);
                if matches!(claim.kind, AuthKind::Failed | AuthKind::Probe | AuthKind::Lockout) {
                    self.told = Some(here);
                }
            }
            Role::Opinion => {
                let twin = self.held.iter().find(|fact| fact.is_same_try(&claim)).map(|fact| fact.key);
                match twin {
                    Some(twin) => tell(heard, &claim, Some(twin), sink),
                    None => self.hold(heard, &claim, sink),
                }
            }
            Role::Remark | Role::Offer => self.hold(heard, &claim, sink),
            Role::Relents => {
                for mut fact in self.take(|fact| fact.role == Role::Opinion) {
                    fact.relent("another module took the credential");
                    fact.tell(None, sink);
                }
            }
            Role::Nameless if claim.address.is_none() => self.hold(heard, &claim, sink),
            Role::Nameless => {
                tell(heard, &claim, None, sink);
                self.told = Some(here);
            }
            Role::Verdict => {
                let mut left = claim.count * heard.frame.repeated;
                let whole = left;
                self.absorb(here, sink, |fact| match fact.role {
                    Role::Nameless | Role::Limit => true,
                    Role::Opinion | Role::Remark if left > 0 => {
                        left -= 1;
                        true
                    }
                    _ => false,
                });
                tell(heard, &claim, None, sink);
                self.refused = true;
                self.told = Some(here);
                return left < whole;
            }
            Role::More => {
                self.release(sink);
                tell(heard, &claim, self.told.filter(|_| self.refused), sink);
                self.refused = true;
                self.told.get_or_insert(here);
            }
            Role::Limit if claim.address.is_none() && claim.service == b"sshd" && !self.refused => {
                self.hold(heard, &claim, sink);
            }
            Role::Limit => {
                let opinions = self.held.iter().filter(|fact| fact.role == Role::Opinion).count() as u32;
                claim.count = claim.count.max(opinions);
                let before = self.told.filter(|_| self.refused);
                self.absorb(before.unwrap_or(here), sink, |_| true);
                tell(heard, &claim, before, sink);
                self.refused = true;
                self.told.get_or_insert(here);
            }
            Role::Accepts => {
                // A module refused what the next one took: that is one sign-in. Refusals of another name are not.
                for mut fact in self.take(|fact| fact.role == Role::Offer || fact.is_of(claim.user)) {
                    fact.relent("another credential was taken");
                    fact.tell(Some(here), sink);
                }
                self.confirm(heard, &claim, sink);
                tell(heard, &claim, None, sink);
                self.told = Some(here);
            }
            Role::Leaves | Role::Closes => {
                self.left |= claim.role == Role::Leaves;
                if claim.kind == AuthKind::Failed {
                    // The client's own word that its try failed: the try may have been told already.
                    if !self.confirm(heard, &claim, sink) {
                        tell(heard, &claim, self.told.filter(|_| self.refused), sink);
                        self.refused = true;
                        self.told.get_or_insert(here);
                    }
                    return false;
                }
                if !self.confirm(heard, &claim, sink) {
                    tell(heard, &claim, self.told, sink);
                    if claim.kind == AuthKind::Probe {
                        self.told.get_or_insert(here);
                    }
                }
                self.is_closed = claim.role == Role::Closes;
            }
        }
        false
    }

    /// A line with an address follows claims that waited for the service's word: it is the event, they are its
    /// forerunners. Answers whether there were any.
    fn confirm<S: Sink>(&mut self, heard: &Heard<'_, '_>, claim: &Claim<'_>, sink: &mut S) -> bool {
        if self.held.is_empty() {
            return false;
        }
        let mut held = std::mem::take(&mut self.held);
        held.sort_by_key(|fact| match fact.role {
            Role::Remark => 0,
            Role::Opinion => 1,
            Role::Offer => 2,
            _ => 3,
        });
        let remarks = held.partition_point(|fact| fact.role == Role::Remark);
        for fact in held.drain(..remarks) {
            self.refused = true;
            self.told = Some(fact.key);
            fact.tell(None, sink);
        }
        let here = heard.spot.key();
        let opinions = held.iter().filter(|fact| fact.role == Role::Opinion);
        let first = match held.first() {
            Some(first) if first.role == Role::Opinion => {
                Some((first, opinions.map(|fact| fact.count).sum()))
            }
            Some(first) if !self.refused => Some((first, 1)),
            _ => None,
        };
        let confirmed = first.is_some();
        if let Some((first, count)) = first {
            let failed = Claim {
                kind: first.kind,
                user: first.user().or(claim.user),
                method: None,
                exists: first.exists,
                count,
                ..*claim
            };
            tell(heard, &failed, None, sink);
            self.told = Some(here);
            self.refused |= first.kind == AuthKind::Failed;
        }
        for fact in held.drain(..) {
            fact.tell(self.told, sink);
        }
        self.held = held;
        confirmed
    }

    /// Forgets an earlier process of the same number.
    fn start_over<S: Sink>(&mut self, claim: &Claim<'_>, sink: &mut S) {
        self.release(sink);
        self.address = claim.address.map(Short::new).unwrap_or_default();
        self.is_ip = claim.address.is_some_and(|address| cut::ip(address).is_some());
        self.port = claim.port;
        self.refused = false;
        self.told = None;
        self.is_closed = false;
        self.left = false;
        self.changed = None;
    }

    fn hold<S: Sink>(&mut self, heard: &Heard<'_, '_>, claim: &Claim<'_>, sink: &mut S) {
        if self.held.len() >= HELD_EACH {
            self.release(sink);
        }
        // Nearly always it is the only one, and thousands of processes have one.
        if self.held.capacity() == 0 {
            self.held.reserve_exact(1);
        }
        self.held.push(Fact::new::<S>(heard, claim));
    }

    /// Gives what waits as events of their own: nothing else came.
    pub(super) fn release<S: Sink>(&mut self, sink: &mut S) {
        let mut offered: Option<Key> = None;
        // The room that was made for them stays.
        let mut held = std::mem::take(&mut self.held);
        for mut fact in held.drain(..) {
            if fact.role == Role::Limit {
                // It sums up refusals that other lines tell, and here none does.
                fact.relent("it sums up refusals that are not in this log");
            }
            // All keys of one agent are one try.
            let first = if fact.role == Role::Offer { offered } else { None };
            if fact.role == Role::Offer {
                offered.get_or_insert(fact.key);
            }
            if fact.kind == AuthKind::Failed {
                self.refused = true;
            }
            self.told.get_or_insert(fact.key);
            fact.tell(first, sink);
        }
        self.held = held;
    }

    /// Gives what waits and fits as duplicates of `key`.
    fn absorb<S: Sink>(&mut self, key: Key, sink: &mut S, mut fits: impl FnMut(&Fact) -> bool) {
        let mut at = 0;
        while let Some(fact) = self.held.get(at) {
            if fits(fact) {
                self.held.remove(at).tell(Some(key), sink);
            } else {
                at += 1;
            }
        }
    }

    fn take(&mut self, mut fits: impl FnMut(&Fact) -> bool) -> Vec<Fact> {
        if self.held.is_empty() {
            return Vec::new();
        }
        self.held.extract_if(.., |fact| fits(fact)).collect()
    }
}

/// Tells the kinds of which several lines tell one event.
const fn is_change(kind: AuthKind) -> bool {
    matches!(
        kind,
        AuthKind::AccountAdded
            | AuthKind::AccountChanged
            | AuthKind::AccountRemoved
            | AuthKind::GroupChanged
            | AuthKind::PasswordChanged
            | AuthKind::Su
    )
}

fn change_hash(claim: &Claim<'_>) -> u64 {
    let user = Short::hash(claim.user.unwrap_or_default());
    let target = Short::hash(claim.target.unwrap_or_default());
    // `password changed for U` of PAM names nobody else.
    let target = if claim.kind == AuthKind::PasswordChanged { 0 } else { target };
    user ^ target.rotate_left(17) ^ claim.kind as u64
}

/// Refusals and ends without an address take that of their process.
fn wants_address(claim: &Claim<'_>) -> bool {
    claim.role == Role::Nameless || claim.role == Role::Limit
}
