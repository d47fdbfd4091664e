//! Counts the events of a scan in bounded memory: 10,000 sources and names, the rest as numbers.
//!
//! IPv6 addresses count by /64, the least that one client is given. It does not judge: windows of time are the
//! judge's.

use super::cut;
use super::fact::{Short, TryHash};
use super::sink::Outcome;
use crate::model::{AfterFailures, AuthKind, Safe, ScanSource, ScanSummary, Zone};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Sources and names kept one by one.
const KEPT: usize = 10_000;

/// Names remembered of one source.
const NAMES_EACH: usize = 8;

/// Sign-ins after failures that are listed.
const LISTED: usize = 20;

/// Bits of the map that estimates how many different sources there were beyond those kept.
const DISTINCT_BITS: usize = 1 << 20;

/// The counts so far.
#[derive(Debug)]
pub(super) struct Tally {
    zone: Zone,
    counts: [u64; KINDS],
    sources: HashMap<u128, SourceCount, TryHash>,
    /// What sources that are no addresses call themselves.
    hosts: HashMap<u128, Short, TryHash>,
    source_rest: u64,
    distinct_sources: Distinct,
    /// The number of each name, by its hash.
    names: HashMap<u64, u16, TryHash>,
    name_counts: Vec<u64>,
    name_list: Vec<Short>,
    distinct_names: Distinct,
    span: Span,
    hours: [u64; 24],
    /// The last quarter of an hour asked for, and its hour of the day.
    quarter: (i64, usize),
    after: Vec<AfterFailures>,
    after_total: u64,
    telling: u64,
}

const KINDS: usize = AuthKind::Other as usize + 1;

/// What one source did. With its key it fills one line of the processor's cache: a flood comes from thousands.
#[derive(Debug, Clone)]
struct SourceCount {
    attempts: u64,
    accepted: u64,
    span: Span,
    /// Numbers of names; those behind the last are [`NO_NAME`].
    names: [u16; NAMES_EACH],
}

const NO_NAME: u16 = u16::MAX;

/// First and last second; empty while the first is after the last.
#[derive(Debug, Clone, Copy)]
struct Span {
    first: i64,
    last: i64,
}

impl Default for Span {
    fn default() -> Self {
        Self { first: i64::MAX, last: i64::MIN }
    }
}

impl Span {
    fn widen(&mut self, second: i64) {
        self.first = self.first.min(second);
        self.last = self.last.max(second);
    }

    fn first_at(self) -> Option<DateTime<Utc>> {
        (self.first <= self.last).then_some(self.first).and_then(time)
    }

    fn last_at(self) -> Option<DateTime<Utc>> {
        (self.first <= self.last).then_some(self.last).and_then(time)
    }
}

impl Tally {
    pub(super) fn new(zone: Zone) -> Self {
        Self {
            zone,
            counts: [0; KINDS],
            sources: HashMap::default(),
            hosts: HashMap::default(),
            source_rest: 0,
            distinct_sources: Distinct::default(),
            names: HashMap::default(),
            name_counts: Vec::new(),
            name_list: Vec::new(),
            distinct_names: Distinct::default(),
            span: Span::default(),
            hours: [0; 24],
            quarter: (i64::MIN, 0),
            after: Vec::new(),
            after_total: 0,
            telling: 0,
        }
    }

    /// Counts one event.
    pub(super) fn count(&mut self, event: &Outcome<'_>) {
        self.telling += 1;
        if let Some(second) = event.second {
            self.span.widen(second);
        }
        if event.duplicate {
            return;
        }
        let count = u64::from(event.count);
        // sudo and su have sessions too; the command itself is counted.
        if event.kind == AuthKind::SessionOpened
            && matches!(event.service, b"sudo" | b"su" | b"su-l" | b"sudo-i")
        {
            return;
        }
        self.counts[event.kind as usize] += count;
        match event.kind {
            AuthKind::Failed => self.failed(event, count),
            AuthKind::Accepted => self.accepted(event, count),
            _ => {}
        }
    }

