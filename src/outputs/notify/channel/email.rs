//! Mail over SMTP: STARTTLS that is required, or TLS from the first byte. Nothing is ever sent in the clear.
//!
//! What the server wrote is not repeated, only its code: an answer may hold what was sent to it.

use super::{Carrier, Outcome, PATIENCE, Part};
use crate::outputs::notify::fault::Fault;
use crate::outputs::notify::letter::Letter;
use crate::outputs::notify::secret::{Place, Secret};
use crate::outputs::notify::{plain, trust};
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{
    Certificate, CertificateStore, Tls as Transport, TlsParameters, TlsParametersBuilder,
};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor, transport::smtp};
use serde::{Deserialize, Serialize};
use std::error::Error as _;
use std::io;
use std::path::{Path, PathBuf};

const TABLE: &str = "email";
/// Addresses that one message goes to at most.
const RECIPIENTS: usize = 20;

/// The settings of mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Email {
    /// The mail server's name.
    pub host: String,
    /// Its port; default 587 with `starttls`, 465 with `implicit`.
    #[serde(default)]
    pub port: Option<u16>,
    /// `starttls` (required, never left out) or `implicit`; default `starttls`.
    #[serde(default)]
    pub tls: Tls,
    /// Who it comes from.
    pub from: String,
    /// Who gets it.
    pub to: Vec<String>,
    /// The user at the mail server, where it asks for one.
    #[serde(default)]
    pub user: Option<String>,
    /// File with that user's password, readable by its owner alone.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Variable of the environment with that password.
    #[serde(default)]
    pub password_env: Option<String>,
    /// Certificates to trust instead of the system's, in PEM.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}

/// How the connection is closed to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// A plain greeting, then TLS or nothing.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Implicit,
}

impl Email {
    fn password(&self) -> Place<'_> {
        Place {
            table: TABLE,
            name: "password",
            file: self.password_file.as_deref(),
            env: self.password_env.as_deref(),
        }
    }

    fn mailbox(key: &str, text: &str) -> Result<Mailbox, Fault> {
        text.parse()
            .map_err(|_| Fault::new(TABLE, key, format!("{text:?} is no mail address; write \"name@host\"")))
    }

    fn roots(path: &Path) -> Result<Vec<Certificate>, Fault> {
        let damaged = || Fault::new(TABLE, "ca_file", format!("{} is damaged", path.display()));
        let read = trust::read(TABLE, path)?;
        read.into_iter().map(|der| Certificate::from_der(der.to_vec()).map_err(|_| damaged())).collect()
    }

    fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            Tls::Starttls => smtp::SUBMISSION_PORT,
            Tls::Implicit => smtp::SUBMISSIONS_PORT,
        })
    }
}

impl Part for Email {
    fn check(&self) -> Result<(), Fault> {
        let is_name = |host: &str| {
            !host.is_empty()
                && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':'))
        };
        if !self.host.is_ascii() {
            return Err(Fault::new(TABLE, "host", super::http::NOT_ASCII));
        }
        if !is_name(&self.host) {
            return Err(Fault::new(TABLE, "host", "must be the name of a mail server, \"mail.example.org\""));
        }
        if self.port == Some(0) {
            return Err(Fault::new(TABLE, "port", "is 0, it must be 1 to 65535"));
        }
        Self::mailbox("from", &self.from)?;
        if self.to.is_empty() || self.to.len() > RECIPIENTS {
            return Err(Fault::new(TABLE, "to", format!("must be 1 to {RECIPIENTS} mail addresses")));
        }
        for to in &self.to {
            Self::mailbox("to", to)?;
        }
        if self.user.is_none() && self.password().is_named() {
            return Err(Fault::new(TABLE, "user", "is missing, and there is a password"));
        }
        self.password().check(self.user.is_some())
    }

    fn open(&self) -> Result<Box<dyn Carrier>, Fault> {
        let to = self.to.iter().map(|text| Self::mailbox("to", text)).collect::<Result<_, _>>()?;
        let from = Self::mailbox("from", &self.from)?;
        let roots = self.ca_file.as_deref().map(Self::roots).transpose()?;
        let password = self.password().read()?;
        let server = format!("{}:{}", self.host, self.port());
        Ok(Box::new(Post { server, from, to, roots, password, settings: self.clone() }))
    }
}

