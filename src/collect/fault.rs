//! Why a source could not be read, in words for people and in one word for machines.
//!
//! It does not decide whether that matters: a collector does.

use crate::model::Sensor;
use rustix::io::Errno;
use std::path::{Path, PathBuf};

/// What went wrong with one source.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The kernel said no.
    #[error("{}: {}", path.display(), in_words(*errno))]
    Unreadable { path: PathBuf, errno: Errno },
    /// It was read, and it is not what proc(5) promises.
    #[error("{}: {what}", path.display())]
    Damaged { path: PathBuf, what: &'static str },
}

impl Fault {
    /// A fault of the kernel's answer for `path`.
    pub(crate) fn unreadable(path: &Path, errno: Errno) -> Self {
        Self::Unreadable { path: path.to_owned(), errno }
    }

    /// A fault of the content of `path`.
    pub(crate) fn damaged(path: &Path, what: &'static str) -> Self {
        Self::Damaged { path: path.to_owned(), what }
    }

    /// The one word of [`Sensor::reason`].
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Unreadable { errno, .. } => reason(*errno),
            Self::Damaged { .. } => "damaged",
        }
    }

    /// A blind sensor; `lost` names what is not seen: "The load averages".
    pub(crate) fn blinds(&self, id: &str, lost: &str) -> Sensor {
        let sensor = Sensor::blind(id, self.reason(), &format!("{lost} cannot be read: {self}."));
        if self.reason() == "permission_denied" && !rustix::process::geteuid().is_root() {
            sensor.fixed_by(&["sudo", "home-soc"])
        } else {
            sensor
        }
    }
}

/// The one word for an error number.
pub(crate) fn reason(errno: Errno) -> &'static str {
    match errno {
        Errno::ACCESS | Errno::PERM => "permission_denied",
        Errno::NOENT | Errno::NOTDIR => "not_found",
        Errno::OPNOTSUPP | Errno::NOSYS | Errno::AFNOSUPPORT | Errno::PROTONOSUPPORT => "unsupported",
        Errno::MFILE | Errno::NFILE | Errno::NOMEM => "out_of_resources",
        _ => "unreadable",
    }
}

/// An error number in words.
fn in_words(errno: Errno) -> String {
    match errno {
        Errno::ACCESS | Errno::PERM => "permission denied".into(),
        Errno::NOENT => "does not exist".into(),
        Errno::OPNOTSUPP => "this kernel does not offer it".into(),
        Errno::MFILE => "too many open files (this program's limit is used up)".into(),
        Errno::NFILE => "too many open files on this machine".into(),
        other => std::io::Error::from(other).to_string(),
    }
}

/// Shows a value and its sensor: `ok` when it is there, else blind with the fault.
pub(crate) fn seen<T>(id: &str, lost: &str, read: Result<T, Fault>, sensors: &mut Vec<Sensor>) -> Option<T> {
    match read {
        Ok(value) => {
            sensors.push(Sensor::ok(id));
            Some(value)
        }
        Err(fault) => {
            sensors.push(fault.blinds(id, lost));
            None
        }
    }
}
