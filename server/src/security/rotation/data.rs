//! New data keys for the business and for everybody: a job, so that a run that was stopped is followed by one that goes on
//! after the last person it had finished.

use std::collections::VecDeque;
use std::time::Duration;

use sealing::{Error, Owner, Result, StorageError, Vault, rotation::DataRotation};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use store::{ContactId, Everybody, Job, NewJob, Progress, Store};
use uuid::Uuid;

use super::{Rotated, STEP};
use crate::{
    clock,
    security::stored_keys::{StoredKeys, sealing_contact},
};

const KIND: &str = "keys.rotate_data";

/// A job is not kept for the process that has it: whoever types the command again takes it over at once, and a process that
/// still works on it finds out at its next report and stops. Two at work on one person do no harm.
const LEASE: Duration = Duration::ZERO;

/// People of a page.
const PAGE: u32 = 500;

/// Who was there when the job was asked for. Whoever comes later has a key that is newer than the job.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Asked {
    people: i64,
    last: Option<Uuid>,
}

/// How far the job is: the business comes first, then the people in the order of their identifiers.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Reached {
    business: bool,
    people: i64,
    after: Option<Uuid>,
}

/// The replacement of all data keys, in the hands of this process.
pub(super) struct DataKeys {
    vault: Vault,
    rows: StoredKeys,
    job: Job,
    asked: Asked,
    reached: Reached,
    /// The next people, read from the store.
    page: VecDeque<ContactId>,
}

impl DataKeys {
    /// Takes over a job that is not finished; asks for a new one where there is none.
    pub(super) fn claim(vault: Vault, rows: StoredKeys) -> Result<Self> {
        let job = match claim(&rows)? {
            Some(left) => left,
            None => {
                ask(&rows)?;
                claim(&rows)?.ok_or(Error::Contended)?
            }
        };
        let asked = parsed(&job.input)?;
        let reached = job.progress.cursor.as_deref().map_or(Ok(Reached::default()), parsed)?;
        Ok(Self { vault, rows, job, asked, reached, page: VecDeque::new() })
    }

    /// Goes on from where the job stands.
    pub(super) fn finish(mut self) -> Result<Rotated> {
        let resumed = Some(self.job.attempt > 1);
        let mut rotated = Rotated { resumed, ..Rotated::default() };
        self.look_again(&mut rotated)?;
        while self.step(&mut rotated)? {}
        let finished = self.rows.store().finish_job(&self.job, clock::timestamp());
        self.rows.wait(finished).map_err(Error::Storage)?;
        Ok(rotated)
    }

    /// Whoever was dealt with by an earlier run and still has a key that retires: something did not open. Now it may, or it is
    /// named again.
    fn look_again(&self, rotated: &mut Rotated) -> Result<()> {
        let Some(done) = self.reached.after.map(ContactId::from) else { return Ok(()) };
        let mut after = None;
        loop {
            let left = self.rows.store().contacts_with_retiring_keys(after, PAGE);
            let mut left = self.rows.wait(left).map_err(Error::Storage)?;
            left.retain(|contact| *contact <= done);
            let Some(last) = left.last() else { return Ok(()) };
            after = Some(*last);
            for contact in left {
                self.replace(&Owner::Contact(sealing_contact(contact)?), rotated)?;
            }
        }
    }

    /// Replaces the next owner's key and writes down that it is done; `false` once there is nobody left.
    fn step(&mut self, rotated: &mut Rotated) -> Result<bool> {
        if !self.reached.business {
            self.replace(&Owner::System, rotated)?;
            self.reached.business = true;
            return self.report();
        }
        let Some(contact) = self.next_person()? else { return Ok(false) };
        self.replace(&Owner::Contact(sealing_contact(contact)?), rotated)?;
        self.reached.after = Some(contact.uuid());
        self.reached.people += 1;
        self.report()
    }

    fn next_person(&mut self) -> Result<Option<ContactId>> {
        if self.page.is_empty() {
            let after = self.reached.after.map(ContactId::from);
            let page = self.rows.wait(self.rows.store().contacts_after(after, PAGE));
            self.page.extend(page.map_err(Error::Storage)?.into_iter().map(|contact| contact.id));
        }
        let was_there = |contact: &ContactId| Some(contact.uuid()) <= self.asked.last;
        Ok(self.page.pop_front().filter(was_there))
    }

    fn report(&self) -> Result<bool> {
        let cursor = serde_json::to_string(&self.reached).map_err(other)?;
        let (done, total) = (self.reached.people, Some(self.asked.people));
        let progress = Progress { done, total, cursor: Some(cursor) };
        let reported = self.rows.store().report_progress(&self.job, progress, LEASE, clock::timestamp());
        self.rows.wait(reported).map(|()| true).map_err(Error::Storage)
    }

