//! OpenAI's shape for errors, and which models are served under which name.

use axum::response::Response;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{ApiError, App, ErrorCode};

/// The name of the answering engine as a chat model.
pub(super) const CHAT_MODEL: &str = "yingda";

/// The body of an error on an OpenAI-compatible route.
#[derive(Serialize, ToSchema)]
pub(super) struct CompatibleErrorBody {
    error: CompatibleError,
}

#[derive(Serialize, ToSchema)]
struct CompatibleError {
    /// For people; may change.
    message: String,
    /// `invalid_request_error` or `server_error`.
    r#type: &'static str,
    /// The field that is wrong, when one is.
    param: Option<String>,
    /// Stable; the same codes as everywhere.
    code: ErrorCode,
}

/// Shows the error inside `response`, if there is one, as OpenAI's clients expect it.
pub(super) async fn in_openai_shape(response: Response) -> Response {
    let Some(error) = response.extensions().get::<ApiError>().cloned() else { return response };
    let body = CompatibleErrorBody::from(&error);
    let mut reshaped = error.reply_with(body);
    for (name, value) in response.headers() {
        // Such as the methods that are allowed.
        reshaped.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    reshaped
}

impl From<&ApiError> for CompatibleErrorBody {
    fn from(error: &ApiError) -> Self {
        let is_ours = error.code().status().is_server_error();
        Self {
            error: CompatibleError {
                message: error.to_string(),
                r#type: if is_ours { "server_error" } else { "invalid_request_error" },
                param: error.detail("param").and_then(Value::as_str).map(str::to_owned),
                code: error.code(),
            },
        }
    }
}

/// Refuses a `model` that is not `served`.
pub(super) fn check_model(app: &App, asked: &str, served: &str) -> Result<(), ApiError> {
    if asked == served {
        return Ok(());
    }
    let message = format!("the model {asked:?} is not served at this address; {served:?} is");
    Err(unknown_model(app, message))
}

/// No model of that name.
pub(super) fn unknown_model(app: &App, message: String) -> ApiError {
    let available = [CHAT_MODEL, &app.embedder().info().name];
    ApiError::new(ErrorCode::ModelNotFound, message)
        .with_details(json!({ "param": "model", "available": available }))
}
