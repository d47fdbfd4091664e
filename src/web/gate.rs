//! The gate: accepts clients, reads each head within its bounds, and hands on what is harmless.
//!
//! The server behind it (tiny_http) has no limit of its own and ends on odd input, so no client reaches it. The
//! gate never reads a body and never answers a question; it refuses or relays.

use super::head::{self, Asked, Refusal};
use super::serve::{FIELDS, MOST_STREAMS};
use super::token::Token;
use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::{AbortHandle, LocalSet};
use tokio::time::{sleep, timeout};

/// The most clients at once.
const MOST_CLIENTS: usize = 32;

/// How long a client may take for its head.
const HEAD_WITHIN: Duration = Duration::from_secs(5);

/// How long a client may read nothing of its answer.
const STALL: Duration = Duration::from_secs(10);

/// How long an answer that is no stream may take in all.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// How long what a refused client still sends is read, so that it can read why; and how much.
const LINGER: Duration = Duration::from_millis(500);
const LINGER_BYTES: usize = 256 * 1024;

/// How long to wait after a failed accept: it fails for want of descriptors, which come back.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Wrong tokens from one address within a minute before it is told to wait.
const WRONG_TOKENS: u32 = 5;
const WRONG_WITHIN: Duration = Duration::from_mins(1);

/// The most addresses whose wrong tokens are counted.
const MOST_ADDRESSES: usize = 1024;

/// What the gate knows.
pub(super) struct Gate {
    pub(super) token: Token,
    pub(super) hosts: Vec<String>,
    /// Where the server waits.
    pub(super) server: PathBuf,
}

/// The gate at work: its clients and its memory of wrong tokens.
struct Post {
    gate: Gate,
    clients: RefCell<Clients>,
    wrong: RefCell<HashMap<IpAddr, (Instant, u32)>>,
}

#[derive(Default)]
struct Clients {
    next: u64,
    /// In the order of their arrival.
    present: Vec<Client>,
    streams: usize,
}

struct Client {
    id: u64,
    task: AbortHandle,
    standing: Standing,
}

/// How soon a client must make room: who is still silent first, who knows the token never.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Silent,
    Stranger,
    Known,
}

impl Gate {
    /// Meets clients until the process ends.
    pub(super) async fn stand(self, listener: TcpListener) {
        let post = Rc::new(Post { gate: self, clients: RefCell::default(), wrong: RefCell::default() });
        let tasks = LocalSet::new();
        tasks
            .run_until(async {
                loop {
                    match listener.accept().await {
                        Ok((stream, from)) => post.admit(stream, from.ip().to_canonical()),
                        Err(_) => sleep(ACCEPT_AGAIN).await,
                    }
                }
            })
            .await;
    }
}

impl Post {
    /// Takes a client in; where all places are taken, the oldest that has not even asked yet must go, else the
    /// oldest that showed no token.
    fn admit(self: &Rc<Self>, stream: TcpStream, from: IpAddr) {
        let mut clients = self.clients.borrow_mut();
        let is_full = clients.present.len() >= MOST_CLIENTS;
        if is_full {
            let oldest = |wanted| clients.present.iter().position(|client| client.standing == wanted);
            let Some(place) = oldest(Standing::Silent).or_else(|| oldest(Standing::Stranger)) else { return };
            clients.present.remove(place).task.abort();
        }
        clients.next += 1;
        let id = clients.next;
        let post = Rc::clone(self);
        let task = tokio::task::spawn_local(async move {
            // A client that went away is no error of ours.
            drop(post.attend(id, stream, from).await);
            post.clients.borrow_mut().present.retain(|client| client.id != id);
        });
        clients.present.push(Client { id, task: task.abort_handle(), standing: Standing::Silent });
    }

    async fn attend(&self, id: u64, mut stream: TcpStream, from: IpAddr) -> io::Result<()> {
        let local = stream.local_addr()?;
        let heard = match timeout(HEAD_WITHIN, hear(&mut stream)).await {
            Ok(heard) => heard?,
            Err(_) => Err(Refusal::Slow),
        };
        let asked = heard.and_then(|bytes| self.judge(&bytes, local, from));
        if let Some(client) = self.clients.borrow_mut().present.iter_mut().find(|client| client.id == id) {
            let known = asked.as_ref().is_ok_and(Asked::is_private);
            client.standing = if known { Standing::Known } else { Standing::Stranger };
        }
        match asked {
            Ok(asked) if asked.path() == head::LIVE => match Stream::open(self) {
                Some(_place) => self.relay(&mut stream, &asked).await,
                None => refuse(&mut stream, Refusal::Busy, asked.head_only).await,
            },
            Ok(asked) => timeout(ANSWER_WITHIN, self.relay(&mut stream, &asked)).await?,
            Err(refusal) => refuse(&mut stream, refusal, false).await,
        }
    }

