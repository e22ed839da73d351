"""Builds the tokenizer: a Unigram model over Chinese words and characters, English words and parts of words.

A static table has no word order, so frequent Chinese words ("退款", "怎么办") are tokens of their own; what is left falls
apart into characters, rare English words into parts, and everything else is [UNK].
"""
import math
import re
import unicodedata
from collections import Counter

import jieba
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

UNKNOWN = "[UNK]"
SYMBOLS = list("0123456789abcdefghijklmnopqrstuvwxyz?!,.。、:;%¥$-/()")
CHINESE = re.compile(r"[\u4e00-\u9fff]+")
ENGLISH = re.compile(r"[a-z]+")
LONGEST_WORD = 5
# Pieces of words are the last resort: their log probability is lowered so that a known word always wins.
PIECE_PENALTY = 6.0


def build_tokenizer(sources: list[tuple[list[str], float]], words: int, characters: int, english: int, pieces: int) -> Tokenizer:
    """`sources` are lists of texts with the weight of one occurrence; the other numbers are how many of each kind."""
    chinese_counts, english_counts = count_words(sources)
    scores = {UNKNOWN: 0.0}
    scores |= log_probabilities(choose_chinese(chinese_counts, words, characters))
    known = Counter(dict(most_common(english_counts, english)))
    scores |= log_probabilities(known)
    lowest = min(scores.values())
    rest = Counter({word: count for word, count in english_counts.items() if word not in known})
    fallback = SYMBOLS + [piece for piece, _ in most_common(count_pieces(rest), pieces)]
    for piece in fallback:
        scores.setdefault(piece, lowest - PIECE_PENALTY / len(piece))
    return assemble(list(scores.items()))


def assemble(vocabulary: list[tuple[str, float]]) -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=0, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Split(Regex(r"\p{Han}+|[a-z]+|\p{N}|[^\p{Han}a-z\p{N}]"), behavior="isolated"),
        ]
    )
    return tokenizer


def count_words(sources: list[tuple[list[str], float]]) -> tuple[Counter, Counter]:
    jieba.setLogLevel(60)
    chinese, english = Counter(), Counter()
    for texts, weight in sources:
        for text in texts:
            text = unicodedata.normalize("NFKC", text).lower()
            for run in CHINESE.findall(text):
                for word in jieba.cut(run, HMM=False):
                    chinese[word] += weight
            for word in ENGLISH.findall(text):
                english[word] += weight
    return chinese, english


def choose_chinese(counts: Counter, words: int, characters: int) -> Counter:
    """The most frequent characters (counted inside words too, at a tenth) and the most frequent words."""
    single = Counter()
    for word, count in counts.items():
        for character in word:
            single[character] += count if len(word) == 1 else count / 10
    several = Counter({word: count for word, count in counts.items() if 2 <= len(word) <= LONGEST_WORD})
    return Counter(dict(most_common(single, characters) + most_common(several, words)))


def count_pieces(words: Counter) -> Counter:
    pieces = Counter()
    for word, count in words.items():
        for length in (2, 3, 4):
            for start in range(len(word) - length + 1):
                pieces[word[start : start + length]] += count
    return pieces


def most_common(counts: Counter, limit: int) -> list[tuple[str, float]]:
    """As Counter.most_common, with ties in the order of the text, so that a second run gives the same vocabulary."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit]


def log_probabilities(counts: Counter) -> dict[str, float]:
    total = math.log(sum(counts.values()))
    return {word: math.log(count) - total for word, count in counts.items()}
