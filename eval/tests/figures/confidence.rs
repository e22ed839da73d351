//! Figures of the confidence itself, on 40 questions drawn once, against scikit-learn.

use eval::{Band, Judged, Scope};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::{assert_near, in_scope, metrics, out_of_scope};

use Scope::{Far, In, Near};

/// Scope, whether the best candidate was the expected entry, confidence.
const DRAWN: [(Scope, bool, f32); 40] = [
    (In, true, 0.9),
    (In, false, 0.6),
    (In, false, 0.6),
    (Near, false, 0.8),
    (In, true, 0.8),
    (In, true, 0.8),
    (In, true, 0.6),
    (Far, false, 0.0),
    (In, true, 0.5),
    (In, false, 0.5),
    (Far, false, 0.2),
    (In, true, 0.6),
    (Far, false, 0.4),
    (In, true, 0.8),
    (Far, false, 0.0),
    (In, true, 0.7),
    (In, false, 0.5),
    (In, true, 0.7),
    (Far, false, 0.5),
    (Near, false, 0.6),
    (In, true, 0.9),
    (In, true, 0.8),
    (In, false, 0.6),
    (In, false, 0.6),
    (In, true, 0.5),
    (Far, false, 0.3),
    (Near, false, 0.7),
    (In, true, 0.6),
    (Near, false, 0.8),
    (Far, false, 0.4),
    (In, false, 0.6),
    (Far, false, 0.0),
    (In, true, 0.9),
    (In, true, 0.4),
    (In, true, 1.0),
    (In, true, 0.8),
    (Near, false, 0.3),
    (In, true, 0.6),
    (In, false, 0.7),
    (Near, false, 0.4),
];

fn drawn() -> Vec<Judged> {
    let judged = |&(scope, hit, confidence): &(Scope, bool, f32)| match scope {
        In => in_scope(Some(if hit { 1 } else { 2 }), confidence, Band::HandOff),
        Near => out_of_scope(Some("near"), confidence, Band::HandOff),
        Far => out_of_scope(Some("far"), confidence, Band::HandOff),
    };
    DRAWN.iter().map(judged).collect()
}

/// `roc_auc_score(scope == 'in', confidence)` over the questions in scope and those near, or far.
#[test]
fn auroc_is_that_of_scikit_learn() {
    let metrics = metrics(&drawn());
    assert_near(metrics.auroc_near, 0.5865384615384616);
    assert_near(metrics.auroc_far, 0.9807692307692308);
}

/// `brier_score_loss(hit, confidence)`.
#[test]
fn brier_is_that_of_scikit_learn() {
    assert_near(metrics(&drawn()).brier, 0.1945);
}

/// Python: sorted, cut into equal parts, each cut moved up behind equal confidences; up to ten parts the shares rise.
#[test]
fn ece_keeps_equal_confidences_together() {
    assert_near(metrics(&drawn()).ece, 0.14);
    // All in one bin: |0.5 − 3/4|.
    let mut judged = vec![in_scope(Some(1), 0.5, Band::Answer); 3];
    judged.push(out_of_scope(None, 0.5, Band::Answer));
    assert_near(metrics(&judged).ece, 0.25);
}

/// Python: 30 different confidences cut into 1, 2, 3 equal parts, since four no longer rise.
#[test]
fn ece_has_as_many_bins_as_still_rise() {
    let drawn = [
        (0.086, 0),
        (0.237, 1),
        (0.801, 1),
        (0.582, 0),
        (0.094, 0),
        (0.433, 0),
        (0.479, 1),
        (0.16, 0),
        (0.735, 1),
        (0.114, 0),
        (0.391, 0),
        (0.517, 0),
        (0.431, 0),
        (0.587, 0),
        (0.738, 1),
        (0.956, 1),
        (0.284, 0),
        (0.649, 1),
        (0.696, 0),
        (0.293, 0),
        (0.001, 0),
        (0.973, 1),
        (0.298, 0),
        (0.314, 1),
        (0.892, 1),
        (0.585, 1),
        (0.471, 0),
        (0.773, 1),
        (0.03, 0),
        (0.707, 1),
    ];
    let judged: Vec<Judged> = drawn
        .into_iter()
        .map(|(confidence, hit)| in_scope(Some(if hit == 1 { 1 } else { 2 }), confidence, Band::Answer))
        .collect();
    assert_near(metrics(&judged).ece, 0.11556666666666661);
}

/// 300 questions of confidences 0 to 1, each right with a chance of its confidence less `excess`.
fn judged_by(chance: &mut ChaCha8Rng, excess: f32) -> Vec<Judged> {
    let question = |step: u16| {
        let confidence = f32::from(step) / 300.0;
        let hit = chance.random_bool(f64::from((confidence - excess).max(0.0)));
        in_scope(Some(if hit { 1 } else { 2 }), confidence, Band::Answer)
    };
    (0..300).map(question).collect()
}

fn within_chance(judged: &[Judged]) -> bool {
    let metrics = metrics(judged);
    metrics.ece.unwrap() < metrics.ece_by_chance.unwrap()
}

#[test]
fn a_perfect_confidence_is_within_chance_nineteen_times_of_twenty() {
    let mut chance = ChaCha8Rng::seed_from_u64(3);
    let within = (0..40).filter(|_| within_chance(&judged_by(&mut chance, 0.0))).count();
    // 38 expected; fewer than 33 once in a thousand times.
    assert!(within >= 33, "{within} of 40");
}

#[test]
fn an_exaggerated_confidence_is_beyond_chance() {
    let mut chance = ChaCha8Rng::seed_from_u64(4);
    let within = (0..20).filter(|_| within_chance(&judged_by(&mut chance, 0.12))).count();
    assert!(within <= 1, "{within} of 20");
}

#[test]
fn without_questions_there_is_no_error_and_no_chance() {
    let metrics = metrics(&[]);
    assert_eq!((metrics.ece, metrics.ece_by_chance), (None, None));
}
