//! The description of the interface, made from the handlers, and Swagger UI to read it with.

use std::sync::{Arc, LazyLock};

use axum::{
    Json,
    extract::{Path, rejection::PathRejection},
    http::{
        Uri,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
    response::{IntoResponse, Redirect, Response},
};
use utoipa::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerFile, serve};

use super::{
    ask, chat_completions, conversations, embeddings, examples, health, limits, metrics, models, page,
};
use crate::ApiError;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Yingda",
        description = "Answers customers' questions from a knowledge base, asks back, or hands over to a human.\n\nErrors \
            are `{code, message, details}`; under the tag `openai` they are `{\"error\": {message, type, param, code}}`. \
            Every reply has an `x-request-id` header; a UUID sent in that header is taken over."
    ),
    tags(
        (name = "questions", description = "A customer's question to a decision"),
        (name = "openai", description = "What software written for OpenAI calls"),
        (name = "operation", description = "For load balancers, Prometheus and tools"),
        (name = "page", description = "What the browser loads"),
    ),
    paths(
        ask::ask,
        conversations::end,
        embeddings::create_embeddings,
        chat_completions::create_chat_completion,
        models::list_models,
        models::get_model,
        health::healthz,
        health::readyz,
        metrics::metrics,
        openapi,
        page::index,
        page::style,
        page::script,
        examples::examples,
        redirect,
        swagger_ui,
        swagger_ui_file,
    )
)]
struct Description;

static DESCRIPTION: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(Description::openapi);

static SWAGGER_UI: LazyLock<Arc<Config<'static>>> =
    LazyLock::new(|| Arc::new(Config::from("/openapi.json").use_base_layout().try_it_out_enabled(true)));

/// Swagger UI sets style attributes and draws arrows from data addresses.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// This description
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "operation",
    responses((status = 200, description = "OpenAPI 3.1", body = Object))
)]
pub(super) async fn openapi() -> Json<&'static utoipa::openapi::OpenApi> {
    Json(&DESCRIPTION)
}

/// To the documentation
#[utoipa::path(get, path = "/docs", tag = "page", responses((status = 308, description = "To /docs/")))]
pub(super) async fn redirect() -> Redirect {
    Redirect::permanent("/docs/")
}

/// The documentation
#[utoipa::path(
    get,
    path = "/docs/",
    tag = "page",
    responses((status = 200, description = "Swagger UI", body = String, content_type = "text/html"))
)]
pub(super) async fn swagger_ui(uri: Uri) -> Result<Response, ApiError> {
    swagger_ui_file(uri, Ok(Path(String::new()))).await
}

/// What the documentation loads
#[utoipa::path(
    get,
    path = "/docs/{file}",
    tag = "page",
    params(("file" = String, Path, description = "A file of Swagger UI")),
    responses((status = 200, description = "The file"))
)]
pub(super) async fn swagger_ui_file(
    uri: Uri,
    file: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    // Bytes that are no text name no file.
    let Ok(Path(file)) = file else { return Err(limits::nothing_at(&uri)) };
    match serve(&file, Arc::clone(&SWAGGER_UI)) {
        Ok(Some(file)) => Ok(reply(file)),
        Ok(None) => Err(limits::nothing_at(&uri)),
        Err(error) => Err(ApiError::internal(&error)),
    }
}

fn reply(file: SwaggerFile<'static>) -> Response {
    let headers = [
        (CONTENT_TYPE, file.content_type),
        (CONTENT_SECURITY_POLICY, POLICY.to_owned()),
        (CACHE_CONTROL, "no-cache".to_owned()),
    ];
    (headers, file.bytes.into_owned()).into_response()
}
