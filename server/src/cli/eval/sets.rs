//! The labelled sets that a verb works on, and how they are asked.

use std::path::PathBuf;

use ::eval::{Error, Indexed, LabelledSet, Retrieval, load_out_of_scope};
use clap::{Args, ValueEnum};

#[derive(Args)]
pub(super) struct SetArguments {
    /// Folders with knowledge.jsonl and questions.jsonl, or authored .jsonl files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Phrasings indexed per entry: the standard question, that and the first half of the similar ones, or all.
    /// Without it all of a folder, and the standard question of an authored file, whose other phrasings are asked
    #[arg(long, value_name = "PHRASINGS", value_enum)]
    index: Option<IndexArgument>,
    /// More questions that a human must take, for every set: lines as in questions.jsonl, all noted "far"
    #[arg(long, value_name = "FILE")]
    out_of_scope: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum IndexArgument {
    Standard,
    Half,
    All,
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub(super) enum RetrievalArgument {
    #[default]
    Hybrid,
    Dense,
    Lexical,
}

impl SetArguments {
    /// Every set, in the order given.
    ///
    /// # Errors
    /// As in [`LabelledSet::load`] and [`load_out_of_scope`]; [`Error::NotASet`] for two of one name, which a report could not
    /// tell apart.
    pub(super) fn load(&self) -> ::eval::Result<Vec<LabelledSet>> {
        let indexed = self.index.map(Indexed::from);
        let mut sets: Vec<LabelledSet> =
            self.paths.iter().map(|path| LabelledSet::load(path, indexed)).collect::<Result<_, _>>()?;
        for (position, set) in sets.iter().enumerate() {
            if sets[..position].iter().any(|other| other.name == set.name) {
                let reason = format!("another set is called {} too: rename one of them", set.name);
                return Err(Error::NotASet { path: self.paths[position].clone(), reason });
            }
        }
        if let Some(path) = &self.out_of_scope {
            let questions = load_out_of_scope(path)?;
            sets.iter_mut().for_each(|set| set.questions.extend_from_slice(&questions));
        }
        Ok(sets)
    }
}

impl From<IndexArgument> for Indexed {
    fn from(argument: IndexArgument) -> Self {
        match argument {
            IndexArgument::Standard => Self::Standard,
            IndexArgument::Half => Self::Half,
            IndexArgument::All => Self::All,
        }
    }
}

impl From<RetrievalArgument> for Retrieval {
    fn from(argument: RetrievalArgument) -> Self {
        match argument {
            RetrievalArgument::Hybrid => Self::Hybrid,
            RetrievalArgument::Dense => Self::Dense,
            RetrievalArgument::Lexical => Self::Lexical,
        }
    }
}
