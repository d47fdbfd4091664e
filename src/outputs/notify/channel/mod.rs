//! The ways out: each takes a letter and says what became of it. None of them decides what is worth a letter.

mod command;
mod email;
mod gotify;
mod http;
mod ntfy;
mod ping;
mod telegram;
mod webhook;

pub use command::Command;
pub use email::{Email, Tls};
pub use gotify::Gotify;
pub use ntfy::Ntfy;
pub use ping::Ping;
pub use telegram::Telegram;
pub use webhook::Webhook;

use super::fault::Fault;
use super::letter::Letter;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// How long one attempt may take, from the first look-up to the last byte.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// The channels by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Name {
    Telegram,
    Email,
    Webhook,
    Ntfy,
    Gotify,
    Command,
    Ping,
}

impl Name {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 7] =
        [Self::Telegram, Self::Email, Self::Webhook, Self::Ntfy, Self::Gotify, Self::Command, Self::Ping];

    /// The name as it stands in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Telegram => "telegram",
            Self::Email => "email",
            Self::Webhook => "webhook",
            Self::Ntfy => "ntfy",
            Self::Gotify => "gotify",
            Self::Command => "command",
            Self::Ping => "ping",
        }
    }

    /// Reads a name as a person typed it.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The other side took it.
    Delivered,
    /// It did not work now.
    Later {
        /// What happened, without any secret.
        why: String,
        /// When the other side wants to be asked again.
        after: Option<Duration>,
    },
    /// It will not work until somebody changes a setting.
    Refused {
        /// What to look at.
        why: String,
    },
}

impl Outcome {
    pub(super) fn later(why: impl Into<String>) -> Self {
        Self::Later { why: why.into(), after: None }
    }

    pub(super) fn refused(why: impl Into<String>) -> Self {
        Self::Refused { why: why.into() }
    }
}

/// The table of a channel.
pub(super) trait Part {
    /// Checks what can be checked without reading anything.
    fn check(&self) -> Result<(), Fault>;

    /// Reads secrets and certificates.
    fn open(&self) -> Result<Box<dyn Carrier>, Fault>;
}

/// A way out that is ready.
pub(super) trait Carrier: Send + Sync {
    /// Carries one letter; it ends within [`PATIENCE`] and a moment, whatever the other side does.
    fn carry(&self, letter: &Letter) -> Outcome;
}

/// A channel that is ready.
pub struct Channel {
    /// Which one.
    pub name: Name,
    pub(super) carrier: Box<dyn Carrier>,
}

impl Channel {
    /// Sends one letter now.
    pub fn carry(&self, letter: &Letter) -> Outcome {
        self.carrier.carry(letter)
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name.as_str())
    }
}
