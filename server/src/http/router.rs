//! All routes, on one page, grouped by who calls them.

use std::sync::Arc;

use axum::{
    Router,
    handler::Handler,
    http::Method,
    middleware::{from_fn, from_fn_with_state, map_response},
    routing::{MethodFilter, MethodRouter, on},
};
use tower_http::catch_panic::CatchPanicLayer;

use super::{
    ask, chat_completions, conversations, docs, embeddings, examples, headers, health, limits, metrics,
    models, observe, openai, page,
};
use crate::App;

/// A customer's questions, from the operator's own systems and the page.
fn question_routes() -> Vec<Route> {
    vec![post("/v1/ask", ask::ask), post("/v1/conversations/{conversation_id}/end", conversations::end)]
}

/// What software written for OpenAI calls.
fn compatible_routes() -> Vec<Route> {
    vec![
        post("/v1/embeddings", embeddings::create_embeddings),
        post("/v1/chat/completions", chat_completions::create_chat_completion),
        get("/v1/models", models::list_models),
        get("/v1/models/{*id}", models::get_model),
    ]
}

/// What load balancers and Prometheus call.
fn operator_routes() -> Vec<Route> {
    vec![
        get("/healthz", health::healthz),
        get("/readyz", health::readyz),
        get("/metrics", metrics::metrics),
        get("/openapi.json", docs::openapi),
    ]
}

/// What a browser calls.
fn page_routes() -> Vec<Route> {
    vec![
        get("/", page::index),
        get("/assets/page.css", page::style),
        get("/assets/page.js", page::script),
        get("/demo/examples", examples::examples),
        get("/docs", docs::redirect),
        get("/docs/", docs::swagger_ui),
        get("/docs/{*file}", docs::swagger_ui_file),
    ]
}

/// The service of a process that holds `app`.
pub fn router(app: Arc<App>) -> Router {
    let limited = || from_fn_with_state(Arc::clone(&app), limits::limit);
    let questions = build(question_routes()).layer(panics()).layer(limited());
    let compatible = build(compatible_routes())
        .layer(panics())
        .layer(limited())
        .layer(map_response(openai::in_openai_shape));
    let open = build(operator_routes()).merge(build(page_routes())).layer(panics());
    questions
        .merge(compatible)
        .merge(open)
        .fallback(limits::unknown_route)
        .layer(from_fn(headers::secure))
        .layer(from_fn_with_state(Arc::clone(&app), observe::observe))
        .with_state(app)
}

/// Method and pattern of every route, in the order of this page.
#[must_use]
pub fn routes() -> Vec<(Method, &'static str)> {
    let groups = [question_routes(), compatible_routes(), operator_routes(), page_routes()];
    groups.into_iter().flatten().map(|route| (route.method, route.path)).collect()
}

struct Route {
    method: Method,
    path: &'static str,
    handler: MethodRouter<Arc<App>>,
}

fn get<H: Handler<T, Arc<App>>, T: 'static>(path: &'static str, handler: H) -> Route {
    Route { method: Method::GET, path, handler: on(MethodFilter::GET, handler) }
}

fn post<H: Handler<T, Arc<App>>, T: 'static>(path: &'static str, handler: H) -> Route {
    Route { method: Method::POST, path, handler: on(MethodFilter::POST, handler) }
}

fn build(routes: Vec<Route>) -> Router<Arc<App>> {
    routes
        .into_iter()
        .fold(Router::new(), |router, route| router.route(route.path, route.handler))
        .method_not_allowed_fallback(limits::method_not_allowed)
}

fn panics() -> CatchPanicLayer<limits::PanicReply> {
    CatchPanicLayer::custom(limits::PanicReply)
}
