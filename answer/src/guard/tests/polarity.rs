use super::{Conflicts, assert_each};

fn polarity(found: Conflicts) -> bool {
    found.polarity
}

#[test]
fn denials_and_opposites_conflict() {
    let pairs = [
        ("收到货怎么退款", "没收到货怎么退款"),
        ("今天不能提现", "今天提现"),
        ("为什么能提现", "为什么不能提现"),
        ("哪些商品可以退货", "哪些商品不可以退货"),
        ("已发货的订单怎么取消", "未发货的订单怎么取消"),
        ("有小票怎么退货", "没有小票怎么退货"),
        ("带身份证怎么入住", "没带身份证怎么入住"),
        ("会员怎么打折", "非会员怎么打折"),
        ("想要发票怎么弄", "不想要发票怎么弄"),
        ("登录账号", "账号登录不了"),
        ("delete my account", "can't delete account"),
        ("激活的卡怎么用", "没激活的卡怎么用"),
        ("给我发短信", "别再给我发短信"),
        ("怎么让别人看到我的动态", "怎么不让别人看到我的动态"),
        ("订单付款了怎么办", "订单没付款怎么办"),
        ("怎么开通自动续费", "怎么关闭自动续费"),
        ("开通免密支付", "取消免密支付"),
        ("怎么绑定银行卡", "怎么解绑银行卡"),
        ("怎么注册账号", "怎么注销账号"),
        ("怎么增加额度", "怎么降低额度"),
        ("怎么提高限额", "怎么下调限额"),
        ("商品怎么上架", "商品怎么下架"),
        ("余额怎么充值", "余额怎么提现"),
        ("股票怎么买入", "股票怎么卖出"),
        ("发货之前能改地址吗", "发货之后能改地址吗"),
        ("支付成功了怎么办", "支付失败了怎么办"),
        ("怎么打开定位", "怎么关闭定位"),
        ("怎么导入客户资料", "怎么导出客户资料"),
        ("怎么加入公会", "怎么退出公会"),
        ("怎么预约私教课", "怎么取消私教课"),
        ("怎么取消开通", "怎么开通"),
        ("衣服太大了能换吗", "衣服太小了能换吗"),
        ("怎么冻结账户", "怎么解冻账户"),
        ("国内航班行李额", "国际航班行李额"),
        ("怎麼開通自動續費", "怎麼關閉自動續費"),
        ("how do i enable notifications", "how do i disable notifications"),
        ("how to activate my card", "how to deactivate my card"),
        ("how do i increase my limit", "how do i decrease my limit"),
        ("open a savings account", "close a savings account"),
        ("can i cancel before shipping", "can i cancel after shipping"),
        ("how do i turn on auto-renewal", "how do i turn off auto-renewal"),
        ("i received my parcel", "I haven't received my parcel"),
        ("return with a receipt", "return without a receipt"),
        ("cancel an order that has shipped", "cancel an order that has not shipped"),
        ("how do I book a test drive", "how do I cancel a test drive"),
        ("my payment was accepted", "my payment wasn’t accepted"),
        ("can i withdraw money today", "why can't i withdraw money today"),
        ("how do i link my bank card", "how do i unlink my bank card"),
    ];
    assert_each(&pairs, true, polarity);
}

#[test]
fn forms_of_a_question_deny_nothing() {
    let pairs = [
        ("能不能退货", "可以退货"),
        ("是不是包邮", "是包邮的"),
        ("有没有优惠券", "有优惠券"),
        ("要不要押金", "要押金"),
        ("可不可以货到付款", "可以货到付款"),
        ("可以不可以开发票", "可以开发票"),
        ("会不会掉色", "会掉色"),
        ("需不需要身份证", "需要身份证"),
        ("退款好了没", "退款好了"),
        ("到货了没有", "到货了"),
        ("这样行不", "这样行"),
        ("能退不", "能退"),
        ("收到没呀", "收到"),
        ("收没收到货", "收到货"),
        ("不能退货吗", "能退货吗"),
        ("不可以用券吧", "可以用券吗"),
        ("没有赠品吗", "有赠品吗"),
        ("can't i return this", "can i return this"),
        ("don't you have a student discount", "do you have a student discount"),
        ("can i pay by card or not", "can i pay by card"),
    ];
    assert_each(&pairs, false, polarity);
}

#[test]
fn idioms_deny_nothing() {
    let pairs = [
        ("不好意思,怎么退货", "怎么退货"),
        ("不客气,怎么退货", "怎么退货"),
        ("质量不错,怎么再买", "质量怎么样,怎么再买"),
        ("没事就是问怎么退货", "就是问怎么退货"),
        ("价格差不多怎么选", "价格多怎么选"),
        ("不得不退货怎么办", "得退货怎么办"),
        ("不仅要退货还要赔偿", "要退货还要赔偿"),
        ("帮别人代付怎么弄", "帮人代付怎么弄"),
        ("特别慢怎么退款", "慢怎么退款"),
        ("未来三天发货吗", "三天发货吗"),
        ("不管怎样都要退款", "怎样都要退款"),
        ("无论如何要退款", "要退款"),
        ("要不换一个", "换一个"),
        ("要不然给我换一个", "给我换一个"),
        ("不知道怎么开发票", "怎么开发票"),
        ("不会用优惠券", "怎么用优惠券"),
        ("找不到订单入口", "订单入口在哪找到"),
        ("不小心点了确认收货", "点了确认收货"),
        ("非常着急要退款", "着急要退款"),
        ("I don't know how to return it", "how to return it"),
        ("not sure how to reset my password", "how to reset my password"),
        ("no problem, how do i pay", "how do i pay"),
    ];
    assert_each(&pairs, false, polarity);
}

#[test]
fn complaints_in_other_words_agree() {
    let pairs = [
        ("登录不了怎么办", "无法登录"),
        ("登不上账号", "账号登录失败"),
        ("网页打不开", "网页无法打开"),
        ("验证码收不到", "没收到验证码"),
        ("登录不了", "登录异常"),
        ("账号登录不了怎么办", "怎么登录账号"),
        ("为什么不能提现", "怎么提现"),
        ("i can't delete a passenger", "how do i delete a passenger"),
        ("为什么不能支付", "支付失败怎么办"),
        ("app用不了", "app不能用"),
        ("退款还没到账", "退款多久到账"),
        ("怎么还不发货", "什么时候发货"),
        ("没有不能退的", "没有不能退的商品"),
        ("不是不能退", "不是不能退的意思"),
        ("关不掉自动续费", "无法关闭自动续费"),
        ("i can't log in", "unable to log in"),
        ("cannot log in", "login failed"),
        ("my refund has not arrived", "when will my refund arrive"),
        ("payment not going through", "payment failed"),
    ];
    assert_each(&pairs, false, polarity);
}

#[test]
fn other_stories_are_left_alone() {
    let pairs = [
        ("没收到货怎么退款", "怎么收到验证码"),
        ("退款之前和之后有什么区别", "退款之后有什么区别"),
        ("怎么关闭推送", "怎么开通会员"),
        ("不想开通了", "取消开通"),
        ("没成功付款", "付款失败"),
        ("怎么新增或删除地址", "怎么新增地址"),
        ("how do i add or remove a user", "how do i add a user"),
        ("open the door before lunch", "refund after return"),
    ];
    assert_each(&pairs, false, polarity);
}
