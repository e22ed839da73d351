//! A small shop, made so that each decision has a clear case.

use answer::FaqEntry;

pub(crate) fn entries() -> Vec<FaqEntry> {
    vec![
        entry("refund", "怎么申请退款", &["怎么退款", "想退钱"], "在订单详情页点击“申请退款”。"),
        entry("delivery", "几天能送到", &["什么时候发货"], "一般三天内送到。"),
        entry("invoice", "如何开具发票", &[], "提交抬头即可。"),
        entry("upgrade", "会员等级如何提升", &[], "多多益善。"),
        entry("cancel", "会员等级如何取消", &[], "请联系人工客服。"),
        FaqEntry {
            channels: vec!["wechat".to_owned()],
            ..entry("bind", "公众号绑定手机", &[], "点击菜单“绑定”。")
        },
        FaqEntry { enabled: false, ..entry("old", "旧版积分换购", &[], "已经关闭。") },
        FaqEntry {
            valid_until: Some(time::macros::datetime!(2020-01-01 0:00 UTC)),
            ..entry("festival", "元宵灯谜", &[], "见活动页。")
        },
    ]
}

/// Enabled entries and their phrasings.
pub(crate) const ENTRIES: usize = 7;
pub(crate) const PHRASINGS: usize = 10;

fn entry(id: &str, question: &str, similar: &[&str], answer: &str) -> FaqEntry {
    let similar = similar.iter().map(|text| (*text).to_owned()).collect();
    FaqEntry { similar, answers: vec![answer.to_owned()], ..FaqEntry::new(id, question) }
}
