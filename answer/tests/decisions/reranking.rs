//! A second opinion on the best candidates.

use std::{collections::HashMap, time::Duration};

use answer::{BuildOptions, Error, FaqEntry, Label, LabelSource, Question, Reranking, RiskTarget, normalize};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::{
    harness::{NOW, Shop, entry},
    opinion::{Opinionated, with},
    shop,
};

const QUESTION: &str = "怎么申请退款密码发票";

/// The shop with this second opinion.
async fn reranked(reranking: Reranking) -> Shop {
    Shop::built(shop(), &with(reranking)).await.unwrap()
}

fn near(left: f32, right: f32) -> bool {
    (left - right).abs() < 1e-5
}

#[tokio::test]
async fn the_best_candidates_come_in_the_order_of_the_logits() {
    let plain = Shop::with(shop()).await.ask(QUESTION).await;
    let favourite = plain.ranking()[1].to_owned();
    // Only the answer names the entry: it is part of what is read.
    let wanted = format!("这是{favourite}的答案");
    let model = Opinionated::new(move |_, passage| if passage.contains(&wanted) { 2.0 } else { -1.0 });
    let reply = reranked(model.reading(10)).await.ask(QUESTION).await;
    let mut expected = plain.ranking();
    expected.swap(0, 1);
    assert_eq!(reply.ranking(), expected);
    let (for_it, against) = (1.0 / (1.0 + (-2.0f32).exp()), 1.0 / (1.0 + 1.0f32.exp()));
    assert!(near(reply.feature(0, "reranker"), for_it) && near(reply.feature(1, "reranker"), against));
    assert!(near(reply.feature(0, "reranker_margin"), for_it - against));
    assert!(near(reply.feature(1, "reranker_margin"), against - for_it));
}

#[tokio::test]
async fn the_question_is_read_as_it_is_compared() {
    let model = Opinionated::new(|question, passage| {
        let as_compared = question == "怎么申请退款?" && passage.starts_with("发票怎么开? ");
        if as_compared { 3.0 } else { -3.0 }
    });
    let mut entries = shop();
    entries[2] = entry("invoice", "發票怎麼開？", &[]);
    let shop = Shop::built(entries, &with(model.reading(10))).await.unwrap();
    assert_eq!(shop.ask("怎麼申請退款？").await.ranking().first(), Some(&"invoice"));
}

#[tokio::test]
async fn candidates_that_are_not_read_stay_behind() {
    let plain = Shop::with(shop()).await.ask(QUESTION).await;
    let ids: Vec<String> = plain.ranking().into_iter().map(str::to_owned).collect();
    assert!(ids.len() > 3, "{ids:?}");
    let (second, last) = (format!("这是{}的答案", ids[1]), format!("这是{}的答案", ids[3]));
    let model = Opinionated::new(move |_, passage| {
        if passage.contains(&last) {
            9.0
        } else if passage.contains(&second) {
            -5.0
        } else {
            -6.0
        }
    });
    let reply = reranked(model.reading(2)).await.ask(QUESTION).await;
    assert_eq!(reply.ranking(), [&ids[1], &ids[0], &ids[2], &ids[3]]);
    assert_eq!(reply.feature(2, "reranker"), 0.0);
}

#[tokio::test]
async fn without_a_reranker_its_features_are_zero() {
    let reply = Shop::with(shop()).await.ask(QUESTION).await;
    for rank in 0..reply.ranking().len() {
        assert_eq!((reply.feature(rank, "reranker"), reply.feature(rank, "reranker_margin")), (0.0, 0.0));
    }
    assert_eq!(reply.0.stages.rerank, 0.0);
}

#[tokio::test]
async fn a_reranker_of_one_opinion_changes_no_order() {
    let plain = Shop::with(shop()).await;
    let indifferent = reranked(Opinionated::new(|_, _| 0.5).reading(10)).await;
    for question in [QUESTION, "几天送到", "登录密码"] {
        assert_eq!(plain.ask(question).await.ranking(), indifferent.ask(question).await.ranking());
    }
    assert_ne!(plain.snapshot().version(), indifferent.snapshot().version());
}

