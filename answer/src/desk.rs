//! The threads on which questions are decided, one for each processor core.
//!
//! Questions are taken in the order in which they come. On tokio's blocking threads, of which there are hundreds, all that have
//! come would share the cores, and the first would be done as late as the last.

use std::sync::LazyLock;

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use tokio::sync::oneshot;

use crate::{Error, Result};

static DESK: LazyLock<std::result::Result<ThreadPool, ThreadPoolBuildError>> = LazyLock::new(|| {
    let name = |number| format!("decide-{number}");
    // The hook that reports a panic has run by then; whoever waits sees that no reply comes.
    ThreadPoolBuilder::new().thread_name(name).panic_handler(|_| ()).build()
});

/// The result of `work`, computed when its turn comes; not at all when nobody waits for it any more.
///
/// # Errors
/// Those of `work`; [`Error::Stopped`] when it panics or the system refuses the threads.
pub(crate) async fn in_turn<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let desk = DESK.as_ref().map_err(|_| Error::Stopped)?;
    let (reply, result) = oneshot::channel();
    desk.spawn_fifo(move || {
        if !reply.is_closed() {
            // A caller that left meanwhile no longer listens; that is no error.
            let _ = reply.send(work());
        }
    });
    result.await.map_err(|_| Error::Stopped)?
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, mpsc};

    use super::*;

    #[tokio::test]
    async fn a_result_or_an_error_comes_back() {
        assert_eq!(in_turn(|| Ok(7)).await.unwrap(), 7);
        assert!(matches!(
            in_turn::<()>(|| Err(Error::Lexical("full".to_owned()))).await,
            Err(Error::Lexical(_))
        ));
    }

    #[tokio::test]
    async fn a_panic_stops_one_computation_only() {
        assert!(matches!(in_turn::<()>(|| panic!("a bug")).await, Err(Error::Stopped)));
        assert_eq!(in_turn(|| Ok(7)).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_not_computed() {
        let done = Arc::new(Mutex::new(Vec::new()));
        let (open, gate) = mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        // Every thread waits at the gate; what comes after them stays in the queue.
        let threads = DESK.as_ref().unwrap().current_num_threads();
        let held: Vec<_> = (0..threads)
            .map(|_| {
                let gate = Arc::clone(&gate);
                tokio::spawn(in_turn(move || {
                    gate.lock().unwrap().recv().unwrap();
                    Ok(())
                }))
            })
            .collect();
        tokio::task::yield_now().await;
        let note = |name| {
            let done = Arc::clone(&done);
            tokio::spawn(in_turn(move || {
                done.lock().unwrap().push(name);
                Ok(())
            }))
        };
        let (leaves, stays) = (note("leaves"), note("stays"));
        tokio::task::yield_now().await;
        leaves.abort();
        assert!(leaves.await.unwrap_err().is_cancelled());
        (0..threads).for_each(|_| open.send(()).unwrap());
        for task in held {
            task.await.unwrap().unwrap();
        }
        stays.await.unwrap().unwrap();
        assert_eq!(*done.lock().unwrap(), ["stays"]);
    }
}
