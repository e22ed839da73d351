//! Frames become rows of an empty database.

use std::io::Read;

use super::{
    catalogue::{TABLES, parameters},
    format::{ArchiveReader, Kind, TableStart, archive, parse, rows},
    manifest::{ArchiveHeader, Manifest, TableSummary},
    write::{Counted, manifest},
};
use crate::{Error, Result, engine::Transaction};

/// A table that is being filled.
struct Filling {
    name: String,
    columns: usize,
    insertion: String,
    counted: Counted,
}

/// Stores every row and compares what was stored with what the archive says at its end.
pub(super) async fn fill<R: Read>(
    transaction: &mut Transaction<'_>,
    mut reader: ArchiveReader<R>,
    header: &ArchiveHeader,
) -> Result<Manifest> {
    let mut filled: Vec<TableSummary> = Vec::new();
    let mut filling: Option<Filling> = None;
    loop {
        match reader.frame()? {
            (Kind::Header, _) => return Err(archive("it has two headers")),
            (Kind::Table, content) => {
                filled.extend(filling.take().map(Filling::summary));
                let start: TableStart = parse(&content)?;
                if filled.iter().any(|table| table.name == start.name) {
                    return Err(archive(format!("it has the table {} twice", start.name)));
                }
                refuse_rows(transaction, &start).await?;
                filling = Some(Filling::of(start));
            }
            (Kind::Rows, content) => {
                let filling = filling.as_mut().ok_or_else(|| archive("rows belong to no table"))?;
                let rows = rows(&content, filling.columns)?;
                filling.counted.add(rows.len(), &content);
                transaction.load(&filling.insertion, &rows).await.map_err(misfit)?;
            }
            (Kind::End, content) => {
                filled.extend(filling.take().map(Filling::summary));
                let said: Manifest = parse(&content)?;
                reader.end()?;
                let found = manifest(transaction, header.clone(), filled).await?;
                let is_whole = TABLES_OF_OLDEST.iter().all(|name| has(&found, name)) && found == said;
                return if is_whole {
                    Ok(said)
                } else {
                    Err(archive("its rows are not those of its manifest"))
                };
            }
        }
    }
}

/// An archive without these is none, whatever its manifest says.
const TABLES_OF_OLDEST: [&str; 3] = ["counters", "keys", "audit_entries"];

fn has(manifest: &Manifest, name: &str) -> bool {
    manifest.tables.iter().any(|table| table.name == name)
}

impl Filling {
    fn of(start: TableStart) -> Self {
        let (columns, names) = (start.columns.len(), start.columns.join(", "));
        let insertion = format!("INSERT INTO {} ({names}) VALUES ({})", start.name, parameters(columns));
        Self { name: start.name, columns, insertion, counted: Counted::default() }
    }

    fn summary(self) -> TableSummary {
        self.counted.summary(&self.name)
    }
}

/// Names come into statements, and an archive may have been made by anybody.
async fn refuse_rows(transaction: &mut Transaction<'_>, start: &TableStart) -> Result<()> {
    let is_word = |name: &String| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    let is_table = TABLES.iter().any(|table| table.name == start.name);
    if !is_table || start.columns.is_empty() || !start.columns.iter().all(is_word) {
        return Err(archive(format!("the table {} is not of this program", start.name.escape_debug())));
    }
    let sql = format!("SELECT 1 FROM {} LIMIT 1", start.name);
    match transaction.listed(&sql, &[]).await?.is_empty() {
        true => Ok(()),
        false => {
            Err(Error::Refused { reason: format!("there are rows already, for example in {}", start.name) })
        }
    }
}

/// A row that breaks a rule of the schema, or has a column that the schema does not know.
fn misfit(error: Error) -> Error {
    if error.is_temporary() { error } else { archive(error.to_string()) }
}
