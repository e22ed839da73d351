//! A warm encoder works in room that it keeps: a batch allocates its results, first as they are pooled and then as they are
//! shared, and lists of a few words for each text.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;

use allocation_counter::measure;
use inference::{
    EncoderInput, Error, ModelFiles, ModelOptions, Precision, PrecisionChoice, Role, SentenceEncoder,
    load_model,
};

/// Lists that a batch makes whatever its size: what was checked, what is sound, rows, pooled vectors. A list whose length is
/// not known before grows a few times.
const LISTS: usize = 8;

/// `None` where the processor has no instructions for `precision`.
fn encoder(precision: Precision) -> Option<Arc<dyn SentenceEncoder>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/yingda-encoder");
    let options = ModelOptions { precision: PrecisionChoice::Exactly(precision), ..ModelOptions::default() };
    match load_model(&ModelFiles::open(&folder).unwrap(), &options) {
        Err(Error::InvalidOption { .. }) if precision != Precision::F32 => None,
        loaded => Some(loaded.unwrap()),
    }
}

fn batch(encoder: &dyn SentenceEncoder, texts: usize) -> Vec<EncoderInput> {
    let text = |number: usize| "买的东西几天能送到".repeat(1 + number % 5);
    (0..texts).map(|number| encoder.tokenize(&text(number), Role::Query).unwrap()).collect()
}

#[test]
fn a_warm_encoder_allocates_nothing_but_its_results() {
    for precision in Precision::ALL {
        let Some(encoder) = encoder(precision) else { continue };
        let dimension = encoder.info().dimension;
        let batches = [1, 7, 32].map(|texts| batch(encoder.as_ref(), texts));
        encoder.encode(&batches[2]).unwrap();
        for inputs in &batches {
            let mut results = Vec::new();
            let allocated = measure(|| results = encoder.encode(inputs).unwrap());
            let vectors = 2 * inputs.len() * dimension * size_of::<f32>();
            assert!(results.iter().all(Result::is_ok));
            assert!(allocated.count_total <= (2 * inputs.len() + LISTS) as u64, "{precision}: {allocated:?}");
            assert!(
                allocated.bytes_total <= (vectors + 256 * inputs.len()) as u64,
                "{precision}: {allocated:?}"
            );
        }
    }
}
