//! The page at `/`: three files, compiled in.

use axum::{
    http::{
        HeaderName,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};

/// Scripts, styles and data from this server only; nothing inline, nothing embedded.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The page
///
/// Type a question, see the decision, the confidence and the candidates.
#[utoipa::path(
    get,
    path = "/",
    tag = "page",
    responses((status = 200, description = "A page for people", body = String, content_type = "text/html"))
)]
pub(super) async fn index() -> Response {
    file("text/html; charset=utf-8", include_str!("page/index.html"))
}

/// The page's style
#[utoipa::path(
    get,
    path = "/assets/page.css",
    tag = "page",
    responses((status = 200, description = "A style sheet", body = String, content_type = "text/css"))
)]
pub(super) async fn style() -> Response {
    file("text/css; charset=utf-8", include_str!("page/page.css"))
}

/// The page's script
#[utoipa::path(
    get,
    path = "/assets/page.js",
    tag = "page",
    responses((status = 200, description = "A script", body = String, content_type = "text/javascript"))
)]
pub(super) async fn script() -> Response {
    file("text/javascript; charset=utf-8", include_str!("page/page.js"))
}

fn file(content_type: &'static str, content: &'static str) -> Response {
    let headers: [(HeaderName, &str); 3] =
        [(CONTENT_TYPE, content_type), (CONTENT_SECURITY_POLICY, POLICY), (CACHE_CONTROL, "no-cache")];
    (headers, content).into_response()
}
