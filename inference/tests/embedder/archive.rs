//! Vectors that an archive knows are not computed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use inference::{Archiving, EmbedderOptions, Embedding, Error, Role, VectorArchive};

use crate::fake::{FakeEncoder, expected};
use crate::{options, start};

/// An archive in memory; one that is broken knows nothing and keeps nothing.
#[derive(Default)]
struct Memory {
    broken: bool,
    vectors: Mutex<HashMap<(String, Role), Embedding>>,
}

impl VectorArchive for Memory {
    fn recall<'a>(&'a self, texts: &'a [String], role: Role) -> Archiving<'a, Vec<Option<Embedding>>> {
        let vectors = self.vectors.lock().unwrap();
        let known = texts.iter().map(|text| vectors.get(&(text.clone(), role)).cloned());
        let known = if self.broken { Vec::new() } else { known.collect() };
        Box::pin(std::future::ready(known))
    }

    fn keep<'a>(&'a self, vectors: Vec<(&'a str, Embedding)>, role: Role) -> Archiving<'a, ()> {
        if !self.broken {
            let rows = vectors.into_iter().map(|(text, vector)| ((text.to_owned(), role), vector));
            self.vectors.lock().unwrap().extend(rows);
        }
        Box::pin(std::future::ready(()))
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test]
async fn only_what_the_archive_does_not_know_is_computed_and_then_it_knows() {
    let (encoder, archive) = (FakeEncoder::new(), Arc::new(Memory::default()));
    let embedder = start(&encoder, &options()).with_archive(Arc::clone(&archive) as _);
    embedder.embed_many(&texts(&["two"]), Role::Passage).await;
    let asked = texts(&["one", "two", "three", "two"]);
    for _ in 0..2 {
        let results = embedder.embed_many(&asked, Role::Passage).await;
        for (text, result) in asked.iter().zip(results) {
            assert_eq!(result.unwrap(), expected(text, Role::Passage));
        }
    }
    assert_eq!(encoder.gate.batches().concat(), ["two", "one", "three"]);
    let other_role = embedder.embed_many(&texts(&["two"]), Role::Query).await;
    assert_eq!(*other_role[0].as_ref().unwrap(), expected("two", Role::Query));
}

#[tokio::test]
async fn what_customers_ask_is_not_archived() {
    let (encoder, archive) = (FakeEncoder::new(), Arc::new(Memory::default()));
    let embedder = start(&encoder, &options()).with_archive(Arc::clone(&archive) as _);
    embedder.embed("怎么退款", Role::Query).await.unwrap();
    start(&encoder, &options()).embed_many(&texts(&["怎么退款"]), Role::Passage).await;
    assert!(archive.vectors.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_broken_archive_only_costs_time_and_an_error_is_not_kept() {
    let (encoder, broken) = (FakeEncoder::new(), Memory { broken: true, ..Memory::default() });
    let options = EmbedderOptions { cache_capacity: 0, ..options() };
    let embedder = start(&encoder, &options).with_archive(Arc::new(broken));
    for _ in 0..2 {
        let results = embedder.embed_many(&texts(&["one", "two"]), Role::Passage).await;
        assert_eq!(*results[1].as_ref().unwrap(), expected("two", Role::Passage));
    }
    let archive = Arc::new(Memory::default());
    let embedder = embedder.with_archive(Arc::clone(&archive) as _);
    let results = embedder.embed_many(&texts(&["sound", "", "also sound"]), Role::Passage).await;
    assert!(matches!(results[1], Err(Error::Unencodable)));
    assert_eq!(*results[2].as_ref().unwrap(), expected("also sound", Role::Passage));
    assert_eq!(archive.vectors.lock().unwrap().len(), 2);
}
