//! Gotify (gotify.net/docs/pushmsg): a message with the application's token in a header.

use super::http::{Address, Client};
use super::{Carrier, Outcome, Part};
use crate::outputs::notify::fault::Fault;
use crate::outputs::notify::letter::Letter;
use crate::outputs::notify::secret::{Place, Secret};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

const TABLE: &str = "gotify";

/// The settings of Gotify.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gotify {
    /// The server, `https://host`.
    pub base_url: String,
    /// File with the application's token, readable by its owner alone.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// Variable of the environment with that token.
    #[serde(default)]
    pub token_env: Option<String>,
    /// Lets `http://` leave this machine; default false.
    #[serde(default)]
    pub plain_http: bool,
    /// Certificates to trust instead of the system's, in PEM.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}

impl Gotify {
    fn token(&self) -> Place<'_> {
        Place {
            table: TABLE,
            name: "token",
            file: self.token_file.as_deref(),
            env: self.token_env.as_deref(),
        }
    }

    fn base(&self) -> Result<Address, Fault> {
        Address::parse(&self.base_url, self.plain_http).map_err(|says| Fault::new(TABLE, "base_url", says))
    }
}

impl Part for Gotify {
    fn check(&self) -> Result<(), Fault> {
        self.base()?;
        self.token().check(true)
    }

    fn open(&self) -> Result<Box<dyn Carrier>, Fault> {
        let client = Client::new(TABLE, self.ca_file.as_deref())?;
        Ok(Box::new(Server { to: self.base()?.join("message"), token: self.token().need()?, client }))
    }
}

/// A server that is ready.
struct Server {
    to: Address,
    token: Secret,
    client: Client,
}

#[derive(Serialize)]
struct Push<'a> {
    title: &'a str,
    message: &'a str,
    priority: u8,
}

impl Carrier for Server {
    fn carry(&self, letter: &Letter) -> Outcome {
        let message = Push {
            title: &letter.subject,
            message: &letter.text,
            priority: if letter.is_urgent() { 8 } else { 4 },
        };
        let Ok(body) = serde_json::to_string(&message) else {
            return Outcome::refused("the message cannot be written as JSON: please report it");
        };
        self.client.post(&self.to, Some(("x-gotify-key", &self.token)), &body, |code| match code {
            401 | 403 => "check the token of notify.gotify: it must be an application's",
            _ => "check notify.gotify.base_url",
        })
    }
}
