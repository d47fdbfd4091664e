//! What a user can choose about messages. All channels are off until they have a table of their own.

use super::channel::{Channel, Command, Email, Gotify, Name, Ntfy, Ping, Telegram, Webhook};
use super::fault::Fault;
use super::quiet::QuietHours;
use serde::{Deserialize, Serialize};

/// The settings of the messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Seconds for which news is gathered into one message, 0 to 600; default 60.
    pub gather_s: u32,
    /// Hours after which an alert that is still open is told once more, 0 for never; default 24.
    pub reminder_h: u32,
    /// Messages in 24 hours, 1 to 100, before the rest is gathered into digests; default 10.
    pub max_per_day: u32,
    /// Hours between two digests, 1 to 24; default 4.
    pub digest_h: u32,
    /// Hours without messages, local time: `22:00-07:00`; default none.
    pub quiet_hours: String,
    /// A bot of Telegram; default off.
    pub telegram: Option<Telegram>,
    /// Mail; default off.
    pub email: Option<Email>,
    /// JSON to an address of your own; default off.
    pub webhook: Option<Webhook>,
    /// ntfy, its public server or your own; default off.
    pub ntfy: Option<Ntfy>,
    /// A Gotify server; default off.
    pub gotify: Option<Gotify>,
    /// A program of your own; default off.
    pub command: Option<Command>,
    /// An address that is called once a day while all is well; default off.
    pub ping: Option<Ping>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            gather_s: 60,
            reminder_h: 24,
            max_per_day: 10,
            digest_h: 4,
            quiet_hours: String::new(),
            telegram: None,
            email: None,
            webhook: None,
            ntfy: None,
            gotify: None,
            command: None,
            ping: None,
        }
    }
}

impl Settings {
    /// Tells whether anything would ever be sent.
    pub fn is_on(&self) -> bool {
        !self.names().is_empty()
    }

    /// The channels that have a table, in the order in which they are shown.
    pub fn names(&self) -> Vec<Name> {
        self.parts().into_iter().map(|(name, _)| name).collect()
    }

    /// Checks what can be checked without reading a secret.
    ///
    /// # Errors
    /// The first key that is wrong, and how to mend it.
    pub fn check(&self) -> Result<(), Fault> {
        for (key, value, range) in [
            ("gather_s", self.gather_s, 0..=600),
            ("reminder_h", self.reminder_h, 0..=8760),
            ("max_per_day", self.max_per_day, 1..=100),
            ("digest_h", self.digest_h, 1..=24),
        ] {
            if !range.contains(&value) {
                let says = format!("is {value}, it must be {} to {}", range.start(), range.end());
                return Err(Fault::new("", key, says));
            }
        }
        QuietHours::parse(&self.quiet_hours).map_err(|says| Fault::new("", "quiet_hours", says))?;
        self.parts().into_iter().try_for_each(|(_, part)| part.check())
    }

    /// Reads every channel's secrets and certificates.
    ///
    /// # Errors
    /// The first key that is wrong, and how to mend it.
    pub fn open(&self) -> Result<Vec<Channel>, Fault> {
        self.check()?;
        self.parts().into_iter().map(|(name, part)| Ok(Channel { name, carrier: part.open()? })).collect()
    }

    pub(super) fn quiet(&self) -> Option<QuietHours> {
        QuietHours::parse(&self.quiet_hours).ok().flatten()
    }

    fn parts(&self) -> Vec<(Name, &dyn super::channel::Part)> {
        fn of<P: super::channel::Part>(
            name: Name,
            part: Option<&P>,
        ) -> Option<(Name, &dyn super::channel::Part)> {
            part.map(|part| (name, part as &dyn super::channel::Part))
        }
        [
            of(Name::Telegram, self.telegram.as_ref()),
            of(Name::Email, self.email.as_ref()),
            of(Name::Webhook, self.webhook.as_ref()),
            of(Name::Ntfy, self.ntfy.as_ref()),
            of(Name::Gotify, self.gotify.as_ref()),
            of(Name::Command, self.command.as_ref()),
            of(Name::Ping, self.ping.as_ref()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
