use super::super::is_chit_chat;
use crate::{
    normalize,
    other_topics::{CHIT_CHAT, lines},
};

#[test]
fn every_shipped_line_is_chit_chat() {
    for line in lines(CHIT_CHAT) {
        assert!(is_chit_chat(&normalize(line)), "{line}");
    }
}

#[test]
fn repetitions_particles_and_punctuation_do_not_matter() {
    for text in [
        "你好",
        "您好!",
        "你好呀~",
        "在吗?",
        "在吗在吗在吗",
        "在 吗",
        "哈哈哈哈哈哈",
        "哈哈",
        "嘿嘿嘿嘿嘿",
        "嗯嗯嗯",
        "好的呢",
        "好的吧!",
        "谢谢啦",
        "谢谢谢谢",
        "多谢了哈",
        "你好,在吗",
        "您好 有人吗",
        "你好你好",
        "亲,在不在",
        "好的,谢谢",
        "ok,谢谢",
        "嗯,好的,谢谢!",
        "66666",
        "人呢",
        "你是机器人吗?",
        "你是不是机器人呀",
        "傻逼",
        "滚滚滚",
        "拜拜",
        "Hi!",
        "HELLO",
        "hiiiii",
        "hello hello",
        "Hello, are you there?",
        "thanks!!!",
        "thank you so much",
        "Thanks, bye",
        "are you a robot?",
        "what’s up",
        "LOL",
        "ok",
        "okkkk",
        "hahahaha",
        "测试测试测试",
        "你真棒👍",
    ] {
        assert!(is_chit_chat(&normalize(text)), "{text}");
    }
}

#[test]
fn questions_are_not_chit_chat() {
    for text in [
        "",
        "?",
        "👍",
        "转人工",
        "人工客服",
        "我要人工",
        "talk to a human",
        "退款",
        "你好,怎么退款",
        "在吗,我要退货",
        "谢谢,那运费呢",
        "没有收到",
        "有人上门吗",
        "好的那什么时候发货",
        "hi, where is my order",
        "hello kitty的杯子",
        "thanks but i still have no refund",
        "机器人坏了",
        "测试账号怎么申请",
        "不要发票",
        "收到货了",
        "你们几点下班",
        "可以退吗",
        "好了没",
        "1",
        "cancel",
        "人工智能课程",
        "拜托快点发货",
        "你好可以开发票吗",
        "是真人发货吗",
        "are you open on sunday",
        "what is your address",
    ] {
        assert!(!is_chit_chat(&normalize(text)), "{text}");
    }
}
