//! The head of a request: read, judged, and written anew. Pure: bytes in, a request or a refusal out.
//!
//! What is not plainly a harmless question of this page's own browser is refused before anything else sees it.

use super::assets;
use super::token::from_base64;
use std::net::SocketAddr;

/// The longest head that is read.
pub(super) const MOST_BYTES: usize = 8 * 1024;

/// The most header fields that are read.
const MOST_FIELDS: usize = 64;

/// The document: the page before it has any data.
pub(super) const PAGE: &str = "/";

/// Where it is told that the page lives, and nothing else.
pub(super) const HEALTH: &str = "/healthz";

/// Where the browser itself may ask for the token: the page for those without JavaScript.
pub(super) const PLAIN: &str = "/plain";

/// The stream of beats, which lasts.
pub(super) const LIVE: &str = "/api/live";

/// Why a request is not let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is no request of HTTP/1.
    Malformed,
    /// It came too slowly.
    Slow,
    /// Its head is too long.
    TooLong,
    /// It is meant for another host: DNS rebinding, or a name that the settings do not know.
    Misdirected,
    /// It wants to change something.
    Method,
    /// It has a body.
    Body,
    /// Another site's page sent it.
    Foreign,
    /// It does not know the token.
    Unauthorized {
        /// The browser may ask its person for the token.
        ask: bool,
    },
    /// It guesses too often.
    TooMany,
    /// All places are taken.
    Busy,
}

impl Refusal {
    /// The status line's number and words, and a sentence.
    pub(super) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Malformed => ("400 Bad Request", "This is no request that this page answers."),
            Self::Slow => ("408 Request Timeout", "The request came too slowly."),
            Self::TooLong => ("431 Request Header Fields Too Large", "The head of the request is too long."),
            Self::Misdirected => (
                "421 Misdirected Request",
                "This page is not known under that name; web.hosts in the settings names others.",
            ),
            Self::Method => ("405 Method Not Allowed", "This page only answers questions: GET or HEAD."),
            Self::Body => ("413 Content Too Large", "This page takes no data."),
            Self::Foreign => ("403 Forbidden", "Another site's page may not ask here."),
            Self::Unauthorized { .. } => ("401 Unauthorized", "The token is missing or wrong."),
            Self::TooMany => ("429 Too Many Requests", "Too many wrong tokens; wait a minute."),
            Self::Busy => ("503 Service Unavailable", "All places are taken; try again."),
        }
    }
}

/// A request that may be answered, as far as its head tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// Path and query, printable ASCII.
    pub(super) target: String,
    /// Only the head of the answer is wanted.
    pub(super) head_only: bool,
    /// A packed answer can be read.
    pub(super) gzip: bool,
    /// The last beat that a stream had.
    pub(super) last_event: Option<u64>,
    /// A browser opens it for a person: it shows a document, and can send no token with this.
    pub(super) is_opened: bool,
    /// What was offered as the token.
    pub(super) offered: Option<Vec<u8>>,
}

impl Asked {
    /// The path without its query.
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Tells whether the token is needed: for all but the page without any data, which brings what can send it. The
    /// document itself is given to a browser alone.
    pub(super) fn is_private(&self) -> bool {
        match self.path() {
            HEALTH => false,
            PAGE => !self.is_opened,
            path => assets::find(path).is_none(),
        }
    }

    /// The head as the server behind the gate gets it: nothing of the client's own spelling is left.
    pub(super) fn head(&self) -> String {
        let method = if self.head_only { "HEAD" } else { "GET" };
        let mut head = format!("{method} {} HTTP/1.1\r\nHost: page\r\nConnection: close\r\n", self.target);
        if self.gzip {
            head.push_str("Accept-Encoding: gzip\r\n");
        }
        if let Some(last) = self.last_event {
            head.push_str(&format!("Last-Event-ID: {last}\r\n"));
        }
        head.push_str("\r\n");
        head
    }
}

/// Tells where a head ends; `None` while it does not.
pub(super) fn end(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, b"\r\n\r\n").map(|at| at + 4)
}

