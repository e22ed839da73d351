//! What a request may not exceed, and what happens to one that goes wrong before or inside its handler.

use std::{any::Any, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{Method, Response, Uri},
    middleware::Next,
    response::IntoResponse,
};
use serde_json::json;
use tower_http::catch_panic::ResponseForPanic;

use crate::{ApiError, App, ErrorCode};

/// Refuses at once when as many requests as allowed are under way, and gives up on one that takes too long. What the
/// abandoned request still has in the embedding queue is skipped there.
pub(super) async fn limit(State(app): State<Arc<App>>, request: Request, next: Next) -> Response<Body> {
    let Some(_permit) = app.admit() else {
        return ApiError::new(ErrorCode::Overloaded, "too many requests are under way").into_response();
    };
    let limit_ms = app.config().server.request_timeout_ms;
    let reply = tokio::time::timeout(Duration::from_millis(limit_ms), next.run(request));
    reply.await.unwrap_or_else(|_| timed_out(limit_ms).into_response())
}

/// For a path that is nobody's.
pub(super) async fn unknown_route(uri: Uri) -> ApiError {
    nothing_at(&uri)
}

/// There is nothing at this path.
pub(super) fn nothing_at(uri: &Uri) -> ApiError {
    ApiError::new(ErrorCode::UnknownRoute, format!("there is nothing at {}", uri.path()))
}

/// For a path whose route has other methods; axum adds the `allow` header.
pub(super) async fn method_not_allowed(method: Method, uri: Uri) -> ApiError {
    ApiError::new(ErrorCode::MethodNotAllowed, format!("{} does not accept {method}", uri.path()))
}

/// Answers for a handler that panicked. Neither logs nor sends the panic's message, which may quote a text; the panic
/// hook logs the place.
#[derive(Clone, Copy)]
pub(super) struct PanicReply;

impl ResponseForPanic for PanicReply {
    type ResponseBody = Body;

    fn response_for_panic(&mut self, _panic: Box<dyn Any + Send>) -> Response<Body> {
        ApiError::internal(&"a handler panicked").into_response()
    }
}

fn timed_out(limit_ms: u64) -> ApiError {
    ApiError::new(ErrorCode::Timeout, format!("not finished within {limit_ms} ms"))
        .with_details(json!({ "limit_ms": limit_ms }))
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::to_bytes};
    use tower::ServiceExt as _;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    async fn panics() {
        panic!("the customer wrote: my card is 4000 1234");
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_error_that_tells_nothing() {
        let router = Router::new().fallback(panics).layer(CatchPanicLayer::custom(PanicReply));
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), 500);
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["code"], "internal");
        assert!(!body.to_string().contains("4000"), "{body}");
    }
}
