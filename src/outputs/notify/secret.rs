//! Secrets of the channels: read from a file or the environment, shown to nobody.
//!
//! A [`Secret`] prints as `***` whichever way it is printed. It is never written anywhere by us.

use super::fault::Fault;
use rustix::fs::{FileType, Mode, OFlags};
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The longest secret, in bytes.
const CAP_BYTES: usize = 4096;

/// A token, a password, or an address that only its owner should know.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(String);

impl Secret {
    /// Takes text that must not be shown.
    pub(super) const fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself, for the one place that sends it.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Where a secret of one channel stands: a file, or a variable of the environment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// The channel's table.
    pub(super) table: &'static str,
    /// What it is called: `token`, `password`, `url`.
    pub(super) name: &'static str,
    /// The file.
    pub(super) file: Option<&'a Path>,
    /// The variable.
    pub(super) env: Option<&'a str>,
}

impl Place<'_> {
    /// Tells whether a place is named at all.
    pub(super) const fn is_named(&self) -> bool {
        self.file.is_some() || self.env.is_some()
    }

    /// Checks that one place is named, without looking there.
    pub(super) fn check(&self, needed: bool) -> Result<(), Fault> {
        match (self.file, self.env) {
            (Some(_), Some(_)) => {
                Err(self.fault("env", &format!("name one place: {0}_file or {0}_env, not both", self.name)))
            }
            (None, None) if needed => Err(self.fault(
                "file",
                &format!("is missing: name the file that holds it, or a variable with {}_env", self.name),
            )),
            (Some(file), None) if file.as_os_str().is_empty() => Err(self.fault("file", "is empty")),
            (None, Some(env)) if env.is_empty() || env.contains(['=', '\0']) => {
                Err(self.fault("env", "is not the name of a variable"))
            }
            _ => Ok(()),
        }
    }

    /// Reads the secret; `None` where no place is named.
    pub(super) fn read(&self) -> Result<Option<Secret>, Fault> {
        match (self.file, self.env) {
            (Some(file), _) => self.read_file(file).map(Some),
            (None, Some(name)) => match std::env::var(name) {
                Ok(text) => self.trimmed(&text, "env", &format!("the variable {name}")).map(Some),
                Err(_) => Err(self.fault("env", &format!("the variable {name} is not set, or is not UTF-8"))),
            },
            (None, None) => Ok(None),
        }
    }

    /// Reads the secret that must be there.
    pub(super) fn need(&self) -> Result<Secret, Fault> {
        self.read()?.ok_or_else(|| self.fault("file", "is missing"))
    }

    fn read_file(&self, named: &Path) -> Result<Secret, Fault> {
        let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
        let path = match &credentials {
            _ if named.is_absolute() => named.to_owned(),
            Some(folder) => folder.join(named),
            None => return Err(self.fault("file", "must be a path from the root, /etc/home-soc/...")),
        };
        let shown = path.display();
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = match rustix::fs::open(&path, flags, Mode::empty()) {
            Ok(fd) => File::from(fd),
            Err(error) => {
                let mut fault =
                    self.fault("file", &format!("cannot read {shown}: {}", super::plain(&error.into())));
                fault.is_denied = error == rustix::io::Errno::ACCESS;
                return Err(fault);
            }
        };
        let stat = rustix::fs::fstat(&file)
            .map_err(|error| self.fault("file", &format!("cannot examine {shown}: {error}")))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(self.fault("file", &format!("{shown} is not a plain file")));
        }
        // systemd gives a service its credentials by an access list, which shows as the group's right.
        let is_credential = credentials.is_some_and(|folder| path.starts_with(folder));
        if !is_credential && stat.st_mode & 0o077 != 0 {
            return Err(self.fault(
                "file",
                &format!(
                    "{shown} can be read or written by others (mode {:03o}); close it with: chmod 600 {shown}",
                    stat.st_mode & 0o777
                ),
            ));
        }
        let mut bytes = Vec::new();
        file.take(CAP_BYTES as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| self.fault("file", &format!("cannot read {shown}: {}", super::plain(&error))))?;
        let text = String::from_utf8(bytes)
            .map_err(|_| self.fault("file", &format!("{shown} is not text in UTF-8")))?;
        self.trimmed(&text, "file", &shown.to_string())
    }

    fn trimmed(&self, text: &str, kind: &str, place: &str) -> Result<Secret, Fault> {
        let text = text.trim();
        if text.is_empty() {
            return Err(self.fault(kind, &format!("{place} is empty")));
        }
        if text.len() > CAP_BYTES || text.chars().any(char::is_control) {
            return Err(self.fault(kind, &format!("{place} must hold one line of at most {CAP_BYTES} bytes")));
        }
        Ok(Secret::new(text.to_owned()))
    }

    fn fault(&self, kind: &str, says: &str) -> Fault {
        Fault::new(self.table, &format!("{}_{kind}", self.name), says)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn place(file: &Path) -> Place<'_> {
        Place { table: "telegram", name: "token", file: Some(file), env: None }
    }

    #[test]
    fn a_secret_is_printed_by_nobody() {
        let secret = Secret::new("123:geheim".to_owned());
        assert_eq!(format!("{secret} {secret:?} {:#?}", Some(&secret)), "*** *** Some(\n    ***,\n)");
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_by_name_and_without_its_content() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("token");
        std::fs::write(&path, "123:geheim\n").unwrap();
        for mode in [0o604, 0o640, 0o660, 0o602] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let fault = place(&path).need().unwrap_err().to_string();
            assert!(
                fault.starts_with("notify.telegram.token_file: ") && fault.contains("chmod 600"),
                "{fault}"
            );
            assert!(!fault.contains("geheim"), "{fault}");
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(place(&path).need().unwrap().expose(), "123:geheim");
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("token");
        assert!(place(&path).need().unwrap_err().says.contains("cannot read"));
        for content in [&b""[..], b"\n", b"one\ntwo", b"\xff\xfe", &[b'x'; 5000]] {
            std::fs::write(&path, content).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            assert!(place(&path).need().is_err(), "{content:?}");
        }
        assert!(place(scratch.path()).need().unwrap_err().says.contains("plain file"));
        let neither = Place { file: None, ..place(&path) };
        assert!(neither.check(true).unwrap_err().says.contains("token_env"));
        assert!(neither.check(false).is_ok() && neither.read().unwrap().is_none());
        let both = Place { env: Some("X"), ..place(&path) };
        assert!(both.check(true).is_err());
        let unset = Place { file: None, env: Some("HOME_SOC_NEVER_SET"), ..place(&path) };
        assert!(unset.need().unwrap_err().says.contains("HOME_SOC_NEVER_SET"));
    }
}
