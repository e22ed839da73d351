//! What was answered, asked back, handed over.

use eval::{Band, Interval, Judged};

use crate::{assert_near, in_scope, metrics, out_of_scope};

#[test]
fn shares_follow_their_definitions() {
    let asked_back = |offered| Judged { offered, ..in_scope(Some(2), 0.5, Band::Clarify) };
    let metrics = metrics(&[
        in_scope(Some(1), 0.9, Band::Answer),
        in_scope(Some(2), 0.9, Band::Answer),
        out_of_scope(Some("near"), 0.9, Band::Answer),
        asked_back(true),
        asked_back(true),
        asked_back(false),
        out_of_scope(None, 0.5, Band::Clarify),
        in_scope(Some(1), 0.2, Band::HandOff),
        in_scope(None, 0.2, Band::HandOff),
        out_of_scope(Some("far"), 0.1, Band::HandOff),
    ]);
    assert_near(metrics.coverage, 0.3);
    assert_near(metrics.wrong_answer_rate, 2.0 / 3.0);
    assert_near(metrics.clarify_rate, 0.4);
    assert_near(metrics.clarify_success, 0.5);
    assert_near(metrics.handoff_rate, 0.3);
    assert_near(metrics.handoff_precision, 2.0 / 3.0);
    // One noted near, one without a note; neither was handed over.
    assert_near(metrics.handoff_recall_near, 0.0);
    assert_near(metrics.handoff_recall_far, 1.0);
}

/// `scipy.stats.beta.ppf(.025, k, n - k + 1)`, `beta.ppf(.975, k + 1, n - k)`.
#[test]
fn intervals_are_those_of_clopper_and_pearson() {
    for (wrong, answered, low, high) in [
        (0, 10, 0.0, 0.3084971078187607),
        (3, 60, 0.010432329644348225, 0.13924324672107277),
        (10, 10, 0.6915028921812392, 1.0),
        (1, 1, 0.025, 1.0),
        (7, 250, 0.011330013795658532, 0.056837245273053616),
        (50, 1000, 0.03733539760466178, 0.06539048791549364),
    ] {
        let interval = Interval::of_share(wrong, answered).unwrap();
        assert_near(Some(interval.low), low);
        assert_near(Some(interval.high), high);
        let mut judged = vec![in_scope(Some(2), 0.9, Band::Answer); wrong];
        judged.extend(vec![in_scope(Some(1), 0.9, Band::Answer); answered - wrong]);
        judged.push(in_scope(Some(2), 0.1, Band::HandOff));
        assert_eq!(metrics(&judged).wrong_answer_interval, Some(interval));
    }
    assert_eq!(Interval::of_share(0, 0), None);
    assert_eq!(Interval::of_share(2, 1), None);
}
