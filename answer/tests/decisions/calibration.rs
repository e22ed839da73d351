//! What a knowledge base learns about itself.

use answer::{
    BuildOptions, FEATURE_NAMES, FaqEntry, Features, FitSample, KnowledgeSnapshot, Label, LabelSource,
    RiskTarget, Weights,
};
use proptest::prelude::*;

use crate::harness::{Shop, entry};

/// Subjects and what is asked about each: 20 entries that differ in their subject, five phrasings each.
fn catalogue() -> Vec<FaqEntry> {
    let subjects = [
        "发票",
        "运费",
        "退款",
        "换货",
        "积分",
        "会员",
        "优惠券",
        "地址",
        "密码",
        "保修",
        "尺码",
        "配送",
        "礼品卡",
        "预售",
        "评价",
        "订单",
        "支付",
        "客服电话",
        "门店",
        "安装",
    ];
    let named = |(index, subject): (usize, &&str)| {
        let similar = [
            format!("想问一下{subject}的事"),
            format!("{subject}在哪里看"),
            format!("关于{subject}有什么规定"),
            format!("{subject}出了问题找谁"),
        ];
        let similar: Vec<&str> = similar.iter().map(String::as_str).collect();
        entry(&format!("entry-{index}"), &format!("{subject}怎么办理"), &similar)
    };
    subjects.iter().enumerate().map(named).collect()
}

fn target(value: f32) -> RiskTarget {
    RiskTarget::new(value).unwrap()
}

#[tokio::test]
async fn a_knowledge_base_tests_itself() {
    let shop = Shop::with(catalogue()).await;
    let report = shop.snapshot().calibration().report(target(0.1));
    assert!(report.fitted, "{report:?}");
    assert_eq!((report.in_scope, report.near, report.labelled), (100, 100, 0));
    assert!(report.far > 100, "{report:?}");
    let shares = report.forecast;
    assert!((shares.answer + shares.clarify + shares.hand_off - 1.0).abs() < 1e-9, "{shares:?}");
    for weights in [&report.weights, &report.near_weights, &report.far_weights] {
        assert_eq!(weights.len(), FEATURE_NAMES.len());
    }
}

#[tokio::test]
async fn a_small_knowledge_base_says_that_it_cannot_know() {
    let shop = Shop::with(catalogue().into_iter().take(3).collect()).await;
    let report = shop.snapshot().calibration().report(target(0.05));
    assert!(!report.fitted && !report.answers_supported, "{report:?}");
    assert_eq!(report.answer_at, 0.925);
    assert!(report.remarks.iter().any(|remark| remark.contains("add similar phrasings")), "{report:?}");
}

#[tokio::test]
async fn a_stricter_target_never_lowers_the_threshold() {
    let shop = Shop::with(catalogue()).await;
    let calibration = shop.snapshot().calibration();
    let at = |value| calibration.policy(target(value)).answer_at();
    let thresholds: Vec<_> = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5].into_iter().map(at).collect();
    assert!(thresholds.windows(2).all(|pair| pair[0] >= pair[1]), "{thresholds:?}");
}

#[tokio::test]
async fn a_target_of_zero_answers_only_what_is_certain() {
    let shop = Shop::with(catalogue()).await;
    assert_eq!(shop.snapshot().calibration().policy(target(0.0)).answer_at().value(), 1.0);
}

#[tokio::test]
async fn labels_are_learned_from() {
    let label = |text: &str, expected: Option<&str>| Label {
        text: text.to_owned(),
        expected: expected.map(str::to_owned),
        source: LabelSource::Labelled,
        note: None,
    };
    let labels = vec![
        label("发票咋弄啊", Some("entry-0")),
        label("附近有停车场吗", None),
        // A phrasing by now, and no question at all: neither says anything.
        label("发票怎么办理？", Some("entry-0")),
        label("😀", None),
        // Decided without any probability.
        label("你好", None),
        label("嗯嗯", None),
    ];
    let options = BuildOptions { labels, ..BuildOptions::default() };
    let snapshot = Shop::build(catalogue(), &options).await.unwrap();
    assert_eq!(snapshot.calibration().report(target(0.1)).labelled, 2);
    let options = BuildOptions { labels: vec![label("运费多少", Some("no-such-entry"))], ..options };
    let error = Shop::build(catalogue(), &options).await.err().unwrap();
    assert!(error.to_string().contains("no-such-entry"), "{error}");
}

