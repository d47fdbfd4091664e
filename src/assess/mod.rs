//! Judges: pure functions of readings and its own bounded memory. It reads no file and no clock.
//!
//! Each room looks at its part and tells the [`sighting::Round`] what it saw; the book turns that into findings with
//! a life, and the bill into a score.

mod access;
mod baseline;
mod book;
mod exec;
mod first_seen;
mod health;
mod inventory;
mod lately;
mod memory;
mod network;
mod oddity;
mod process;
mod provenance;
pub mod rules;
pub mod score;
mod settings;
mod sighting;
mod story;
mod streak;
mod strings;
mod talks;
mod unusual;
mod visibility;

pub use baseline::Baselines;
pub use first_seen::{Known, Seen};
pub use memory::{AcceptError, Memory, ScoreMark};
pub use settings::{Caps, Ceilings, HalfLife, Points, ScoreSettings, Settings, Thresholds};

use crate::model::{
    Acceptance, AuthReading, Finding, FindingId, Level, Logins, Readings, Score, Sensor, SignIns, Status,
};
use chrono::{DateTime, TimeDelta, Utc};
use lately::Lately;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Days of which everything that is learned is made.
const LEARNED_DAYS: u8 = 7;

/// Where the person who looks sits: never called an attacker, and no advice cuts their line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Context {
    /// The address that the person's own session comes from.
    pub own_address: Option<IpAddr>,
}

/// The judgement of one beat.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The bill.
    pub score: Score,
    /// Open and accepted findings, worst first, at most 500.
    pub findings: Vec<Finding>,
    /// Findings that there was no room for.
    pub findings_more: u64,
    /// Sign-ins of the last 24 hours; `None` while no source can be read.
    pub sign_ins: Option<SignIns>,
    /// Checks that ran and found nothing, in words.
    pub checks_passed: Vec<String>,
}

/// Judges beat after beat.
#[derive(Debug)]
pub struct Judge {
    settings: Settings,
    memory: Memory,
    context: Context,
    access: access::Access,
    streaks: streak::Streaks,
    vouched: exec::Vouched,
    /// Talks, doors and programs that were noted within the last hour.
    talks: Lately,
    doors: Lately,
    programs: Lately,
    newcomers: inventory::Newcomers,
    /// What was seen since the last beat.
    round: sighting::Round,
}

impl Judge {
    /// A judge with what it remembered when it was last asked.
    pub fn new(settings: Settings, memory: Memory, context: Context) -> Self {
        Self {
            settings,
            memory,
            context,
            access: access::Access::default(),
            streaks: streak::Streaks::default(),
            vouched: exec::Vouched::default(),
            talks: Lately::default(),
            doors: Lately::default(),
            programs: Lately::default(),
            newcomers: inventory::Newcomers::default(),
            round: sighting::Round::default(),
        }
    }

