//! The latest events, of sign-ins and of findings, in one list: repeated ones are told once, with their number.

use crate::model::{AuthEvent, AuthKind, Category, Finding, FindingId, Level, Snapshot, Status};
use crate::text;
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::sync::Arc;

/// One event, or many of the same kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it last happened.
    pub at: DateTime<Utc>,
    /// How bad.
    pub level: Level,
    /// Who says so.
    pub speaker: String,
    /// What happened.
    pub words: String,
    /// Where it was told.
    pub origin: Origin,
}

/// Where an event was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// By a finding.
    Finding(FindingId),
    /// By a line of the sign-ins; of many, the newest.
    SignIn(Arc<AuthEvent>),
    /// By the record of alerts.
    Record,
}

/// The newest events first, from `min_level` up, at most `most`.
pub fn latest(snapshot: &Snapshot, min_level: Level, most: usize) -> Vec<Event> {
    let mut news: Vec<News<'_>> = snapshot
        .findings
        .iter()
        .filter(|finding| finding.status == Status::Open)
        .map(|finding| News {
            at: told_at(finding, snapshot.at),
            level: finding.level,
            teller: Teller::Finding(finding),
        })
        .collect();
    if let Some(sign_ins) = &snapshot.sign_ins {
        news.extend(coalesced(sign_ins.recent.iter()));
    }
    news.retain(|one| one.level >= min_level);
    news.sort_by_key(|one| std::cmp::Reverse(one.at));
    news.truncate(most);
    // Words last: few of them are shown.
    news.into_iter().map(News::told).collect()
}

/// An event before it is put into words.
struct News<'a> {
    at: DateTime<Utc>,
    level: Level,
    teller: Teller<'a>,
}

enum Teller<'a> {
    Finding(&'a Finding),
    /// The newest of so many.
    SignIn(&'a Arc<AuthEvent>, u64),
}

impl News<'_> {
    fn told(self) -> Event {
        let (speaker, words, origin) = match self.teller {
            Teller::Finding(finding) => {
                let speaker = area(finding.category).to_owned();
                (speaker, finding.title.to_string(), Origin::Finding(finding.id.clone()))
            }
            Teller::SignIn(event, count) => {
                (event.service.to_string(), sentence(event, count), Origin::SignIn(Arc::clone(event)))
            }
        };
        Event { at: self.at, level: self.level, speaker, words, origin }
    }
}

/// When a finding was news: what still stands in this beat was news when it began.
fn told_at(finding: &Finding, now: DateTime<Utc>) -> DateTime<Utc> {
    if finding.last_seen >= now { finding.first_seen } else { finding.last_seen.max(finding.first_seen) }
}

/// The part of the machine that a finding is about, in one word.
const fn area(category: Category) -> &'static str {
    match category {
        Category::Health => "health",
        Category::Network => "net",
        Category::Auth => "auth",
        Category::Integrity => "files",
        Category::Process => "process",
        Category::Posture => "setup",
        Category::Visibility => "sensors",
    }
}

/// Tells repeated events of one kind from one address once, with the time of the last.
fn coalesced<'a>(
    recent: impl DoubleEndedIterator<Item = &'a Arc<AuthEvent>>,
) -> impl Iterator<Item = News<'a>> {
    let mut told: Vec<(DateTime<Utc>, &Arc<AuthEvent>, u64)> = Vec::new();
    let mut places = HashMap::new();
    for event in recent.rev() {
        let Some(at) = event.time else { continue };
        let quiet = matches!(event.kind, AuthKind::SessionClosed | AuthKind::SessionOpened | AuthKind::Other);
        if quiet || event.duplicate_of.is_some() {
            continue;
        }
        // What a machine repeats is told once per address; what a person does is told each time.
        let key = match event.kind {
            AuthKind::Failed | AuthKind::InvalidUser | AuthKind::Probe => Some((
                event.kind == AuthKind::Probe,
                &event.address,
                event.user.as_ref().filter(|_| event.address.is_none()),
            )),
            _ => None,
        };
        if let Some(place) = key.and_then(|key| places.get(&key).copied()) {
            let (_, _, count): &mut (_, _, u64) = &mut told[place];
            *count += u64::from(event.count);
            continue;
        }
        if let Some(key) = key {
            places.insert(key, told.len());
        }
        told.push((at, event, u64::from(event.count)));
    }
    told.into_iter().map(|(at, event, count)| News {
        at,
        level: level(event.kind),
        teller: Teller::SignIn(event, count),
    })
}

/// What an event says by itself; what it means together with others is a finding.
const fn level(kind: AuthKind) -> Level {
    match kind {
        AuthKind::SudoDenied
        | AuthKind::SuFailed
        | AuthKind::AccountAdded
        | AuthKind::GroupChanged
        | AuthKind::Lockout => Level::Warning,
        _ => Level::Info,
    }
}

/// A sign-in event in one sentence; `count` is how many of its kind it stands for.
pub fn sentence(event: &AuthEvent, count: u64) -> String {
    let user = event.user.as_deref().unwrap_or("an unknown user");
    let target = event.target_user.as_deref().unwrap_or("another user");
    let from = match (&event.address, &event.tty) {
        (Some(address), _) => format!(" from {address}"),
        (None, Some(tty)) => format!(" on {tty}"),
        (None, None) => String::new(),
    };
    let with = event.method.as_ref().map_or(String::new(), |method| format!(" with {method}"));
    let command = event.command.as_deref().unwrap_or("a command");
    let words = match event.kind {
        AuthKind::Failed if event.user_exists == Some(false) => format!("failed for unknown {user}{from}"),
        AuthKind::Failed => format!("failed for {user}{from}"),
        AuthKind::Accepted => format!("{user} accepted{with}{from}"),
        AuthKind::InvalidUser => format!("unknown name {user} offered{from}"),
        AuthKind::SessionOpened => format!("session opened for {user}{from}"),
        AuthKind::SessionClosed => format!("session closed for {user}{from}"),
        AuthKind::Sudo if target == "root" || event.target_user.is_none() => format!("{user} ran {command}"),
        AuthKind::Sudo => format!("{user} ran {command} as {target}"),
        AuthKind::SudoDenied => format!("{user} was refused {command}"),
        AuthKind::Su => format!("{user} became {target}"),
        AuthKind::SuFailed => format!("{user} failed to become {target}"),
        AuthKind::AccountAdded => format!("account or group {user} added"),
        AuthKind::AccountChanged => format!("account {user} changed"),
        AuthKind::AccountRemoved => format!("account or group {user} removed"),
        AuthKind::GroupChanged => format!("groups of {user} changed"),
        AuthKind::PasswordChanged => format!("password of {user} changed"),
        AuthKind::Probe => format!("connection without a sign-in{from}"),
        AuthKind::Lockout => format!("{user} locked out{from}"),
        AuthKind::Other => event.raw.to_string(),
    };
    if count > 1 { format!("{words} ({} times)", text::count(count)) } else { words }
}
