//! Messages, for real: over HTTP to a fake that misbehaves, over SMTP to a real server, and from a real attack.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends at the first thing that is not as it must be"
)]

#[path = "../beats/mod.rs"]
#[allow(dead_code, reason = "each test binary takes what it needs")]
mod beats;
mod channels;
mod courier;
mod fake;
#[path = "../lab/mod.rs"]
mod lab;
mod mail;
mod program;
mod secure;
#[path = "../terminal/mod.rs"]
mod terminal;

use home_soc::model::Host;
use home_soc::outputs::notify::{Channel, Letter, Settings};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// What must never be seen anywhere but at the other side.
const SECRET: &str = "123456:geheim-AbC";

/// A file that its owner alone can read.
fn secret_file(folder: &Path, name: &str, content: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    path
}

/// The channels of some settings.
fn open(settings: &str) -> (Settings, Vec<Channel>) {
    let settings: Settings = toml::from_str(settings).unwrap();
    let channels = settings.open().unwrap_or_else(|fault| panic!("{fault}"));
    (settings, channels)
}

/// The tables of every channel that speaks HTTP, all to one server.
fn http_tables(url: &str, token: &Path) -> [(&'static str, String); 4] {
    let token = token.display();
    [
        ("telegram", format!("[telegram]\nchat = \"42\"\ntoken_file = \"{token}\"\nbase_url = \"{url}\"\n")),
        ("webhook", format!("[webhook]\nurl = \"{url}/hook?key=geheim-AbC\"\ntoken_file = \"{token}\"\n")),
        ("ntfy", format!("[ntfy]\ntopic = \"geheim-AbC\"\ntoken_file = \"{token}\"\nbase_url = \"{url}\"\n")),
        ("gotify", format!("[gotify]\ntoken_file = \"{token}\"\nbase_url = \"{url}\"\n")),
    ]
}

fn letter() -> Letter {
    let host = Host { name: "nas01".into(), ..Host::default() };
    Letter::test(&host, beats::start(), home_soc::model::Zone::utc())
}
