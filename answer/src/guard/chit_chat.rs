//! Greetings, thanks, laughter: messages that want a polite word and no answer from an FAQ.

use std::{collections::HashSet, sync::LazyLock};

use crate::{
    normalize,
    normalize::is_ideograph,
    other_topics::{CHIT_CHAT, lines},
};

static KEYS: LazyLock<HashSet<String>> =
    LazyLock::new(|| lines(CHIT_CHAT).map(|line| key(&normalize(line))).collect());

/// Said first, before something else that is chit-chat too.
const GREETINGS: [&str; 10] = ["你好", "您好", "哈喽", "嗨", "喂", "亲", "客服", "hello ", "hi ", "hey "];

/// Particles that end a sentence and change nothing.
const PARTICLES: [char; 15] =
    ['啊', '呀', '呢', '吧', '哦', '哈', '了', '啦', '嘛', '呗', '哟', '喽', '咯', '噢', '哇'];

/// Whether `normalized` is a line of the shipped list, or several of them, whatever its punctuation, its particles at
/// the end and its repetitions ("哈哈哈哈", "在吗在吗"). False for a text without letters and digits.
pub(crate) fn is_chit_chat(normalized: &str) -> bool {
    if is_listed(normalized) {
        return true;
    }
    let mut parts = normalized
        .split(|character: char| !character.is_alphanumeric() && !matches!(character, ' ' | '\'' | '’'))
        .filter(|part| part.chars().any(char::is_alphanumeric))
        .peekable();
    parts.peek().is_some()
        && parts.all(|part| is_listed(part.trim()) || is_listed_after_greeting(part.trim()))
}

fn is_listed_after_greeting(part: &str) -> bool {
    GREETINGS.iter().filter_map(|greeting| part.strip_prefix(greeting)).any(is_listed)
}

fn is_listed(text: &str) -> bool {
    let key = key(text);
    !key.is_empty() && KEYS.contains(&key)
}

/// What is left of a text without punctuation, spaces, repetitions and particles at the end.
fn key(text: &str) -> String {
    let characters: Vec<char> = text.chars().filter(|character| character.is_alphanumeric()).collect();
    let mut characters = without_runs(once(&characters));
    while characters.len() > 1 && characters.last().is_some_and(|last| PARTICLES.contains(last)) {
        characters.pop();
    }
    once(&characters).iter().collect()
}

/// The unit of a text that repeats itself: "在吗在吗" gives "在吗".
fn once(characters: &[char]) -> &[char] {
    let length = characters.len();
    let period = (1..=length / 2).find(|period| {
        length.is_multiple_of(*period)
            && characters.chunks(*period).all(|chunk| Some(chunk) == characters.get(..*period))
            && (*period > 1 || is_stretched(length, characters))
    });
    period.and_then(|period| characters.get(..period)).unwrap_or(characters)
}

/// Reduces "哈哈哈" to one character and so "soooo", but leaves the double letters of "hello" and the digits of "88".
fn without_runs(characters: &[char]) -> Vec<char> {
    characters
        .chunk_by(|left, right| left == right)
        .flat_map(|run| if is_stretched(run.len(), run) { &run[..1] } else { run })
        .copied()
        .collect()
}

fn is_stretched(times: usize, run: &[char]) -> bool {
    times > 2 || run.first().is_some_and(|character| is_ideograph(*character))
}
