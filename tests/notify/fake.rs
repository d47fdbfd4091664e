//! A fake server on loopback: it stands for Telegram, ntfy, Gotify and webhooks, keeps what it hears, and behaves
//! as badly as it is told. What it answers in words repeats all it was sent, to see whether that leaks.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What the server does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A status with some header lines.
    Status(u16, &'static str),
    /// Nothing, for as long as the other side stays.
    Hang,
    /// A reset of the connection.
    Reset,
    /// A byte now and then, without end.
    Drip,
    /// A status of success and a body without end.
    Giant,
    /// What is no HTTP.
    Noise,
}

pub(crate) const OK: Answer = Answer::Status(200, "");

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) head: String,
    pub(crate) body: String,
}

/// The fake server; it lives as long as the test.
pub(crate) struct Fake {
    pub(crate) url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    answers: Arc<Mutex<Vec<Answer>>>,
}

impl Fake {
    /// Starts one that gives these answers in turn; the last one for ever.
    pub(crate) fn start(answers: &[Answer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let fake = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            heard: Arc::default(),
            answers: Arc::new(Mutex::new(answers.to_vec())),
        };
        let (heard, answers) = (Arc::clone(&fake.heard), Arc::clone(&fake.answers));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (heard, answers) = (Arc::clone(&heard), Arc::clone(&answers));
                thread::spawn(move || serve(stream, &heard, &answers));
            }
        });
        fake
    }

    /// From now on it gives these answers.
    pub(crate) fn answer(&self, answers: &[Answer]) {
        *self.answers.lock().unwrap() = answers.to_vec();
    }

    /// The requests so far.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, heard: &Mutex<Vec<Heard>>, answers: &Mutex<Vec<Answer>>) {
    let Some(request) = read(&mut stream) else { return };
    let echo = format!("{}{}", request.head, request.body).replace(['\r', '\n'], " ");
    heard.lock().unwrap().push(request);
    let answer = {
        let mut answers = answers.lock().unwrap();
        if answers.len() > 1 { answers.remove(0) } else { answers[0] }
    };
    // Who went away does not want the rest.
    let _ = match answer {
        Answer::Status(code, headers) => write!(
            stream,
            "HTTP/1.1 {code} {echo}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{echo}",
            echo.len()
        ),
        Answer::Hang => stream.read(&mut [0]).map(drop),
        Answer::Reset => {
            rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
            Ok(())
        }
        Answer::Drip => drip(&mut stream),
        Answer::Giant => {
            let start = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n";
            stream.write_all(start.as_bytes()).and_then(|()| {
                loop {
                    stream.write_all(&[b'x'; 8192])?;
                }
            })
        }
        Answer::Noise => stream.write_all(b"220 hello, this is no web server\r\n"),
    };
}

fn drip(stream: &mut TcpStream) -> std::io::Result<()> {
    for byte in b"HTTP/1.1 200 OK\r\n".iter().chain(b"X: y\r\n".iter().cycle()) {
        stream.write_all(&[*byte])?;
        thread::sleep(Duration::from_millis(300));
    }
    Ok(())
}

fn read(stream: &mut TcpStream) -> Option<Heard> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return Some(Heard { head: head.to_owned(), body: body.to_owned() });
            }
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}
