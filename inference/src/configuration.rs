//! Reads the JSON configuration files of a model folder. Called by whoever understands the file; a malformed one is an
//! error that names it.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Error, ModelFiles, Result};

/// A JSON file whose parts are understood by different modules.
pub(crate) struct ConfigurationFile<'a> {
    files: &'a ModelFiles,
    relative: String,
    value: Value,
}

impl<'a> ConfigurationFile<'a> {
    pub(crate) fn read(files: &'a ModelFiles, relative: String) -> Result<Self> {
        let value = read_json(files, &relative)?;
        Ok(Self { files, relative, value })
    }

    /// The text under `key`; `None` when the key is absent or not a text.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.value.get(key).and_then(Value::as_str)
    }

    /// The texts in the list under `key`; none when the key is absent or not a list.
    pub(crate) fn texts(&self, key: &str) -> impl Iterator<Item = &str> {
        self.value.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// The whole file as `T`.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        T::deserialize(&self.value).map_err(|error| self.malformed(error.to_string()))
    }

    /// An error that names this file.
    pub(crate) fn malformed(&self, reason: impl Into<String>) -> Error {
        Error::model_file(&self.files.folder().join(&self.relative), reason)
    }
}

/// `relative` as `T`.
pub(crate) fn read_json<T: DeserializeOwned>(files: &ModelFiles, relative: &str) -> Result<T> {
    let bytes = files.read(relative)?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Error::model_file(&files.folder().join(relative), format!("malformed: {error}")))
}

/// `relative` as `T`, or the default when the folder has no such file.
pub(crate) fn read_json_or_default<T>(files: &ModelFiles, relative: &str) -> Result<T>
where
    T: DeserializeOwned + Default,
{
    if files.has(relative) { read_json(files, relative) } else { Ok(T::default()) }
}

/// `name` inside the module folder `folder`; the empty folder is the model folder itself.
pub(crate) fn inside(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