    fn failed(&mut self, event: &Outcome<'_>, count: u64) {
        if let Some(second) = event.second {
            let hour = self.hour(second);
            self.hours[hour] += count;
        }
        let name = event.user.map(|user| self.name(user, count));
        let Some(address) = event.address else { return };
        let key = source_key(address);
        // Nearly always it is known already.
        let source = if let Some(known) = self.sources.get_mut(&key) {
            known
        } else {
            self.distinct_sources.add(key as u64 ^ (key >> 64) as u64);
            if self.sources.len() >= KEPT {
                self.forget_the_quiet();
            }
            if is_name(key) {
                self.hosts.insert(key, Short::new(&address[..address.len().min(128)]));
            }
            self.sources.entry(key).or_insert_with(SourceCount::new)
        };
        source.attempts += count;
        if let Some(second) = event.second {
            source.span.widen(second);
        }
        if let Some(Some(name)) = name {
            source.remember(name);
        }
    }

    fn accepted(&mut self, event: &Outcome<'_>, count: u64) {
        let Some(address) = event.address else { return };
        // A source that never failed is not one of those listed.
        let Some(source) = self.sources.get_mut(&source_key(address)) else { return };
        source.accepted += count;
        self.after_total += count;
        if self.after.len() < LISTED {
            self.after.push(AfterFailures {
                user: Safe::from_bytes(event.user.unwrap_or_default()),
                address: Safe::from_bytes(address),
                failures: source.attempts,
                at: event.second.and_then(time),
            });
        }
    }

    /// Counts a name; answers its number while it is kept.
    fn name(&mut self, user: &[u8], count: u64) -> Option<u16> {
        let hash = Short::hash(user);
        if let Some(&at) = self.names.get(&hash) {
            self.name_counts[usize::from(at)] += count;
            return Some(at);
        }
        self.distinct_names.add(hash);
        let at = u16::try_from(self.name_list.len()).ok().filter(|at| usize::from(*at) < KEPT)?;
        self.names.insert(hash, at);
        self.name_counts.push(count);
        self.name_list.push(Short::new(&user[..user.len().min(128)]));
        Some(at)
    }

    /// Drops the half of the sources with the fewest attempts: a flood of addresses must not push out the one
    /// that tries hardest. Of equals, the order of their keys decides, so that every run is the same.
    fn forget_the_quiet(&mut self) {
        let mut order: Vec<(u64, u128)> =
            self.sources.iter().map(|(key, source)| (source.attempts, *key)).collect();
        let half = order.len() / 2;
        order.select_nth_unstable(half);
        for (attempts, key) in &order[..half] {
            self.sources.remove(key);
            self.hosts.remove(key);
            self.source_rest += attempts;
        }
    }

    fn hour(&mut self, second: i64) -> usize {
        let quarter = second.div_euclid(900);
        if self.quarter.0 != quarter {
            let local = second + self.zone.offset_s(second);
            self.quarter = (quarter, (local.div_euclid(3600).rem_euclid(24)) as usize);
        }
        self.quarter.1
    }

    /// The counts as a summary; files, lines and problems are the reader's to add.
    pub(super) fn summary(&self) -> ScanSummary {
        let count = |kind: AuthKind| self.counts[kind as usize];
        let mut top: Vec<_> = self.sources.iter().map(|(key, source)| (self.text_of(*key), source)).collect();
        top.sort_unstable_by(|a, b| b.1.attempts.cmp(&a.1.attempts).then_with(|| a.0.cmp(&b.0)));
        let mut names: Vec<_> = self.name_list.iter().zip(&self.name_counts).collect();
        names.sort_unstable_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.as_bytes().cmp(b.0.as_bytes())));
        ScanSummary {
            lines_telling: self.telling,
            attempts: count(AuthKind::Failed),
            invalid_users: count(AuthKind::InvalidUser),
            probes: count(AuthKind::Probe),
            lockouts: count(AuthKind::Lockout),
            accepted: count(AuthKind::Accepted),
            sessions: count(AuthKind::SessionOpened),
            sudo: count(AuthKind::Sudo),
            sudo_denied: count(AuthKind::SudoDenied),
            su: count(AuthKind::Su),
            su_failed: count(AuthKind::SuFailed),
            changes: [
                AuthKind::AccountAdded,
                AuthKind::AccountChanged,
                AuthKind::AccountRemoved,
                AuthKind::GroupChanged,
                AuthKind::PasswordChanged,
            ]
            .into_iter()
            .map(count)
            .sum(),
            failing_sources: self.distinct_sources.estimate(),
            names_tried: self.distinct_names.estimate(),
            estimated: self.distinct_sources.seen > KEPT as u64 || self.distinct_names.seen > KEPT as u64,
            attempts_of_other_sources: self.source_rest,
            first_at: self.span.first_at(),
            last_at: self.span.last_at(),
            top_sources: top.into_iter().take(10).map(|(text, source)| self.shown(text, source)).collect(),
            top_names: names
                .into_iter()
                .take(10)
                .map(|(name, count)| (Safe::from_bytes(name.as_bytes()), *count))
                .collect(),
            after_failures: self.after.clone(),
            after_failures_total: self.after_total,
            hours: self.hours.to_vec(),
            ..ScanSummary::default()
        }
    }

    fn shown(&self, address: Safe, source: &SourceCount) -> ScanSource {
        let names = source.names.iter().filter_map(|at| self.name_list.get(usize::from(*at)));
        ScanSource {
            address,
            attempts: source.attempts,
            accepted: source.accepted,
            names: names.map(|name| Safe::from_bytes(name.as_bytes())).collect(),
            first_at: source.span.first_at(),
            last_at: source.span.last_at(),
        }
    }

    /// A source as it is shown.
    fn text_of(&self, key: u128) -> Safe {
        if let Some(name) = self.hosts.get(&key) {
            return Safe::from_bytes(name.as_bytes());
        }
        match u32::try_from(key ^ V4) {
            Ok(v4) => Safe::new(&Ipv4Addr::from_bits(v4).to_string()),
            Err(_) => Safe::new(&format!("{}/64", Ipv6Addr::from_bits(key))),
        }
    }
}

