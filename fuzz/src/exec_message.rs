//! Datagrams of the kernel's process connector.

use home_soc::collect::fuzzing;

/// The least bytes of a message: netlink header, connector header, head of the event.
const MESSAGE: usize = 16 + 20 + 8;

/// Reads the messages of `data`.
pub fn run(data: &[u8]) {
    let messages = fuzzing::exec_messages(data);
    assert!(messages * MESSAGE <= data.len() + 3, "{messages} messages in {} bytes", data.len());
}
