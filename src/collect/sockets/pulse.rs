//! Whether sockets came or went since the last look, by the kernel's own numbers of them: two small files instead of a
//! walk over its tables, which is dear even where they are empty.

use crate::collect::Root;
use crate::collect::kept::Kept;

/// The numbers of sockets in use, of both families (/proc/net/sockstat and sockstat6).
#[derive(Debug)]
pub(super) struct Pulse {
    files: [Kept; 2],
    before: Vec<u8>,
    now: Vec<u8>,
}

impl Pulse {
    pub(super) fn new(root: &Root) -> Self {
        let file = |name| Kept::new(root, name);
        Self {
            files: [file("/proc/net/sockstat"), file("/proc/net/sockstat6")],
            before: Vec::new(),
            now: Vec::new(),
        }
    }

    /// True when as many are in use as at the last call. As many can be others: it is no proof.
    pub(super) fn is_steady(&mut self, buffer: &mut Vec<u8>) -> bool {
        self.now.clear();
        let [both, six] = &mut self.files;
        if both.read(buffer).is_err() {
            self.before.clear();
            return false;
        }
        // The first line counts those within the machine, too.
        let end = memchr::memchr(b'\n', buffer).unwrap_or(0);
        self.now.extend_from_slice(&buffer[end..]);
        // A kernel without IPv6 has no second file.
        if six.read(buffer).is_ok() {
            self.now.extend_from_slice(buffer);
        }
        std::mem::swap(&mut self.before, &mut self.now);
        self.before == self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn it_is_steady_while_the_numbers_of_the_net_stay() {
        let base = tempfile::tempdir().unwrap();
        let net = base.path().join("proc/net");
        fs::create_dir_all(&net).unwrap();
        let mut pulse = Pulse::new(&Root::fixture(base.path()));
        let mut buffer = Vec::new();
        assert!(!pulse.is_steady(&mut buffer) && !pulse.is_steady(&mut buffer), "nothing can be read");
        let four = |used: u32, tcp: u32| {
            let text = format!("sockets: used {used}\nTCP: inuse {tcp} orphan 0 tw 0 alloc 2 mem 1\n");
            fs::write(net.join("sockstat"), text).unwrap();
        };
        four(8, 1);
        assert!(!pulse.is_steady(&mut buffer));
        four(9, 1);
        assert!(pulse.is_steady(&mut buffer), "a socket within the machine");
        four(9, 2);
        assert!(!pulse.is_steady(&mut buffer));
        fs::write(net.join("sockstat6"), "TCP6: inuse 1\n").unwrap();
        assert!(!pulse.is_steady(&mut buffer));
        assert!(pulse.is_steady(&mut buffer));
    }
}
