//! The page's own process: takes its orders, gives up its rights, and serves until its parent is gone.

use super::api::Api;
use super::gate::Gate;
use super::live::Live;
use super::past::Past;
use super::{Orders, Report, confine, feed, serve};
use crate::outputs::document::json_line;
use crate::outputs::journal::Reader;
use anyhow::{Context as _, Result};
use std::io::{self, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// The name of the socket between the gate and the server.
const SOCKET: &str = "s";

/// How often it is looked for a record that is not there yet.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Serves the page by the orders on standard input; ends when that ends.
///
/// # Errors
/// The orders cannot be read or followed; they were told to the parent as well.
pub fn run() -> Result<()> {
    let served = serve_by_orders();
    if let Err(error) = &served {
        report(&Report::Failed(format!("{error:#}")))?;
    }
    served
}

fn serve_by_orders() -> Result<()> {
    // Started as /proc/self/exe it would be called "exe"; a name is a comfort, no more.
    rustix::thread::set_name(c"home-soc").ok();
    let mut input = BufReader::new(io::stdin());
    let told = feed::line(&mut input)
        .context("the page's process is started by home-soc web or --web, not by hand")?;
    let orders: Orders =
        serde_json::from_slice(&told).context("the orders of the page's process are damaged")?;
    let outer = listen(orders.address)?;
    let address = outer.local_addr().context("cannot tell where the page listens")?;
    let server = orders.socket_dir.join(SOCKET);
    let inner =
        UnixListener::bind(&server).with_context(|| format!("cannot listen on {}", server.display()))?;
    let held = confine::confine(orders.data_dir.as_deref(), &orders.socket_dir)?;

    if let Some(dir) = orders.data_dir.clone().filter(|dir| !dir.exists()) {
        spawn("waiting", move || leave_when_there(&dir))?;
    }
    let live = Arc::new(Live::default());
    let reader = orders.data_dir.map(Reader::new);
    let live_points = orders.live_points as usize;
    let past = reader.clone().map(|reader| Arc::new(Past::new(reader)));
    serve::start(inner, Api::new(Arc::clone(&live), past.clone(), live_points, orders.fed))?;
    if let Some(past) = past {
        spawn("past", move || past.keep())?;
    }
    if let Some(reader) = reader.filter(|_| !orders.fed) {
        let live = Arc::clone(&live);
        spawn("record", move || feed::from_record(&reader, &live))?;
    }
    let socket_dir = orders.socket_dir;
    spawn("parent", move || {
        feed::from_parent(&mut input, &live);
        leave(&socket_dir);
    })?;
    report(&Report::Listening { address, held })?;
    let gate = Gate { token: orders.token, hosts: orders.hosts, server };
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the gate (are there too few file descriptors?)")?
        .block_on(async {
            let outer = tokio::net::TcpListener::from_std(outer).context("cannot start the gate")?;
            gate.stand(outer).await;
            Ok(())
        })
}

fn listen(address: std::net::SocketAddr) -> Result<TcpListener> {
    let outer = TcpListener::bind(address).with_context(|| {
        format!("cannot listen on {address} (does another program? name another with --web=127.0.0.1:PORT)")
    })?;
    outer.set_nonblocking(true).context("cannot listen without waiting")?;
    Ok(outer)
}

/// The parent is gone, or wants this to end.
fn leave(socket_dir: &Path) -> ! {
    // Best effort: the parent removes it too.
    drop(std::fs::remove_dir_all(socket_dir));
    std::process::exit(0)
}

/// Ends this process when a record begins: it may only read what was there when it gave up its rights. The parent
/// starts the next one.
fn leave_when_there(dir: &Path) {
    while !dir.exists() {
        thread::sleep(LOOK_EVERY);
    }
    std::process::exit(0);
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).context("cannot start a thread of the page")?;
    Ok(())
}

fn report(report: &Report) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(&json_line(report)?).and_then(|()| out.flush()).context("the parent does not listen")
}
