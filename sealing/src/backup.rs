//! Backups are age files (age-encryption.org/v1), encrypted to public keys: the private key is never on the server.
//!
//! [`encrypt`] gives a writer, [`decrypt`] a reader; neither holds more than a chunk of 64 KiB. Every chunk is
//! authenticated before it is given out, but that a file is whole is known only at its end: whoever restores a backup
//! puts nothing in place before the reader has ended without an error.

mod keys;

use std::io::{self, Read, Write};

use age::stream::{StreamReader, StreamWriter};
use age::{Decryptor, Encryptor};

use crate::{Error, Result};

pub use keys::{Identities, Recipients};

/// Encrypts everything written to it. A file that was not [finished](Self::finish) is refused when it is read.
pub struct EncryptingWriter<W: Write>(StreamWriter<W>);

/// Gives out what was encrypted. Ends with an error of kind `InvalidData` or `UnexpectedEof` where the file was altered
/// or truncated; what it gave out before is genuine, but not the whole.
pub struct DecryptingReader<R: Read>(StreamReader<R>);

/// Starts a backup into `output`, which any one of the recipients will be able to read. Writes the header.
///
/// # Errors
/// [`Error::Backup`] if the header cannot be made or written.
pub fn encrypt<W: Write>(recipients: &Recipients, output: W) -> Result<EncryptingWriter<W>> {
    let encryptor = Encryptor::with_recipients(recipients.iter())
        .map_err(|error| Error::Backup { reason: error.to_string() })?;
    let writer =
        encryptor.wrap_output(output).map_err(|error| Error::Backup { reason: error.to_string() })?;
    Ok(EncryptingWriter(writer))
}

/// Starts to read a backup. Reads the header.
///
/// # Errors
/// [`Error::Backup`] if none of the identities opens it, or the header is altered, truncated or not age's.
pub fn decrypt<R: Read>(identities: &Identities, input: R) -> Result<DecryptingReader<R>> {
    let reader = Decryptor::new(input)
        .and_then(|decryptor| decryptor.decrypt(identities.iter()))
        .map_err(|error| Error::Backup { reason: error.to_string() })?;
    Ok(DecryptingReader(reader))
}

impl<W: Write> EncryptingWriter<W> {
    /// Writes the end, without which the file is refused, and gives the output back: it is flushed and synced by whoever
    /// opened it.
    ///
    /// # Errors
    /// What the output says.
    pub fn finish(self) -> io::Result<W> {
        self.0.finish()
    }
}

impl<W: Write> Write for EncryptingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    /// Flushes whole chunks; the last one waits for [`EncryptingWriter::finish`].
    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<R: Read> Read for DecryptingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}
