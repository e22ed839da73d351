//! The rows behind the product's back: which key each sealed value and each blind index names.

use std::collections::BTreeSet;

use crate::{engine::Engine, installation::Installation, postgres_server::connect};

/// The columns that hold sealed values or blind indexes, with where the key's eight bytes begin in them.
const SEALED: [(&str, &str, u8); 7] = [
    ("messages", "body", 2),
    ("channel_identities", "external_id", 2),
    ("channel_identities", "identity", 1),
    ("contacts", "profile", 2),
    ("contact_lookups", "value", 1),
    ("conversations", "summary", 2),
    ("settings", "sealed", 2),
];

/// A look at an installation's database.
pub(crate) enum Rows {
    Sqlite(rusqlite::Connection),
    Postgres(tokio_postgres::Client),
}

impl Rows {
    pub(crate) async fn of(installation: &Installation) -> Self {
        match &installation.engine {
            Engine::Sqlite => {
                Self::Sqlite(rusqlite::Connection::open(installation.path("data/yingda.db")).unwrap())
            }
            Engine::Postgres { address, .. } => Self::Postgres(connect(address).await),
        }
    }

    /// The first column of every row, as bytes.
    async fn bytes(&self, sql: &str) -> Vec<Vec<u8>> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare(sql).unwrap();
                statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
            }
            Self::Postgres(client) => {
                client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// The keys of a contact as they are kept, wrapped.
    pub(crate) async fn wrapped_keys_of(&self, contact: &str) -> Vec<Vec<u8>> {
        let id = contact.replace('-', "");
        let id = match self {
            Self::Sqlite(_) => format!("x'{id}'"),
            Self::Postgres(_) => format!("'\\x{id}'"),
        };
        self.bytes(&format!("SELECT wrapped FROM keys WHERE contact_id = {id}")).await
    }

    /// Performs a statement behind the product's back.
    pub(crate) async fn change(&self, sql: &str) {
        match self {
            Self::Sqlite(connection) => connection.execute_batch(sql).unwrap(),
            Self::Postgres(client) => client.batch_execute(sql).await.unwrap(),
        }
    }

    pub(crate) async fn count(&self, sql: &str) -> i64 {
        match self {
            Self::Sqlite(connection) => connection.query_row(sql, [], |row| row.get(0)).unwrap(),
            Self::Postgres(client) => client.query_one(sql, &[]).await.unwrap().get(0),
        }
    }

    /// Keys that wait for what they sealed to be sealed anew.
    pub(crate) async fn retiring(&self) -> i64 {
        self.count("SELECT COUNT(*) FROM keys WHERE state = 'retiring'").await
    }

    /// Every data key that was ever made.
    pub(crate) async fn data_keys(&self) -> i64 {
        self.count("SELECT COUNT(*) FROM keys WHERE kind <> 'index'").await
    }

    /// Whose keys they are: the business, and everybody who ever had one.
    pub(crate) async fn owners(&self) -> i64 {
        self.count("SELECT COUNT(DISTINCT contact_id) FROM keys WHERE kind = 'contact'").await + 1
    }

    /// Replacements of all data keys that reached their end.
    pub(crate) async fn replacements(&self) -> i64 {
        self.count("SELECT COUNT(*) FROM jobs WHERE kind = 'keys.rotate_data' AND state = 'done'").await
    }

    /// The master keys that wrap what is not destroyed.
    pub(crate) async fn masters(&self) -> usize {
        let sql = "SELECT DISTINCT substr(wrapped, 2, 8) FROM keys WHERE state <> 'destroyed'";
        self.bytes(sql).await.len()
    }

    /// Fails unless every value and every index names a current key and nothing of any other key is left.
    pub(crate) async fn assert_nothing_on_an_old_key(&self) {
        assert_eq!(self.retiring().await, 0, "keys are still retiring");
        let secrets = "SELECT COUNT(*) FROM keys WHERE state = 'destroyed' AND (length(wrapped) > 0 OR length(canary) > 0)";
        assert_eq!(self.count(secrets).await, 0, "destroyed keys that are still there");
        let mut compared = 0;
        for (table, column, start) in SEALED {
            let sql = format!(
                "SELECT DISTINCT substr({column}, {start}, 8) FROM {table} WHERE {column} IS NOT NULL"
            );
            let named: BTreeSet<Vec<u8>> = self.bytes(&sql).await.into_iter().collect();
            let current = self.current_keys().await;
            let old: Vec<_> = named.difference(&current).collect();
            assert!(old.is_empty(), "{table}.{column} names {} keys that are not current", old.len());
            compared += named.len();
        }
        assert!(compared > 3, "only {compared} keys are in use");
    }

    /// As their bytes stand in sealed values.
    async fn current_keys(&self) -> BTreeSet<Vec<u8>> {
        let sql = "SELECT id FROM keys WHERE state = 'current'";
        let ids: Vec<i64> = match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare(sql).unwrap();
                statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
            }
            Self::Postgres(client) => {
                client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
            }
        };
        ids.into_iter().map(|id| id.to_be_bytes().to_vec()).collect()
    }
}
