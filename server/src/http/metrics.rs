//! What Prometheus asks.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderName, header::CONTENT_TYPE},
};

use crate::App;

const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Numbers for Prometheus
///
/// Requests, durations, decisions, the embedding queue and cache, the knowledge being served.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operation",
    responses((status = 200, description = "Prometheus text format", body = String, content_type = "text/plain"))
)]
pub(super) async fn metrics(State(app): State<Arc<App>>) -> ([(HeaderName, &'static str); 1], String) {
    ([(CONTENT_TYPE, TEXT_FORMAT)], app.metrics().render(&app.gauges()))
}
