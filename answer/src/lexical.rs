//! Which texts share words with a question: BM25 over an index in memory. The only file that names tantivy.

use std::collections::BTreeSet;

use tantivy::{
    DocAddress, Index, Searcher, TantivyDocument, Term,
    collector::TopDocs,
    indexer::SingleSegmentIndexWriter,
    query::{BooleanQuery, Occur, Query, TermQuery},
    schema::{Field, IndexRecordOption, OwnedValue, Schema, TextFieldIndexing, TextOptions},
    tokenizer::{PreTokenizedString, Token},
};

use crate::{Error, Result};

/// tantivy refuses less.
const WRITER_BUDGET_BYTES: usize = 15_000_000;

/// Texts, numbered from 0 in the order given, found by their terms.
pub(crate) struct LexicalIndex {
    searcher: Searcher,
    field: Field,
}

/// A text that shares terms with the question.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LexicalHit {
    /// The text's number.
    pub(crate) text: usize,
    /// BM25 divided by what a text of average length that holds every term once would get: about 0 to 1, greater is
    /// closer, above 1 for short texts. The division makes scores of different questions comparable.
    pub(crate) score: f32,
}

impl LexicalIndex {
    /// Indexes one text per item of `texts`, each given by its terms.
    ///
    /// # Errors
    /// [`Error::Lexical`] when tantivy fails.
    pub(crate) fn build(texts: impl IntoIterator<Item = Vec<String>>) -> Result<Self> {
        Self::build_in_memory(texts).map_err(|error| lexical_error(&error))
    }

    fn build_in_memory(texts: impl IntoIterator<Item = Vec<String>>) -> tantivy::Result<Self> {
        let mut schema = Schema::builder();
        let indexing =
            TextFieldIndexing::default().set_index_option(IndexRecordOption::WithFreqs).set_tokenizer("raw");
        let field = schema.add_text_field("terms", TextOptions::default().set_indexing_options(indexing));
        let index = Index::builder().schema(schema.build());
        // One segment, written by one thread: document numbers are then the order of insertion.
        let mut writer: SingleSegmentIndexWriter = index
            .single_segment_index_writer(tantivy::directory::RamDirectory::create(), WRITER_BUDGET_BYTES)?;
        for terms in texts {
            let mut document = TantivyDocument::new();
            document.add_field_value(field, &OwnedValue::PreTokStr(pre_tokenized(terms)));
            writer.add_document(document)?;
        }
        let searcher = writer.finalize()?.reader()?.searcher();
        Ok(Self { searcher, field })
    }

    /// The best `limit` texts that share a term with `terms`, best first. Empty when `terms` is or `limit` is 0.
    ///
    /// # Errors
    /// [`Error::Lexical`] when tantivy fails.
    pub(crate) fn search(&self, terms: &[String], limit: usize) -> Result<Vec<LexicalHit>> {
        let unique: BTreeSet<&str> = terms.iter().map(String::as_str).collect();
        let terms: Vec<Term> =
            unique.into_iter().map(|term| Term::from_field_text(self.field, term)).collect();
        if terms.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        self.best(&terms, limit).map_err(|error| lexical_error(&error))
    }

    fn best(&self, terms: &[Term], limit: usize) -> tantivy::Result<Vec<LexicalHit>> {
        let attainable = self.attainable(terms)?;
        let clauses = terms.iter().map(|term| -> (Occur, Box<dyn Query>) {
            (Occur::Should, Box::new(TermQuery::new(term.clone(), IndexRecordOption::WithFreqs)))
        });
        let query = BooleanQuery::new(clauses.collect());
        let found: Vec<(f32, DocAddress)> =
            self.searcher.search(&query, &TopDocs::with_limit(limit).order_by_score())?;
        Ok(found
            .into_iter()
            .map(|(score, address)| LexicalHit { text: address.doc_id as usize, score: score / attainable })
            .collect())
    }

    /// Σ idf over `terms`, with idf = ln(1 + (N - n + 0.5) / (n + 0.5)) as in BM25: a term that occurs once in a text
    /// of average length contributes its idf, since (k1 + 1) / (1 + k1) = 1.
    fn attainable(&self, terms: &[Term]) -> tantivy::Result<f32> {
        let texts = self.searcher.num_docs() as f32;
        let mut sum = 0.0;
        for term in terms {
            let holding = self.searcher.doc_freq(term)? as f32;
            sum += (1.0 + (texts - holding + 0.5) / (holding + 0.5)).ln();
        }
        Ok(sum.max(f32::MIN_POSITIVE))
    }
}

fn pre_tokenized(terms: Vec<String>) -> PreTokenizedString {
    let tokens = terms.into_iter().enumerate().map(|(position, text)| Token {
        offset_from: 0,
        offset_to: 0,
        position,
        text,
        position_length: 1,
    });
    PreTokenizedString { text: String::new(), tokens: tokens.collect() }
}

fn lexical_error(error: &tantivy::TantivyError) -> Error {
    Error::Lexical(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::terms;

    fn index(texts: &[&str]) -> LexicalIndex {
        LexicalIndex::build(texts.iter().map(|text| terms(text))).unwrap()
    }

    /// BM25 by its formula, k1 = 1.2 and b = 0.75, over the same terms.
    fn reference(texts: &[&str], question: &str, text: usize) -> f32 {
        let documents: Vec<Vec<String>> = texts.iter().map(|text| terms(text)).collect();
        let count = documents.len() as f32;
        let average = documents.iter().map(Vec::len).sum::<usize>() as f32 / count;
        let unique: BTreeSet<String> = terms(question).into_iter().collect();
        let (mut score, mut attainable) = (0.0, 0.0);
        for term in unique {
            let holding = documents.iter().filter(|document| document.contains(&term)).count() as f32;
            let idf = (1.0 + (count - holding + 0.5) / (holding + 0.5)).ln();
            let frequency = documents[text].iter().filter(|other| **other == term).count() as f32;
            let length = documents[text].len() as f32;
            score += idf * frequency * 2.2 / (frequency + 1.2 * (0.25 + 0.75 * length / average));
            attainable += idf;
        }
        score / attainable
    }

    #[test]
    fn scores_are_bm25() {
        let texts = ["怎么退款", "怎么退货", "发票怎么开具", "how do i return my order"];
        let index = index(&texts);
        for question in ["退款", "怎么开发票", "return order 退货"] {
            for hit in index.search(&terms(question), 10).unwrap() {
                let expected = reference(&texts, question, hit.text);
                assert!((hit.score - expected).abs() < 1e-4, "{question}: {hit:?}, expected {expected}");
            }
        }
    }

    #[test]
    fn the_text_that_shares_most_comes_first() {
        let hits = index(&["怎么退款", "怎么退货", "发票怎么开"]).search(&terms("我要退货"), 2).unwrap();
        assert_eq!(hits.first().map(|hit| hit.text), Some(1));
        assert_eq!(hits.len(), 2);
    }

    #[test]
    fn nothing_in_common_gives_nothing() {
        let index = index(&["怎么退款"]);
        assert!(index.search(&terms("hello"), 5).unwrap().is_empty());
        assert!(index.search(&[], 5).unwrap().is_empty());
        assert!(self::index(&[]).search(&terms("退款"), 5).unwrap().is_empty());
    }
}
