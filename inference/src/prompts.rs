//! The texts that a model was trained to see in front of a question or a passage.

use std::collections::HashMap;

use serde::Deserialize;

use crate::configuration::read_json_or_default;
use crate::{ModelFiles, Result, Role};

const PROMPT_FILE: &str = "config_sentence_transformers.json";

/// One prompt per [`Role`]; empty for models trained without.
#[derive(Debug, Default)]
pub(crate) struct Prompts {
    query: String,
    passage: String,
}

#[derive(Default, Deserialize)]
struct PromptFile {
    #[serde(default)]
    prompts: HashMap<String, Option<String>>,
    #[serde(default)]
    default_prompt_name: Option<String>,
}

impl Prompts {
    /// From `config_sentence_transformers.json`; without that file, no prompts.
    pub(crate) fn read(files: &ModelFiles) -> Result<Self> {
        let file: PromptFile = read_json_or_default(files, PROMPT_FILE)?;
        Ok(Self {
            query: file.first_of(&["query"]),
            passage: file.first_of(&["document", "passage", "corpus"]),
        })
    }

    /// Whether the folder names a prompt, other than an empty one, for texts that ask for none by name.
    pub(crate) fn has_default(files: &ModelFiles) -> Result<bool> {
        let file: PromptFile = read_json_or_default(files, PROMPT_FILE)?;
        Ok(!file.default_prompt().is_empty())
    }

    /// `text` with the prompt of `role` in front.
    pub(crate) fn apply<'a>(&self, text: &'a str, role: Role) -> std::borrow::Cow<'a, str> {
        let prompt = match role {
            Role::Query => &self.query,
            Role::Passage => &self.passage,
        };
        if prompt.is_empty() { text.into() } else { format!("{prompt}{text}").into() }
    }
}

impl PromptFile {
    /// The first of `names` with a text. A name that is listed but empty means "no prompt"; where none is listed, the
    /// default prompt applies. sentence-transformers 5 and later write an empty `document` into every file, also beside
    /// a `passage` prompt that the model needs: hence the first with a text, not the first listed.
    fn first_of(&self, names: &[&str]) -> String {
        let listed: Vec<&str> = names.iter().filter_map(|name| self.prompts.get(*name)?.as_deref()).collect();
        if listed.is_empty() {
            return self.default_prompt();
        }
        listed.into_iter().find(|prompt| !prompt.is_empty()).unwrap_or_default().to_owned()
    }

    fn default_prompt(&self) -> String {
        self.default_prompt_name.as_ref().and_then(|name| self.prompts.get(name)?.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(json: &str) -> (String, String) {
        let file: PromptFile = serde_json::from_str(json).unwrap();
        (file.first_of(&["query"]), file.first_of(&["document", "passage", "corpus"]))
    }

    #[test]
    fn the_prompt_follows_the_role() {
        let pair = |query: &str, passage: &str| (query.to_owned(), passage.to_owned());
        let e5 = r#"{"prompts": {"query": "query: ", "passage": "passage: ", "document": ""}}"#;
        assert_eq!(chosen(e5), pair("query: ", "passage: "));
        assert_eq!(chosen(r#"{"prompts": {"query": "Q:", "document": ""}}"#), pair("Q:", ""));
        assert_eq!(chosen("{}"), pair("", ""));
    }

    #[test]
    fn the_default_prompt_stands_in_for_an_absent_one() {
        let json = r#"{"prompts": {"sts": "S: ", "query": null}, "default_prompt_name": "sts"}"#;
        assert_eq!(chosen(json), ("S: ".to_owned(), "S: ".to_owned()));
    }
}
