//! `POST /v1/chat/completions`, as OpenAI defines it: existing chat frontends can put questions.
//!
//! The last message of the user is the question; earlier ones are not read. There is no language model: the reply is
//! an entry's answer, a list of what may be meant, or the sentence that a human takes over.

use std::sync::Arc;

use axum::{Extension, extract::State, response::Response};
use inference::Role;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    body::JsonBody,
    chat_format::{ChatCompletion, ChatCompletionChunk, Completion, Usage},
    openai::{CHAT_MODEL, CompatibleErrorBody, check_model},
};
use crate::{
    ApiError, App, AskRequest, AskResponse, DecisionKind, clock, config::AnswerConfig, trace_id::TraceId,
};

/// A conversation. Fields that steer a language model (`temperature`, `max_tokens`, `tools`, …) are accepted and have no
/// effect.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChatRequest {
    /// `yingda`.
    #[schema(examples("yingda"))]
    model: String,
    /// At least one from `user`, of whom the last is the question.
    messages: Vec<ChatMessage>,
    /// Whether the reply comes as server-sent events.
    #[serde(default)]
    stream: Option<bool>,
    /// About the events.
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    /// Only 1.
    #[serde(default)]
    n: Option<u32>,
    /// Where it was asked, as in `/v1/ask`. An extension of OpenAI's interface.
    #[serde(default)]
    channel: Option<String>,
}

/// One message.
#[derive(Deserialize, ToSchema)]
struct ChatMessage {
    /// `user`, or any other.
    role: String,
    /// A text, or a list of parts `{"type": "text", "text": …}`.
    #[serde(default)]
    content: Value,
}

/// About the events.
#[derive(Deserialize, ToSchema)]
struct StreamOptions {
    /// Whether the last chunk before the end carries `usage`.
    #[serde(default)]
    include_usage: Option<bool>,
}

/// Put a question as a chat
///
/// The reply's content is the answer; the object `yingda` beside it holds the decision and the confidence.
#[utoipa::path(
    post,
    path = "/v1/chat/completions",
    tag = "openai",
    request_body = ChatRequest,
    responses(
        (status = 200, description = "A reply, whatever the decision", content(
            (ChatCompletion = "application/json"),
            (ChatCompletionChunk = "text/event-stream"),
        )),
        (status = "4XX", description = "The request is wrong", body = CompatibleErrorBody),
        (status = "5XX", description = "Overloaded, too slow, or a fault", body = CompatibleErrorBody),
    )
)]
pub(super) async fn create_chat_completion(
    State(app): State<Arc<App>>,
    Extension(trace_id): Extension<TraceId>,
    JsonBody(request): JsonBody<ChatRequest>,
) -> Result<Response, ApiError> {
    check_model(&app, &request.model, CHAT_MODEL)?;
    if request.n.is_some_and(|choices| choices != 1) {
        return Err(ApiError::invalid_field("n", "n is not 1: a question has one reply"));
    }
    let text = question(&request.messages)?;
    let ask = AskRequest { text: text.clone(), channel: request.channel, ..AskRequest::default() };
    let response = app.ask_traced(ask, trace_id).await?;
    let content = content(&response, &app.config().answer);
    let usage = usage(Arc::clone(&app), text, content.clone()).await?;
    let completion = Completion { response, content, usage, created: clock::now().unix_timestamp() };
    let include_usage = request.stream_options.and_then(|options| options.include_usage).unwrap_or_default();
    Ok(match request.stream {
        Some(true) => completion.into_events(include_usage),
        _ => completion.into_json(),
    })
}

fn question(messages: &[ChatMessage]) -> Result<String, ApiError> {
    let last = messages.iter().rposition(|message| message.role == "user");
    let Some((position, message)) = last.and_then(|position| Some((position, messages.get(position)?)))
    else {
        return Err(ApiError::invalid_field("messages", "messages holds none whose role is \"user\""));
    };
    match &message.content {
        Value::String(text) => Ok(text.clone()),
        Value::Array(parts) => join(parts, position),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            let message = format!("messages[{position}].content is neither a text nor a list of parts");
            Err(ApiError::invalid_field("messages", message))
        }
    }
}

fn join(parts: &[Value], position: usize) -> Result<String, ApiError> {
    let texts = parts.iter().enumerate().map(|(index, part)| {
        let is_text = part["type"] == "text";
        part["text"].as_str().filter(|_| is_text).ok_or_else(|| {
            let message = format!("messages[{position}].content[{index}] is not a text; only texts are read");
            ApiError::invalid_field("messages", message)
        })
    });
    Ok(texts.collect::<Result<Vec<_>, _>>()?.join("\n"))
}

fn content(response: &AskResponse, config: &AnswerConfig) -> String {
    match response.decision {
        DecisionKind::Answer => response.answer.clone().unwrap_or_default(),
        DecisionKind::HandOff => config.hand_off_message.clone(),
        DecisionKind::Clarify => {
            let options = response.options.iter().zip(1..);
            let lines = options.map(|(option, number)| format!("\n{number}. {}", option.question));
            std::iter::once(config.clarify_message.clone()).chain(lines).collect()
        }
    }
}

async fn usage(app: Arc<App>, question: String, content: String) -> Result<Usage, ApiError> {
    let count = move || {
        let prompt_tokens = app.count_tokens([question.as_str()], Role::Query)?;
        let completion_tokens = app.count_tokens([content.as_str()], Role::Passage)?;
        Ok(Usage { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens })
    };
    tokio::task::spawn_blocking(count).await.map_err(|error| ApiError::internal(&error))?
}
