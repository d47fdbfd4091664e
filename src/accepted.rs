//! The file of accepted risks: written by a person's command, read by the heartbeat when it changed.
//!
//! It is apart from the judge's memory, which only the heartbeat writes: so neither overwrites the other.

use crate::model::{Acceptance, FindingId};
use crate::outputs::state;
use anyhow::Result;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Its name in the data directory.
const FILE: &str = "accepted.json";

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
