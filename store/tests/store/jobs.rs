//! Work that survives a restart.

use std::time::Duration;

use store::{Error, JobState, NewJob, Progress};

use crate::{
    records::{NOW, new_id, seconds},
    support::on_both_engines,
};

const LEASE: Duration = Duration::from_secs(30);

fn import() -> NewJob {
    NewJob { id: new_id(), kind: String::from("import"), input: String::from("{\"rows\":3}"), at: NOW }
}

fn half_way() -> Progress {
    Progress { done: 5, total: Some(10), cursor: Some(String::from("row 5")) }
}

on_both_engines! {
    async fn a_job_goes_on_from_where_its_worker_disappeared(database) {
        let store = &database.store;
        let asked = import();
        store.ask_for_job(asked.clone()).await.unwrap();
        assert_eq!(store.ask_for_job(asked.clone()).await.unwrap().state, JobState::Waiting);
        let first = store.claim_job("import", "worker-1", LEASE, NOW).await.unwrap().unwrap();
        assert_eq!((first.id, first.attempt, first.state), (asked.id, 1, JobState::Running));
        store.report_progress(&first, half_way(), LEASE, seconds(10)).await.unwrap();
        assert_eq!(store.claim_job("import", "worker-2", LEASE, seconds(39)).await.unwrap(), None);
        let second = store.claim_job("import", "worker-2", LEASE, seconds(40)).await.unwrap().unwrap();
        assert_eq!((second.attempt, &second.progress), (2, &half_way()));
        let late = store.report_progress(&first, Progress::default(), LEASE, seconds(41)).await.unwrap_err();
        assert!(matches!(late, Error::Conflict { .. }), "{late}");
        store.finish_job(&second, seconds(42)).await.unwrap();
        assert!(matches!(store.finish_job(&second, seconds(43)).await.unwrap_err(), Error::Conflict { .. }));
        let done = store.job(asked.id).await.unwrap();
        assert_eq!((done.state, done.progress), (JobState::Done, half_way()));
        assert_eq!(store.claim_job("import", "worker-1", LEASE, seconds(1000)).await.unwrap(), None);
    }

    async fn a_job_is_tried_again_later_or_given_up(database) {
        let store = &database.store;
        let id = store.ask_for_job(import()).await.unwrap().id;
        let claimed = store.claim_job("import", "worker-1", LEASE, NOW).await.unwrap().unwrap();
        store.fail_job(&claimed, "no space", Some(seconds(60)), NOW).await.unwrap();
        assert_eq!(store.claim_job("import", "worker-1", LEASE, seconds(59)).await.unwrap(), None);
        let again = store.claim_job("import", "worker-1", LEASE, seconds(60)).await.unwrap().unwrap();
        assert_eq!(again.attempt, 2);
        store.fail_job(&again, "wrong file", None, seconds(61)).await.unwrap();
        let failed = store.job(id).await.unwrap();
        assert_eq!((failed.state, failed.failure.as_deref()), (JobState::Failed, Some("wrong file")));
    }

    async fn jobs_of_a_kind_are_taken_in_the_order_in_which_they_were_asked_for(database) {
        let store = &database.store;
        let later = store.ask_for_job(NewJob { at: seconds(5), ..import() }).await.unwrap().id;
        let earlier = store.ask_for_job(import()).await.unwrap().id;
        store.ask_for_job(NewJob { kind: String::from("export"), ..import() }).await.unwrap();
        let taken = |at| store.claim_job("import", "worker-1", LEASE, at);
        assert_eq!(taken(seconds(9)).await.unwrap().unwrap().id, earlier);
        assert_eq!(taken(seconds(9)).await.unwrap().unwrap().id, later);
        assert_eq!(taken(seconds(9)).await.unwrap(), None);
        assert_eq!(store.jobs(10).await.unwrap().len(), 3);
    }
}
