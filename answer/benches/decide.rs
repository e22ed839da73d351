//! How long a decision takes from text to band, by stage, on the demo shop and on knowledge bases many times its size.
//!
//! With the default model as it is served, and with the static one. One question at a time, every question of the labelled
//! set, no embedding cache. The larger bases repeat the shop with a number behind each phrasing, so that word statistics and
//! vectors stay lifelike. `make load` measures many questions at once, within one process and over HTTP.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::{fs::File, io::BufReader, path::PathBuf, sync::Arc, time::Instant};

use answer::{BuildOptions, FaqEntry, KnowledgeSnapshot, Question, RiskTarget, read_knowledge};
use inference::{Embedder, EmbedderOptions, ModelFiles, ModelOptions, PrecisionChoice, load_model};
use time::OffsetDateTime;

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Fallible<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().build()?;
    for model in ["yingda-encoder", "yingda-static"] {
        println!("{model}");
        runtime.block_on(bench(model))?;
    }
    Ok(())
}

async fn bench(model: &str) -> Fallible<()> {
    let files = ModelFiles::open(&root().join("models").join(model))?;
    let options = ModelOptions { precision: PrecisionChoice::Fastest, ..ModelOptions::default() };
    let queue = EmbedderOptions { cache_capacity: 0, ..EmbedderOptions::default() };
    let embedder = Embedder::start(load_model(&files, &options)?, &queue)?;
    let shop = read_knowledge(open("datasets/shop-zh/knowledge.jsonl")?, "knowledge.jsonl")?;
    let questions = questions()?;
    println!(
        "{:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>12}",
        "phrasings", "build s", "embed ms", "find ms", "p50 ms", "p99 ms", "decisions/s"
    );
    for copies in [1, 20, 100] {
        row(&repeated(&shop, copies), &questions, &embedder).await?;
    }
    Ok(())
}

async fn row(entries: &[FaqEntry], questions: &[Question], embedder: &Embedder) -> Fallible<()> {
    let started = Instant::now();
    let snapshot =
        KnowledgeSnapshot::build(entries.to_vec(), embedder, &BuildOptions::default(), |_, _| ()).await?;
    let snapshot = Arc::new(snapshot);
    let policy = snapshot.calibration().policy(RiskTarget::new(0.05).ok_or("a share")?);
    let build = started.elapsed().as_secs_f64();
    let (mut times, mut embed, mut retrieve) = (Vec::new(), 0.0, 0.0);
    for question in questions {
        let started = Instant::now();
        let decided = answer::decide(question, &snapshot, embedder, policy).await?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
        embed += decided.stages.embed;
        retrieve += decided.stages.retrieve;
    }
    times.sort_by(f64::total_cmp);
    let count = times.len();
    println!(
        "{:>9} {build:>9.2} {:>9.3} {:>9.3} {:>9.3} {:>9.3} {:>12.0}",
        snapshot.phrasing_count(),
        embed / count as f64,
        retrieve / count as f64,
        times[count / 2],
        times[count * 99 / 100],
        count as f64 * 1e3 / times.iter().sum::<f64>(),
    );
    Ok(())
}

fn repeated(entries: &[FaqEntry], copies: usize) -> Vec<FaqEntry> {
    let numbered = |entry: &FaqEntry, copy: usize| FaqEntry {
        id: format!("{}-{copy}", entry.id),
        question: format!("{} {copy}", entry.question),
        similar: entry.similar.iter().map(|text| format!("{text} {copy}")).collect(),
        ..entry.clone()
    };
    (0..copies).flat_map(|copy| entries.iter().map(move |entry| numbered(entry, copy))).collect()
}

fn questions() -> Fallible<Vec<Question>> {
    #[derive(serde::Deserialize)]
    struct Line {
        text: String,
    }
    let lines: Vec<Line> =
        answer::parse_records(open("datasets/shop-zh/questions.jsonl")?, "questions.jsonl")?;
    Ok(lines.iter().filter_map(|line| Question::new(&line.text, OffsetDateTime::UNIX_EPOCH).ok()).collect())
}

fn open(relative: &str) -> Fallible<BufReader<File>> {
    Ok(BufReader::new(File::open(root().join(relative))?))
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}
