//! Small files that carry memory over a restart: what is normal here, cursors, acceptances.
//!
//! A file is replaced at one stroke or not at all. A damaged one is set aside under another name and said; it
//! is never taken for an empty one and never deleted. It does not know what the files mean.

use super::safe_file::Folder;
use crate::model::Safe;
use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{Read as _, Write as _};
use std::path::Path;

/// The largest state file that is read; what is larger was not written by us.
const CAP_BYTES: u64 = 64 * 1024 * 1024;

/// What was found at a path.
#[derive(Debug)]
pub struct Loaded<T> {
    /// The state; `None` on a first start, and when the file could not be read.
    pub value: Option<T>,
    /// What went wrong and where the old file is now, in words for people.
    pub note: Option<Safe>,
}

/// Reads a state file. A missing one is a first start and no error; a damaged one is set aside.
pub fn load<T: DeserializeOwned>(path: &Path) -> Loaded<T> {
    match try_load(path) {
        Ok(value) => Loaded { value, note: None },
        Err(error) => Loaded { value: None, note: Some(Safe::new(&format!("{error:#}"))) },
    }
}

/// Reads a state file that is another process's to mend: whatever is wrong with it, it stays as it is.
pub fn look<T: DeserializeOwned>(path: &Path) -> Option<T> {
    let (_, bytes) = bytes_of(path).ok()??;
    serde_json::from_slice(&bytes).ok()
}

/// The directory and all bytes of a state file; `None` where it is missing.
fn bytes_of(path: &Path) -> Result<Option<(Folder, Vec<u8>)>> {
    let (parent, name) = split(path)?;
    if !parent.exists() {
        return Ok(None);
    }
    let folder = Folder::open(parent)?;
    let Some(file) = folder.read(name)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(CAP_BYTES)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Some((folder, bytes)))
}

fn try_load<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let (_, name) = split(path)?;
    let Some((folder, bytes)) = bytes_of(path)? else { return Ok(None) };
    match serde_json::from_slice(&bytes) {
        Ok(value) => Ok(Some(value)),
        Err(error) => {
            let aside = format!("{name}.damaged-{:016x}", crate::model::fingerprint(&bytes));
            let kept = match folder.rename(name, &aside) {
                Ok(()) => format!("it is kept as {}", folder.path_of(&aside).display()),
                Err(error) => format!("it stays where it is: {error}"),
            };
            anyhow::bail!("{} is damaged ({error}); {kept}; starting without it", path.display())
        }
    }
}

/// Writes a state file: a new one beside it, synced, then put in its place. The old one stays whole until then.
///
/// # Errors
/// Names the path and what the system said; the old file is untouched then.
pub fn save<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let (parent, name) = split(path)?;
    let folder = Folder::open_private(parent)?;
    let bytes = serde_json::to_vec(value).with_context(|| format!("cannot write {}", path.display()))?;
    let new = format!("{name}.new");
    // What an earlier, interrupted save left behind was never in use.
    match folder.remove(&new) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot remove {}", folder.path_of(&new).display()));
        }
        _ => {}
    }
    let mut file = folder.create(&new)?;
    let written = file
        .write_all(&bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| folder.rename(&new, name))
        .and_then(|()| folder.sync());
    if let Err(error) = written {
        // Best effort: the next save removes it as well.
        drop(folder.remove(&new));
        return Err(error).with_context(|| format!("cannot write {}", path.display()));
    }
    Ok(())
}

fn split(path: &Path) -> Result<(&Path, &str)> {
    let name = path.file_name().and_then(|name| name.to_str());
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok((parent, name.with_context(|| format!("{} names no file", path.display()))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_is_loaded_and_nothing_else_is_left_behind() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("memory.json");
        assert!(load::<Vec<u32>>(&path).value.is_none());
        save(&path, &vec![1, 2]).unwrap();
        std::fs::write(scratch.path().join("memory.json.new"), "half").unwrap();
        save(&path, &vec![1, 2, 3]).unwrap();
        assert_eq!(load::<Vec<u32>>(&path).value, Some(vec![1, 2, 3]));
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_file_is_set_aside_and_said() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("memory.json");
        std::fs::write(&path, "{\"half\":").unwrap();
        let loaded = load::<Vec<u32>>(&path);
        let note = loaded.note.unwrap();
        assert!(loaded.value.is_none() && note.contains("damaged") && note.contains("memory.json"), "{note}");
        assert!(!path.exists());
        let kept = std::fs::read_dir(scratch.path()).unwrap().next().unwrap().unwrap().path();
        assert_eq!(std::fs::read(kept).unwrap(), b"{\"half\":");
    }
}
