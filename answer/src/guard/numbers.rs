//! Numbers and what they count: "三天" and "7天" disagree, "半年" and "6个月" do not.

use super::overlap::overlap;
use crate::normalize::is_ideograph;

/// A number with at least this many digits is an order or a telephone number: two customers never share it.
const IDENTIFIER_DIGITS: usize = 6;

/// What a number counts. Different spellings of one unit have one name.
type Unit = &'static str;

/// Spellings of units, their name, and how many of the named unit one is. Longer spellings before their beginnings.
const UNITS: [(&str, Unit, f64); 88] = [
    ("个工作日", "hour", 24.0),
    ("工作日", "hour", 24.0),
    ("个自然日", "hour", 24.0),
    ("个小时", "hour", 1.0),
    ("小时", "hour", 1.0),
    ("个钟头", "hour", 1.0),
    ("个钟", "hour", 1.0),
    ("分钟", "minute", 1.0),
    ("秒", "second", 1.0),
    ("天", "hour", 24.0),
    ("个星期", "hour", 168.0),
    ("星期", "weekday", 1.0),
    ("个礼拜", "hour", 168.0),
    ("周岁", "age", 1.0),
    ("周", "hour", 168.0),
    ("个月", "month", 1.0),
    ("月", "calendar month", 1.0),
    ("年级", "grade", 1.0),
    ("年", "month", 12.0),
    ("岁", "age", 1.0),
    ("次", "time", 1.0),
    ("回", "time", 1.0),
    ("万元", "yuan", 10_000.0),
    ("万块", "yuan", 10_000.0),
    ("千元", "yuan", 1_000.0),
    ("百元", "yuan", 100.0),
    ("元", "yuan", 1.0),
    ("块", "yuan", 1.0),
    ("角", "yuan", 0.1),
    ("折", "discount", 1.0),
    ("个人", "person", 1.0),
    ("人", "person", 1.0),
    ("位", "person", 1.0),
    ("件", "item", 1.0),
    ("张", "sheet", 1.0),
    ("台", "device", 1.0),
    ("部", "device", 1.0),
    ("辆", "vehicle", 1.0),
    ("间", "room", 1.0),
    ("晚", "night", 1.0),
    ("楼", "floor", 1.0),
    ("层", "floor", 1.0),
    ("级", "level", 1.0),
    ("期", "instalment", 1.0),
    ("倍", "times", 1.0),
    ("寸", "inch", 1.0),
    ("公斤", "kilogram", 1.0),
    ("千克", "kilogram", 1.0),
    ("kg", "kilogram", 1.0),
    ("斤", "kilogram", 0.5),
    ("公里", "kilometre", 1.0),
    ("km", "kilometre", 1.0),
    ("平米", "square metre", 1.0),
    ("平方", "square metre", 1.0),
    ("厘米", "metre", 0.01),
    ("cm", "metre", 0.01),
    ("毫升", "litre", 0.001),
    ("ml", "litre", 0.001),
    ("升", "litre", 1.0),
    ("米", "metre", 1.0),
    ("度", "degree", 1.0),
    ("点", "o'clock", 1.0),
    ("号", "number", 1.0),
    ("码", "size", 1.0),
    ("个", "piece", 1.0),
    ("gb", "gigabyte", 1.0),
    ("tb", "gigabyte", 1024.0),
    ("mb", "megabyte", 1.0),
    ("%", "percent", 1.0),
    ("percent", "percent", 1.0),
    ("hours", "hour", 1.0),
    ("hour", "hour", 1.0),
    ("minutes", "minute", 1.0),
    ("minute", "minute", 1.0),
    ("days", "hour", 24.0),
    ("day", "hour", 24.0),
    ("weeks", "hour", 168.0),
    ("week", "hour", 168.0),
    ("months", "month", 1.0),
    ("month", "month", 1.0),
    ("years", "month", 12.0),
    ("year", "month", 12.0),
    ("times", "time", 1.0),
    ("yuan", "yuan", 1.0),
    ("rmb", "yuan", 1.0),
    ("dollars", "dollar", 1.0),
    ("euros", "euro", 1.0),
    ("pounds", "pound", 1.0),
];