/// Reads a whole head. `local` is the address that the client reached, `hosts` are the other names of this place.
pub(super) fn read(bytes: &[u8], local: SocketAddr, hosts: &[String]) -> Result<Asked, Refusal> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(_)) => {}
        Err(httparse::Error::TooManyHeaders) => return Err(Refusal::TooLong),
        Ok(httparse::Status::Partial) | Err(_) => return Err(Refusal::Malformed),
    }
    let (Some(method), Some(target)) = (request.method, request.path) else { return Err(Refusal::Malformed) };
    let fields = Fields(request.headers);
    let host = fields.single("Host").ok_or(Refusal::Misdirected)?;
    if !is_ours(host, local, hosts) {
        return Err(Refusal::Misdirected);
    }
    let head_only = match method {
        "GET" => false,
        "HEAD" => true,
        _ => return Err(Refusal::Method),
    };
    let announced = fields.all("Content-Length").any(|length| length != "0");
    if announced || fields.has("Transfer-Encoding") {
        return Err(Refusal::Body);
    }
    let printable = target.starts_with('/') && target.bytes().all(|byte| byte.is_ascii_graphic());
    if !printable || fields.has("Upgrade") || fields.has("Expect") {
        return Err(Refusal::Malformed);
    }
    if !came_from_here(&fields, host, target) {
        return Err(Refusal::Foreign);
    }
    let asked = Asked {
        target: target.to_owned(),
        head_only,
        gzip: fields.all("Accept-Encoding").any(takes_gzip),
        last_event: fields.single("Last-Event-ID").and_then(|id| id.parse().ok()),
        is_opened: fields.all("Sec-Fetch-Mode").any(|mode| mode == "navigate")
            || fields.all("Accept").any(|kinds| kinds.contains("text/html")),
        offered: None,
    };
    let offered = fields.single("Authorization").and_then(|value| offered(value, asked.path() == PLAIN));
    Ok(Asked { offered, ..asked })
}

struct Fields<'a>(&'a [httparse::Header<'a>]);

impl Fields<'_> {
    /// The values of a field that are text; one that is not is given as one that nothing equals.
    fn all<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b str> {
        self.0
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
            .map(|field| std::str::from_utf8(field.value).unwrap_or("\u{fffd}").trim())
    }

    fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// The value of a field that stands there once.
    fn single<'b>(&'b self, name: &'b str) -> Option<&'b str> {
        let mut all = self.all(name);
        all.next().filter(|_| all.next().is_none())
    }
}

/// Tells whether a host is this place: the very address that was reached, `localhost` where that is this machine,
/// or a name of the settings. A name that merely resolves to us is somebody else's.
fn is_ours(host: &str, local: SocketAddr, hosts: &[String]) -> bool {
    let local = SocketAddr::new(local.ip().to_canonical(), local.port());
    let same = |known: &str| host.eq_ignore_ascii_case(known) || is_default_port(host, known);
    same(&local.to_string())
        || (local.ip().is_loopback()
            && ["localhost", "127.0.0.1", "[::1]"]
                .iter()
                .any(|name| same(&format!("{name}:{}", local.port()))))
        || hosts.iter().any(|known| same(known))
}

/// Browsers leave out the port of plain HTTP.
fn is_default_port(host: &str, known: &str) -> bool {
    known.strip_suffix(":80").is_some_and(|name| host.eq_ignore_ascii_case(name))
}

/// Tells whether a browser sent it for this page itself, for a person, or not at all (then it is no browser).
fn came_from_here(fields: &Fields<'_>, host: &str, target: &str) -> bool {
    let own_origin = match (fields.has("Origin"), fields.single("Origin")) {
        (false, _) => true,
        (true, Some(origin)) => {
            origin.strip_prefix("http://").is_some_and(|origin| origin.eq_ignore_ascii_case(host))
        }
        (true, None) => false,
    };
    let page = target.split('?').next() == Some(PAGE) || target == PLAIN;
    // A link that a person followed may lead to the page, wherever it stood; nothing else may come from elsewhere.
    let followed_link = page
        && fields.single("Sec-Fetch-Mode") == Some("navigate")
        && fields.single("Sec-Fetch-Dest") == Some("document");
    let own_site = fields.all("Sec-Fetch-Site").all(|site| matches!(site, "same-origin" | "none"));
    own_origin && (own_site || followed_link)
}

