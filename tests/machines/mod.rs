//! Recorded machines for tests: a copy of `tests/fixtures/machines/NAME` that a test may change and damage.

use home_soc::collect::Root;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A copy of a recorded machine.
pub(crate) struct Machine(TempDir);

impl Machine {
    /// Copies the recorded machine of this name.
    pub(crate) fn recorded(name: &str) -> Self {
        // In memory where there is such a place: a machine of 10,000 processes is 20,000 files.
        let memory = Path::new("/dev/shm");
        let copy = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/machines").join(name);
        copy_tree(&source, copy.path());
        Self(copy)
    }

    /// The root that collectors take.
    pub(crate) fn root(&self) -> Root {
        Root::fixture(self.0.path())
    }

    /// Writes a file of the machine.
    pub(crate) fn write(&self, absolute: &str, text: impl AsRef<[u8]>) {
        let path = self.place(absolute);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Reads a file of the machine.
    pub(crate) fn text(&self, absolute: &str) -> String {
        fs::read_to_string(self.place(absolute)).unwrap()
    }

    /// Removes a file or a folder of the machine.
    pub(crate) fn remove(&self, absolute: &str) {
        let path = self.place(absolute);
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }

    fn place(&self, absolute: &str) -> PathBuf {
        self.0.path().join(absolute.trim_start_matches('/'))
    }
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_symlink() {
            symlink(fs::read_link(&source).unwrap(), &target).unwrap();
        } else if source.is_dir() {
            copy_tree(&source, &target);
        } else {
            fs::copy(&source, &target).unwrap();
        }
    }
}
