//! Who customers are and what they say is looked for in everything that the program leaves behind: database and
//! write-ahead log, logs at the most talkative level, temporary files, backups and what is restored from them.

use std::{collections::BTreeSet, fs, path::Path, sync::Arc};

use futures::future::{join, join_all};
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    backups::{Reader, restored},
    clear_text::{Found, Search},
    engine::Engine,
    installation::{Installation, MASTERS, Masters},
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

/// Backups: one that is written while customers write, one of everything.
const BACKUPS: [&str; 2] = ["during.age", "after.age"];

/// The second master key is to replace the first.
const BOTH: Masters = Masters::Replacing(1, 0);

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
    let reader = Reader::of(&installation);
    let people: Vec<Person> = (0..times(50, 2500) as usize).map(Person::new).collect();
    let service = Service::start(&installation, BOTH, LEVEL);
    let (first, second) = people.split_at(people.len() / 2);
    speak_all(&service, first).await;
    let backing_up = {
        let (installation, recipient) = (Arc::clone(&installation), reader.recipient.clone());
        move || traced(&installation, &["backup", "during.age", "--recipient", &recipient])
    };
    let (backed_up, ()) = join(tokio::task::spawn_blocking(backing_up), speak_all(&service, second)).await;
    let mut said = vec![backed_up.unwrap()];
    said.push(traced(&installation, &["backup", "after.age", "--recipient", &reader.recipient]));
    // Killed, so that it tidies nothing up.
    service.kill();
    said.extend(handle(&installation, &people));
    for name in BACKUPS {
        said.push(traced(&installation, &["backup", "verify", name, "--identity", "backup.key"]));
    }
    fs::write(installation.path("said.log"), said.concat()).unwrap();
    let restored = restored(&installation, BOTH, "after.age", &[]).await;
    assert_eq!(
        found_by(&restored, &people[3]),
        found_by(&installation, &people[3]),
        "the restored store holds people"
    );

    let canaries: Vec<String> = people.iter().flat_map(Person::canaries).collect();
    let count = canaries.len();
    let masters = MASTERS.map(|(_, key)| key.to_owned());
    let search = Search::new(canaries.into_iter().chain(masters).chain([String::from(IN_CLEAR)]));
    assert_nothing_is_in_backups(&installation, &reader, &search);
    let searched = search.within_folders(
        installation.folders().into_iter().chain(restored.folders()).chain(restored.engine.server_files()),
    );
    let (clear, found): (Vec<_>, Vec<_>) =
        searched.found.iter().partition(|(_, found)| found.text == IN_CLEAR);
    assert!(clear.iter().any(|(path, _)| is_of_database(path)), "the search is blind: {:?}", searched.files);
    assert!(found.is_empty(), "{} found, the first: {:?}", found.len(), found[0]);
    for name in BACKUPS {
        let path = installation.path(name);
        assert!(searched.files.contains(&path) && !clear.iter().any(|(found, _)| *found == path), "{name}");
    }
    assert!(searched.bytes > 500 * people.len() as u64, "only {} bytes are left", searched.bytes);
    let files = searched.files.len();
    eprintln!(
        "{count} canaries by every way into the store: 0 found in {files} files of {} bytes, two backups and a restored \
         store among them",
        searched.bytes
    );
    assert_a_planted_one_is_found(&installation, &search, &people[0]).await;
}

/// What a command says on standard error at the most talkative level.
fn traced(installation: &Installation, arguments: &[&str]) -> String {
    let run = installation.yingda(BOTH, arguments).variable("YINGDA_LOG__LEVEL", LEVEL);
    run.finish().expect(0).stderr
}

fn found_by(installation: &Installation, person: &Person) -> String {
    let find = ["contacts", "find", &person.openid, "--channel", "wechat"];
    installation.json(BOTH, &find)["contact"].as_str().unwrap().to_owned()
}

