//! Knowledge, keys and conversations in a store that the program makes itself.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt as _, time::Duration};

use serde_json::{Value, json};
use store::{Job, Location, NewJob, Store, Timestamp};
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::{
    database::on_both_engines,
    sandbox::{Run, Sandbox},
    serving::Serving,
};

const SHOP: &str = concat!(
    r#"{"id": "hours", "question": "几点开门", "similar": ["什么时候营业"], "answer": "九点"}"#,
    "\n",
    r#"{"id": "refund", "question": "怎么退款", "answer": "在订单页"}"#,
    "\n",
);

fn serve(sandbox: &Sandbox) -> Run {
    sandbox.yingda_small(&["serve", "--address", "127.0.0.1:0", "-o", "json"])
}

fn question(message: &str) -> Value {
    let id = "018f0000-0000-7000-8000-000000000001";
    json!({ "text": "怎么退款", "conversation_id": id, "message_id": message })
}

fn json_of(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    sandbox.yingda_small(&[arguments, &["-o", "json"]].concat()).finish().expect(0).json()
}

/// The store of a sandbox, without the program.
struct Opened {
    store: Store,
    runtime: Runtime,
}

impl Opened {
    fn of(sandbox: &Sandbox) -> Self {
        let printed = json_of(sandbox, &["config", "print"]);
        let location = match Location::parse(printed["values"]["store"]["location"].as_str().unwrap()) {
            Location::File(path) => Location::File(sandbox.path("").join(path)),
            server @ Location::Server(_) => server,
        };
        let runtime = Runtime::new().unwrap();
        let store = runtime.block_on(Store::open(&location)).unwrap();
        Self { store, runtime }
    }

    /// A job that ended decades ago.
    fn end_a_job_long_ago(&self) {
        let (kind, long_ago) = ("of long ago", Timestamp(1));
        let (id, input) = (Uuid::now_v7().into(), String::from("{}"));
        let new = NewJob { id, kind: kind.to_owned(), input, at: long_ago };
        self.runtime.block_on(async {
            self.store.ask_for_job(new).await.unwrap();
            let job = self.store.claim_job(kind, "test", Duration::ZERO, long_ago).await.unwrap().unwrap();
            self.store.finish_job(&job, long_ago).await.unwrap();
        });
    }

    fn jobs(&self) -> Vec<Job> {
        self.runtime.block_on(self.store.jobs(9)).unwrap()
    }
}

/// With a period after which the jobs that have ended are forgotten.
fn forgetting(run: Run) -> Run {
    run.variable("YINGDA_RETENTION__JOBS_DAYS", "1")
}

