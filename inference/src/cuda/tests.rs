//! The graph on a processor, which has the same operations: against candle-transformers' graphs, which
//! `tests/parity.rs` compares with Python. bf16 is left out: candle has no product of it on a processor.

use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use serde::Deserialize;

use crate::architectures::{Architecture, Computation};
use crate::configuration::ConfigurationFile;
use crate::pooling::Pooling;
use crate::token_batch::{TokenBatch, TokenRow};
use crate::weights::Weights;
use crate::{EncoderInput, ModelFiles, ModelOptions, Precision, Role, load_model};

const BERT_FAMILY: [&str; 6] = [
    "bert-cls-f16",
    "bert-matryoshka",
    "bert-mean-bf16-dense",
    "bert-mean-f32",
    "distilbert-mean",
    "xlm-roberta-cls",
];

/// With and without padding.
const LENGTHS: [&[usize]; 4] = [&[1], &[7, 7, 7], &[3, 11, 1, 8], &[30, 2]];

fn parity_folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity").join(name)
}

fn built(folder: &Path, computation: Computation) -> crate::Result<Architecture> {
    let files = ModelFiles::open(folder).unwrap();
    let config = ConfigurationFile::read(&files, "config.json".to_owned()).unwrap();
    Architecture::computed(&config, Weights::read(&files, "", &Device::Cpu).unwrap(), computation)
}

/// Texts of these lengths in arbitrary tokens, the first few of the vocabulary, which are special, left out.
fn texts(lengths: &[usize], vocabulary: usize) -> Vec<EncoderInput> {
    let token = |number: usize| (10 + number * 7_919 % (vocabulary - 10)) as u32;
    let text = |(text, length): (usize, &usize)| EncoderInput {
        token_ids: (0..*length).map(|place| token(text * 131 + place)).collect(),
    };
    lengths.iter().enumerate().map(text).collect()
}

fn batch(inputs: &[EncoderInput], padding: u32) -> TokenBatch {
    let rows: Vec<TokenRow<'_>> = inputs.iter().map(TokenRow::from).collect();
    TokenBatch::padded(&rows, padding, &Device::Cpu).unwrap()
}

/// The hidden states of each text's tokens, those at padding left out.
fn hidden_states(architecture: &Architecture, inputs: &[EncoderInput]) -> Vec<Vec<f32>> {
    let hidden = architecture.graph().unwrap().hidden_states(&batch(inputs, architecture.padding)).unwrap();
    let of_text = |(text, input): (usize, &EncoderInput)| {
        let states = hidden.get(text).unwrap().narrow(0, 0, input.token_ids.len()).unwrap();
        states.flatten_all().unwrap().to_vec1().unwrap()
    };
    inputs.iter().enumerate().map(of_text).collect()
}

/// The mean of each text's hidden states, `[texts, width]`.
fn means(architecture: &Architecture, inputs: &[EncoderInput]) -> Tensor {
    let batch = batch(inputs, architecture.padding);
    Pooling::Mean.pool(&architecture.graph().unwrap().hidden_states(&batch).unwrap(), &batch).unwrap()
}

/// The smallest cosine between rows of the same number.
fn smallest_cosine(left: &Tensor, right: &Tensor) -> f32 {
    let (left, right): (Vec<Vec<f32>>, Vec<Vec<f32>>) = (left.to_vec2().unwrap(), right.to_vec2().unwrap());
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
    let cosine = |(a, b): (&Vec<f32>, &Vec<f32>)| (dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()) as f32;
    // A NaN, which `min` would pass over, counts as the worst.
    left.iter()
        .zip(&right)
        .map(cosine)
        .map(|cosine| if cosine.is_nan() { -1.0 } else { cosine })
        .fold(1.0, f32::min)
}

#[test]
fn in_single_precision_hidden_states_are_those_of_candles_graphs() {
    for name in BERT_FAMILY {
        let folder = parity_folder(name);
        let ours = built(&folder, Computation::Cuda(Precision::F32)).unwrap();
        let reference = built(&folder, Computation::Candle).unwrap();
        for lengths in LENGTHS {
            let inputs = texts(lengths, ours.vocabulary_size);
            let expected = hidden_states(&reference, &inputs);
            for (actual, expected) in hidden_states(&ours, &inputs).iter().zip(&expected) {
                assert_eq!(actual.len(), expected.len());
                let differences =
                    actual.iter().zip(expected).map(|(actual, expected)| (actual - expected).abs());
                let worst =
                    differences.fold(0.0, |worst: f32, next| if next <= worst { worst } else { next });
                assert!(worst <= 1e-5, "{name} {lengths:?}: differs by {worst}");
            }
        }
    }
}

#[test]
fn in_half_precision_vectors_point_the_same_way() {
    for name in BERT_FAMILY {
        let folder = parity_folder(name);
        let half = built(&folder, Computation::Cuda(Precision::F16)).unwrap();
        let single = built(&folder, Computation::Cuda(Precision::F32)).unwrap();
        for lengths in LENGTHS {
            let inputs = texts(lengths, half.vocabulary_size);
            let cosine = smallest_cosine(&means(&half, &inputs), &means(&single, &inputs));
            assert!(cosine >= 0.999, "{name} {lengths:?}: {cosine}");
        }
    }
}

#[test]
fn in_half_precision_the_shipped_encoder_says_the_same_of_real_sentences() {
    #[derive(Deserialize)]
    struct Reference {
        sentences: Vec<String>,
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/yingda-encoder");
    let tokenizer = load_model(&ModelFiles::open(&folder).unwrap(), &ModelOptions::default()).unwrap();
    let reference = std::fs::read(parity_folder("yingda-encoder.json")).unwrap();
    let reference: Reference = serde_json::from_slice(&reference).unwrap();
    let tokenize = |text: &String| tokenizer.tokenize(text, Role::Query).unwrap();
    // Products in f16 are slow on a processor.
    let inputs: Vec<EncoderInput> = reference.sentences.iter().step_by(4).map(tokenize).collect();
    assert!(inputs.len() >= 8, "{} sentences", inputs.len());

    let half = built(&folder, Computation::Cuda(Precision::F16)).unwrap();
    let single = built(&folder, Computation::Candle).unwrap();
    let cosine = smallest_cosine(&means(&half, &inputs), &means(&single, &inputs));
    assert!(cosine >= 0.999, "{cosine}");
}
