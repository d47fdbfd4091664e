//! The messages of the kernel's process connector (linux/cn_proc.h, linux/connector.h), read and written.
//!
//! Pure: bytes in, values out. It opens no socket. All numbers are in the machine's own byte order.

/// Netlink header, connector header, and the fixed part of a process event.
const NETLINK_BYTES: usize = 16;
const CONNECTOR_BYTES: usize = 20;
const EVENT_HEAD_BYTES: usize = 16;

/// `CN_IDX_PROC` and `CN_VAL_PROC`: who speaks on the connector.
const PROC_IDENTITY: [u32; 2] = [1, 1];

/// `NLMSG_DONE`: the type that the connector uses for all its messages.
const DONE: u16 = 3;

/// One event with the place that it has in its processor's sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Message {
    /// Number of the event on its processor, +1 for each: a gap is a loss.
    pub(super) seq: u32,
    /// Processor that it happened on.
    pub(super) cpu: u32,
    /// What happened.
    pub(super) event: Event,
}

/// What happened to a process; threads are [`Event::Other`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// The answer to [`request`]: the token sent with it + 1, and an errno or 0.
    Answer { token: u32, errno: u32 },
    /// A process was born.
    Fork { parent: u32, child: u32 },
    /// A process became another program.
    Exec { pid: u32 },
    /// A process changed its name or its account.
    Changed { pid: u32 },
    /// A process ended.
    Exit { pid: u32 },
    /// Something else that is not of interest here.
    Other,
}

/// What to ask of the kernel (`enum proc_cn_mcast_op`).
#[derive(Debug, Clone, Copy)]
pub(super) enum Request {
    /// Send every event.
    Listen = 1,
    /// Send no more.
    Ignore = 2,
}

/// Writes a request; its answer carries `token + 1`.
pub(super) fn request(what: Request, token: u32, own_pid: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(NETLINK_BYTES + CONNECTOR_BYTES + 4);
    let length = NETLINK_BYTES + CONNECTOR_BYTES + 4;
    bytes.extend_from_slice(&(length as u32).to_ne_bytes());
    bytes.extend_from_slice(&DONE.to_ne_bytes());
    bytes.extend_from_slice(&0_u16.to_ne_bytes());
    bytes.extend_from_slice(&0_u32.to_ne_bytes());
    bytes.extend_from_slice(&own_pid.to_ne_bytes());
    for word in [PROC_IDENTITY[0], PROC_IDENTITY[1], 0, token] {
        bytes.extend_from_slice(&word.to_ne_bytes());
    }
    bytes.extend_from_slice(&4_u16.to_ne_bytes());
    bytes.extend_from_slice(&0_u16.to_ne_bytes());
    bytes.extend_from_slice(&(what as u32).to_ne_bytes());
    bytes
}

/// Reads every message of one datagram; what is cut or not of the process connector is left out.
pub(super) fn parse(datagram: &[u8]) -> impl Iterator<Item = Message> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        let length = word(rest, 0)? as usize;
        let whole = rest.get(NETLINK_BYTES..length)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(message(whole))
    })
    .flatten()
}

fn message(bytes: &[u8]) -> Option<Message> {
    if [word(bytes, 0)?, word(bytes, 4)?] != PROC_IDENTITY {
        return None;
    }
    let (seq, token) = (word(bytes, 8)?, word(bytes, 12)?);
    let event = bytes.get(CONNECTOR_BYTES..)?;
    let (what, cpu) = (word(event, 0)?, word(event, 4)?);
    let data = |index: usize| word(event, EVENT_HEAD_BYTES + 4 * index);
    let event = match what {
        0 => Event::Answer { token, errno: data(0)? },
        // A thread has a process id (tgid) that is not its own.
        1 if data(2)? == data(3)? => Event::Fork { parent: data(1)?, child: data(3)? },
        2 => Event::Exec { pid: data(1)? },
        // User, group and name: of a thread they are another matter.
        4 | 0x40 | 0x200 if data(0)? == data(1)? => Event::Changed { pid: data(1)? },
        0x8000_0000 if data(0)? == data(1)? => Event::Exit { pid: data(1)? },
        _ => Event::Other,
    };
    Some(Message { seq, cpu, event })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram(what: u32, data: &[u32]) -> Vec<u8> {
        let words = [1, 1, 77, 9, 0, what, 3, 0, 0];
        let length = NETLINK_BYTES + 4 * (words.len() + data.len());
        let head = [length as u32, u32::from(DONE), 0, 0];
        head.iter().chain(&words).chain(data).flat_map(|word| word.to_ne_bytes()).collect()
    }

    fn events(bytes: &[u8]) -> Vec<Event> {
        parse(bytes).map(|message| message.event).collect()
    }

    #[test]
    fn births_execs_and_ends_are_told_and_threads_are_not() {
        assert_eq!(events(&datagram(1, &[10, 10, 20, 20])), [Event::Fork { parent: 10, child: 20 }]);
        assert_eq!(events(&datagram(1, &[10, 10, 21, 20])), [Event::Other]);
        assert_eq!(events(&datagram(2, &[20, 20])), [Event::Exec { pid: 20 }]);
        assert_eq!(events(&datagram(0x200, &[20, 20, 0, 0, 0, 0])), [Event::Changed { pid: 20 }]);
        assert_eq!(events(&datagram(4, &[21, 20, 0, 0])), [Event::Other]);
        assert_eq!(events(&datagram(0x8000_0000, &[20, 20, 0, 17, 10, 10])), [Event::Exit { pid: 20 }]);
        assert_eq!(events(&datagram(0x8000_0000, &[21, 20, 0, 17, 10, 10])), [Event::Other]);
        assert_eq!(events(&datagram(0, &[1])), [Event::Answer { token: 9, errno: 1 }]);
        let message = parse(&datagram(2, &[20, 20])).next().unwrap();
        assert_eq!((message.seq, message.cpu), (77, 3));
    }

    #[test]
    fn two_messages_in_one_datagram_are_two_events() {
        let mut bytes = datagram(2, &[20, 20]);
        bytes.extend(datagram(2, &[21, 21]));
        assert_eq!(events(&bytes), [Event::Exec { pid: 20 }, Event::Exec { pid: 21 }]);
    }

    #[test]
    fn a_datagram_cut_at_any_byte_is_no_event_and_no_panic() {
        let whole = datagram(1, &[10, 10, 20, 20]);
        for end in 0..whole.len() {
            assert_eq!(events(&whole[..end]), []);
        }
        let mut endless = whole;
        endless[..4].copy_from_slice(&0_u32.to_ne_bytes());
        assert_eq!(events(&endless), []);
    }

    #[test]
    fn a_request_is_as_long_as_it_says() {
        let bytes = request(Request::Listen, 8, 42);
        assert_eq!(word(&bytes, 0), Some(bytes.len() as u32));
        assert_eq!(bytes.last_chunk::<4>().map(|last| u32::from_ne_bytes(*last)), Some(1));
    }
}