impl SourceCount {
    const fn new() -> Self {
        let span = Span { first: i64::MAX, last: i64::MIN };
        Self { attempts: 0, accepted: 0, span, names: [NO_NAME; NAMES_EACH] }
    }

    fn remember(&mut self, name: u16) {
        for known in &mut self.names {
            if *known == name {
                return;
            }
            if *known == NO_NAME {
                *known = name;
                return;
            }
        }
    }
}

/// Where the keys of IPv4 addresses begin: `::ffff:0:0`.
const V4: u128 = 0xffff_0000_0000;

/// Where the keys of names begin: beyond the addresses in use.
const NAMES: u128 = 0xff_u128 << 120;

const fn is_name(key: u128) -> bool {
    key >= NAMES && key & 1 == 1
}

/// What counts as one source: an IPv4 address, the /64 of an IPv6 address, or a name.
fn source_key(address: &[u8]) -> u128 {
    if let Some(v4) = ipv4(address) {
        return V4 | u128::from(v4);
    }
    if memchr::memchr(b':', address).is_some() {
        let text = cut::split(address, b"%").map_or(address, |(address, _)| address);
        let parsed = std::str::from_utf8(text).ok().and_then(|text| text.parse::<Ipv6Addr>().ok());
        if let Some(parsed) = parsed {
            return parsed.to_bits() & !u128::from(u64::MAX);
        }
    }
    // The /64 of an address ends in zeros, and a name's key in a one.
    NAMES | u128::from(Short::hash(address)) << 1 | 1
}

fn ipv4(text: &[u8]) -> Option<u32> {
    let (mut whole, mut part, mut dots) = (0_u32, 0_u32, 0);
    for &byte in text {
        match byte {
            b'0'..=b'9' => part = part * 10 + u32::from(byte - b'0'),
            b'.' => {
                whole = whole << 8 | part;
                part = 0;
                dots += 1;
            }
            _ => return None,
        }
        if part > 255 || dots > 3 {
            return None;
        }
    }
    (dots == 3).then_some(whole << 8 | part)
}

fn time(second: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(second, 0)
}

/// Counts different values: exactly while they are kept, beyond that by the share of bits that stay zero.
#[derive(Debug, Default)]
struct Distinct {
    seen: u64,
    bits: Vec<u64>,
}

impl Distinct {
    /// Notes a value that is not kept now.
    fn add(&mut self, hash: u64) {
        if self.bits.is_empty() {
            self.bits = vec![0; DISTINCT_BITS / 64];
        }
        // Addresses lie in rows: without this mix (splitmix64's) they would share bits.
        let mixed = (hash ^ hash >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        let at = ((mixed ^ mixed >> 31) >> 44) as usize;
        self.bits[at / 64] |= 1 << (at % 64);
        self.seen += 1;
    }

    fn estimate(&self) -> u64 {
        if self.seen <= KEPT as u64 {
            return self.seen;
        }
        let set: u32 = self.bits.iter().map(|word| word.count_ones()).sum();
        let zero = (DISTINCT_BITS as f64 - f64::from(set)).max(1.0);
        (DISTINCT_BITS as f64 * (DISTINCT_BITS as f64 / zero).ln()) as u64
    }
}
