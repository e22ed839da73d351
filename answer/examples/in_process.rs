//! What `make load` compares HTTP with: the same texts, from as many callers at once, within one process.
//!
//! Usage: `in_process ask|embeddings MODEL SHOP SECONDS CALLERS`. Asks the questions of a demo shop, a folder, with a model and
//! no cache, and prints one line of JSON: calls a second, and microseconds of processor time a call, on all threads together.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::{
    fs::File,
    io::BufReader,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use answer::{AnswerPolicy, BuildOptions, KnowledgeSnapshot, Question, RiskTarget};
use cpu_time::ProcessTime;
use inference::{Embedder, EmbedderOptions, ModelFiles, ModelOptions, PrecisionChoice, Role, load_model};
use time::OffsetDateTime;

type Fallible<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const USAGE: &str = "usage: in_process ask|embeddings MODEL SHOP SECONDS CALLERS";

/// So many calls are not measured: buffers grow, the processor reaches its pace.
const WARM_UP: Duration = Duration::from_secs(1);

fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, model, shop, seconds, callers] = arguments.as_slice() else { return Err(USAGE.into()) };
    let (model, shop) = (Path::new(model), Path::new(shop));
    let (seconds, callers) = (Duration::from_secs(seconds.parse()?), callers.parse()?);
    tokio::runtime::Runtime::new()?.block_on(async {
        let embedder = embedder(model)?;
        let work = match what.as_str() {
            "ask" => decisions(embedder, shop).await?,
            "embeddings" => Work::Embed(embedder),
            _ => return Err(USAGE.into()),
        };
        let (work, texts) = (Arc::new(work), Arc::new(texts(shop)?));
        measure(&work, &texts, callers, WARM_UP).await?;
        let figures = measure(&work, &texts, callers, seconds).await?;
        println!("{}", serde_json::to_string(&figures)?);
        Ok(())
    })
}

/// What each call does.
enum Work {
    Embed(Embedder),
    Decide { embedder: Embedder, snapshot: Arc<KnowledgeSnapshot>, policy: AnswerPolicy },
}

impl Work {
    /// As `POST /v1/embeddings` and `POST /v1/ask` do it, from the text on.
    async fn call(&self, text: &str) -> Fallible<()> {
        match self {
            Self::Embed(embedder) => {
                embedder.embed_counted(text, Role::Passage).await?;
            }
            Self::Decide { embedder, snapshot, policy } => {
                let question = Question::new(text, OffsetDateTime::UNIX_EPOCH)?;
                answer::decide(&question, snapshot, embedder, *policy).await?;
            }
        }
        Ok(())
    }
}

#[derive(serde::Serialize)]
struct Figures {
    calls_per_second: f64,
    processor_us: f64,
}

async fn measure(
    work: &Arc<Work>,
    texts: &Arc<Vec<String>>,
    callers: usize,
    duration: Duration,
) -> Fallible<Figures> {
    let (started, processor) = (Instant::now(), ProcessTime::now());
    let next = Arc::new(AtomicUsize::new(0));
    let caller = |_| {
        let (work, texts, next) = (Arc::clone(work), Arc::clone(texts), Arc::clone(&next));
        tokio::spawn(async move {
            let mut calls = 0_usize;
            while started.elapsed() < duration {
                let number = next.fetch_add(1, Ordering::Relaxed);
                work.call(&texts[number % texts.len()]).await?;
                calls += 1;
            }
            Ok::<usize, Box<dyn std::error::Error + Send + Sync>>(calls)
        })
    };
    let callers: Vec<_> = (0..callers).map(caller).collect();
    let mut calls = 0.0;
    for caller in callers {
        calls += caller.await?? as f64;
    }
    let seconds = started.elapsed().as_secs_f64();
    Ok(Figures {
        calls_per_second: calls / seconds,
        processor_us: processor.elapsed().as_secs_f64() * 1e6 / calls,
    })
}

fn embedder(model: &Path) -> Fallible<Embedder> {
    let files = ModelFiles::open(model)?;
    let options = ModelOptions { precision: PrecisionChoice::Fastest, ..ModelOptions::default() };
    let queue = EmbedderOptions { cache_capacity: 0, ..EmbedderOptions::default() };
    Ok(Embedder::start(load_model(&files, &options)?, &queue)?)
}

async fn decisions(embedder: Embedder, shop: &Path) -> Fallible<Work> {
    let entries = answer::read_knowledge(open(shop, "knowledge.jsonl")?, "knowledge.jsonl")?;
    let snapshot = KnowledgeSnapshot::build(entries, &embedder, &BuildOptions::default(), |_, _| ()).await?;
    let policy = snapshot.calibration().policy(RiskTarget::new(0.05).ok_or("a share")?);
    Ok(Work::Decide { embedder, snapshot: Arc::new(snapshot), policy })
}

/// Those of `server/benches/questions.lua`: a number behind each question, which adds a few tokens to about ten.
fn texts(shop: &Path) -> Fallible<Vec<String>> {
    #[derive(serde::Deserialize)]
    struct Line {
        text: String,
    }
    let lines: Vec<Line> = answer::parse_records(open(shop, "questions.jsonl")?, "questions.jsonl")?;
    let numbers = FIRST_NUMBER..FIRST_NUMBER + TEXTS;
    Ok(numbers.map(|number| format!("{} {number}", lines[number % lines.len()].text)).collect())
}

const FIRST_NUMBER: usize = 10_000;
const TEXTS: usize = 16_384;

fn open(shop: &Path, name: &str) -> Fallible<BufReader<File>> {
    Ok(BufReader::new(File::open(shop.join(name))?))
}
