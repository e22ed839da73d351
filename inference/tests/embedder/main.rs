//! The embedder around a fake encoder that can be held at a gate.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod archive;
mod fake;
#[path = "../gate/mod.rs"]
mod gate;
mod pinned;

use std::sync::Arc;
use std::time::Duration;

use fake::{FakeEncoder, expected};
use gate::until;
use inference::{Embedder, EmbedderOptions, Error, Role};
use tokio::task::JoinSet;

fn options() -> EmbedderOptions {
    EmbedderOptions { workers: 1, pinned: false, queue_capacity: 64, token_budget: 64, cache_capacity: 0 }
}

fn start(encoder: &Arc<FakeEncoder>, options: &EmbedderOptions) -> Embedder {
    Embedder::start(Arc::clone(encoder) as _, options).unwrap()
}

/// Occupies the only worker with `text` until the gate opens.
async fn hold_worker(
    embedder: &Embedder,
    encoder: &Arc<FakeEncoder>,
    tasks: &mut JoinSet<inference::Result<()>>,
) {
    encoder.gate.close();
    submit(embedder, "held", tasks);
    until("the worker is at the gate", || encoder.gate.batches().len() == 1).await;
}

/// A customer who waits; the vector is checked.
fn submit(
    embedder: &Embedder,
    text: &str,
    tasks: &mut JoinSet<inference::Result<()>>,
) -> tokio::task::AbortHandle {
    let (embedder, text) = (embedder.clone(), text.to_owned());
    tasks.spawn(async move {
        let embedding = embedder.embed(&text, Role::Query).await?;
        assert_eq!(embedding, expected(&text, Role::Query));
        Ok(())
    })
}

#[tokio::test]
async fn a_lone_request_is_answered_at_once() {
    let encoder = FakeEncoder::new();
    let embedder = start(&encoder, &options());
    assert_eq!(embedder.embed("退款", Role::Query).await.unwrap(), expected("退款", Role::Query));
    assert_eq!(encoder.gate.batches(), [["退款"]]);
    assert_eq!(embedder.info().name, "fake");
    assert_eq!(embedder.queue_depth(), 0);
    assert!(encoder.gate.thread_names().iter().all(|name| name == "embed-0"));
}

#[tokio::test]
async fn a_text_is_told_with_its_tokens_whether_it_is_known_or_not() {
    let encoder = FakeEncoder::new();
    let embedder = start(&encoder, &EmbedderOptions { cache_capacity: 8, ..options() });
    for _ in 0..2 {
        let embedded = embedder.embed_counted("怎么退款", Role::Query).await.unwrap();
        assert_eq!((embedded.vector, embedded.tokens), (expected("怎么退款", Role::Query), 4));
    }
    let texts = ["怎么退款".to_owned(), "fail".to_owned(), "发票".to_owned()];
    let several = embedder.embed_many_counted(&texts, Role::Query).await;
    let tokens: Vec<Option<usize>> = several.into_iter().map(|text| Some(text.ok()?.tokens)).collect();
    assert_eq!(tokens[0], Some(4));
    assert_eq!(tokens[1], None);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let encoder = FakeEncoder::new();
    let embedder = start(&encoder, &EmbedderOptions { queue_capacity: 2, ..options() });
    let mut tasks = JoinSet::new();
    hold_worker(&embedder, &encoder, &mut tasks).await;
    submit(&embedder, "first", &mut tasks);
    submit(&embedder, "second", &mut tasks);
    until("both wait", || embedder.queue_depth() == 2).await;

    assert!(matches!(embedder.embed("third", Role::Query).await, Err(Error::Overloaded)));

    encoder.gate.open();
    assert!(tasks.join_all().await.into_iter().all(|result| result.is_ok()));
    assert_eq!(embedder.queue_depth(), 0);
    let stats = embedder.stats();
    assert_eq!((stats.requests, stats.overloaded, stats.encoded), (4, 1, 3));
}