/// Of these a Chinese 一 counts: "一年". Before other measure words it is an article: "一个订单".
const COUNTED_FROM_ONE: [Unit; 4] = ["hour", "month", "instalment", "floor"];

const ENGLISH_NUMBERS: [(&str, f64); 12] = [
    ("one", 1.0),
    ("two", 2.0),
    ("three", 3.0),
    ("four", 4.0),
    ("five", 5.0),
    ("six", 6.0),
    ("seven", 7.0),
    ("eight", 8.0),
    ("nine", 9.0),
    ("ten", 10.0),
    ("eleven", 11.0),
    ("twelve", 12.0),
];

/// A number of a sentence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quantity {
    /// In the named unit.
    value: f64,
    /// Empty for a number without a unit.
    unit: Unit,
}

/// Numbers are compared between sentences that share at least this much apart from them, else they belong to two
/// stories.
const ALIKE_AROUND_NUMBERS: f32 = 0.5;

/// Whether the sentences are alike, both count the same thing, and they have no number of it in common. Symmetric.
pub(super) fn conflict(left: &str, right: &str) -> bool {
    let ((left, left_rest), (right, right_rest)) = (quantities(left), quantities(right));
    let disagrees = |quantity: &Quantity| {
        let same_unit = |other: &&Quantity| other.unit == quantity.unit;
        let agree = |other: &Quantity| left.iter().any(|one| one.equals(*other));
        right.iter().any(|other| same_unit(&other)) && !right.iter().filter(same_unit).any(agree)
    };
    left.iter().any(disagrees) && overlap(&left_rest, &right_rest) >= ALIKE_AROUND_NUMBERS
}

impl Quantity {
    fn equals(self, other: Self) -> bool {
        self.unit == other.unit && (self.value - other.value).abs() <= 1e-6 * self.value.abs()
    }
}

/// The quantities of a sentence, and the sentence without them.
fn quantities(sentence: &str) -> (Vec<Quantity>, String) {
    let mut found = Vec::new();
    let mut without = String::with_capacity(sentence.len());
    let mut rest = sentence;
    let mut previous = ' ';
    while let Some(first) = rest.chars().next() {
        let (quantity, length) = quantity(rest, previous).unwrap_or((None, first.len_utf8()));
        let (taken, following) = rest.split_at(length);
        without.push_str(if quantity.is_some() { " " } else { taken });
        found.extend(quantity);
        previous = taken.chars().next_back().unwrap_or(' ');
        rest = following;
    }
    (found, without)
}

/// The number at the start of `rest`, if it counts anything, and the bytes it and its unit take.
fn quantity(rest: &str, previous: char) -> Option<(Option<Quantity>, usize)> {
    if previous.is_ascii_alphanumeric() && rest.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return None;
    }
    arabic(rest).or_else(|| chinese(rest, previous)).or_else(|| english(rest))
}

fn arabic(rest: &str) -> Option<(Option<Quantity>, usize)> {
    let written = digits(rest);
    if !written.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    if written.len() >= IDENTIFIER_DIGITS && !written.contains(',') {
        return Some((None, written.len()));
    }
    let value: f64 = written.replace(',', "").parse().ok()?;
    let after = &rest[written.len()..];
    match unit(after) {
        Some((unit, factor, taken)) => {
            Some((Some(Quantity { value: value * factor, unit }), written.len() + taken))
        }
        None if after.starts_with(|next: char| next.is_ascii_alphanumeric()) => Some((None, written.len())),
        None => Some((Some(Quantity { value, unit: "" }), written.len())),
    }
}

