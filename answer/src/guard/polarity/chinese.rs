//! What a Chinese sentence denies: 不, 没, 未, 无法, 别.

use super::Reading;
use crate::normalize::is_ideograph;

/// Phrases with a negating character that deny nothing about the subject: idioms, words, and ways to say that one does
/// not know, find or see something, which ask where and how.
const HARMLESS: [&str; 87] = [
    "不好意思",
    "不客气",
    "不错",
    "没事",
    "没关系",
    "没问题",
    "差不多",
    "不得不",
    "不仅",
    "不光",
    "不但",
    "不只",
    "不止",
    "不论",
    "不管",
    "不然",
    "不小心",
    "不过",
    "不如",
    "不断",
    "不同",
    "不动产",
    "不锈钢",
    "不久",
    "不一会",
    "不一样",
    "不少",
    "不干胶",
    "不限",
    "不良",
    "不满",
    "不便",
    "没想到",
    "说不定",
    "忍不住",
    "来不及",
    "不容易",
    "不知道",
    "不晓得",
    "不清楚",
    "不明白",
    "不太懂",
    "不懂",
    "不太会",
    "不会",
    "没看懂",
    "没搞懂",
    "没弄懂",
    "没看明白",
    "没搞明白",
    "不记得",
    "记不得",
    "记不住",
    "想不起",
    "记不清",
    "不确定",
    "没找到",
    "找不到",
    "找不着",
    "没看到",
    "没看见",
    "看不到",
    "看不见",
    "没用过",
    "没弄过",
    "没办过",
    "没办法",
    "不需要",
    "不舒服",
    "不怎么",
    "没那么",
    "不那么",
    "不是很",
    "没多久",
    "未来",
    "未必",
    "未成年",
    "不可抗力",
    "不知",
    "没注意",
    "没留意",
    "没见",
    "非常",
    "除非",
    "并非",
    "是非",
    "非洲",
];

/// Between the negation and what it denies.
const AUXILIARIES: [&str; 13] =
    ["可以", "能够", "给我", "能", "有", "要", "给", "让", "再", "被", "想", "是", "会"];

/// After a verb and 不 they say that the verb does not succeed: 登不上, 打不开, 收不到, 用不了.
const RESULTS: &str = "了上开到出进动通成起全完下掉清齐着住来去回";

/// End a clause that asks for yes or no: there "不能退吗" asks the same as "能退吗".
const YES_OR_NO: [char; 4] = ['吗', '吧', '嘛', '么'];

/// May follow the 不 or 没 that ends a question: 收到没呀.
const FINAL_PARTICLES: [char; 5] = ['啊', '呀', '呢', '哦', '的'];

/// No word begins with these.
const PARTICLES: [char; 6] = ['啊', '呀', '呢', '哦', '的', '了'];

/// Reads clause by clause.
pub(super) fn read(sentence: &str) -> Reading {
    let mut reading = Reading::default();
    for clause in sentence.split(|character: char| !character.is_alphanumeric() && character != ' ') {
        read_clause(clause, &mut reading);
        reading.plain.push(' ');
    }
    reading
}

fn read_clause(clause: &str, reading: &mut Reading) {
    let asks = asks_yes_or_no(clause);
    let mut rest = clause;
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        if let Some(length) = question_form(&reading.plain, rest) {
            rest = &rest[length..];
        } else if let Some(phrase) = harmless(rest) {
            reading.plain.push_str(phrase);
            rest = &rest[phrase.len()..];
        } else if let Some(length) = negation(rest) {
            let following = &rest[length..];
            if !asks {
                deny(&reading.plain, first, following, &mut reading.denied);
            }
            let drops_result =
                first == '不' && following.starts_with('了') && ends_with_ideograph(&reading.plain);
            rest = if drops_result { &following['了'.len_utf8()..] } else { following };
        } else {
            reading.plain.push(first);
            rest = after;
        }
    }
}

fn harmless(rest: &str) -> Option<&'static str> {
    if rest.starts_with("要不") && !rest.starts_with("要不要") {
        return Some("要不");
    }
    HARMLESS.into_iter().find(|phrase| rest.starts_with(phrase))
}

fn asks_yes_or_no(clause: &str) -> bool {
    let clause = clause.trim_end();
    clause.ends_with(YES_OR_NO) && !["什么", "怎么", "这么", "那么"].iter().any(|word| clause.ends_with(word))
}

fn ends_with_ideograph(text: &str) -> bool {
    text.chars().next_back().is_some_and(is_ideograph)
}

/// Bytes of `rest` that only make a question of the words before: 能 (不能), 可以 (不可以), 到了 (没), 行 (不).
fn question_form(before: &str, rest: &str) -> Option<usize> {
    let negator = rest.chars().next().filter(|first| matches!(first, '不' | '没'))?;
    let after = &rest[negator.len_utf8()..];
    let ended = after.strip_prefix('有').unwrap_or(after).trim_end_matches(FINAL_PARTICLES).trim();
    if ended.is_empty() && !before.trim_end().is_empty() {
        return Some(rest.len());
    }
    let repeated = |count: usize| {
        let word: String = after.chars().take(count).collect();
        (word.chars().count() == count && before.ends_with(&word)).then(|| negator.len_utf8() + word.len())
    };
    repeated(2).or_else(|| repeated(1))
}

/// Bytes of the negation at the start of `rest`.
fn negation(rest: &str) -> Option<usize> {
    const NEGATIONS: [&str; 13] =
        ["无法", "没法", "不曾", "尚未", "从未", "不", "没", "未", "勿", "非", "别再", "别给", "别让"];
    NEGATIONS.iter().find(|word| rest.starts_with(**word)).map(|word| word.len())
}

/// Adds the words that a negation between `before` and `following` denies.
fn deny(before: &str, negator: char, following: &str, denied: &mut Vec<String>) {
    let result = following.chars().next().filter(|next| negator == '不' && RESULTS.contains(*next));
    let verb: String = last_ideographs(before, 2);
    if let (Some(result), Some(last)) = (result, verb.chars().next_back()) {
        denied.push([last, result].iter().collect());
        if verb.chars().count() == 2 && result == '了' {
            denied.push(verb);
        }
    }
    deny_following(following, denied);
}

/// The auxiliaries, and the two characters after them or the one that is left.
fn deny_following(following: &str, denied: &mut Vec<String>) {
    let mut rest = following.trim_start();
    while let Some(auxiliary) = AUXILIARIES.iter().find(|auxiliary| rest.starts_with(**auxiliary)) {
        denied.push((*auxiliary).to_owned());
        rest = &rest[auxiliary.len()..];
    }
    let is_content = |character: &char| is_ideograph(*character) && !PARTICLES.contains(character);
    let word: String = rest.chars().take(2).take_while(is_content).collect();
    denied.extend(Some(word).filter(|word| !word.is_empty()));
}

fn last_ideographs(text: &str, count: usize) -> String {
    let mut last: Vec<char> =
        text.chars().rev().take(count).take_while(|character| is_ideograph(*character)).collect();
    last.reverse();
    last.iter().collect()
}
