//! A copy of a parity checkpoint that a test changes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use inference::{ModelFiles, ModelOptions, Result, Role, SentenceEncoder, load_model};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use serde_json::Value;

pub(crate) const TEXT: &str = "我的 order 还没有 refund，why";

/// Deleted with the value.
pub(crate) struct Variant(tempfile::TempDir);

impl Variant {
    pub(crate) fn of(checkpoint: &str) -> Self {
        let source = parity_folder(checkpoint);
        let folder = tempfile::tempdir().unwrap();
        for file in &ModelFiles::open(&source).unwrap().manifest().files {
            let copy = folder.path().join(&file.path);
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(source.join(&file.path), copy).unwrap();
        }
        Self(folder)
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.0.path().join(relative)
    }

    pub(crate) fn remove(self, relative: &str) -> Self {
        fs::remove_file(self.path(relative)).unwrap();
        self
    }

    pub(crate) fn write(self, relative: &str, contents: impl AsRef<[u8]>) -> Self {
        fs::create_dir_all(self.path(relative).parent().unwrap()).unwrap();
        fs::write(self.path(relative), contents).unwrap();
        self
    }

    /// Sets keys of a JSON file; keys that are `null` are removed.
    pub(crate) fn set(self, relative: &str, changes: Value) -> Self {
        let mut json = self.json(relative);
        let Value::Object(changes) = changes else { panic!("not an object: {changes}") };
        json.as_object_mut().unwrap().extend(changes);
        json.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self.write(relative, json.to_string())
    }

    pub(crate) fn json(&self, relative: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(relative)).unwrap()).unwrap()
    }

    /// Writes `model.safetensors` anew with the tensors that `rename` gives a name.
    pub(crate) fn rename_tensors(self, rename: impl Fn(&str) -> Option<String>) -> Self {
        let bytes = self.tensors_in(rename);
        self.write("model.safetensors", bytes)
    }

    /// A safetensors file with those tensors of `model.safetensors` that `rename` gives a name.
    pub(crate) fn tensors_in(&self, rename: impl Fn(&str) -> Option<String>) -> Vec<u8> {
        let bytes = fs::read(self.path("model.safetensors")).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let named = file.iter().filter_map(|(name, view)| Some((rename(name)?, view)));
        let tensors: BTreeMap<String, TensorView<'_>> = named.collect();
        safetensors::serialize(tensors, None).unwrap()
    }

    pub(crate) fn load(&self) -> Result<Arc<dyn SentenceEncoder>> {
        load_model(&ModelFiles::unverified(self.0.path())?, &ModelOptions::default())
    }

    pub(crate) fn assert_same_vector_as(&self, checkpoint: &str) {
        let files = ModelFiles::open(&parity_folder(checkpoint)).unwrap();
        let expected = vector(&*load_model(&files, &ModelOptions::default()).unwrap());
        let actual = vector(&*self.load().unwrap());
        let differences = expected.iter().zip(&actual).map(|(expected, actual)| (expected - actual).abs());
        assert_eq!(expected.len(), actual.len());
        assert!(differences.fold(0.0, f32::max) < 1e-6, "{checkpoint}: {expected:?} {actual:?}");
    }
}

pub(crate) fn parity_folder(checkpoint: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity").join(checkpoint)
}

pub(crate) fn vector(model: &dyn SentenceEncoder) -> Vec<f32> {
    let input = model.tokenize(TEXT, Role::Query).unwrap();
    model.encode(&[input]).unwrap().remove(0).unwrap().as_slice().to_vec()
}
