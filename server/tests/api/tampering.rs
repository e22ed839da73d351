//! Stored values that were altered or moved: each is refused and named, and everything else is served.

use std::os::unix::fs::FileExt as _;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reqwest::Method;
use serde_json::{Value, json};
use server::Storage;
use store::{ConversationId, Location, Store};
use uuid::Uuid;

use crate::{
    database::Database,
    harness::{TestApp, logged},
    reply::Reply,
};

/// Conversations, each of another person, each with two messages and their replies.
const CONVERSATIONS: usize = 12;

/// `short`, or `long` where the long set is asked for.
fn times(short: usize, long: usize) -> usize {
    let is_long = std::env::var("YINGDA_RELIABILITY").is_ok_and(|set| set == "long");
    if is_long { long } else { short }
}

/// A recorded message or reply, and the question that reads it again.
struct Kept {
    /// The row's identifier.
    row: Uuid,
    conversation: Uuid,
    body: Vec<u8>,
    question: Value,
}

struct Shop {
    app: TestApp,
    database: rusqlite::Connection,
    kept: Vec<Kept>,
    location: Database,
}

impl Shop {
    async fn start() -> Self {
        let database = Database::sqlite();
        let storage = Storage::sealed_for_this_process(&database.location).await.unwrap();
        let app = TestApp::recording(&storage).await;
        let store = Store::open(&database.location).await.unwrap();
        let mut kept = Vec::new();
        for _ in 0..CONVERSATIONS {
            kept.extend(converse(&app, &store).await);
        }
        let Location::File(path) = &database.location else { panic!("a file has a path") };
        let connection = rusqlite::Connection::open(path).unwrap();
        // What is changed here need not be durable.
        connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA busy_timeout = 5000").unwrap();
        Self { app, database: connection, kept, location: database }
    }

    fn write(&self, kept: &Kept, body: &[u8]) {
        let changed = self.database.execute(
            "UPDATE messages SET body = ?1 WHERE id = ?2",
            rusqlite::params![body, kept.row.as_bytes().as_slice()],
        );
        assert_eq!(changed.unwrap(), 1);
    }

    async fn read(&self, kept: &Kept) -> Reply {
        self.app.send(self.app.request(Method::POST, "/v1/ask").json(&kept.question)).await
    }

    /// Reads what was altered, which must be refused and named, and what was not, which must be answered.
    async fn assert_refused_and_named(&self, altered: &Kept, what: &str) {
        let before = logged().len();
        let reply = self.read(altered).await;
        assert_eq!(reply.status, 500, "{what} was not noticed: {}", reply.text);
        let said = logged()[before..].to_owned();
        assert!(said.contains(&altered.row.to_string()), "{what}: the row is not named in {said}");
        let others = self.kept.iter().filter(|kept| kept.conversation != altered.conversation);
        let other = others.clone().nth(altered.body.len() % others.count()).unwrap();
        let reply = self.read(other).await.expect_ok();
        assert_eq!(reply.body["conversation"]["repeated"], true, "{}", reply.text);
    }
}

async fn converse(app: &TestApp, store: &Store) -> Vec<Kept> {
    let conversation = Uuid::now_v7();
    let mut kept = Vec::new();
    for (number, text) in ["怎么退款", "几天能送到"].into_iter().enumerate() {
        let question = json!({
            "text": text, "conversation_id": conversation.to_string(), "message_id": number.to_string(),
            "contact_id": format!("openid-{conversation}"),
        });
        app.post("/v1/ask", &question).await.expect_ok();
        let messages = store.messages_of(ConversationId::from(conversation), 0, 100).await.unwrap();
        kept.extend(messages.into_iter().skip(number * 2).map(|message| Kept {
            row: message.id.uuid(),
            conversation,
            body: message.body.0,
            question: question.clone(),
        }));
    }
    assert_eq!(kept.len(), 4, "two questions, two replies");
    kept
}

#[tokio::test]
async fn a_flipped_bit_of_a_stored_message_is_found_and_named_and_the_rest_is_served() {
    let shop = Shop::start().await;
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let flips = times(40, 1000);
    for _ in 0..flips {
        let kept = &shop.kept[random.random_range(0..shop.kept.len())];
        let mut body = kept.body.clone();
        let bit = random.random_range(0..body.len() * 8);
        body[bit / 8] ^= 1 << (bit % 8);
        shop.write(kept, &body);
        shop.assert_refused_and_named(kept, &format!("bit {bit} of {}", body.len() * 8)).await;
        shop.write(kept, &kept.body);
        shop.read(kept).await.expect_ok();
    }
    eprintln!("{flips} flipped bits: all found, all rows named");
}

#[tokio::test]
async fn a_value_that_was_moved_is_found_and_named_and_the_rest_is_served() {
    let shop = Shop::start().await;
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let sql = "SELECT external_id FROM channel_identities";
    let mut identifiers = shop.database.prepare(sql).unwrap();
    let identifiers: Vec<Vec<u8>> =
        identifiers.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let moves = times(60, 10_000);
    let mut within = 0;
    for number in 0..moves {
        let kept = &shop.kept[random.random_range(0..shop.kept.len())];
        // Every third comes from another column; the others from any other row, of the same conversation too.
        let moved = if number % 3 == 0 {
            &identifiers[random.random_range(0..identifiers.len())]
        } else {
            let others: Vec<&Kept> = shop.kept.iter().filter(|other| other.row != kept.row).collect();
            let other = others[random.random_range(0..others.len())];
            within += usize::from(other.conversation == kept.conversation);
            &other.body
        };
        shop.write(kept, moved);
        shop.assert_refused_and_named(kept, "a moved value").await;
        shop.write(kept, &kept.body);
    }
    for kept in &shop.kept {
        shop.read(kept).await.expect_ok();
    }
    eprintln!("{moves} moved values, {within} of them within their conversation: all found, all rows named");
}

/// Not by a statement, but where the disk has it.
#[tokio::test]
async fn a_bit_that_rots_in_the_file_itself_is_found_though_the_engine_does_not_notice() {
    let shop = Shop::start().await;
    let Location::File(path) = &shop.location.location else { panic!("a file has a path") };
    shop.database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let rotten = &shop.kept[shop.kept.len() / 2];
    let content = std::fs::read(path).unwrap();
    let at = content.windows(rotten.body.len()).position(|window| window == rotten.body).unwrap();
    let at = at + rotten.body.len() / 2;
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(&[content[at] ^ 8], at as u64).unwrap();
    // Whoever reads after a write reads the file again.
    let next =
        json!({ "text": "怎么退款", "conversation_id": Uuid::now_v7().to_string(), "message_id": "1" });
    shop.app.post("/v1/ask", &next).await.expect_ok();
    let said: String = shop.database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(said, "ok");
    shop.assert_refused_and_named(rotten, "a rotten bit").await;
}
