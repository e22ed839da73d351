//! An address with what libpq says about encryption in it: `sslmode` and `sslrootcert`.

use std::{net::IpAddr, path::PathBuf};

use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

use crate::{Error, Result};

/// How the connection is protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Protection {
    /// Not at all.
    Plain,
    /// Encrypted, and the server is who it says it is: by the certificates of this file, or else by the system's.
    Verified(Option<PathBuf>),
}

/// Takes an address apart.
///
/// `sslmode` is `disable`, `require` or `verify-full`. The last two mean the same here, more than libpq's `require`: whoever
/// encrypts for a server that anybody may pretend to be has hidden nothing. `verify-ca` is taken for them too. Where nothing
/// is said, the connection is plain if it stays on this machine, and the address is refused if it does not.
///
/// # Errors
/// [`Error::Refused`].
pub(super) fn read(address: &str) -> Result<(Config, Protection)> {
    let (rest, [mode, certificates]) = without(address, ["sslmode", "sslrootcert"]);
    let refused = |error: tokio_postgres::Error| Error::Refused { reason: format!("the address: {error}") };
    let mut configuration: Config = rest.parse().map_err(refused)?;
    if configuration.get_ssl_mode() != SslMode::Prefer {
        return Err(unsaid("sslmode is written as one word, without quotation marks, tabs or spaces in it"));
    }
    let protection = match mode.as_deref() {
        Some("disable") => Protection::Plain,
        Some("require" | "verify-ca" | "verify-full") => {
            Protection::Verified(certificates.clone().map(PathBuf::from))
        }
        None if certificates.is_none() && stays_here(&configuration) => Protection::Plain,
        None => return Err(unsaid("the server is on another machine")),
        Some(other) => return Err(unsaid(&format!("sslmode={other} promises nothing"))),
    };
    if protection == Protection::Plain && certificates.is_some() {
        return Err(unsaid("sslrootcert is of no use with sslmode=disable"));
    }
    let mode = if protection == Protection::Plain { SslMode::Disable } else { SslMode::Require };
    configuration.ssl_mode(mode);
    Ok((configuration, protection))
}

fn unsaid(what: &str) -> Error {
    let choice = "sslmode=verify-full encrypts, sslmode=disable does not";
    Error::Refused { reason: format!("the address: {what}; say which: {choice}") }
}

/// Whether every host is a socket or an address of this machine.
fn stays_here(configuration: &Config) -> bool {
    let is_here = |host: &Host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    let addresses = configuration.get_hostaddrs();
    if addresses.is_empty() {
        configuration.get_hosts().iter().all(is_here)
    } else {
        addresses.iter().all(IpAddr::is_loopback)
    }
}

/// The address without the options of these names, and their values.
fn without<const COUNT: usize>(address: &str, names: [&str; COUNT]) -> (String, [Option<String>; COUNT]) {
    let mut found = [const { None }; COUNT];
    let mut keeps = |option: &&str| {
        let Some((name, value)) = option.split_once('=') else { return true };
        let Some(place) = names.iter().position(|wanted| *wanted == name) else { return true };
        found[place] = Some(value.to_owned());
        false
    };
    let is_url = address.starts_with("postgres://") || address.starts_with("postgresql://");
    let rest = if is_url {
        let (before, options) = address.split_once('?').unwrap_or((address, ""));
        let kept: Vec<&str> = options.split('&').filter(&mut keeps).collect();
        let kept = kept.join("&");
        found = found.map(|value| value.map(|value| percent_decoded(&value)));
        if kept.is_empty() { before.to_owned() } else { format!("{before}?{kept}") }
    } else {
        address.split(' ').filter(&mut keeps).collect::<Vec<_>>().join(" ")
    };
    (rest, found)
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let decoded = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match decoded.filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn protection(address: &str) -> Protection {
        read(address).unwrap().1
    }

    #[test]
    fn a_connection_within_this_machine_is_plain_unless_more_is_asked() {
        for address in [
            "host=/run/postgresql user=a",
            "postgres://a@localhost/b",
            "postgres://a:b@127.0.0.1:5433/c?application_name=d",
            "postgres://a@[::1]/b",
            "postgres://a@db.example/b?sslmode=disable",
            "host=db.example hostaddr=127.0.0.1 user=a",
        ] {
            assert_eq!(protection(address), Protection::Plain, "{address}");
            assert_eq!(read(address).unwrap().0.get_ssl_mode(), SslMode::Disable);
        }
    }

    #[test]
    fn encryption_that_is_asked_for_is_verified() {
        let own = Some(PathBuf::from("/etc/own ca.pem"));
        for (address, certificates) in [
            ("postgres://a@db.example/b?sslmode=require", None),
            ("postgres://a@localhost/b?sslmode=verify-full&connect_timeout=3", None),
            ("postgres://a@db.example/b?sslrootcert=%2Fetc%2Fown%20ca.pem&sslmode=verify-ca", own),
            (
                "host=db.example sslmode=verify-full sslrootcert=/ca.pem user=a",
                Some(PathBuf::from("/ca.pem")),
            ),
        ] {
            assert_eq!(protection(address), Protection::Verified(certificates), "{address}");
            assert_eq!(read(address).unwrap().0.get_ssl_mode(), SslMode::Require);
        }
        let (kept, _) = read("postgres://a@b.example/c?sslmode=require&application_name=d").unwrap();
        assert_eq!(kept.get_application_name(), Some("d"));
    }

    #[test]
    fn an_address_that_leaves_open_whether_to_encrypt_is_refused() {
        for address in [
            "postgres://a:geheim@db.example/b",
            "host=10.0.0.7 user=a password=geheim",
            "postgres://a:geheim@db.example/b?sslmode=prefer",
            "postgres://a:geheim@localhost/b?sslrootcert=/ca.pem",
            "postgres://a:geheim@db.example/b?sslrootcert=/ca.pem&sslmode=disable",
            "host=localhost password=geheim sslmode = require",
            "host=db.example password=geheim sslmode='require'",
            "host=db.example password=geheim\tsslmode=disable",
        ] {
            let refused = read(address).unwrap_err();
            assert!(matches!(&refused, Error::Refused { reason } if reason.contains("sslmode")), "{refused}");
            assert!(!refused.to_string().contains("geheim"), "{refused}");
        }
    }
}
