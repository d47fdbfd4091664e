//! Opening files in the data directory, with every safety check in one place.
//!
//! A [`Folder`] is held open by its descriptor, so that nobody can swap it for another between two calls. What
//! is not a plain file of our own with one name is refused, and the error names the path. It decides nothing
//! about what the files hold.

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// A private directory, held open.
#[derive(Debug)]
pub struct Folder {
    fd: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// Opens a directory for our own data and creates it (0700, whatever the umask) where it is missing.
    ///
    /// # Errors
    /// A symbolic link, another owner, or a directory that others may write to is refused by name.
    pub fn open_private(path: &Path) -> Result<Self> {
        let made = match std::fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                create_all(path)?;
                true
            }
            _ => false,
        };
        let folder = Self::open(path)?;
        if made {
            rustix::fs::fchmod(&folder.fd, Mode::from_raw_mode(FOLDER_MODE))
                .with_context(|| format!("cannot make {} private", path.display()))?;
        }
        let stat = folder.stat()?;
        let us = rustix::process::geteuid().as_raw();
        if stat.st_uid != us {
            bail!(
                "{} belongs to uid {}, not to uid {us} that runs this program; name another with --data-dir",
                path.display(),
                stat.st_uid
            );
        }
        if stat.st_mode & 0o022 != 0 {
            bail!(
                "{} can be written by others (mode {:03o}); close it with: chmod go-w {}",
                path.display(),
                stat.st_mode & 0o777,
                path.display()
            );
        }
        Ok(folder)
    }

    /// Opens a directory to read from it; a symbolic link is refused, its owner does not matter.
    pub fn open(path: &Path) -> Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::open(path, flags, Mode::empty()) {
            Ok(fd) => Ok(Self { fd, path: path.to_owned() }),
            Err(rustix::io::Errno::LOOP | rustix::io::Errno::NOTDIR) if path.is_symlink() => {
                bail!("{} is a symbolic link; name the directory itself with --data-dir", path.display())
            }
            Err(error) => {
                Err(io::Error::from(error)).with_context(|| format!("cannot open {}", path.display()))
            }
        }
    }

    /// The path as it was named.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file in it, for messages.
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Opens a file of ours to append to it, and creates it (0600) where it is missing.
    pub fn append(&self, name: &str) -> Result<File> {
        self.ours(name, OFlags::RDWR | OFlags::APPEND | OFlags::CREATE)
    }

    /// Creates a file of ours that must not be there yet.
    pub fn create(&self, name: &str) -> Result<File> {
        self.ours(name, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL)
    }

    /// Opens a file to read it, whoever owns it; `None` where it is missing. Only a plain file is taken: a
    /// symbolic link, a pipe or a device is refused.
    pub fn read(&self, name: &str) -> Result<Option<File>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = match rustix::fs::openat(&self.fd, name, flags, Mode::empty()) {
            Ok(fd) => File::from(fd),
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            Err(error) => return Err(self.cannot_open(name, error)),
        };
        let stat = rustix::fs::fstat(&file).with_context(|| self.say("cannot examine", name))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            bail!("{} is not a plain file", self.path_of(name).display());
        }
        Ok(Some(file))
    }

    /// Gives a file another name; a file that had that name is replaced at one stroke.
    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.fd, from, &self.fd, to)?)
    }

    /// Removes a file.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.fd, name, AtFlags::empty())?)
    }

    /// Makes new and changed names last through a power cut.
    pub fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.fd)?)
    }

    /// Names of the plain files in it, sorted.
    pub fn names(&self) -> Result<Vec<String>> {
        let say = || format!("cannot list {}", self.path.display());
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.fd).with_context(say)? {
            let entry = entry.with_context(say)?;
            if let Ok(name) = entry.file_name().to_str()
                && !name.starts_with('.')
            {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Tells whether `name` still leads to this open file: someone may have moved or removed it.
    pub fn leads_to(&self, name: &str, file: &File) -> bool {
        let named = rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW);
        match (named, rustix::fs::fstat(file)) {
            (Ok(named), Ok(held)) => (named.st_dev, named.st_ino) == (held.st_dev, held.st_ino),
            _ => false,
        }
    }

    /// Length of a file in bytes; `None` where it is missing.
    pub fn length(&self, name: &str) -> Option<u64> {
        let stat = rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        u64::try_from(stat.st_size).ok()
    }

    /// When a file was last written; `None` where it is missing.
    pub fn written(&self, name: &str) -> Option<DateTime<Utc>> {
        let stat = rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        DateTime::from_timestamp(stat.st_mtime, 0)
    }

    /// Size of the file system that it lies on.
    pub fn capacity_bytes(&self) -> Option<u64> {
        let system = rustix::fs::fstatvfs(&self.fd).ok()?;
        system.f_blocks.checked_mul(system.f_frsize)
    }

    fn stat(&self) -> Result<Stat> {
        rustix::fs::fstat(&self.fd).with_context(|| format!("cannot examine {}", self.path.display()))
    }

    fn ours(&self, name: &str, flags: OFlags) -> Result<File> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let fd = rustix::fs::openat(&self.fd, name, flags, Mode::from_raw_mode(FILE_MODE))
            .map_err(|error| self.cannot_open(name, error))?;
        let file = File::from(fd);
        let stat = rustix::fs::fstat(&file).with_context(|| self.say("cannot examine", name))?;
        let shown = self.path_of(name);
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            bail!("{} is not a plain file; move it away", shown.display());
        }
        if stat.st_nlink > 1 {
            bail!("{} has another name (hard link); move it away", shown.display());
        }
        let us = rustix::process::geteuid().as_raw();
        if stat.st_uid != us {
            bail!("{} belongs to uid {}, not to uid {us}; move it away", shown.display(), stat.st_uid);
        }
        if stat.st_mode & 0o777 != FILE_MODE {
            if stat.st_mode & 0o022 != 0 {
                bail!("{} can be written by others; check it, then: chmod 600 it", shown.display());
            }
            // A umask took more than it should, or an older copy was readable by others.
            rustix::fs::fchmod(&file, Mode::from_raw_mode(FILE_MODE))
                .with_context(|| self.say("cannot make private", name))?;
        }
        Ok(file)
    }

    fn cannot_open(&self, name: &str, error: rustix::io::Errno) -> anyhow::Error {
        if error == rustix::io::Errno::LOOP {
            return anyhow::anyhow!("{} is a symbolic link; move it away", self.path_of(name).display());
        }
        anyhow::Error::new(io::Error::from(error)).context(self.say("cannot open", name))
    }

    fn say(&self, what: &str, name: &str) -> String {
        format!("{what} {}", self.path_of(name).display())
    }
}

