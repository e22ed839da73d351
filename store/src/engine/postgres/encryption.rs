//! TLS: the server proves by a certificate that it is the one that the address names.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{Error, Result};

/// TLS 1.2 or 1.3 that trusts the certificates in the PEM file `certificates`, or those of the system.
///
/// # Errors
/// [`Error::Refused`] when there are none.
pub(super) fn verified(certificates: Option<&Path>) -> Result<MakeRustlsConnect> {
    let roots = match certificates {
        Some(file) => of_file(file)?,
        None => of_system()?,
    };
    let configuration = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(Error::defect)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(configuration))
}

fn of_file(file: &Path) -> Result<RootCertStore> {
    let refused =
        |what: String| Error::Refused { reason: format!("root certificates {}: {what}", file.display()) };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| refused(error.to_string()))? {
        let certificate = certificate.map_err(|error| refused(error.to_string()))?;
        roots.add(certificate).map_err(|error| refused(error.to_string()))?;
    }
    if roots.is_empty() { Err(refused(String::from("there are none in it"))) } else { Ok(roots) }
}

fn of_system() -> Result<RootCertStore> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // One that this library does not understand makes the others no worse.
    roots.add_parsable_certificates(found.certs);
    if !roots.is_empty() {
        return Ok(roots);
    }
    let why = found.errors.first().map_or_else(String::new, |error| format!(" ({error})"));
    let reason = format!("the system has no root certificates{why}; name some with sslrootcert");
    Err(Error::Refused { reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roots.pem");
        let refused = || of_file(&path).unwrap_err().to_string();
        assert!(refused().contains("roots.pem"));
        std::fs::write(&path, "nothing of the kind").unwrap();
        assert!(refused().contains("there are none in it"), "{}", refused());
    }
}