fn takes_gzip(accepted: &str) -> bool {
    accepted.split(',').any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        named && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// The token that a client offers: `Bearer TOKEN`; where the browser asks its person, the password of `Basic`.
fn offered(value: &str, may_be_basic: bool) -> Option<Vec<u8>> {
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().as_bytes().to_vec());
    }
    if !(may_be_basic && scheme.eq_ignore_ascii_case("basic")) {
        return None;
    }
    let pair = from_base64(rest.trim())?;
    let colon = memchr::memchr(b':', &pair)?;
    Some(pair[colon + 1..].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ask(head: &str) -> Result<Asked, Refusal> {
        let bytes = format!("{}\r\n\r\n", head.replace('\n', "\r\n"));
        read(bytes.as_bytes(), "127.0.0.1:8080".parse().unwrap(), &["nas01:8080".to_owned()])
    }

    #[test]
    fn the_page_answers_to_its_own_names_only() {
        for host in ["127.0.0.1:8080", "localhost:8080", "LOCALHOST:8080", "[::1]:8080", "nas01:8080"] {
            assert!(ask(&format!("GET / HTTP/1.1\nHost: {host}")).is_ok(), "{host}");
        }
        for host in [
            "evil.test",
            "evil.test:8080",
            "127.0.0.1",
            "127.0.0.1:80",
            "nas01",
            "127.0.0.1:8080.evil.test",
            "",
        ] {
            assert_eq!(ask(&format!("GET / HTTP/1.1\nHost: {host}")), Err(Refusal::Misdirected), "{host}");
        }
        assert_eq!(ask("GET / HTTP/1.1"), Err(Refusal::Misdirected));
        assert_eq!(
            ask("GET / HTTP/1.1\nHost: localhost:8080\nhost: localhost:8080"),
            Err(Refusal::Misdirected)
        );
    }

    #[test]
    fn on_port_80_and_on_an_address_of_the_network_the_names_are_those_of_browsers() {
        let head = |host: &str| format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let reached =
            |host: &str, local: &str| read(head(host).as_bytes(), local.parse().unwrap(), &[]).is_ok();
        assert!(reached("127.0.0.1", "127.0.0.1:80") && reached("localhost", "127.0.0.1:80"));
        assert!(reached("192.0.2.10:8080", "192.0.2.10:8080"));
        assert!(reached("192.0.2.10:8080", "[::ffff:192.0.2.10]:8080"));
        assert!(!reached("localhost:8080", "192.0.2.10:8080"));
    }

    #[test]
    fn it_only_answers_questions() {
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE", "PATCH", "BREW"] {
            let asked = ask(&format!("{method} / HTTP/1.1\nHost: localhost:8080\nContent-Length: 3"));
            assert_eq!(asked, Err(Refusal::Method), "{method}");
        }
        for field in [
            "Content-Length: 4611686018427387904",
            "Content-Length: 1",
            "Content-Length: -1",
            "Content-Length: 0\nContent-Length: 5",
            "Transfer-Encoding: chunked",
        ] {
            let asked = ask(&format!("GET / HTTP/1.1\nHost: localhost:8080\n{field}"));
            assert_eq!(asked, Err(Refusal::Body), "{field}");
        }
        assert!(ask("GET / HTTP/1.1\nHost: localhost:8080\nContent-Length: 0").is_ok());
        for field in ["Upgrade: h2c", "Expect: 100-continue"] {
            let asked = ask(&format!("GET / HTTP/1.1\nHost: localhost:8080\n{field}"));
            assert_eq!(asked, Err(Refusal::Malformed), "{field}");
        }
        for target in ["http://localhost:8080/", "*", "localhost:8080", "/a\u{e9}"] {
            let asked = ask(&format!("GET {target} HTTP/1.1\nHost: localhost:8080"));
            assert_eq!(asked, Err(Refusal::Malformed), "{target}");
        }
    }

    #[test]
    fn another_sites_page_may_not_ask() {
        let with = |field: &str| ask(&format!("GET /api/snapshot HTTP/1.1\nHost: localhost:8080\n{field}"));
        assert!(with("Origin: http://localhost:8080").is_ok());
        assert!(with("Sec-Fetch-Site: same-origin").is_ok() && with("Sec-Fetch-Site: none").is_ok());
        for field in [
            "Origin: http://evil.test",
            "Origin: null",
            "Origin: http://localhost:8080.evil.test",
            "Origin: http://localhost:8080\nOrigin: http://evil.test",
            "Sec-Fetch-Site: cross-site",
            "Sec-Fetch-Site: same-site",
            "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: navigate\nSec-Fetch-Dest: document",
        ] {
            assert_eq!(with(field), Err(Refusal::Foreign), "{field}");
        }
        let link = "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: navigate\nSec-Fetch-Dest: ";
        let page = |to: &str| ask(&format!("GET / HTTP/1.1\nHost: localhost:8080\n{link}{to}"));
        assert!(page("document").is_ok(), "a person may follow a link to the page");
        assert_eq!(page("iframe"), Err(Refusal::Foreign));
    }

    #[test]
    fn the_token_comes_in_a_header_once() {
        let offered = |target: &str, field: &str| {
            ask(&format!("GET {target} HTTP/1.1\nHost: localhost:8080\n{field}")).unwrap().offered
        };
        assert_eq!(offered("/api/events", "Authorization: Bearer abc").as_deref(), Some(&b"abc"[..]));
        assert_eq!(offered("/api/events", "Authorization: Bearer abc\nAuthorization: Bearer abc"), None);
        assert_eq!(offered("/api/events", "Authorization: Basic eDpzZWNyZXQ="), None);
        assert_eq!(offered("/plain", "Authorization: Basic eDpzZWNyZXQ=").as_deref(), Some(&b"secret"[..]));
        assert_eq!(offered("/plain", "Authorization: Basic !"), None);
        let opened = |more: &str| ask(&format!("GET /?x=1 HTTP/1.1\nHost: localhost:8080{more}")).unwrap();
        for browser in ["\nAccept: text/html,*/*;q=0.8", "\nSec-Fetch-Mode: navigate\nSec-Fetch-Site: none"] {
            assert!(!opened(browser).is_private(), "a browser can send no token with an address: {browser}");
        }
        assert!(opened("").is_private() && opened("\nAccept: */*").is_private());
        assert!(ask("GET /metrics HTTP/1.1\nHost: localhost:8080").unwrap().is_private());
        assert!(ask("GET //healthz HTTP/1.1\nHost: localhost:8080").unwrap().is_private());
    }

    #[test]
    fn what_goes_on_is_written_anew() {
        let asked =
            ask("GET /api/live?x=1 HTTP/1.1\nHost: localhost:8080\nAccept-Encoding: br, gzip;q=0.5\n\
             Last-Event-ID: 17\nCookie: a=b\nX-Odd: 1");
        assert_eq!(
            asked.unwrap().head(),
            "GET /api/live?x=1 HTTP/1.1\r\nHost: page\r\nConnection: close\r\nAccept-Encoding: gzip\r\n\
             Last-Event-ID: 17\r\n\r\n"
        );
        assert!(!takes_gzip("gzip;q=0") && !takes_gzip("br") && takes_gzip("GZIP"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = read(&bytes, "127.0.0.1:8080".parse().unwrap(), &[]);
            let mut head = b"GET /x HTTP/1.1\r\nHost: localhost:8080\r\n".to_vec();
            head.extend_from_slice(&bytes);
            head.extend_from_slice(b"\r\n\r\n");
            if let Ok(asked) = read(&head, "127.0.0.1:8080".parse().unwrap(), &[]) {
                prop_assert!(asked.head().is_ascii());
            }
        }
    }
}
