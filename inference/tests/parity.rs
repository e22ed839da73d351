//! Vectors agree with sentence-transformers, transformers and Model2Vec to 1e-4 in every value.
//!
//! `tests/parity/<name>/` holds a small model with random weights and the vectors that Python computed with it. So are the
//! shipped encoder, and the real all-MiniLM-L6-v2 where the environment variable `YINGDA_MINILM_DIR` names its folder.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use inference::{
    Embedding, EncoderInput, Error, ModelFiles, ModelOptions, Precision, PrecisionChoice, Role,
    SentenceEncoder, load_model,
};
use serde::Deserialize;

const TOLERANCE: f32 = 1e-4;

#[derive(Deserialize)]
struct Expected {
    cases: Vec<Case>,
    truncate: Option<Truncated>,
    matryoshka: Option<Matryoshka>,
}

#[derive(Deserialize)]
struct Truncated {
    max_tokens: usize,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Matryoshka {
    dimension: usize,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    role: String,
    vector: Vec<f32>,
}

/// A model folder, its expected vectors, and a copy of the folder without prompts: cases of the role `none` are texts
/// that no prompt was put in front of.
struct Checkpoint {
    name: String,
    files: ModelFiles,
    promptless: tempfile::TempDir,
    expected: Expected,
}

/// A checkpoint loaded with certain options.
struct Loaded<'a> {
    name: &'a str,
    model: Arc<dyn SentenceEncoder>,
    promptless: Arc<dyn SentenceEncoder>,
}

impl Checkpoint {
    fn open(folder: &Path) -> Self {
        let expected = fs::read(folder.join("expected.json")).unwrap();
        let files = ModelFiles::open(folder).unwrap();
        let promptless = tempfile::tempdir().unwrap();
        for file in &files.manifest().files {
            let copy = promptless.path().join(&file.path);
            if file.path != "config_sentence_transformers.json" {
                fs::create_dir_all(copy.parent().unwrap()).unwrap();
                fs::copy(folder.join(&file.path), copy).unwrap();
            }
        }
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        Self { name, files, promptless, expected: serde_json::from_slice(&expected).unwrap() }
    }

    fn load(&self, options: &ModelOptions) -> Loaded<'_> {
        let promptless = ModelFiles::unverified(self.promptless.path()).unwrap();
        Loaded {
            name: &self.name,
            model: load_model(&self.files, options).unwrap(),
            promptless: load_model(&promptless, options).unwrap(),
        }
    }
}

impl Loaded<'_> {
    fn tokenize(&self, case: &Case) -> EncoderInput {
        match case.role.as_str() {
            "none" => self.promptless.tokenize(&case.text, Role::Query),
            "query" => self.model.tokenize(&case.text, Role::Query),
            "passage" => self.model.tokenize(&case.text, Role::Passage),
            other => panic!("unknown role {other}"),
        }
        .unwrap()
    }

    /// One by one, then all in one batch that pads the shorter ones.
    fn assert_agrees(&self, cases: &[Case]) {
        assert!(!cases.is_empty(), "{}: no cases", self.name);
        let inputs: Vec<EncoderInput> = cases.iter().map(|case| self.tokenize(case)).collect();
        for (input, case) in inputs.iter().zip(cases) {
            let alone = self.model.encode(std::slice::from_ref(input)).unwrap().remove(0);
            assert_close(&format!("{} alone", self.name), case, alone.unwrap().as_slice());
        }
        let together = self.model.encode(&inputs).unwrap();
        assert_eq!(together.len(), cases.len());
        for (vector, case) in together.into_iter().zip(cases) {
            assert_close(&format!("{} in a batch", self.name), case, vector.unwrap().as_slice());
        }
    }
}

/// All but the cross-encoders, which give no vectors: see `cross_parity.rs`.
fn checkpoints() -> Vec<Checkpoint> {
    let entries = fs::read_dir(parity_folder()).unwrap().map(|entry| entry.unwrap().path());
    let gives_vectors = |path: &PathBuf| path.is_dir() && !path.to_string_lossy().ends_with("-cross");
    let checkpoints: Vec<Checkpoint> =
        entries.filter(gives_vectors).map(|path| Checkpoint::open(&path)).collect();
    assert!(checkpoints.len() >= 10, "only {} model folders", checkpoints.len());
    checkpoints
}

