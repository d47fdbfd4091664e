//! A bot of Telegram: `sendMessage` as plain text, without `parse_mode` and without previews of links.
//!
//! The bot's token is a part of the address (core.telegram.org/bots/api): the address is a secret.

use super::http::{Address, Client};
use super::{Carrier, Outcome, Part};
use crate::outputs::notify::fault::Fault;
use crate::outputs::notify::letter::Letter;
use crate::outputs::notify::secret::Place;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

const TABLE: &str = "telegram";

/// The settings of Telegram.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telegram {
    /// Who gets it: the number of the chat as text, or `@name` of a channel.
    pub chat: String,
    /// File with the bot's token, readable by its owner alone.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// Variable of the environment with the bot's token.
    #[serde(default)]
    pub token_env: Option<String>,
    /// Where the Bot API is; default `https://api.telegram.org`.
    #[serde(default = "api")]
    pub base_url: String,
    /// Certificates to trust instead of the system's, in PEM.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}

fn api() -> String {
    "https://api.telegram.org".to_owned()
}

impl Telegram {
    fn token(&self) -> Place<'_> {
        Place {
            table: TABLE,
            name: "token",
            file: self.token_file.as_deref(),
            env: self.token_env.as_deref(),
        }
    }

    fn base(&self) -> Result<Address, Fault> {
        Address::parse(&self.base_url, false).map_err(|says| Fault::new(TABLE, "base_url", says))
    }
}

impl Part for Telegram {
    fn check(&self) -> Result<(), Fault> {
        let number = self.chat.strip_prefix('-').unwrap_or(&self.chat);
        let is_number =
            !number.is_empty() && number.len() <= 20 && number.bytes().all(|b| b.is_ascii_digit());
        let is_channel = self.chat.strip_prefix('@').is_some_and(|name| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        });
        if !is_number && !is_channel {
            let says = "must be the number of a chat, \"123456789\", or the name of a channel, \"@name\"";
            return Err(Fault::new(TABLE, "chat", says));
        }
        self.base()?;
        self.token().check(true)
    }

    fn open(&self) -> Result<Box<dyn Carrier>, Fault> {
        let token = self.token().need()?;
        // 123456:letters-and_digits, as BotFather gives it; anything else would change the address.
        if !token.expose().bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'-' | b'_')) {
            let key = if self.token_file.is_some() { "token_file" } else { "token_env" };
            return Err(Fault::new(TABLE, key, "is no token of a bot: BotFather gives 123456:letters"));
        }
        let send = self.base()?.join(&format!("bot{}/sendMessage", token.expose()));
        let client = Client::new(TABLE, self.ca_file.as_deref())?;
        Ok(Box::new(Bot { chat: self.chat.clone(), send, client }))
    }
}

/// A bot that is ready.
struct Bot {
    chat: String,
    send: Address,
    client: Client,
}

#[derive(Serialize)]
struct SendMessage<'a> {
    chat_id: &'a str,
    text: String,
    link_preview_options: Previews,
}

#[derive(Serialize)]
struct Previews {
    is_disabled: bool,
}

impl Carrier for Bot {
    fn carry(&self, letter: &Letter) -> Outcome {
        let message = SendMessage {
            chat_id: &self.chat,
            text: letter.whole(),
            link_preview_options: Previews { is_disabled: true },
        };
        let Ok(body) = serde_json::to_string(&message) else {
            return Outcome::refused("the message cannot be written as JSON: please report it");
        };
        self.client.post(&self.send, None, &body, |code| match code {
            401 | 404 => "check the bot's token in notify.telegram",
            403 => "the bot may not write to this chat: write to it once, or unblock it",
            _ => "check notify.telegram.chat",
        })
    }
}