/// A mail server that is ready.
struct Post {
    server: String,
    from: Mailbox,
    to: Vec<Mailbox>,
    roots: Option<Vec<Certificate>>,
    password: Option<Secret>,
    settings: Email,
}

impl Post {
    fn message(&self, letter: &Letter) -> Result<Message, lettre::error::Error> {
        let to = self.to.iter().fold(Message::builder(), |builder, to| builder.to(to.clone()));
        // The same letter has the same id when it is sent again: mail programs show it once.
        let id = format!("<{}.{}@home-soc>", letter.id, letter.at.timestamp());
        to.from(self.from.clone())
            .subject(letter.subject.clone())
            .message_id(Some(id))
            .date(letter.at.into())
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.clone())
    }

    /// Makes the connection's settings; the system's certificates are held no longer than a message takes.
    fn transport(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, smtp::Error> {
        let Email { host, user, .. } = &self.settings;
        let mut tls = TlsParameters::builder(host.clone());
        if let Some(roots) = &self.roots {
            tls = tls.certificate_store(CertificateStore::None);
            tls = roots.iter().cloned().fold(tls, TlsParametersBuilder::add_root_certificate);
        }
        let tls = tls.build()?;
        let tls = match self.settings.tls {
            Tls::Starttls => Transport::Required(tls),
            Tls::Implicit => Transport::Wrapper(tls),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host.clone())
            .port(self.settings.port())
            .tls(tls)
            .timeout(Some(PATIENCE));
        if let (Some(user), Some(password)) = (user, &self.password) {
            builder = builder.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
        }
        Ok(builder.build())
    }

    async fn send(&self, message: Message) -> Outcome {
        let transport = match self.transport() {
            Ok(transport) => transport,
            Err(error) => return self.failed(&error),
        };
        match tokio::time::timeout(PATIENCE, transport.send(message)).await {
            Err(_) => Outcome::later(format!("no answer from {} in {} s", self.server, PATIENCE.as_secs())),
            Ok(Ok(_)) => Outcome::Delivered,
            Ok(Err(error)) => self.failed(&error),
        }
    }

    fn failed(&self, error: &smtp::Error) -> Outcome {
        let server = &self.server;
        match error.status().map(u16::from) {
            Some(code @ (530 | 534 | 535 | 538)) => {
                return Outcome::refused(format!(
                    "{server} refuses ({code}); check user and password of notify.email"
                ));
            }
            Some(code @ 500..) => {
                return Outcome::refused(format!(
                    "{server} refuses ({code}); check from and to of notify.email"
                ));
            }
            Some(code) => return Outcome::later(format!("{server} answers {code}")),
            None => {}
        }
        let said = if error.is_tls() {
            trust::UNTRUSTED.to_owned()
        } else if error.is_timeout() {
            format!("no answer in {} s", PATIENCE.as_secs())
        } else if error.is_client() {
            return Outcome::refused(format!(
                "{server} offers no STARTTLS, or no way to sign in; check tls and user of notify.email"
            ));
        } else {
            broken(error).map_or_else(|| "it does not speak SMTP".to_owned(), trust::said_by)
        };
        Outcome::later(format!("{server}: {said}"))
    }
}

/// The broken connection behind an error, if that is what it was.
fn broken(error: &smtp::Error) -> Option<&io::Error> {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(error) = inner.downcast_ref() {
            return Some(error);
        }
        cause = inner.source();
    }
    None
}

impl Carrier for Post {
    fn carry(&self, letter: &Letter) -> Outcome {
        let Ok(message) = self.message(letter) else {
            return Outcome::refused("the mail cannot be written: please report it");
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        match runtime {
            Ok(runtime) => {
                let outcome = runtime.block_on(self.send(message));
                // A look-up of a name that hangs is left behind.
                runtime.shutdown_background();
                outcome
            }
            Err(error) => Outcome::later(format!("cannot send mail: {}", plain(&error))),
        }
    }
}
