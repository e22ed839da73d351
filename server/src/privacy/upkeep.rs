//! What a serving process does by itself: erasures that were stopped are finished, and what is old is forgotten.

use std::{sync::Arc, time::Duration};

use store::Store;
use tokio::time::{MissedTickBehavior, interval};

use super::{finish_erasures, run_retention};
use crate::{actor::Actor, clock, config::RetentionConfig};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Does so now and then once a day, for as long as the runtime lives.
pub(crate) fn keep_up(store: Arc<Store>, config: RetentionConfig) {
    tokio::spawn(async move {
        let mut days = interval(DAY);
        days.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            days.tick().await;
            once(&store, &config).await;
        }
    });
}

async fn once(store: &Store, config: &RetentionConfig) {
    match finish_erasures(store).await {
        Ok(0) => {}
        Ok(finished) => tracing::info!(finished, "erasures that had been stopped are finished"),
        Err(error) => tracing::error!(%error, "an erasure is not finished"),
    }
    match run_retention(store, config, Actor::Service, clock::timestamp()).await {
        Ok(None) => {}
        Ok(Some(retained)) => tracing::info!(forgotten = ?retained.forgotten, "what was old is forgotten"),
        Err(error) => tracing::error!(%error, "what is old is not forgotten"),
    }
}