#[tokio::test]
async fn a_caller_that_left_is_skipped_before_encoding() {
    let encoder = FakeEncoder::new();
    let embedder = start(&encoder, &options());
    let mut tasks = JoinSet::new();
    hold_worker(&embedder, &encoder, &mut tasks).await;
    let leaving = submit(&embedder, "left", &mut tasks);
    submit(&embedder, "stays", &mut tasks);
    until("both wait", || embedder.queue_depth() == 2).await;
    leaving.abort();
    while !leaving.is_finished() {
        tokio::task::yield_now().await;
    }

    encoder.gate.open();
    let mut answered = 0;
    while let Some(joined) = tasks.join_next().await {
        match joined {
            Ok(result) => answered += usize::from(result.is_ok()),
            Err(error) => assert!(error.is_cancelled()),
        }
    }
    assert_eq!(answered, 2);
    assert_eq!(encoder.gate.batches(), [["held"], ["stays"]]);
    assert_eq!(embedder.stats().skipped, 1);
    assert_eq!(embedder.queue_depth(), 0);
}

#[tokio::test]
async fn waiting_sentences_are_batched_within_the_budget() {
    let encoder = FakeEncoder::new();
    let embedder = start(&encoder, &EmbedderOptions { token_budget: 40, ..options() });
    let mut tasks = JoinSet::new();
    hold_worker(&embedder, &encoder, &mut tasks).await;
    for number in 0..10 {
        submit(&embedder, &format!("ten chars{number}"), &mut tasks);
    }
    submit(&embedder, &"much longer than the budget ".repeat(3), &mut tasks);
    until("all wait", || embedder.queue_depth() == 11).await;

    encoder.gate.open();
    assert!(tasks.join_all().await.into_iter().all(|result| result.is_ok()));
    let sizes: Vec<usize> = encoder.gate.batches().iter().map(Vec::len).collect();
    assert_eq!(sizes, [1, 4, 4, 2, 1]);
    assert_eq!(embedder.stats().batches, 5);
}

#[tokio::test]
async fn where_batches_bring_nothing_a_worker_leaves_work_for_the_others() {
    let encoder = FakeEncoder::without_gain_from_batches();
    let embedder = start(&encoder, &EmbedderOptions { workers: 2, ..options() });
    let mut tasks = JoinSet::new();
    hold_worker(&embedder, &encoder, &mut tasks).await;
    submit(&embedder, "held too", &mut tasks);
    until("both workers are at the gate", || encoder.gate.batches().len() == 2).await;
    for number in 0..8 {
        submit(&embedder, &format!("{number}"), &mut tasks);
    }
    until("all wait", || embedder.queue_depth() == 8).await;

    encoder.gate.open();
    assert!(tasks.join_all().await.into_iter().all(|result| result.is_ok()));
    // A quarter of the eight, then of what is left.
    let sizes: Vec<usize> = encoder.gate.batches()[2..].iter().map(Vec::len).collect();
    assert_eq!((sizes.iter().sum::<usize>(), sizes.iter().max()), (8, Some(&2)), "{sizes:?}");
    assert_eq!(sizes.last(), Some(&1), "{sizes:?}");
}

#[tokio::test]
async fn many_are_answered_in_order_through_a_small_queue() {
    let encoder = FakeEncoder::new();
    let embedder = start(&encoder, &EmbedderOptions { workers: 3, queue_capacity: 5, ..options() });
    let texts: Vec<String> =
        (0..300).map(|number| format!("{number}{}", "长".repeat(number * 7 % 90))).collect();
    let results = embedder.embed_many(&texts, Role::Passage).await;
    assert_eq!(results.len(), texts.len());
    for (text, result) in texts.iter().zip(results) {
        assert_eq!(result.unwrap(), expected(text, Role::Passage));
    }
    assert_eq!(embedder.stats().overloaded, 0);
    assert!(embedder.embed_many(&[], Role::Passage).await.is_empty());
}

#[tokio::test]
async fn bulk_leaves_room_for_a_customer_who_is_served_first() {
    let encoder = FakeEncoder::new();
    let embedder = start(&encoder, &EmbedderOptions { queue_capacity: 4, token_budget: 6, ..options() });
    let mut tasks = JoinSet::new();
    hold_worker(&embedder, &encoder, &mut tasks).await;
    let bulk = tokio::spawn({
        let embedder = embedder.clone();
        async move { embedder.embed_many(&["bulk-1", "bulk-2", "bulk-3"].map(String::from), Role::Passage).await }
    });
    until("bulk fills its half", || embedder.queue_depth() == 2).await;
    submit(&embedder, "live-1", &mut tasks);
    submit(&embedder, "live-2", &mut tasks);
    until("the queue is full", || embedder.queue_depth() == 4).await;

    encoder.gate.open();
    assert!(tasks.join_all().await.into_iter().all(|result| result.is_ok()));
    assert!(bulk.await.unwrap().into_iter().all(|result| result.is_ok()));
    assert_eq!(
        encoder.gate.batches(),
        [["held"], ["live-1"], ["live-2"], ["bulk-1"], ["bulk-2"], ["bulk-3"]]
    );
}

