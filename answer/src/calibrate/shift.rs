//! A belief about traffic of one kind, told for traffic with more or fewer questions out of scope. Pure.

use crate::Probability;

/// How much likelier it is that some entry is meant than where the belief comes from.
///
/// Questions in scope look the same in both kinds of traffic, and so do those out of scope; only their shares differ. Then
/// the odds change by one factor (Saerens, Latinne and Decaestecker, Neural Computation 14, 2002).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shift {
    /// The odds for some entry are multiplied by this; from 0 to infinity.
    factor: f32,
}

impl Shift {
    /// Nothing changes.
    pub(super) const NONE: Self = Self { factor: 1.0 };

    /// From traffic of which the share `believed` is out of scope to one with the share `expected`.
    pub(super) fn new(believed: Probability, expected: Probability) -> Self {
        let odds = |out_of_scope: Probability| (1.0 - out_of_scope.value()) / out_of_scope.value();
        Self { factor: odds(expected) / odds(believed) }
    }

    /// The chance that some entry is meant.
    pub(super) fn scope(self, scope: Probability) -> Probability {
        let (inside, outside) = (scope.value(), 1.0 - scope.value());
        if self.factor.is_infinite() {
            return Probability::ONE;
        }
        Probability::new(self.factor * inside / (self.factor * inside + outside)).unwrap_or(scope)
    }

    /// The chance that a candidate is right: of the questions that mean some entry, the same part means this one.
    /// `scope` is the chance, before the shift, that some entry is meant.
    pub(super) fn answer(self, answer: Probability, scope: Probability) -> Probability {
        if self == Self::NONE || scope == Probability::ZERO {
            return answer;
        }
        let part = (answer.value() / scope.value()).min(1.0);
        Probability::new(part * self.scope(scope).value()).unwrap_or(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probability(value: f32) -> Probability {
        Probability::new(value).unwrap()
    }

    #[test]
    fn the_same_traffic_changes_nothing() {
        let same = Shift::new(probability(0.1), probability(0.1));
        assert_eq!(same, Shift::NONE);
        for scope in [0.0, 0.3, 1.0] {
            assert_eq!(same.scope(probability(scope)).value(), scope);
            assert_eq!(same.answer(probability(0.2), probability(scope)).value(), 0.2);
        }
    }

    /// Of 1,000 questions 900 are in scope; 800 of these and 40 of the others look alike, and 600 of the former are right.
    /// In another 1,000 only 450 are in scope, so 400 and 220 look like that, and 300 are right.
    #[test]
    fn counted_questions_are_told_rightly_for_other_shares() {
        let shift = Shift::new(probability(0.1), probability(0.55));
        let scope = probability(800.0 / 840.0);
        assert!((shift.scope(scope).value() - 400.0 / 620.0).abs() < 1e-5);
        assert!((shift.answer(probability(600.0 / 840.0), scope).value() - 300.0 / 620.0).abs() < 1e-5);
    }

    #[test]
    fn traffic_of_one_kind_alone_leaves_no_doubt_about_the_scope() {
        let (all_in, all_out) =
            (Shift::new(probability(0.1), Probability::ZERO), Shift::new(probability(0.1), Probability::ONE));
        let (answer, scope) = (probability(0.4), probability(0.8));
        assert_eq!(all_in.scope(scope), Probability::ONE);
        assert_eq!(all_in.answer(answer, scope).value(), 0.5);
        assert_eq!(all_out.scope(scope), Probability::ZERO);
        assert_eq!(all_out.answer(answer, scope), Probability::ZERO);
        assert_eq!(all_in.answer(Probability::ZERO, Probability::ZERO), Probability::ZERO);
    }
}
