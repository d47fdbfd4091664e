//! Home folders of this machine, from /etc/passwd and /home. It asks no directory service.

use crate::collect::Root;
use crate::collect::fields::lines;
use crate::collect::kept::read_path;
use crate::model::Safe;
use std::path::PathBuf;

/// At most this many are looked into.
const MANY: usize = 256;

/// A home folder and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Home {
    /// As it is written, below no root.
    pub(super) path: String,
    pub(super) user: Safe,
}

/// All home folders, each once; of accounts that a directory service knows only those below `/home`.
pub(super) fn all(root: &Root) -> Vec<Home> {
    let mut text = Vec::new();
    let mut homes = match read_path(&root.path("/etc/passwd"), &mut text) {
        Ok(()) => parse(&text),
        Err(_) => Vec::new(),
    };
    let folders = std::fs::read_dir(root.path("/home")).into_iter().flatten().flatten();
    for name in folders.take(MANY).filter_map(|entry| entry.file_name().into_string().ok()) {
        let path = format!("/home/{name}");
        if !homes.iter().any(|home| home.path == path) {
            homes.push(Home { path, user: Safe::new(&name) });
        }
    }
    homes.truncate(MANY);
    homes
}

/// The homes that passwd(5) names; places that are nobody's home are left out.
fn parse(text: &[u8]) -> Vec<Home> {
    let mut homes: Vec<Home> = Vec::new();
    for line in lines(text) {
        let mut fields = line.split(|byte| *byte == b':');
        let Some(user) = fields.next().filter(|name| !name.is_empty()) else { continue };
        let Some(path) = fields.nth(4).and_then(|path| std::str::from_utf8(path).ok()) else { continue };
        let path = path.trim_end_matches('/');
        let is_home = path.len() > 1 && path.starts_with('/') && !NOBODYS.contains(&path);
        if is_home && !homes.iter().any(|home| home.path == path) {
            homes.push(Home { path: path.to_owned(), user: Safe::from_bytes(user) });
        }
    }
    homes
}

/// Places that system accounts name because they must name one.
const NOBODYS: [&str; 7] = ["/bin", "/dev", "/dev/null", "/nonexistent", "/sbin", "/usr/sbin", "/var/empty"];

impl Home {
    /// The folders in which this user's own units lie.
    pub(super) fn unit_folders(&self) -> [PathBuf; 2] {
        [".config/systemd/user", ".local/share/systemd/user"]
            .map(|folder| PathBuf::from(&self.path).join(folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_home_is_named_once_and_no_device_is_one() {
        let homes = parse(
            b"root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann/:/bin/sh\nann2:x:1001:1000::/home/ann:/bin/sh\n\
              daemon:x:1:1::/usr/sbin:/x\nnull:x:2:2::/dev/null:/x\nrel:x:3:3::home:/x\nshort:x\n:x:1:1::/home/no:/x\nslash:x:4:4::/:/x\n",
        );
        let named: Vec<_> = homes.iter().map(|home| (home.user.as_str(), home.path.as_str())).collect();
        assert_eq!(named, [("root", "/root"), ("ann", "/home/ann")]);
        assert_eq!(homes[0].unit_folders()[0], PathBuf::from("/root/.config/systemd/user"));
    }
}