fn create_all(path: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(path)
        .with_context(|| format!("cannot create {}; name another directory with --data-dir", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    #[test]
    fn a_new_directory_and_its_files_are_for_the_owner_alone() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("a/b");
        let folder = Folder::open_private(&path).unwrap();
        drop(folder.append("x").unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        assert_eq!(std::fs::metadata(path.join("x")).unwrap().mode() & 0o777, 0o600);
        assert!(folder.leads_to("x", &folder.append("x").unwrap()));
    }

    #[test]
    fn links_and_open_directories_are_refused_by_name() {
        let scratch = tempfile::tempdir().unwrap();
        let real = scratch.path().join("real");
        let folder = Folder::open_private(&real).unwrap();
        let link = scratch.path().join("link");
        symlink(&real, &link).unwrap();
        let said = Folder::open_private(&link).unwrap_err().to_string();
        assert!(said.contains("link") && said.contains("symbolic"), "{said}");

        std::fs::write(scratch.path().join("target"), "keep").unwrap();
        symlink(scratch.path().join("target"), real.join("metrics")).unwrap();
        assert!(folder.append("metrics").unwrap_err().to_string().contains("symbolic link"));
        std::fs::hard_link(scratch.path().join("target"), real.join("twin")).unwrap();
        assert!(folder.append("twin").unwrap_err().to_string().contains("another name"));
        rustix::fs::mknodat(&folder.fd, "pipe", FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        assert!(folder.append("pipe").is_err());
        assert!(folder.read("pipe").unwrap_err().to_string().contains("not a plain file"));

        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o770)).unwrap();
        let said = Folder::open_private(&real).unwrap_err().to_string();
        assert!(said.contains("written by others") && said.contains("real"), "{said}");
    }
}
