//! Joins the lines of one process, so that one physical event is one event.
//!
//! PAM and the service report the same try; old services name the address in another line than the refusal; a
//! client's agent offers five keys for one sign-in. What waits for another line is held for a bounded time and
//! in a bounded number. It does not read lines and does not count events.

use super::claim::{Claim, Role};
use super::cut;
use super::fact::{Fact, Key, Short, TryHash};
use super::line::Frame;
use super::spot::Spot;
use crate::model::{AuthEvent, AuthKind, Safe};
use std::collections::{HashMap, VecDeque};

/// Seconds for which a claim waits for another line of its process: PAM delays a refusal by two to four.
const HOLD_S: i64 = 20;

/// Lines for which a claim waits where lines state no time.
const HOLD_LINES: u64 = 2_000;

/// Processes that are remembered. The ones heard least lately are forgotten first.
const PROCESSES: usize = 4_096;

/// Sessions that wait for logind's word.
const SESSIONS: usize = 64;

/// Addresses remembered of which verdicts followed opinions.
const CONFIRMED: usize = 16;

/// Claims that one process may have waiting.
const HELD_EACH: usize = 16;

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

/// What is known of one process.
#[derive(Debug, Default)]
struct Process {
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
    turn: u64,
}

/// Joins lines; it holds what waits.
#[derive(Debug, Default)]
pub(super) struct Joiner {
    processes: HashMap<u64, Process, TryHash>,
    /// Waiting processes in the order of their deadlines.
    waiting: VecDeque<(Option<i64>, u64, u64)>,
    /// Sessions that PAM told of and logind may tell again: user and event.
    sessions: VecDeque<(u64, Key)>,
    /// Addresses, by hash, on which a verdict lately followed an opinion.
    confirmed: [u64; CONFIRMED],
    /// Latest time heard.
    latest: Option<i64>,
    turn: u64,
}

impl Joiner {
    /// Takes a claim; gives the events that are certain now.
    pub(super) fn hear<S: Sink>(&mut self, heard: &Heard<'_, '_>, sink: &mut S) {
        self.turn += 1;
        self.latest = self.latest.max(heard.spot.second());
        if !self.waiting.is_empty() {
            self.expire(heard.spot.second(), sink);
        }
        let Some(pid) = heard.frame.pid else {
            if !matches!(heard.claim.role, Role::Opens | Role::Relents) {
                tell(heard, heard.claim, None, sink);
            }
            return;
        };
        if heard.claim.kind == AuthKind::SessionOpened {
            let again = self.told_by_pam(heard);
            tell(heard, heard.claim, again.as_ref(), sink);
            return;
        }
        let key = Short::hash(heard.frame.host.unwrap_or_default()) ^ (u64::from(pid) << 32 | u64::from(pid));
        if self.processes.len() >= PROCESSES && !self.processes.contains_key(&key) {
            self.forget(sink);
        }
        let process = self.processes.entry(key).or_default();
        process.turn = self.turn;
        let was_waiting = !process.held.is_empty();
        let confirmed = process.hear(heard, sink);
        if confirmed && let Some(address) = heard.claim.address {
            self.confirmed[self.turn as usize % CONFIRMED] = Short::hash(address);
        }
        if !was_waiting && !process.held.is_empty() {
            self.waiting.push_back((heard.spot.second(), self.turn, key));
        }
    }

    /// PAM and logind each tell of a session. Answers PAM's event when this is logind's word on it.
    fn told_by_pam(&mut self, heard: &Heard<'_, '_>) -> Option<Key> {
        let user = Short::hash(heard.claim.user?);
        if heard.claim.service == b"systemd-logind" {
            let now = heard.spot.second();
            let near =
                |then: Option<i64>| then.zip(now).is_none_or(|(then, now)| (now - then).abs() <= HOLD_S);
            let at = self.sessions.iter().position(|(whose, key)| *whose == user && near(key.second()))?;
            return self.sessions.remove(at).map(|(_, key)| key);
        }
        if self.sessions.len() >= SESSIONS {
            self.sessions.pop_front();
        }
        self.sessions.push_back((user, heard.spot.key()));
        None
    }

    /// Gives everything that waits, as it is. Where this log has verdicts on opinions of an address, one that is
    /// still to come at the end stands in the next log, and is counted there.
    pub(super) fn finish<S: Sink>(&mut self, sink: &mut S) {
        while let Some((since, _, key)) = self.waiting.pop_front() {
            if let Some(process) = self.processes.get_mut(&key) {
                let is_last = since.zip(self.latest).is_some_and(|(since, latest)| latest - since <= HOLD_S);
                // At the console nobody but PAM has a word.
                let is_remote = !process.address.as_bytes().is_empty();
                if is_last && is_remote && self.confirmed.contains(&Short::hash(process.address.as_bytes())) {
                    for fact in process.held.iter_mut().filter(|fact| fact.role == Role::Opinion) {
                        fact.relent("the verdict on it is not in this log");
                    }
                }
                process.release(sink);
            }
        }
        self.processes.clear();
    }

    /// Gives what has waited long enough at `second`.
    pub(super) fn expire<S: Sink>(&mut self, second: Option<i64>, sink: &mut S) {
        while let Some(&(since, turn, key)) = self.waiting.front() {
            let late = match (since, second) {
                (Some(since), Some(now)) => now - since > HOLD_S || now < since - 86_400,
                _ => false,
            };
            if !late && self.turn - turn < HOLD_LINES {
                break;
            }
            self.waiting.pop_front();
            if let Some(process) = self.processes.get_mut(&key) {
                process.release(sink);
            }
        }
    }

