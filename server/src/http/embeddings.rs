//! `POST /v1/embeddings`, as OpenAI defines it.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use inference::{EmbeddedText, Role};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{
    body::JsonBody,
    embeddings_format::{EmbeddingFormat, EmbeddingList, Input, reply},
    openai::{CompatibleErrorBody, check_model},
};
use crate::{ApiError, App, ErrorCode};

/// OpenAI's limit.
const MAX_INPUTS: usize = 2_048;

/// What to embed. Unknown fields are refused.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EmbeddingRequest {
    /// One text, or 1 to 2,048 of them. A text beyond the model's limit is cut there. Token lists are not accepted.
    input: Input,
    /// The embedding model's name, as under `/v1/models`.
    model: String,
    /// How vectors are written: `float` for an array, `base64` for little-endian 32-bit floats.
    #[serde(default)]
    encoding_format: EmbeddingFormat,
    /// Keep this many values, scaled to unit length again. Meant for models trained for it (Matryoshka).
    #[serde(default)]
    #[schema(minimum = 1)]
    dimensions: Option<usize>,
    /// Accepted and not used.
    #[serde(default, rename = "user")]
    _user: Option<String>,
    /// Which side of a search the texts are on; decides the model's prompt. An extension of OpenAI's interface.
    #[serde(default)]
    input_type: InputType,
}

/// The side of a search.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum InputType {
    /// A customer's question.
    Query,
    /// A stored text: most models take it as it is, so this is the default.
    #[default]
    Passage,
}

impl From<InputType> for Role {
    fn from(input_type: InputType) -> Self {
        match input_type {
            InputType::Query => Self::Query,
            InputType::Passage => Self::Passage,
        }
    }
}

/// Embed texts
///
/// Vectors of unit length, in the order of the texts, from the model that also answers questions.
#[utoipa::path(
    post,
    path = "/v1/embeddings",
    tag = "openai",
    request_body = EmbeddingRequest,
    responses(
        (status = 200, description = "One vector a text", body = EmbeddingList<'static>),
        (status = "4XX", description = "The request is wrong", body = CompatibleErrorBody),
        (status = "5XX", description = "Overloaded, too slow, or a fault", body = CompatibleErrorBody),
    )
)]
pub(super) async fn create_embeddings(
    State(app): State<Arc<App>>,
    JsonBody(request): JsonBody<EmbeddingRequest>,
) -> Result<Response, ApiError> {
    check_model(&app, &request.model, &app.embedder().info().name)?;
    let texts = request.input.into_texts();
    check_texts(&texts)?;
    let dimension = check_dimension(&app, request.dimensions)?;
    let role = Role::from(request.input_type);
    let embedded = embed(&app, &texts, role, dimension).await?;
    let format = request.encoding_format;
    if embedded.len() * dimension <= BRIEF {
        return reply(&app, &embedded, format);
    }
    let blocking = tokio::task::spawn_blocking(move || reply(&app, &embedded, format));
    blocking.await.map_err(|error| ApiError::internal(&error))?
}

/// As many values are written in little more time than it takes to hand them to another thread: some tens of microseconds.
const BRIEF: usize = 2_048;

fn check_texts(texts: &[String]) -> Result<(), ApiError> {
    if texts.is_empty() || texts.len() > MAX_INPUTS {
        let message = format!("input holds {} texts, expected 1 to {MAX_INPUTS}", texts.len());
        return Err(ApiError::invalid_field("input", message));
    }
    match texts.iter().position(|text| text.trim().is_empty()) {
        Some(position) => Err(ApiError::invalid_field("input", format!("input[{position}] is empty"))),
        None => Ok(()),
    }
}

fn check_dimension(app: &App, asked: Option<usize>) -> Result<usize, ApiError> {
    let full = app.embedder().info().dimension;
    match asked {
        None => Ok(full),
        Some(dimension) if (1..=full).contains(&dimension) => Ok(dimension),
        Some(dimension) => {
            let message = format!("dimensions is {dimension}, expected 1 to {full}");
            Err(ApiError::invalid_field("dimensions", message))
        }
    }
}

/// A single text is refused at once when the queue is full; a list waits for room, within the request's time.
async fn embed(
    app: &App,
    texts: &[String],
    role: Role,
    dimension: usize,
) -> Result<Vec<EmbeddedText>, ApiError> {
    let embedded = match texts {
        [text] => vec![app.embedder().embed_counted(text, role).await],
        texts => app.embedder().embed_many_counted(texts, role).await,
    };
    let truncated = embedded.into_iter().map(|embedded| truncate(&embedded?, dimension));
    let named =
        truncated.enumerate().map(|(position, text)| text.map_err(|error| name_input(error, position)));
    named.collect()
}

fn truncate(text: &EmbeddedText, dimension: usize) -> inference::Result<EmbeddedText> {
    Ok(EmbeddedText { vector: text.vector.truncated(dimension)?, tokens: text.tokens })
}

/// An error of one text says which.
fn name_input(error: inference::Error, position: usize) -> ApiError {
    let message = format!("input[{position}]: {error}");
    let error = ApiError::from(error);
    if error.code() == ErrorCode::Unencodable {
        return ApiError::new(ErrorCode::Unencodable, message).with_details(json!({ "param": "input" }));
    }
    error
}
