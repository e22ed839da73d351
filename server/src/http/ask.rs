//! `POST /v1/ask`

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::body::{JsonBody, Parameters};
use crate::{ApiError, App, AskRequest, AskResponse, error::ErrorBody, trace_id::TraceId};

/// Parameters in the address.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AskParameters {
    /// Whether the reply explains itself.
    #[serde(default)]
    explain: bool,
}

/// Ask a question
///
/// Decides on a customer's question: an answer, what to ask back, or that a human takes over.
#[utoipa::path(
    post,
    path = "/v1/ask",
    tag = "questions",
    params(AskParameters),
    request_body = AskRequest,
    responses(
        (status = 200, description = "A decision, whichever it is", body = AskResponse),
        (status = "4XX", description = "The question cannot be decided on", body = ErrorBody),
        (status = "5XX", description = "Overloaded, too slow, or a fault", body = ErrorBody),
    )
)]
pub(super) async fn ask(
    State(app): State<Arc<App>>,
    Extension(trace_id): Extension<TraceId>,
    Parameters(parameters): Parameters<AskParameters>,
    JsonBody(mut request): JsonBody<AskRequest>,
) -> Result<Json<AskResponse>, ApiError> {
    request.explain |= parameters.explain;
    app.ask_traced(request, trace_id).await.map(Json)
}
