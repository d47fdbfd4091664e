//! Names of addresses, asked for by a person with a key, as this machine resolves names (nsswitch.conf(5)).
//!
//! A question goes out only for the address it was asked for. What comes back is whatever the owner of the address
//! likes: it is a label, never a proof.

use crate::model::Safe;
use crate::tui::hands::Names;
use anyhow::{Result, anyhow};
use dns_lookup::LookupErrorKind;
use std::io;
use std::net::IpAddr;

/// Asks the resolver of this machine.
pub(crate) struct Resolver;

impl Names for Resolver {
    fn of(&self, address: IpAddr) -> Result<Option<Safe>> {
        match dns_lookup::lookup_addr(&address) {
            Ok(name) => Ok(Some(Safe::new(&name))),
            Err(error) if matches!(error.kind(), LookupErrorKind::NoName | LookupErrorKind::NoData) => {
                Ok(None)
            }
            Err(error) => {
                Err(anyhow!("the resolver of this machine gives no answer: {}", io::Error::from(error)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_knows_its_own_name_without_asking_anybody() {
        let name = Resolver.of(IpAddr::from([127, 0, 0, 1])).unwrap();
        assert!(name.is_some_and(|name| name.starts_with("localhost")));
    }
}
