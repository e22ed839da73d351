//! Words that exclude each other.

use super::has_word;
use crate::normalize::is_ideograph;

/// What is said on the left is the opposite of what is said on the right; words of one row and side mean the same.
const OPPOSITES: [(&[&str], &[&str]); 60] = [
    (
        &["开通", "开启", "打开", "启用", "激活"],
        &["关闭", "取消", "停用", "禁用", "关掉", "注销", "关停", "停掉"],
    ),
    (&["绑定", "绑上"], &["解绑", "解除绑定", "取消绑定", "换绑"]),
    (&["登录", "登陆"], &["注销", "退出登录"]),
    (&["注册", "开户"], &["注销", "销户"]),
    (&["增加", "提高", "提升", "上调", "调高"], &["减少", "降低", "下调", "调低"]),
    (&["升级"], &["降级"]),
    (&["上架"], &["下架"]),
    (&["充值"], &["提现"]),
    (&["转入"], &["转出"]),
    (&["存款", "存钱"], &["取款", "取钱"]),
    (&["买入"], &["卖出"]),
    (&["收购", "回收"], &["出售"]),
    (&["涨价"], &["降价"]),
    (&["涨"], &["跌"]),
    (&["之前", "以前"], &["之后", "以后"]),
    (&["前"], &["后"]),
    (&["成功"], &["失败"]),
    (&["入住"], &["退房"]),
    (&["收入"], &["支出"]),
    (&["收货"], &["发货"]),
    (&["收款"], &["付款"]),
    (&["寄件"], &["收件", "取件"]),
    (&["加入"], &["退出"]),
    (&["订阅"], &["退订", "取消订阅"]),
    (&["关注"], &["取关", "取消关注"]),
    (&["签到"], &["签退"]),
    (&["上班"], &["下班"]),
    (&["借款"], &["还款"]),
    (&["提前"], &["延期", "推迟", "延后", "逾期"]),
    (&["安装"], &["拆除", "卸载", "拆卸"]),
    (&["入职"], &["离职"]),
    (&["进口"], &["出口"]),
    (&["进站"], &["出站"]),
    (&["去程"], &["返程"]),
    (&["偏大", "太大", "大了"], &["偏小", "太小", "小了"]),
    (&["太长", "长了"], &["太短", "短了"]),
    (&["太高", "偏高"], &["太低", "偏低"]),
    (&["太快"], &["太慢"]),
    (&["线上"], &["线下"]),
    (&["国内"], &["国外", "国际", "境外"]),
    (&["境内"], &["境外"]),
    (&["个人"], &["企业", "公司", "单位", "对公"]),
    (&["普通发票", "普票"], &["专用发票", "专票"]),
    (&["电子"], &["纸质"]),
    (&["本人"], &["他人", "别人"]),
    (&["添加", "新增"], &["删除", "移除"]),
    (&["上传"], &["下载"]),
    (&["导入"], &["导出"]),
    (&["锁定", "上锁"], &["解锁"]),
    (&["冻结"], &["解冻"]),
    (&["挂失"], &["解挂"]),
    (&["同意", "接受"], &["拒绝"]),
    (&["缴费", "缴纳"], &["退费"]),
    (&["工作日"], &["周末", "节假日"]),
    (&["白天"], &["晚上", "夜间"]),
    (&["成人", "大人"], &["儿童", "小孩"]),
    (&["男"], &["女"]),
    (&["新车", "新机"], &["旧车", "旧机", "二手"]),
    (&["连接", "连上"], &["断开"]),
    (&["允许"], &["禁止"]),
];

const ENGLISH_OPPOSITES: [(&[&str], &[&str]); 30] = [
    (&["enable", "activate", "enabled", "activated"], &["disable", "deactivate", "disabled", "deactivated"]),
    (&["increase", "raise", "increasing"], &["decrease", "reduce", "lower", "decreasing"]),
    (&["open"], &["close"]),
    (&["before"], &["after"]),
    (&["subscribe"], &["unsubscribe"]),
    (&["link"], &["unlink"]),
    (&["block"], &["unblock"]),
    (&["lock"], &["unlock"]),
    (&["freeze"], &["unfreeze"]),
    (&["add"], &["remove", "delete"]),
    (&["create"], &["delete"]),
    (&["buy", "buying"], &["sell", "selling"]),
    (&["deposit"], &["withdraw", "withdrawal"]),
    (&["send"], &["receive", "received"]),
    (&["incoming"], &["outgoing"]),
    (&["on"], &["off"]),
    (&["in"], &["out"]),
    (&["upload"], &["download"]),
    (&["install"], &["uninstall"]),
    (&["import"], &["export"]),
    (&["upgrade"], &["downgrade"]),
    (&["accept"], &["reject", "decline"]),
    (&["success", "successful", "succeeded"], &["fail", "failed", "failure", "unsuccessful"]),
    (&["minimum"], &["maximum"]),
    (&["join"], &["leave"]),
    (&["connect"], &["disconnect"]),
    (&["mute"], &["unmute"]),
    (&["hide"], &["show"]),
    (&["arrival"], &["departure"]),
    (&["online"], &["offline"]),
];

/// Every word of `left` whose opposite is in `right`, with that opposite. A pair of which one sentence has both words
/// is left out: "退款之前和之后" is about both.
pub(super) fn between<'text>(
    left: &'text str,
    right: &'text str,
) -> impl Iterator<Item = (&'static str, &'static str)> + 'text {
    let chinese = left.chars().any(is_ideograph) && right.chars().any(is_ideograph);
    let rows: &'static [(&[&str], &[&str])] = if chinese { &OPPOSITES } else { &ENGLISH_OPPOSITES };
    rows.iter().flat_map(move |(one, other)| {
        let forward = exclusive(left, right, one, other);
        let backward = exclusive(left, right, other, one);
        forward.into_iter().chain(backward)
    })
}

/// The word of `mine` in `left` and of `theirs` in `right`, when neither sentence has words of both.
fn exclusive(
    left: &str,
    right: &str,
    mine: &'static [&'static str],
    theirs: &'static [&'static str],
) -> Option<(&'static str, &'static str)> {
    let word = first_said(left, mine)?;
    let opposite = first_said(right, theirs)?;
    let has_both = first_said(left, theirs).is_some() || first_said(right, mine).is_some();
    (!has_both).then_some((word, opposite))
}

fn first_said(sentence: &str, words: &'static [&'static str]) -> Option<&'static str> {
    words.iter().copied().find(|word| has_word(sentence, word))
}
