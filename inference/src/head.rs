//! The modules behind pooling: linear layers with an activation, and scaling to unit length.

use candle_core::{D, Device, Module, Tensor};
use candle_nn::{Activation, Linear, linear_b};
use serde::Deserialize;

use crate::configuration::{ConfigurationFile, inside};
use crate::layout::HeadModule;
use crate::weights::Weights;
use crate::{Error, ModelFiles, Result};

/// Applied in order to `[batch, features]`.
pub(crate) struct Head {
    steps: Vec<Step>,
    dimension: usize,
    device: Device,
}

enum Step {
    Dense { linear: Linear, activation: DenseActivation },
    Normalize,
}

#[derive(Clone, Copy)]
enum DenseActivation {
    Identity,
    Tanh,
    Other(Activation),
}

#[derive(Deserialize)]
struct DenseConfig {
    in_features: usize,
    out_features: usize,
    #[serde(default = "yes")]
    bias: bool,
    activation_function: Option<String>,
    #[serde(default)]
    use_residual: bool,
    module_input_name: Option<String>,
}

fn yes() -> bool {
    true
}

impl Head {
    /// `features` is what pooling gives.
    ///
    /// # Errors
    /// [`Error::UnsupportedModel`] naming an activation or option that is not computed here, [`Error::ModelFile`] for
    /// malformed files.
    pub(crate) fn load(
        files: &ModelFiles,
        modules: &[HeadModule],
        features: usize,
        device: &Device,
    ) -> Result<Self> {
        let mut head = Self { steps: Vec::new(), dimension: features, device: device.clone() };
        for module in modules {
            match module {
                HeadModule::Normalize => head.steps.push(Step::Normalize),
                HeadModule::Dense { folder } => head.add_dense(files, folder)?,
            }
        }
        // Every vector leaves this crate with unit length.
        head.steps.pop_if(|last| matches!(last, Step::Normalize));
        Ok(head)
    }

    /// Values per vector.
    pub(crate) fn dimension(&self) -> usize {
        self.dimension
    }

    /// `[batch, features]` to `[batch, dimension]`; at least one.
    pub(crate) fn forward(&self, pooled: Vec<Vec<f32>>) -> candle_core::Result<Vec<Vec<f32>>> {
        if self.steps.is_empty() {
            return Ok(pooled);
        }
        let pooled = Tensor::new(pooled, &self.device)?;
        self.steps.iter().try_fold(pooled, |vectors, step| step.forward(&vectors))?.to_vec2()
    }

    fn add_dense(&mut self, files: &ModelFiles, folder: &str) -> Result<()> {
        let file = ConfigurationFile::read(files, inside(folder, "config.json"))?;
        let config: DenseConfig = file.parse()?;
        if config.in_features != self.dimension {
            let reason = format!("in_features is {}, {} come in", config.in_features, self.dimension);
            return Err(file.malformed(reason));
        }
        let activation = config.activation()?;
        let linear = Weights::read(files, folder, &self.device)?.build(|weights| {
            linear_b(config.in_features, config.out_features, config.bias, weights.pp("linear"))
        })?;
        self.dimension = config.out_features;
        self.steps.push(Step::Dense { linear, activation });
        Ok(())
    }
}

impl Step {
    fn forward(&self, vectors: &Tensor) -> candle_core::Result<Tensor> {
        match self {
            Self::Dense { linear, activation } => activation.forward(&linear.forward(vectors)?),
            Self::Normalize => {
                // The same floor as torch.nn.functional.normalize.
                let norms = vectors.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?.maximum(1e-12)?;
                vectors.broadcast_div(&norms)
            }
        }
    }
}

impl DenseActivation {
    fn forward(self, values: &Tensor) -> candle_core::Result<Tensor> {
        match self {
            Self::Identity => Ok(values.clone()),
            Self::Tanh => values.tanh(),
            Self::Other(activation) => activation.forward(values),
        }
    }
}

impl DenseConfig {
    /// The class without its Python module; sentence-transformers' default is Tanh.
    fn activation(&self) -> Result<DenseActivation> {
        if self.use_residual {
            return Err(Error::UnsupportedModel("a Dense module with a residual".to_owned()));
        }
        if self.module_input_name.as_deref().is_some_and(|name| name != "sentence_embedding") {
            return Err(Error::UnsupportedModel("a Dense module over single tokens".to_owned()));
        }
        let class = self.activation_function.as_deref().unwrap_or("Tanh");
        match class.rsplit('.').next().unwrap_or_default() {
            "Identity" => Ok(DenseActivation::Identity),
            "Tanh" => Ok(DenseActivation::Tanh),
            "ReLU" => Ok(DenseActivation::Other(Activation::Relu)),
            "GELU" => Ok(DenseActivation::Other(Activation::Gelu)),
            "SiLU" => Ok(DenseActivation::Other(Activation::Silu)),
            "Sigmoid" => Ok(DenseActivation::Other(Activation::Sigmoid)),
            _ => Err(Error::UnsupportedModel(format!("the activation {class}"))),
        }
    }
}
