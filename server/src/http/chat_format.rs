//! How replies are written in `/v1/chat/completions`: whole, or as server-sent events.

use std::{convert::Infallible, iter::once};

use axum::{
    Json,
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use futures::stream;
use serde::Serialize;
use utoipa::ToSchema;

use super::openai::CHAT_MODEL;
use crate::{
    ApiError, AskResponse, DecisionKind,
    reply::{ClarifyOption, Reason},
    trace_id::TraceId,
};

/// What is to be written.
pub(super) struct Completion {
    pub(super) response: AskResponse,
    pub(super) content: String,
    pub(super) usage: Usage,
    /// Unix seconds.
    pub(super) created: i64,
}

/// The whole reply.
#[derive(Serialize, ToSchema)]
pub(super) struct ChatCompletion {
    /// `chatcmpl-` and the trace id.
    id: String,
    /// `chat.completion`.
    object: &'static str,
    /// Unix seconds.
    created: i64,
    /// `yingda`.
    model: &'static str,
    /// Exactly one.
    choices: [Choice; 1],
    /// Tokens.
    usage: Usage,
    /// What was decided. An extension of OpenAI's interface.
    yingda: ChatDecision,
}

#[derive(Serialize, ToSchema)]
struct Choice {
    /// 0.
    index: usize,
    /// The reply.
    message: ReplyMessage,
    /// `stop`.
    finish_reason: &'static str,
    /// Null.
    #[schema(value_type = Option<Object>)]
    logprobs: Option<()>,
}

#[derive(Serialize, ToSchema)]
struct ReplyMessage {
    /// `assistant`.
    role: &'static str,
    /// The answer, the options as a numbered list, or the hand-off message.
    content: String,
    /// Null.
    #[schema(value_type = Option<String>)]
    refusal: Option<()>,
}

/// One event of a streamed reply; the last one is the text `[DONE]`.
#[derive(Serialize, ToSchema)]
pub(super) struct ChatCompletionChunk {
    /// The same in every chunk.
    id: String,
    /// `chat.completion.chunk`.
    object: &'static str,
    /// Unix seconds.
    created: i64,
    /// `yingda`.
    model: &'static str,
    /// One; none in the chunk that carries `usage`.
    choices: Vec<ChunkChoice>,
    /// Tokens, when asked for, in the last chunk.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    /// What was decided, in the chunk that has a `finish_reason`.
    #[serde(skip_serializing_if = "Option::is_none")]
    yingda: Option<ChatDecision>,
}

#[derive(Serialize, ToSchema)]
struct ChunkChoice {
    /// 0.
    index: usize,
    /// What is added.
    delta: Delta,
    /// `stop` in the last one.
    finish_reason: Option<&'static str>,
}

#[derive(Default, Serialize, ToSchema)]
struct Delta {
    /// `assistant`, in the first chunk.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    /// Text to append.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
}

/// Tokens as the embedding model's tokenizer counts them, cut at its limit.
#[derive(Clone, Copy, Serialize, ToSchema)]
pub(super) struct Usage {
    /// Of the question.
    pub(super) prompt_tokens: usize,
    /// Of the reply.
    pub(super) completion_tokens: usize,
    /// The sum.
    pub(super) total_tokens: usize,
}

/// What was decided, as in `/v1/ask`.
#[derive(Serialize, ToSchema)]
struct ChatDecision {
    decision: DecisionKind,
    confidence: f32,
    entry_id: Option<String>,
    matched_question: Option<String>,
    options: Vec<ClarifyOption>,
    reason: Option<Reason>,
    #[schema(value_type = String, format = "uuid")]
    trace_id: TraceId,
}

impl From<AskResponse> for ChatDecision {
    fn from(response: AskResponse) -> Self {
        let AskResponse {
            decision, confidence, entry_id, matched_question, options, reason, trace_id, ..
        } = response;
        Self { decision, confidence, entry_id, matched_question, options, reason, trace_id }
    }
}

impl Completion {
    pub(super) fn into_json(self) -> Response {
        let message = ReplyMessage { role: "assistant", content: self.content, refusal: None };
        let completion = ChatCompletion {
            id: completion_id(self.response.trace_id),
            object: "chat.completion",
            created: self.created,
            model: CHAT_MODEL,
            choices: [Choice { index: 0, message, finish_reason: "stop", logprobs: None }],
            usage: self.usage,
            yingda: self.response.into(),
        };
        Json(completion).into_response()
    }

    /// The text is there from the beginning, so it is one chunk.
    pub(super) fn into_events(self, include_usage: bool) -> Response {
        let events: Result<Vec<Event>, ApiError> =
            self.into_chunks(include_usage).iter().map(event).collect();
        match events {
            Ok(events) => {
                let done = once(Event::default().data("[DONE]"));
                Sse::new(stream::iter(events.into_iter().chain(done).map(Ok::<_, Infallible>)))
                    .into_response()
            }
            Err(error) => error.into_response(),
        }
    }

    fn into_chunks(self, include_usage: bool) -> Vec<ChatCompletionChunk> {
        let id = completion_id(self.response.trace_id);
        let chunk = |choices| ChatCompletionChunk {
            id: id.clone(),
            object: "chat.completion.chunk",
            created: self.created,
            model: CHAT_MODEL,
            choices,
            usage: None,
            yingda: None,
        };
        let first = Delta { role: Some("assistant"), content: Some(String::new()) };
        let text = Delta { role: None, content: Some(self.content) };
        let mut chunks: Vec<_> = [(first, None), (text, None), (Delta::default(), Some("stop"))]
            .map(|(delta, finish_reason)| chunk(vec![ChunkChoice { index: 0, delta, finish_reason }]))
            .into();
        if let Some(last) = chunks.last_mut() {
            last.yingda = Some(self.response.into());
        }
        if include_usage {
            chunks.push(ChatCompletionChunk { usage: Some(self.usage), ..chunk(Vec::new()) });
        }
        chunks
    }
}

fn completion_id(trace_id: TraceId) -> String {
    format!("chatcmpl-{}", trace_id.simple())
}

fn event(chunk: &ChatCompletionChunk) -> Result<Event, ApiError> {
    Event::default().json_data(chunk).map_err(|error| ApiError::internal(&error))
}
