//! Labelled sets on disk.
//!
//! Two forms: a folder with `knowledge.jsonl` and `questions.jsonl`, or one authored `.jsonl` file in which each line
//! carries its `type`.

use std::{
    collections::HashSet,
    fs::File,
    io::{BufRead as _, BufReader},
    path::Path,
};

use answer::{FaqEntry, parse_records, read_knowledge};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Error, Result, authored};

/// Which phrasings of an entry are indexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Indexed {
    /// The standard question only.
    Standard,
    /// That, and the first half (rounded down) of the similar questions.
    Half,
    /// All of them. An authored file then has no question left whose answer is known, only out-of-scope ones.
    All,
}

impl Indexed {
    /// How many of `similar` questions are indexed.
    #[must_use]
    pub fn similar(self, similar: usize) -> usize {
        match self {
            Self::Standard => 0,
            Self::Half => similar / 2,
            Self::All => similar,
        }
    }
}

/// A question and what should happen to it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelledQuestion {
    /// As a customer wrote it.
    pub text: String,
    /// The entry that answers it; `None` when a human must take it.
    pub expected: Option<String>,
    /// For people, and `near` or `far` for questions out of scope.
    #[serde(default)]
    pub note: Option<String>,
}

/// Knowledge, and questions about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledSet {
    /// The folder's or file's name without ending.
    pub name: String,
    /// Which phrasings [`entries`](Self::entries) kept.
    pub indexed: Indexed,
    /// What is indexed.
    pub entries: Vec<FaqEntry>,
    /// What is asked.
    pub questions: Vec<LabelledQuestion>,
}

impl LabelledSet {
    /// Loads `path`. Without `indexed` a folder is indexed whole, as it would be served, and an authored file by its
    /// standard questions, since its other phrasings are the questions.
    ///
    /// # Errors
    /// [`Error::File`] and [`Error::NotASet`] for the path, [`Error::Answer`] naming the line of a broken record or
    /// of a question that expects an entry which is not there.
    pub fn load(path: &Path, indexed: Option<Indexed>) -> Result<Self> {
        let set = if path.is_dir() {
            load_folder(path, indexed.unwrap_or(Indexed::All))?
        } else {
            authored::load(path, indexed.unwrap_or(Indexed::Standard))?
        };
        match set.questions.is_empty() {
            true => Err(Error::NotASet {
                path: path.to_owned(),
                reason: "there is no question to ask".to_owned(),
            }),
            false => Ok(set),
        }
    }

    /// The entries alone, with nothing to ask: of a set as in [`load`](Self::load), or of a `knowledge.jsonl`.
    ///
    /// # Errors
    /// [`Error::File`] for the path, [`Error::Answer`] naming the line of a broken record.
    pub fn load_knowledge(path: &Path, indexed: Option<Indexed>) -> Result<Self> {
        if path.is_dir() {
            let set = load_entries(&path.join("knowledge.jsonl"), indexed.unwrap_or(Indexed::All))?;
            Ok(Self { name: name_of(path), ..set })
        } else if is_authored(path)? {
            let set = authored::load(path, indexed.unwrap_or(Indexed::Standard))?;
            Ok(Self { questions: Vec::new(), ..set })
        } else {
            load_entries(path, indexed.unwrap_or(Indexed::All))
        }
    }
}

/// Loads questions that a human must take, in the form of `questions.jsonl`, and notes them all as `far`.
///
/// # Errors
/// [`Error::File`], [`Error::Answer`] naming a broken line, [`Error::NotASet`] for a question that expects an entry.
pub fn load_out_of_scope(path: &Path) -> Result<Vec<LabelledQuestion>> {
    let questions: Vec<LabelledQuestion> = read_lines(path)?;
    match questions.iter().find(|question| question.expected.is_some()) {
        Some(question) => Err(Error::NotASet {
            path: path.to_owned(),
            reason: format!("\"{}\" expects an entry, so it is not out of scope", question.text),
        }),
        None => {
            let far = |question| LabelledQuestion { note: Some("far".to_owned()), ..question };
            Ok(questions.into_iter().map(far).collect())
        }
    }
}

fn load_folder(folder: &Path, indexed: Indexed) -> Result<LabelledSet> {
    let mut set = load_entries(&folder.join("knowledge.jsonl"), indexed)?;
    let questions = folder.join("questions.jsonl");
    set.questions = expecting_known(&questions, read_lines(&questions)?, &set.entries)?;
    Ok(LabelledSet { name: name_of(folder), ..set })
}

fn load_entries(knowledge: &Path, indexed: Indexed) -> Result<LabelledSet> {
    let mut entries = read_knowledge(open(knowledge)?, &knowledge.display().to_string())?;
    for entry in &mut entries {
        entry.similar.truncate(indexed.similar(entry.similar.len()));
    }
    Ok(LabelledSet { name: name_of(knowledge), indexed, entries, questions: Vec::new() })
}

/// Whether the first record carries a `type`, which entries of `knowledge.jsonl` do not have.
fn is_authored(path: &Path) -> Result<bool> {
    for line in open(path)?.lines() {
        // What cannot be read is reported, with its line, by whoever reads the whole file.
        let Ok(line) = line else { return Ok(false) };
        let line = line.trim_start_matches('\u{feff}').trim();
        if !line.is_empty() {
            let record = serde_json::from_str::<serde_json::Value>(line);
            return Ok(record.is_ok_and(|record| record.get("type").is_some()));
        }
    }
    Ok(false)
}

fn expecting_known(
    path: &Path,
    questions: Vec<LabelledQuestion>,
    entries: &[FaqEntry],
) -> Result<Vec<LabelledQuestion>> {
    let ids: HashSet<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    let unknown =
        |question: &&LabelledQuestion| question.expected.as_deref().is_some_and(|id| !ids.contains(id));
    match questions.iter().find(unknown) {
        Some(question) => Err(Error::NotASet {
            path: path.to_owned(),
            reason: format!(
                "\"{}\" expects an entry that is not in the knowledge: {:?}",
                question.text, question.expected
            ),
        }),
        None => Ok(questions),
    }
}

pub(crate) fn read_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    Ok(parse_records(open(path)?, &path.display().to_string())?)
}

fn open(path: &Path) -> Result<BufReader<File>> {
    File::open(path).map(BufReader::new).map_err(|error| Error::file(path, error))
}

pub(crate) fn name_of(path: &Path) -> String {
    // A dot in the name of a folder ends nothing.
    let name = if path.is_dir() { path.file_name() } else { path.file_stem() };
    name.map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
