//! Files that a person asked for on the screen: into a private folder of the data directory, never over another.

use crate::outputs::safe_file::Folder;
use crate::tui::hands::Exports;
use anyhow::{Context as _, Result};
use std::io::Write as _;
use std::path::PathBuf;

/// Its name in the data directory.
const FOLDER: &str = "exports";

/// Files of one name that are told apart by a number, at most.
const SAME_NAME_MOST: u32 = 100;

/// Writes into the data directory.
pub(crate) struct Shelf {
    /// The data directory.
    pub(crate) dir: PathBuf,
}

impl Exports for Shelf {
    fn save(&self, name: &str, extension: &str, text: &str) -> Result<PathBuf> {
        Folder::open_private(&self.dir)?;
        let folder = Folder::open_private(&self.dir.join(FOLDER))?;
        let names = (0..SAME_NAME_MOST).map(|number| match number {
            0 => format!("{name}.{extension}"),
            _ => format!("{name}-{number}.{extension}"),
        });
        let mut refused = None;
        for file_name in names {
            let path = folder.path_of(&file_name);
            match folder.create(&file_name) {
                Ok(mut file) => {
                    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
                    written.with_context(|| format!("cannot write {}", path.display()))?;
                    return Ok(path);
                }
                Err(_) if path.exists() => {}
                Err(error) => {
                    refused = Some(error);
                    break;
                }
            }
        }
        Err(refused
            .unwrap_or_else(|| anyhow::anyhow!("{} is full of files called {name}", folder.path().display())))
    }
}
