//! Hit rates, MRR, nDCG, means over sets.

use eval::{Band, Metrics};

use crate::{assert_near, in_scope, metrics, out_of_scope};

#[test]
fn figures_follow_their_definitions() {
    let ranks = [Some(1), Some(2), Some(4), None, Some(10)];
    let mut judged: Vec<_> = ranks.into_iter().map(|rank| in_scope(rank, 0.5, Band::HandOff)).collect();
    judged.push(out_of_scope(None, 0.5, Band::HandOff));
    let metrics = metrics(&judged);
    assert_near(metrics.hit_at_1, 0.2);
    assert_near(metrics.hit_at_3, 0.4);
    assert_near(metrics.hit_at_5, 0.6);
    assert_near(metrics.mrr, (1.0 + 0.5 + 0.25 + 0.0 + 0.1) / 5.0);
    // sklearn.metrics.ndcg_score(k=10) per question: 1, 0.6309297535714573, 0.4306765580733929, 0, 0.28906482631788766
    assert_near(metrics.ndcg, 0.4701342275925476);
}

#[test]
fn what_cannot_be_told_is_absent() {
    assert_eq!(metrics(&[]), Metrics::default());
    let out_of_scope = metrics(&[out_of_scope(Some("far"), 0.1, Band::HandOff)]);
    for absent in [
        out_of_scope.hit_at_1,
        out_of_scope.ndcg,
        out_of_scope.wrong_answer_rate,
        out_of_scope.clarify_success,
        out_of_scope.handoff_recall_near,
        out_of_scope.auroc_far,
    ] {
        assert_eq!(absent, None);
    }
    assert_eq!(out_of_scope.wrong_answer_interval, None);
    assert_eq!((out_of_scope.coverage, out_of_scope.handoff_recall_far), (Some(0.0), Some(1.0)));
}

#[test]
fn a_mean_counts_every_set_that_has_the_figure_once() {
    let of = |mrr| Metrics { mrr: Some(mrr), ..Metrics::default() };
    let mean = Metrics::mean(&[&of(0.2), &of(0.6), &Metrics::default()]);
    assert_near(mean.mrr, 0.4);
    assert_eq!(mean.ece, None);
}

#[test]
fn latency_is_told_by_stage_too() {
    let mut judged = vec![in_scope(Some(1), 0.5, Band::Answer); 3];
    judged[1].milliseconds.total = 9.0;
    judged[2].milliseconds.embed = None;
    let latency = metrics(&judged).latency_ms.unwrap();
    assert_eq!((latency.total.p50, latency.total.p99), (1.0, 9.0));
    assert_eq!((latency.embed.unwrap().p99, latency.retrieve.unwrap().p50), (0.25, 0.75));
}
