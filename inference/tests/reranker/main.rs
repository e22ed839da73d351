//! The reranker around a fake cross-encoder that can be held at a gate.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod fake;
#[path = "../gate/mod.rs"]
mod gate;

use std::sync::Arc;
use std::time::Duration;

use fake::{FakeCrossEncoder, expected};
use gate::until;
use inference::{Error, Reranker, RerankerOptions, Result};
use tokio::task::JoinSet;

fn options() -> RerankerOptions {
    RerankerOptions { workers: 1, queue_capacity: 8, token_budget: 1_000 }
}

fn start(model: &Arc<FakeCrossEncoder>, options: &RerankerOptions) -> Reranker {
    Reranker::start(Arc::clone(model) as _, options).unwrap()
}

fn texts(passages: &[&str]) -> Vec<String> {
    passages.iter().map(|passage| (*passage).to_owned()).collect()
}

/// A customer who waits; the scores are checked.
fn submit(
    reranker: &Reranker,
    question: &str,
    passages: &[&str],
    tasks: &mut JoinSet<Result<()>>,
) -> tokio::task::AbortHandle {
    let (reranker, question, passages) = (reranker.clone(), question.to_owned(), texts(passages));
    tasks.spawn(async move {
        let wanted: Vec<f32> = passages.iter().map(|passage| expected(&question, passage)).collect();
        assert_eq!(reranker.score(&question, passages).await?, wanted);
        Ok(())
    })
}

/// Occupies the only worker until the gate opens.
async fn hold_worker(reranker: &Reranker, model: &Arc<FakeCrossEncoder>, tasks: &mut JoinSet<Result<()>>) {
    model.gate.close();
    submit(reranker, "q", &["held"], tasks);
    until("the worker is at the gate", || model.gate.batches().len() == 1).await;
}

#[tokio::test]
async fn a_question_and_its_candidates_are_one_batch() {
    let model = FakeCrossEncoder::new();
    let reranker = start(&model, &options());
    let passages = ["#0.25", "#-7.5", "#3", ""];
    let scores = reranker.score("怎么退款", texts(&passages)).await.unwrap();
    assert_eq!(scores, [4_000.25, 3_992.5, 4_003.0, 4_000.0]);
    assert_eq!(model.gate.batches(), [passages]);
    assert!(model.gate.thread_names().iter().all(|name| name == "rerank-0"));
    assert_eq!((reranker.info().name.as_str(), reranker.queue_depth()), ("fake", 0));
    let stats = reranker.stats();
    assert_eq!((stats.requests, stats.batches, stats.scored, stats.failures), (1, 1, 4, 0));
}

#[tokio::test]
async fn no_candidates_give_no_scores_without_asking_the_model() {
    let model = FakeCrossEncoder::new();
    let reranker = start(&model, &RerankerOptions { queue_capacity: 1, ..options() });
    let mut tasks = JoinSet::new();
    hold_worker(&reranker, &model, &mut tasks).await;
    submit(&reranker, "q", &["waits"], &mut tasks);
    until("the queue is full", || reranker.queue_depth() == 1).await;
    assert_eq!(reranker.score("q", Vec::new()).await.unwrap(), Vec::<f32>::new());
    model.gate.open();
    assert!(tasks.join_all().await.into_iter().all(|result| result.is_ok()));
    assert_eq!(model.gate.batches(), [["held"], ["waits"]]);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let model = FakeCrossEncoder::new();
    let reranker = start(&model, &RerankerOptions { queue_capacity: 2, ..options() });
    let mut tasks = JoinSet::new();
    hold_worker(&reranker, &model, &mut tasks).await;
    submit(&reranker, "q", &["first"], &mut tasks);
    submit(&reranker, "q", &["second"], &mut tasks);
    until("both wait", || reranker.queue_depth() == 2).await;

    assert!(matches!(reranker.score("q", texts(&["third"])).await, Err(Error::Overloaded)));

    model.gate.open();
    assert!(tasks.join_all().await.into_iter().all(|result| result.is_ok()));
    assert_eq!(reranker.queue_depth(), 0);
    let stats = reranker.stats();
    assert_eq!((stats.requests, stats.overloaded, stats.scored), (4, 1, 3));
}