    /// Forgets the half of the processes that were heard least lately.
    fn forget<S: Sink>(&mut self, sink: &mut S) {
        let mut turns: Vec<u64> = self.processes.values().map(|process| process.turn).collect();
        let middle = turns.len() / 2;
        let (_, &mut middle, _) = turns.select_nth_unstable(middle);
        // What waits is given in the order in which it came.
        let mut keep = VecDeque::with_capacity(self.waiting.len());
        for (since, turn, key) in self.waiting.drain(..) {
            match self.processes.get_mut(&key) {
                Some(process) if process.turn < middle => process.release(sink),
                Some(_) => keep.push_back((since, turn, key)),
                None => {}
            }
        }
        self.waiting = keep;
        self.processes.retain(|_, process| process.turn >= middle);
    }
}

impl Process {
    /// Takes a claim of this process; true when it was the verdict on a module's opinion.
    fn hear<S: Sink>(&mut self, heard: &Heard<'_, '_>, sink: &mut S) -> bool {
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
                let before =
                    self.changed.as_ref().filter(|(hash, _)| *hash == change).map(|(_, key)| key.clone());
                tell(heard, &claim, before.as_ref(), sink);
                if before.is_none() {
                    self.changed = Some((change, here));
                }
            }
            Role::Own => {
                self.absorb(&here, sink, |fact| {
                    matches!(fact.role, Role::Nameless | Role::Limit) && claim.address.is_some()
                });
                tell(heard, &claim, None, sink);
                if matches!(claim.kind, AuthKind::Failed | AuthKind::Probe | AuthKind::Lockout) {
                    self.told = Some(here);
                }
            }
            Role::Opinion => {
                let twin =
                    self.held.iter().find(|fact| fact.is_same_try(&claim)).map(|fact| fact.key.clone());
                match twin {
                    Some(twin) => tell(heard, &claim, Some(&twin), sink),
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
                self.absorb(&here, sink, |fact| match fact.role {
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
                tell(heard, &claim, self.told.as_ref().filter(|_| self.refused), sink);
                self.refused = true;
                self.told.get_or_insert(here);
            }
            Role::Limit if claim.address.is_none() && claim.service == b"sshd" && !self.refused => {
                self.hold(heard, &claim, sink);
            }
            Role::Limit => {
                let opinions = self.held.iter().filter(|fact| fact.role == Role::Opinion).count() as u32;
                claim.count = claim.count.max(opinions);
                let before = self.told.clone().filter(|_| self.refused);
                self.absorb(before.as_ref().unwrap_or(&here), sink, |_| true);
                tell(heard, &claim, before.as_ref(), sink);
                self.refused = true;
                self.told.get_or_insert(here);
            }
            Role::Accepts => {
                // A module refused what the next one took: that is one sign-in. Refusals of another name are not.
                for mut fact in self.take(|fact| fact.role == Role::Offer || fact.is_of(claim.user)) {
                    fact.relent("another credential was taken");
                    fact.tell(Some(&here), sink);
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
                        tell(heard, &claim, self.told.as_ref().filter(|_| self.refused), sink);
                        self.refused = true;
                        self.told.get_or_insert(here);
                    }
                    return false;
                }
                if !self.confirm(heard, &claim, sink) {
                    tell(heard, &claim, self.told.as_ref(), sink);
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
        for fact in self.take(|fact| fact.role == Role::Remark) {
            self.refused = true;
            self.told = Some(fact.key.clone());
            fact.tell(None, sink);
        }
        let here = heard.spot.key();
        let opinions = self.take(|fact| fact.role == Role::Opinion);
        let offers = self.take(|fact| fact.role == Role::Offer);
        let nameless = self.take(|fact| matches!(fact.role, Role::Nameless | Role::Limit));
        let tries: u32 = opinions.iter().map(|fact| fact.count).sum();
        let first = match (opinions.first(), offers.first(), nameless.first()) {
            (Some(first), ..) => Some((first, tries)),
            (None, Some(first), _) if !self.refused => Some((first, 1)),
            (None, None, Some(first)) if !self.refused => Some((first, 1)),
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
        let told = self.told.clone();
        for fact in opinions.into_iter().chain(offers).chain(nameless) {
            fact.tell(told.as_ref(), sink);
        }
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
        self.held.push(Fact::new::<S>(heard, claim));
    }

    /// Gives what waits as events of their own: nothing else came.
    fn release<S: Sink>(&mut self, sink: &mut S) {
        let mut offered: Option<Key> = None;
        for mut fact in std::mem::take(&mut self.held) {
            if fact.role == Role::Limit {
                // It sums up refusals that other lines tell, and here none does.
                fact.relent("it sums up refusals that are not in this log");
            }
            // All keys of one agent are one try.
            let first = if fact.role == Role::Offer { offered.clone() } else { None };
            if fact.role == Role::Offer {
                offered.get_or_insert(fact.key.clone());
            }
            if fact.kind == AuthKind::Failed {
                self.refused = true;
            }
            self.told.get_or_insert(fact.key.clone());
            fact.tell(first.as_ref(), sink);
        }
    }

    /// Gives what waits and fits as duplicates of `key`.
    fn absorb<S: Sink>(&mut self, key: &Key, sink: &mut S, mut fits: impl FnMut(&Fact) -> bool) {
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

/// Gives a claim as an event.
fn tell<S: Sink>(heard: &Heard<'_, '_>, claim: &Claim<'_>, duplicate_of: Option<&Key>, sink: &mut S) {
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
        event.duplicate_of = duplicate_of.map(Key::to_safe);
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
