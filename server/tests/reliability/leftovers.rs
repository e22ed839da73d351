//! Who customers are and what they say is looked for in everything that the program leaves behind: database and
//! write-ahead log, logs at the most talkative level, temporary files.

use std::{path::Path, sync::Arc};

use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    clear_text::{Search, Searched},
    engine::Engine,
    installation::{Installation, Masters},
    rows::Rows,
    service::Service,
    times,
};

/// A text that the store keeps in clear: the matched phrasing of a decision. Found, or the search is blind.
const IN_CLEAR: &str = "怎么退款";

/// The name of the small model, which computes embeddings.
const MODEL: &str = "static-st";

/// Everything that this program logs itself, and much of what its libraries do: all of theirs would be gigabytes.
const LEVEL: &str = "debug,server=trace,store=trace,sealing=trace,answer=trace,eval=trace";

/// People of whom a profile is kept too.
const PROFILES: usize = 3;

/// People who write at once.
const AT_ONCE: usize = 20;

/// A person of whom four things are known that nobody else may learn.
struct Person {
    number: usize,
    name: String,
    telephone: String,
    address: String,
    openid: String,
}

impl Person {
    fn new(number: usize) -> Self {
        Self {
            number,
            name: format!("鵸鵌氏{number:05}"),
            telephone: format!("19904{number:06}"),
            address: format!("kanarie-{number:05}@example.org"),
            openid: format!("oKanarie-{number:05}-x7"),
        }
    }

    fn canaries(&self) -> [String; 4] {
        [&self.name, &self.telephone, &self.address, &self.openid].map(Clone::clone)
    }

    fn says(&self, what: &str) -> String {
        let Self { name, telephone, address, openid, .. } = self;
        format!("我是{name}，手机{telephone}，邮箱{address}，微信{openid}，{what}")
    }

