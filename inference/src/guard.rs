//! Keeps a model's bugs from ending a worker thread. Called by the workers.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::stats::Counter;
use crate::{Error, ModelInfo, Result};

/// Runs a model's code. A panic in it is a bug; it becomes an error of those who asked. Failures are counted and logged.
pub(crate) fn guarded<T>(
    info: &ModelInfo,
    failures: &Counter,
    compute: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let outcome = catch_unwind(AssertUnwindSafe(compute)).unwrap_or_else(|payload| {
        Err(Error::Inference(format!("the model panicked: {}", panic_message(&*payload))))
    });
    outcome.inspect_err(|error| {
        failures.add(1);
        tracing::error!(%error, model = %info.name, "the model failed");
    })
}

fn panic_message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
