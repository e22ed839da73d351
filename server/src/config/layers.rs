//! Sources of settings laid over each other, each value remembering where it was written.

use std::{collections::BTreeMap, ffi::OsString, fmt, path::Path, path::PathBuf};

use toml::{Table, Value};

use super::{
    ConfigError, DEFAULT_FILE,
    expected::{KEYS, expected},
    nearest::nearest,
};

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The compiled-in file.
    Default,
    File(PathBuf),
    /// An environment variable, by name.
    Variable(String),
    /// A command-line option, by name.
    Option(&'static str),
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Setting {
    pub(crate) value: Value,
    pub(crate) origin: Origin,
}

/// A value given on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Override {
    /// The option, as written: `--address`.
    pub(crate) option: &'static str,
    /// `section.key`.
    pub(crate) key: &'static str,
    pub(crate) value: String,
}

/// One setting for every key, each checked.
#[derive(Clone, Debug)]
pub(crate) struct Layers {
    settings: BTreeMap<String, Setting>,
}

/// Read from the working directory when no file is named.
const WORKING_FILE: &str = "yingda.toml";

/// Variables with this prefix are looked at.
const PREFIX: &str = "YINGDA_";

impl Layers {
    /// Everything that applies to this process: the defaults, `file` (else [`WORKING_FILE`] if there is one), the
    /// environment, then `overrides`.
    ///
    /// # Errors
    /// [`ConfigError`] for the first thing that is wrong.
    pub(crate) fn read(file: Option<&Path>, overrides: &[Override]) -> Result<Self, ConfigError> {
        let mut layers = Self::defaults()?;
        let working_file = Path::new(WORKING_FILE);
        if let Some(path) = file.or_else(|| working_file.exists().then_some(working_file)) {
            layers.lay_file(path)?;
        }
        layers.lay_environment(std::env::vars_os())?;
        layers.lay_options(overrides)?;
        Ok(layers)
    }

    /// The compiled-in defaults.
    ///
    /// # Errors
    /// None in a released program: a test reads the same file.
    pub(crate) fn defaults() -> Result<Self, ConfigError> {
        let mut layers = Self { settings: BTreeMap::new() };
        layers.lay_text(DEFAULT_FILE, &Origin::Default, Path::new("yingda.toml"))?;
        Ok(layers)
    }

    /// Lays the operator's file over what is there.
    ///
    /// # Errors
    /// [`ConfigError`] when the file cannot be read, is not TOML, or holds an unknown key or a refused value.
    pub(crate) fn lay_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let unreadable = |error: std::io::Error| ConfigError::Unreadable {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        self.lay_text(text.trim_start_matches('\u{feff}'), &Origin::File(path.to_owned()), path)
    }

    /// Lays `YINGDA_SECTION__KEY` variables over what is there; other variables are passed over. Kubernetes sets
    /// `YINGDA_PORT` and the like for a service called yingda, so a name without `__` is no error, unless it is a
    /// known key written with one underscore.
    ///
    /// # Errors
    /// [`ConfigError`] for an unknown key or a refused value.
    pub(crate) fn lay_environment(
        &mut self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<(), ConfigError> {
        for (name, text) in variables {
            let Some(name) = name.to_str() else { continue };
            let Some(rest) = name.strip_prefix(PREFIX) else { continue };
            let Some((section, key)) = rest.split_once("__") else {
                refuse_single_underscore(name)?;
                continue;
            };
            let key = format!("{section}.{key}").to_lowercase();
            let text = text.to_str().ok_or_else(|| ConfigError::Variable { name: name.to_owned() })?;
            self.lay_words(&key, text, Origin::Variable(name.to_owned()))?;
        }
        Ok(())
    }

    /// Lays options of the command line over what is there.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for a refused value.
    pub(crate) fn lay_options(&mut self, overrides: &[Override]) -> Result<(), ConfigError> {
        overrides.iter().try_for_each(|Override { option, key, value }| {
            self.lay_words(key, value, Origin::Option(option))
        })
    }

    /// Every setting, in the order of the commented file.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (&'static str, &Setting)> {
        KEYS.iter().filter_map(|(key, _)| self.settings.get(*key).map(|setting| (*key, setting)))
    }