    /// Seals everything of an owner anew with a new key, or with the one that an earlier run has begun to replace the old one
    /// with. An erased person has none.
    fn replace(&self, owner: &Owner, rotated: &mut Rotated) -> Result<()> {
        let begun = match self.begin(owner) {
            // Others have begun too, or have erased the person: the second look says which.
            Err(Error::Contended) => self.begin(owner),
            begun => begun,
        };
        let replaced = begun.and_then(|mut rotation| {
            rotated.keys += 1;
            rotated.run(|| rotation.step(&self.rows, STEP))
        });
        match replaced {
            Err(Error::ContactErased { .. }) => Ok(()),
            replaced => replaced,
        }
    }

    fn begin(&self, owner: &Owner) -> Result<DataRotation> {
        match DataRotation::resume(self.vault.clone(), owner)? {
            Some(begun) => Ok(begun),
            None => DataRotation::begin(self.vault.clone(), owner),
        }
    }
}

fn claim(rows: &StoredKeys) -> Result<Option<Job>> {
    let claimed = rows.store().claim_job(KIND, "keys rotate data", LEASE, clock::timestamp());
    rows.wait(claimed).map_err(Error::Storage)
}

fn ask(rows: &StoredKeys) -> Result<()> {
    let store: &Store = rows.store();
    let Everybody { people, last } = rows.wait(store.everybody()).map_err(Error::Storage)?;
    let asked = Asked { people, last: last.map(ContactId::uuid) };
    let input = serde_json::to_string(&asked).map_err(other)?;
    let (id, kind) = (Uuid::now_v7().into(), KIND.to_owned());
    let job = rows.wait(store.ask_for_job(NewJob { id, kind, input, at: clock::timestamp() }));
    job.map(drop).map_err(Error::Storage)
}

fn parsed<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(other)
}

