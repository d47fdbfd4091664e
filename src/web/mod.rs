//! Serves: the page in a browser, read-only, from a process of its own that holds no rights.
//!
//! `gate` meets the clients and lets through what is harmless; `api` answers from `live` (the newest beats) and from
//! the record; `supervise` starts the process again when it ends. It judges nothing, writes nothing, and no request
//! reaches the monitor.

mod api;
mod assets;
mod child;
mod confine;
mod feed;
mod gate;
mod head;
mod live;
mod past;
mod place;
mod plain;
mod serve;
mod supervise;
mod token;

pub use child::run as run_child;
pub use place::{Place, PlaceError};
pub use supervise::{Ear, Page};
pub use token::{Token, TokenError};

use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// The page's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where `--web` and `home-soc web` listen when they name no place; default `127.0.0.1:8080`.
    pub address: SocketAddr,
    /// A file that holds the page's token, readable by its owner alone; default none: a new token at every start.
    /// An address beyond this machine needs one.
    pub token_file: Option<PathBuf>,
    /// Other names under which browsers ask for the page, with their ports: `nas01:8080`; default none.
    pub hosts: Vec<String>,
    /// How many beats the charts show on the range "live", 2 to 2,000; default 50.
    pub live_points: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            token_file: None,
            hosts: Vec::new(),
            live_points: 50,
        }
    }
}

/// What the parent tells the page's process before anything else, on its standard input.
#[derive(Debug, Serialize, Deserialize)]
struct Orders {
    /// Where to listen.
    address: SocketAddr,
    /// The secret of the page.
    token: Token,
    /// Other names of this place.
    hosts: Vec<String>,
    /// The record; `None` when none is kept.
    data_dir: Option<PathBuf>,
    /// A private directory for the socket between the gate and the server.
    socket_dir: PathBuf,
    /// How many beats the charts show while live.
    live_points: u32,
    /// Beats come on standard input; else they are read from the record.
    fed: bool,
}

/// What the page's process tells its parent, a line each.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Report {
    /// It listens here, held by this.
    Listening {
        /// The address, with the port that was really taken.
        address: SocketAddr,
        /// What the kernel holds it back from, in words.
        held: String,
    },
    /// It cannot, and why.
    Failed(String),
}
