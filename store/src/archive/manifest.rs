//! What an archive says of itself.

use serde::{Deserialize, Serialize};

/// What stands at the beginning of an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchiveHeader {
    /// The schema that the rows have.
    pub schema_version: i64,
    /// When it was begun, in milliseconds since 1970.
    pub created_at: i64,
    /// The version of the program that wrote it.
    pub program: String,
}

/// What stands at the end of an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// As at the beginning.
    pub header: ArchiveHeader,
    /// Every table, in the order of the archive.
    pub tables: Vec<TableSummary>,
    /// The last entry of the audit log; 0 without entries.
    pub audit_sequence: i64,
    /// Its hash as 64 hexadecimal digits.
    pub audit_hash: String,
    /// The ids of the master keys that the stored keys need, as 16 hexadecimal digits each.
    pub master_keys: Vec<String>,
}

/// What an archive holds of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSummary {
    /// The table's name.
    pub name: String,
    /// How many rows.
    pub rows: u64,
    /// SHA-256 of the rows as they stand in the archive, as hexadecimal digits.
    pub sha256: String,
}

impl Manifest {
    /// Whether both are of the same rows, whenever they were written.
    #[must_use]
    pub fn is_of_same_rows(&self, other: &Self) -> bool {
        let rows = |manifest: &Self| {
            let Self { header: _, tables, audit_sequence, audit_hash, master_keys } = manifest.clone();
            (tables, audit_sequence, audit_hash, master_keys)
        };
        rows(self) == rows(other)
    }

    /// All rows of all tables.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }
}
