//! Connections in, and an orderly end: first no new work, then what is under way, then the door.

use std::{future::Future, io, pin::pin, sync::Arc, time::Duration};

use axum::{Router, serve::Listener};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};

use super::router;
use crate::{App, published, telemetry::UPKEEP_INTERVAL};

/// How long a connection may take to send a request's head, and how long it may stay open between requests. Proxies
/// commonly keep a connection for 60 seconds; it is better that they close it than that a request meets a closing one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);

/// Serves until one of `signals` comes, then shuts down as [`serve`] does. A second one ends it at once.
pub async fn run(app: Arc<App>, listener: TcpListener, mut signals: EndSignals) {
    let (stop, stopped) = oneshot::channel::<()>();
    let mut serving = pin!(serve(app, listener, async move {
        // An error would mean that the other half is gone: a reason to stop as well.
        let _ = stopped.await;
    }));
    tokio::select! {
        () = &mut serving => return,
        () = signals.next() => {}
    }
    tracing::info!("shutting down");
    let _ = stop.send(());
    tokio::select! {
        () = serving => {}
        () = signals.next() => tracing::warn!("a second signal: not waiting for requests under way"),
    }
}

/// Serves `app` on `listener` until `stop` is ready, and follows what is published meanwhile. Then the process reports that it is not ready, accepts no
/// connection, lets requests under way finish for at most `server.shutdown_timeout_ms`, and closes what is left.
pub async fn serve(app: Arc<App>, listener: TcpListener, stop: impl Future<Output = ()>) {
    let mut following = JoinSet::new();
    following.spawn(published::follow(Arc::clone(&app)));
    let Connections { graceful, tasks: _tasks } = accept_until(stop, &app, listener).await;
    following.abort_all();
    let limit = Duration::from_millis(app.config().server.shutdown_timeout_ms);
    if timeout(limit, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still under way when the time to finish was over");
    }
}

async fn accept_until(
    stop: impl Future<Output = ()>,
    app: &Arc<App>,
    mut listener: TcpListener,
) -> Connections {
    let service = router(Arc::clone(app));
    let mut connections = Connections::default();
    let mut upkeep = interval(UPKEEP_INTERVAL);
    upkeep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            (stream, _) = Listener::accept(&mut listener) => connections.add(stream, service.clone()),
            Some(_) = connections.tasks.join_next() => {}
            _ = upkeep.tick() => app.metrics().upkeep(),
        }
    }
    app.begin_shutdown();
    connections
}

/// One task a connection. Dropping them closes the connections.
#[derive(Default)]
struct Connections {
    graceful: GracefulShutdown,
    tasks: JoinSet<()>,
}

impl Connections {
    fn add(&mut self, stream: TcpStream, service: Router) {
        // Replies are small: waiting to fill a packet only delays them. Not being able to say so is no reason to refuse.
        let _ = stream.set_nodelay(true);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let watched = self.graceful.watch(connection);
        self.tasks.spawn(async move {
            if let Err(error) = watched.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
}

/// The signals that ask a process to end: SIGINT and SIGTERM, elsewhere Ctrl-C. Those that come after
/// [`listen`](Self::listen) are kept for [`run`] and no longer end the process by themselves.
pub struct EndSignals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl EndSignals {
    /// Within a runtime.
    ///
    /// # Errors
    /// When signals cannot be received.
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl EndSignals {
    /// Within a runtime.
    ///
    /// # Errors
    /// None.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            // Signals cannot be received: whoever wants the process to end has to kill it.
            std::future::pending::<()>().await;
        }
    }
}
