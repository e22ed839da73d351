//! `POST /v1/conversations/{conversation_id}/end`

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};

use crate::{ApiError, App, EndedConversation, error::ErrorBody};

/// End a conversation
///
/// Whoever answers it, the bot or a person: it is over, and its contact may begin another one. Ending it again changes
/// nothing. A later message with its id is refused; one that was stored before still gets its reply.
#[utoipa::path(
    post,
    path = "/v1/conversations/{conversation_id}/end",
    tag = "questions",
    params(("conversation_id" = String, Path, description = "As given to /v1/ask, a UUID")),
    responses(
        (status = 200, description = "It is over", body = EndedConversation),
        (status = 404, description = "No such conversation", body = ErrorBody),
        (status = 422, description = "Not a UUID", body = ErrorBody),
        (status = "5XX", description = "Overloaded, too slow, or a fault", body = ErrorBody),
    )
)]
pub(super) async fn end(
    State(app): State<Arc<App>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<EndedConversation>, ApiError> {
    // Bytes that are no text are no UUID either.
    let id = id.map(|Path(id)| id).unwrap_or_default();
    app.end_conversation(&id).await.map(Json)
}
