//! The calls by which the record changes the disk, behind a trait: a test puts failures in their place.
//!
//! It decides nothing; what to do about a failure is the caller's part.

use crate::outputs::safe_file::Folder;
use std::fs::File;
use std::io::{self, Write as _};

/// Everything that the writer does to a disk.
pub trait Disk: Send {
    /// Appends bytes and answers how many were taken.
    fn write(&mut self, file: &File, bytes: &[u8]) -> io::Result<usize>;
    /// Makes what was written last through a power cut.
    fn sync(&mut self, file: &File) -> io::Result<()>;
    /// Cuts a file at a length.
    fn cut(&mut self, file: &File, length: u64) -> io::Result<()>;
    /// Gives a file another name.
    fn rename(&mut self, folder: &Folder, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&mut self, folder: &Folder, name: &str) -> io::Result<()>;
    /// Makes new and changed names last through a power cut.
    fn sync_names(&mut self, folder: &Folder) -> io::Result<()>;
}

/// The disk itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn write(&mut self, mut file: &File, bytes: &[u8]) -> io::Result<usize> {
        file.write(bytes)
    }

    fn sync(&mut self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn cut(&mut self, file: &File, length: u64) -> io::Result<()> {
        file.set_len(length)
    }

    fn rename(&mut self, folder: &Folder, from: &str, to: &str) -> io::Result<()> {
        folder.rename(from, to)
    }

    fn remove(&mut self, folder: &Folder, name: &str) -> io::Result<()> {
        folder.remove(name)
    }

    fn sync_names(&mut self, folder: &Folder) -> io::Result<()> {
        folder.sync()
    }
}