/// This crate's own computation where it has one, and candle's graph.
fn both_computations() -> [ModelOptions; 2] {
    [false, true].map(|reference| ModelOptions { reference, ..ModelOptions::default() })
}

fn checkpoint(name: &str) -> Checkpoint {
    Checkpoint::open(&parity_folder().join(name))
}

fn parity_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity")
}

/// Expected vectors are as the model gives them, which is not always of unit length.
fn assert_close(what: &str, case: &Case, actual: &[f32]) {
    assert_eq!(actual.len(), case.vector.len(), "{what}: dimension");
    let norm = case.vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    let differences =
        actual.iter().zip(&case.vector).map(|(actual, expected)| (actual - expected / norm).abs());
    let worst = differences.fold(0.0, f32::max);
    assert!(worst <= TOLERANCE, "{what}: {:?} ({}) differs by {worst}", case.text, case.role);
}

#[test]
fn vectors_agree_with_python_alone_and_in_a_padded_batch() {
    for checkpoint in checkpoints() {
        for options in both_computations() {
            checkpoint.load(&options).assert_agrees(&checkpoint.expected.cases);
        }
    }
}

#[test]
fn vectors_of_truncated_texts_agree_with_python() {
    for checkpoint in checkpoints() {
        let Some(truncated) = &checkpoint.expected.truncate else { continue };
        let options = ModelOptions { max_tokens: Some(truncated.max_tokens), ..ModelOptions::default() };
        let loaded = checkpoint.load(&options);
        assert_eq!(loaded.model.info().max_tokens, truncated.max_tokens);
        loaded.assert_agrees(&truncated.cases);
    }
}

#[test]
fn shortened_vectors_agree_with_python() {
    let mut checked = 0;
    for checkpoint in checkpoints() {
        let Some(matryoshka) = &checkpoint.expected.matryoshka else { continue };
        let options = ModelOptions { dimension: Some(matryoshka.dimension), ..ModelOptions::default() };
        let loaded = checkpoint.load(&options);
        let fingerprint = format!("{}-d{}", checkpoint.files.manifest().fingerprint, matryoshka.dimension);
        assert_eq!(loaded.model.info().fingerprint, fingerprint);
        loaded.assert_agrees(&matryoshka.cases);
        checked += 1;
    }
    assert!(checked > 0, "no folder with shortened vectors");
}

#[test]
fn a_token_table_is_shortened_like_any_model() {
    for checkpoint in [checkpoint("static-st"), checkpoint("model2vec-weights")] {
        let full = load_model(&checkpoint.files, &ModelOptions::default()).unwrap();
        let options = ModelOptions { dimension: Some(8), ..ModelOptions::default() };
        let short = load_model(&checkpoint.files, &options).unwrap();
        let inputs = [full.tokenize("买的东西几天能送到", Role::Query).unwrap()];
        let expected = full.encode(&inputs).unwrap().remove(0).unwrap().truncated(8).unwrap();
        let actual = short.encode(&inputs).unwrap().remove(0).unwrap();
        assert!(actual.similarity(&expected) > 0.999_999, "{}", checkpoint.name);
    }
}

#[test]
fn all_minilm_l6_v2_agrees_with_python() {
    let Some(folder) = std::env::var_os("YINGDA_MINILM_DIR") else {
        println!("skipped: YINGDA_MINILM_DIR does not name a folder of all-MiniLM-L6-v2");
        return;
    };
    Reference::open("all-minilm-l6-v2").assert_agrees(&ModelFiles::unverified(Path::new(&folder)).unwrap());
}

#[test]
fn the_shipped_encoder_agrees_with_python() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/yingda-encoder");
    Reference::open("yingda-encoder").assert_agrees(&ModelFiles::open(&folder).unwrap());
}

