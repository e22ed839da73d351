//! `GET /v1/models` and `GET /v1/models/{id}`, as OpenAI defines them.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::openai::{CHAT_MODEL, CompatibleErrorBody, unknown_model};
use crate::{ApiError, App};

/// The models that are served.
#[derive(Serialize, ToSchema)]
pub(super) struct ModelList {
    /// `list`.
    object: &'static str,
    /// The chat model, then the embedding model.
    data: Vec<Model>,
}

/// One model.
#[derive(Serialize, ToSchema)]
pub(super) struct Model {
    /// The name to ask for.
    id: String,
    /// `model`.
    object: &'static str,
    /// When this process started, Unix seconds.
    created: i64,
    /// `yingda`.
    owned_by: &'static str,
}

/// List the models
///
/// `yingda` answers chat completions, the other one computes embeddings.
#[utoipa::path(
    get,
    path = "/v1/models",
    tag = "openai",
    responses((status = 200, description = "All models", body = ModelList))
)]
pub(super) async fn list_models(State(app): State<Arc<App>>) -> Json<ModelList> {
    Json(ModelList { object: "list", data: models(&app) })
}

/// Look at a model
#[utoipa::path(
    get,
    path = "/v1/models/{id}",
    tag = "openai",
    params(("id" = String, Path, description = "A model's name")),
    responses(
        (status = 200, description = "The model", body = Model),
        (status = 404, description = "No such model", body = CompatibleErrorBody),
    )
)]
pub(super) async fn get_model(
    State(app): State<Arc<App>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Model>, ApiError> {
    // Bytes that are no text name no model.
    let id = id.map(|Path(id)| id).unwrap_or_default();
    let model = models(&app).into_iter().find(|model| model.id == id);
    model.map(Json).ok_or_else(|| unknown_model(&app, format!("there is no model {id:?}")))
}

fn models(app: &App) -> Vec<Model> {
    let names = [CHAT_MODEL, &app.embedder().info().name];
    let model = |name: &str| Model {
        id: name.to_owned(),
        object: "model",
        created: app.started().unix_timestamp(),
        owned_by: "yingda",
    };
    names.map(model).into()
}
