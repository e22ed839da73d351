//! Why an engine with calibration did not answer far more than a single cosine threshold could have.

use crate::{Hindsight, SetReport, tables::percent};

/// The multiple of what the best cosine threshold could have answered that calibration is expected to reach.
const EXPECTED: f64 = 2.0;

impl SetReport {
    /// In a sentence, why coverage is less than twice that of the best threshold on the plain nearness, which was chosen
    /// with the labels known. `None` when it is at least that, or when there is no such threshold.
    pub(super) fn shortfall(&self) -> Option<String> {
        self.curves.coverage_ratio.filter(|ratio| *ratio < EXPECTED)?;
        let nearness = self.curves.best_cosine?.coverage;
        let reasons = [self.no_room(nearness), self.not_shown(), self.reserve()];
        let reason = reasons.into_iter().flatten().next()?;
        Some(format!("Why not twice as much: {reason}"))
    }

    /// Twice as much cannot be had from the confidence either.
    fn no_room(&self, nearness: f64) -> Option<String> {
        let Hindsight { coverage, .. } = self.curves.best_confidence;
        (coverage < EXPECTED * nearness).then(|| {
            format!(
                "with the labels known, one threshold on the confidence could have answered {}, which is less than twice \
                 the {} of the nearness.",
                percent(coverage),
                percent(nearness)
            )
        })
    }

    /// Labels are not known when a knowledge base is published, and its phrasings are too few to tell.
    fn not_shown(&self) -> Option<String> {
        (!self.calibration.answers_supported).then(|| {
            format!(
                "{} phrasings tested cannot show that a threshold keeps the target, so a cautious one is used; with the \
                 labels known {} could have been answered.",
                self.calibration.in_scope,
                percent(self.curves.best_confidence.coverage)
            )
        })
    }

    /// The threshold was derived from the phrasings alone, and keeps some distance from the target.
    fn reserve(&self) -> Option<String> {
        Some(format!(
            "the threshold is derived without the labels and keeps a reserve; {} of its answers were wrong, and with the \
             labels known {} of the questions could have been answered.",
            percent(self.metrics.wrong_answer_rate?),
            percent(self.curves.best_confidence.coverage)
        ))
    }
}
