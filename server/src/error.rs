//! The one place where an error becomes an HTTP reply.
//!
//! The body is `{"code": …, "message": …, "details": … or null}`; OpenAI-compatible routes show the same error in
//! OpenAI's shape (`http::openai`). Codes are stable, messages are not. Internal text is logged here and never sent.
//!
//! | code | status | meaning | details |
//! |---|---|---|---|
//! | `invalid_json` | 400 | the body is not JSON | `line`, `column` |
//! | `invalid_utf8` | 400 | the body is not UTF-8 | `position`, in bytes |
//! | `invalid_query` | 400 | an unknown or malformed parameter in the address | – |
//! | `incomplete_body` | 400 | the connection ended before the body did | – |
//! | `unknown_route` | 404 | there is nothing at this path | – |
//! | `model_not_found` | 404 | no such model is served here | `param`, `available` |
//! | `conversation_not_found` | 404 | no such conversation was recorded | – |
//! | `method_not_allowed` | 405 | the path exists, the method does not | – |
//! | `conflict` | 409 | the conversation is over, another person's, or the message another text or one that is no longer kept | `open_conversation`, where one is in the way |
//! | `payload_too_large` | 413 | the body is longer than `server.max_body_bytes` | `limit_bytes` |
//! | `unsupported_media_type` | 415 | the body is not declared as `application/json` | – |
//! | `empty_question` | 422 | nothing, or white space only | – |
//! | `question_too_long` | 422 | more characters than are read | `characters`, `limit` |
//! | `control_character` | 422 | a control character other than tab and line break | `position`, in characters |
//! | `no_words` | 422 | only emoji, punctuation or symbols | – |
//! | `invalid_field` | 422 | a field is missing, unknown, of the wrong type or out of range | `param` or `line`, `column` |
//! | `unencodable` | 422 | a text that the model knows no token of | `param` |
//! | `internal` | 500 | a fault on this side; the trace id finds it in the log | – |
//! | `overloaded` | 503 | too much at once; try again after `Retry-After` | – |
//! | `shutting_down` | 503 | the process is ending; try another or try again | – |
//! | `storage_unavailable` | 503 | the store cannot be reached; repeat the message after `Retry-After` | – |
//! | `storage_full` | 507 | the disk of the store is full; nothing was recorded | – |
//! | `timeout` | 504 | not finished within `server.request_timeout_ms` | `limit_ms` |

use std::fmt;

use answer::{Question, QuestionProblem};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A stable name for each kind of error; the table above says what each means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the module's table describes each")]
pub enum ErrorCode {
    InvalidJson,
    InvalidUtf8,
    InvalidQuery,
    IncompleteBody,
    UnknownRoute,
    ModelNotFound,
    ConversationNotFound,
    MethodNotAllowed,
    Conflict,
    PayloadTooLarge,
    UnsupportedMediaType,
    EmptyQuestion,
    QuestionTooLong,
    ControlCharacter,
    NoWords,
    InvalidField,
    Unencodable,
    Internal,
    Overloaded,
    ShuttingDown,
    StorageUnavailable,
    StorageFull,
    Timeout,
}

impl ErrorCode {
    /// As sent, for example `empty_question`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        self.row().1
    }

    fn row(self) -> (&'static str, StatusCode) {
        match self {
            Self::InvalidJson => ("invalid_json", StatusCode::BAD_REQUEST),
            Self::InvalidUtf8 => ("invalid_utf8", StatusCode::BAD_REQUEST),
            Self::InvalidQuery => ("invalid_query", StatusCode::BAD_REQUEST),
            Self::IncompleteBody => ("incomplete_body", StatusCode::BAD_REQUEST),
            Self::UnknownRoute => ("unknown_route", StatusCode::NOT_FOUND),
            Self::ModelNotFound => ("model_not_found", StatusCode::NOT_FOUND),
            Self::ConversationNotFound => ("conversation_not_found", StatusCode::NOT_FOUND),
            Self::MethodNotAllowed => ("method_not_allowed", StatusCode::METHOD_NOT_ALLOWED),
            Self::Conflict => ("conflict", StatusCode::CONFLICT),
            Self::PayloadTooLarge => ("payload_too_large", StatusCode::PAYLOAD_TOO_LARGE),
            Self::UnsupportedMediaType => ("unsupported_media_type", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Self::EmptyQuestion => ("empty_question", StatusCode::UNPROCESSABLE_ENTITY),
            Self::QuestionTooLong => ("question_too_long", StatusCode::UNPROCESSABLE_ENTITY),
            Self::ControlCharacter => ("control_character", StatusCode::UNPROCESSABLE_ENTITY),
            Self::NoWords => ("no_words", StatusCode::UNPROCESSABLE_ENTITY),
            Self::InvalidField => ("invalid_field", StatusCode::UNPROCESSABLE_ENTITY),
            Self::Unencodable => ("unencodable", StatusCode::UNPROCESSABLE_ENTITY),
            Self::Internal => ("internal", StatusCode::INTERNAL_SERVER_ERROR),
            Self::Overloaded => ("overloaded", StatusCode::SERVICE_UNAVAILABLE),
            Self::ShuttingDown => ("shutting_down", StatusCode::SERVICE_UNAVAILABLE),
            Self::StorageUnavailable => ("storage_unavailable", StatusCode::SERVICE_UNAVAILABLE),
            Self::StorageFull => ("storage_full", StatusCode::INSUFFICIENT_STORAGE),
            Self::Timeout => ("timeout", StatusCode::GATEWAY_TIMEOUT),
        }
    }
}

