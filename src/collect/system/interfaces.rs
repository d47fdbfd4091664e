//! Network interfaces with their rates, from /proc/net/dev and the link states of /sys/class/net.

use super::Pace;
use crate::collect::Root;
use crate::collect::fault::Fault;
use crate::collect::fields::{first_line, lines, number, words};
use crate::collect::kept::{Kept, read_path};
use crate::model::{Interface, Safe};
use std::path::PathBuf;
use std::time::Duration;

/// A host of containers has hundreds; nobody reads more.
const CAP: usize = 512;

/// How old a link state may become: each costs an open file.
const LINKS_EVERY: Duration = Duration::from_secs(10);

/// The interfaces, with their last counters.
#[derive(Debug)]
pub(super) struct Interfaces {
    file: Kept,
    links: PathBuf,
    links_pace: Pace,
    known: Vec<Known>,
    spare: Vec<Known>,
}

/// One interface as it was seen last.
#[derive(Debug)]
struct Known {
    raw: Vec<u8>,
    name: Safe,
    received: u64,
    sent: u64,
    up: Option<bool>,
}

/// One line of /proc/net/dev.
struct Counters<'a> {
    name: &'a [u8],
    received: u64,
    sent: u64,
    errors: u64,
}

impl Interfaces {
    pub(super) fn new(root: &Root) -> Self {
        Self {
            file: Kept::new(root, "/proc/net/dev"),
            links: root.path("/sys/class/net"),
            links_pace: Pace::new(LINKS_EVERY),
            known: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Interfaces in the kernel's order; rates are over `elapsed`.
    pub(super) fn read(
        &mut self,
        buffer: &mut Vec<u8>,
        elapsed: Option<Duration>,
    ) -> Result<Vec<Interface>, Fault> {
        self.file.read(buffer)?;
        let look_at_links = self.links_pace.due(elapsed);
        let seconds = elapsed.map(|elapsed| elapsed.as_secs_f64()).filter(|seconds| *seconds > 0.0);
        let mut found = Vec::with_capacity(self.known.len() + 1);
        let mut next = std::mem::take(&mut self.spare);
        for line in lines(buffer).take(CAP + 2) {
            let Some(new) = parse(line) else { continue };
            let old = self
                .known
                .iter()
                .position(|known| known.raw == new.name)
                .map(|at| self.known.swap_remove(at));
            let rate = |before: Option<u64>, after: u64| Some(after.checked_sub(before?)? as f64 / seconds?);
            let before = old.as_ref();
            let rx_bytes_per_s = rate(before.map(|old| old.received), new.received);
            let tx_bytes_per_s = rate(before.map(|old| old.sent), new.sent);
            let is_new = before.is_none();
            let mut known = old.unwrap_or_else(|| Known {
                raw: new.name.to_vec(),
                name: Safe::from_bytes(new.name),
                received: 0,
                sent: 0,
                up: None,
            });
            if look_at_links || is_new {
                known.up = self.link(new.name);
            }
            (known.received, known.sent) = (new.received, new.sent);
            found.push(Interface {
                name: known.name.clone(),
                up: known.up,
                loopback: new.name == b"lo",
                rx_bytes_per_s,
                tx_bytes_per_s,
                errors: new.errors,
            });
            next.push(known);
        }
        self.known.clear();
        self.spare = std::mem::replace(&mut self.known, next);
        if found.is_empty() && !buffer.starts_with(b"Inter-") {
            return Err(Fault::damaged(self.file.path(), "no line of it is an interface"));
        }
        Ok(found)
    }

    /// The link state; a driver that does not tell it (a tunnel) may still tell its carrier.
    fn link(&self, name: &[u8]) -> Option<bool> {
        let name =
            std::str::from_utf8(name).ok().filter(|name| !name.contains('/') && !name.starts_with('.'))?;
        let folder = self.links.join(name);
        let mut text = Vec::new();
        read_path(&folder.join("operstate"), &mut text).ok()?;
        match first_line(&text)? {
            b"up" => Some(true),
            b"unknown" => {
                read_path(&folder.join("carrier"), &mut text).ok()?;
                first_line(&text).map(|carrier| carrier == b"1")
            }
            _ => Some(false),
        }
    }
}

/// One interface line; the name ends at the last colon, which the counters cannot contain.
fn parse(line: &[u8]) -> Option<Counters<'_>> {
    let colon = memchr::memrchr(b':', line)?;
    let mut counters = [0_u64; 16];
    let mut found = 0;
    for (slot, word) in counters.iter_mut().zip(words(&line[colon + 1..])) {
        *slot = number(word)?;
        found += 1;
    }
    let [received, _, rx_errors, rx_drops, .., sent, _, tx_errors, tx_drops, _, _, _, _] = counters;
    let errors = [rx_errors, rx_drops, tx_errors, tx_drops].into_iter().fold(0_u64, u64::saturating_add);
    let name = line[..colon].trim_ascii();
    (found == counters.len() && !name.is_empty()).then_some(Counters { name, received, sent, errors })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_a_blank_after_the_colon_is_read_too() {
        let line = b"  eth0:1000 10 1 2 0 0 0 0 2000 20 3 4 0 0 0 0";
        let counters = parse(line).unwrap();
        assert_eq!(
            (counters.name, counters.received, counters.sent, counters.errors),
            (&b"eth0"[..], 1000, 2000, 10)
        );
    }

    #[test]
    fn headings_and_damaged_lines_are_no_interfaces() {
        for bad in [
            "Inter-|   Receive                                                |  Transmit",
            " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets",
            "eth0: 1 2 3",
            "eth0: a 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
            ": 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
        ] {
            assert!(parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
