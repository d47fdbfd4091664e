//! Joins the lines of one process, so that one physical event is one event.
//!
//! PAM and the service report the same try; old services name the address in another line than the refusal; a
//! client's agent offers five keys for one sign-in. What waits for another line is held for a bounded time and
//! in a bounded number. It does not read lines and does not count events.

use super::claim::Role;
use super::fact::{Key, Short, TryHash};
use super::process::Process;
use super::sink::{Heard, Sink, tell};
use crate::model::AuthKind;
use std::collections::{HashMap, VecDeque};

/// Seconds for which a claim waits for another line of its process: PAM delays a refusal by two to four.
const HOLD_S: i64 = 20;

/// Lines for which a claim waits where lines state no time.
const HOLD_LINES: u64 = 2_000;

/// Processes that are remembered. The ones heard least lately are forgotten first.
const PROCESSES: usize = 4_096;

/// Processes that are remembered after they said goodbye: PAM counts up their refusals a moment later. Few, so that
/// what is looked at again and again stays in the processor's cache.
const ENDED: usize = 256;

/// Sessions that wait for logind's word.
const SESSIONS: usize = 64;

/// Addresses remembered of which verdicts followed opinions.
const CONFIRMED: usize = 16;

/// Joins lines; it holds what waits.
#[derive(Debug, Default)]
pub(super) struct Joiner {
    processes: HashMap<u64, Process, TryHash>,
    /// Those that have ended, in the order in which they did.
    ended: VecDeque<u64>,
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
            tell(heard, heard.claim, again, sink);
            return;
        }
        let key = Short::hash(heard.frame.host.unwrap_or_default()) ^ (u64::from(pid) << 32 | u64::from(pid));
        if self.processes.len() > PROCESSES {
            self.forget(sink);
        }
        let process = self.processes.entry(key).or_default();
        process.turn = self.turn;
        let (was_waiting, had_ended) = (process.is_waiting(), process.has_ended());
        let confirmed = process.hear(heard, sink);
        if confirmed && let Some(address) = heard.claim.address {
            self.confirmed[self.turn as usize % CONFIRMED] = Short::hash(address);
        }
        if !was_waiting && process.is_waiting() {
            self.waiting.push_back((heard.spot.second(), self.turn, key));
        }
        if !had_ended && process.has_ended() {
            self.bury(key);
        }
    }

    /// Notes that a process has ended, and forgets the one that did so long ago.
    fn bury(&mut self, key: u64) {
        self.ended.push_back(key);
        if self.ended.len() > ENDED
            && let Some(oldest) = self.ended.pop_front()
            // Its number may be in use again.
            && self.processes.get(&oldest).is_some_and(|process| process.has_ended() && !process.is_waiting())
        {
            self.processes.remove(&oldest);
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
                let is_remote = !process.address().is_empty();
                if is_last && is_remote && self.confirmed.contains(&Short::hash(process.address())) {
                    process.relent("the verdict on it is not in this log");
                }
                process.release(sink);
            }
        }
        self.processes.clear();
        self.ended.clear();
    }

    /// True when a claim waits for another line.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
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
