//! What the processor can compute at most, with as many threads as there are workers.

use std::sync::Barrier;
use std::thread;

use inference::{Precision, peak_operations_per_second};

/// The best of so many counts: in the others the system may have given the core to somebody else.
const REPETITIONS: usize = 10;

/// The sum over `threads` threads that compute side by side; `None` where the processor has no instructions for
/// `precision`. Counted are multiplications and additions.
pub(crate) fn operations_per_second(precision: Precision, threads: usize) -> Option<f64> {
    let together = Barrier::new(threads);
    let best = || {
        together.wait();
        (0..REPETITIONS).filter_map(|_| peak_operations_per_second(precision)).reduce(f64::max)
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(best)).collect();
        running.into_iter().map(|thread| thread.join().ok().flatten()).sum()
    })
}