#[test]
fn fewer_bits_keep_the_direction_of_real_sentences() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/yingda-encoder");
    let mut models = vec![("yingda-encoder", ModelFiles::open(&shipped).unwrap())];
    if let Some(folder) = std::env::var_os("YINGDA_MINILM_DIR") {
        models.push(("all-minilm-l6-v2", ModelFiles::unverified(Path::new(&folder)).unwrap()));
    }
    // The least cosine of any sentence, and of all on average.
    let bounds = [(Precision::Bf16, 0.9995, 0.9999), (Precision::Int8, 0.99, 0.995)];
    for ((name, files), (precision, least, mean)) in
        models.iter().flat_map(|model| bounds.iter().map(move |bound| (model, *bound)))
    {
        let Some(cosines) = Reference::open(name).cosines(files, precision) else {
            println!("skipped {name} in {precision}: this processor has no instructions for it");
            continue;
        };
        let lowest = cosines.iter().copied().fold(1.0, f32::min);
        let average = cosines.iter().sum::<f32>() / cosines.len() as f32;
        println!("{name} in {precision}: cosine at least {lowest}, {average} on average");
        assert!(lowest >= least && average >= mean, "{name} in {precision}: {lowest}, {average}");
    }
}

/// Sentences and their vectors in one file, for a model that lies elsewhere.
#[derive(Deserialize)]
struct Reference {
    #[serde(skip)]
    name: String,
    sentences: Vec<String>,
    dimension: usize,
    max_tokens: usize,
    vectors_base64_f32le: String,
}

impl Reference {
    fn open(name: &str) -> Self {
        let content = fs::read(parity_folder().join(name).with_extension("json")).unwrap();
        let reference: Self = serde_json::from_slice(&content).unwrap();
        assert!(reference.sentences.len() >= 30, "{name}: {} sentences", reference.sentences.len());
        Self { name: name.to_owned(), ..reference }
    }

    fn assert_agrees(&self, files: &ModelFiles) {
        for options in both_computations() {
            let model = load_model(files, &options).unwrap();
            assert_eq!(model.info().max_tokens, self.max_tokens);
            Loaded { name: &self.name, promptless: model.clone(), model }.assert_agrees(&self.cases());
        }
    }

    /// Of each sentence's vector with Python's. `None` on a processor without instructions for `precision`.
    fn cosines(&self, files: &ModelFiles, precision: Precision) -> Option<Vec<f32>> {
        let options =
            ModelOptions { precision: PrecisionChoice::Exactly(precision), ..ModelOptions::default() };
        let model = match load_model(files, &options) {
            Ok(model) => model,
            Err(Error::InvalidOption { name: "precision", .. }) => return None,
            Err(error) => panic!("{error}"),
        };
        assert_eq!(model.info().precision, precision);
        assert!(model.info().fingerprint.ends_with(precision.name()));
        let cosine = |case: Case| {
            let input = model.tokenize(&case.text, Role::Query).unwrap();
            let vector = model.encode(&[input]).unwrap().remove(0).unwrap();
            vector.similarity(&Embedding::normalized(case.vector).unwrap())
        };
        Some(self.cases().into_iter().map(cosine).collect())
    }

    fn cases(&self) -> Vec<Case> {
        let bytes = decode_base64(&self.vectors_base64_f32le);
        let values: Vec<f32> = bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        assert_eq!(values.len(), self.sentences.len() * self.dimension);
        let to_case = |(text, vector): (&String, &[f32])| Case {
            text: text.clone(),
            role: "query".to_owned(),
            vector: vector.to_vec(),
        };
        self.sentences.iter().zip(values.chunks_exact(self.dimension)).map(to_case).collect()
    }
}

/// Standard alphabet, padded with `=`.
fn decode_base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text.bytes().filter(|byte| *byte != b'=');
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for digit in digits {
        let value = ALPHABET.iter().position(|letter| *letter == digit).unwrap() as u32;
        held = held << 6 | value;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    bytes
}
