//! One request over HTTP: no redirect is followed, no answer is waited for without end, no address is shown.
//!
//! An address may hold a secret in its path or query: errors name the scheme and the host, nothing behind it.

use super::{Outcome, PATIENCE};
use crate::outputs::notify::fault::Fault;
use crate::outputs::notify::secret::Secret;
use crate::outputs::notify::trust;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use ureq::http::{StatusCode, Uri};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body};

/// The most of an answer that is read.
const ANSWER_BYTES: u64 = 16 * 1024;
/// The longest wait that another side may ask for.
const WAIT_MOST: Duration = Duration::from_hours(24);

/// An address to send to: shown without what may be secret in it.
#[derive(Debug, Clone)]
pub(super) struct Address {
    whole: Secret,
    shown: String,
}

/// What to do about a name with letters that the net's own names do not have.
pub(super) const NOT_ASCII: &str =
    "holds letters beyond ASCII; write such a name in the form that begins with xn--, and others as %XX";

impl Address {
    /// Reads an address; `plain_http` lets `http://` leave this machine.
    ///
    /// # Errors
    /// What is wrong with it, without the address.
    pub(super) fn parse(text: &str, plain_http: bool) -> Result<Self, String> {
        if !text.is_ascii() {
            return Err(NOT_ASCII.to_owned());
        }
        let uri: Uri = text.parse().map_err(|_| "is no address; write https://host/...".to_owned())?;
        let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host().filter(|host| !host.is_empty()))
        else {
            return Err("is no whole address; write https://host/...".to_owned());
        };
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        if authority.contains('@') {
            return Err("holds a user name or password; take them out of the address".to_owned());
        }
        match scheme {
            "https" => {}
            "http" if plain_http || is_loopback(host) => {}
            "http" => {
                return Err(
                    "begins with http://, which everyone on the way can read; write https://".to_owned()
                );
            }
            _ => return Err("must begin with https://".to_owned()),
        }
        Ok(Self { shown: format!("{scheme}://{authority}"), whole: Secret::new(text.to_owned()) })
    }

    /// The same place with a path behind it; the path may hold a secret.
    pub(super) fn join(&self, path: &str) -> Self {
        let base = self.whole.expose().trim_end_matches('/');
        Self { whole: Secret::new(format!("{base}/{path}")), shown: self.shown.clone() }
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Sends requests, each over a connection of its own: there are few of them.
#[derive(Debug)]
pub(super) struct Client {
    roots: Option<Vec<Certificate<'static>>>,
}

impl Client {
    /// A client that trusts the system's certificates, or those of one file instead.
    pub(super) fn new(table: &str, ca_file: Option<&Path>) -> Result<Self, Fault> {
        let roots = ca_file.map(|path| trust::read(table, path)).transpose()?;
        let roots = roots.map(|all| all.iter().map(|der| Certificate::from_der(der).to_owned()).collect());
        Ok(Self { roots })
    }

    /// Posts JSON; `hint` says what to look at when the other side refuses.
    pub(super) fn post(
        &self,
        to: &Address,
        header: Option<(&str, &Secret)>,
        body: &str,
        hint: impl Fn(u16) -> &'static str,
    ) -> Outcome {
        let mut request = self.agent().post(to.whole.expose()).header("content-type", "application/json");
        if let Some((name, secret)) = header {
            request = request.header(name, secret.expose());
        }
        judge(to, request.send(body), hint)
    }

    /// Asks for an address and looks at the status only.
    pub(super) fn get(&self, to: &Address, hint: impl Fn(u16) -> &'static str) -> Outcome {
        judge(to, self.agent().get(to.whole.expose()).call(), hint)
    }

    fn agent(&self) -> Agent {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = match &self.roots {
            Some(roots) => RootCerts::new_with_certs(roots),
            None => RootCerts::PlatformVerifier,
        };
        let tls = TlsConfig::builder().root_certs(roots).unversioned_rustls_crypto_provider(provider).build();
        Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .max_response_header_size(16 * 1024)
            .max_idle_connections(0)
            .user_agent(concat!("home-soc/", env!("CARGO_PKG_VERSION")))
            .build()
            .into()
    }
}

fn judge(
    to: &Address,
    answer: Result<ureq::http::Response<Body>, ureq::Error>,
    hint: impl Fn(u16) -> &'static str,
) -> Outcome {
    let shown = &to.shown;
    let mut answer = match answer {
        Ok(answer) => answer,
        Err(error) => return failed(shown, error),
    };
    let status = answer.status();
    let code = status.as_u16();
    match status {
        _ if status.is_success() => Outcome::Delivered,
        _ if status.is_redirection() => Outcome::refused(format!(
            "{shown} sends elsewhere ({code}), which is not followed; write the final address into the settings"
        )),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            let after = retry_after(&mut answer);
            Outcome::Later { why: format!("{shown} asks to wait ({code})"), after }
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => {
            Outcome::later(format!("{shown} answers {code}"))
        }
        _ if status.is_client_error() => {
            Outcome::refused(format!("{shown} refuses ({code}); {}", hint(code)))
        }
        _ => Outcome::later(format!("{shown} answers {code}")),
    }
}

/// What a failed request comes to. Nothing that the other side wrote, and no address, gets into the words.
fn failed(shown: &str, error: ureq::Error) -> Outcome {
    let why = match error {
        ureq::Error::Timeout(_) => format!("no answer from {shown} in {} s", PATIENCE.as_secs()),
        ureq::Error::HostNotFound => format!("the name in {shown} is not found"),
        ureq::Error::Io(error) => format!("{shown}: {}", trust::said_by(&error)),
        ureq::Error::ConnectionFailed => format!("{shown} cannot be reached"),
        ureq::Error::Tls(_) | ureq::Error::Rustls(rustls::Error::InvalidCertificate(_)) => {
            // A clock that is wrong mends itself, and so does a certificate that was renewed too late.
            format!("{shown}: {}", trust::UNTRUSTED)
        }
        ureq::Error::Rustls(_) => format!("{shown} speaks no TLS that is trusted"),
        ureq::Error::Http(_) | ureq::Error::BadUri(_) => {
            return Outcome::refused(format!(
                "{shown}: the address or the token has a sign that cannot be sent"
            ));
        }
        _ => format!("{shown} does not answer as a web server does"),
    };
    Outcome::later(why)
}

/// `Retry-After` in seconds or as a date against the answer's own `Date`; Telegram also says it in its body.
fn retry_after(answer: &mut ureq::http::Response<Body>) -> Option<Duration> {
    #[derive(serde::Deserialize)]
    struct Said {
        parameters: Parameters,
    }
    #[derive(serde::Deserialize)]
    struct Parameters {
        retry_after: u64,
    }
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
    let date = |text: &str| chrono::DateTime::parse_from_rfc2822(text.trim()).ok();
    let in_header = header("retry-after").and_then(|text| {
        let seconds = text.trim().parse::<u64>().ok();
        seconds.map(Duration::from_secs).or_else(|| {
            let (until, now) = (date(text)?, date(header("date")?)?);
            (until - now).to_std().ok()
        })
    });
    let wait = in_header.or_else(|| {
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES).read_to_vec().ok()?;
        let said: Said = serde_json::from_slice(&body).ok()?;
        Some(Duration::from_secs(said.parameters.retry_after))
    });
    wait.map(|wait| wait.min(WAIT_MOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_path_and_query() {
        let address = Address::parse("https://hooks.example/services/T0/geheim?key=geheim", false).unwrap();
        assert_eq!(address.shown, "https://hooks.example");
        assert!(!format!("{address:?}").contains("geheim"));
        assert_eq!(address.join("bot1:x/y").whole.expose().matches("geheim").count(), 2);
    }

    #[test]
    fn plain_http_leaves_the_machine_only_when_it_was_asked_for() {
        for here in ["http://127.0.0.1:8080/x", "http://localhost/", "http://[::1]:80/"] {
            assert!(Address::parse(here, false).is_ok(), "{here}");
        }
        assert!(Address::parse("http://192.0.2.1/x", false).unwrap_err().contains("https://"));
        assert!(Address::parse("http://192.0.2.1/x", true).is_ok());
    }

    #[test]
    fn what_is_no_address_is_refused_without_being_repeated() {
        for wrong in ["", "geheim", "/geheim", "ftp://geheim/", "https://", "https://u:geheim@h/", "a b"] {
            let said = Address::parse(wrong, true).unwrap_err();
            assert!(!said.contains("geheim"), "{said}");
        }
    }
}
