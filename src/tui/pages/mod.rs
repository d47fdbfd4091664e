//! The tabs' contents, one file each.

pub mod auth;
pub mod events;
pub mod findings;
pub mod history;
pub mod logins;
pub mod machine;
pub mod network;
pub mod overview;
pub mod processes;
pub mod split;
pub mod unseen;
