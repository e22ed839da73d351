//! Every row of a database, whatever its tables are.

use store::Location;

use super::postgres_server::connect;

/// Rows of a table as text, whatever their columns are.
const EVERY_ROW: &str = "SELECT row_to_json(found)::text FROM ";

const COLUMNS: &str = "SELECT table_name::text, column_name::text FROM information_schema.columns \
                       WHERE table_schema = 'public' ORDER BY 1, 2";

/// Every column of every table, with its table.
pub(crate) async fn columns(location: &Location) -> Vec<(String, String)> {
    match location {
        Location::File(path) => {
            let connection = rusqlite::Connection::open(path).unwrap();
            let sql = "SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p \
                       WHERE m.type = 'table' ORDER BY 1, 2";
            let mut statement = connection.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            rows.map(Result::unwrap).collect()
        }
        Location::Server(address) => {
            let rows = connect(address).await.query(COLUMNS, &[]).await.unwrap();
            rows.iter().map(|row| (row.get(0), row.get(1))).collect()
        }
    }
}

/// Every row of every table as text, with its table, in no particular order.
pub(crate) async fn dump(location: &Location) -> Vec<(String, String)> {
    let mut tables: Vec<String> = columns(location).await.into_iter().map(|(table, _)| table).collect();
    tables.dedup();
    let mut dump = Vec::new();
    for table in tables {
        let rows = match location {
            Location::File(path) => rows_of_file(path, &table),
            Location::Server(address) => {
                let sql = format!("{EVERY_ROW}{table} found");
                let rows = connect(address).await.query(&sql, &[]).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
        };
        dump.extend(rows.into_iter().map(|row| (table.clone(), row)));
    }
    dump
}

fn rows_of_file(path: &std::path::Path, table: &str) -> Vec<String> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let columns = statement.column_count();
    let row = |row: &rusqlite::Row<'_>| {
        let values = (0..columns).map(|column| row.get::<_, rusqlite::types::Value>(column).unwrap());
        Ok(values.map(|value| shown(&value)).collect::<Vec<_>>().join("|"))
    };
    let rows = statement.query_map([], row).unwrap();
    rows.map(Result::unwrap).collect()
}

fn shown(value: &rusqlite::types::Value) -> String {
    match value {
        rusqlite::types::Value::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        rusqlite::types::Value::Text(text) => text.clone(),
        rusqlite::types::Value::Null => String::from("null"),
        rusqlite::types::Value::Integer(number) => number.to_string(),
        rusqlite::types::Value::Real(number) => format!("{number:?}"),
    }
}
