//! Names of addresses, while a person wants them: what is known, and what has to be asked.
//!
//! It asks nobody. Without a person's key it stays empty: a question tells others what is looked at.

use crate::model::Safe;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Addresses that are remembered at most.
const KNOWN_MOST: usize = 1000;

/// Addresses that are asked for in one go at most.
const ASKED_MOST: usize = 32;

/// What is known about addresses.
#[derive(Debug, Default)]
pub struct NameBook {
    on: bool,
    /// `None` was asked for and has no name, or no answer yet.
    known: BTreeMap<IpAddr, Option<Safe>>,
}

impl NameBook {
    /// True while names are wanted.
    pub const fn is_on(&self) -> bool {
        self.on
    }

    /// Wants names, or no more.
    pub const fn turn(&mut self, on: bool) {
        self.on = on;
    }

    /// The name of an address, while names are wanted.
    pub fn of(&self, address: IpAddr) -> Option<&Safe> {
        self.known.get(&address)?.as_ref().filter(|_| self.on)
    }

    /// Those of the addresses that have to be asked for; they count as asked.
    pub fn ask(&mut self, addresses: impl IntoIterator<Item = IpAddr>) -> Vec<IpAddr> {
        if !self.on {
            return Vec::new();
        }
        let mut asked = Vec::new();
        for address in addresses {
            let full = self.known.len() >= KNOWN_MOST || asked.len() >= ASKED_MOST;
            if !full && !address.is_loopback() && !self.known.contains_key(&address) {
                self.known.insert(address, None);
                asked.push(address);
            }
        }
        asked
    }

    /// Takes the name of an address.
    pub fn learn(&mut self, address: IpAddr, name: Option<Safe>) {
        self.known.insert(address, name);
    }

    /// Forgets what has no name: it is asked for again when names are wanted again.
    pub fn forget_unknown(&mut self) {
        self.known.retain(|_, name| name.is_some());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_asked_unless_it_is_wanted_and_nothing_twice() {
        let mut book = NameBook::default();
        let addresses: Vec<IpAddr> = ["192.0.2.1", "127.0.0.1", "::1"].map(|ip| ip.parse().unwrap()).into();
        assert_eq!(book.ask(addresses.clone()), Vec::<IpAddr>::new());
        book.turn(true);
        assert_eq!(book.ask(addresses.clone()), [addresses[0]]);
        assert_eq!(book.ask(addresses.clone()), Vec::<IpAddr>::new());
        book.learn(addresses[0], Some("a.example".into()));
        assert_eq!(book.of(addresses[0]).unwrap(), &"a.example");
        book.turn(false);
        assert_eq!(book.of(addresses[0]), None);
    }

    #[test]
    fn the_book_is_bounded() {
        let mut book = NameBook::default();
        book.turn(true);
        let many = (0..100_000_u32).map(|n| IpAddr::V4(n.into()));
        let mut asked = 0;
        for _ in 0..100 {
            asked += book.ask(many.clone()).len();
        }
        assert!(asked <= KNOWN_MOST, "{asked}");
    }
}
