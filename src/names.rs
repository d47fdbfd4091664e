//! Names of addresses, asked for by a person with a key: the hosts file first, then the resolvers of this machine.
//!
//! A question goes out only for the address it was asked for, in one datagram to each resolver until one answers
//! (RFC 1035). What comes back is whatever the owner of the address likes: it is a label, never a proof.

use crate::model::Safe;
use crate::tui::hands::Names;
use anyhow::{Context as _, Result, bail};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

/// How long one resolver may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Resolvers that are asked at most (resolv.conf(5)).
const RESOLVERS_MOST: usize = 3;

/// Answers that are larger are not read.
const ANSWER_MOST: usize = 1232;

const PTR: u16 = 12;
const INTERNET: u16 = 1;
const NO_SUCH_NAME: u8 = 3;

/// Asks the resolvers that this machine is set up with.
pub(crate) struct Resolver;

impl Names for Resolver {
    fn of(&self, address: IpAddr) -> Result<Option<Safe>> {
        let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
        if let Some(name) = in_hosts(&hosts, address) {
            return Ok(Some(Safe::new(name)));
        }
        let config = std::fs::read_to_string("/etc/resolv.conf").context("cannot read /etc/resolv.conf")?;
        let mut last = None;
        for resolver in resolvers(&config) {
            match ask(resolver, address) {
                Ok(name) => return Ok(name),
                Err(why) => {
                    last = Some(why.context(format!("the resolver {} gives no answer", resolver.ip())));
                }
            }
        }
        Err(last.unwrap_or_else(|| anyhow::anyhow!("/etc/resolv.conf names no resolver")))
    }
}

/// The first name of an address in a hosts file (hosts(5)).
fn in_hosts(hosts: &str, address: IpAddr) -> Option<&str> {
    hosts.lines().find_map(|line| {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let here: IpAddr = words.next()?.parse().ok()?;
        words.next().filter(|_| here == address)
    })
}

fn resolvers(config: &str) -> Vec<SocketAddr> {
    let servers =
        config.lines().filter_map(|line| line.trim().strip_prefix("nameserver")?.trim().parse().ok());
    servers.map(|ip: IpAddr| SocketAddr::new(ip, 53)).take(RESOLVERS_MOST).collect()
}

