//! The file of accepted risks: written by a person's command, read by the heartbeat when it changed.
//!
//! It is apart from the judge's memory, which only the heartbeat writes: so neither overwrites the other.

use crate::model::{Acceptance, FindingId};
use crate::outputs::state;
use crate::tui::hands::Acceptances;
use anyhow::{Context as _, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Its name in the data directory.
const FILE: &str = "accepted.json";

/// Risks that are accepted at most.
const MOST: usize = 500;

/// Accepted risks by the id of their finding.
pub(crate) type Accepted = BTreeMap<FindingId, Acceptance>;

/// Reads the accepted risks.
pub(crate) fn load(dir: &Path) -> Result<Accepted> {
    let loaded = state::load::<Accepted>(&dir.join(FILE));
    match loaded.note {
        Some(note) => Err(anyhow::anyhow!("{note}")),
        None => Ok(loaded.value.unwrap_or_default()),
    }
}

/// Writes the accepted risks.
pub(crate) fn save(dir: &Path, accepted: &Accepted) -> Result<()> {
    state::save(&dir.join(FILE), accepted)
}

/// The file as the screen's hand: a finding that is on the screen need not be looked up.
pub(crate) struct Keeper {
    /// The data directory.
    pub(crate) dir: PathBuf,
}

impl Acceptances for Keeper {
    fn accept(&self, id: &FindingId, acceptance: Acceptance) -> Result<()> {
        let mut accepted = load(&self.dir)?;
        if accepted.len() >= MOST && !accepted.contains_key(id) {
            bail!("{MOST} risks are accepted already; take one back first");
        }
        accepted.insert(id.clone(), acceptance);
        save(&self.dir, &accepted)
    }

    fn take_back(&self, id: &FindingId) -> Result<()> {
        let mut accepted = load(&self.dir)?;
        accepted.remove(id).with_context(|| format!("{id} was not accepted"))?;
        save(&self.dir, &accepted)
    }
}

/// Looks at the file before each beat and reads it only when it changed.
pub(crate) fn watch(dir: PathBuf) -> impl FnMut() -> Result<Option<Accepted>> {
    let mut seen: Option<(SystemTime, u64)> = None;
    move || {
        let now =
            fs::metadata(dir.join(FILE)).ok().and_then(|meta| Some((meta.modified().ok()?, meta.len())));
        // A file that is gone takes nothing back: a damaged one was just set aside, and what it held still counts.
        if now == seen || now.is_none() {
            return Ok(None);
        }
        seen = now;
        load(&dir).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Safe;
    use chrono::DateTime;

    fn one(id: &str) -> Accepted {
        let acceptance =
            Acceptance { reason: Safe::new("it is mine"), since: DateTime::UNIX_EPOCH, until: None };
        Accepted::from([(FindingId::parse(id), acceptance)])
    }

    #[test]
    fn what_was_accepted_is_told_once_and_a_file_that_is_gone_takes_nothing_back() {
        let dir = tempfile::tempdir().unwrap();
        let mut ask = watch(dir.path().to_owned());
        assert_eq!(ask().unwrap(), None, "nothing was ever accepted");
        save(dir.path(), &one("HS-NET-002:1")).unwrap();
        assert_eq!(ask().unwrap(), Some(one("HS-NET-002:1")));
        assert_eq!(ask().unwrap(), None, "nothing changed");
        fs::remove_file(dir.path().join(FILE)).unwrap();
        assert_eq!(ask().unwrap(), None);
        save(dir.path(), &one("HS-NET-002:22")).unwrap();
        assert_eq!(ask().unwrap(), Some(one("HS-NET-002:22")));
        save(dir.path(), &Accepted::new()).unwrap();
        assert_eq!(ask().unwrap(), Some(Accepted::new()), "an empty list takes all back");
    }

    #[test]
    fn a_damaged_file_is_set_aside_and_said_once_and_takes_nothing_back() {
        let dir = tempfile::tempdir().unwrap();
        let mut ask = watch(dir.path().to_owned());
        save(dir.path(), &one("HS-NET-002:1")).unwrap();
        assert!(ask().unwrap().is_some());
        fs::write(dir.path().join(FILE), "{\"half\":").unwrap();
        let said = ask().unwrap_err().to_string();
        assert!(said.contains("damaged") && said.contains(FILE), "{said}");
        assert_eq!(ask().unwrap(), None);
        let kept = fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(kept, 1, "it stands there under another name");
        save(dir.path(), &one("HS-NET-002:1")).unwrap();
        assert!(ask().unwrap().is_some(), "it is heard again");
    }
}