#[tokio::test]
async fn who_may_wait_is_not_refused() {
    let model = FakeCrossEncoder::new();
    let reranker = start(&model, &RerankerOptions { queue_capacity: 1, ..options() });
    let mut tasks = JoinSet::new();
    hold_worker(&reranker, &model, &mut tasks).await;
    submit(&reranker, "q", &["first"], &mut tasks);
    until("one waits", || reranker.queue_depth() == 1).await;
    let opened = async {
        until("the other has come", || reranker.stats().requests == 3).await;
        model.gate.open();
    };
    let (scores, ()) = tokio::join!(reranker.score_when_room("q", texts(&["#5", "#4"])), opened);
    assert_eq!(scores.unwrap(), [1_005.0, 1_004.0]);
    assert!(tasks.join_all().await.into_iter().all(|result| result.is_ok()));
    assert_eq!(reranker.stats().overloaded, 0);
    assert_eq!(reranker.score_when_room("q", Vec::new()).await.unwrap(), Vec::<f32>::new());
}

#[tokio::test]
async fn many_candidates_are_batched_within_the_budget_and_keep_their_order() {
    let model = FakeCrossEncoder::new();
    let reranker = start(&model, &RerankerOptions { token_budget: 40, ..options() });
    let long = "much longer than the budget ".repeat(3);
    let mut passages: Vec<String> = (0..10).map(|number| format!("nine chr{number}")).collect();
    passages.insert(4, long.clone());
    let wanted: Vec<f32> = passages.iter().map(|passage| expected("q", passage)).collect();
    assert_eq!(reranker.score("q", passages).await.unwrap(), wanted);
    let batches = model.gate.batches();
    assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [4, 1, 4, 2]);
    assert_eq!(batches[1], [long]);
    assert_eq!((reranker.stats().batches, reranker.stats().scored), (4, 11));
}

#[tokio::test]
async fn a_caller_that_left_is_skipped_before_scoring() {
    let model = FakeCrossEncoder::new();
    let reranker = start(&model, &options());
    let mut tasks = JoinSet::new();
    hold_worker(&reranker, &model, &mut tasks).await;
    let leaving = submit(&reranker, "q", &["left"], &mut tasks);
    submit(&reranker, "q", &["stays"], &mut tasks);
    until("both wait", || reranker.queue_depth() == 2).await;
    leaving.abort();
    while !leaving.is_finished() {
        tokio::task::yield_now().await;
    }

    model.gate.open();
    let mut answered = 0;
    while let Some(joined) = tasks.join_next().await {
        match joined {
            Ok(result) => answered += usize::from(result.is_ok()),
            Err(error) => assert!(error.is_cancelled()),
        }
    }
    assert_eq!(answered, 2);
    assert_eq!(model.gate.batches(), [["held"], ["stays"]]);
    assert_eq!((reranker.stats().skipped, reranker.queue_depth()), (1, 0));
}

#[tokio::test]
async fn a_caller_that_leaves_spares_the_batches_not_begun() {
    let model = FakeCrossEncoder::new();
    let reranker = start(&model, &RerankerOptions { token_budget: 5, ..options() });
    let mut tasks = JoinSet::new();
    model.gate.close();
    let leaving = submit(&reranker, "q", &["one", "two", "six"], &mut tasks);
    until("the first batch is at the gate", || model.gate.batches().len() == 1).await;
    leaving.abort();
    assert!(tasks.join_next().await.unwrap().unwrap_err().is_cancelled());
    model.gate.open();
    until("the question is dropped", || reranker.stats().skipped == 1).await;
    assert_eq!(model.gate.batches(), [["one"]]);
    submit(&reranker, "q", &["next"], &mut tasks);
    assert!(tasks.join_all().await.into_iter().all(|result| result.is_ok()));
}

