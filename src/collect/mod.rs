//! Reads the machine. Every file here is a pure `parse` and a thin `read`; nothing here judges.

pub mod accounts;
pub mod auth;
pub mod execs;
mod fault;
mod fields;
#[doc(hidden)]
pub mod fuzzing;
pub mod host;
pub mod inventory;
mod kept;
pub mod logins;
pub mod oddities;
pub mod own;
pub mod packages;
pub mod processes;
mod root;
mod share;
pub mod sockets;
pub mod system;

pub use root::Root;

use crate::model::Sensor;

/// What a collector brought: a value where it could see, and what it could see.
#[derive(Debug, Clone, Default)]
pub struct Seen<T> {
    /// The value; `None` is "could not see", never zero.
    pub value: Option<T>,
    /// The state of each source that was asked.
    pub sensors: Vec<Sensor>,
}
