//! Who can read a backup: public keys to write it, private keys to read it, one a line.

use std::fmt;

use age::x25519::{Identity, Recipient};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::{Error, Result};

/// Public keys, at least one: `age1…`, as `age-keygen -y` prints them. Prints itself as such a list.
#[derive(Clone)]
pub struct Recipients(Vec<Recipient>);

/// Private keys, at least one: `AGE-SECRET-KEY-1…`, as `age-keygen` writes them. Prints nothing of itself.
pub struct Identities(Vec<Identity>);

impl Recipients {
    /// Reads a list, one key a line. Empty lines and lines that start with `#` are passed over.
    ///
    /// # Errors
    /// [`Error::BackupKeys`] naming the line that is no public key or repeats one, or line 0 if there is none.
    pub fn read(text: &str) -> Result<Self> {
        let mut recipients: Vec<Recipient> = Vec::new();
        for (line, word) in words(text) {
            let recipient = parse_recipient(word).map_err(|reason| recipients_error(line, reason))?;
            if recipients.iter().any(|other| other.to_string() == recipient.to_string()) {
                return Err(recipients_error(line, "the public key was given before".to_owned()));
            }
            recipients.push(recipient);
        }
        if recipients.is_empty() {
            return Err(recipients_error(0, "there is no public key".to_owned()));
        }
        Ok(Self(recipients))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &dyn age::Recipient> {
        self.0.iter().map(|recipient| recipient as &dyn age::Recipient)
    }
}

impl Identities {
    /// Reads a list, one key a line. Empty lines and lines that start with `#` are passed over.
    ///
    /// # Errors
    /// [`Error::BackupKeys`] naming the line that is no private key, or line 0 if there is none.
    pub fn read(text: &str) -> Result<Self> {
        let mut identities = Vec::new();
        for (line, word) in words(text) {
            identities.push(word.parse().map_err(|_| identities_error(line, "not a private key of age"))?);
        }
        if identities.is_empty() {
            return Err(identities_error(0, "there is no private key"));
        }
        Ok(Self(identities))
    }

    /// A new private key from the operating system's randomness.
    #[must_use]
    pub fn generate() -> Self {
        Self(vec![Identity::generate()])
    }

    /// The list in clear, as [`Identities::read`] takes it: to be printed once and kept away from the server.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(self.0.len() * 80));
        for identity in &self.0 {
            text.push_str(identity.to_string().expose_secret());
            text.push('\n');
        }
        text
    }

    /// The public keys that belong to these.
    #[must_use]
    pub fn recipients(&self) -> Recipients {
        Recipients(self.0.iter().map(Identity::to_public).collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &dyn age::Identity> {
        self.0.iter().map(|identity| identity as &dyn age::Identity)
    }
}

impl fmt::Display for Recipients {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|recipient| writeln!(formatter, "{recipient}"))
    }
}

impl fmt::Debug for Recipients {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.0.iter().map(ToString::to_string)).finish()
    }
}

impl fmt::Debug for Identities {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Identities({})", self.0.len())
    }
}

/// Lines that say something, numbered from 1, without white space around them.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = (1..).zip(text.lines().map(str::trim));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

/// Shows nothing of a private key that was put in the wrong place.
fn parse_recipient(word: &str) -> std::result::Result<Recipient, String> {
    if word.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") {
        return Err("this is a private key: keep it off this machine and give its public key".to_owned());
    }
    word.parse().map_err(|_| format!("{word:?} is not a public key of age"))
}

fn recipients_error(line: usize, reason: String) -> Error {
    Error::BackupKeys { what: "recipients", line, reason }
}

fn identities_error(line: usize, reason: &str) -> Error {
    Error::BackupKeys { what: "identities", line, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public_key() -> String {
        Identities::generate().recipients().to_string()
    }

    #[test]
    fn a_list_may_have_comments_and_empty_lines() {
        let (first, second) = (public_key(), public_key());
        let text = format!("# operations\n{first}\r\n\n  # escrow\n  {second}\n");
        let recipients = Recipients::read(&text).unwrap();
        assert_eq!(recipients.to_string(), format!("{first}{second}"));
        assert_eq!(Recipients::read(&recipients.to_string()).unwrap().to_string(), recipients.to_string());
    }

    #[test]
    fn what_is_no_public_key_is_named_with_its_line() {
        let message = |text: &str| Recipients::read(text).unwrap_err().to_string();
        assert_eq!(message("# nobody\n"), "recipients, line 0: there is no public key");
        assert_eq!(message("\nage1abc"), "recipients, line 2: \"age1abc\" is not a public key of age");
        let twice = public_key().repeat(2);
        assert_eq!(message(&twice), "recipients, line 2: the public key was given before");
    }

    #[test]
    fn a_private_key_among_the_recipients_is_refused_and_not_shown() {
        let text = Identities::generate().to_text();
        let message = Recipients::read(&text).unwrap_err().to_string();
        assert!(message.contains("this is a private key") && !message.contains(&text[16..30]), "{message}");
    }

    #[test]
    fn identities_are_read_and_never_shown() {
        let identities = Identities::generate();
        let again = Identities::read(&identities.to_text()).unwrap();
        assert_eq!(again.recipients().to_string(), identities.recipients().to_string());
        assert_eq!(format!("{identities:?}"), "Identities(1)");
        let message = |text: &str| Identities::read(text).unwrap_err().to_string();
        assert_eq!(message(""), "identities, line 0: there is no private key");
        assert_eq!(message(&public_key()), "identities, line 1: not a private key of age");
    }
}