fn other(error: serde_json::Error) -> Error {
    Error::Storage(StorageError::from(error))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sealing::Plain;
    use store::{JobState, KeyPurpose, KeyState, Location};
    use tokio::runtime::Handle;

    use super::*;
    use crate::{
        actor::Actor,
        privacy,
        security::{Identity, NewContact, off_the_workers, rotate_data_keys},
        storage::Storage,
    };

    struct People {
        storage: Storage,
        _folder: tempfile::TempDir,
    }

    impl People {
        async fn new(count: usize) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let location = Location::File(folder.path().join("yingda.db"));
            let storage = Storage::sealed_for_this_process(&location).await.unwrap();
            let people = Self { storage, _folder: folder };
            for number in 0..count {
                people.come(number).await;
            }
            people
        }

        async fn come(&self, number: usize) -> ContactId {
            let (vault, contact) = (self.storage.vault.clone(), ContactId::from(Uuid::now_v7()));
            let external = Plain::from(format!("openid-{number}"));
            let identity = Identity { channel: String::from("web"), external };
            let new = NewContact { contact, at: clock::timestamp() };
            let identity = off_the_workers(move || identity.of_new(&vault, new)).await.unwrap();
            self.storage.store.contact_of_identity(identity).await.unwrap().id
        }

        fn rows(&self) -> StoredKeys {
            StoredKeys::new(Arc::clone(&self.storage.store), Handle::current())
        }

        /// A process that is stopped after so many owners.
        async fn stopped_after(&self, owners: usize) -> Rotated {
            let (vault, rows) = (self.storage.vault.clone(), self.rows());
            let stopped = move || {
                let (mut keys, mut rotated) = (DataKeys::claim(vault, rows)?, Rotated::default());
                for _ in 0..owners {
                    assert!(keys.step(&mut rotated)?);
                }
                Ok::<_, Error>(rotated)
            };
            off_the_workers(stopped).await.unwrap()
        }

        async fn rotate(&self) -> Rotated {
            rotate_data_keys(self.storage.vault.clone(), &self.storage.store).await.unwrap()
        }

        /// How many keys each had and has, the business at the end; fails if a replaced one is not destroyed.
        async fn keys(&self) -> Vec<usize> {
            let store = &self.storage.store;
            let people = store.contacts_after(None, 100).await.unwrap();
            let purposes = people.iter().map(|contact| KeyPurpose::Contact(contact.id));
            let mut counts = Vec::new();
            for purpose in purposes.chain([KeyPurpose::System]) {
                let keys = store.keys_of(purpose).await.unwrap();
                let live = keys.iter().filter(|key| key.state != KeyState::Destroyed).count();
                assert_eq!(live, 1, "{purpose:?} has keys besides the current one");
                counts.push(keys.len());
            }
            counts
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_run_after_one_that_was_stopped_replaces_only_the_rest() {
        let people = People::new(6).await;
        // The business and three people.
        assert_eq!(people.stopped_after(4).await.keys, 4);
        assert_eq!(people.keys().await, [2, 2, 2, 1, 1, 1, 2]);
        assert_eq!(people.stopped_after(1).await.keys, 1);
        let rest = people.rotate().await;
        assert_eq!((rest.keys, rest.moved, rest.resumed), (2, 2, Some(true)));
        assert_eq!(people.keys().await, [2; 7]);
        let whole = people.rotate().await;
        assert_eq!(
            (whole.keys, whole.moved, whole.resumed),
            (7, 6, Some(false)),
            "a new one begins from the first"
        );
        assert_eq!(people.keys().await, [3; 7]);
        let jobs = people.storage.store.jobs(9).await.unwrap();
        let progress: Vec<_> =
            jobs.iter().map(|job| (job.state, job.progress.done, job.progress.total)).collect();
        assert_eq!(progress, [(JobState::Done, 6, Some(6)); 2]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_person_who_was_half_done_keeps_the_key_that_was_made() {
        let people = People::new(3).await;
        people.stopped_after(2).await;
        let second = people.storage.store.contacts_after(None, 2).await.unwrap()[1].id;
        let vault = people.storage.vault.clone();
        let owner = Owner::Contact(sealing_contact(second).unwrap());
        off_the_workers(move || DataRotation::begin(vault, &owner).map(drop)).await.unwrap();
        assert_eq!(people.rotate().await.keys, 2);
        assert_eq!(people.keys().await, [2; 4]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_comes_during_a_run_keeps_the_new_key_and_who_is_erased_is_passed_over() {
        let people = People::new(3).await;
        people.stopped_after(1).await;
        let newest = people.come(3).await;
        let first = people.storage.store.contacts_after(None, 1).await.unwrap()[0].id;
        let vault = people.storage.vault.clone();
        off_the_workers(move || crate::security::forget_contact(&vault, first)).await.unwrap();
        assert_eq!(people.rotate().await.keys, 2);
        let made = people.storage.store.keys_of(KeyPurpose::Contact(newest)).await.unwrap();
        assert_eq!(made.len(), 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_is_erased_after_the_page_was_read_is_passed_over() {
        let people = People::new(3).await;
        let store = Arc::clone(&people.storage.store);
        let second = store.contacts_after(None, 2).await.unwrap()[1].id;
        let (vault, rows) = (people.storage.vault.clone(), people.rows());
        let rotated = off_the_workers(move || {
            let (mut keys, mut rotated) = (DataKeys::claim(vault, rows.clone())?, Rotated::default());
            // The business, and the first of the page.
            for _ in 0..2 {
                assert!(keys.step(&mut rotated)?);
            }
            // As another process does it: this one's vault still remembers the key.
            let erased = privacy::erase(&store, second, Actor::Operator.act(None));
            rows.wait(erased).map_err(Error::Storage)?;
            while keys.step(&mut rotated)? {}
            Ok::<_, Error>(rotated)
        })
        .await
        .unwrap();
        assert_eq!(rotated.keys, 3, "the business and two people");
        assert_eq!(people.keys().await, [2; 3]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_run_that_another_has_taken_over_stops() {
        let people = People::new(3).await;
        let (vault, rows) = (people.storage.vault.clone(), people.rows());
        let (error, rest) = off_the_workers(move || {
            let mut first = DataKeys::claim(vault.clone(), rows.clone())?;
            let mut rotated = Rotated::default();
            assert!(first.step(&mut rotated)?);
            let second = DataKeys::claim(vault, rows)?;
            Ok::<_, Error>((first.step(&mut rotated).unwrap_err(), second.finish()?))
        })
        .await
        .unwrap();
        assert!(matches!(error, Error::Storage(_)), "{error}");
        assert_eq!(rest.resumed, Some(true));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_does_not_open_is_named_by_the_run_that_goes_on_too() {
        let people = People::new(2).await;
        let store = &people.storage.store;
        let first = store.contacts_after(None, 1).await.unwrap()[0].id;
        let key = store.keys_of(KeyPurpose::Contact(first)).await.unwrap()[0].id;
        let found = store.cells_sealed_by(key, None, 1).await.unwrap().remove(0);
        let mut bytes = found.sealed.0.clone();
        if let Some(last) = bytes.last_mut() {
            *last ^= 1;
        }
        assert!(store.reseal(found.cursor, found.sealed, store::Sealed(bytes)).await.unwrap());
        let stopped = people.stopped_after(2).await;
        let rest = people.rotate().await;
        assert_eq!((stopped.unreadable.len(), &rest.unreadable), (1, &stopped.unreadable));
        assert_eq!(rest.keys, 2, "the person who is left, and the one who is looked at again");
        let states = store.keys_of(KeyPurpose::Contact(first)).await.unwrap();
        let retiring = states.iter().filter(|key| key.state == KeyState::Retiring);
        assert_eq!(retiring.map(|key| key.id).collect::<Vec<_>>(), [key]);
    }
}
