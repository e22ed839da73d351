//! Inputs that cannot be encoded fail alone.

use inference::{EncoderInput, Error, ModelFiles, ModelOptions, Role, SentenceEncoder, load_model};
use std::sync::Arc;

use crate::variant::{TEXT, parity_folder, vector};

fn load(checkpoint: &str) -> Arc<dyn SentenceEncoder> {
    let files = ModelFiles::open(&parity_folder(checkpoint)).unwrap();
    load_model(&files, &ModelOptions::default()).unwrap()
}

#[test]
fn a_bad_input_does_not_fail_its_batch() {
    let model = load("bert-mean-f32");
    let of_ids = |token_ids: Vec<u32>| EncoderInput { token_ids };
    let good = model.tokenize(TEXT, Role::Query).unwrap();
    let inputs = [of_ids(vec![]), of_ids(vec![2, 100_000, 3]), good, of_ids(vec![7; 65])];
    let mut results = model.encode(&inputs).unwrap().into_iter();
    assert!(matches!(results.next(), Some(Err(Error::Unencodable))));
    let outside = results.next().unwrap().unwrap_err();
    assert!(outside.to_string().contains("100000"), "{outside}");
    assert_eq!(results.next().unwrap().unwrap().as_slice(), vector(&*model));
    let long = results.next().unwrap().unwrap_err();
    assert!(long.to_string().contains("65 tokens"), "{long}");
    assert!(results.next().is_none());
}

#[test]
fn no_inputs_give_no_vectors() {
    for checkpoint in ["bert-mean-f32", "static-st"] {
        assert!(load(checkpoint).encode(&[]).unwrap().is_empty());
    }
}

#[test]
fn text_without_a_known_token_has_no_direction_in_a_token_table() {
    let model = load("model2vec");
    let inputs = ["\u{1F642}", TEXT, ""].map(|text| model.tokenize(text, Role::Query).unwrap());
    assert!(inputs[0].token_ids.is_empty() && inputs[2].token_ids.is_empty());
    let results = model.encode(&inputs).unwrap();
    assert!(matches!(results[0], Err(Error::Unencodable)));
    assert_eq!(results[1].as_ref().unwrap().as_slice(), vector(&*model));
    assert!(matches!(results[2], Err(Error::Unencodable)));
}

#[test]
fn an_empty_text_has_a_vector_where_special_tokens_are_added() {
    for checkpoint in ["bert-mean-f32", "xlm-roberta-cls", "qwen3-last"] {
        let model = load(checkpoint);
        let input = model.tokenize("", Role::Passage).unwrap();
        assert!(!input.token_ids.is_empty(), "{checkpoint}");
        assert!(model.encode(&[input]).unwrap()[0].is_ok(), "{checkpoint}");
    }
}

#[test]
fn very_long_text_is_truncated() {
    for checkpoint in ["bert-mean-f32", "xlm-roberta-cls", "modernbert-cls", "qwen3-last", "model2vec"] {
        let model = load(checkpoint);
        let input = model.tokenize(&"退货 order ".repeat(2_000), Role::Query).unwrap();
        assert!(input.token_ids.len() <= model.info().max_tokens, "{checkpoint}");
        assert!(model.encode(&[input]).unwrap()[0].is_ok(), "{checkpoint}");
    }
}
