//! A value of every kind through its life: written, moved to new keys, found and opened again, and never in clear.

use std::sync::Arc;

use sealing::{Place, Plain, Vault};
use store::{
    Act, AgentId, AgentMessage, Cell, ContactId, Conversation, ConversationId, DedupeKey, Delivery, HandOff,
    Handling, Location, MessageId, NewConversation, NewMessage, Sealed, SettingValue, Store, Timestamp,
};
use uuid::Uuid;

use super::{
    Identity, IndexedField, NewContact, off_the_workers, places::of_cell, rotate_data_keys, rotate_index_key,
    rotate_master_key,
};
use crate::{profiles, storage::Storage};

#[path = "../../tests/support/clear_text.rs"]
mod clear_text;

use clear_text::Search;

const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// What must not be in clear, by where it is kept.
const PROFILE: &str = r#"{"name":"鵸鵌氏","phone":"+86 199-0400-0001"}"#;
const OPENID: &str = "oKanarie-00001-x7";
const TELEPHONE: &str = "19904000001";
const SUMMARY: &str = "客人鵸鵌氏要退款";
const QUESTION: &str = "我是鵸鵌氏，怎么退款";
const SPOKEN: &str = "鵸鵌氏您好，已为您退款";
const SECRET: &str = "channel-secret-00001";

/// What an operator may read.
const LABELLED: &str = "如何办理退货手续";

struct Life {
    storage: Storage,
    contact: ContactId,
    conversation: Conversation,
    /// Where each value stands, and what it is.
    kept: Vec<(Cell, &'static str)>,
}

fn new_id<T: From<Uuid>>() -> T {
    Uuid::now_v7().into()
}

fn act() -> Act {
    Act { actor: String::from("admin"), reason: Some(String::from("asked by the customer")), at: NOW }
}

impl Life {
    async fn begin(location: &Location) -> Self {
        let storage = Storage::sealed_for_this_process(location).await.unwrap();
        let (contact, vault) = (new_id::<ContactId>(), storage.vault.clone());
        let identity = Identity { channel: String::from("web"), external: Plain::from(OPENID) };
        let new = NewContact { contact, at: NOW };
        let identity = off_the_workers(move || identity.of_new(&vault, new)).await.unwrap();
        storage.store.contact_of_identity(identity).await.unwrap();
        let id = new_id::<ConversationId>();
        let new = NewConversation { id, contact, channel: String::from("web"), priority: 0, at: NOW };
        let conversation = storage.store.open_conversation(new).await.unwrap();
        let external_id = Cell::ExternalId { channel: String::from("web"), contact };
        Self { storage, contact, conversation, kept: vec![(external_id, OPENID)] }
    }

    fn store(&self) -> &Store {
        &self.storage.store
    }

    async fn sealed(&mut self, cell: Cell, text: &'static str) -> Sealed {
        let (vault, place) = (self.storage.vault.clone(), of_cell(&cell).unwrap());
        self.kept.push((cell, text));
        let sealed = off_the_workers(move || vault.seal(&place, &Plain::from(text))).await;
        Sealed(sealed.unwrap().into_bytes())
    }

    async fn message(&mut self, key: &str, text: &'static str) -> NewMessage {
        let (id, conversation) = (new_id::<MessageId>(), self.conversation.id);
        let cell = Cell::Body { message: id, conversation, contact: self.contact };
        NewMessage {
            id,
            conversation,
            dedupe_key: DedupeKey(key.as_bytes().to_vec()),
            reply_to: None,
            kind: String::from("text"),
            body: self.sealed(cell, text).await,
            at: NOW,
        }
    }

