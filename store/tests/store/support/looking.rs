//! Looking at a database without the store.

use store::Location;

use super::{
    Database,
    dump::{columns, dump},
    postgres_server::connect,
};

/// A read that goes on until this is dropped.
pub(crate) struct Reading {
    _connection: Box<dyn std::any::Any + Send>,
}

impl Database {
    /// Every column of every table, with its table.
    pub(crate) async fn columns(&self) -> Vec<(String, String)> {
        columns(&self.location).await
    }

    /// Every row of every table as text, with its table, in no particular order.
    pub(crate) async fn dump(&self) -> Vec<(String, String)> {
        dump(&self.location).await
    }

    /// Somebody in the middle of reading `table`, who sees the state of now until dropped.
    pub(crate) async fn reading(&self, table: &str) -> Reading {
        let look = format!("SELECT COUNT(*) FROM {table}");
        match &self.location {
            Location::File(path) => {
                let connection = rusqlite::Connection::open(path).unwrap();
                connection.execute_batch(&format!("BEGIN; {look}")).unwrap();
                Reading { _connection: Box::new(connection) }
            }
            Location::Server(address) => {
                let client = connect(address).await;
                let begin = format!("BEGIN ISOLATION LEVEL REPEATABLE READ; {look}");
                client.batch_execute(&begin).await.unwrap();
                Reading { _connection: Box::new(client) }
            }
        }
    }

    /// Bytes as they are written in a statement.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> String {
        let hexadecimal: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match &self.location {
            Location::File(_) => format!("x'{hexadecimal}'"),
            Location::Server(_) => format!("'\\x{hexadecimal}'"),
        }
    }

    /// The bytes of the file in which the server keeps a table.
    pub(crate) async fn file_of(&self, table: &str) -> Vec<u8> {
        let Location::Server(address) = &self.location else { panic!("a file holds every table") };
        let client = connect(address).await;
        // What is in the server's memory only would not be found.
        client.batch_execute("CHECKPOINT").await.unwrap();
        let sql =
            format!("SELECT current_setting('data_directory') || '/' || pg_relation_filepath('{table}')");
        let path: String = client.query_one(&sql, &[]).await.unwrap().get(0);
        std::fs::read(path).unwrap()
    }
}
