//! What happens to questions, from text to decision.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test's helpers fail the test on anything unexpected"
)]

mod calibration;
mod harness;
mod knowledge;
mod opinion;
mod reranking;

use answer::{FaqEntry, HandOffReason, Question};
use harness::{NOW, Shop, entry};
use time::Duration;

pub(crate) fn shop() -> Vec<FaqEntry> {
    vec![
        entry("refund", "怎么申请退款", &["钱能退给我吗", "退钱"]),
        entry("delivery", "多久能收到货", &["几天送到", "快递到哪了"]),
        entry("invoice", "发票怎么开", &["能开专票吗"]),
        entry("password", "忘记密码怎么办", &["登录密码找不回来了"]),
    ]
}

#[tokio::test]
async fn a_known_question_is_answered() {
    let shop = Shop::with(shop()).await;
    let reply = shop.ask("怎么申请退款？").await;
    reply.expect_answer("refund");
    assert_eq!(reply.0.candidates[0].matched_question, "怎么申请退款");
    assert!(reply.0.confidence.value() > 0.9);
}

#[tokio::test]
async fn spelling_does_not_matter() {
    let shop = Shop::with(shop()).await;
    for written in ["怎麼申請退款", "怎么 申请 退款", "怎么申请退款！！！", " 怎么申请退款\n"]
    {
        shop.ask(written).await.expect_answer("refund");
    }
}

#[tokio::test]
async fn the_closest_phrasing_of_an_entry_counts() {
    let shop = Shop::with(shop()).await;
    let reply = shop.ask("几天送到").await;
    reply.expect_answer("delivery");
    assert_eq!(reply.0.candidates[0].question, "多久能收到货");
    assert_eq!(reply.0.candidates[0].matched_question, "几天送到");
}

#[tokio::test]
async fn a_question_about_something_else_is_handed_over() {
    let shop = Shop::with(shop()).await;
    shop.ask("阿根廷昨晚赢了没").await.expect_hand_off(HandOffReason::LowConfidence);
}

#[tokio::test]
async fn two_entries_with_one_phrasing_are_offered() {
    let twice = vec![entry("open", "会员", &["开通会员"]), entry("close", "会员", &["关闭会员"])];
    let shop = Shop::with(twice).await;
    let reply = shop.ask("会员").await;
    reply.expect_clarify(&["open", "close"]);
}

#[tokio::test]
async fn a_negative_phrasing_pushes_its_entry_down() {
    let entries = vec![entry("cancel", "怎么取消订单", &[]), entry("restore", "已取消的订单能不能恢复", &[])];
    let question = "怎么恢复取消订单";
    let without = Shop::with(entries.clone()).await.ask(question).await;
    assert_eq!(without.ranking()[0], "cancel", "the test needs a confusion to start from");
    let mut with = entries;
    with[0].negative = vec!["怎么恢复取消的订单".to_owned()];
    assert_eq!(Shop::with(with).await.ask(question).await.ranking()[0], "restore");
}

#[tokio::test]
async fn a_disabled_entry_never_answers() {
    let mut entries = shop();
    entries[0].enabled = false;
    let shop = Shop::with(entries).await;
    assert!(!shop.ask("怎么申请退款").await.ranking().contains(&"refund"));
    assert_eq!(shop.snapshot().entry_count(), 3);
}

#[tokio::test]
async fn an_entry_answers_only_while_it_is_valid() {
    let mut entries = shop();
    entries[0].valid_from = Some(NOW);
    entries[0].valid_until = Some(NOW + Duration::HOUR);
    let shop = Shop::with(entries).await;
    let at = |moment| shop.decide(Question::new("怎么申请退款", moment).unwrap());
    at(NOW).await.expect_answer("refund");
    at(NOW + Duration::MINUTE * 59).await.expect_answer("refund");
    for outside in [NOW - Duration::SECOND, NOW + Duration::HOUR] {
        assert!(!at(outside).await.ranking().contains(&"refund"));
    }
}

#[tokio::test]
async fn an_entry_answers_only_on_its_channels() {
    let mut entries = shop();
    entries[0].channels = vec!["web".to_owned()];
    let shop = Shop::with(entries).await;
    let on = |channel: Option<&str>| {
        let question = Question::new("怎么申请退款", NOW).unwrap();
        shop.decide(question.on_channel(channel.map(str::to_owned)))
    };
    on(Some("web")).await.expect_answer("refund");
    on(None).await.expect_answer("refund");
    assert!(!on(Some("wechat")).await.ranking().contains(&"refund"));
}

#[tokio::test]
async fn without_an_entry_that_may_answer_a_human_takes_over() {
    Shop::with(Vec::new()).await.ask("怎么退款").await.expect_hand_off(HandOffReason::Unavailable);
    let mut expired = entry("refund", "怎么退款", &[]);
    expired.valid_until = Some(NOW);
    Shop::with(vec![expired]).await.ask("怎么退款").await.expect_hand_off(HandOffReason::Unavailable);
}

#[tokio::test]
async fn expired_entries_do_not_crowd_out_valid_ones() {
    let expired = |number: usize| FaqEntry {
        valid_until: Some(NOW),
        ..entry(&format!("old-{number}"), &format!("怎么申请退款 {number}"), &[])
    };
    let mut entries: Vec<FaqEntry> = (0..300).map(expired).collect();
    entries.push(entry("refund", "怎么申请退款呢", &[]));
    Shop::with(entries).await.ask("怎么申请退款").await.expect_answer("refund");
}

#[tokio::test]
async fn a_question_the_model_knows_no_token_of_is_still_found_by_words() {
    let mut entries = shop();
    entries.push(entry("wifi", "wifi password", &[]));
    let reply = Shop::with(entries).await.ask("wifi").await;
    assert_eq!(reply.ranking(), ["wifi"]);
}

#[tokio::test]
async fn the_same_content_has_the_same_version() {
    let (one, two) = (Shop::with(shop()).await, Shop::with(shop()).await);
    assert_eq!(one.snapshot().version(), two.snapshot().version());
    let mut changed = shop();
    changed[0].answers[0].push('。');
    assert_ne!(one.snapshot().version(), Shop::with(changed).await.snapshot().version());
}
