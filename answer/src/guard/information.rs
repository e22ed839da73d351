//! Texts that mean nothing by themselves: "1", "嗯", "怎么办", "asdfgh".

use crate::normalize::is_ideograph;

/// Characters of which no sequence names a subject: pronouns, particles, question words, auxiliaries.
const FUNCTION_CHARACTERS: &str = "的了吗呢吧啊呀哦噢喔嘛么呗哈嘿呵嘻嗯呃额哎唉诶咦哇喂嗨啦哟喽咯得地着过\
    我你您他她它们咱俺这那哪谁什怎咋啥几个些是有在和与跟也都就还又再很太更最可以能会想该应为因所但\
    一二三四五六七八九十百千万零两半不没无别嘻呜嘤嘎呸哼咳呦丫";

/// One character that does name something a customer wants. Any other single character is too little.
const WORDS_OF_ONE_CHARACTER: &str =
    "退换修查寄充借还取存买卖改删装拆送贷税票卡钱货价券码续签租押罚奖图学停催投诉赔涨跌关开注销绑锁";

/// Questions that only make sense after another sentence.
const WITHOUT_SUBJECT: [&str; 42] = [
    "怎么办",
    "怎么办呢",
    "咋办",
    "咋办呢",
    "怎么弄",
    "咋弄",
    "咋整",
    "怎么搞",
    "咋搞",
    "怎么回事",
    "咋回事",
    "什么情况",
    "啥情况",
    "什么意思",
    "啥意思",
    "为什么",
    "为啥",
    "请问",
    "请问一下",
    "问一下",
    "问下",
    "问个问题",
    "我想问",
    "我想问一下",
    "我想问下",
    "我想咨询",
    "我要咨询",
    "咨询",
    "咨询一下",
    "咨询下",
    "有问题",
    "我有问题",
    "我有个问题",
    "有个问题",
    "求助",
    "帮忙",
    "帮帮我",
    "帮我",
    "急",
    "急急急",
    "在哪里",
    "这样可以吗",
];

/// Short Latin words of two letters that name something; other pairs of letters are too little.
const WORDS_OF_TWO_LETTERS: [&str; 24] = [
    "id", "ip", "pc", "tv", "hr", "ai", "qq", "vr", "ar", "hp", "lg", "ev", "sd", "ic", "uk", "us", "eu",
    "pr", "xl", "xs", "vi", "cd", "sf", "td",
];

const ENGLISH_FUNCTION_WORDS: [&str; 62] = [
    "a",
    "an",
    "the",
    "i",
    "you",
    "he",
    "she",
    "it",
    "we",
    "they",
    "me",
    "my",
    "your",
    "this",
    "that",
    "these",
    "those",
    "is",
    "are",
    "am",
    "was",
    "be",
    "do",
    "does",
    "did",
    "can",
    "could",
    "will",
    "would",
    "should",
    "what",
    "how",
    "why",
    "when",
    "where",
    "who",
    "which",
    "and",
    "or",
    "but",
    "so",
    "if",
    "to",
    "of",
    "for",
    "in",
    "on",
    "at",
    "with",
    "about",
    "please",
    "help",
    "need",
    "want",
    "have",
    "question",
    "ask",
    "hi",
    "hello",
    "one",
    "something",
    "here",
];

/// Rows of a keyboard and the alphabet: fingers that walk along them write no word.
const ROWS: [&str; 5] = ["qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz", "1234567890"];

/// Whether `normalized` holds too little to be looked up: only digits, one character or two that are no word, one
/// character over and over, words without a subject, or fingers on a keyboard. True for the empty text.
pub(crate) fn too_little(normalized: &str) -> bool {
    let characters: Vec<char> = normalized.chars().filter(|character| character.is_alphanumeric()).collect();
    if characters.iter().any(|character| is_ideograph(*character)) {
        return chinese_says_nothing(&characters);
    }
    characters.is_empty()
        || characters.iter().all(char::is_ascii_digit)
        || normalized.is_ascii() && latin_says_nothing(normalized)
}

fn chinese_says_nothing(characters: &[char]) -> bool {
    let text: String = characters.iter().collect();
    if WITHOUT_SUBJECT.contains(&text.as_str()) {
        return true;
    }
    if characters.iter().all(|character| Some(character) == characters.first()) {
        return characters.first().is_none_or(|only| !WORDS_OF_ONE_CHARACTER.contains(*only));
    }
    let digits = characters.iter().filter(|character| character.is_ascii_digit()).count();
    digits < 2
        && characters
            .iter()
            .all(|character| FUNCTION_CHARACTERS.contains(*character) || character.is_ascii_digit())
}

fn latin_says_nothing(text: &str) -> bool {
    let mut words = text.split(|character: char| !character.is_alphanumeric() && character != '\'');
    words.all(|word| word.is_empty() || ENGLISH_FUNCTION_WORDS.contains(&word) || is_no_word(word))
}

fn is_no_word(word: &str) -> bool {
    let letters: Vec<char> = word.chars().filter(char::is_ascii_alphabetic).collect();
    let is_code = letters.len() < word.len();
    match letters.len() {
        0 => true,
        1 => !is_code,
        2 => !is_code && !WORDS_OF_TWO_LETTERS.contains(&word),
        _ => is_one_letter(&letters) || is_walk(&letters) || is_unpronounceable(word, &letters),
    }
}

fn is_one_letter(letters: &[char]) -> bool {
    letters.iter().all(|letter| Some(letter) == letters.first())
}

/// Two thirds of the letters or more follow each other along a row, four at least unless that is the whole word.
fn is_walk(letters: &[char]) -> bool {
    let longest =
        letters.chunk_by(|left, right| are_neighbours(*left, *right)).map(<[char]>::len).max().unwrap_or(0);
    longest == letters.len() || longest >= 4 && 3 * longest >= 2 * letters.len()
}

fn are_neighbours(left: char, right: char) -> bool {
    ROWS.iter().any(|row| row.find(left).zip(row.find(right)).is_some_and(|(a, b)| b == a + 1))
}

/// Six letters or more without a vowel: no English word, and few abbreviations.
fn is_unpronounceable(word: &str, letters: &[char]) -> bool {
    letters.len() >= 6 && !letters.iter().any(|letter| "aeiouy".contains(*letter)) && word != "https"
}
