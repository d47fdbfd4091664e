//! The secret that opens the page: made, read from where it is kept, compared, and never shown by accident.

use anyhow::Result;
use rustix::rand::{GetRandomFlags, getrandom};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::OpenOptions;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use subtle::ConstantTimeEq as _;

/// Bytes of a token that is made here.
const RANDOM_BYTES: usize = 32;

/// The fewest characters of a token that a person chose.
const FEWEST: usize = 16;

/// The most characters of a token.
const MOST: usize = 512;

/// Environment variable that may hold the token.
const VARIABLE: &str = "HOME_SOC_WEB_TOKEN";

/// Name of the credential that systemd may hand over.
const CREDENTIAL: &str = "web-token";

/// The secret of the page.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(String);

/// Why a token cannot be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum TokenError {
    #[error("cannot read the page's token from {path}: {source}")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("others can read {path} (mode {mode:03o}); close it with: chmod 600 {path}", path = path.display())]
    Open { path: PathBuf, mode: u32 },
    #[error("{0} is no plain file")]
    NotPlain(PathBuf),
    #[error(
        "the page's token in {0} must be {FEWEST} to {MOST} letters, digits or -._~+/=; \
         make one with: head -c 32 /dev/urandom | base64"
    )]
    Weak(String),
}

impl Token {
    /// Makes a new token of 256 random bits.
    ///
    /// # Errors
    /// The kernel gives no randomness.
    pub fn random() -> Result<Self> {
        let mut bytes = [0_u8; RANDOM_BYTES];
        getrandom(&mut bytes, GetRandomFlags::empty()).map_err(std::io::Error::from)?;
        Ok(Self(base64_url(&bytes)))
    }

    /// The token that a person keeps: in the environment, in a credential of systemd, in the file of the settings.
    ///
    /// # Errors
    /// It is there and cannot be used.
    pub fn kept(
        file: Option<&Path>,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, TokenError> {
        if let Some(text) = env(VARIABLE) {
            return Self::parse(&text, VARIABLE).map(Some);
        }
        let credential = env("CREDENTIALS_DIRECTORY").map(|dir| Path::new(&dir).join(CREDENTIAL));
        match credential.filter(|path| path.exists()).as_deref().or(file) {
            Some(path) => Self::read(path).map(Some),
            None => Ok(None),
        }
    }

    fn read(path: &Path) -> Result<Self, TokenError> {
        let unreadable = |source| TokenError::Unreadable { path: path.to_owned(), source };
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits().cast_signed())
            .open(path)
            .map_err(unreadable)?;
        let about = file.metadata().map_err(unreadable)?;
        if !about.is_file() {
            return Err(TokenError::NotPlain(path.to_owned()));
        }
        let mode = about.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(TokenError::Open { path: path.to_owned(), mode });
        }
        let mut text = String::new();
        file.take(MOST as u64 * 2).read_to_string(&mut text).map_err(unreadable)?;
        Self::parse(&text, &path.display().to_string())
    }

    fn parse(text: &str, place: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        if (FEWEST..=MOST).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(TokenError::Weak(place.to_owned()))
        }
    }

    /// Tells whether these bytes are the token, in a time that does not tell how much of it is right.
    pub fn is(&self, offered: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(offered).into()
    }

    /// The page's address with the token behind `#`, where browsers send it to nobody.
    pub fn address(&self, place: &str) -> String {
        format!("http://{place}/#t={}", self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// base64url without padding (RFC 4648, section 5).
fn base64_url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word =
            group.iter().enumerate().fold(0_u32, |word, (at, byte)| word | u32::from(*byte) << (16 - 8 * at));
        for place in 0..=group.len() {
            out.push(LETTERS[(word >> (18 - 6 * place)) as usize & 63] as char);
        }
    }
    out
}

/// Reads base64 of either alphabet, padded or not (RFC 4648); `None` when it is none.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut word, mut bits) = (0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        word = word << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((word >> bits) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_new_token_has_256_bits_and_is_never_shown_by_accident() {
        let token = Token::random().unwrap();
        assert_eq!(from_base64(&token.0).unwrap().len(), RANDOM_BYTES);
        assert_ne!(token.0, Token::random().unwrap().0);
        assert_eq!(format!("{token:?}"), "***");
        assert!(token.is(token.0.as_bytes()) && !token.is(b"") && !token.is(&token.0.as_bytes()[1..]));
        assert!(token.address("127.0.0.1:8080").len() <= 80, "it must fit into a terminal's line");
    }

    #[test]
    fn base64_reads_what_it_wrote() {
        for text in ["", "f", "fo", "foo", "x:secret\u{ff}"] {
            assert_eq!(from_base64(&base64_url(text.as_bytes())).unwrap(), text.as_bytes());
        }
        assert_eq!(from_base64("eDpzZWNyZXQ=").unwrap(), b"x:secret");
        assert!(from_base64("a b").is_none());
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_by_name() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("token");
        std::fs::write(&path, "0123456789abcdef\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let none = |_: &str| None;
        let said = Token::kept(Some(&path), none).unwrap_err().to_string();
        assert!(said.contains("chmod 600") && said.contains("token"), "{said}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(Token::kept(Some(&path), none).unwrap().unwrap().is(b"0123456789abcdef"));
        std::fs::write(&path, "short").unwrap();
        let said = Token::kept(Some(&path), none).unwrap_err().to_string();
        assert!(said.contains("urandom") && !said.contains("short"), "{said}");
        assert!(Token::kept(None, none).unwrap().is_none());
        let by_environment = |name: &str| (name == VARIABLE).then(|| "abcdefghijklmnopqrst".to_owned());
        assert!(Token::kept(Some(&path), by_environment).unwrap().unwrap().is(b"abcdefghijklmnopqrst"));
    }
}