on_both_engines! {
    fn imported_knowledge_is_served_exported_and_rolled_back(sandbox) {
        sandbox.file("shop.jsonl", SHOP);
        assert_eq!(json_of(sandbox, &["kb", "import", "shop.jsonl"]), json!({ "version": 1, "entries": 2 }));
        let exported = sandbox.yingda(&["kb", "export"]).finish().expect(0);
        sandbox.file("exported.jsonl", &exported.stdout);
        assert_eq!(json_of(sandbox, &["kb", "import", "exported.jsonl"])["version"], 2);
        let again = sandbox.yingda(&["kb", "export"]).finish().expect(0);
        assert_eq!(again.stdout, exported.stdout, "an export is imported as it was");
        sandbox.file("less.jsonl", SHOP.lines().next().unwrap());
        assert_eq!(json_of(sandbox, &["kb", "import", "less.jsonl"]), json!({ "version": 3, "entries": 1 }));
        let served = |sandbox: &Sandbox| -> Vec<Value> {
            let versions = json_of(sandbox, &["kb", "versions"]);
            let served = versions.as_array().unwrap().iter().filter(|version| version["served"] == true);
            served.map(|version| version["version"].clone()).collect()
        };
        assert_eq!(served(sandbox), [3]);
        assert!(Serving::start(serve(sandbox)).metric("yingda_snapshot_entries") < 2.0);
        assert_eq!(json_of(sandbox, &["ask", "几点开门"])["entry_id"], "hours", "`ask` asks what is served");
        json_of(sandbox, &["kb", "publish", "1"]);
        assert_eq!(served(sandbox), [1]);
        assert!(Serving::start(serve(sandbox)).metric("yingda_snapshot_entries") > 1.0);
        sandbox.yingda(&["kb", "publish", "9"]).finish().expect(3).complains_about(&["versions has no 9"]);
    }

    fn the_second_start_computes_no_vector_of_the_knowledge(sandbox) {
        sandbox.file("shop.jsonl", SHOP);
        json_of(sandbox, &["kb", "import", "shop.jsonl"]);
        let computed = || Serving::start(serve(sandbox)).metric("yingda_embedding_texts_total");
        assert!(computed() > 4.0, "the first start computes them");
        assert_eq!(computed(), 0.0);
    }

    fn every_kind_of_key_is_replaced_and_nothing_is_lost(sandbox) {
        sandbox.file("shop.jsonl", SHOP);
        json_of(sandbox, &["kb", "import", "shop.jsonl"]);
        json_of(sandbox, &["keys", "init"]);
        let first = Serving::start(serve(sandbox)).post("/v1/ask", &question("1"));
        let index = json_of(sandbox, &["keys", "rotate", "index"]);
        assert_eq!((&index["moved"], &index["unreadable"]), (&json!(1), &json!([])));
        let data = json_of(sandbox, &["keys", "rotate", "data"]);
        // The system's key and the contact's; the identifier, the message and the reply.
        assert_eq!((&data["keys"], &data["moved"], &data["unreadable"]), (&json!(2), &json!(3), &json!([])));
        let status = json_of(sandbox, &["keys", "status"]);
        for kind in status["keys"].as_array().unwrap() {
            let [current, retiring, destroyed] = ["current", "retiring", "destroyed"].map(|state| &kind[state]);
            assert_eq!((current, retiring, destroyed), (&json!(1), &json!(0), &json!(1)), "{status}");
        }

        fs::rename(sandbox.path("data/master.key"), sandbox.path("data/old.key")).unwrap();
        let refused = sandbox.yingda(&["keys", "status"]).finish().expect(6);
        refused.complains_about(&["master.key"]);
        fs::rename(sandbox.path("data/old.key"), sandbox.path("data/master.key")).unwrap();
        let again = Serving::start(serve(sandbox)).post("/v1/ask", &question("1"));
        assert_eq!(again["conversation"]["repeated"], true, "{again}");
        assert_eq!(again["decision"], first["decision"]);
    }

    fn with_a_wrong_master_key_nothing_starts_and_nothing_is_written(sandbox) {
        sandbox.file("shop.jsonl", SHOP);
        json_of(sandbox, &["kb", "import", "shop.jsonl"]);
        json_of(sandbox, &["keys", "init"]);
        let other = sandbox.file("other.key", "B".repeat(42) + "A=");
        fs::set_permissions(sandbox.path(other), fs::Permissions::from_mode(0o400)).unwrap();
        let with_other = |run: Run| forgetting(run).variable("YINGDA_KEYS__MASTER", "file:other.key");
        let before = json_of(sandbox, &["keys", "status"]);
        let opened = Opened::of(sandbox);
        opened.end_a_job_long_ago();
        let jobs = opened.jobs();
        for verb in [&["keys", "status"][..], &["keys", "init"], &["keys", "rotate", "data"], &["serve"]] {
            let refused = with_other(sandbox.yingda_small(verb)).finish().expect(6);
            refused.complains_about(&["master key"]);
        }
        let sick = with_other(sandbox.yingda_small(&["doctor"])).finish().expect(1);
        assert!(sick.stdout.lines().any(|line| line.starts_with("✗ keys")), "{}", sick.stdout);
        assert_eq!(json_of(sandbox, &["keys", "status"]), before);
        assert_eq!(opened.jobs(), jobs, "what is old stays, and nobody was asked to forget it");
    }

    fn without_its_port_or_its_model_a_service_forgets_nothing(sandbox) {
        sandbox.file("shop.jsonl", SHOP);
        json_of(sandbox, &["kb", "import", "shop.jsonl"]);
        json_of(sandbox, &["keys", "init"]);
        let opened = Opened::of(sandbox);
        opened.end_a_job_long_ago();
        let jobs = opened.jobs();
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        forgetting(sandbox.yingda_small(&["serve", "--address", &address])).finish().expect(5);
        let without_model = serve(sandbox).variable("YINGDA_MODEL__NAME", "none");
        forgetting(without_model).finish().expect(4);
        assert_eq!(opened.jobs(), jobs);
        let serving = Serving::start(forgetting(serve(sandbox)));
        let is_left = || opened.jobs().iter().any(|job| job.kind == "of long ago");
        for _ in 0..1000 {
            if !is_left() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(serving);
        assert!(!is_left(), "one that has started forgets");
    }

    fn a_new_master_key_takes_over_while_the_old_one_is_given_too(sandbox) {
        json_of(sandbox, &["keys", "init"]);
        let new = sandbox.file("new.key", "Q".repeat(21) + &"z".repeat(21) + "A=");
        fs::set_permissions(sandbox.path(new), fs::Permissions::from_mode(0o600)).unwrap();
        let both = |arguments: &[&str]| {
            let run = sandbox.yingda(&[arguments, &["-o", "json"]].concat());
            let run = run.variable("YINGDA_KEYS__MASTER", "file:new.key");
            run.variable("YINGDA_KEYS__PREVIOUS", "file:data/master.key").finish().expect(0).json()
        };
        assert_eq!(both(&["keys", "status"])["under_other_masters"], 2);
        assert_eq!(both(&["keys", "rotate", "master"])["moved"], 2);
        assert_eq!(both(&["keys", "status"])["under_other_masters"], 0);
        sandbox.yingda(&["keys", "status"]).finish().expect(6);
        let alone = sandbox.yingda(&["keys", "status"]).variable("YINGDA_KEYS__MASTER", "file:new.key");
        alone.finish().expect(0);
    }
}

#[test]
fn a_file_that_cannot_be_served_is_not_imported() {
    let sandbox = Sandbox::new();
    sandbox.file("broken.jsonl", "nonsense\n");
    sandbox.yingda(&["kb", "import", "broken.jsonl"]).finish().expect(3).complains_about(&["line 1"]);
    for verb in ["export", "versions"] {
        sandbox.yingda(&["kb", verb]).finish().expect(2).complains_about(&["yingda kb import"]);
    }
    assert!(!sandbox.path("data").exists(), "nothing was made");
}

#[test]
fn a_store_whose_folder_cannot_be_made_says_which() {
    let sandbox = Sandbox::new();
    sandbox.file("shop.jsonl", SHOP);
    sandbox.file("data", "not a folder");
    let refused = sandbox.yingda(&["kb", "import", "shop.jsonl"]).finish().expect(6);
    refused.complains_about(&["cannot make the folder data"]);
}

#[test]
fn keys_are_made_once_and_conversations_recorded_from_then_on() {
    let sandbox = Sandbox::new();
    sandbox.file("shop.jsonl", SHOP);
    json_of(&sandbox, &["kb", "import", "shop.jsonl"]);
    let refused = Serving::start(serve(&sandbox)).post("/v1/ask", &question("1"));
    assert_eq!(refused["code"], "invalid_field", "{refused}");

    let made = json_of(&sandbox, &["keys", "init"]);
    assert_eq!((&made["made_master_key"], &made["made_keys"]), (&json!(true), &json!(true)));
    let mode = |name: &str| fs::metadata(sandbox.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("data"), mode("data/master.key"), mode("data/yingda.db")), (0o700, 0o400, 0o600));
    let key = fs::read(sandbox.path("data/master.key")).unwrap();
    let again = json_of(&sandbox, &["keys", "init"]);
    assert_eq!((&again["made_master_key"], &again["made_keys"]), (&json!(false), &json!(false)));
    assert_eq!(fs::read(sandbox.path("data/master.key")).unwrap(), key);

    let first = Serving::start(serve(&sandbox)).post("/v1/ask", &question("1"));
    assert_eq!(first["conversation"]["repeated"], false, "{first}");
    let after_restart = Serving::start(serve(&sandbox)).post("/v1/ask", &question("1"));
    assert_eq!(after_restart["conversation"]["repeated"], true, "{after_restart}");
    assert_eq!(after_restart["decision"], first["decision"]);
    let status = json_of(&sandbox, &["keys", "status"]);
    assert_eq!(status["keys"][0]["current"], 1, "{status}");
}

