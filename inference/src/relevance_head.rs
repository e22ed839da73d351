//! The classifier of a sequence-classification checkpoint: from the first token's hidden state to one logit.
//!
//! BERT's (a pooler, then a linear layer) and XLM-RoBERTa's (a classification head) are the same computation, a linear
//! layer, tanh and a linear layer, under different names.

use candle_core::{Module, Tensor};
use candle_nn::{Linear, linear};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::configuration::ConfigurationFile;
use crate::weights::Weights;
use crate::{Error, Result};

/// Ends the names of transformers' classes with such a classifier.
pub(crate) const CLASS_SUFFIX: &str = "ForSequenceClassification";

/// Where transformers states no number of labels, a classifier has two.
const DEFAULT_LABELS: usize = 2;

/// One logit from a hidden state.
pub(crate) struct RelevanceHead {
    dense: Linear,
    output: Linear,
}

/// Names of the two layers, the trunk's prefix (`bert.`, `roberta.`) removed.
struct LayerNames {
    dense: &'static str,
    output: &'static str,
}

/// The keys of `config.json` that decide the classifier.
#[derive(Deserialize)]
struct ClassifierConfig {
    #[serde(default)]
    architectures: Vec<String>,
    num_labels: Option<usize>,
    id2label: Option<Map<String, Value>>,
}

impl RelevanceHead {
    /// From the weights of the whole model, whose hidden states have `hidden_size` values.
    ///
    /// # Errors
    /// [`Error::UnsupportedModel`] naming the class in `architectures` when its classifier is not computed here, or the
    /// number of labels when it is not 1; [`Error::ModelFile`] naming the weights that are missing or of another shape.
    pub(crate) fn load(config: &ConfigurationFile<'_>, weights: Weights, hidden_size: usize) -> Result<Self> {
        let classifier: ClassifierConfig = config.parse()?;
        let names = classifier.layer_names()?;
        classifier.check_labels()?;
        let weights = weights.renamed(|name| without_trunk(name).to_owned());
        weights.build(|weights| {
            Ok(Self {
                dense: linear(hidden_size, hidden_size, weights.pp(names.dense))?,
                output: linear(hidden_size, 1, weights.pp(names.output))?,
            })
        })
    }

    /// One logit for each of the first tokens' hidden states.
    pub(crate) fn logits(&self, first: Vec<Vec<f32>>) -> candle_core::Result<Vec<f32>> {
        let first = Tensor::new(first, self.dense.weight().device())?;
        self.output.forward(&self.dense.forward(&first)?.tanh()?)?.squeeze(1)?.to_vec1()
    }
}

impl ClassifierConfig {
    fn layer_names(&self) -> Result<LayerNames> {
        let known = self.architectures.iter().find_map(|class| layer_names(class));
        known.ok_or_else(|| {
            let classes = match self.architectures.as_slice() {
                [] => "no architecture in config.json".to_owned(),
                classes => format!("the architecture {}", classes.join(", ")),
            };
            Error::UnsupportedModel(format!(
                "{classes}: a reranker is a BERT, RoBERTa or XLM-RoBERTa with a classifier ({CLASS_SUFFIX})"
            ))
        })
    }

    fn check_labels(&self) -> Result<()> {
        let listed = self.id2label.as_ref().map(Map::len);
        match self.num_labels.or(listed).unwrap_or(DEFAULT_LABELS) {
            1 => Ok(()),
            labels => Err(Error::UnsupportedModel(format!(
                "a classifier of {labels} labels: a reranker has one, the relevance"
            ))),
        }
    }
}

fn layer_names(class: &str) -> Option<LayerNames> {
    match class.strip_suffix(CLASS_SUFFIX)? {
        "Bert" => Some(LayerNames { dense: "pooler.dense", output: "classifier" }),
        "Roberta" | "XLMRoberta" => {
            Some(LayerNames { dense: "classifier.dense", output: "classifier.out_proj" })
        }
        _ => None,
    }
}

fn without_trunk(name: &str) -> &str {
    ["bert.", "roberta."].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}
