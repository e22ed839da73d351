//! How fast a text becomes a vector, beside what this machine's matrix product reaches in the same run.
//!
//! `cargo bench -p inference --bench embed` measures the shipped models, and all-MiniLM-L6-v2 when `YINGDA_MINILM_DIR`
//! names its folder; transformers with this crate's own computation in each precision and with candle's graph. "single" goes through the
//! whole [`Embedder`] (queue, worker thread, reply; cache off), "batch 32" calls the encoder. Tokenizing is included in
//! both. GFLOP/s counts the linear layers of real tokens only, so padding lowers it.

use std::env;
use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use candle_core::{Device, Tensor};
use inference::{
    Embedder, EmbedderOptions, Manifest, ModelFiles, ModelOptions, Precision, PrecisionChoice, Role,
    SentenceEncoder, load_model,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Each figure is taken over at least this long.
const MEASURED: Duration = Duration::from_secs(3);
const BATCH: usize = 32;
const GEMM_SIZE: usize = 1_024;

/// Customers' questions, 5 to 25 tokens long in most tokenizers.
const QUESTIONS: [&str; 16] = [
    "How long does delivery take?",
    "I was charged twice for the same order, how do I get my money back?",
    "Can I change the address after I have paid?",
    "My card was declined, what now?",
    "Where is my parcel?",
    "Do you ship to Canada, and what does it cost for two kilograms?",
    "The zip on the jacket broke after one week. Can I exchange it?",
    "How do I close my account?",
    "买的东西几天能送到",
    "退货的运费谁出",
    "发票什么时候可以开，抬头填错了能改吗",
    "优惠券为什么用不了",
    "付款之后还能修改收货地址吗",
    "怎么联系人工客服",
    "商品和图片上的颜色不一样，我想换一件",
    "会员积分怎么兑换",
];

struct Figures {
    p50: Duration,
    p99: Duration,
    sentences_per_second: f64,
    /// Of linear layers; `None` for a model that has none.
    gflop_per_second: Option<f64>,
}

fn main() -> Outcome<()> {
    // `cargo test --all-targets` runs this too, without the flag.
    if !env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    let peak = gemm_gflop_per_second()?;
    writeln!(out, "f32 product {GEMM_SIZE}³ on this machine: {peak:.0} GFLOP/s\n")?;
    writeln!(
        out,
        "{:<24} {:>13} {:>13} {:>12} {:>9} {:>9}",
        "model", "single p50 µs", "single p99 µs", "batch 32 /s", "GFLOP/s", "% of peak"
    )?;
    let shipped = |name: &str| Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../models").join(name));
    let exact = [("", ModelOptions::default())];
    measure_folder(&mut out, "yingda-static", shipped("yingda-static"), &exact, peak)?;
    let minilm = env::var_os("YINGDA_MINILM_DIR").map(PathBuf::from);
    for (name, folder) in [("yingda-encoder", shipped("yingda-encoder")), ("all-MiniLM-L6-v2", minilm)] {
        measure_folder(&mut out, name, folder, &computations(), peak)?;
    }
    Ok(())
}

/// Each precision, and candle's graph.
fn computations() -> Vec<(&'static str, ModelOptions)> {
    let own = Precision::ALL.map(|precision| {
        let precision_choice = PrecisionChoice::Exactly(precision);
        (precision.name(), ModelOptions { precision: precision_choice, ..ModelOptions::default() })
    });
    let candle = ("candle", ModelOptions { reference: true, ..ModelOptions::default() });
    own.into_iter().chain([candle]).collect()
}

fn measure_folder(
    out: &mut impl Write,
    name: &str,
    folder: Option<PathBuf>,
    computations: &[(&str, ModelOptions)],
    peak: f64,
) -> Outcome<()> {
    let Some(folder) = folder.filter(|folder| folder.is_dir()) else {
        writeln!(out, "{name:<24} skipped: its folder is not there")?;
        return Ok(());
    };
    for (computation, options) in computations {
        let name = format!("{name} {computation}");
        let figures = match measure(&folder, options) {
            Ok(figures) => figures,
            Err(error) => {
                writeln!(out, "{name:<24} skipped: {error}")?;
                continue;
            }
        };
        let (rate, share) = figures.gflop_per_second.map_or(("-".to_owned(), "-".to_owned()), |rate| {
            (format!("{rate:.1}"), format!("{:.0}", 100.0 * rate / peak))
        });
        writeln!(
            out,
            "{name:<24} {:>13.1} {:>13.1} {:>12.0} {rate:>9} {share:>9}",
            figures.p50.as_secs_f64() * 1e6,
            figures.p99.as_secs_f64() * 1e6,
            figures.sentences_per_second,
        )?;
    }
    Ok(())
}

fn measure(folder: &Path, options: &ModelOptions) -> Outcome<Figures> {
    let with_manifest = folder.join("manifest.json").is_file();
    let files = if with_manifest { ModelFiles::open(folder)? } else { ModelFiles::unverified(folder)? };
    let encoder = load_model(&files, options)?;
    let (p50, p99) = single_latency(&encoder)?;
    let (sentences_per_second, tokens_per_second) = batch_rate(encoder.as_ref())?;
    let flop_per_token = linear_flop_per_token(folder, files.manifest())?;
    let gflop_per_second = flop_per_token.map(|flop| flop * tokens_per_second / 1e9);
    Ok(Figures { p50, p99, sentences_per_second, gflop_per_second })
}

/// One caller, one question after another.
fn single_latency(encoder: &Arc<dyn SentenceEncoder>) -> Outcome<(Duration, Duration)> {
    let options = EmbedderOptions { cache_capacity: 0, ..EmbedderOptions::default() };
    let embedder = Embedder::start(Arc::clone(encoder), &options)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build()?;
    let mut times = Vec::new();
    let started = Instant::now();
    for question in QUESTIONS.iter().cycle() {
        let asked = Instant::now();
        black_box(runtime.block_on(embedder.embed(question, Role::Query))?);
        times.push(asked.elapsed());
        if started.elapsed() > MEASURED {
            break;
        }
    }
    // The first tenth warms caches and thread pools.
    let mut times = times.split_off(times.len() / 10);
    times.sort_unstable();
    let quantile = |percent: usize| times[(times.len() - 1) * percent / 100];
    Ok((quantile(50), quantile(99)))
}

/// Sentences and real tokens a second in batches of 32.
fn batch_rate(encoder: &dyn SentenceEncoder) -> Outcome<(f64, f64)> {
    let texts: Vec<&str> = QUESTIONS.iter().copied().cycle().take(BATCH).collect();
    let encode = || -> Outcome<usize> {
        let mut inputs = Vec::with_capacity(BATCH);
        for text in &texts {
            inputs.push(encoder.tokenize(text, Role::Query)?);
        }
        black_box(encoder.encode(&inputs)?);
        Ok(inputs.iter().map(|input| input.token_ids.len()).sum())
    };
    encode()?;
    let (mut batches, mut tokens) = (0_usize, 0_usize);
    let started = Instant::now();
    while started.elapsed() < MEASURED {
        tokens += encode()?;
        batches += 1;
    }
    let seconds = started.elapsed().as_secs_f64();
    Ok(((batches * BATCH) as f64 / seconds, tokens as f64 / seconds))
}

/// Query, key, value and output projections and the two feed-forward layers of a BERT: 2 × layers × (4h² + 2hf).
/// `None` for other models.
fn linear_flop_per_token(folder: &Path, manifest: &Manifest) -> Outcome<Option<f64>> {
    if !manifest.files.iter().any(|file| file.path == "config.json") {
        return Ok(None);
    }
    let config: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("config.json"))?)?;
    let number = |key: &str| config[key].as_f64();
    let sizes = (number("num_hidden_layers"), number("hidden_size"), number("intermediate_size"));
    let (Some(layers), Some(hidden), Some(inner)) = sizes else { return Ok(None) };
    Ok(Some(2.0 * layers * (4.0 * hidden * hidden + 2.0 * hidden * inner)))
}

/// The best of a few products with all threads, after one to warm up.
fn gemm_gflop_per_second() -> Outcome<f64> {
    let shape = (GEMM_SIZE, GEMM_SIZE);
    let left = Tensor::randn(0_f32, 1.0, shape, &Device::Cpu)?;
    let right = Tensor::randn(0_f32, 1.0, shape, &Device::Cpu)?;
    let mut best = Duration::MAX;
    for _ in 0..20 {
        let started = Instant::now();
        black_box(left.matmul(&right)?);
        best = best.min(started.elapsed());
    }
    Ok(2.0 * (GEMM_SIZE as f64).powi(3) / best.as_secs_f64() / 1e9)
}
