//! The authored form: one file, one JSON object a line, each with its `type`.

use std::path::Path;

use answer::FaqEntry;
use serde::Deserialize;

use crate::{
    Indexed, LabelledQuestion, LabelledSet, Result,
    dataset::{name_of, read_lines},
};

/// A line. Fields that are not listed (translations) are of no use here.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line {
    Faq {
        id: String,
        #[serde(default)]
        category: Option<String>,
        question: String,
        #[serde(default)]
        answer: String,
        #[serde(default)]
        similar: Vec<String>,
    },
    NearOos {
        text: String,
    },
    FarOos {
        text: String,
    },
    /// Needs the turns before it, which a single question does not have.
    Dialogue {},
}

/// The similar questions that `indexed` leaves out are asked, and all out-of-scope lines.
pub(crate) fn load(path: &Path, indexed: Indexed) -> Result<LabelledSet> {
    let mut set = LabelledSet { name: name_of(path), indexed, entries: Vec::new(), questions: Vec::new() };
    for line in read_lines(path)? {
        match line {
            Line::Faq { id, category, question, answer, mut similar } => {
                let asked = similar.split_off(indexed.similar(similar.len()));
                set.questions.extend(asked.into_iter().map(|text| in_scope(text, &id)));
                set.entries.push(FaqEntry {
                    category,
                    answers: vec![answer],
                    similar,
                    ..FaqEntry::new(id, question)
                });
            }
            Line::NearOos { text } => set.questions.push(out_of_scope(text, "near")),
            Line::FarOos { text } => set.questions.push(out_of_scope(text, "far")),
            Line::Dialogue {} => {}
        }
    }
    Ok(set)
}

fn in_scope(text: String, id: &str) -> LabelledQuestion {
    LabelledQuestion { text, expected: Some(id.to_owned()), note: None }
}

fn out_of_scope(text: String, note: &str) -> LabelledQuestion {
    LabelledQuestion { text, expected: None, note: Some(note.to_owned()) }
}
