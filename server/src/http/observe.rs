//! One trace id, one log line and one sample in the metrics for every request.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method},
    middleware::Next,
    response::Response,
};
use tracing::{Instrument as _, Span, field::Empty};

use crate::{ApiError, App, reply::to_microseconds, trace_id::TraceId};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What is counted for a caller that hung up before its reply was ready; no such reply is ever sent.
const CALLER_LEFT: u16 = 499;

/// Runs the rest of the service inside a span. The outermost layer, so it sees every reply.
pub(super) async fn observe(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let trace_id = given_id(&request).unwrap_or_default();
    request.extensions_mut().insert(trace_id);
    let mut observation = Observation::begin(app, &request, trace_id);
    let span = observation.span.clone();
    let mut response = next.run(request).instrument(span).await;
    if let Ok(value) = HeaderValue::try_from(trace_id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    observation.status = response.status().as_u16();
    observation.code = response.extensions().get::<ApiError>().map(|error| error.code().as_str());
    response
}

fn given_id(request: &Request) -> Option<TraceId> {
    TraceId::parse(request.headers().get(REQUEST_ID)?.to_str().ok()?)
}

/// Reports when dropped, so that a request whose caller left is seen too.
struct Observation {
    app: Arc<App>,
    started: Instant,
    span: Span,
    route: String,
    method: &'static str,
    status: u16,
    code: Option<&'static str>,
}

impl Observation {
    fn begin(app: Arc<App>, request: &Request, trace_id: TraceId) -> Self {
        let matched = request.extensions().get::<MatchedPath>();
        let route = matched.map_or("unmatched", MatchedPath::as_str).to_owned();
        let method = method_label(request.method());
        let span =
            tracing::info_span!("request", %trace_id, method, route, characters = Empty, decision = Empty);
        Self { app, started: Instant::now(), span, route, method, status: CALLER_LEFT, code: None }
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        let Self { status, code, .. } = *self;
        let duration = self.started.elapsed();
        self.app.metrics().request(&self.route, self.method, status, duration);
        let took_ms = to_microseconds(duration.as_secs_f64() * 1e3);
        let _entered = self.span.enter();
        if status >= 500 {
            tracing::warn!(status, code, took_ms, "request failed");
        } else if self.route.starts_with("/v1/") {
            tracing::info!(status, code, took_ms, "request");
        } else {
            tracing::debug!(status, code, took_ms, "request");
        }
    }
}

/// A caller can invent methods; each would be a series of its own.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
