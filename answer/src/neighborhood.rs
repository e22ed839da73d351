//! What the phrasings nearest to a question say together about whose question it is. Pure.
//!
//! Kernel ridge regression among these alone (a Gaussian process's mean; Rasmussen and Williams, Gaussian Processes for Machine
//! Learning, 2006, 2.2), with each phrasing's entry as the target, one against the rest. Unlike a vote by nearness it counts
//! phrasings that say the same only once, and a phrasing of one entry amid those of another speaks against the latter. It is
//! what a classifier trained on the phrasings would add, without training: a change of the knowledge counts at once.

use ndarray::{Array2, ArrayView1, Axis};

/// A phrasing near a question.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Neighbor {
    /// Position in the snapshot.
    pub(crate) phrasing: usize,
    /// Position of the entry it belongs to.
    pub(crate) entry: usize,
    /// Cosine to the question.
    pub(crate) similarity: f32,
}

/// Phrasings that speak. With 16 or 64 hit@1 is the same within 0.3 points.
pub(crate) const SPEAKERS: usize = 32;
/// The kernel is exp(SHARPNESS · (cosine - 1)): Gaussian in the distance of two vectors of unit length.
const SHARPNESS: f32 = 6.0;
/// Added to the kernel's diagonal: how much of a phrasing is its own wording.
const NOISE: f32 = 0.1;

/// For each entry that owns one of the nearest of `neighbors`, how much these speak for it: towards 1 when the question lies
/// amid its phrasings, 0 or a little below when it does not. `neighbors` come nearest first; `vectors` are those of all
/// phrasings, `[phrasings, dimension]`. Empty without neighbors.
pub(crate) fn support(neighbors: &[Neighbor], vectors: &Array2<f32>) -> Vec<(usize, f32)> {
    let speakers = &neighbors[..neighbors.len().min(SPEAKERS)];
    let positions: Vec<usize> = speakers.iter().map(|neighbor| neighbor.phrasing).collect();
    let rows = vectors.select(Axis(0), &positions);
    let mut kernel = rows.dot(&rows.t()).mapv_into(nearness);
    kernel.diag_mut().mapv_inplace(|own| own + NOISE);
    let mut weights: Vec<f32> = speakers.iter().map(|neighbor| nearness(neighbor.similarity)).collect();
    solve(&mut kernel, &mut weights);
    let mut support: Vec<(usize, f32)> = Vec::new();
    for (neighbor, weight) in speakers.iter().zip(weights) {
        match support.iter_mut().find(|(entry, _)| *entry == neighbor.entry) {
            Some((_, sum)) => *sum += weight,
            None => support.push((neighbor.entry, weight)),
        }
    }
    support
}

fn nearness(cosine: f32) -> f32 {
    (SHARPNESS * (cosine - 1.0)).exp()
}

/// `right` becomes the solution of `matrix` · x = `right`, by Cholesky's decomposition in place. `matrix` is symmetric and
/// positive definite, which [`NOISE`] on the diagonal of a kernel makes sure of.
fn solve(matrix: &mut Array2<f32>, right: &mut [f32]) {
    let size = right.len();
    for column in 0..size {
        for row in column..size {
            let (upper, lower) = (matrix.row(column), matrix.row(row));
            let rest = matrix[[row, column]] - inner(&upper, &lower, column);
            matrix[[row, column]] = if row == column { rest.sqrt() } else { rest / matrix[[column, column]] };
        }
    }
    for row in 0..size {
        let known: f32 = (0..row).map(|column| matrix[[row, column]] * right[column]).sum();
        right[row] = (right[row] - known) / matrix[[row, row]];
    }
    for row in (0..size).rev() {
        let known: f32 = (row + 1..size).map(|column| matrix[[column, row]] * right[column]).sum();
        right[row] = (right[row] - known) / matrix[[row, row]];
    }
}

/// Of the first `length` values.
fn inner(left: &ArrayView1<'_, f32>, right: &ArrayView1<'_, f32>, length: usize) -> f32 {
    left.iter().zip(right).take(length).map(|(left, right)| left * right).sum()
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn neighbors(question: &[f32; 2], entries: &[usize], vectors: &Array2<f32>) -> Vec<Neighbor> {
        let neighbor = |(phrasing, entry): (usize, &usize)| Neighbor {
            phrasing,
            entry: *entry,
            similarity: vectors[[phrasing, 0]] * question[0] + vectors[[phrasing, 1]] * question[1],
        };
        let mut neighbors: Vec<Neighbor> = entries.iter().enumerate().map(neighbor).collect();
        neighbors.sort_by(|left, right| right.similarity.total_cmp(&left.similarity));
        neighbors
    }

    fn of(entry: usize, support: &[(usize, f32)]) -> f32 {
        support.iter().find(|(own, _)| *own == entry).map_or(0.0, |(_, value)| *value)
    }

    #[test]
    fn support_is_that_of_numpy() {
        // K = exp(6 (X Xᵀ - 1)) + 0.1 I; k = exp(6 (X q - 1)); a = solve(K, k); sums of a by entry.
        let vectors = array![[1.0, 0.0], [0.6, 0.8], [0.8, 0.6]];
        let support = support(&neighbors(&[0.96, 0.28], &[0, 1, 0], &vectors), &vectors);
        for (entry, expected) in [(0, 1.182_237_7), (1, -0.215_177_8)] {
            assert!((of(entry, &support) - expected).abs() < 1e-5, "{entry}: {support:?}");
        }
    }

    #[test]
    fn phrasings_that_say_the_same_count_once() {
        let vectors = array![[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]];
        let between = [std::f32::consts::FRAC_1_SQRT_2; 2];
        let support = support(&neighbors(&between, &[0, 1, 1, 1, 1], &vectors), &vectors);
        assert!((of(0, &support) - of(1, &support)).abs() < 0.1 * of(0, &support), "{support:?}");
    }

    #[test]
    fn nothing_near_says_nothing() {
        assert_eq!(support(&[], &Array2::zeros((0, 2))), []);
    }
}
