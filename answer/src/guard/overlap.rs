//! How much of two normalised sentences is the same, function words aside.

use crate::normalize::is_ideograph;

/// Words that hold a sentence together and tell nothing about its subject. Longer ones first, so that 怎么样 is taken
/// before 怎么.
const CHINESE_FUNCTION_WORDS: [&str; 47] = [
    "为什么",
    "已经",
    "怎么样",
    "怎么办",
    "什么时候",
    "能不能",
    "可不可以",
    "是不是",
    "有没有",
    "怎么",
    "怎样",
    "如何",
    "为啥",
    "为何",
    "什么",
    "请问",
    "可以",
    "一下",
    "我们",
    "你们",
    "咋办",
    "这个",
    "那个",
    "应该",
    "还是",
    "咋",
    "啥",
    "吗",
    "呢",
    "吧",
    "啊",
    "呀",
    "嘛",
    "的",
    "了",
    "我",
    "你",
    "您",
    "要",
    "能",
    "会",
    "想",
    "是",
    "就",
    "都",
    "还",
    "才",
];

const ENGLISH_FUNCTION_WORDS: [&str; 47] = [
    "a", "an", "the", "i", "i'm", "im", "my", "me", "you", "your", "we", "it", "is", "are", "am", "was",
    "be", "been", "do", "does", "did", "can", "could", "will", "would", "should", "how", "what", "why",
    "when", "where", "which", "to", "of", "for", "in", "on", "at", "and", "or", "have", "has", "this",
    "that", "there", "please", "with",
];

/// The Dice coefficient of the two sentences' words (Chinese: pairs of neighbouring characters), in 0..=1, function
/// words left out. 1 when nothing but function words is left on either side.
pub(super) fn overlap(left: &str, right: &str) -> f32 {
    let (left, mut right) = (units(left), units(right));
    let total = left.len() + right.len();
    if total == 0 {
        return 1.0;
    }
    let mut common = 0_u16;
    for unit in left {
        if let Some(position) = right.iter().position(|other| *other == unit) {
            right.swap_remove(position);
            common += 1;
        }
    }
    let total = u16::try_from(total).unwrap_or(u16::MAX);
    2.0 * f32::from(common) / f32::from(total)
}

/// Words of Latin scripts, and pairs of neighbouring ideographs (a lone one by itself).
fn units(text: &str) -> Vec<String> {
    let content = without_function_words(text);
    let mut units = Vec::new();
    for run in content.split(|character: char| !character.is_alphanumeric() && character != '\'') {
        push_run(run, &mut units);
    }
    units
}

fn without_function_words(text: &str) -> String {
    let mut content = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = CHINESE_FUNCTION_WORDS.iter().find(|word| is_ideograph(first) && rest.starts_with(**word));
        if word.is_none() {
            content.push(first);
        }
        rest = &rest[word.map_or(first.len_utf8(), |word| word.len())..];
    }
    content
}

fn push_run(run: &str, units: &mut Vec<String>) {
    let ideographs: Vec<char> = run.chars().filter(|character| is_ideograph(*character)).collect();
    if ideographs.len() == 1 {
        units.push(ideographs.iter().collect());
    }
    units.extend(ideographs.windows(2).map(|pair| pair.iter().collect()));
    let words = run.split(is_ideograph).filter(|word| !word.is_empty());
    units.extend(words.filter(|word| !ENGLISH_FUNCTION_WORDS.contains(word)).map(str::to_owned));
}
