//! What the package databases know at a moment, to be asked from another thread.

use super::database::{Database, is_in_store};
use crate::model::Provenance;
use std::sync::Arc;

/// What the package databases know at a moment, to be asked from another thread.
#[derive(Debug, Clone)]
pub struct Ledger {
    database: Arc<Database>,
    generation: u64,
}

impl Ledger {
    pub(super) const fn new(database: Arc<Database>, generation: u64) -> Self {
        Self { database, generation }
    }

    /// Tells whether a package owns the file; `None` where no database can tell.
    pub fn of(&self, path: &str) -> Option<Provenance> {
        if is_in_store(path) {
            return Some(Provenance::Packaged);
        }
        self.database.owner(path, self.is_whole())
    }

    /// Whether what no package owns is known to be nobody's.
    pub fn is_whole(&self) -> bool {
        self.database.is_whole()
    }

    /// Another number after each reading of the databases.
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// A ledger of packages that own these files.
    #[cfg(test)]
    pub(in crate::collect) fn of_paths(owned: &[&str]) -> Self {
        let mut paths = super::paths::Paths::new(&crate::collect::Root::fixture("/nonexistent"));
        for path in owned {
            paths.add(path.as_bytes());
        }
        paths.settle();
        let (stamps, systems, faults) = (Vec::new(), vec!["dpkg"], Vec::new());
        Self::new(Arc::new(Database { paths, stamps, systems, faults }), 1)
    }
}
