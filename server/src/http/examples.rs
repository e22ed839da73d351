//! What the page offers to try.

use std::sync::Arc;

use axum::{Json, extract::State};

use crate::{App, DemoInfo};

/// Questions to try
///
/// The shop's name, its language and example questions; without a demo, the product's name and no examples.
#[utoipa::path(
    get,
    path = "/demo/examples",
    tag = "page",
    responses((status = 200, description = "For the page", body = DemoInfo))
)]
pub(super) async fn examples(State(app): State<Arc<App>>) -> Json<DemoInfo> {
    Json(app.demo().clone())
}
