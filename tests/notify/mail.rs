//! A real mail server on loopback: Debian's aiosmtpd with a certificate that openssl makes for this run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::terminal::{need, until};
use std::time::Duration;

/// It takes one user with one password, over TLS alone, and writes every mail into a file of its own.
const SERVER: &str = r"
import asyncio, os, ssl, sys, threading
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

folder, mode = sys.argv[1], sys.argv[2]

class Keep:
    count = 0
    async def handle_DATA(self, server, session, envelope):
        Keep.count += 1
        at = os.path.join(folder, 'mail-%03d' % Keep.count)
        with open(at + '.new', 'wb') as mail:
            mail.write(('FROM %s TO %s TLS %s\n' % (envelope.mail_from, ','.join(envelope.rcpt_tos),
                session.ssl is not None or mode == 'implicit')).encode() + envelope.content)
        os.rename(at + '.new', at)
        return '250 kept'

def auth(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and data.login == b'nas' and data.password == b'geheim-pw'
    return AuthResult(success=good, handled=False)

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(os.path.join(folder, 'mail.pem'), os.path.join(folder, 'mail.key'))
options = dict(authenticator=auth, auth_required=True, auth_require_tls=mode == 'starttls')
if mode == 'starttls':
    options.update(tls_context=context, require_starttls=True)

async def main():
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Keep(), **options), '127.0.0.1', 0, ssl=context if mode == 'implicit' else None)
    with open(os.path.join(folder, 'port.new'), 'w') as told:
        told.write(str(server.sockets[0].getsockname()[1]))
    os.rename(os.path.join(folder, 'port.new'), os.path.join(folder, 'port'))
    await asyncio.Event().wait()

threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
asyncio.run(main())
";

/// A running mail server.
pub(crate) struct MailServer {
    pub(crate) port: u16,
    folder: tempfile::TempDir,
    child: Child,
}

impl MailServer {
    /// Starts one that speaks TLS by `starttls`, `implicit` or not at all: `plain`.
    pub(crate) fn start(mode: &str) -> Self {
        need("aiosmtpd");
        need("openssl");
        let folder = tempfile::tempdir().unwrap();
        certify(folder.path());
        let script = folder.path().join("server.py");
        fs::write(&script, SERVER).unwrap();
        // Debian's own Python: another one does not know Debian's packages.
        let mut command = Command::new("/usr/bin/python3");
        command.arg(&script).arg(folder.path()).arg(mode);
        // It ends when this test does: nobody holds its standard input any more.
        let child =
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let told = folder.path().join("port");
        let port =
            until("the mail server", Duration::from_mins(1), || fs::read_to_string(&told).ok()?.parse().ok());
        Self { port, folder, child }
    }

    /// The certificate of the authority that vouches for it.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The mails so far.
    pub(crate) fn mails(&self) -> Vec<String> {
        let mut names: Vec<PathBuf> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_none() && path.to_string_lossy().contains("/mail-"))
            .collect();
        names.sort();
        names.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes an authority and a certificate for localhost that it vouches for.
pub(crate) fn certify(folder: &Path) {
    let openssl = |args: &[&str]| {
        let done = Command::new("openssl").args(args).current_dir(folder).output().unwrap();
        assert!(done.status.success(), "openssl {args:?}: {}", String::from_utf8_lossy(&done.stderr));
    };
    let ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let ca = ["-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test authority"];
    openssl(&[&["req", "-x509"][..], &ec, &ca, &["-addext", "basicConstraints=critical,CA:TRUE"]].concat());
    let name = ["-keyout", "mail.key", "-out", "mail.csr", "-subj", "/CN=localhost"];
    openssl(&[&["req"][..], &ec, &name, &["-addext", "subjectAltName=DNS:localhost"]].concat());
    openssl(&[
        "x509",
        "-req",
        "-in",
        "mail.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-days",
        "2",
        "-copy_extensions",
        "copy",
        "-out",
        "mail.pem",
    ]);
}
