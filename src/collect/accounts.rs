//! Names for user ids, from /etc/passwd, read again when the file changes.
//!
//! It does not ask a directory service: a lookup over the network could hold the beat. An id without a line here
//! has no name, and is shown as a number.

use super::Root;
use super::fields::{lines, number};
use super::kept::read_path;
use crate::model::Safe;
use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// At most this many accounts are kept; a damaged file must not fill the memory.
const CAP: usize = 65_536;

/// Who the user ids are.
#[derive(Debug)]
pub struct Accounts {
    path: PathBuf,
    stamp: Option<Stamp>,
    names: HashMap<u32, Safe>,
}

/// What changes whenever a file does.
type Stamp = (u64, i64, i64, u64);

impl Accounts {
    /// Knows nobody until the first [`Accounts::refresh`].
    pub fn new(root: &Root) -> Self {
        Self { path: root.path("/etc/passwd"), stamp: None, names: HashMap::new() }
    }

    /// Reads the file again if it changed, and tells whether it did.
    pub fn refresh(&mut self) -> bool {
        let stamp = std::fs::metadata(&self.path)
            .ok()
            .map(|file| (file.ino(), file.mtime(), file.mtime_nsec(), file.len()));
        if stamp == self.stamp {
            return false;
        }
        self.stamp = stamp;
        let mut text = Vec::new();
        // Without the file nobody has a name; that is said by every name that is a number.
        self.names = read_path(&self.path, &mut text).map(|()| parse(&text)).unwrap_or_default();
        true
    }

    /// The name of a user id.
    pub fn name(&self, uid: u32) -> Option<Safe> {
        self.names.get(&uid).cloned()
    }
}

/// Names by id from the text of passwd(5); where two accounts share an id, the first is its name.
fn parse(text: &[u8]) -> HashMap<u32, Safe> {
    let mut names = HashMap::new();
    for line in lines(text) {
        let mut fields = line.split(|byte| *byte == b':');
        let (Some(name), Some(_password), Some(uid)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        let Some(uid) = number(uid).and_then(|uid| u32::try_from(uid).ok()) else { continue };
        if !name.is_empty() && !name.starts_with(b"#") && names.len() < CAP {
            names.entry(uid).or_insert_with(|| Safe::from_bytes(name));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_account_of_an_id_names_it_and_damaged_lines_name_nobody() {
        let names = parse(b"root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\nbad\n:x:5:5::/:\nno:x:-1:1::/:\nann:x:1000:1000::/home/ann:/bin/sh");
        assert_eq!(names.len(), 2);
        assert_eq!(names[&0], "root");
        assert_eq!(names[&1000], "ann");
    }
}
