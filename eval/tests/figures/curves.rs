//! Curves, single thresholds, histograms, confusions.

use eval::{Band, Curves, Judged, Outcome};

use crate::{assert_near, in_scope, out_of_scope, outcome};

/// Confidence and nearness disagree: by confidence right, right, wrong, right; by nearness wrong first.
fn outcomes() -> Vec<Outcome> {
    let hit = |confidence, nearness| outcome(in_scope(Some(1), confidence, Band::Answer), &[("a", nearness)]);
    vec![
        hit(0.9, 0.5),
        hit(0.8, 0.6),
        // Nearness alone would have chosen the expected entry.
        outcome(in_scope(Some(2), 0.7, Band::Answer), &[("b", 0.3), ("a", 0.8)]),
        hit(0.6, 0.7),
        outcome(out_of_scope(Some("near"), 0.5, Band::Clarify), &[("a", 0.9)]),
        outcome(Judged { best: None, ..out_of_scope(Some("far"), 0.0, Band::HandOff) }, &[]),
    ]
}

#[test]
fn risk_and_coverage_move_with_the_threshold() {
    let curves = Curves::of(&outcomes(), Some(0.5), 0.2);
    let points: Vec<(f32, f64, f64)> = curves
        .risk_coverage
        .iter()
        .map(|point| (point.threshold, point.coverage, point.wrong_answer_rate))
        .collect();
    let sixth = 1.0 / 6.0;
    assert_eq!(
        points,
        [
            (0.9, sixth, 0.0),
            (0.8, 2.0 * sixth, 0.0),
            (0.7, 0.5, 1.0 / 3.0),
            (0.6, 4.0 / 6.0, 0.25),
            (0.5, 5.0 / 6.0, 0.4)
        ]
    );
}

#[test]
fn the_best_single_threshold_is_chosen_with_hindsight() {
    let curves = Curves::of(&outcomes(), Some(0.5), 0.25);
    let own = curves.best_confidence;
    assert_eq!((own.threshold, own.wrong_answer_rate), (Some(0.6), Some(0.25)));
    assert_near(Some(own.coverage), 4.0 / 6.0);
    // By nearness: wrong at 0.9, then right at 0.8, 0.7, 0.6, 0.5: 1, 1/2, 1/3, 1/4, 1/5 wrong.
    let nearness = curves.best_cosine.unwrap();
    assert_eq!((nearness.threshold, nearness.wrong_answer_rate), (Some(0.5), Some(0.2)));
    assert_near(curves.coverage_ratio, 0.5 / (5.0 / 6.0));
    let strict = Curves::of(&outcomes(), Some(0.5), 0.1);
    assert_eq!(strict.best_cosine.unwrap().threshold, None);
    assert_eq!((strict.best_cosine.unwrap().coverage, strict.coverage_ratio), (0.0, None));
}

#[test]
fn equal_scores_are_answered_together() {
    let right = outcome(in_scope(Some(1), 0.5, Band::Answer), &[("a", 0.5)]);
    let wrong = outcome(in_scope(Some(2), 0.5, Band::Answer), &[("b", 0.5)]);
    let curves = Curves::of(&[right, wrong], Some(1.0), 0.4);
    assert_eq!(curves.risk_coverage.len(), 1);
    assert_eq!(curves.best_confidence.coverage, 0.0, "half of the pair cannot be answered alone");
}

#[test]
fn confidences_are_counted_by_class() {
    let histograms = Curves::of(&outcomes(), None, 0.05).score_histograms;
    assert_eq!((histograms.right[18], histograms.right[16], histograms.right[12]), (1, 1, 1));
    assert_eq!(histograms.wrong.iter().sum::<usize>(), 1);
    assert_eq!((histograms.near[10], histograms.far[0]), (1, 1));
    let sure = outcome(in_scope(Some(1), 1.0, Band::Answer), &[]);
    assert_eq!(Curves::of(&[sure], None, 0.05).score_histograms.right[19], 1);
}

#[test]
fn confusions_come_most_frequent_first() {
    let confused = |decision| outcome(in_scope(Some(2), 0.5, decision), &[]);
    let beyond = |best: &str| {
        let judged = out_of_scope(None, 0.5, Band::Answer);
        outcome(Judged { best: Some(best.to_owned()), ..judged }, &[])
    };
    let outcomes = [beyond("c"), confused(Band::Answer), confused(Band::HandOff), beyond("d"), beyond("d")];
    let confusions = Curves::of(&outcomes, None, 0.05).confusions;
    let counted: Vec<_> = confusions
        .iter()
        .map(|pair| (pair.expected.as_deref(), pair.best.as_str(), pair.questions, pair.answered))
        .collect();
    assert_eq!(counted, [(None, "d", 2, 2), (Some("a"), "b", 2, 1), (None, "c", 1, 1)]);
}

#[test]
fn long_curves_are_thinned_to_their_ends() {
    let outcomes: Vec<Outcome> = (0..5_000u16)
        .map(|step| outcome(in_scope(Some(1), f32::from(step) / 5_000.0, Band::Answer), &[]))
        .collect();
    let points = Curves::of(&outcomes, None, 0.05).risk_coverage;
    assert!(points.len() <= 202, "{}", points.len());
    assert_eq!((points[0].coverage, points.last().unwrap().coverage), (1.0 / 5_000.0, 1.0));
}