#[tokio::test]
async fn bulk_is_not_starved_by_customers() {
    let encoder = FakeEncoder::new();
    let embedder = start(&encoder, &EmbedderOptions { queue_capacity: 4, token_budget: 6, ..options() });
    let mut tasks = JoinSet::new();
    hold_worker(&embedder, &encoder, &mut tasks).await;
    let bulk = tokio::spawn({
        let embedder = embedder.clone();
        async move { embedder.embed_many(&["bulk-1".to_owned()], Role::Passage).await }
    });
    until("bulk waits", || embedder.queue_depth() == 1).await;
    encoder.gate.open();
    // Customers who keep three places taken until the bulk text is answered.
    let customers: Vec<_> = (0..3)
        .map(|customer| {
            let (embedder, asked) = (embedder.clone(), customer);
            tokio::spawn(async move {
                for number in 0..500 {
                    embedder.embed(&format!("{asked}-{number:04}"), Role::Query).await.unwrap();
                }
            })
        })
        .collect();
    assert!(bulk.await.unwrap().into_iter().all(|result| result.is_ok()));
    for customer in customers {
        customer.await.unwrap();
    }
    let position = encoder.gate.batches().iter().position(|batch| batch == &["bulk-1"]).unwrap();
    assert!(position <= 1 + 4 + 3, "served as batch {position}");
}

#[tokio::test]
async fn a_text_asked_again_is_not_encoded_again() {
    let encoder = FakeEncoder::new();
    let embedder = start(&encoder, &EmbedderOptions { cache_capacity: 100, ..options() });
    let texts = ["one".to_owned(), "two".to_owned()];
    for _ in 0..3 {
        assert_eq!(embedder.embed("one", Role::Query).await.unwrap(), expected("one", Role::Query));
        let many = embedder.embed_many(&texts, Role::Passage).await;
        assert_eq!(*many[0].as_ref().unwrap(), expected("one", Role::Passage));
    }
    assert_eq!(encoder.gate.batches().concat().len(), 3);
    let cache = embedder.cache_stats();
    assert_eq!((cache.hits, cache.misses), (6, 3));
    let stats = embedder.stats();
    assert_eq!((stats.requests, stats.cache_hits, stats.cache_misses, stats.encoded), (9, 6, 3, 3));
}

#[tokio::test]
async fn an_error_is_not_cached_and_touches_no_other_sentence() {
    let encoder = FakeEncoder::new();
    let embedder = start(&encoder, &EmbedderOptions { cache_capacity: 100, ..options() });
    let texts = ["sound".to_owned(), String::new(), "also sound".to_owned()];
    for _ in 0..2 {
        let results = embedder.embed_many(&texts, Role::Query).await;
        assert_eq!(*results[0].as_ref().unwrap(), expected("sound", Role::Query));
        assert!(matches!(results[1], Err(Error::Unencodable)));
        assert_eq!(*results[2].as_ref().unwrap(), expected("also sound", Role::Query));
    }
    assert_eq!(encoder.gate.batches().concat().iter().filter(|text| text.is_empty()).count(), 2);
    assert_eq!(embedder.stats().failures, 0);
}

#[tokio::test]
async fn a_panic_in_the_encoder_is_an_error_and_the_worker_lives() {
    let encoder = FakeEncoder::new();
    let embedder = start(&encoder, &options());
    for text in ["panic in encode", "panic in tokenize", "panic with a number"] {
        let error = embedder.embed(text, Role::Query).await.unwrap_err();
        assert!(matches!(&error, Error::Inference(reason) if reason.contains("panicked")), "{error}");
    }
    assert_eq!(embedder.embed("fine", Role::Query).await.unwrap(), expected("fine", Role::Query));
    assert_eq!(embedder.stats().failures, 3);
    assert_eq!(embedder.queue_depth(), 0);
}

#[tokio::test]
async fn a_failed_batch_is_every_callers_error() {
    let encoder = FakeEncoder::new();
    let embedder = start(&encoder, &options());
    let mut tasks = JoinSet::new();
    hold_worker(&embedder, &encoder, &mut tasks).await;
    submit(&embedder, "beside", &mut tasks);
    submit(&embedder, "fail", &mut tasks);
    until("both wait", || embedder.queue_depth() == 2).await;
    encoder.gate.open();
    let failed =
        tasks.join_all().await.into_iter().filter(|result| matches!(result, Err(Error::Inference(_))));
    assert_eq!(failed.count(), 2);

    let error = embedder.embed("too few results", Role::Query).await.unwrap_err();
    assert!(matches!(&error, Error::Inference(reason) if reason == "0 results for 1 sentences"), "{error}");
}