    fn question(&self, conversation: Uuid, message: &str, what: &str) -> Value {
        json!({
            "text": self.says(what), "contact_id": self.openid, "message_id": message, "explain": true,
            "channel": "wechat", "conversation_id": conversation.to_string(),
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_personal_is_left_behind_on_sqlite() {
    leave_nothing(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_personal_is_left_behind_on_postgres() {
    if let Some(engine) = Engine::postgres().await {
        leave_nothing(engine).await;
    }
}

async fn leave_nothing(engine: Engine) {
    let installation = Arc::new(Installation::new(engine));
    let people: Vec<Person> = (0..times(50, 2500) as usize).map(Person::new).collect();
    let both = Masters::Replacing(1, 0);
    let service = Service::start(&installation, both, LEVEL);
    for some in people.chunks(AT_ONCE) {
        join_all(some.iter().map(|person| speak(&service, person))).await;
    }
    // Killed, so that it tidies nothing up.
    service.kill();
    let traced = |arguments: &[&str]| {
        let run = installation.yingda(both, arguments).variable("YINGDA_LOG__LEVEL", LEVEL);
        run.finish().expect(0).stderr
    };
    let mut said: Vec<String> = people
        .iter()
        .take(PROFILES)
        .flat_map(|person| write_down(&installation, both, person, &traced))
        .collect();
    said.extend(["data", "index", "master"].map(|kind| traced(&["keys", "rotate", kind])));
    said.push(traced(&["ask", &people[0].says("怎么退款")]));
    said.push(traced(&["doctor"]));
    std::fs::write(installation.path("said.log"), said.concat()).unwrap();

    let canaries: Vec<String> = people.iter().flat_map(Person::canaries).collect();
    let count = canaries.len();
    let search = Search::new(canaries.into_iter().chain([String::from(IN_CLEAR)]));
    let searched = searched(&installation, &search);
    let (clear, found): (Vec<_>, Vec<_>) =
        searched.found.iter().partition(|(_, found)| found.text == IN_CLEAR);
    assert!(clear.iter().any(|(path, _)| is_of_database(path)), "the search is blind: {:?}", searched.files);
    assert!(found.is_empty(), "{} found, the first: {:?}", found.len(), found[0]);
    assert!(searched.bytes > 500 * people.len() as u64, "only {} bytes are left", searched.bytes);
    let files = searched.files.len();
    eprintln!(
        "{count} canaries by every way into the store: 0 found in {files} files of {} bytes",
        searched.bytes
    );
    assert_a_planted_one_is_found(&installation, &search, &people[0]).await;
}

/// What is known of a person is written into its profile, and looked up; what the program says meanwhile.
fn write_down(
    installation: &Installation,
    masters: Masters,
    person: &Person,
    traced: &impl Fn(&[&str]) -> String,
) -> Vec<String> {
    let Person { name, telephone, address, openid, .. } = person;
    let found = installation.json(masters, &["contacts", "find", openid, "--channel", "wechat"]);
    let contact = found["contact"].as_str().unwrap();
    let fields = [("name", name), ("phone", telephone), ("email", address), ("openid elsewhere", openid)];
    let mut said: Vec<String> = fields
        .iter()
        .map(|(field, value)| traced(&["contacts", "profile", "set", contact, field, value]))
        .collect();
    said.push(traced(&["contacts", "find", "--phone", telephone]));
    said.push(traced(&["contacts", "find", "--email", address]));
    said
}

fn is_of_database(path: &Path) -> bool {
    let name = path.display().to_string();
    ["yingda.db", "yingda.db-wal", "/base/", "/pg_wal/"].iter().any(|part| name.contains(part))
}

fn searched(installation: &Installation, search: &Search) -> Searched {
    let mut all = Searched::default();
    let folders = installation.folders().into_iter().chain(match installation.engine {
        Engine::Sqlite => None,
        Engine::Postgres { .. } => Engine::server_files(),
    });
    for folder in folders {
        let searched = search.within_folder(&folder);
        all.files.extend(searched.files);
        all.found.extend(searched.found);
        all.bytes += searched.bytes;
    }
    all
}

/// Every way in which a customer's words reach the program.
async fn speak(service: &Service, person: &Person) {
    let conversation = Uuid::now_v7();
    let post = async |path: &str, body: Value, expected: StatusCode| {
        loop {
            let (status, reply) = service.post(path, &body).await.unwrap();
            let is_busy = [StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT].contains(&status);
            if !is_busy {
                return assert_eq!(status, expected, "{reply}");
            }
        }
    };
    // Twice: a repeat goes another way. Then what nobody can answer, which is handed over.
    for (message, what) in [("1", "怎么退款"), ("1", "怎么退款"), ("2", "量子力学的测量问题")]
    {
        post("/v1/ask", person.question(conversation, message, what), StatusCode::OK).await;
    }
    post("/v1/ask", person.question(conversation, "1", "说了别的"), StatusCode::CONFLICT).await;
    let taken = person.question(Uuid::now_v7(), "1", "在别处");
    post("/v1/ask", taken, StatusCode::CONFLICT).await;
    let mut wrong = person.question(conversation, "3", "怎么退款");
    wrong["conversation_id"] = person.openid.clone().into();
    post("/v1/ask", wrong, StatusCode::UNPROCESSABLE_ENTITY).await;
    post("/v1/ask", json!({ person.name.clone(): 1, "text": 7 }), StatusCode::UNPROCESSABLE_ENTITY).await;
    post("/v1/ask", json!({ "text": person.says("怎么退款"), "explain": true }), StatusCode::OK).await;
    let text = person.says("怎么退款");
    let messages = json!([{ "role": "user", "content": text }]);
    for stream in [false, true] {
        let body = json!({ "model": "yingda", "messages": messages, "stream": stream });
        post("/v1/chat/completions", body, StatusCode::OK).await;
    }
    post("/v1/embeddings", json!({ "model": MODEL, "input": [text] }), StatusCode::OK).await;
    post(&format!("/v1/{}?phone={}", person.openid, person.telephone), json!({}), StatusCode::NOT_FOUND)
        .await;
    assert!(person.number < 100_000, "numbers have five digits");
}

/// A value that reaches the database in clear is found in it, whatever file it is in by then.
async fn assert_a_planted_one_is_found(installation: &Installation, search: &Search, person: &Person) {
    let sql = format!(
        "INSERT INTO settings (name, plain, revision, updated_at) VALUES ('planted', '{}', 1, 1)",
        person.telephone
    );
    Rows::of(installation).await.change(&sql).await;
    let searched = searched(installation, search);
    let planted = searched.found.iter().filter(|(_, found)| found.text == person.telephone);
    assert!(planted.clone().any(|(path, _)| is_of_database(path)), "a planted canary is not found");
}
