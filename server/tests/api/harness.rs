//! One running service a test, spoken to in the product's language.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use server::{App, Config, DemoInfo, Knowledge, Storage, http};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle, time::sleep};

use crate::{
    encoder::{CharacterEncoder, Gate},
    reply::Reply,
    shop,
};

pub(crate) struct TestApp {
    pub(crate) app: Arc<App>,
    pub(crate) address: SocketAddr,
    /// Holds up the model.
    pub(crate) gate: Arc<Gate>,
    client: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<()>>,
}

impl TestApp {
    /// The shop at the default configuration, with a risk target that suits the test's model.
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(configure: impl FnOnce(&mut Config)) -> Self {
        let mut config = config();
        configure(&mut config);
        let gate = Arc::new(Gate::default());
        let encoder = CharacterEncoder::behind(Arc::clone(&gate));
        let knowledge = Knowledge { demo: Some(demo()), ..shop::entries().into() };
        let app = App::with_encoder(&config, encoder, knowledge, |_, _| {}).await.unwrap();
        Self::serve(app, gate).await
    }

    /// The shop, recording conversations in `storage`.
    pub(crate) async fn recording(storage: &Storage) -> Self {
        Self::recording_with(storage, |_| {}).await
    }

    pub(crate) async fn recording_with(storage: &Storage, configure: impl FnOnce(&mut Config)) -> Self {
        let mut config = config();
        configure(&mut config);
        let gate = Arc::new(Gate::default());
        let encoder = CharacterEncoder::behind(Arc::clone(&gate));
        let knowledge = shop::entries().into();
        let app = App::with_encoder(&config, encoder, knowledge, |_, _| {}).await.unwrap();
        Self::serve(app.recording(storage.clone()), gate).await
    }

    pub(crate) async fn serve(app: App, gate: Arc<Gate>) -> Self {
        LazyLock::force(&LOG);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, app) = (listener.local_addr().unwrap(), Arc::new(app));
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(http::serve(Arc::clone(&app), listener, async move {
            let _ = stopped.await;
        }));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { app, address, gate, client, stop: Some(stop), serving: Some(serving) }
    }

    pub(crate) async fn ask(&self, text: &str) -> Reply {
        self.post("/v1/ask", &json!({ "text": text })).await
    }

    pub(crate) async fn ask_on(&self, channel: &str, text: &str) -> Reply {
        self.post("/v1/ask", &json!({ "text": text, "channel": channel })).await
    }

    /// A question that is under way while the test does something else.
    pub(crate) fn ask_meanwhile(&self, text: &str) -> JoinHandle<Option<Reply>> {
        let request = self.request(reqwest::Method::POST, "/v1/ask").json(&json!({ "text": text }));
        tokio::spawn(async move { Some(Reply::read(request.send().await.ok()?).await) })
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request(reqwest::Method::POST, path).json(body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(self.request(reqwest::Method::GET, path)).await
    }

    pub(crate) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address))
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        Reply::read(request.send().await.unwrap()).await
    }

    /// Asks the service to end, as a signal would.
    pub(crate) fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Until the service has ended.
    pub(crate) async fn ended(&mut self) {
        within(self.serving.take().unwrap()).await.unwrap();
    }

    /// Until `count` batches stand before the closed gate.
    pub(crate) async fn held_up(&self, count: usize) {
        until(|| self.gate.waiting() >= count).await;
    }
}

impl Drop for TestApp {
    /// A worker that is held up would keep the process from ending.
    fn drop(&mut self) {
        self.gate.open();
    }
}

pub(crate) fn config() -> Config {
    let mut config = Config::load(None).unwrap();
    config.model.workers = 1;
    config.answer.risk_target = 0.2;
    // Calibrating asks the phrasings, and what is remembered would pass the gate.
    config.model.cache_capacity = 0;
    config
}

pub(crate) fn demo() -> DemoInfo {
    DemoInfo {
        title: "小店".to_owned(), language: "zh-CN".to_owned(), examples: vec!["怎么退款".to_owned()]
    }
}

/// Waits for a condition, at most half a minute.
pub(crate) async fn until(mut condition: impl FnMut() -> bool) {
    within(async {
        while !condition() {
            sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("it takes too long")
}

/// Everything that this process has logged, at the most talkative level.
pub(crate) fn logged() -> String {
    String::from_utf8(LOG.0.lock().unwrap().clone()).unwrap()
}

static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    let writer = log.clone();
    let filter = "server=trace,answer=trace,inference=trace,index=trace,store=trace,sealing=trace";
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .init();
    log
});

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
