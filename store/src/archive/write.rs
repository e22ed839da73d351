//! Rows become frames.

use std::io::Write;

use sha2::{Digest, Sha256};

use super::{
    catalogue::Table,
    format::{Kind, TableStart, push_row, write_frame, write_json, write_preamble},
    manifest::{ArchiveHeader, Manifest, TableSummary},
};
use crate::{
    Result,
    engine::{Row, Transaction, Value, values},
};

/// Rows that are read at once.
const PAGE: u32 = 500;

/// An archive that is being written.
pub(super) struct ArchiveWriter<W> {
    output: W,
    header: ArchiveHeader,
    tables: Vec<TableSummary>,
}

impl<W: Write> ArchiveWriter<W> {
    pub(super) fn begin(mut output: W, header: ArchiveHeader) -> Result<Self> {
        write_preamble(&mut output)?;
        write_json(&mut output, Kind::Header, &header)?;
        Ok(Self { output, header, tables: Vec::new() })
    }

    pub(super) async fn table(&mut self, transaction: &mut Transaction<'_>, table: &Table) -> Result<()> {
        let columns = table.columns.iter().map(|column| (*column).to_owned()).collect();
        write_json(&mut self.output, Kind::Table, &TableStart { name: table.name.to_owned(), columns })?;
        let mut counted = Counted::default();
        let next = table.next_page();
        let mut page = transaction.listed(&table.first_page(), values![PAGE]).await?;
        while let Some(last) = page.last() {
            let after: Vec<Value> = last.0.iter().take(table.key).cloned().collect();
            let is_last = page.len() < PAGE as usize;
            let mut bytes = Vec::new();
            page.iter().try_for_each(|row: &Row| push_row(&mut bytes, row))?;
            counted.add(page.len(), &bytes);
            write_frame(&mut self.output, Kind::Rows, &bytes)?;
            if is_last {
                break;
            }
            let parameters: Vec<Value> = after.into_iter().chain([PAGE.into()]).collect();
            page = transaction.listed(&next, &parameters).await?;
        }
        self.tables.push(counted.summary(table.name));
        Ok(())
    }

    pub(super) async fn finish(mut self, transaction: &mut Transaction<'_>) -> Result<(W, Manifest)> {
        let manifest = manifest(transaction, self.header, self.tables).await?;
        write_json(&mut self.output, Kind::End, &manifest)?;
        Ok((self.output, manifest))
    }
}

/// The manifest for `tables`, completed from what the transaction sees.
pub(super) async fn manifest(
    transaction: &mut Transaction<'_>,
    header: ArchiveHeader,
    tables: Vec<TableSummary>,
) -> Result<Manifest> {
    let sql = "SELECT sequence, hash FROM audit_entries ORDER BY sequence DESC LIMIT 1";
    let (audit_sequence, audit_hash) = match transaction.row(sql, &[]).await? {
        None => (0, [0; 32]),
        Some(row) => {
            let mut fields = row.fields("audit_entries");
            (fields.next()?, fields.next()?)
        }
    };
    // Bytes 1 to 8 of a wrapped key are the id of the key that wraps it.
    let sql = "SELECT DISTINCT substr(wrapped, 2, 8) FROM keys WHERE state <> 'destroyed' ORDER BY 1";
    let masters = transaction.rows(sql, &[]).await?.into_iter().map(|row| row.only::<Vec<u8>>("keys"));
    let master_keys = masters.map(|id| id.map(|id| hexadecimal(&id))).collect::<Result<_>>()?;
    Ok(Manifest { header, tables, audit_sequence, audit_hash: hexadecimal(&audit_hash), master_keys })
}

/// Rows of a table that went by.
#[derive(Default)]
pub(super) struct Counted {
    rows: u64,
    hash: Sha256,
}

impl Counted {
    /// `rows` rows that are `bytes` in the archive.
    pub(super) fn add(&mut self, rows: usize, bytes: &[u8]) {
        self.rows += rows as u64;
        self.hash.update(bytes);
    }

    pub(super) fn summary(self, name: &str) -> TableSummary {
        TableSummary { name: name.to_owned(), rows: self.rows, sha256: hexadecimal(&self.hash.finalize()) }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
