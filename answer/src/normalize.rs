//! One spelling for many: what a question and a phrasing look like before they are compared.

use std::sync::LazyLock;

use ferrous_opencc::{OpenCC, config::BuiltinConfig};
use unicode_normalization::UnicodeNormalization;

/// OpenCC's dictionary from traditional to simplified. It is compiled in, so loading it cannot fail in practice; if it
/// did, traditional text would stay as written.
static SIMPLIFIER: LazyLock<Option<OpenCC>> = LazyLock::new(|| OpenCC::from_config(BuiltinConfig::T2s).ok());

/// The comparable form of `text`: compatibility forms and full width folded (NFKC), lower case, traditional characters
/// simplified, invisible characters dropped, white space collapsed (and dropped beside Chinese), runs of one
/// punctuation mark reduced to a single mark.
///
/// Idempotent. Empty for a text of white space only.
#[must_use]
pub fn normalize(text: &str) -> String {
    let folded: String =
        text.nfkc().filter(|character| !is_invisible(*character)).flat_map(char::to_lowercase).collect();
    let simplified =
        SIMPLIFIER.as_ref().map_or_else(|| folded.clone(), |simplifier| simplifier.convert(&folded));
    collapse(&simplified.nfkc().collect::<String>())
}

/// The letters and digits of a normalised text alone: equal for two texts that differ in punctuation and spaces only.
pub(crate) fn spelling(normalized: &str) -> String {
    normalized.chars().filter(|character| character.is_alphanumeric()).collect()
}

/// Whether `character` is written without spaces between words: Chinese characters and Japanese kana.
pub(crate) fn is_ideograph(character: char) -> bool {
    matches!(u32::from(character),
        0x3005..=0x3007 | 0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff)
}

/// Zero-width characters, direction marks, variation selectors and the soft hyphen: they change nothing a reader sees.
fn is_invisible(character: char) -> bool {
    matches!(u32::from(character),
        0x00ad | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x2064 | 0xfe00..=0xfe0f | 0xfeff)
}

fn collapse(text: &str) -> String {
    let mut collapsed = String::with_capacity(text.len());
    let mut pending_space = false;
    for character in text.trim().chars() {
        if character.is_whitespace() {
            pending_space = true;
            continue;
        }
        let previous = collapsed.chars().next_back();
        let touches_ideograph = is_ideograph(character) || previous.is_some_and(is_ideograph);
        if pending_space && !touches_ideograph {
            collapsed.push(' ');
        }
        let repeats_mark = previous == Some(character) && !character.is_alphanumeric() && !pending_space;
        if !repeats_mark {
            collapsed.push(character);
        }
        pending_space = false;
    }
    collapsed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_question_become_one() {
        for (written, expected) in [
            ("怎麼退貨？？？", "怎么退货?"),
            ("ＡＰＰ　登录不了！！", "app登录不了!"),
            ("  How   do I\treturn this ", "how do i return this"),
            ("退 款 到 账", "退款到账"),
            ("iPhone 15 Pro 能用 吗", "iphone 15 pro能用吗"),
            ("退\u{200b}款\u{fe0f}", "退款"),
            ("①㎡", "1m2"),
            ("...", "."),
            ("哈哈哈", "哈哈哈"),
            ("怎么取消?有么", "怎么取消?有么"),
            ("什麼時候髮貨,後台裡面顯示乾燥機", "什么时候发货,后台里面显示干燥机"),
            ("", ""),
            (" \n ", ""),
        ] {
            assert_eq!(normalize(written), expected, "{written:?}");
        }
    }

    #[test]
    fn simplified_text_is_left_alone() {
        let shop = include_str!("../../datasets/shop-zh/knowledge.jsonl");
        for line in shop.lines() {
            let simplifier = SIMPLIFIER.as_ref().unwrap();
            assert_eq!(simplifier.convert(line), line);
        }
    }

    proptest! {
        #[test]
        fn normalizing_twice_changes_nothing(text in "\\PC{0,40}") {
            let once = normalize(&text);
            prop_assert_eq!(normalize(&once), once);
        }

        #[test]
        fn chinese_text_too(text in "[退款怎麼貨幾時到賬後台裡面,。！？ a-zA-Z0-9]{0,30}") {
            let once = normalize(&text);
            prop_assert_eq!(normalize(&once), once);
        }
    }
}
