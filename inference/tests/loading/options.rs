//! Options out of range.

use inference::{DeviceChoice, Error, ModelFiles, ModelOptions, Precision, PrecisionChoice, load_model};

use crate::variant::parity_folder;

fn refused_option(checkpoint: &str, options: &ModelOptions) -> (&'static str, String) {
    let files = ModelFiles::open(&parity_folder(checkpoint)).unwrap();
    match load_model(&files, options).map(|_| ()) {
        Err(Error::InvalidOption { name, reason }) => (name, reason),
        other => panic!("{options:?}: {other:?}"),
    }
}

#[test]
fn a_dimension_that_the_model_does_not_have_is_refused() {
    for checkpoint in ["bert-mean-f32", "static-st"] {
        for dimension in [0, 33] {
            let options = ModelOptions { dimension: Some(dimension), ..ModelOptions::default() };
            let (name, reason) = refused_option(checkpoint, &options);
            assert!(name == "dimension" && reason.contains("32"), "{reason}");
        }
    }
}

#[test]
fn a_length_that_the_model_does_not_have_is_refused() {
    let refused = [("bert-mean-f32", 65), ("bert-mean-f32", 2), ("qwen3-last", 1), ("static-st", 0)];
    for (checkpoint, max_tokens) in refused {
        let options = ModelOptions { max_tokens: Some(max_tokens), ..ModelOptions::default() };
        assert_eq!(refused_option(checkpoint, &options).0, "max_tokens");
    }
}

#[test]
fn the_full_dimension_keeps_the_fingerprint() {
    let files = ModelFiles::open(&parity_folder("bert-mean-f32")).unwrap();
    let options = ModelOptions { dimension: Some(32), ..ModelOptions::default() };
    let model = load_model(&files, &options).unwrap();
    assert_eq!(model.info().fingerprint, files.manifest().fingerprint);
    assert_eq!((model.info().dimension, model.info().device.as_str()), (32, "cpu"));
}

#[test]
fn a_precision_is_computed_or_refused_by_name_and_auto_takes_one_that_is_computed() {
    let files = ModelFiles::open(&parity_folder("bert-mean-f32")).unwrap();
    let load = |precision| load_model(&files, &ModelOptions { precision, ..ModelOptions::default() });
    let mut computed = Vec::new();
    for precision in Precision::ALL {
        match load(PrecisionChoice::Exactly(precision)) {
            Ok(model) => {
                assert_eq!(model.info().precision, precision);
                computed.push(precision);
            }
            Err(Error::InvalidOption { name: "precision", reason }) => {
                assert!(reason.contains(precision.name()), "{reason}");
            }
            Err(error) => panic!("{precision}: {error}"),
        }
    }
    assert!(computed.contains(&Precision::F32) && !computed.contains(&Precision::F16), "{computed:?}");
    let fastest = if computed.contains(&Precision::Int8) { Precision::Int8 } else { Precision::F32 };
    assert_eq!(load(PrecisionChoice::Fastest).unwrap().info().precision, fastest);
    if cfg!(target_arch = "aarch64") {
        assert_eq!(computed, [Precision::F32]);
    }
}

#[test]
fn a_token_table_is_not_taken_to_another_device_in_silence() {
    let options = ModelOptions { device: DeviceChoice::Cuda(0), ..ModelOptions::default() };
    assert_eq!(refused_option("static-st", &options).0, "device");
}

#[cfg(not(feature = "cuda"))]
#[test]
fn an_absent_device_is_an_error() {
    let files = ModelFiles::open(&parity_folder("bert-mean-f32")).unwrap();
    let options = ModelOptions { device: DeviceChoice::Cuda(0), ..ModelOptions::default() };
    let error = load_model(&files, &options).map(|_| ()).unwrap_err();
    assert!(matches!(&error, Error::DeviceUnavailable { device, .. } if device == "cuda:0"), "{error}");
}
