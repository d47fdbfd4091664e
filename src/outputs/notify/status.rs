//! How the channels fare, for `notify status`: what the outbox on disk says. It shows no secret and sends nothing.

use super::channel::Name;
use super::desk::State;
use super::outbox::Fare;
use super::{FILE, Settings};
use crate::model::{Safe, Zone};
use crate::outputs::state;
use crate::text;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;

/// The state of all channels.
#[derive(Debug, Serialize)]
pub struct Status {
    channels: Vec<Row>,
    /// Alerts that wait to be written into a message.
    gathered: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Safe>,
}

#[derive(Debug, Serialize)]
struct Row {
    channel: Name,
    configured: bool,
    waiting: u64,
    #[serde(flatten)]
    fare: Fare,
}

impl Status {
    /// Reads it from the data directory.
    pub fn read(settings: &Settings, dir: &Path) -> Self {
        let loaded = state::load::<State>(&dir.join(FILE));
        let state = loaded.value.unwrap_or_default();
        let configured = settings.names();
        let channels = Name::ALL
            .into_iter()
            .map(|channel| {
                let (fare, waiting) = state.fare(channel);
                Row { channel, configured: configured.contains(&channel), waiting, fare }
            })
            .collect();
        Self { channels, gathered: state.gathered(), note: loaded.note }
    }

    /// The state in words, a line a channel.
    pub fn words(&self, now: DateTime<Utc>, zone: Zone) -> String {
        let mut out = String::new();
        for row in &self.channels {
            let says = if row.configured { row.words(now, zone) } else { "off".to_owned() };
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{:<10}{says}", row.channel);
        }
        if self.gathered > 0 {
            let alerts = text::plural(self.gathered as u64, "alert");
            let _ = writeln!(out, "{alerts} being gathered into the next message");
        }
        if let Some(note) = &self.note {
            let _ = writeln!(out, "{note}");
        }
        if self.channels.iter().all(|row| !row.configured) {
            out.push_str("Nothing is set up: home-soc notify setup\n");
        }
        out
    }
}

impl Row {
    fn words(&self, now: DateTime<Utc>, zone: Zone) -> String {
        let Fare { delivered_at, failing_since, why, is_refused, not_before, given_up, .. } = &self.fare;
        let mut says = match (failing_since, delivered_at) {
            (Some(since), _) => {
                let span = text::age_long((now - *since).as_seconds_f64());
                let what = if *is_refused { "set up wrongly" } else { "undeliverable" };
                format!("{what} for {span}: {}", why.as_deref().unwrap_or("no reason is known"))
            }
            (None, Some(at)) => format!("on, last delivered {}", zone.at(*at).format("%Y-%m-%d %H:%M:%S")),
            (None, None) => "on, nothing sent yet".to_owned(),
        };
        if self.waiting > 0 {
            let _ = write!(says, "; {} waiting", text::plural(self.waiting, "message"));
        }
        if let Some(at) = not_before.filter(|at| *at > now) {
            let _ = write!(says, ", next try {}", zone.at(at).format("%H:%M:%S"));
        }
        if *given_up > 0 {
            let _ = write!(says, "; {} given up", text::plural(*given_up, "message"));
        }
        says
    }
}