    /// Where the value of `key` (`section.key`) was written.
    pub(crate) fn origin(&self, key: &str) -> Option<&Origin> {
        self.settings.get(key).map(|setting| &setting.origin)
    }

    /// The values alone, as tables within a table.
    pub(crate) fn nested(&self) -> Table {
        let mut root = Table::new();
        for (section, key, setting) in self.settings.iter().filter_map(split) {
            let table = root.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(table) = table {
                table.insert(key.to_owned(), setting.value.clone());
            }
        }
        root
    }

    fn lay_text(&mut self, text: &str, origin: &Origin, path: &Path) -> Result<(), ConfigError> {
        let table: Table = toml::from_str(text).map_err(|error| syntax(&error, text, path))?;
        for (section, value) in table {
            let Value::Table(table) = value else {
                // A key outside any section is never known.
                return self.lay(section, value, origin.clone());
            };
            for (key, value) in table {
                self.lay(format!("{section}.{key}"), value, origin.clone())?;
            }
        }
        Ok(())
    }

    fn lay_words(&mut self, key: &str, text: &str, origin: Origin) -> Result<(), ConfigError> {
        let value =
            expected(key).map_or_else(|| Value::String(text.to_owned()), |expected| expected.parse(text));
        self.lay(key.to_owned(), value, origin)
    }

    fn lay(&mut self, key: String, value: Value, origin: Origin) -> Result<(), ConfigError> {
        let Some(expected) = expected(&key) else {
            return Err(ConfigError::UnknownKey { advice: advice(&key), key, origin });
        };
        if !expected.accepts(&value) {
            let value = if expected.may_be_secret() { String::from("…") } else { value.to_string() };
            return Err(ConfigError::Value { key, value, origin, expected: expected.to_string() });
        }
        self.settings.insert(key, Setting { value, origin });
        Ok(())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => write!(formatter, "default"),
            Self::File(path) => write!(formatter, "file {}", path.display()),
            Self::Variable(name) => write!(formatter, "variable {name}"),
            Self::Option(name) => write!(formatter, "option {name}"),
        }
    }
}

fn split<'a>((key, setting): (&'a String, &'a Setting)) -> Option<(&'a str, &'a str, &'a Setting)> {
    key.split_once('.').map(|(section, key)| (section, key, setting))
}

/// The nearest known key; for a key in the wrong section, the same key elsewhere; else the keys of the section.
fn advice(key: &str) -> String {
    let known = || KEYS.iter().map(|(known, _)| *known);
    let last = key.rsplit('.').next().unwrap_or(key);
    let elsewhere = || known().find(|known| known.rsplit('.').next() == Some(last));
    if let Some(known) = nearest(key, known()).or_else(elsewhere) {
        return format!("did you mean {known}?");
    }
    let section = key.split('.').next().unwrap_or(key);
    let keys: Vec<&str> = known().filter(|known| known.split('.').next() == Some(section)).collect();
    match keys.as_slice() {
        [] => sections(),
        keys => format!("the keys of this section are {}", keys.join(", ")),
    }
}

fn sections() -> String {
    let mut names: Vec<&str> = KEYS.iter().filter_map(|(key, _)| key.split('.').next()).collect();
    names.dedup();
    format!("the sections are {}", names.join(", "))
}

fn refuse_single_underscore(name: &str) -> Result<(), ConfigError> {
    let meant = KEYS.iter().map(|(key, _)| *key).find(|key| {
        name.strip_prefix(PREFIX).is_some_and(|rest| rest.eq_ignore_ascii_case(&key.replace('.', "_")))
    });
    match meant {
        None => Ok(()),
        Some(key) => Err(ConfigError::UnknownKey {
            key: name.to_owned(),
            origin: Origin::Variable(name.to_owned()),
            advice: format!("did you mean {PREFIX}{}?", key.replace('.', "__").to_uppercase()),
        }),
    }
}

fn syntax(error: &toml::de::Error, text: &str, path: &Path) -> ConfigError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    ConfigError::Syntax { path: path.to_owned(), line, reason: error.message().to_owned() }
}
