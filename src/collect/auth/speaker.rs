//! Chooses the parser by the name that a speaker gives itself.

use super::claim::Claim;
use super::{pam, sshd, su, sudo};

/// Reads the message of the speaker `tag`; `None` when it says nothing about sign-ins.
pub(super) fn read<'a>(tag: &'a [u8], message: &'a [u8]) -> Option<Claim<'a>> {
    if message.starts_with(b"pam_") || message.starts_with(b"(pam_") || tag.last() == Some(&b')') {
        return pam::read(tag, message);
    }
    match tag {
        b"sshd" | b"sshd-session" | b"sshd-auth" => sshd::read(message),
        b"sudo" => sudo::read(message),
        b"su" => su::read(message),
        _ if message.starts_with(b"PAM ") => pam::read(tag, message),
        _ => None,
    }
}
