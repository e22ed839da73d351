//! Work that survives a restart: whoever claims a job goes on from where the last one stopped.

use std::time::Duration;

use futures::FutureExt;

use crate::{
    Error, JobId, Result, Store, Timestamp,
    engine::{Row, Transaction, values},
    words::words,
};

words! {
    /// Where a job stands.
    JobState {
        /// It waits for somebody.
        Waiting = "waiting",
        /// Somebody works on it, or disappeared while doing so.
        Running = "running",
        /// It is finished.
        Done = "done",
        /// It was given up.
        Failed = "failed",
    }
}

/// A piece of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its identifier.
    pub id: JobId,
    /// What is to be done.
    pub kind: String,
    /// Where it stands.
    pub state: JobState,
    /// With what, a JSON object; never personal data.
    pub input: String,
    /// How far it is.
    pub progress: Progress,
    /// How often it was claimed. Who claimed it earlier can no longer report.
    pub attempt: i64,
    /// Why it failed, if it did.
    pub failure: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last moved.
    pub updated_at: Timestamp,
}

/// How far a job is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Units of work done.
    pub done: i64,
    /// Units of work in all, once that is known.
    pub total: Option<i64>,
    /// Where to go on, as the job itself understands it.
    pub cursor: Option<String>,
}

/// A piece of work that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// Its identifier.
    pub id: JobId,
    /// What is to be done.
    pub kind: String,
    /// With what, a JSON object; never personal data.
    pub input: String,
    /// Now.
    pub at: Timestamp,
}

macro_rules! columns {
    () => {
        "id, kind, state, input, done, total, cursor, attempt, failure, created_at, updated_at"
    };
}

impl Store {
    /// Asks for a piece of work. Repeating it with the same identifier changes nothing.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn ask_for_job(&self, new: NewJob) -> Result<Job> {
        self.write(move |transaction| {
            async move {
                let sql = "INSERT INTO jobs (id, kind, state, input, done, attempt, not_before, created_at, updated_at) \
                           VALUES ($1, $2, 'waiting', $3, 0, 0, $4, $4, $4) ON CONFLICT (id) DO NOTHING";
                transaction.execute(sql, values![new.id, new.kind, new.input, new.at]).await?;
                read(transaction, new.id).await
            }
            .boxed()
        })
        .await
    }

    /// One job.
    ///
    /// # Errors
    /// [`Error::NotFound`]; when the engine fails.
    pub async fn job(&self, id: JobId) -> Result<Job> {
        self.read(move |transaction| read(transaction, id).boxed()).await
    }

    /// The newest jobs first, at most `limit`.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn jobs(&self, limit: u32) -> Result<Vec<Job>> {
        let sql = concat!("SELECT ", columns!(), " FROM jobs ORDER BY created_at DESC, id DESC LIMIT $1");
        self.read(move |transaction| {
            async move { transaction.rows(sql, values![limit]).await?.into_iter().map(job).collect() }.boxed()
        })
        .await
    }

    /// Takes the oldest job of a kind that waits or whose worker has disappeared; `None` when there is none. It is
    /// `worker`'s for as long as `lease`, and again with each report of progress.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn claim_job(
        &self,
        kind: &str,
        worker: &str,
        lease: Duration,
        at: Timestamp,
    ) -> Result<Option<Job>> {
        let (kind, worker) = (kind.to_owned(), worker.to_owned());
        let sql = concat!(
            "UPDATE jobs SET state = 'running', attempt = attempt + 1, claimed_by = $2, claimed_until = $3, \
             updated_at = $4 WHERE id = (SELECT id FROM jobs WHERE kind = $1 AND ((state = 'waiting' \
             AND not_before <= $4) OR (state = 'running' AND claimed_until <= $4)) \
             ORDER BY created_at, id LIMIT 1) RETURNING ",
            columns!()
        );
        self.write(move |transaction| {
            async move {
                transaction.row(sql, values![kind, worker, at.plus(lease), at]).await?.map(job).transpose()
            }
            .boxed()
        })
        .await
    }

    /// Stores how far a claimed job is, and keeps it for as long as `lease` from now.
    ///
    /// # Errors
    /// [`Error::Conflict`] when somebody else has it by now: stop; when the engine fails.
    pub async fn report_progress(
        &self,
        job: &Job,
        progress: Progress,
        lease: Duration,
        at: Timestamp,
    ) -> Result<()> {
        let (id, attempt) = (job.id, job.attempt);
        let sql = "UPDATE jobs SET done = $3, total = $4, cursor = $5, claimed_until = $6, updated_at = $7 \
                   WHERE id = $1 AND attempt = $2 AND state = 'running'";
        self.write(move |transaction| {
            async move {
                let Progress { done, total, cursor } = progress;
                let values = values![id, attempt, done, total, cursor, at.plus(lease), at];
                only_own(transaction.execute(sql, values).await?)
            }
            .boxed()
        })
        .await
    }

    /// Ends a claimed job.
    ///
    /// # Errors
    /// [`Error::Conflict`] when somebody else has it by now, or it has ended; when the engine fails.
    pub async fn finish_job(&self, job: &Job, at: Timestamp) -> Result<()> {
        self.end_job(job, JobState::Done, None, at, at).await
    }

    /// Gives a claimed job up, or lets it be tried again from `retry` on, from where it stopped.
    ///
    /// # Errors
    /// [`Error::Conflict`] when somebody else has it by now, or it has ended; when the engine fails.
    pub async fn fail_job(
        &self,
        job: &Job,
        failure: &str,
        retry: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<()> {
        let state = if retry.is_some() { JobState::Waiting } else { JobState::Failed };
        self.end_job(job, state, Some(failure.to_owned()), retry.unwrap_or(at), at).await
    }

    async fn end_job(
        &self,
        job: &Job,
        state: JobState,
        failure: Option<String>,
        not_before: Timestamp,
        at: Timestamp,
    ) -> Result<()> {
        let (id, attempt) = (job.id, job.attempt);
        let sql = "UPDATE jobs SET state = $3, failure = $4, not_before = $5, updated_at = $6, claimed_by = NULL, \
                   claimed_until = NULL WHERE id = $1 AND attempt = $2 AND state = 'running'";
        self.write(move |transaction| {
            async move {
                let values = values![id, attempt, state, failure, not_before, at];
                only_own(transaction.execute(sql, values).await?)
            }
            .boxed()
        })
        .await
    }
}

fn only_own(changed: u64) -> Result<()> {
    if changed == 1 { Ok(()) } else { Err(Error::conflict("somebody else has the job, or it has ended")) }
}

async fn read(transaction: &mut Transaction<'_>, id: JobId) -> Result<Job> {
    let sql = concat!("SELECT ", columns!(), " FROM jobs WHERE id = $1");
    let row = transaction.row(sql, values![id]).await?;
    job(row.ok_or_else(|| Error::not_found("jobs", id))?)
}

fn job(row: Row) -> Result<Job> {
    let mut fields = row.fields("jobs");
    Ok(Job {
        id: fields.next()?,
        kind: fields.next()?,
        state: fields.next()?,
        input: fields.next()?,
        progress: Progress { done: fields.next()?, total: fields.next()?, cursor: fields.next()? },
        attempt: fields.next()?,
        failure: fields.next()?,
        created_at: fields.next()?,
        updated_at: fields.next()?,
    })
}
