//! Connections to PostgreSQL that nobody on the way can read or pretend to be the end of.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt as _, path::Path};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use store::{Error, Location, Store};
use tempfile::TempDir;

use crate::support::postgres_server::{Server, connect, owned_by_server};

/// A certificate authority of the test.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, as clients are given it.
    certificate: String,
}

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(parameters, key), certificate }
    }

    /// Writes a server's certificate and key into `folder`.
    fn certify(&self, name: &str, folder: &Path) {
        let key = KeyPair::generate().unwrap();
        let certified = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certified = certified.signed_by(&key, &self.issuer).unwrap();
        fs::write(folder.join("server.pem"), certified.pem()).unwrap();
        fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
        fs::set_permissions(folder.join("server.key"), fs::Permissions::from_mode(0o600)).unwrap();
        ["", "server.pem", "server.key"].iter().for_each(|file| owned_by_server(&folder.join(file)));
    }
}

/// A server on a port of this machine that offers encryption with a certificate for `localhost`.
struct Encrypting {
    server: Server,
    port: u16,
    folder: TempDir,
}

impl Encrypting {
    /// `None` where no PostgreSQL is installed.
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new();
        authority.certify("localhost", folder.path());
        for (file, content) in
            [("roots.pem", authority.certificate), ("others.pem", Authority::new().certificate)]
        {
            fs::write(folder.path().join(file), content).unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let at = folder.path().display();
        let server = Server::start_with(&format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c ssl=on -c ssl_cert_file={at}/server.pem \
             -c ssl_key_file={at}/server.key"
        ))?;
        Some(Self { server, port, folder })
    }

    fn location(&self, host: &str, options: &str) -> Location {
        let options = options.replace("ROOTS", &self.folder.path().display().to_string());
        Location::parse(&format!("postgres://yingda@{host}:{}/postgres?{options}", self.port))
    }

    /// How many of the store's connections are encrypted, and how many are not.
    async fn connections(&self) -> (i64, i64) {
        let client = connect(&format!("{} port={}", self.server.address("postgres"), self.port)).await;
        let sql = "SELECT COUNT(*) FILTER (WHERE ssl), COUNT(*) FILTER (WHERE NOT ssl) FROM pg_stat_ssl \
                   JOIN pg_stat_activity USING (pid) WHERE client_addr IS NOT NULL";
        let row = client.query_one(sql, &[]).await.unwrap();
        (row.get(0), row.get(1))
    }
}

/// One test, since it looks at all connections of the server.
#[tokio::test]
async fn a_connection_is_encrypted_to_a_verified_server_or_there_is_none() {
    let Some(encrypting) = tokio::task::spawn_blocking(Encrypting::start).await.unwrap() else { return };
    for options in
        ["sslmode=verify-full&sslrootcert=ROOTS/roots.pem", "sslrootcert=ROOTS%2Froots.pem&sslmode=require"]
    {
        let store = Store::open(&encrypting.location("localhost", options)).await.unwrap();
        store.check().await.unwrap();
        let (encrypted, plain) = encrypting.connections().await;
        assert!(encrypted >= 2 && plain == 0, "{options}: {encrypted} encrypted, {plain} plain");
        store.close().await;
    }
    for (host, options, named) in [
        ("localhost", "sslmode=verify-full&sslrootcert=ROOTS/others.pem", "invalid peer certificate"),
        ("localhost", "sslmode=require", "root certificates"),
        ("127.0.0.1", "sslmode=verify-full&sslrootcert=ROOTS/roots.pem", "not valid for name"),
        ("localhost", "sslmode=verify-full&sslrootcert=ROOTS/missing.pem", "missing.pem"),
    ] {
        let refused = Store::open(&encrypting.location(host, options)).await.unwrap_err();
        let Error::Refused { reason } = &refused else { panic!("{options}: {refused}") };
        // A system without root certificates of its own says so; one with them does not know ours.
        let known = reason.contains(named)
            || (named == "root certificates" && reason.contains("invalid peer certificate"));
        assert!(known, "{options}: {reason}");
    }
    let plain = Store::open(&encrypting.location("localhost", "")).await.unwrap();
    assert!(encrypting.connections().await.1 >= 1, "nothing is asked of a connection within this machine");
    plain.close().await;
}

#[tokio::test]
async fn a_server_that_offers_no_encryption_is_refused_where_it_is_asked_for() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let options = format!("-p {port} -c listen_addresses=127.0.0.1");
    let Some(_server) = tokio::task::spawn_blocking(move || Server::start_with(&options)).await.unwrap()
    else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("roots.pem"), Authority::new().certificate).unwrap();
    let at = format!("postgres://yingda@localhost:{port}/postgres?sslmode=verify-full");
    let location = Location::parse(&format!("{at}&sslrootcert={}/roots.pem", folder.path().display()));
    let refused = Store::open(&location).await.unwrap_err();
    assert!(matches!(&refused, Error::Refused { reason } if reason.contains("TLS")), "{refused}");
}
