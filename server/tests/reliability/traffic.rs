//! Customers who write at a steady rate, whatever the service does meanwhile.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::{
    sync::Semaphore,
    task::JoinHandle,
    time::{MissedTickBehavior, interval, sleep},
};
use uuid::Uuid;

use crate::service::Service;

/// Questions without an answer at most: where the machine is too slow for the rate, the rate is what suffers.
const AT_ONCE: usize = 200;

/// Before a refused question is sent again.
const PAUSE: Duration = Duration::from_millis(100);

/// A question and the reply to it.
pub(crate) struct Answered {
    pub(crate) question: Value,
    pub(crate) reply: Value,
    waited: Duration,
}

#[derive(Default)]
struct Noted {
    answered: Vec<Answered>,
    refused: Vec<(StatusCode, Value)>,
    wrong: Vec<String>,
}

/// Questions that go on until they are stopped.
pub(crate) struct Traffic {
    going_on: Arc<AtomicBool>,
    noted: Arc<Mutex<Noted>>,
    asking: JoinHandle<()>,
    begun: Instant,
}

/// What came of it.
pub(crate) struct Ended {
    pub(crate) answered: Vec<Answered>,
    /// Refused for the moment, then sent again.
    pub(crate) refused: usize,
    pub(crate) lasted: Duration,
}

/// The question `number` of one of `people`; the same for the same number. `run` keeps the numbers of several runs apart.
fn question(run: Uuid, people: u64, number: u64) -> Value {
    let person = number % people;
    let conversation = Uuid::from_u128(run.as_u128() ^ u128::from(person));
    json!({
        "text": format!("我是第{person}位客人，怎么退款，订单{number}"), "channel": "web",
        "conversation_id": conversation.to_string(), "message_id": number.to_string(),
        "contact_id": format!("openid-{run}-{person}"),
    })
}

impl Traffic {
    /// Begins: `rate` questions a second, by `people` in turn, each with its own conversation.
    pub(crate) fn begin(service: Arc<Service>, rate: u32, people: u64) -> Self {
        let (going_on, noted) = (Arc::new(AtomicBool::new(true)), Arc::new(Mutex::new(Noted::default())));
        let (stop, notes, run) = (Arc::clone(&going_on), Arc::clone(&noted), Uuid::now_v7());
        let asking = tokio::spawn(async move {
            let mut ticks = interval(Duration::from_secs(1) / rate);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            let (mut asked, at_once) = (Vec::new(), Arc::new(Semaphore::new(AT_ONCE)));
            for number in 0.. {
                if !stop.load(Ordering::Relaxed) {
                    break;
                }
                ticks.tick().await;
                let free = Arc::clone(&at_once).acquire_owned().await.unwrap();
                let asking = ask(Arc::clone(&service), question(run, people, number), Arc::clone(&notes));
                asked.push(tokio::spawn(async move {
                    asking.await;
                    drop(free);
                }));
            }
            for asked in asked {
                asked.await.unwrap();
            }
        });
        Self { going_on, noted, asking, begun: Instant::now() }
    }

    /// Stops asking and waits for every reply. Fails if a reply was wrong.
    pub(crate) async fn end(self) -> Ended {
        self.going_on.store(false, Ordering::Relaxed);
        let lasted = self.begun.elapsed();
        self.asking.await.unwrap();
        let Noted { answered, refused, wrong } = std::mem::take(&mut *self.noted.lock().unwrap());
        assert!(wrong.is_empty(), "{} wrong replies, the first: {}", wrong.len(), wrong[0]);
        Ended { answered, refused: refused.len(), lasted }
    }
}

/// Asks until there is a reply, as a channel does that was told to come again.
async fn ask(service: Arc<Service>, question: Value, noted: Arc<Mutex<Noted>>) {
    let begun = Instant::now();
    loop {
        let Some((status, reply)) = service.post("/v1/ask", &question).await else {
            return noted.lock().unwrap().wrong.push(String::from("the connection broke"));
        };
        match status {
            StatusCode::OK => {
                let answered = Answered { question, reply, waited: begun.elapsed() };
                return noted.lock().unwrap().answered.push(answered);
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                noted.lock().unwrap().refused.push((status, reply));
                sleep(PAUSE).await;
            }
            _ => return noted.lock().unwrap().wrong.push(format!("{status}: {reply} to {question}")),
        }
    }
}

impl Ended {
    /// Questions a second.
    pub(crate) fn rate(&self) -> f64 {
        self.answered.len() as f64 / self.lasted.as_secs_f64()
    }

    /// How long half of them waited at most, and how long all but one of a hundred.
    pub(crate) fn waited(&self) -> [Duration; 2] {
        let mut waited: Vec<Duration> = self.answered.iter().map(|answered| answered.waited).collect();
        waited.sort_unstable();
        [waited[waited.len() / 2], waited[waited.len() * 99 / 100]]
    }
}