#[tokio::test]
async fn a_full_queue_is_an_error() {
    let model = Opinionated::new(|_, _| 0.0);
    let reranking = model.reading(10);
    let reranker = reranking.reranker.clone();
    let shop = reranked(reranking).await;
    model.close_gate();
    let ask = || shop.try_decide(Question::new(QUESTION, NOW).unwrap());
    let open = async {
        while reranker.stats().overloaded == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        model.open_gate();
    };
    // One is worked on, one waits, and for one there is no room.
    let (first, second, third, ()) = tokio::join!(ask(), ask(), ask(), open);
    let asked = [first, second, third];
    let is_refused =
        |asked: &&answer::Result<_>| matches!(asked, Err(Error::Inference(inference::Error::Overloaded)));
    let refused = asked.iter().filter(is_refused).count();
    assert!(refused > 0 && asked.iter().filter(|asked| asked.is_ok()).count() == 3 - refused, "{asked:?}");
}

#[tokio::test]
async fn a_failing_reranker_is_an_error() {
    let model = Opinionated::new(|question, _| if question == "几天送到呢" { f32::NAN } else { 0.0 });
    let shop = reranked(model.reading(10)).await;
    let failed = shop.try_decide(Question::new("几天送到呢", NOW).unwrap()).await;
    assert!(matches!(failed, Err(Error::Inference(inference::Error::Inference(_)))), "{failed:?}");
    let broken = Opinionated::new(|_, _| f32::NAN).reading(10);
    assert!(matches!(Shop::built(self::shop(), &with(broken)).await.err(), Some(Error::Inference(_))));
}

#[tokio::test]
async fn the_number_of_candidates_is_checked() {
    let model = Opinionated::new(|_, _| 0.0);
    for candidates in [0, 1, 51] {
        let refused = Shop::built(shop(), &with(model.reading(candidates))).await.err();
        assert!(matches!(refused, Some(Error::InvalidOption { name: "candidates", .. })), "{refused:?}");
    }
}

/// Phrasings of six characters out of few, three of them the entry's: what is near is often wrong.
fn confusing() -> Vec<FaqEntry> {
    let characters: Vec<char> = "订单物流支付退换货款发票密码会员优惠券地址客服账号".chars().collect();
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let mut draw = |count: usize| -> String {
        (0..count).map(|_| characters[random.random_range(0..characters.len())]).collect()
    };
    let mut confusing = |number: usize| {
        let own = draw(3);
        let phrasings: Vec<String> = (0..3).map(|_| format!("{own}{}", draw(3))).collect();
        entry(&format!("e{number}."), &phrasings[0], &[&phrasings[1], &phrasings[2]])
    };
    (0..120).map(&mut confusing).collect()
}

/// Positive for an entry's phrasing with that entry's answer.
fn truthful(entries: &[FaqEntry]) -> impl Fn(&str, &str) -> f32 + Send + Sync + 'static {
    let of = |faq: &FaqEntry| {
        let answer = normalize(faq.answer());
        faq.phrasings().map(|text| (normalize(text), answer.clone())).collect::<Vec<_>>()
    };
    let answers: HashMap<String, String> = entries.iter().flat_map(of).collect();
    move |question, passage| {
        let right = answers.get(question).is_some_and(|answer| passage.ends_with(answer));
        if right { 4.0 } else { -4.0 }
    }
}

fn weight(shop: &Shop, name: &str) -> f64 {
    let report = shop.snapshot().calibration().report(RiskTarget::new(0.05).unwrap());
    assert!(report.fitted);
    report.weights.iter().find(|weight| weight.name == name).unwrap().weight
}

#[tokio::test]
async fn the_calibration_trusts_a_reranker_that_is_right() {
    let entries = confusing();
    let plain = Shop::with(entries.clone()).await;
    let right = Opinionated::new(truthful(&entries)).reading(10);
    let reranker = right.reranker.clone();
    let labels = vec![Label {
        text: "讲个笑话".to_owned(),
        expected: None,
        source: LabelSource::Labelled,
        note: None,
    }];
    let options = BuildOptions { labels, ..with(right) };
    let right = Shop::built(entries, &options).await.unwrap();
    assert!((100..=400).contains(&reranker.stats().requests), "{:?}", reranker.stats());
    let learned = |shop: &Shop| (weight(shop, "reranker"), weight(shop, "reranker_margin"));
    let (own, margin) = learned(&right);
    assert!(own > 0.5 && margin > 0.5, "{own} {margin}");
    let (own, margin) = learned(&plain);
    assert!(own < 0.01 && margin < 0.01, "{own} {margin}");
    let answered =
        |shop: &Shop| shop.snapshot().calibration().forecast(RiskTarget::new(0.05).unwrap()).answer;
    assert!(answered(&right) > answered(&plain) + 0.2, "{} {}", answered(&right), answered(&plain));
}
