//! Means and shares, which do not exist over nothing.

use crate::Judged;

/// Share of `judged` for which `holds`, 0 to 1; `None` without any.
pub(crate) fn share<'a>(
    judged: impl Iterator<Item = &'a Judged>,
    holds: impl Fn(&Judged) -> bool,
) -> Option<f64> {
    mean(judged.map(|judged| if holds(judged) { 1.0 } else { 0.0 }))
}

/// `None` without any.
pub(crate) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0usize, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / count as f64)
}
