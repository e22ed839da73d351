//! The figures as a list, for code that treats them all alike: means, tables, comparisons.

use super::{Metrics, bands, calibration, ranking, separation};
use crate::Judged;

/// Which way a figure should move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Greater is better.
    Greater,
    /// Less is better.
    Less,
    /// Neither: it follows from the risk that was chosen.
    Neither,
}

/// One figure of [`Metrics`].
pub struct Figure {
    /// Its key in `report.json`.
    pub key: &'static str,
    /// For the head of a column.
    pub title: &'static str,
    /// Which way it should move.
    pub better: Better,
    measure: fn(&[&Judged]) -> Option<f64>,
    get: fn(&Metrics) -> Option<f64>,
    set: fn(&mut Metrics, Option<f64>),
}

impl Figure {
    /// Measures it; `None` when nothing was asked that could tell.
    #[must_use]
    pub fn measure(&self, judged: &[&Judged]) -> Option<f64> {
        (self.measure)(judged)
    }

    /// Its value in `metrics`.
    #[must_use]
    pub fn of(&self, metrics: &Metrics) -> Option<f64> {
        (self.get)(metrics)
    }

    /// How much worse `new` is than `old`: positive is worse, 0 for a figure without a better side.
    #[must_use]
    pub fn loss(&self, new: f64, old: f64) -> f64 {
        match self.better {
            Better::Greater => old - new,
            Better::Less => new - old,
            Better::Neither => 0.0,
        }
    }

    pub(super) fn set(&self, metrics: &mut Metrics, value: Option<f64>) {
        (self.set)(metrics, value);
    }
}

macro_rules! figure {
    ($field:ident, $title:literal, $better:ident, $measure:expr) => {
        Figure {
            key: stringify!($field),
            title: $title,
            better: Better::$better,
            measure: $measure,
            get: |metrics| metrics.$field,
            set: |metrics, value| metrics.$field = value,
        }
    };
}

/// Every figure that is one number, in the order of the reports.
pub static FIGURES: [Figure; 17] = [
    figure!(hit_at_1, "hit@1", Greater, |judged| ranking::hit_at(judged, 1)),
    figure!(hit_at_3, "hit@3", Greater, |judged| ranking::hit_at(judged, 3)),
    figure!(hit_at_5, "hit@5", Greater, |judged| ranking::hit_at(judged, 5)),
    figure!(mrr, "MRR", Greater, ranking::mrr),
    figure!(ndcg, "nDCG", Greater, ranking::ndcg),
    figure!(coverage, "coverage", Greater, bands::coverage),
    figure!(wrong_answer_rate, "wrong", Less, bands::wrong_answer_rate),
    figure!(clarify_rate, "asked back", Neither, bands::clarify_rate),
    figure!(clarify_success, "asked right", Greater, bands::clarify_success),
    figure!(handoff_rate, "handed over", Neither, bands::handoff_rate),
    figure!(handoff_precision, "over right", Greater, bands::handoff_precision),
    figure!(handoff_recall_near, "near over", Greater, bands::handoff_recall_near),
    figure!(handoff_recall_far, "far over", Greater, bands::handoff_recall_far),
    figure!(auroc_near, "AUROC near", Greater, separation::auroc_near),
    figure!(auroc_far, "AUROC far", Greater, separation::auroc_far),
    figure!(ece, "ECE", Less, calibration::ece),
    figure!(brier, "Brier", Less, calibration::brier),
];
