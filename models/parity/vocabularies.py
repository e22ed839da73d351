"""Small tokenizers of the four kinds that published sentence encoders use, cut from one corpus.

Nothing here is random: the same corpus always gives the same tokenizer.json.
"""

import math
from collections import Counter

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from sentences import CORPUS

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~，。？！：；、…“”"
SUFFIXES = ["ing", "ed", "er", "es", "ly", "tion", "ment", "able", "al", "ive", "ge", "ry"]


def word_piece(cls="[CLS]", sep="[SEP]", lowercase=True):
    """BERT's tokenizer: [PAD]=0, [UNK], [CLS], [SEP], [MASK]; Chinese characters stand alone."""
    words = words_by_count()
    pieces = ["[PAD]", "[UNK]", cls, sep, "[MASK]"]
    letters = LETTERS if lowercase else LETTERS + LETTERS[:26].upper()
    pieces += list(PUNCTUATION) + list(letters) + ["##" + letter for letter in letters]
    pieces += ["##" + suffix for suffix in SUFFIXES] + chinese_characters() + words[:110]
    vocabulary = {piece: index for index, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{cls}:0 $A:0 {sep}:0",
        pair=f"{cls}:0 $A:0 {sep}:0 $B:1 {sep}:1",
        special_tokens=[(cls, vocabulary[cls]), (sep, vocabulary[sep])],
    )
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", cls, sep, "[MASK]"])
    return tokenizer


def unigram():
    """XLM-RoBERTa's tokenizer: <s>=0, <pad>=1, </s>=2, <unk>=3, <mask> last; pieces carry log probabilities."""
    counts = Counter()
    for word in spaced_words():
        counts.update(substrings("▁" + word, longest=6))
    characters = {c for line in CORPUS for c in line.replace(" ", "▁")} | set(LETTERS + LETTERS.upper()) | {"▁"}
    chosen = [piece for piece, count in sorted(counts.items(), key=by_worth) if len(piece) > 1 and count > 1][:220]
    total = sum(counts.values())
    pieces = [(piece, round(math.log(counts[piece] / total) + 0.5 * (len(piece) - 1), 6)) for piece in chosen]
    pieces += [(c, round(math.log(max(counts[c], 0.1) / total) - 2.0, 6)) for c in sorted(characters)]
    specials = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    tokenizer = Tokenizer(models.Unigram(specials + pieces, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " "), normalizers.Strip()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always", split=True)]
    )
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always", split=True)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    mask = AddedToken("<mask>", lstrip=True, special=True)
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", mask])
    return tokenizer


def byte_pairs():
    """Qwen3's tokenizer: byte-level BPE, no unknown token, <|endoftext|> put after every text."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=False))
    tokenizer.normalizer = normalizers.NFC()
    words = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    rest = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(f"{words}|{rest}"), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=560, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    end = tokenizer.token_to_id("<|endoftext|>")
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False),
            processors.TemplateProcessing(
                single="$A <|endoftext|>",
                pair="$A <|endoftext|> $B <|endoftext|>",
                special_tokens=[("<|endoftext|>", end)],
            ),
        ]
    )
    return tokenizer


def words_by_count():
    counts = Counter()
    for line in CORPUS:
        spaced = "".join(c if c.isascii() and c.isalpha() else " " for c in line.lower())
        counts.update(word for word in spaced.split() if len(word) > 1)
    return sorted(counts, key=lambda word: (-counts[word], word))


def chinese_characters():
    return sorted({c for line in CORPUS for c in line if "\u4e00" <= c <= "\u9fff"})


def spaced_words():
    return [word for line in CORPUS for word in line.split()]


def substrings(word, longest):
    return [word[i:j] for i in range(len(word)) for j in range(i + 1, min(len(word), i + longest) + 1)]


def by_worth(item):
    piece, count = item
    return (-count * (len(piece) - 1), piece)
