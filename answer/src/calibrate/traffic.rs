//! What share of the expected traffic each sample stands for. Pure.

use super::samples::{Origin, Sample};
use crate::Probability;

/// Of the knowledge base's own questions out of scope, the share that is near the business; the rest is about something else
/// altogether.
const NEAR_SHARE: f64 = 0.7;

/// The weight of each sample in units of in-scope samples, which count as they are. `out_of_scope` is the share of the expected
/// traffic that no entry is meant for; the samples of that kind come to it together. Labelled ones count among them as they
/// are, beside as many of the knowledge base's own as the share asks for.
pub(super) fn traffic_weights(samples: &[Sample], out_of_scope: Probability) -> Vec<f64> {
    let mut totals = PerKind::default();
    samples.iter().for_each(|sample| *totals.of(sample.origin, sample.in_scope) += sample.weight);
    let mut factors = totals.factors(out_of_scope);
    samples.iter().map(|sample| sample.weight * *factors.of(sample.origin, sample.in_scope)).collect()
}

/// One number for each kind of sample.
#[derive(Clone, Copy, Debug, Default)]
struct PerKind {
    in_scope: f64,
    near: f64,
    far: f64,
    /// Labelled, and out of scope.
    labelled: f64,
}

impl PerKind {
    fn of(&mut self, origin: Origin, in_scope: bool) -> &mut f64 {
        match origin {
            Origin::Near => &mut self.near,
            Origin::Far => &mut self.far,
            Origin::Labelled if !in_scope => &mut self.labelled,
            Origin::InScope | Origin::Labelled => &mut self.in_scope,
        }
    }

    /// From the weight of all samples of each kind to what these are multiplied with.
    fn factors(self, out_of_scope: Probability) -> Self {
        // A share of 1 would leave nothing to compare with.
        let out_of_scope = f64::from(out_of_scope.value()).min(0.99);
        let wanted = self.in_scope.max(1.0) * out_of_scope / (1.0 - out_of_scope);
        let labelled = if self.labelled > 0.0 { wanted / (wanted + self.labelled) } else { 1.0 };
        let own = |share: f64, total: f64| labelled * wanted * share / total.max(1.0);
        Self {
            in_scope: 1.0,
            near: own(NEAR_SHARE, self.near),
            far: own(1.0 - NEAR_SHARE, self.far),
            labelled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share of all weight that is out of scope.
    fn share(totals: PerKind, out_of_scope: f32) -> f64 {
        let factors = totals.factors(Probability::new(out_of_scope).unwrap());
        let outside =
            totals.near * factors.near + totals.far * factors.far + totals.labelled * factors.labelled;
        outside / (outside + totals.in_scope * factors.in_scope)
    }

    #[test]
    fn the_share_out_of_scope_is_kept_whatever_is_labelled() {
        for (in_scope, labelled) in [(900.0, 0.0), (300.0, 240.0), (1_000.0, 10.0), (60.0, 5_000.0)] {
            let totals = PerKind { in_scope, near: 900.0, far: 400.0, labelled };
            for wanted in [0.1, 0.18, 0.6] {
                let found = share(totals, wanted);
                assert!((found - f64::from(wanted)).abs() < 1e-6, "{totals:?} {wanted}: {found}");
            }
        }
    }

    #[test]
    fn labels_out_of_scope_count_beside_the_bases_own() {
        let totals = PerKind { in_scope: 900.0, near: 900.0, far: 400.0, labelled: 100.0 };
        let factors = totals.factors(Probability::new(0.1).unwrap());
        assert!((factors.labelled - 0.5).abs() < 1e-5, "{factors:?}");
        assert!((900.0 * factors.near + 400.0 * factors.far - 50.0).abs() < 1e-5, "{factors:?}");
    }

    #[test]
    fn nothing_in_scope_leaves_something_to_compare_with() {
        let factors = PerKind { near: 20.0, far: 10.0, ..PerKind::default() }.factors(Probability::ONE);
        assert!((20.0 * factors.near + 10.0 * factors.far - 99.0).abs() < 1e-3, "{factors:?}");
    }
}
