//! Where the page may be served, and with which secret: this machine alone, unless a person chose a token.

use super::Settings;
use super::token::{Token, TokenError};
use anyhow::Result;
use std::net::SocketAddr;

/// An address and the secret that opens it.
#[derive(Debug, Clone)]
pub struct Place {
    /// Where to listen; port 0 takes any that is free.
    pub address: SocketAddr,
    /// The secret.
    pub token: Token,
    /// The token lasts over restarts: a person keeps it.
    pub is_kept: bool,
}

/// Why the page cannot be served there.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// Everybody who can reach this machine could try.
    #[error(
        "the page would be open to every machine that can reach {0}; set web.token_file to a file with a token of \
         your own (mode 600), or listen on 127.0.0.1 and come by ssh -L"
    )]
    Open(SocketAddr),
    /// The token cannot be used.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// No token can be made.
    #[error("cannot make a token for the page: {0:#}")]
    Random(anyhow::Error),
}

impl Place {
    /// Chooses the address that was asked for, else that of the settings, and its token.
    ///
    /// # Errors
    /// An address beyond this machine without a token of the person's own; a token that cannot be used.
    pub fn choose(
        asked: Option<SocketAddr>,
        settings: &Settings,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, PlaceError> {
        let address = asked.unwrap_or(settings.address);
        let kept = Token::kept(settings.token_file.as_deref(), env)?;
        let is_kept = kept.is_some();
        let token = match kept {
            Some(token) => token,
            None if !address.ip().is_loopback() => return Err(PlaceError::Open(address)),
            None => Token::random().map_err(PlaceError::Random)?,
        };
        Ok(Self { address, token, is_kept })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_this_machine_it_needs_a_token_of_your_own() {
        let settings = Settings::default();
        let none = |_: &str| None;
        let here = Place::choose(None, &settings, none).unwrap();
        assert!(here.address.to_string() == "127.0.0.1:8080" && !here.is_kept);
        for open in ["0.0.0.0:8080", "[::]:8080", "192.0.2.10:80"] {
            let said = Place::choose(open.parse().ok(), &settings, none).unwrap_err().to_string();
            assert!(said.contains(open) && said.contains("token"), "{said}");
        }
        let chosen = |name: &str| (name == "HOME_SOC_WEB_TOKEN").then(|| "x".repeat(32));
        assert!(Place::choose("0.0.0.0:8080".parse().ok(), &settings, chosen).unwrap().is_kept);
        assert!(Place::choose("[::1]:8080".parse().ok(), &settings, none).is_ok());
    }
}
