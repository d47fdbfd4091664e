//! How far away somebody may be who reaches a bound address; firewalls are not looked at.

use crate::model::Reach;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Who can reach a socket that is bound to this address.
pub(super) fn reach(address: IpAddr) -> Reach {
    // A socket for both families that is bound to 127.0.0.1 has the address ::ffff:127.0.0.1, as all of Java's have.
    match address.to_canonical() {
        address if address.is_unspecified() => Reach::Everyone,
        address if address.is_loopback() => Reach::ThisMachine,
        IpAddr::V4(v4) if is_local_v4(v4) => Reach::Lan,
        IpAddr::V6(v6) if is_local_v6(v6) => Reach::Lan,
        _ => Reach::Everyone,
    }
}

/// Private, link-local, shared (RFC 6598), multicast and broadcast addresses.
fn is_local_v4(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    let shared = a == 100 && b & 0xc0 == 64;
    address.is_private()
        || address.is_link_local()
        || shared
        || address.is_multicast()
        || address.is_broadcast()
}

/// Link-local, unique local and multicast addresses.
const fn is_local_v6(address: Ipv6Addr) -> bool {
    address.is_unicast_link_local() || address.is_unique_local() || address.is_multicast()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reach_follows_the_bound_address() {
        for (address, expected) in [
            ("0.0.0.0", Reach::Everyone),
            ("::", Reach::Everyone),
            ("203.0.113.9", Reach::Everyone),
            ("2001:db8::1", Reach::Everyone),
            ("127.0.0.53", Reach::ThisMachine),
            ("::1", Reach::ThisMachine),
            ("192.168.1.5", Reach::Lan),
            ("100.64.0.1", Reach::Lan),
            ("169.254.0.1", Reach::Lan),
            ("fe80::1", Reach::Lan),
            ("fd00::1", Reach::Lan),
            ("::ffff:127.0.0.1", Reach::ThisMachine),
            ("::ffff:192.168.1.5", Reach::Lan),
            ("::ffff:203.0.113.9", Reach::Everyone),
            ("::ffff:0.0.0.0", Reach::Everyone),
            ("224.0.0.251", Reach::Lan),
        ] {
            assert_eq!(reach(address.parse().unwrap()), expected, "{address}");
        }
    }
}