#[tokio::test]
async fn a_panic_in_the_model_is_an_error_and_the_worker_lives() {
    let model = FakeCrossEncoder::new();
    let reranker = start(&model, &options());
    for passage in ["panic in tokenize", "panic in score", "panic with a number"] {
        let error = reranker.score("q", texts(&[passage, "beside"])).await.unwrap_err();
        assert!(matches!(&error, Error::Inference(reason) if reason.contains("panicked")), "{error}");
    }
    assert_eq!(reranker.score("q", texts(&["fine"])).await.unwrap(), [1_004.0]);
    assert_eq!((reranker.stats().failures, reranker.queue_depth()), (3, 0));
}

#[tokio::test]
async fn a_failure_is_the_error_of_its_question_only() {
    let model = FakeCrossEncoder::new();
    let reranker = start(&model, &options());
    for (passage, reason) in [
        ("fail", "as asked"),
        ("too few results", "0 scores for 2 pairs"),
        ("not a number", "the score NaN is not finite"),
    ] {
        let error = reranker.score("q", texts(&[passage, "beside"])).await.unwrap_err();
        assert!(matches!(&error, Error::Inference(what) if what == reason), "{error}");
        assert_eq!(reranker.score("q", texts(&["beside"])).await.unwrap(), [1_006.0]);
    }
    assert_eq!(reranker.stats().failures, 3);
}

#[tokio::test]
async fn dropping_the_last_handle_ends_the_workers() {
    let model = FakeCrossEncoder::new();
    let reranker = start(&model, &RerankerOptions { workers: 4, ..options() });
    let other = reranker.clone();
    drop(reranker);
    assert!(other.score("q", texts(&["still here"])).await.is_ok());
    drop(other);
    // The threads own the model until they end.
    until("the threads have ended", || Arc::strong_count(&model) == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_some_of_whom_leave_all_get_their_own_scores() {
    let model = FakeCrossEncoder::new();
    let reranker = start(&model, &RerankerOptions { workers: 3, queue_capacity: 12, token_budget: 60 });
    let mut tasks = JoinSet::new();
    for caller in 0..16_usize {
        let reranker = reranker.clone();
        tasks.spawn(async move {
            for number in 0..60_usize {
                let question = "q".repeat(1 + caller);
                let passages: Vec<String> =
                    (0..number % 6).map(|passage| format!("#{}", number * 10 + passage)).collect();
                let wanted: Vec<f32> = passages.iter().map(|passage| expected(&question, passage)).collect();
                let asked = reranker.score(&question, passages);
                // Some leave unless the answer is already there.
                let patience = if number % 7 == 0 { Duration::ZERO } else { Duration::from_secs(60) };
                match tokio::time::timeout(patience, asked).await {
                    Ok(Ok(scores)) => assert_eq!(scores, wanted),
                    Ok(Err(error)) => assert!(matches!(error, Error::Overloaded), "{error}"),
                    Err(_) => assert_eq!(number % 7, 0),
                }
            }
        });
    }
    while let Some(joined) = tasks.join_next().await {
        joined.unwrap();
    }
    until("the queue is empty", || reranker.queue_depth() == 0).await;
    assert_eq!((reranker.stats().requests, reranker.stats().failures), (960, 0));
}

#[test]
fn options_out_of_range_are_named() {
    let wrong = [
        ("workers", RerankerOptions { workers: 0, ..options() }),
        ("workers", RerankerOptions { workers: 257, ..options() }),
        ("queue_capacity", RerankerOptions { queue_capacity: 0, ..options() }),
        ("queue_capacity", RerankerOptions { queue_capacity: usize::MAX, ..options() }),
        ("token_budget", RerankerOptions { token_budget: 0, ..options() }),
    ];
    for (expected, options) in wrong {
        let refused = Reranker::start(FakeCrossEncoder::new(), &options).map(|_| ());
        assert!(matches!(refused, Err(Error::InvalidOption { name, .. }) if name == expected), "{options:?}");
    }
    assert!(Reranker::start(FakeCrossEncoder::new(), &RerankerOptions::default()).is_ok());
}