/// What went wrong, fit to be shown to whoever asked.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    code: ErrorCode,
    message: String,
    details: Value,
}

/// The body of every error that is not OpenAI's.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// Stable; made for programs.
    code: ErrorCode,
    /// For people; may change.
    message: String,
    /// What the code's row in the documentation says, or null.
    #[schema(value_type = Object, nullable)]
    details: Value,
}

/// Seconds after which a refused client should try again. A queue of hundreds drains within one.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

impl ApiError {
    /// An error without details.
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Value::Null }
    }

    /// A request field, named as it is written in the request.
    pub(crate) fn invalid_field(param: &str, message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidField, message).with_details(json!({ "param": param }))
    }

    /// Logs `cause` and tells nothing of it.
    pub(crate) fn internal(cause: &dyn fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed");
        Self::new(ErrorCode::Internal, "an internal error; the x-request-id header finds it in the log")
    }

    pub(crate) fn with_details(self, details: Value) -> Self {
        Self { details, ..self }
    }

    /// What kind of error.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The part of `details` called `name`.
    pub(crate) fn detail(&self, name: &str) -> Option<&Value> {
        self.details.get(name)
    }

    /// Status and headers around `body`. The error itself travels with the reply, so that logs name its code and
    /// OpenAI-compatible routes can show it in their shape.
    pub(crate) fn reply_with(self, body: impl Serialize) -> Response {
        let mut response = (self.code.status(), Json(body)).into_response();
        let again = [ErrorCode::Overloaded, ErrorCode::ShuttingDown, ErrorCode::StorageUnavailable];
        if again.contains(&self.code) {
            response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body =
            ErrorBody { code: self.code, message: self.message.clone(), details: self.details.clone() };
        self.reply_with(body)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}

impl From<QuestionProblem> for ApiError {
    fn from(problem: QuestionProblem) -> Self {
        let (code, details) = match problem {
            QuestionProblem::Empty => (ErrorCode::EmptyQuestion, Value::Null),
            QuestionProblem::TooLong { characters } => (
                ErrorCode::QuestionTooLong,
                json!({ "characters": characters, "limit": Question::MAX_CHARACTERS }),
            ),
            QuestionProblem::ControlCharacter { position } => {
                (ErrorCode::ControlCharacter, json!({ "position": position }))
            }
            QuestionProblem::NoWords => (ErrorCode::NoWords, Value::Null),
        };
        Self::new(code, problem.to_string()).with_details(details)
    }
}

impl From<answer::Error> for ApiError {
    fn from(error: answer::Error) -> Self {
        match error {
            answer::Error::Question(problem) => problem.into(),
            answer::Error::Inference(error) => error.into(),
            error @ (answer::Error::Record { .. }
            | answer::Error::Knowledge(_)
            | answer::Error::InvalidOption { .. }
            | answer::Error::Index(_)
            | answer::Error::Lexical(_)
            | answer::Error::Stopped) => Self::internal(&error),
        }
    }
}

impl From<inference::Error> for ApiError {
    fn from(error: inference::Error) -> Self {
        match error {
            inference::Error::Overloaded => {
                Self::new(ErrorCode::Overloaded, "too many texts are waiting for the model")
            }
            inference::Error::Closed => Self::new(ErrorCode::ShuttingDown, "the process is shutting down"),
            inference::Error::Unencodable => Self::new(ErrorCode::Unencodable, error.to_string()),
            error @ (inference::Error::DeviceUnavailable { .. }
            | inference::Error::ModelFile { .. }
            | inference::Error::UnsupportedModel(_)
            | inference::Error::InvalidOption { .. }
            | inference::Error::Inference(_)) => Self::internal(&error),
        }
    }
}

impl From<store::Error> for ApiError {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Busy => Self::new(ErrorCode::Overloaded, "too many writes are waiting"),
            store::Error::DiskFull => Self::new(ErrorCode::StorageFull, "the disk of the store is full"),
            store::Error::Unavailable { reason } => {
                tracing::error!(%reason, "the store is unavailable");
                Self::new(ErrorCode::StorageUnavailable, "the store is unavailable")
            }
            store::Error::Conflict { what } => Self::new(ErrorCode::Conflict, what),
            error @ (store::Error::StaleOwner { .. }
            | store::Error::KeyNotCurrent { .. }
            | store::Error::NotFound { .. }
            | store::Error::Invalid { .. }
            | store::Error::Refused { .. }
            | store::Error::NewerSchema { .. }
            | store::Error::Schema { .. }
            | store::Error::Corrupt { .. }
            | store::Error::Archive { .. }
            | store::Error::Defect { .. }) => Self::internal(&error),
        }
    }
}

/// No message of `sealing` holds a value or a key.
impl From<sealing::Error> for ApiError {
    fn from(error: sealing::Error) -> Self {
        if matches!(error, sealing::Error::ContactErased { .. } | sealing::Error::Erased { .. }) {
            return Self::new(ErrorCode::Conflict, "the contact was erased");
        }
        if let sealing::Error::Storage(error) = error {
            let known = error.downcast::<store::Error>();
            return known.map_or_else(|error| Self::internal(&error), |error| (*error).into());
        }
        Self::internal(&error)
    }
}

/// `error` from reading a whole body; `T`'s fields are its fields.
impl From<serde_json::Error> for ApiError {
    fn from(error: serde_json::Error) -> Self {
        let place = json!({ "line": error.line(), "column": error.column() });
        let code = if error.is_data() { ErrorCode::InvalidField } else { ErrorCode::InvalidJson };
        Self::new(code, error.to_string()).with_details(place)
    }
}
