//! A sign of life: an address is called while the heart beats, so that somebody notices when it stops.

use super::http::{Address, Client};
use super::webhook::{check_url, open_url};
use super::{Carrier, Outcome, Part};
use crate::outputs::notify::fault::Fault;
use crate::outputs::notify::letter::Letter;
use crate::outputs::notify::secret::Place;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

const TABLE: &str = "ping";

/// The settings of the sign of life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ping {
    /// What to call, `https://host/path`.
    pub url: Option<String>,
    /// File with the address, readable by its owner alone.
    pub url_file: Option<PathBuf>,
    /// Variable of the environment with the address.
    pub url_env: Option<String>,
    /// Hours between two calls, 1 to 168; default 24.
    pub every_h: u32,
    /// Lets `http://` leave this machine; default false.
    pub plain_http: bool,
    /// Certificates to trust instead of the system's, in PEM.
    pub ca_file: Option<PathBuf>,
}

impl Default for Ping {
    fn default() -> Self {
        Self { url: None, url_file: None, url_env: None, every_h: 24, plain_http: false, ca_file: None }
    }
}

impl Ping {
    fn url(&self) -> Place<'_> {
        Place { table: TABLE, name: "url", file: self.url_file.as_deref(), env: self.url_env.as_deref() }
    }
}

impl Part for Ping {
    fn check(&self) -> Result<(), Fault> {
        if !(1..=168).contains(&self.every_h) {
            return Err(Fault::new(TABLE, "every_h", format!("is {}, it must be 1 to 168", self.every_h)));
        }
        check_url(TABLE, self.url.as_deref(), &self.url(), self.plain_http)
    }

    fn open(&self) -> Result<Box<dyn Carrier>, Fault> {
        let to = open_url(TABLE, self.url.as_deref(), &self.url(), self.plain_http)?;
        Ok(Box::new(Caller { to, client: Client::new(TABLE, self.ca_file.as_deref())? }))
    }
}

/// An address that is ready to be called.
struct Caller {
    to: Address,
    client: Client,
}

impl Carrier for Caller {
    fn carry(&self, _letter: &Letter) -> Outcome {
        self.client.get(&self.to, |_| "check the address of notify.ping")
    }
}
