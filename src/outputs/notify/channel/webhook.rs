//! A webhook: the letter with its findings as JSON, to an address of your own.

use super::http::{Address, Client};
use super::{Carrier, Outcome, Part};
use crate::outputs::notify::fault::Fault;
use crate::outputs::notify::letter::Letter;
use crate::outputs::notify::secret::{Place, Secret};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

const TABLE: &str = "webhook";

/// The settings of the webhook. An address that is itself a secret stands in a file or a variable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Webhook {
    /// Where to post, `https://host/path`.
    pub url: Option<String>,
    /// File with the address, readable by its owner alone.
    pub url_file: Option<PathBuf>,
    /// Variable of the environment with the address.
    pub url_env: Option<String>,
    /// File with a token for `Authorization: Bearer`.
    pub token_file: Option<PathBuf>,
    /// Variable of the environment with that token.
    pub token_env: Option<String>,
    /// Lets `http://` leave this machine; default false.
    pub plain_http: bool,
    /// Certificates to trust instead of the system's, in PEM.
    pub ca_file: Option<PathBuf>,
}

impl Webhook {
    fn token(&self) -> Place<'_> {
        Place {
            table: TABLE,
            name: "token",
            file: self.token_file.as_deref(),
            env: self.token_env.as_deref(),
        }
    }

    fn url(&self) -> Place<'_> {
        Place { table: TABLE, name: "url", file: self.url_file.as_deref(), env: self.url_env.as_deref() }
    }
}

impl Part for Webhook {
    fn check(&self) -> Result<(), Fault> {
        check_url(TABLE, self.url.as_deref(), &self.url(), self.plain_http)?;
        self.token().check(false)
    }

    fn open(&self) -> Result<Box<dyn Carrier>, Fault> {
        let to = open_url(TABLE, self.url.as_deref(), &self.url(), self.plain_http)?;
        let token = self.token().read()?;
        let bearer = token.map(|token| Secret::new(format!("Bearer {}", token.expose())));
        Ok(Box::new(Hook { to, bearer, client: Client::new(TABLE, self.ca_file.as_deref())? }))
    }
}

/// Checks an address that is given openly or from a place for secrets, and not twice.
pub(super) fn check_url(
    table: &str,
    open: Option<&str>,
    hidden: &Place<'_>,
    plain_http: bool,
) -> Result<(), Fault> {
    match open {
        Some(_) if hidden.is_named() => {
            Err(Fault::new(table, "url", "name one place: url, url_file or url_env"))
        }
        Some(url) => {
            Address::parse(url, plain_http).map_err(|says| Fault::new(table, "url", says))?;
            Ok(())
        }
        None if hidden.is_named() => hidden.check(true),
        None => Err(Fault::new(table, "url", "is missing; write https://host/... (or url_file, url_env)")),
    }
}

/// Reads an address that is given openly or from a place for secrets.
pub(super) fn open_url(
    table: &str,
    open: Option<&str>,
    hidden: &Place<'_>,
    plain_http: bool,
) -> Result<Address, Fault> {
    let (key, text) = match open {
        Some(url) => ("url", Secret::new(url.to_owned())),
        None => (if hidden.file.is_some() { "url_file" } else { "url_env" }, hidden.need()?),
    };
    Address::parse(text.expose(), plain_http)
        .map_err(|says| Fault::new(table, key, format!("the address in it {says}")))
}

/// A webhook that is ready.
struct Hook {
    to: Address,
    bearer: Option<Secret>,
    client: Client,
}

impl Carrier for Hook {
    fn carry(&self, letter: &Letter) -> Outcome {
        let header = self.bearer.as_ref().map(|bearer| ("authorization", bearer));
        self.client.post(&self.to, header, &letter.json, |code| match code {
            401 | 403 => "check the token of notify.webhook",
            404 | 410 => "check the address of notify.webhook",
            _ => "it does not take what home-soc sends",
        })
    }
}
