//! Our side of `make bench-embed`: one model in one process. It reads what to embed from standard input and answers with
//! times on standard output, one JSON object a line each way (`protocol.rs`). `compare.py` drives it beside the same
//! server around ONNX Runtime and sentence-transformers.
//!
//! ```text
//! bench_embed devices                                what this build can compute on
//! bench_embed describe MODEL                         writes the folder's manifest, as an operator does once
//! bench_embed serve MODEL PRECISION DEVICE WORKERS   answers requests until standard input ends
//! ```

mod peak;
mod protocol;
mod stack;
mod workers;

use std::env;
use std::error::Error;
use std::io::{self, BufRead, Write};
use std::path::Path;

use inference::{Manifest, ModelFiles, ModelOptions};

use protocol::{Reply, Request};
use stack::Stack;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Vectors of all-MiniLM-L6-v2.
const DIMENSION: usize = 384;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["devices"] => send(&devices()),
        ["describe", model] => describe(Path::new(model)),
        ["serve", model, precision, device, workers] => {
            let options = options(precision, device)?;
            serve(&Stack::load(&files(Path::new(model))?, &options, workers.parse()?)?)
        }
        _ => Err("usage: bench_embed devices | describe MODEL | serve MODEL PRECISION DEVICE WORKERS".into()),
    }
}

/// Names of the devices that this build supports; whether the machine has them shows when a model is loaded.
fn devices() -> Vec<&'static str> {
    let mut devices = vec!["cpu"];
    devices.extend(cfg!(feature = "cuda").then_some("cuda"));
    devices
}

fn describe(model: &Path) -> Outcome<()> {
    Ok(Manifest::create(model, "all-MiniLM-L6-v2", DIMENSION, "Apache-2.0")?.write(model)?)
}

fn files(model: &Path) -> Outcome<ModelFiles> {
    let described = model.join("manifest.json").is_file();
    Ok(if described { ModelFiles::open(model)? } else { ModelFiles::unverified(model)? })
}

/// `candle` is candle's own graph, in single precision.
fn options(precision: &str, device: &str) -> Outcome<ModelOptions> {
    let options = ModelOptions { device: device.parse()?, ..ModelOptions::default() };
    match precision {
        "candle" => Ok(ModelOptions { reference: true, ..options }),
        own => Ok(ModelOptions { precision: own.parse()?, ..options }),
    }
}

/// The first line says that the first sentence has been embedded.
fn serve(stack: &Stack) -> Outcome<()> {
    stack.single(&["Where is my parcel?".to_owned()])?;
    send(&"ready")?;
    for line in io::stdin().lock().lines() {
        send(&answer(stack, serde_json::from_str(&line?)?)?)?;
    }
    Ok(())
}

fn answer(stack: &Stack, request: Request) -> Outcome<Reply> {
    Ok(match request {
        Request::Single { texts } => Reply::Single { seconds: stack.single(&texts)? },
        Request::Queued { texts } => Reply::Single { seconds: stack.queued(&texts)? },
        Request::Batch { texts, size } => stack.batches(&texts, size)?,
        Request::Tokenize { texts } => Reply::Tokenize { seconds: stack.tokenize(&texts)? },
        Request::Peak => Reply::Peak { operations_per_second: stack.peak() },
    })
}

fn send(message: &impl serde::Serialize) -> Outcome<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, message)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}