    /// What must survive a restart.
    pub const fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The settings that it goes by.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Accepts the risk of a finding; it shows in the next beat.
    ///
    /// # Errors
    /// When the id is unknown, the reason is empty, the end has passed, or too many are accepted.
    pub fn accept(
        &mut self,
        id: &FindingId,
        reason: &str,
        until: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(), AcceptError> {
        self.memory.accept(id, reason, until, now)
    }

    /// Takes an acceptance back.
    ///
    /// # Errors
    /// When the finding was not accepted.
    pub fn unaccept(&mut self, id: &FindingId, now: DateTime<Utc>) -> Result<(), AcceptError> {
        self.memory.unaccept(id, now)
    }

    /// Takes over the acceptances that a person wrote down meanwhile; they show in the next beat.
    pub fn set_acceptances(&mut self, acceptances: BTreeMap<FindingId, Acceptance>, now: DateTime<Utc>) {
        self.memory.set_acceptances(acceptances, now);
    }

    /// Listens to sign-ins between two beats: a long past comes in parts, so that none of them needs much room.
    pub fn listen(&mut self, auth: &AuthReading, logins: Option<&Logins>, now: DateTime<Utc>) {
        let learns = self.learns();
        let mut desk = access::Desk {
            settings: &self.settings,
            known: &mut self.memory.known,
            baselines: &mut self.memory.baselines,
            learns,
            logins,
            own_address: self.context.own_address,
            passwords: None,
            now,
        };
        self.access.listen(&mut self.round, auth, &mut desk);
    }

    /// Whether this is a measure of normal days: a machine under attack is not.
    fn learns(&self) -> bool {
        let is_attack = |finding: &Finding| finding.level == Level::Alert && finding.status == Status::Open;
        !self.memory.findings.iter().any(is_attack)
    }

    /// Judges one beat.
    pub fn beat(&mut self, readings: &Readings, sensors: &[Sensor], now: DateTime<Utc>) -> Verdict {
        self.memory.since = Some(self.memory.since.map_or(now, |since| since.min(now)));
        let since_last = self.memory.last_beat.replace(now).map(|last| now - last);
        let learns = self.learns();
        let mut round = std::mem::take(&mut self.round);
        let kin = readings.processes.as_ref().map(|processes| provenance::Kin::of(processes));
        let kin = kin.as_ref();
        self.streaks.begin(now);
        health::Health {
            settings: &self.settings,
            known: &self.memory.known,
            streaks: &mut self.streaks,
            now,
        }
        .judge(&mut round, readings, kin);
        unusual::Numbers {
            settings: &self.settings,
            known: &self.memory.known,
            baselines: &mut self.memory.baselines,
            streaks: &mut self.streaks,
            learns,
            since_last,
            now,
        }
        .judge(&mut round, readings, kin);
        if let Some(sockets) = &readings.sockets {
            network::Network {
                settings: &self.settings,
                known: &mut self.memory.known,
                baselines: &mut self.memory.baselines,
                streaks: &mut self.streaks,
                lately: &mut self.doors,
                learns,
                now,
            }
            .judge(&mut round, sockets, kin);
        }
        if let Some(execs) = &readings.execs {
            exec::judge(&mut round, &execs.events, kin, &mut self.vouched, &self.settings);
        }
        if let (Some(processes), Some(kin)) = (&readings.processes, kin) {
            let sockets = readings.sockets.as_deref();
            process::Processes { settings: &self.settings, kin, sockets, vouched: &self.vouched, now }.judge(
                &mut round,
                processes,
                &mut self.programs,
                &mut self.memory.known,
            );
        }
        if let (Some(sockets), Some(kin)) = (&readings.sockets, kin) {
            let vouched = &self.vouched;
            talks::Calls { settings: &self.settings, kin, vouched, learns, now }.judge(
                &mut round,
                sockets,
                &mut self.talks,
                &mut self.memory.known,
            );
        }
        if let Some(inventory) = &readings.inventory {
            self.newcomers.judge(&mut round, inventory, &mut self.memory.known, &self.settings, now);
        }
        if let Some(oddities) = &readings.oddities {
            oddity::judge(&mut round, oddities, kin, &self.settings, now);
        }
        let mut desk = access::Desk {
            settings: &self.settings,
            known: &mut self.memory.known,
            baselines: &mut self.memory.baselines,
            learns,
            logins: readings.logins.as_deref(),
            own_address: self.context.own_address,
            passwords: readings.inventory.as_ref().and_then(|inventory| inventory.passwords),
            now,
        };
        self.access.judge(&mut round, readings.auth.as_ref(), &mut desk);
        visibility::judge(&mut round, sensors, readings.auth.is_some(), &self.settings, now);
        self.streaks.end();
        let checks_passed = passed(&round, self.memory.baselines.days());
        let change = book::turn(&mut self.memory, round, &self.settings, now);
        if change.opened {
            story::link(&mut self.memory.findings, kin);
        }
        let score = self.score(sensors, now);
        Verdict {
            score,
            findings: self.memory.findings.clone(),
            findings_more: change.more,
            sign_ins: self.access.sign_ins(self.context.own_address, now),
            checks_passed,
        }
    }

    /// The bill with its own past: what the value was before, and since when it is what it is.
    fn score(&mut self, sensors: &[Sensor], now: DateTime<Utc>) -> Score {
        let mut score = score::bill(&self.memory.findings, sensors, &self.settings, now);
        let mark = match self.memory.score {
            Some(mark) if mark.value == score.value => mark,
            Some(mark) => ScoreMark { value: score.value, previous: Some(mark.value), changed_at: Some(now) },
            None => ScoreMark { value: score.value, previous: None, changed_at: None },
        };
        self.memory.score = Some(mark);
        score.previous = mark.previous;
        score.changed_at = mark.changed_at;
        score
    }
}

/// The checks that had their readings and found nothing; the one for unusual numbers says how much it has learned.
fn passed(round: &sighting::Round, days: u8) -> Vec<String> {
    let say = |rule: &rules::Rule| match days {
        ..LEARNED_DAYS if rule.name == rules::Name::Unusual => {
            format!("learning what is normal here: {days}/{LEARNED_DAYS} days")
        }
        _ => rule.passed.to_owned(),
    };
    rules::all()
        .iter()
        .filter(|rule| !rule.passed.is_empty() && round.has_looked(rule.name) && !round.has_seen(rule.name))
        .map(say)
        .collect()
}

/// A stretch of time in words.
fn say_when(span: TimeDelta) -> String {
    crate::text::age_long(span.as_seconds_f64().max(1.0))
}