    /// Every statement that stores something of a person.
    async fn live(&mut self) {
        for (field, value) in [("phone", "+86 199-0400-0001"), ("name", "鵸鵌氏")] {
            let value = Some(Plain::from(value));
            assert!(profiles::change(&self.storage, self.contact, field, value).await.unwrap());
        }
        self.kept.push((Cell::Profile(self.contact), PROFILE));
        let asked = self.message("1", QUESTION).await;
        self.store().ingest(asked).await.unwrap();
        let (id, contact) = (self.conversation.id, self.contact);
        let summary = Some(self.sealed(Cell::Summary { conversation: id, contact }, SUMMARY).await);
        let owner_epoch = self.conversation.owner_epoch;
        let reason = String::from("requested");
        let hand_off =
            HandOff { conversation: id, owner_epoch, reason, priority: 1, summary, receipt: None, at: NOW };
        let queued = self.store().hand_off(hand_off).await.unwrap();
        let agent = new_id::<AgentId>();
        let taking = Handling { conversation: id, owner_epoch: queued.owner_epoch, agent, at: NOW };
        self.store().take_over(taking).await.unwrap();
        let message = self.message("2", SPOKEN).await;
        let said = AgentMessage { message, agent, delivery: Delivery::Outbox };
        self.store().say_as_agent(said).await.unwrap();
        let secret = self.sealed(Cell::Setting(String::from("token")), SECRET).await;
        self.store().change_setting("token", SettingValue::Sealed(secret), 0, act()).await.unwrap();
        self.store().record_act(act(), "contact.look", &self.contact.to_string(), None).await.unwrap();
    }

    /// Who has this telephone number, however it is written.
    async fn found_by(&self, phone: &str) -> Vec<ContactId> {
        profiles::find(&self.storage, IndexedField::Phone, Plain::from(phone)).await.unwrap()
    }

    /// Every value as it is stored now opens where it stands, and is what was put there.
    async fn assert_all_open(&self) {
        let mut opened = Vec::new();
        for purpose in [store::KeyPurpose::Contact(self.contact), store::KeyPurpose::System] {
            for key in self.store().keys_of(purpose).await.unwrap() {
                let mut after = None;
                loop {
                    let page = self.store().cells_sealed_by(key.id, after, 100).await.unwrap();
                    let Some(last) = page.last() else { break };
                    after = Some(last.cursor.clone());
                    for found in page {
                        opened.push(open(&self.storage.vault, &found.cell, found.sealed).await);
                    }
                }
            }
        }
        let mut kept: Vec<&str> = self.kept.iter().map(|(_, text)| *text).collect();
        kept.sort_unstable();
        opened.sort_unstable();
        assert_eq!(opened, kept);
    }
}

async fn open(vault: &Vault, cell: &Cell, sealed: Sealed) -> String {
    let (vault, place): (Vault, Place) = (vault.clone(), of_cell(cell).unwrap());
    let plain = off_the_workers(move || vault.open(&place, &sealing::Sealed::from_bytes(sealed.0))).await;
    plain.unwrap().expose_text().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_of_every_kind_survives_new_keys_and_is_nowhere_in_clear() {
    let folder = tempfile::tempdir().unwrap();
    let mut life = Life::begin(&Location::File(folder.path().join("yingda.db"))).await;
    life.live().await;
    assert_eq!(life.kept.len(), 6, "a value of every kind of place, and two messages");
    life.assert_all_open().await;
    assert_eq!(life.found_by(TELEPHONE).await, [life.contact]);
    let (vault, store) = (life.storage.vault.clone(), Arc::clone(&life.storage.store));
    for rotated in [
        rotate_index_key(vault.clone(), &store).await.unwrap(),
        rotate_data_keys(vault.clone(), &store).await.unwrap(),
        rotate_master_key(vault).await.unwrap(),
    ] {
        assert!(rotated.unreadable.is_empty(), "{rotated:?}");
    }
    life.assert_all_open().await;
    assert_eq!(life.found_by(TELEPHONE).await, [life.contact]);

    let texts = [PROFILE, OPENID, TELEPHONE, SUMMARY, QUESTION, SPOKEN, SECRET, "鵸鵌氏"].map(String::from);
    let searched = Search::new(texts).within_folder(folder.path());
    assert!(searched.found.is_empty(), "{:?}", searched.found);
    assert!(searched.bytes > 50_000 && searched.files.len() >= 3, "{:?}", searched.files);
    store.change_setting("plain", SettingValue::Plain(String::from(LABELLED)), 0, act()).await.unwrap();
    let control = Search::new([String::from(LABELLED)]).within_folder(folder.path());
    assert!(!control.found.is_empty(), "what is stored in clear is found");
}
