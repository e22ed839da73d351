//! How long a decision takes from text to band, by stage, on the demo shop and on knowledge bases many times its size.
//!
//! With the default model as it is served, and with the static one. One question at a time, every question of the labelled
//! set, no embedding cache. The larger bases repeat the shop with a number behind each phrasing, so that word statistics and
//! vectors stay lifelike. Then 64 callers at once within this process: what the same questions over HTTP (`make load`) are
//! compared with.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::{
    fs::File,
    io::BufReader,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use answer::{BuildOptions, FaqEntry, KnowledgeSnapshot, Policy, Question, RiskTarget, read_knowledge};
use inference::{Embedder, EmbedderOptions, ModelFiles, ModelOptions, PrecisionChoice, Role, load_model};
use time::OffsetDateTime;

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// As many as `make load` opens connections.
const CALLERS: usize = 64;
const MEASURED: Duration = Duration::from_secs(5);

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
        "{:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>12} {:>12} {:>12}",
        "phrasings",
        "build s",
        "embed ms",
        "find ms",
        "p50 ms",
        "p99 ms",
        "decisions/s",
        "64: embed/s",
        "64: decide/s"
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
    let policy = snapshot.calibration().policy(RiskTarget::new(0.05).ok_or("a share")?);
    let (snapshot, build) = (Arc::new(snapshot), started.elapsed().as_secs_f64());
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
    let (embedded, decided) = together(&snapshot, questions, embedder, policy).await?;
    println!(
        "{:>9} {build:>9.2} {:>9.3} {:>9.3} {:>9.3} {:>9.3} {:>12.0} {embedded:>12.0} {decided:>12.0}",
        snapshot.phrasing_count(),
        embed / count as f64,
        retrieve / count as f64,
        times[count / 2],
        times[count * 99 / 100],
        count as f64 * 1e3 / times.iter().sum::<f64>(),
    );
    Ok(())
}

/// Vectors a second, then decisions a second, with all callers at once.
async fn together(
    snapshot: &Arc<KnowledgeSnapshot>,
    questions: &[Question],
    embedder: &Embedder,
    policy: Policy,
) -> Fallible<(f64, f64)> {
    let mut rates = [0.0; 2];
    for (decides, rate) in [false, true].into_iter().zip(&mut rates) {
        let started = Instant::now();
        let caller = |first: usize| {
            let (snapshot, embedder, questions) =
                (Arc::clone(snapshot), embedder.clone(), questions.to_vec());
            tokio::spawn(async move {
                let mut done = 0_usize;
                for question in questions.iter().cycle().skip(first) {
                    if started.elapsed() > MEASURED {
                        break;
                    }
                    if decides {
                        answer::decide(question, &snapshot, &embedder, policy).await?;
                    } else {
                        embedder.embed(question.normalized(), Role::Query).await?;
                    }
                    done += 1;
                }
                Ok::<usize, answer::Error>(done)
            })
        };
        let callers: Vec<_> = (0..CALLERS).map(caller).collect();
        for caller in callers {
            *rate += caller.await?? as f64;
        }
        *rate /= started.elapsed().as_secs_f64();
    }
    Ok((rates[0], rates[1]))
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