fn ask(resolver: SocketAddr, address: IpAddr) -> Result<Option<Safe>> {
    let any: SocketAddr = if resolver.is_ipv4() { ([0; 4], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(any)?;
    // Only what this resolver sends comes in.
    socket.connect(resolver)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let id = RandomState::new().build_hasher().finish() as u16;
    let question = question(id, address);
    socket.send(&question)?;
    let mut answer = [0; ANSWER_MOST];
    let length = socket.recv(&mut answer)?;
    name_in(&answer[..length], &question)
}

/// The name under which an address is asked for: `10.2.0.192.in-addr.arpa`.
fn reverse(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(v6) => {
            let digits =
                v6.octets().into_iter().rev().map(|byte| format!("{:x}.{:x}.", byte & 15, byte >> 4));
            format!("{}ip6.arpa", digits.collect::<String>())
        }
    }
}

/// A datagram that asks for the name of an address.
fn question(id: u16, address: IpAddr) -> Vec<u8> {
    let mut bytes = id.to_be_bytes().to_vec();
    // A question, please ask others for me; one question and nothing else.
    bytes.extend_from_slice(&[1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in reverse(address).split('.') {
        bytes.push(label.len() as u8);
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    bytes.extend_from_slice(&PTR.to_be_bytes());
    bytes.extend_from_slice(&INTERNET.to_be_bytes());
    bytes
}

/// The name in an answer to a question; `None` when there is none.
fn name_in(answer: &[u8], question: &[u8]) -> Result<Option<Safe>> {
    let is_ours = answer.len() >= question.len()
        && answer[..2] == question[..2]
        && answer[2] & 0x80 != 0
        && answer[12..question.len()] == question[12..];
    if !is_ours {
        bail!("the answer belongs to another question");
    }
    match answer[3] & 15 {
        0 => {}
        NO_SUCH_NAME => return Ok(None),
        code => bail!("it refuses with code {code}"),
    }
    let mut at = question.len();
    for _ in 0..u16::from_be_bytes([answer[6], answer[7]]) {
        let damaged = "the answer is damaged";
        let (_, after) = name(answer, at).context(damaged)?;
        let head = answer.get(after..after + 10).context(damaged)?;
        let kind = u16::from_be_bytes([head[0], head[1]]);
        let length = usize::from(u16::from_be_bytes([head[8], head[9]]));
        if kind == PTR {
            let (name, _) = name(answer, after + 10).context(damaged)?;
            return Ok(Some(name).filter(|name| !name.is_empty()));
        }
        at = after + 10 + length;
    }
    Ok(None)
}

/// The name that stands at a place, and the place behind it. Pointers lead back only, so that none leads in a circle.
fn name(message: &[u8], start: usize) -> Option<(Safe, usize)> {
    let mut labels: Vec<u8> = Vec::new();
    let (mut at, mut after, mut bound) = (start, None, start);
    loop {
        match *message.get(at)? {
            0 => return Some((Safe::from_bytes(&labels), after.unwrap_or(at + 1))),
            length @ 1..=63 => {
                if !labels.is_empty() {
                    labels.push(b'.');
                }
                labels.extend_from_slice(message.get(at + 1..at + 1 + usize::from(length))?);
                at += 1 + usize::from(length);
            }
            high @ 192.. => {
                after.get_or_insert(at + 2);
                at = usize::from(high & 63) << 8 | usize::from(*message.get(at + 1)?);
                if at >= bound {
                    return None;
                }
                bound = at;
            }
            _ => return None,
        }
        if labels.len() > 255 {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 10));

    fn answered(data: &[u8]) -> Vec<u8> {
        let mut answer = question(7, HOST);
        (answer[2], answer[7]) = (0x81, 1);
        answer.extend_from_slice(&[192, 12, 0, 12, 0, 1, 0, 0, 0, 60]);
        answer.extend_from_slice(&(data.len() as u16).to_be_bytes());
        answer.extend_from_slice(data);
        answer
    }

    #[test]
    fn a_name_is_read_from_an_answer_with_and_without_pointers() {
        let ask = question(7, HOST);
        let read = |answer: &[u8]| name_in(answer, &ask).unwrap();
        assert_eq!(read(&answered(b"\x04host\x07example\0")), Some("host.example".into()));
        // The name ends in what the question began with.
        assert_eq!(read(&answered(b"\x01x\xc0\x0c")), Some("x.10.2.0.192.in-addr.arpa".into()));
        assert_eq!(read(&answered(b"\x05a\x1b[2J\0")), Some("a^[[2J".into()));
        let mut none = answered(b"");
        none[3] = NO_SUCH_NAME;
        assert_eq!(read(&none), None);
    }

    #[test]
    fn damaged_and_foreign_answers_are_refused_and_none_leads_in_a_circle() {
        let ask = question(7, HOST);
        let whole = answered(b"\x04host\x07example\0");
        for end in 0..whole.len() {
            assert!(name_in(&whole[..end], &ask).is_err(), "{end}");
        }
        let start = whole.len() as u8 - 14;
        for circle in [[192, start], [192, start + 1], [255, 255], [64, 0]] {
            assert!(name_in(&answered(&circle), &ask).is_err(), "{circle:?}");
        }
        assert!(name_in(&whole, &question(8, HOST)).is_err());
        assert!(name_in(&whole, &question(7, [192, 0, 2, 11].into())).is_err());
    }

    #[test]
    fn addresses_are_asked_for_backwards() {
        assert_eq!(reverse(HOST), "10.2.0.192.in-addr.arpa");
        let v6 = reverse("2001:db8::1".parse().unwrap());
        assert!(v6.starts_with("1.0.0.0.") && v6.ends_with("8.b.d.0.1.0.0.2.ip6.arpa"), "{v6}");
    }

    #[test]
    fn hosts_and_resolvers_are_read_from_their_files() {
        let hosts = "127.0.0.1 localhost\n# 192.0.2.10 no\n192.0.2.10\tnas01 nas # mine\n";
        assert_eq!(in_hosts(hosts, HOST), Some("nas01"));
        assert_eq!(in_hosts("192.0.2.10 # nothing\n", HOST), None);
        let config = "search x\nnameserver 192.0.2.53\nnameserver nonsense\nnameserver 2001:db8::53\n";
        assert_eq!(
            resolvers(config),
            ["192.0.2.53:53".parse().unwrap(), "[2001:db8::53]:53".parse().unwrap()]
        );
    }
}
