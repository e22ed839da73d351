//! Negation on one side only, and opposites: "收到货怎么退" and "没收到货怎么退", "开通" and "关闭".

mod cancelling;
mod chinese;
mod english;
mod opposites;

use super::overlap::overlap;
use crate::normalize::is_ideograph;

/// Two sentences deny each other only when the rest of them is nearly the same: without their negations they share at
/// least this much.
const SAME_APART_FROM_NEGATION: f32 = 0.6;

/// The same for what surrounds two opposite words.
const SAME_APART_FROM_OPPOSITES: f32 = 0.5;

/// A sentence taken apart.
#[derive(Debug, Default)]
struct Reading {
    /// The words that are denied.
    denied: Vec<String>,
    /// The sentence without its negations: the denied words read as affirmed.
    plain: String,
}

/// Whether one of the sentences denies what the other says, or they name opposites. Symmetric.
pub(super) fn conflict(left: &str, right: &str) -> bool {
    let (left_reading, right_reading) = (Reading::of(left), Reading::of(right));
    match (left_reading.denied.is_empty(), right_reading.denied.is_empty()) {
        (true, true) => opposed(&left_reading, &right_reading),
        (false, true) => denies(&left_reading, &right_reading) && !agrees(left, right),
        (true, false) => denies(&right_reading, &left_reading) && !agrees(right, left),
        (false, false) => opposed(&left_reading, &right_reading),
    }
}

impl Reading {
    fn of(sentence: &str) -> Self {
        if sentence.chars().any(is_ideograph) { chinese::read(sentence) } else { english::read(sentence) }
    }
}

/// `denying` denies a word that `affirming` says plainly, and they are close apart from it.
fn denies(denying: &Reading, affirming: &Reading) -> bool {
    denying.denied.iter().any(|word| says(&affirming.plain, word))
        && overlap(&denying.plain, &affirming.plain) >= SAME_APART_FROM_NEGATION
}

fn says(sentence: &str, word: &str) -> bool {
    if word.chars().any(is_ideograph) {
        return sentence.contains(word);
    }
    english::words(sentence).any(|other| english::stem(other) == english::stem(word))
}

/// A complaint in two wordings: "登录不了" and "登录失败", "登录不了" and "怎么登录", "还没到账" and "多久到账".
fn agrees(denying: &str, affirming: &str) -> bool {
    let says_any = |sentence: &str, words: &[&str]| words.iter().any(|word| sentence.contains(word));
    says_any(affirming, &FAILURES)
        || says_any(denying, &INABILITY) && says_any(affirming, &WAYS)
        || says_any(denying, &PENDING) && says_any(affirming, &TIMES)
}

/// Say without a negation that something does not work.
const FAILURES: [&str; 26] = [
    "失败",
    "异常",
    "报错",
    "出错",
    "错误",
    "故障",
    "问题",
    "坏了",
    "拒绝",
    "受限",
    "被限制",
    "丢了",
    "丢失",
    "忘",
    "卡住",
    "怎么回事",
    "咋回事",
    "fail",
    "error",
    "problem",
    "trouble",
    "issue",
    "denied",
    "declined",
    "stuck",
    "not working",
];

/// Who cannot do a thing asks how it is done.
const INABILITY: [&str; 18] = [
    "无法", "没法", "不能", "不了", "不上", "不开", "不到", "不出", "不进", "不动", "不成", "can't", "can’t",
    "cannot", "can not", "cant ", "unable", "couldn't",
];

const WAYS: [&str; 9] = ["怎么", "怎样", "如何", "咋", "在哪", "哪里", "哪儿", "how", "where"];

/// Something has not happened yet, which is another way to ask when it will.
const PENDING: [&str; 10] = ["没", "未", "还不", "怎么不", "咋不", "一直不", "迟迟不", "not", "n't", "nt "];

const TIMES: [&str; 12] = [
    "什么时候",
    "啥时候",
    "多久",
    "几时",
    "何时",
    "几天",
    "多长时间",
    "多少天",
    "多会",
    "when",
    "how long",
    "how soon",
];

/// One sentence has a word, the other its opposite, or one wants to end what the other wants to begin.
fn opposed(left: &Reading, right: &Reading) -> bool {
    let (left, right) = (left.plain.as_str(), right.plain.as_str());
    let opposite = opposites::between(left, right).any(|(word, opposite)| {
        overlap(&without(left, word), &without(right, opposite)) >= SAME_APART_FROM_OPPOSITES
    });
    let cancelled = || {
        cancelling::between(left, right)
            .is_some_and(|(ending, beginning)| overlap(&ending, &beginning) >= SAME_APART_FROM_OPPOSITES)
    };
    opposite || cancelled()
}

/// Whether the sentence has this word; a Latin one stands alone. Most sentences do not even hold its letters, which is seen
/// sooner than what their words are.
fn has_word(sentence: &str, word: &str) -> bool {
    sentence.contains(word) && (!word.is_ascii() || english::words(sentence).any(|said| said == word))
}

fn without(sentence: &str, word: &str) -> String {
    if !word.is_ascii() {
        return sentence.replace(word, " ");
    }
    english::words(sentence).filter(|other| *other != word).collect::<Vec<_>>().join(" ")
}
