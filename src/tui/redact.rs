//! A beat without names and addresses, to be shown to others: every account, host and address gets a stand-in.
//!
//! Stand-ins are the same all over one beat, so that what belongs together stays together. Figures, programs and
//! times stay as they are; root stays root, and addresses of this machine alone stay what they are.

use crate::model::Snapshot;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Accounts that every machine has say nothing about a person.
const COMMON: [&str; 4] = ["root", "nobody", "daemon", "www-data"];

/// The least uid of a person (login.defs(5)); those below belong to services.
const FIRST_PERSON: u32 = 1000;

/// Makes a copy for strangers' eyes; `None` where the copy would not be a beat any more.
pub fn redact(snapshot: &Snapshot) -> Option<Snapshot> {
    let mut stand_ins = StandIns::of(snapshot);
    let mut value = serde_json::to_value(snapshot).ok()?;
    stand_ins.walk(&mut value);
    serde_json::from_value(value).ok()
}

/// Who is called what.
struct StandIns {
    /// Names, the longest first, so that none is cut by a shorter one.
    names: Vec<(String, String)>,
    addresses: BTreeMap<IpAddr, IpAddr>,
}

impl StandIns {
    fn of(snapshot: &Snapshot) -> Self {
        let mut accounts = BTreeSet::new();
        let mut services = BTreeSet::new();
        for process in snapshot.readings.processes.iter().flat_map(|list| list.iter()) {
            let is_service = process.program.uid.is_some_and(|uid| uid < FIRST_PERSON);
            let names = if is_service { &mut services } else { &mut accounts };
            names.extend(process.program.user.iter().map(ToString::to_string));
        }
        if let Some(login) = &snapshot.readings.logins {
            accounts.extend(login.here.iter().flatten().map(|session| session.user.to_string()));
            accounts.extend(login.past.iter().flatten().map(|login| login.user.to_string()));
        }
        if let Some(sign_ins) = &snapshot.sign_ins {
            // People type passwords where a name is asked for: what was tried is nobody's business.
            accounts
                .extend(sign_ins.sources.iter().flat_map(|source| &source.names).map(ToString::to_string));
            let recent = sign_ins.recent.iter().flat_map(|event| [&event.user, &event.target_user]);
            accounts.extend(recent.flatten().map(ToString::to_string));
        }
        let subjects = snapshot.findings.iter().filter_map(|finding| finding.subject.get("user"));
        accounts.extend(subjects.map(ToString::to_string));
        let is_private = |name: &String| {
            name.chars().count() > 1 && !COMMON.contains(&name.as_str()) && !services.contains(name)
        };
        let mut names: Vec<(String, String)> = accounts
            .into_iter()
            .filter(is_private)
            .enumerate()
            .map(|(at, name)| (name, format!("user{}", at + 1)))
            .collect();
        if !snapshot.host.name.is_empty() {
            names.push((snapshot.host.name.to_string(), "host".to_owned()));
        }
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Self { names, addresses: BTreeMap::new() }
    }

    fn walk(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(item)),
            Value::Object(fields) => {
                for (key, field) in fields.iter_mut() {
                    // What a finding is kept under must stay what it is, or it could not be accepted.
                    if !matches!(key.as_str(), "id" | "finding" | "rule" | "boot") {
                        self.walk(field);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Puts stand-ins for addresses, then for names.
    fn text(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let is_part = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '[' | ']');
            let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
            if end == 0 {
                let end = rest.find(is_part).unwrap_or(rest.len());
                out.push_str(&rest[..end]);
                rest = &rest[end..];
            } else {
                out.push_str(&self.address(&rest[..end]));
                rest = &rest[end..];
            }
        }
        self.names.iter().fold(out, |text, (name, stand_in)| replaced(&text, name, stand_in))
    }

    /// An address with or without a port, or a sentence's stop after it; anything else stays.
    fn address(&mut self, word: &str) -> String {
        for trimmed in [word, word.trim_end_matches(['.', ':'])] {
            let tail = &word[trimmed.len()..];
            if let Ok(address) = trimmed.parse::<IpAddr>() {
                return format!("{}{tail}", self.stand_in(address));
            }
            if let Ok(socket) = trimmed.parse::<SocketAddr>() {
                return format!("{}{tail}", SocketAddr::new(self.stand_in(socket.ip()), socket.port()));
            }
        }
        word.to_owned()
    }

    /// One of the addresses for documentation (RFC 5737, RFC 3849).
    fn stand_in(&mut self, address: IpAddr) -> IpAddr {
        let plain = address.to_canonical();
        if plain.is_loopback() || plain.is_unspecified() {
            return address;
        }
        let number = self.addresses.len() as u32;
        *self.addresses.entry(address).or_insert_with(|| match address {
            IpAddr::V4(_) => {
                let nets = [[192, 0, 2], [198, 51, 100], [203, 0, 113]];
                let [a, b, c] = nets[(number / 254) as usize % nets.len()];
                IpAddr::V4(Ipv4Addr::new(a, b, c, (number % 254) as u8 + 1))
            }
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, number as u16 + 1)),
        })
    }
}

/// Replaces a name where it stands as a word of its own.
fn replaced(text: &str, name: &str, stand_in: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in text.match_indices(name) {
        let before = text[..at].chars().next_back().is_some_and(is_word);
        let after = text[at + name.len()..].chars().next().is_some_and(is_word);
        if at < done || before || after {
            continue;
        }
        out.push_str(&text[done..at]);
        out.push_str(stand_in);
        done = at + name.len();
    }
    out.push_str(&text[done..]);
    out
}
