//! Files of RPM packages: the headers in `rpmdb.sqlite` (Fedora 33, RHEL 9, openSUSE and later).
//!
//! The older Berkeley and ndb databases are not read; there nothing is known of packages.

use super::paths::Paths;
use crate::collect::Root;
use rusqlite::{Connection, OpenFlags};
use std::io;

/// Where it stands, the usual place first.
const PLACES: [&str; 2] = ["/usr/lib/sysimage/rpm/rpmdb.sqlite", "/var/lib/rpm/rpmdb.sqlite"];

/// Change with every installation: the database, and what was written beside it.
pub(super) const STAMPS: [&str; 4] =
    [PLACES[0], "/usr/lib/sysimage/rpm/rpmdb.sqlite-wal", PLACES[1], "/var/lib/rpm/rpmdb.sqlite-wal"];

/// Tags of a header (rpmtag.h).
const DIR_INDEXES: u32 = 1116;
const BASE_NAMES: u32 = 1117;
const DIR_NAMES: u32 = 1118;

/// Adds what rpm knows; answers false when this machine has none of it.
pub(super) fn add(root: &Root, paths: &mut Paths) -> io::Result<bool> {
    let Some(place) = PLACES.iter().map(|place| root.path(place)).find(|place| place.exists()) else {
        return Ok(false);
    };
    // Who may not write beside the database cannot take part in its journal, and reads it as it stands.
    let as_it_stands = format!("file:{}?immutable=1", place.display());
    read(&place.display().to_string(), paths)
        .or_else(|_| read(&as_it_stands, paths))
        .map_err(|error| io::Error::other(format!("{}: {error}", place.display())))?;
    Ok(true)
}

fn read(place: &str, paths: &mut Paths) -> rusqlite::Result<()> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let database = Connection::open_with_flags(place, flags)?;
    let mut query = database.prepare("SELECT blob FROM Packages")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        if let Ok(header) = row.get_ref(0)?.as_blob() {
            // A header that is cut names no files; the others still do.
            let _ = add_files(header, paths);
        }
    }
    Ok(())
}

/// Adds the files of one header: 16 bytes for each tag, then the data that they point into, big-endian.
fn add_files(header: &[u8], paths: &mut Paths) -> Option<()> {
    let tags = number(header, 0)? as usize;
    let data = header.get(8 + tags.checked_mul(16)?..)?;
    let tag = |wanted: u32| {
        let entry = header[8..].chunks_exact(16).take(tags).find(|entry| number(entry, 0) == Some(wanted))?;
        Some((data.get(number(entry, 8)? as usize..)?, number(entry, 12)? as usize))
    };
    let (base_names, files) = tag(BASE_NAMES)?;
    let (dir_names, dirs) = tag(DIR_NAMES)?;
    let (dir_indexes, _) = tag(DIR_INDEXES)?;
    let dirs: Vec<_> = dir_names.split(|byte| *byte == 0).take(dirs).collect();
    for (at, name) in base_names.split(|byte| *byte == 0).take(files).enumerate() {
        let folder = dirs.get(number(dir_indexes, at * 4)? as usize)?;
        paths.add(&[folder, name].concat());
    }
    Some(())
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(files: &[(u32, &str)], folders: &[&str]) -> Vec<u8> {
        let indexes: Vec<u8> = files.iter().flat_map(|(index, _)| index.to_be_bytes()).collect();
        let names: Vec<u8> = files.iter().flat_map(|(_, name)| [name.as_bytes(), b"\0"].concat()).collect();
        let dirs: Vec<u8> = folders.iter().flat_map(|dir| [dir.as_bytes(), b"\0"].concat()).collect();
        let mut head = Vec::new();
        let mut data = Vec::new();
        for (tag, kind, count, bytes) in [
            (DIR_INDEXES, 4_u32, files.len(), indexes),
            (BASE_NAMES, 8, files.len(), names),
            (DIR_NAMES, 8, folders.len(), dirs),
        ] {
            for word in [tag, kind, data.len() as u32, count as u32] {
                head.extend(word.to_be_bytes());
            }
            data.extend(bytes);
        }
        [&3_u32.to_be_bytes()[..], &(data.len() as u32).to_be_bytes(), &head, &data].concat()
    }

    #[test]
    fn a_header_names_its_files_and_a_cut_one_does_no_harm() {
        let root = Root::fixture("/nonexistent");
        let whole = header(&[(0, "bash"), (1, "bashrc"), (0, "sh")], &["/usr/bin/", "/etc/"]);
        let mut paths = Paths::new(&root);
        add_files(&whole, &mut paths).unwrap();
        paths.settle();
        assert_eq!(paths.len(), 3);
        assert!(paths.contains("/usr/bin/sh") && paths.contains("/etc/bashrc"));
        for end in 0..whole.len() {
            let _ = add_files(&whole[..end], &mut Paths::new(&root));
        }
        let wrong = header(&[(9, "x")], &["/usr/bin/"]);
        assert_eq!(add_files(&wrong, &mut paths), None);
    }

    #[test]
    fn a_database_is_read_without_being_written() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("var/lib/rpm");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("rpmdb.sqlite");
        {
            let database = Connection::open(&file).unwrap();
            database
                .execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)", [])
                .unwrap();
            let blob = header(&[(0, "bash")], &["/usr/bin/"]);
            database.execute("INSERT INTO Packages (blob) VALUES (?1)", [blob]).unwrap();
        }
        let root = Root::fixture(base.path());
        let mut paths = Paths::new(&root);
        assert!(add(&root, &mut paths).unwrap());
        paths.settle();
        assert!(paths.contains("/usr/bin/bash"));
        std::fs::write(&file, "no database").unwrap();
        assert!(add(&root, &mut Paths::new(&root)).is_err());
    }
}
