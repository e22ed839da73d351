//! The tensors of a model's safetensors files, in single precision on the model's device.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use candle_core::safetensors::Load;
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;

use crate::configuration::{inside, read_json};
use crate::{Error, ModelFiles, Result};

/// Tensors by name. Files in half precision are widened: a processor computes in f32 only, and vectors then do not
/// depend on the device. A clone shares the tensors.
#[derive(Clone)]
pub(crate) struct Weights {
    path: PathBuf,
    device: Device,
    tensors: HashMap<String, Tensor>,
}

/// `model.safetensors.index.json`: which file holds which tensor.
#[derive(Deserialize)]
struct ShardIndex {
    weight_map: BTreeMap<String, String>,
}

impl Weights {
    /// Reads `folder/model.safetensors`, or the files that `folder/model.safetensors.index.json` lists. Tensors that
    /// are not floating point (position numbers in old checkpoints) are left out.
    ///
    /// # Errors
    /// [`Error::ModelFile`] naming the file that is missing or malformed.
    pub(crate) fn read(files: &ModelFiles, folder: &str, device: &Device) -> Result<Self> {
        let single = inside(folder, "model.safetensors");
        let path = files.folder().join(&single);
        let mut weights = Self { path, device: device.clone(), tensors: HashMap::new() };
        for relative in shard_paths(files, folder, &single)? {
            weights.add_file(files, &relative)?;
        }
        Ok(weights)
    }

    /// Gives every tensor the name that `rename` makes of it.
    pub(crate) fn renamed(mut self, rename: impl Fn(&str) -> String) -> Self {
        self.tensors = self.tensors.into_iter().map(|(name, tensor)| (rename(&name), tensor)).collect();
        self
    }

    /// Adds a tensor that the file does not have.
    pub(crate) fn insert(&mut self, name: &str, tensor: Tensor) {
        self.tensors.insert(name.to_owned(), tensor);
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// What a layer normalisation's weight and bias are called: checkpoints converted from TensorFlow say gamma and beta.
    pub(crate) fn layer_norm_names(&self, name: &str) -> [String; 2] {
        [("weight", "gamma"), ("bias", "beta")].map(|(part, older)| {
            let older = format!("{name}.{older}");
            if self.contains(&older) { older } else { format!("{name}.{part}") }
        })
    }

    /// Hands the tensors to `load`.
    ///
    /// # Errors
    /// [`Error::ModelFile`] when `load` misses a tensor or finds another shape than it expects.
    pub(crate) fn build<T>(
        self,
        load: impl FnOnce(VarBuilder<'static>) -> candle_core::Result<T>,
    ) -> Result<T> {
        load(VarBuilder::from_tensors(self.tensors, DType::F32, &self.device))
            .map_err(|error| Error::model_file(&self.path, error.to_string()))
    }

    /// The values of a tensor, row by row.
    ///
    /// # Errors
    /// [`Error::ModelFile`] when it is missing or has another shape.
    pub(crate) fn values(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        self.checked(name, shape)?
            .flatten_all()
            .and_then(|flat| flat.to_vec1())
            .map_err(|error| self.malformed(error.to_string()))
    }

    /// A tensor on the model's device.
    ///
    /// # Errors
    /// [`Error::ModelFile`] when it is missing or has another shape, [`Error::Inference`] when the device has no room.
    pub(crate) fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor> {
        Ok(self.checked(name, shape)?.to_device(&self.device)?)
    }

    fn checked(&self, name: &str, shape: &[usize]) -> Result<&Tensor> {
        let tensor = self.tensors.get(name).ok_or_else(|| self.malformed(format!("{name} is missing")))?;
        if tensor.dims() == shape {
            return Ok(tensor);
        }
        let reason =
            format!("{name} has the shape {:?}, the configuration asks for {shape:?}", tensor.dims());
        Err(self.malformed(reason))
    }

    /// An error that names the weights' file.
    pub(crate) fn malformed(&self, reason: impl Into<String>) -> Error {
        Error::model_file(&self.path, reason)
    }

    fn add_file(&mut self, files: &ModelFiles, relative: &str) -> Result<()> {
        let load = |bytes: &[u8]| {
            tensors_of(bytes, &self.device).map_err(|error| {
                Error::model_file(&files.folder().join(relative), format!("malformed: {error}"))
            })
        };
        self.tensors.extend(files.read_with(relative, load)?);
        Ok(())
    }
}

/// The tensors of floating point in a safetensors file, in single precision, by name.
fn tensors_of(bytes: &[u8], device: &Device) -> candle_core::Result<Vec<(String, Tensor)>> {
    let file = SafeTensors::deserialize(bytes)?;
    let floating = file
        .iter()
        .filter(|(_, view)| matches!(view.dtype(), Dtype::F16 | Dtype::BF16 | Dtype::F32 | Dtype::F64));
    floating.map(|(name, view)| Ok((name.to_owned(), view.load(device)?.to_dtype(DType::F32)?))).collect()
}

/// `name` without `prefix`, for checkpoints saved with or without a task head around the model.
pub(crate) fn without_prefix<'a>(name: &'a str, prefix: &str) -> &'a str {
    name.strip_prefix(prefix).unwrap_or(name)
}

fn shard_paths(files: &ModelFiles, folder: &str, single: &str) -> Result<BTreeSet<String>> {
    let index_path = inside(folder, "model.safetensors.index.json");
    if files.has(single) {
        return Ok(BTreeSet::from([single.to_owned()]));
    }
    if !files.has(&index_path) {
        let reason = "missing; weights in other formats, such as pytorch_model.bin, are not read";
        return Err(Error::model_file(&files.folder().join(single), reason));
    }
    let index: ShardIndex = read_json(files, &index_path)?;
    Ok(index.weight_map.into_values().map(|name| inside(folder, &name)).collect())
}
