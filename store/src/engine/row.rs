//! A row that came back.

use super::{FromValue, Value};
use crate::{Error, Result};

/// The columns of a row, in the order in which the statement names them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row(pub(crate) Vec<Value>);

impl Row {
    /// Reads the columns one after another; the first is what the row is called when it cannot be read.
    pub(crate) fn fields(self, table: &'static str) -> Fields {
        let id = self.0.first().map(name).unwrap_or_default();
        Fields { table, id, column: 0, values: self.0.into_iter() }
    }

    /// The only column.
    pub(crate) fn only<T: FromValue>(self, table: &'static str) -> Result<T> {
        self.fields(table).next()
    }
}

/// The columns that are still to be read.
pub(crate) struct Fields {
    table: &'static str,
    id: String,
    column: usize,
    values: std::vec::IntoIter<Value>,
}

impl Fields {
    /// The next column.
    pub(crate) fn next<T: FromValue>(&mut self) -> Result<T> {
        self.column += 1;
        let value = self.values.next().ok_or_else(|| self.corrupt("is missing"))?;
        let kind = value.kind();
        T::from_value(value).ok_or_else(|| self.corrupt(&format!("holds {kind} that does not belong there")))
    }

    /// The next column, of which `read` makes sense.
    pub(crate) fn next_as<T: FromValue, U>(&mut self, read: impl FnOnce(T) -> Option<U>) -> Result<U> {
        let value = self.next()?;
        read(value).ok_or_else(|| self.corrupt("holds an unknown value"))
    }

    fn corrupt(&self, what: &str) -> Error {
        let reason = format!("column {} {what}", self.column);
        Error::Corrupt { table: self.table, id: self.id.clone(), reason }
    }
}

/// Sixteen bytes are an identifier and print as one.
fn name(value: &Value) -> String {
    match value {
        Value::Null => String::from("without an id"),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Bytes(bytes) | Value::Fenced { bytes, .. } => uuid::Uuid::from_slice(bytes)
            .map_or_else(|_| format!("{} bytes", bytes.len()), |identifier| identifier.to_string()),
    }
}