#[tokio::test]
async fn the_same_knowledge_learns_the_same() {
    let belief = |snapshot: &KnowledgeSnapshot| snapshot.calibration().belief().clone();
    let (first, second) = (Shop::with(catalogue()).await, Shop::with(catalogue()).await);
    assert_eq!(belief(first.snapshot()), belief(second.snapshot()));
}

/// Its questions are those that are shipped as other topics, which would otherwise keep everything from being asked back.
#[tokio::test]
async fn an_assistant_for_everything_still_asks_back() {
    let topics: Vec<&str> = include_str!("../../data/other_topics.txt").lines().step_by(5).collect();
    let pair = |(number, pair): (usize, &[&str])| entry(&format!("topic-{number}"), pair[0], &pair[1..]);
    let assistant = Shop::with(topics.chunks(2).enumerate().map(pair).collect()).await;
    let report = assistant.snapshot().calibration().report(target(0.05));
    assert!(report.fitted && report.clarify_at < 0.95, "{report:?}");
}

/// Real features, taken from decisions.
async fn features() -> Vec<Features> {
    let shop = Shop::with(catalogue()).await;
    let mut found = Vec::new();
    for text in ["发票怎么办理", "会员积分在哪里看", "想问一下门店", "今天天气怎么样", "安装出了问题"]
    {
        found.extend(shop.ask(text).await.0.candidates.iter().map(|candidate| candidate.features));
    }
    found
}

#[tokio::test]
async fn weights_without_samples_are_the_prior() {
    let prior = Weights { intercept: -0.5, features: vec![0.25; FEATURE_NAMES.len()] };
    assert_eq!(Weights::fit(&[], &prior, 1.0), prior);
}

/// Where the posterior is highest its slope is 0: for every weight whose sign is free, and for the others unless they
/// stand at 0. Checked with differences, independently of the gradient that the search uses.
#[tokio::test]
async fn fitted_weights_are_the_most_probable() {
    let samples: Vec<FitSample> = features()
        .await
        .into_iter()
        .enumerate()
        .map(|(index, features)| FitSample {
            features,
            holds: index % 3 == 0,
            weight: 1.0 + (index % 2) as f64,
        })
        .collect();
    let prior = Weights::zero();
    let fitted = Weights::fit(&samples, &prior, 2.0);
    let cost = |weights: &Weights| {
        let surprise = |sample: &FitSample| {
            let log_odds = weights.log_odds(&sample.features);
            sample.weight * (1.0 + (if sample.holds { -log_odds } else { log_odds }).exp()).ln()
        };
        let pull: f64 = weights.features.iter().map(|weight| weight * weight).sum();
        samples.iter().map(surprise).sum::<f64>() + pull + 0.1 * weights.intercept.powi(2)
    };
    let best = cost(&fitted);
    for (index, name) in FEATURE_NAMES.iter().enumerate() {
        for step in [-0.05, 0.05] {
            let mut moved = fitted.clone();
            moved.features[index] += step;
            let keeps_sign = moved.features[index] * fitted.features[index] >= 0.0;
            if keeps_sign && fitted.features[index].abs() > 1e-3 {
                assert!(cost(&moved) > best - 1e-4, "{name} by {step}");
            }
        }
    }
}

#[test]
fn confidence_is_a_probability_and_rises_with_the_score() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let shop = runtime.block_on(Shop::with(catalogue()));
    proptest!(ProptestConfig::with_cases(60), |(left in "[一-龥]{1,12}", right in "[一-龥]{1,12}")| {
        let candidates = |text: &str| runtime.block_on(shop.ask(text)).0.candidates;
        let (left, right) = (candidates(&left), candidates(&right));
        for found in [&left, &right] {
            let sum: f32 = found.iter().map(|candidate| candidate.confidence.value()).sum();
            prop_assert!(sum <= 1.0 + 1e-5, "{sum}");
            prop_assert!(found.iter().all(|candidate| (0.0..=1.0).contains(&candidate.confidence.value())));
        }
        if let (Some(left), Some(right)) = (left.first(), right.first()) {
            let (lower, higher) = if left.score <= right.score { (left, right) } else { (right, left) };
            prop_assert!(lower.confidence <= higher.confidence, "{lower:?} {higher:?}");
        }
    });
}