/// The commands that handle what customers said, or may come across it; what they say on standard error.
fn handle(installation: &Installation, people: &[Person]) -> Vec<String> {
    let [exported, erased] = [1, 2].map(|number| found_by(installation, &people[number]));
    let traced = |arguments: &[&str]| traced(installation, arguments);
    let mut said = vec![traced(&["contacts", "find", &people[1].openid, "--channel", "wechat"])];
    said.extend(people.iter().take(PROFILES).flat_map(|person| write_down(installation, person)));
    let consent = ["--purpose", "marketing", "--text-version", "1", "--channel", "wechat"];
    for verb in ["grant", "withdraw"] {
        said.push(traced(&[&["contacts", "consent", verb, &exported], &consent[..]].concat()));
    }
    said.push(traced(&["contacts", "consent", "list", &exported]));
    // An export is meant to be in clear, and its files are not left behind.
    for form in ["json", "html"] {
        let export = ["contacts", "export", &exported, "--form", form, "--out", "person"];
        said.push(traced(&export));
        let shown = fs::read_to_string(installation.path("person")).unwrap();
        assert!(people[1].canaries().iter().all(|canary| shown.contains(canary)), "{form}");
        fs::remove_file(installation.path("person")).unwrap();
    }
    said.push(traced(&["contacts", "erase", &erased, "--confirm", &erased]));
    said.extend(["data", "index", "master"].map(|kind| traced(&["keys", "rotate", kind])));
    said.push(traced(&["ask", &people[0].says("怎么退款")]));
    said.push(traced(&["doctor"]));
    let forgetting = installation.yingda(BOTH, &["retention", "run"]).variable("YINGDA_LOG__LEVEL", LEVEL);
    said.push(forgetting.variable("YINGDA_RETENTION__END_IDLE_DAYS", "1").finish().expect(0).stderr);
    said
}

/// Also for those who can read them.
fn assert_nothing_is_in_backups(installation: &Installation, reader: &Reader, search: &Search) {
    for name in BACKUPS {
        let found = search.within(&reader.read(installation, name));
        let texts: BTreeSet<&str> = found.iter().map(|Found { text, .. }| text.as_str()).collect();
        assert_eq!(texts, BTreeSet::from([IN_CLEAR]), "{name}, decrypted");
    }
}

/// What is known of a person is written into its profile, and looked up; what the program says meanwhile.
fn write_down(installation: &Installation, person: &Person) -> Vec<String> {
    let Person { name, telephone, address, openid, .. } = person;
    let contact = found_by(installation, person);
    let fields = [("name", name), ("phone", telephone), ("email", address), ("openid elsewhere", openid)];
    let set = |(field, value): (&str, &String)| {
        traced(installation, &["contacts", "profile", "set", &contact, field, value])
    };
    let mut said: Vec<String> = fields.into_iter().map(set).collect();
    said.push(traced(installation, &["contacts", "find", "--phone", telephone]));
    said.push(traced(installation, &["contacts", "find", "--email", address]));
    said
}

fn is_of_database(path: &Path) -> bool {
    let name = path.display().to_string();
    ["yingda.db", "yingda.db-wal", "/base/", "/pg_wal/"].iter().any(|part| name.contains(part))
}

async fn speak_all(service: &Service, people: &[Person]) {
    for some in people.chunks(AT_ONCE) {
        join_all(some.iter().map(|person| speak(service, person))).await;
    }
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
    post(&format!("/v1/conversations/{}/end", person.openid), json!({}), StatusCode::UNPROCESSABLE_ENTITY)
        .await;
    if person.number.is_multiple_of(2) {
        post(&format!("/v1/conversations/{conversation}/end"), json!({}), StatusCode::OK).await;
        post("/v1/ask", person.question(conversation, "4", "再问一次"), StatusCode::CONFLICT).await;
    }
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
    let searched = installation.searched(search);
    let planted = searched.found.iter().filter(|(_, found)| found.text == person.telephone);
    assert!(planted.clone().any(|(path, _)| is_of_database(path)), "a planted canary is not found");
}
