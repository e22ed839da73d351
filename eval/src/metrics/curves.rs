//! What one number cannot show.

use serde::{Deserialize, Serialize};

use super::{
    Confusion, CurvePoint, Hindsight, Histograms, ReliabilityBin,
    calibration::reliability,
    confusion::confusions,
    risk_coverage::{by_confidence, curve, thinned},
    single_threshold::{on_confidence, on_feature},
};
use crate::{Judged, Outcome};

/// One set's curves and counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curves {
    /// The greatest coverage that one threshold on the engine's confidence could have had within the risk target.
    pub best_confidence: Hindsight,
    /// The same for one threshold on the nearness of the closest phrasing: what engines without calibration can reach
    /// at best. `None` when that was not measured.
    pub best_cosine: Option<Hindsight>,
    /// Coverage as a multiple of that of `best_cosine`; `None` when either is missing or the latter answers nothing.
    pub coverage_ratio: Option<f64>,
    /// Coverage against wrong answers as the threshold on the confidence falls, in at most about 200 points.
    pub risk_coverage: Vec<CurvePoint>,
    /// The bins of the expected calibration error.
    pub reliability: Vec<ReliabilityBin>,
    /// Confidences by class.
    pub score_histograms: Histograms,
    /// The most frequent confusions.
    pub confusions: Vec<Confusion>,
}

const POINTS: usize = 200;
const CONFUSIONS: usize = 30;
/// The feature that a fixed threshold is usually put on.
const NEARNESS: &str = "cosine";

impl Curves {
    /// `coverage` is what the engine reached, `risk_target` the share of wrong answers that was accepted.
    #[must_use]
    pub fn of(outcomes: &[Outcome], coverage: Option<f64>, risk_target: f64) -> Self {
        let judged: Vec<&Judged> = outcomes.iter().map(|outcome| &outcome.judged).collect();
        let best_cosine = on_feature(outcomes, NEARNESS, risk_target);
        let reachable = best_cosine.map(|best| best.coverage).filter(|coverage| *coverage > 0.0);
        Self {
            best_confidence: on_confidence(&judged, risk_target),
            best_cosine,
            coverage_ratio: coverage.zip(reachable).map(|(own, reachable)| own / reachable),
            risk_coverage: thinned(curve(by_confidence(&judged), judged.len()), POINTS),
            reliability: reliability(&judged),
            score_histograms: Histograms::of(&judged),
            confusions: confusions(&judged, CONFUSIONS),
        }
    }
}
