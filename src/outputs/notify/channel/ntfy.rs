//! ntfy (docs.ntfy.sh/publish): JSON to the server's root, so that the topic stands in no address.

use super::http::{Address, Client};
use super::{Carrier, Outcome, Part};
use crate::outputs::notify::fault::Fault;
use crate::outputs::notify::letter::Letter;
use crate::outputs::notify::secret::{Place, Secret};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

const TABLE: &str = "ntfy";
/// What a server takes as a message; what is longer becomes a file.
const MESSAGE_BYTES: usize = 4000;

/// The settings of ntfy. Who knows the topic of the public server can read it: keep it as you keep a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ntfy {
    /// The server; default `https://ntfy.sh`.
    pub base_url: String,
    /// File with the topic, readable by its owner alone.
    pub topic_file: Option<PathBuf>,
    /// Variable of the environment with the topic.
    pub topic_env: Option<String>,
    /// The topic, where it is no secret: on a server of your own that asks for a token.
    pub topic: Option<String>,
    /// File with an access token.
    pub token_file: Option<PathBuf>,
    /// Variable of the environment with that token.
    pub token_env: Option<String>,
    /// Lets `http://` leave this machine; default false.
    pub plain_http: bool,
    /// Certificates to trust instead of the system's, in PEM.
    pub ca_file: Option<PathBuf>,
}

impl Default for Ntfy {
    fn default() -> Self {
        Self {
            base_url: "https://ntfy.sh".to_owned(),
            topic_file: None,
            topic_env: None,
            topic: None,
            token_file: None,
            token_env: None,
            plain_http: false,
            ca_file: None,
        }
    }
}

impl Ntfy {
    fn token(&self) -> Place<'_> {
        Place {
            table: TABLE,
            name: "token",
            file: self.token_file.as_deref(),
            env: self.token_env.as_deref(),
        }
    }

    fn hidden_topic(&self) -> Place<'_> {
        Place {
            table: TABLE,
            name: "topic",
            file: self.topic_file.as_deref(),
            env: self.topic_env.as_deref(),
        }
    }

    fn base(&self) -> Result<Address, Fault> {
        Address::parse(&self.base_url, self.plain_http).map_err(|says| Fault::new(TABLE, "base_url", says))
    }
}

fn is_topic(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

impl Part for Ntfy {
    fn check(&self) -> Result<(), Fault> {
        let says = match &self.topic {
            Some(_) if self.hidden_topic().is_named() => {
                Some("name one place: topic, topic_file or topic_env")
            }
            Some(topic) if !is_topic(topic) => Some("must be 1 to 64 letters, digits, - and _"),
            _ => None,
        };
        if let Some(says) = says {
            return Err(Fault::new(TABLE, "topic", says));
        }
        self.base()?;
        self.hidden_topic().check(self.topic.is_none())?;
        self.token().check(false)
    }

    fn open(&self) -> Result<Box<dyn Carrier>, Fault> {
        let topic = match &self.topic {
            Some(topic) => Secret::new(topic.clone()),
            None => self.hidden_topic().need()?,
        };
        if !is_topic(topic.expose()) {
            let key = if self.topic_file.is_some() { "topic_file" } else { "topic_env" };
            return Err(Fault::new(TABLE, key, "must hold 1 to 64 letters, digits, - and _"));
        }
        let bearer = self.token().read()?.map(|token| Secret::new(format!("Bearer {}", token.expose())));
        let client = Client::new(TABLE, self.ca_file.as_deref())?;
        Ok(Box::new(Publisher { to: self.base()?, topic, bearer, client }))
    }
}

/// A topic that is ready.
struct Publisher {
    to: Address,
    topic: Secret,
    bearer: Option<Secret>,
    client: Client,
}

#[derive(Serialize)]
struct Publish<'a> {
    topic: &'a str,
    title: &'a str,
    message: &'a str,
    priority: u8,
}

impl Carrier for Publisher {
    fn carry(&self, letter: &Letter) -> Outcome {
        let message = Publish {
            topic: self.topic.expose(),
            title: &letter.subject,
            message: crate::outputs::notify::letter::cut(&letter.text, MESSAGE_BYTES),
            priority: if letter.is_urgent() { 5 } else { 3 },
        };
        let Ok(body) = serde_json::to_string(&message) else {
            return Outcome::refused("the message cannot be written as JSON: please report it");
        };
        let header = self.bearer.as_ref().map(|bearer| ("authorization", bearer));
        self.client.post(&self.to, header, &body, |code| match code {
            401 | 403 => "check the token and the topic of notify.ntfy",
            _ => "check notify.ntfy.base_url and the topic",
        })
    }
}
