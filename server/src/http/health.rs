//! What a load balancer asks.

use std::sync::Arc;

use axum::extract::State;

use crate::{ApiError, App, error::ErrorBody};

/// Whether the process is alive
///
/// Answers as long as the process can answer anything. A process that does not should be restarted.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "operation",
    responses((status = 200, description = "Alive", body = String, content_type = "text/plain"))
)]
pub(super) async fn healthz() -> &'static str {
    "alive\n"
}

/// Whether to send requests here
///
/// Ready means: the model and the knowledge are loaded, the embedding queue has room, and the process is not shutting
/// down.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operation",
    responses(
        (status = 200, description = "Ready", body = String, content_type = "text/plain"),
        (status = 503, description = "Send requests elsewhere for now", body = ErrorBody),
    )
)]
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Result<&'static str, ApiError> {
    app.readiness().map(|()| "ready\n")
}
