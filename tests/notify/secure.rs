//! The channels that speak HTTP, over TLS to a real server: Python's own, with a certificate that openssl makes.

use crate::mail::certify;
use crate::terminal::{need, until};
use crate::{SECRET, http_tables, letter, open, secret_file};
use home_soc::outputs::notify::Outcome;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// It takes every message and writes each head and body into one file.
const SERVER: &str = r"
import http.server, os, ssl, sys, threading
folder = sys.argv[1]

class Keep(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        with open(os.path.join(folder, 'heard'), 'ab') as heard:
            heard.write(('%s %s %s\n' % (self.connection.version(), self.path, self.headers)).encode() + body + b'\n')
        self.send_response(200)
        self.send_header('Content-Length', '0')
        self.end_headers()
    do_GET = lambda self: (self.headers.add_header('Content-Length', '0'), self.do_POST())
    def log_message(self, *words): pass

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(os.path.join(folder, 'mail.pem'), os.path.join(folder, 'mail.key'))
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Keep)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
with open(os.path.join(folder, 'port.new'), 'w') as told:
    told.write(str(server.server_port))
os.rename(os.path.join(folder, 'port.new'), os.path.join(folder, 'port'))
server.serve_forever()
";

/// A web server that speaks TLS and is called localhost.
struct WebServer {
    port: u16,
    folder: tempfile::TempDir,
    child: Child,
}

impl WebServer {
    fn start() -> Self {
        need("openssl");
        let folder = tempfile::tempdir().unwrap();
        certify(folder.path());
        let script = folder.path().join("server.py");
        fs::write(&script, SERVER).unwrap();
        let mut command = Command::new("python3");
        command.arg(&script).arg(folder.path());
        // It ends when this test does: nobody holds its standard input any more.
        let child =
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let told = folder.path().join("port");
        let port =
            until("the web server", Duration::from_mins(1), || fs::read_to_string(&told).ok()?.parse().ok());
        Self { port, folder, child }
    }

    fn heard(&self) -> String {
        fs::read_to_string(self.folder.path().join("heard")).unwrap_or_default()
    }

    fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn over_tls_the_other_side_must_be_vouched_for_by_the_authority_that_was_named() {
    let (server, stranger) = (WebServer::start(), WebServer::start());
    let scratch = tempfile::tempdir().unwrap();
    let token = secret_file(scratch.path(), "token", SECRET);
    let url = |name: &str| format!("https://{name}:{}", server.port);
    let ping = |url: &str| ("ping", format!("[ping]\nurl = \"{url}/geheim-AbC\"\n"));
    let tables = |url: &str| http_tables(url, &token).into_iter().chain([ping(url)]).collect::<Vec<_>>();
    let named = |authority: &WebServer| format!("ca_file = \"{}\"\n", authority.ca_file().display());
    let carry = |table: &str| open(table).1[0].carry(&letter());

    for (name, table) in tables(&url("localhost")) {
        assert_eq!(carry(&(table + &named(&server))), Outcome::Delivered, "{name}");
    }
    let heard = server.heard();
    assert_eq!(heard.matches("TLSv1.3 /").count(), 5, "{heard}");
    assert!(heard.contains("/bot123456:geheim-AbC/sendMessage") && heard.contains("[TEST] nas01"), "{heard}");

    // The system's certificates do not vouch for it, another authority does not, nor does its own for another name.
    for (authority, host) in
        [(None, "localhost"), (Some(&stranger), "localhost"), (Some(&server), "127.0.0.1")]
    {
        for (name, table) in tables(&url(host)) {
            let outcome = carry(&(table + &authority.map(named).unwrap_or_default()));
            let Outcome::Later { why, .. } = &outcome else { panic!("{name} to {host}: {outcome:?}") };
            assert!(
                why.contains("no certificate that is trusted") && why.contains("ca_file"),
                "{name}: {why}"
            );
            assert!(!why.contains("geheim"), "{name}: {why}");
        }
    }
    assert_eq!(server.heard(), heard, "nothing is sent to whom nobody vouches for");
}

#[test]
fn a_ca_file_that_holds_no_certificate_is_a_fault_of_the_settings_that_names_it() {
    let scratch = tempfile::tempdir().unwrap();
    let token = secret_file(scratch.path(), "token", SECRET);
    for (content, says) in [("", "holds no certificate"), ("-----BEGIN CERTIFICATE-----\nx\n", "damaged")] {
        let path = secret_file(scratch.path(), "ca.pem", content);
        for (name, table) in http_tables("https://localhost:1", &token) {
            let text = format!("{table}ca_file = \"{}\"\n", path.display());
            let settings: home_soc::outputs::notify::Settings = toml::from_str(&text).unwrap();
            let said = settings.open().unwrap_err().to_string();
            assert!(said.contains(says) && said.contains("ca_file") && said.contains(name), "{said}");
        }
    }
}
