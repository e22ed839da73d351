//! Everything in the store as one stream of bytes, and back: what a backup holds.
//!
//! An archive is written from one committed state while others go on writing, and is the same for both engines: what one
//! wrote the other reads. Sealed values stay sealed, keys stay wrapped; the master key is in neither. An archive is not
//! authenticated and not compressed: whoever keeps one encrypts it. Whether it is whole is known at its end only, so
//! reading one changes nothing before that.
//!
//! # The form
//! The line `yingda archive 1`, then frames: a letter, the length of the content in four bytes, the content. `H` is the
//! [`ArchiveHeader`] as JSON; for each table `T` with its name and columns as JSON and `R` with some of its rows, as often
//! as needed; `E` is the [`Manifest`] as JSON. A value within a row is one byte for its kind, and for text and bytes four
//! for its length. All numbers have their most significant byte first.

mod catalogue;
mod format;
mod manifest;
mod read;
mod write;

use std::io::{Read, Write};

use futures::FutureExt;

use self::{format::ArchiveReader, write::ArchiveWriter};
use crate::{Error, Location, Result, Store, Timestamp, engine::Engine, migrations};

pub use self::manifest::{ArchiveHeader, Manifest, TableSummary};

impl Store {
    /// Writes one committed state of everything into `output` and gives it back with what was written. `at` is now. Calls
    /// of `output` occupy the thread that drives this.
    ///
    /// # Errors
    /// [`Error::DiskFull`] and [`Error::Archive`] for what `output` says; when the engine fails.
    pub async fn write_archive<W: Write + Send + 'static>(
        &self,
        output: W,
        at: Timestamp,
    ) -> Result<(W, Manifest)> {
        let header = ArchiveHeader {
            schema_version: migrations::newest(),
            created_at: at.0,
            program: env!("CARGO_PKG_VERSION").to_owned(),
        };
        self.read(move |transaction| {
            async move {
                let mut writer = ArchiveWriter::begin(output, header)?;
                for table in catalogue::TABLES {
                    writer.table(transaction, table).await?;
                }
                writer.finish(transaction).await
            }
            .boxed()
        })
        .await
    }

    /// What an archive written now would hold.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn manifest(&self, at: Timestamp) -> Result<Manifest> {
        self.write_archive(std::io::sink(), at).await.map(|(_, manifest)| manifest)
    }

    /// Opens an empty database and fills it from `archive`, in one transaction: unless the archive is whole, no row is
    /// stored. Gives back what the archive says that it holds; every table was compared with it.
    ///
    /// # Errors
    /// [`Error::Refused`] when the database has rows; [`Error::Archive`] for an archive that is truncated, altered or none;
    /// [`Error::NewerSchema`] for one of a newer program; when the engine fails.
    pub async fn open_archived<R: Read + Send + 'static>(
        location: &Location,
        archive: R,
    ) -> Result<(Self, Manifest)> {
        let (reader, header) = ArchiveReader::begin(archive)?;
        let known = migrations::newest();
        if header.schema_version > known {
            return Err(Error::NewerSchema { found: header.schema_version, known });
        }
        let engine = Engine::open(location).await?;
        migrations::apply_until(&engine, header.schema_version).await?;
        let manifest = engine
            .write(move |transaction| async move { read::fill(transaction, reader, &header).await }.boxed())
            .await?;
        migrations::apply(&engine).await?;
        Ok((Self::of(engine), manifest))
    }
}
