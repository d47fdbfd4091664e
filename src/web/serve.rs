//! The server behind the gate: tiny_http on a private socket, answering what the gate let through.

use super::api::{Answer, Api};
use super::head;
use super::live::Live;
use anyhow::{Context as _, Result, anyhow};
use std::io::{self, Cursor, Write};
use std::os::unix::net::UnixListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tiny_http::{Header, Method, Request, Response, Server, StatusCode};

/// Threads that answer; a slow disk holds up one question, not all.
const WORKERS: usize = 3;

/// The most streams at once; half of the gate's places stay free for questions.
pub(super) const MOST_STREAMS: usize = 16;

/// How often a quiet stream says that it still is there.
const STILL_EVERY: Duration = Duration::from_secs(5);

/// Memory of a stream's thread.
const STREAM_STACK: usize = 128 * 1024;

/// Header fields of every answer: nothing from elsewhere is loaded, nothing is framed, kept or passed on.
pub(super) const FIELDS: [(&str, &str); 8] = [
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
         trusted-types 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("Cache-Control", "no-store"),
];

/// Starts the threads that answer. When the server fails for good the process ends; its parent starts another.
pub(super) fn start(listener: UnixListener, api: Api) -> Result<()> {
    let server = Server::from_listener(listener, None)
        .map_err(|error| anyhow!("the server behind the gate does not start: {error}"))?;
    let (server, api) = (Arc::new(server), Arc::new(api));
    for number in 1..=WORKERS {
        let (server, api) = (Arc::clone(&server), Arc::clone(&api));
        thread::Builder::new()
            .name(format!("answer-{number}"))
            .spawn(move || work(&server, &api))
            .context("cannot start a thread that answers")?;
    }
    Ok(())
}

fn work(server: &Server, api: &Arc<Api>) {
    loop {
        match server.recv() {
            // A fault in one answer costs that answer.
            Ok(request) => drop(catch_unwind(AssertUnwindSafe(|| attend(request, api)))),
            Err(_) => std::process::exit(i32::from(crate::exit::SOFTWARE)),
        }
    }
}

fn attend(request: Request, api: &Arc<Api>) {
    let target = request.url().to_owned();
    if target.split('?').next() == Some(head::LIVE) {
        let last = field(&request, "Last-Event-ID").and_then(|id| id.parse().ok());
        let is_head = *request.method() == Method::Head;
        let api = Arc::clone(api);
        let stream = move || drop(stream(request.into_writer(), &api, last, is_head));
        // Without a thread the client is dropped, and comes again.
        drop(thread::Builder::new().name("stream".into()).stack_size(STREAM_STACK).spawn(stream));
        return;
    }
    let gzip = field(&request, "Accept-Encoding").is_some();
    let answer = api.answer(&target, gzip);
    // A client that went away is no error of ours.
    drop(request.respond(response(answer)));
}

fn field<'a>(request: &'a Request, name: &'static str) -> Option<&'a str> {
    request.headers().iter().find(|field| field.field.equiv(name)).map(|field| field.value.as_str())
}

fn response(answer: Answer) -> Response<Cursor<Body>> {
    let length = answer.body.as_ref().len();
    let packed = answer.is_packed.then_some(("Content-Encoding", "gzip"));
    let fields =
        FIELDS.into_iter().chain([("Content-Type", answer.kind), ("Vary", "Accept-Encoding")]).chain(packed);
    let fields = fields.filter_map(|(name, value)| Header::from_bytes(name, value).ok()).collect();
    Response::new(StatusCode(answer.status), fields, Cursor::new(answer.body), Some(length), None)
        .with_chunked_threshold(usize::MAX)
}

/// The bytes of an answer, owned by whoever has them already.
pub(super) enum Body {
    Fixed(&'static [u8]),
    Shared(Arc<[u8]>),
    Own(Vec<u8>),
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Fixed(bytes) => bytes,
            Self::Shared(bytes) => bytes,
            Self::Own(bytes) => bytes,
        }
    }
}

/// Tells beats as they come (server-sent events, WHATWG HTML 9.2), first those that the client missed.
fn stream(mut out: Box<dyn Write + Send>, api: &Api, last: Option<u64>, is_head: bool) -> io::Result<()> {
    out.write_all(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nConnection: close\r\n",
    )?;
    for (name, value) in FIELDS {
        write!(out, "{name}: {value}\r\n")?;
    }
    out.write_all(b"\r\n")?;
    if is_head {
        return out.flush();
    }
    let live: &Live = api.live();
    write!(out, "event: hello\ndata: {}\n\n", api.hello())?;
    let mut last = last.unwrap_or_else(|| live.newest().map_or(0, |beat| beat.id().saturating_sub(1)));
    loop {
        for beat in live.after(last, STILL_EVERY) {
            last = beat.id();
            write!(out, "event: beat\nid: {last}\ndata: {}\n\n", beat.data)?;
        }
        // How old the newest beat is by this machine's clock: the browser's may be another.
        write!(out, "event: still\ndata: {}\n\n", api.still())?;
        out.flush()?;
        // A clock that was set back begins anew.
        if live.newest().is_some_and(|beat| beat.id() < last) {
            last = 0;
        }
    }
}