    fn judge(&self, bytes: &[u8], local: SocketAddr, from: IpAddr) -> Result<Asked, Refusal> {
        let asked = head::read(bytes, local, &self.gate.hosts)?;
        if asked.is_private() && !asked.offered.as_deref().is_some_and(|offered| self.gate.token.is(offered))
        {
            return Err(self.unauthorized(&asked, from));
        }
        Ok(asked)
    }

    /// Counts a wrong token. The right one is always taken: who guesses must not shut out who knows.
    fn unauthorized(&self, asked: &Asked, from: IpAddr) -> Refusal {
        let refusal = Refusal::Unauthorized { ask: asked.path() == head::PLAIN };
        if asked.offered.is_none() {
            return refusal;
        }
        let mut wrong = self.wrong.borrow_mut();
        let now = Instant::now();
        if wrong.len() >= MOST_ADDRESSES {
            wrong.retain(|_, (since, _)| now - *since < WRONG_WITHIN);
        }
        if wrong.len() >= MOST_ADDRESSES && !wrong.contains_key(&from) {
            return Refusal::TooMany;
        }
        let (since, count) = wrong.entry(from).or_insert((now, 0));
        if now - *since >= WRONG_WITHIN {
            (*since, *count) = (now, 0);
        }
        *count += 1;
        if *count > WRONG_TOKENS { Refusal::TooMany } else { refusal }
    }

    /// Hands a question to the server and its answer to the client.
    async fn relay(&self, client: &mut TcpStream, asked: &Asked) -> io::Result<()> {
        let Ok(mut server) = UnixStream::connect(&self.gate.server).await else {
            return refuse(client, Refusal::Busy, asked.head_only).await;
        };
        server.write_all(asked.head().as_bytes()).await?;
        let lasts = asked.path() == head::LIVE;
        let mut answer = vec![0; 16 * 1024];
        let mut beyond = [0; 512];
        loop {
            tokio::select! {
                length = server.read(&mut answer) => match length? {
                    0 => break,
                    length => timeout(STALL, client.write_all(&answer[..length])).await??,
                },
                // Who leaves a stream is noticed at once; who asks more than one question at a time is not heard.
                length = client.read(&mut beyond), if lasts => if length? == 0 {
                    return Ok(());
                },
            }
        }
        part(client).await
    }
}

/// A place among the streams, given back when it is dropped.
struct Stream<'a>(&'a Post);

impl<'a> Stream<'a> {
    fn open(post: &'a Post) -> Option<Self> {
        let mut clients = post.clients.borrow_mut();
        (clients.streams < MOST_STREAMS).then(|| {
            clients.streams += 1;
            Self(post)
        })
    }
}

impl Drop for Stream<'_> {
    fn drop(&mut self) {
        self.0.clients.borrow_mut().streams -= 1;
    }
}

/// Reads a head to its end.
async fn hear(stream: &mut TcpStream) -> io::Result<Result<Vec<u8>, Refusal>> {
    let mut bytes = Vec::with_capacity(1024);
    loop {
        let room = head::MOST_BYTES - bytes.len();
        if room == 0 {
            return Ok(Err(Refusal::TooLong));
        }
        if (&mut *stream).take(room as u64).read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(end) = head::end(&bytes) {
            bytes.truncate(end);
            return Ok(Ok(bytes));
        }
    }
}

/// Says no, with the same care as an answer.
async fn refuse(stream: &mut TcpStream, refusal: Refusal, head_only: bool) -> io::Result<()> {
    let (status, words) = refusal.words();
    let more = match refusal {
        Refusal::Method => "Allow: GET, HEAD\r\n",
        Refusal::TooMany => "Retry-After: 60\r\n",
        Refusal::Unauthorized { ask: true } => {
            "WWW-Authenticate: Basic realm=\"home-soc: the token is the password\"\r\n"
        }
        _ => "",
    };
    let mut answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n{more}",
        words.len() + 1
    );
    for (name, value) in FIELDS {
        answer.push_str(&format!("{name}: {value}\r\n"));
    }
    answer.push_str("\r\n");
    if !head_only {
        answer.push_str(words);
        answer.push('\n');
    }
    timeout(STALL, stream.write_all(answer.as_bytes())).await??;
    part(stream).await
}

/// Ends a connection so that the client can read the answer whole: what it still sends would else reset it.
async fn part(stream: &mut TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    let mut rest = [0; 4096];
    let mut left = LINGER_BYTES;
    let until = tokio::time::Instant::now() + LINGER;
    while left > 0 {
        match tokio::time::timeout_at(until, stream.read(&mut rest)).await {
            Ok(Ok(length)) if length > 0 => left = left.saturating_sub(length),
            _ => break,
        }
    }
    Ok(())
}
