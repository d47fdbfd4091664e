//! What one line claims, borrowed from the line: no allocation until an event is kept.
//!
//! It does not decide whether the claim is a new event: see `join`.

use crate::model::AuthKind;

/// What a line says about sign-ins, in slices of that line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim<'a> {
    /// What happened.
    pub kind: AuthKind,
    /// How it stands to the other lines of the same process.
    pub role: Role,
    /// Who says so.
    pub service: &'a [u8],
    /// The account tried, used or acting.
    pub user: Option<&'a [u8]>,
    /// The account switched to.
    pub target: Option<&'a [u8]>,
    /// Address or name of the other end.
    pub address: Option<&'a [u8]>,
    /// Remote port.
    pub port: Option<u16>,
    /// How the credential was offered.
    pub method: Option<&'a [u8]>,
    /// Key type and fingerprint.
    pub key: Option<&'a [u8]>,
    /// Command run.
    pub command: Option<&'a [u8]>,
    /// Terminal.
    pub tty: Option<&'a [u8]>,
    /// Why, in the speaker's words.
    pub reason: Option<&'a [u8]>,
    /// Whether the account exists.
    pub exists: Option<bool>,
    /// How often.
    pub count: u32,
    /// The line can be read in two ways that name different addresses.
    pub disputed: bool,
}

/// How a claim stands to the other lines of the same process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// An event by itself.
    Own,
    /// Names the address of a connection and nothing else.
    Opens,
    /// A PAM module's opinion: true once the service confirms it or says nothing.
    Opinion,
    /// A PAM module took the credential that an earlier module refused.
    Relents,
    /// The service's own word on a try: opinions of the same process belong to it.
    Verdict,
    /// The service's own remark on a try; its verdict may follow.
    Remark,
    /// So many more tries than were told one by one.
    More,
    /// A key that an existing user's agent offered and that was not taken: part of one sign-in.
    Offer,
    /// The connection was cut after too many refusals that were told before.
    Limit,
    /// A refusal without an address: another line of the same process has it.
    Nameless,
    /// The credential was taken.
    Accepts,
    /// The other end says goodbye; the process goes on for a line.
    Leaves,
    /// The connection ended.
    Closes,
}

impl<'a> Claim<'a> {
    /// A claim that states its kind and nothing else.
    pub(super) const fn new(kind: AuthKind, service: &'a [u8]) -> Self {
        Self {
            kind,
            role: Role::Own,
            service,
            user: None,
            target: None,
            address: None,
            port: None,
            method: None,
            key: None,
            command: None,
            tty: None,
            reason: None,
            exists: None,
            count: 1,
            disputed: false,
        }
    }
}
