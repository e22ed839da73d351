//! From the bytes of a request to a typed value, or an error that says what and where.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Query, Request},
    http::{HeaderMap, header::CONTENT_TYPE, request::Parts},
};
use futures::StreamExt as _;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::{ApiError, App, ErrorCode};

/// A JSON body of at most `server.max_body_bytes`.
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let is_json = declares_json(request.headers());
        let bytes = read(request.into_body(), app.config().server.max_body_bytes).await?;
        if !is_json {
            let message = "the body must be declared as content-type: application/json";
            return Err(ApiError::new(ErrorCode::UnsupportedMediaType, message));
        }
        let text = std::str::from_utf8(&bytes).map_err(|error| invalid_utf8(error.valid_up_to()))?;
        Ok(Self(serde_json::from_str(text)?))
    }
}

/// The parameters after the `?`.
pub(super) struct Parameters<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = Query::try_from_uri(&parts.uri);
        query
            .map(|Query(value)| Self(value))
            .map_err(|error| ApiError::new(ErrorCode::InvalidQuery, error.body_text()))
    }
}

/// What of a body that is too long is still received, so that its sender has finished and reads the reply: a
/// connection closed while the other side sends is reset, and the reply lost with it.
const DRAINED_BYTES: usize = 16 << 20;

async fn read(body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let mut chunks = body.into_data_stream();
    let mut kept = Vec::new();
    let mut received = 0_usize;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| ApiError::new(ErrorCode::IncompleteBody, "the body ended early"))?;
        received = received.saturating_add(chunk.len());
        if received <= limit {
            kept.extend_from_slice(&chunk);
        } else if received > limit.saturating_add(DRAINED_BYTES) {
            break;
        }
    }
    if received > limit { Err(too_large(limit)) } else { Ok(kept.into()) }
}

fn declares_json(headers: &HeaderMap) -> bool {
    let declared = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn too_large(limit: usize) -> ApiError {
    ApiError::new(ErrorCode::PayloadTooLarge, format!("the body is longer than {limit} bytes"))
        .with_details(json!({ "limit_bytes": limit }))
}

fn invalid_utf8(position: usize) -> ApiError {
    ApiError::new(ErrorCode::InvalidUtf8, format!("the body is not valid UTF-8 from byte {position} on"))
        .with_details(json!({ "position": position }))
}