#[tokio::test]
async fn dropping_the_last_handle_ends_the_workers() {
    let encoder = FakeEncoder::new();
    let embedder = start(&encoder, &EmbedderOptions { workers: 4, ..options() });
    let other = embedder.clone();
    drop(embedder);
    assert!(other.embed("still here", Role::Query).await.is_ok());
    drop(other);
    // The threads own the encoder until they end.
    until("the threads have ended", || Arc::strong_count(&encoder) == 1).await;
}

#[tokio::test]
async fn a_withdrawn_bulk_request_gives_its_places_back() {
    let encoder = FakeEncoder::new();
    let embedder = start(&encoder, &EmbedderOptions { queue_capacity: 4, ..options() });
    let mut tasks = JoinSet::new();
    hold_worker(&embedder, &encoder, &mut tasks).await;
    let bulk = tokio::spawn({
        let embedder = embedder.clone();
        async move { embedder.embed_many(&vec!["bulk".to_owned(); 50], Role::Passage).await }
    });
    until("bulk waits", || embedder.queue_depth() == 2).await;
    bulk.abort();
    assert!(bulk.await.unwrap_err().is_cancelled());
    encoder.gate.open();
    until("the queue is empty", || embedder.queue_depth() == 0).await;
    assert_eq!(encoder.gate.batches(), [["held"]]);
    assert_eq!(embedder.embed_many(&vec!["again".to_owned(); 10], Role::Passage).await.len(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_some_of_whom_leave_all_get_their_own_vector() {
    let encoder = FakeEncoder::new();
    let embedder = start(&encoder, &EmbedderOptions { workers: 3, queue_capacity: 32, ..options() });
    let mut tasks = JoinSet::new();
    for caller in 0..24_usize {
        let embedder = embedder.clone();
        tasks.spawn(async move {
            for number in 0..100_usize {
                let text = format!("{caller}:{number}{}", "x".repeat((caller * number) % 50));
                if number % 7 == 0 {
                    // Asks, and leaves unless the answer is already there.
                    let asked =
                        tokio::time::timeout(Duration::ZERO, embedder.embed(&text, Role::Query)).await;
                    asked.into_iter().for_each(|result| check(&text, result));
                } else if caller % 2 == 0 {
                    let many = embedder.embed_many(std::slice::from_ref(&text), Role::Query).await;
                    assert_eq!(*many[0].as_ref().unwrap(), expected(&text, Role::Query));
                } else {
                    check(&text, embedder.embed(&text, Role::Query).await);
                }
            }
        });
    }
    while let Some(joined) = tasks.join_next().await {
        joined.unwrap();
    }
    until("the queue is empty", || embedder.queue_depth() == 0).await;
    until("every request is accounted for", || {
        let stats = embedder.stats();
        stats.encoded + stats.skipped + stats.overloaded == 2_400
    })
    .await;
    assert_eq!(embedder.stats().requests, 2_400);
}

/// The text's own vector, or a refusal.
fn check(text: &str, result: inference::Result<inference::Embedding>) {
    match result {
        Ok(embedding) => assert_eq!(embedding, expected(text, Role::Query)),
        Err(error) => assert!(matches!(error, Error::Overloaded), "{error}"),
    }
}

#[test]
fn options_out_of_range_are_named() {
    let wrong = [
        ("workers", EmbedderOptions { workers: 0, ..options() }),
        ("workers", EmbedderOptions { workers: 257, ..options() }),
        ("queue_capacity", EmbedderOptions { queue_capacity: 0, ..options() }),
        ("queue_capacity", EmbedderOptions { queue_capacity: usize::MAX, ..options() }),
        ("token_budget", EmbedderOptions { token_budget: 0, ..options() }),
    ];
    for (expected, options) in wrong {
        let refused = Embedder::start(FakeEncoder::new(), &options).map(|_| ());
        assert!(matches!(refused, Err(Error::InvalidOption { name, .. }) if name == expected), "{options:?}");
    }
    assert!(Embedder::start(FakeEncoder::new(), &EmbedderOptions::default()).is_ok());
}
