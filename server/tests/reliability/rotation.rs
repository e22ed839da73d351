//! Keys of every kind replaced under load, by a process that is killed over and over.
//!
//! All of it is the product: `yingda serve` records questions over HTTP, and `yingda keys rotate` replaces keys beside it,
//! since an operator has no other way and the two meet only in the database.

use std::{
    process::{Child, ExitStatus},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use futures::future::join_all;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::{
    engine::Engine,
    installation::{Installation, Masters},
    rows::Rows,
    service::Service,
    times,
    traffic::{Answered, Ended, Traffic},
};

/// Questions a second in the short set and in the long one. Each writes twice.
const RATES: [u32; 2] = [40, 200];

/// The longest that a rotation is let run before it is killed, its start included; less where one has ended sooner, so that
/// kills come in time on a quick machine too.
const LATEST_KILL: Duration = Duration::from_millis(1500);

/// Kills at most, for each that is asked for, until one comes in the middle.
const TRIES: u32 = 5;

/// What became of the replacement of one kind of key.
#[derive(Debug, Default)]
struct Replaced {
    kills: u32,
    /// Kills that left a replacement half done.
    half_done: u32,
    /// Replacements that reached their end.
    ended: u32,
    /// Replacements that gave up because the database was busy for too long.
    gave_up: u32,
    /// Those that ended and had gone on with what another had begun.
    resumed: u32,
}

/// Which keys, and with which master keys the commands run.
#[derive(Clone, Copy, Debug)]
struct Kind {
    name: &'static str,
    masters: [Masters; 2],
}

/// Both are given to every process while the master key is replaced; whichever is first replaces the other.
const BOTH: [Masters; 2] = [Masters::Replacing(1, 0), Masters::Replacing(0, 1)];

const KINDS: [Kind; 3] = [
    Kind { name: "index", masters: [BOTH[0]; 2] },
    Kind { name: "data", masters: [BOTH[0]; 2] },
    Kind { name: "master", masters: BOTH },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_replaced_under_load_by_a_process_that_is_killed_on_sqlite() {
    replace_under_load(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_replaced_under_load_by_a_process_that_is_killed_on_postgres() {
    if let Some(engine) = Engine::postgres().await {
        replace_under_load(engine).await;
    }
}

async fn replace_under_load(engine: Engine) {
    let installation = Arc::new(Installation::new(engine));
    let service = Arc::new(Service::start(&installation, BOTH[0], "info"));
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let (people, rate) = (times(10, 40).into(), times(RATES[0], RATES[1]));
    let mut answered = undisturbed(&service, rate, people).await;
    for kind in KINDS {
        let traffic = Traffic::begin(Arc::clone(&service), rate, people);
        let replaced = replace(&installation, kind, &mut random).await;
        let ended = traffic.end().await;
        report(kind.name, &replaced, &ended);
        answered.extend(ended.answered);
        let rows = Rows::of(&installation).await;
        rows.assert_nothing_on_an_old_key().await;
        if kind.name == "data" {
            assert_nobody_got_a_key_twice(&rows, &replaced).await;
        }
        // Wrapping the keys of a few people anew takes a millisecond or two of a process that lives for fifty, so that kills may
        // miss it; `sealing` kills it at every call.
        assert!(replaced.half_done > 0 || kind.name == "master", "no kill came in the middle: {replaced:?}");
    }
    drop(service);
    assert_everything_opens(&installation, &answered).await;
}

/// A replacement that was stopped and resumed gives everybody one key in all, but for the one person it was stopped at.
async fn assert_nobody_got_a_key_twice(rows: &Rows, replaced: &Replaced) {
    let (owners, replacements) = (rows.owners().await, rows.replacements().await);
    let made = rows.data_keys().await - owners;
    let interrupted = i64::from(replaced.kills + replaced.gave_up);
    eprintln!(
        "{made} new data keys of {owners} owners in {replacements} replacements, {interrupted} interruptions"
    );
    assert!(replaced.resumed > 0, "no replacement went on with another one's work: {replaced:?}");
    assert!(made <= owners * replacements + interrupted, "keys were made more than once: {replaced:?}");
}

/// What questions take while no key is replaced.
async fn undisturbed(service: &Arc<Service>, rate: u32, people: u64) -> Vec<Answered> {
    let traffic = Traffic::begin(Arc::clone(service), rate, people);
    tokio::time::sleep(Duration::from_secs(times(2, 10).into())).await;
    let ended = traffic.end().await;
    report("none", &Replaced::default(), &ended);
    ended.answered
}

fn report(kind: &str, replaced: &Replaced, ended: &Ended) {
    let [half, most] = ended.waited();
    eprintln!(
        "keys replaced: {kind}; {} kills, {} in the middle, {} replacements ended, {} gave up; {} questions in {:.1?}, {:.0} a second, \
         p50 {half:.0?}, p99 {most:.0?}, {} refused for the moment",
        replaced.kills,
        replaced.half_done,
        replaced.ended,
        replaced.gave_up,
        ended.answered.len(),
        ended.lasted,
        ended.rate(),
        ended.refused
    );
}

/// Kills as often as is asked for, then lets one replacement reach its end.
async fn replace(installation: &Arc<Installation>, kind: Kind, random: &mut ChaCha8Rng) -> Replaced {
    let mut replaced = Replaced::default();
    let rows = Rows::of(installation).await;
    let wanted = times(3, 20);
    let (mut is_finished, mut latest_kill) = (false, LATEST_KILL);
    loop {
        let is_missed = replaced.half_done == 0 && replaced.kills < TRIES * wanted;
        let to_be_killed = replaced.kills < wanted || is_missed;
        if is_finished && !to_be_killed {
            break;
        }
        let masters = kind.masters[replaced.ended as usize % 2];
        let arguments = ["keys", "rotate", kind.name];
        let rotating = installation.spawn(masters, &arguments);
        // A process takes longer to start than to replace a few keys: what kills have missed so far lies near its end.
        let earliest = if replaced.kills < wanted { 0.05 } else { 0.6 };
        let (begun, after) = (Instant::now(), latest_kill.mul_f64(random.random_range(earliest..1.0)));
        let ended = tokio::task::spawn_blocking(move || ended(rotating, to_be_killed.then_some(after)));
        match ended.await.unwrap() {
            None => {
                (is_finished, replaced.kills) = (false, replaced.kills + 1);
                let half_done = rows.retiring().await > 0 || rows.masters().await > 1;
                replaced.half_done += u32::from(half_done);
            }
            Some(status) if status.success() => {
                (is_finished, replaced.ended) = (true, replaced.ended + 1);
                latest_kill = latest_kill.min(begun.elapsed());
                assert!(installation.said().starts_with(r#"{"keys":"#), "{}", installation.said());
                assert!(installation.said().contains(r#""unreadable":[]"#), "{}", installation.said());
                let said = installation.said();
                let last = said.lines().next().unwrap_or_default();
                replaced.resumed += u32::from(last.contains(r#""resumed":true"#));
            }
            Some(status) => {
                let said = installation.said();
                assert!(said.contains("the database is unavailable"), "{kind:?} ended with {status}: {said}");
                replaced.gave_up += 1;
            }
        }
    }
    if kind.name == "master" {
        // The one that serves is the one that wraps, whichever replaced the other last.
        installation.json(BOTH[0], &["keys", "rotate", kind.name]);
        assert_eq!(rows.masters().await, 1, "keys are wrapped by an old master key");
    }
    replaced
}

/// Waits until the process ends, or kills it `after` a while; how it ended if it did by itself.
fn ended(mut rotating: Child, after: Option<Duration>) -> Option<ExitStatus> {
    let begun = Instant::now();
    loop {
        if let Some(status) = rotating.try_wait().unwrap() {
            return Some(status);
        }
        if after.is_some_and(|after| begun.elapsed() >= after) {
            rotating.kill().unwrap();
            rotating.wait().unwrap();
            return None;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Every question is sent again to a new process that has the new master key alone. To answer it, the person must be found
/// by the blind index, and question and reply must open.
async fn assert_everything_opens(installation: &Installation, answered: &[Answered]) {
    let alone = Masters::Only(1);
    let status = installation.json(alone, &["keys", "status"]);
    assert_eq!((&status["under_other_masters"], &status["damaged"]), (&json!(0), &json!([])), "{status}");
    installation.yingda(Masters::Only(0), &["keys", "status"]).finish().expect(6);
    let service = Service::start(installation, alone, "info");
    let mut failed = Vec::new();
    for some in answered.chunks(16) {
        let asked = join_all(some.iter().map(|answered| service.post("/v1/ask", &answered.question))).await;
        for (Answered { reply, .. }, again) in some.iter().zip(asked) {
            let (status, again) = again.unwrap();
            let same = |name: &str| again[name] == reply[name];
            let message = |reply: &Value| reply["conversation"]["message"].clone();
            let opened = status.is_success() && again["conversation"]["repeated"] == true;
            if !(opened && message(&again) == message(reply) && same("decision") && same("answer")) {
                failed.push(format!("{status}: {again}"));
            }
        }
    }
    assert!(failed.is_empty(), "{} of {} failed, the first: {}", failed.len(), answered.len(), failed[0]);
    // And what nobody asks for: identifiers are opened and sealed anew.
    for kind in ["data", "index"] {
        let again = installation.json(alone, &["keys", "rotate", kind]);
        assert_eq!(again["unreadable"], json!([]), "{kind}");
    }
    eprintln!("{} questions asked again after all kills: 0 failed to open", answered.len());
}