/// The digits at the start of `rest`, with a decimal point, and with commas where they part thousands: "1,000.5", but of
/// "1,2" the "1" alone.
fn digits(rest: &str) -> &str {
    let run = |from: usize, belongs: fn(char) -> bool| {
        let end = rest[from..].find(|next: char| !belongs(next));
        end.map_or(rest.len(), |length| from + length)
    };
    let is_digit = |next: char| next.is_ascii_digit();
    let first = run(0, is_digit);
    let mut end = first;
    while matches!(first, 1..=3) && rest[end..].starts_with(',') && run(end + 1, is_digit) == end + 4 {
        end += 4;
    }
    let end = run(end, |next| next.is_ascii_digit() || next == '.');
    rest[..end].trim_end_matches('.')
}

/// Chinese numerals count only before a unit: 三天, but not 三星.
fn chinese(rest: &str, previous: char) -> Option<(Option<Quantity>, usize)> {
    let length = rest.find(|character| !is_numeral(character)).unwrap_or(rest.len());
    let numerals = &rest[..length];
    if numerals.is_empty() || matches!(previous, '第' | '几' | '下' | '上' | '同' | '这' | '哪' | '每' | '某')
    {
        return None;
    }
    let (unit, factor, taken) = unit(&rest[length..])?;
    let Some(value) = numeral_value(numerals) else { return Some((None, length + taken)) };
    let is_article = numerals == "一" && !COUNTED_FROM_ONE.contains(&unit);
    let quantity = (!is_article && unit != "piece").then_some(Quantity { value: value * factor, unit });
    Some((quantity, length + taken))
}

fn english(rest: &str) -> Option<(Option<Quantity>, usize)> {
    let length = rest.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (word, value) = ENGLISH_NUMBERS.iter().find(|(word, _)| *word == &rest[..length])?;
    let (unit, factor, taken) = unit(&rest[length..])?;
    Some((Some(Quantity { value: value * factor, unit }), word.len() + taken))
}

/// The unit at the start of `after`, its factor and its bytes.
fn unit(after: &str) -> Option<(Unit, f64, usize)> {
    let spaces = after.len() - after.trim_start().len();
    let text = after.trim_start();
    let (spelling, unit, factor) = UNITS.iter().find(|(spelling, ..)| is_word_start(text, spelling))?;
    Some((unit, *factor, spaces + spelling.len()))
}

/// Latin units are whole words; "5 gbit" is not "5 gb".
fn is_word_start(text: &str, spelling: &str) -> bool {
    text.strip_prefix(spelling).is_some_and(|following| {
        let ends_in_letter = spelling.ends_with(|last: char| last.is_ascii_alphabetic());
        !ends_in_letter || !following.starts_with(|next: char| next.is_ascii_alphanumeric())
    })
}

fn is_numeral(character: char) -> bool {
    is_ideograph(character)
        && (digit(character).is_some() || matches!(character, '十' | '百' | '千' | '万' | '半'))
}

fn digit(character: char) -> Option<f64> {
    let position = "零一二三四五六七八九".chars().position(|numeral| numeral == character);
    let position = if character == '两' { Some(2) } else { position };
    position.and_then(|value| u32::try_from(value).ok()).map(f64::from)
}

/// 三 is 3, 十五 is 15, 二百三十 is 230, 十二万 is 120,000, 半 is 0.5; `None` for digits side by side (三五天 is "a few").
fn numeral_value(numerals: &str) -> Option<f64> {
    if numerals == "半" {
        return Some(0.5);
    }
    let (mut total, mut pending) = (0.0, None);
    for character in numerals.chars() {
        let weight = match character {
            '十' => 10.0,
            '百' => 100.0,
            '千' => 1_000.0,
            '零' => continue,
            '万' => {
                let before = total + pending.take().unwrap_or(0.0);
                total = 10_000.0 * if before > 0.0 { before } else { 1.0 };
                continue;
            }
            other => {
                if pending.replace(digit(other)?).is_some() {
                    return None;
                }
                continue;
            }
        };
        total += pending.take().unwrap_or(1.0) * weight;
    }
    Some(total + pending.unwrap_or(0.0))
}
