//! Trust: the certificates that a user names instead of the system's, and what is said when there is none.

use super::fault::Fault;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::io;
use std::path::Path;

/// Reads the certificates of `ca_file`.
///
/// # Errors
/// When the file cannot be read or holds none.
pub(super) fn read(table: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let fault = |says: String| Fault::new(table, "ca_file", says);
    let shown = path.display();
    let bytes = std::fs::read(path)
        .map_err(|error| fault(format!("cannot read {shown}: {}", super::plain(&error))))?;
    let all: Vec<_> = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|_| fault(format!("{shown} is damaged: it must hold certificates in PEM")))?;
    if all.is_empty() {
        return Err(fault(format!("{shown} holds no certificate in PEM")));
    }
    Ok(all)
}

/// What is said when nobody vouches for the other side.
pub(super) const UNTRUSTED: &str = "it has no certificate that is trusted; for one of your own, name ca_file";

/// What a broken connection comes to; TLS hides its own reasons in it.
pub(super) fn said_by(error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(_)) => UNTRUSTED.to_owned(),
        Some(_) => "it speaks no TLS that is trusted".to_owned(),
        None => super::plain(error),
    }
}
