//! A claim that outlives its line: what waits for another line is held in this form.

use super::claim::{Claim, Role};
use super::sink::{Heard, Outcome, Sink};
use crate::model::{AuthEvent, AuthKind, Safe};
use chrono::DateTime;
use std::hash::{BuildHasherDefault, Hasher};

/// Short text in place, longer text on the heap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Short {
    Here(u8, [u8; 39]),
    There(Box<[u8]>),
}

impl Default for Short {
    fn default() -> Self {
        Self::Here(0, [0; 39])
    }
}

impl Short {
    pub(super) fn new(text: &[u8]) -> Self {
        let mut bytes = [0; 39];
        match bytes.get_mut(..text.len()) {
            Some(place) => {
                place.copy_from_slice(text);
                Self::Here(text.len() as u8, bytes)
            }
            None => Self::There(text.into()),
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Here(len, bytes) => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Self::There(bytes) => bytes,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    /// A quick hash; what hostile text can collide in is bounded elsewhere.
    pub(super) fn hash(text: &[u8]) -> u64 {
        let mut hasher = Quick::default();
        hasher.write(text);
        hasher.finish()
    }
}

/// A multiplying hash over eight bytes at a time.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Quick(u64);

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let mut word = [0; 8];
            word.copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
        let rest = chunks.remainder();
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.write_u64(u64::from_le_bytes(word) ^ (rest.len() as u64) << 56);
        }
    }

    fn write_u64(&mut self, word: u64) {
        let mixed = u128::from(self.0 ^ word ^ 0x51_7c_c1_b7_27_22_0a_95) * 0x9e37_79b9_7f4a_7c15;
        self.0 = (mixed >> 64) as u64 ^ mixed as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The hash of maps whose keys are not the attacker's to choose freely, or whose size is bounded.
pub(super) type TryHash = BuildHasherDefault<Quick>;

/// The name of an event within its source, by which another refers to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    pub line: Option<u64>,
    pub time: Option<(i64, u32)>,
}

impl Key {
    pub(super) fn second(&self) -> Option<i64> {
        self.time.map(|(second, _)| second)
    }

    /// `auth.log:17` where lines have numbers, else the time. `file` is that of the event that refers to it: a
    /// joiner reads one source.
    pub(super) fn name_in(self, file: Option<&Safe>) -> Safe {
        match (file, self.line) {
            (Some(file), Some(line)) => Safe::new(&format!("{file}:{line}")),
            (None, Some(line)) => Safe::new(&format!("{line}")),
            _ => match self.time.and_then(|(second, micros)| DateTime::from_timestamp(second, micros * 1000))
            {
                Some(time) => Safe::new(&time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)),
                None => Safe::new("unknown"),
            },
        }
    }
}

/// A claim that waits for another line of its process.
#[derive(Debug)]
pub(super) struct Fact {
    pub kind: AuthKind,
    pub role: Role,
    pub count: u32,
    pub key: Key,
    pub exists: Option<bool>,
    user: Option<Short>,
    address: Option<Short>,
    /// Hash of the module or method.
    method: u64,
    event: Option<Box<AuthEvent>>,
}

impl Fact {
    pub(super) fn new<S: Sink>(heard: &Heard<'_, '_>, claim: &Claim<'_>) -> Self {
        Self {
            kind: claim.kind,
            role: claim.role,
            count: claim.count.saturating_mul(heard.frame.repeated),
            key: heard.spot.key(),
            exists: claim.exists,
            user: claim.user.map(Short::new),
            address: claim.address.map(Short::new),
            method: Short::hash(claim.method.unwrap_or_default()),
            event: S::EVENTS.then(|| heard.event(claim)),
        }
    }

    pub(super) fn user(&self) -> Option<&[u8]> {
        self.user.as_ref().map(Short::as_bytes)
    }

    /// Tells another module's opinion on the same try.
    pub(super) fn is_same_try(&self, claim: &Claim<'_>) -> bool {
        matches!(self.role, Role::Opinion | Role::Remark)
            && self.method != Short::hash(claim.method.unwrap_or_default())
            && (self.user() == claim.user || self.user.is_none() || claim.user.is_none())
    }

    /// Tells a module's opinion on that name, or on none.
    pub(super) fn is_of(&self, user: Option<&[u8]>) -> bool {
        self.role == Role::Opinion && (self.user.is_none() || self.user() == user)
    }

    /// The refusal turned out to be none.
    pub(super) fn relent(&mut self, why: &str) {
        self.kind = AuthKind::Other;
        if let Some(event) = &mut self.event {
            event.kind = AuthKind::Other;
            event.reason = Some(Safe::new(why));
        }
    }

    /// Gives it as an event, or as a duplicate of another.
    pub(super) fn tell<S: Sink>(self, duplicate_of: Option<Key>, sink: &mut S) {
        let outcome = Outcome {
            kind: self.kind,
            count: self.count,
            user: self.user.as_ref().map(Short::as_bytes),
            address: self.address.as_ref().map(Short::as_bytes),
            second: self.key.second(),
            service: b"",
            duplicate: duplicate_of.is_some(),
        };
        let event = self.event.map(|mut event| {
            event.duplicate_of = duplicate_of.map(|key| key.name_in(event.file.as_ref()));
            event
        });
        sink.hear(&outcome, event);
    }
}
