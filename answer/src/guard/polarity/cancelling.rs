//! One sentence wants to end, the other to begin: "预约怎么取消" and "怎么预约".

use super::{has_word, without};

const ENDINGS: [&str; 27] = [
    "取消",
    "关闭",
    "停用",
    "停掉",
    "停止",
    "退订",
    "退掉",
    "解除",
    "解绑",
    "注销",
    "删除",
    "删掉",
    "关掉",
    "移除",
    "终止",
    "cancel",
    "stop",
    "terminate",
    "delete",
    "remove",
    "close",
    "disable",
    "unlink",
    "unsubscribe",
    "cancelling",
    "deactivate",
    "quit",
];

const BEGINNINGS: [&str; 29] = [
    "开通",
    "申请",
    "办理",
    "加入",
    "购买",
    "订购",
    "预约",
    "预订",
    "设置",
    "添加",
    "新增",
    "开启",
    "打开",
    "启用",
    "绑定",
    "报名",
    "book",
    "order",
    "add",
    "join",
    "apply",
    "subscribe",
    "place",
    "enable",
    "activate",
    "buy",
    "create",
    "open",
    "start",
];

/// Single characters and words that also speak of an end: with one of these the other sentence may want the same.
const ALSO_END: [&str; 25] = [
    "退",
    "停",
    "销",
    "撤",
    "止",
    "关",
    "删",
    "解",
    "拒",
    "改",
    "cancel",
    "off",
    "stop",
    "end",
    "leave",
    "out",
    "back",
    "refund",
    "close",
    "delete",
    "remove",
    "change",
    "reschedule",
    "undo",
    "消",
];

/// "How do I add or delete an address" is about both.
const ALTERNATIVES: [&str; 5] = ["或", "和", "还是", "or", "and"];

/// The rests of the two sentences without these words, when one speaks of an end and the other only of a beginning.
pub(super) fn between(left: &str, right: &str) -> Option<(String, String)> {
    rests(left, right).or_else(|| rests(right, left))
}

fn rests(ending: &str, beginning: &str) -> Option<(String, String)> {
    let any = |sentence: &str, words: &[&str]| words.iter().any(|word| has_word(sentence, word));
    let ends = any(ending, &ENDINGS);
    let is_about_both = any(ending, &BEGINNINGS) && any(ending, &ALTERNATIVES);
    let only_begins = any(beginning, &BEGINNINGS) && !any(beginning, &ENDINGS) && !any(beginning, &ALSO_END);
    (ends && !is_about_both && only_begins).then(|| (stripped(ending), stripped(beginning)))
}

fn stripped(sentence: &str) -> String {
    ENDINGS
        .iter()
        .chain(&BEGINNINGS)
        .filter(|word| has_word(sentence, word))
        .fold(sentence.to_owned(), |rest, word| without(&rest, word))
}
