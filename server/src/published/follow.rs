//! A serving process follows its store: another version that is published there is built beside the one that is served,
//! and takes its place. One that cannot be built is reported and tried again; until then the old one is served.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use store::Store;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::find;
use crate::{App, Knowledge};

/// The store that the knowledge is from.
pub(crate) struct Publication {
    store: Arc<Store>,
    /// The version that is published there, as it was last seen.
    seen: AtomicI64,
}

impl Publication {
    /// `None` for knowledge that is not from a store.
    pub(crate) fn of(knowledge: &Knowledge) -> Option<Self> {
        let store = Arc::clone(knowledge.store.as_ref()?);
        Some(Self { store, seen: AtomicI64::new(knowledge.version?) })
    }

    /// The version that is published, as it was last seen.
    pub(crate) fn seen(&self) -> i64 {
        self.seen.load(Ordering::Relaxed)
    }

    async fn look(&self) -> store::Result<i64> {
        // A version that was published once is replaced by others, never withdrawn.
        if let Some(version) = find(&self.store).await?.and_then(|base| base.published_version) {
            self.seen.store(version, Ordering::Relaxed);
        }
        Ok(self.seen())
    }
}

/// The longest pause before a version that could not be built is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Looks every `knowledge.poll_interval_ms` for as long as the process serves. Ends at once where there is nothing to
/// follow: knowledge of a file, or an interval of 0.
pub(crate) async fn follow(app: Arc<App>) {
    let Some(publication) = app.publication() else { return };
    let period = Duration::from_millis(app.config().knowledge.poll_interval_ms);
    if period.is_zero() {
        return;
    }
    let mut follower = Follower { app: &app, publication, period, failed: None, reachable: true };
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        follower.step().await;
    }
}

struct Follower<'a> {
    app: &'a App,
    publication: &'a Publication,
    period: Duration,
    failed: Option<Failed>,
    /// So that a store that is away is reported once.
    reachable: bool,
}

/// A version that could not be built.
struct Failed {
    version: i64,
    pause: Duration,
    again: Instant,
}

impl Follower<'_> {
    async fn step(&mut self) {
        let version = match self.publication.look().await {
            Ok(version) => version,
            Err(error) => {
                if self.reachable {
                    tracing::warn!(%error, "the store cannot be asked for another version of the knowledge");
                }
                self.reachable = false;
                return;
            }
        };
        self.reachable = true;
        if self.app.served_version() == Some(version) {
            self.failed = None;
        } else if self.is_time_for(version) {
            match self.serve_published().await {
                Ok(()) => self.failed = None,
                Err(error) => self.report(version, &error),
            }
        }
    }

    fn is_time_for(&self, version: i64) -> bool {
        let waits = |failed: &Failed| failed.version == version && Instant::now() < failed.again;
        !self.failed.as_ref().is_some_and(waits)
    }

    async fn serve_published(&self) -> anyhow::Result<()> {
        let started = Instant::now();
        let Some(knowledge) = Knowledge::published(&self.publication.store).await? else { return Ok(()) };
        let version = knowledge.version;
        self.app.serve_instead(knowledge).await?;
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(version, took_ms, "another version of the knowledge is served");
        Ok(())
    }

    fn report(&mut self, version: i64, error: &anyhow::Error) {
        let earlier = self.failed.take().filter(|failed| failed.version == version);
        let pause = earlier.map_or(self.period, |failed| failed.pause.saturating_mul(2)).min(LONGEST_PAUSE);
        let served = self.app.served_version();
        let error = format!("{error:#}");
        tracing::error!(version, served, error, "a published version cannot be served; the old one goes on");
        self.app.metrics().version_failed();
        self.failed = Some(Failed { version, pause, again: Instant::now() + pause });
    }
}
