//! How texts and vectors are written in `/v1/embeddings`.

use std::fmt;

use axum::{
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use inference::{EmbeddedText, Embedding};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, SeqAccess, Visitor},
};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{ApiError, App};

/// One text or several.
#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum Input {
    /// One text.
    Text(String),
    /// Several.
    Texts(Vec<String>),
}

/// How a vector is written.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum EmbeddingFormat {
    /// An array of numbers.
    #[default]
    Float,
    /// Base64 of little-endian 32-bit floats: a third of the size. What the official Python client asks for.
    Base64,
}

/// The reply.
#[derive(Serialize, ToSchema)]
pub(super) struct EmbeddingList<'a> {
    /// `list`.
    object: &'static str,
    /// One vector a text, in the order of the texts.
    data: Vec<EmbeddingObject<'a>>,
    /// The model's name.
    model: &'a str,
    /// What was read.
    usage: Usage,
}

/// One vector.
#[derive(Serialize, ToSchema)]
struct EmbeddingObject<'a> {
    /// `embedding`.
    object: &'static str,
    /// The text's position, from 0.
    index: usize,
    /// The vector.
    embedding: WrittenVector<'a>,
}

/// An array of numbers, or base64.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum WrittenVector<'a> {
    /// `encoding_format` is `float`.
    Float(&'a [f32]),
    /// `encoding_format` is `base64`.
    Base64(String),
}

/// Tokens as the model reads them: prompt and special tokens included, cut at its limit.
#[derive(Serialize, ToSchema)]
struct Usage {
    /// Of all texts together.
    prompt_tokens: usize,
    /// The same.
    total_tokens: usize,
}

impl Input {
    pub(super) fn into_texts(self) -> Vec<String> {
        match self {
            Self::Text(text) => vec![text],
            Self::Texts(texts) => texts,
        }
    }
}

/// Writes the whole reply. Takes milliseconds for thousands of texts, which belong on a blocking thread.
pub(super) fn reply(
    app: &App,
    embedded: &[EmbeddedText],
    format: EmbeddingFormat,
) -> Result<Response, ApiError> {
    let tokens = embedded.iter().map(|text| text.tokens).sum();
    let written = embedded.iter().enumerate().map(|(index, text)| EmbeddingObject {
        object: "embedding",
        index,
        embedding: write(&text.vector, format),
    });
    let list = EmbeddingList {
        object: "list",
        data: written.collect(),
        model: &app.embedder().info().name,
        usage: Usage { prompt_tokens: tokens, total_tokens: tokens },
    };
    let mut body = Vec::with_capacity(expected_bytes(embedded, format));
    serde_json::to_writer(&mut body, &list).map_err(|error| ApiError::internal(&error))?;
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

/// What the buffer of a reply is made for, so that it seldom grows: a value of a unit vector takes a dozen bytes as a number
/// with its comma, and 16 thirds in base64; the rest is a hundred bytes a text at most, and as much around them.
fn expected_bytes(embedded: &[EmbeddedText], format: EmbeddingFormat) -> usize {
    let a_value = match format {
        EmbeddingFormat::Float => 14,
        EmbeddingFormat::Base64 => 6,
    };
    let of_vector = |text: &EmbeddedText| text.vector.dimension() * a_value + 100;
    embedded.iter().map(of_vector).sum::<usize>() + 200
}

fn write(vector: &Embedding, format: EmbeddingFormat) -> WrittenVector<'_> {
    match format {
        EmbeddingFormat::Float => WrittenVector::Float(vector.as_slice()),
        EmbeddingFormat::Base64 => {
            let bytes: Vec<u8> = vector.as_slice().iter().flat_map(|value| value.to_le_bytes()).collect();
            WrittenVector::Base64(STANDARD.encode(bytes))
        }
    }
}

impl<'de> Deserialize<'de> for Input {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InputVisitor)
    }
}

/// Names the element that is no text, which an untagged enum would not.
struct InputVisitor;

impl<'de> Visitor<'de> for InputVisitor {
    type Value = Input;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("input to be a text or a list of texts")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Input, E> {
        Ok(Input::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Input, A::Error> {
        let mut texts = Vec::new();
        while let Some(element) = elements.next_element()? {
            let Value::String(text) = element else {
                let position = texts.len();
                return Err(A::Error::custom(format!(
                    "input[{position}] is not a text: token lists are not accepted, send the texts themselves"
                )));
            };
            texts.push(text);
        }
        Ok(Input::Texts(texts))
    }
}
