//! How well the chance that some entry is meant tells questions in scope from those out of it.

use crate::{Judged, Scope};

pub(super) fn auroc_near(judged: &[&Judged]) -> Option<f64> {
    auroc(judged, Scope::Near)
}

pub(super) fn auroc_far(judged: &[&Judged]) -> Option<f64> {
    auroc(judged, Scope::Far)
}

/// Area under the ROC curve through the rank sum (Mann and Whitney 1947), with the middle rank for ties. `None`
/// unless both kinds were asked.
fn auroc(judged: &[&Judged], outside: Scope) -> Option<f64> {
    let mut sorted: Vec<(f32, bool)> = judged
        .iter()
        .filter(|judged| [Scope::In, outside].contains(&judged.scope()))
        .map(|judged| (judged.in_scope, judged.scope() == Scope::In))
        .collect();
    let inside = sorted.iter().filter(|(_, inside)| *inside).count();
    let pairs = inside as f64 * (sorted.len() - inside) as f64;
    sorted.sort_by(|left, right| left.0.total_cmp(&right.0));
    let (mut ranks, mut below) = (0.0, 0);
    for tied in sorted.chunk_by(|left, right| left.0 == right.0) {
        let middle = below as f64 + (tied.len() + 1) as f64 / 2.0;
        ranks += middle * tied.iter().filter(|(_, inside)| *inside).count() as f64;
        below += tied.len();
    }
    let lowest = inside as f64 * (inside + 1) as f64 / 2.0;
    (pairs > 0.0).then(|| (ranks - lowest) / pairs)
}