#[test]
fn the_demo_records_conversations_without_any_preparation() {
    let sandbox = Sandbox::new();
    let demo = Serving::start(sandbox.yingda_small(&["demo", "--address", "127.0.0.1:0", "-o", "json"]));
    assert_eq!(demo.post("/v1/ask", &question("1"))["conversation"]["repeated"], false);
    assert_eq!(demo.post("/v1/ask", &question("1"))["conversation"]["repeated"], true);
    assert_eq!(sandbox.left_over(), 1, "it is kept in a temporary folder");
    assert_eq!(demo.terminate(), Some(0));
    assert_eq!((fs::read_dir(sandbox.path("")).unwrap().count(), sandbox.left_over()), (0, 0));
}

#[test]
fn the_doctor_looks_at_store_and_keys() {
    let sandbox = Sandbox::new();
    sandbox.file("shop.jsonl", SHOP);
    let doctor = || {
        let run = sandbox.yingda_small(&["doctor", "-o", "json"]);
        let found = run.variable("YINGDA_SERVER__ADDRESS", "127.0.0.1:0").finish().expect(0).json();
        let state = |name: &str| {
            let checks = found["checks"].as_array().unwrap();
            checks.iter().find(|check| check["name"] == name).unwrap()["state"].clone()
        };
        (state("store"), state("keys"))
    };
    assert_eq!(doctor(), (json!("good"), json!("not_checked")));
    json_of(&sandbox, &["kb", "import", "shop.jsonl"]);
    assert_eq!(doctor(), (json!("good"), json!("doubtful")));
    json_of(&sandbox, &["keys", "init"]);
    assert_eq!(doctor(), (json!("good"), json!("good")));
}
