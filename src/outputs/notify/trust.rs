//! Certificates that a user trusts instead of the system's: a file in PEM.

use super::fault::Fault;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
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
