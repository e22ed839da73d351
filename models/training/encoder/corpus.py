"""Everything the encoder is trained on, as token numbers in one file: what `pack_encoder.py` writes and training reads."""
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

import data
from encoder.noise import Noise
from static.sentences import characters_of_words
from teacher import teacher_vectors

# Noisy versions kept of each authored sentence.
VERSIONS = 4
FREQUENT_CHARACTERS = 2500
SHORTEST_LINE, LONGEST_LINE = 8, 120


@dataclass
class Ragged:
    """Lists of numbers of different lengths, one after the other."""

    flat: np.ndarray
    sizes: np.ndarray

    @staticmethod
    def of(lists: list, kind: type) -> "Ragged":
        sizes = np.array([len(part) for part in lists], np.int32)
        flat = np.concatenate([np.asarray(part, kind) for part in lists]) if sizes.sum() else np.zeros(0, kind)
        return Ragged(flat, sizes)

    def starts(self) -> np.ndarray:
        return np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype(np.int64)

    def keep(self, kept: np.ndarray) -> "Ragged":
        """Only the lists where `kept` [lists] is true."""
        return Ragged(self.flat[np.repeat(kept, self.sizes)], self.sizes[kept])

    def emptied(self) -> "Ragged":
        return Ragged(self.flat[:0], np.zeros_like(self.sizes))


@dataclass
class Corpus:
    """Sentences are named by their number in `tokens`. A sentence's noisy versions follow it directly.

    `versions` [sentences]: how many follow. `parallel`, `answers` [n, 2]: the two sides of each pair; `text` [n].
    `teacher` [taught, 384] int8 (127 is 1.0): the teacher's vector of the English side of `taught` [taught, 2].
    `phrasings`, `translations`, `replies`, `unlike`: sentence numbers of each entry; `out_of_scope` of each industry.
    `industries`: the entries of each industry; `names` [industries]. `spelling`: for each token the tokens of its characters.
    """

    tokens: Ragged
    versions: np.ndarray
    text: np.ndarray
    parallel: np.ndarray
    taught: np.ndarray
    teacher: np.ndarray
    answers: np.ndarray
    phrasings: Ragged
    translations: Ragged
    replies: Ragged
    unlike: Ragged
    out_of_scope: Ragged
    industries: np.ndarray
    names: np.ndarray
    spelling: Ragged

    def save(self, path: Path) -> None:
        arrays = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Ragged):
                arrays |= {f"{field.name}.flat": value.flat, f"{field.name}.sizes": value.sizes}
            else:
                arrays[field.name] = value
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **arrays)

    @staticmethod
    def load(path: Path) -> "Corpus":
        stored = np.load(path)
        names = {name.removesuffix(".flat") for name in stored.files if not name.endswith(".sizes")}
        return Corpus(
            **{
                name: Ragged(stored[f"{name}.flat"], stored[f"{name}.sizes"]) if f"{name}.sizes" in stored.files else stored[name]
                for name in names
            }
        )

    def keep(self, kept: np.ndarray) -> "Corpus":
        """Only the industries where `kept` [industries] is true; everything that is not of an industry stays."""
        entries = np.repeat(kept, self.industries)
        lists = {name: getattr(self, name).keep(entries) for name in ("phrasings", "translations", "replies", "unlike")}
        return replace(self, industries=self.industries[kept], names=self.names[kept], out_of_scope=self.out_of_scope.keep(kept), **lists)


class Writer:
    """Collects sentences; `add` gives their numbers."""

    def __init__(self, tokenizer: Tokenizer, noise: Noise) -> None:
        self.tokenizer, self.noise = tokenizer, noise
        self.parts: list[np.ndarray] = []
        self.versions: list[int] = []

    def add(self, texts: list[str], versions: int = 0) -> np.ndarray:
        step = versions + 1
        noisy = [form for text in texts for form in (text, *(self.noise.disturb(text) for _ in range(versions)))]
        first = len(self.parts)
        for encoding in self.tokenizer.encode_batch_fast(noisy, add_special_tokens=False):
            self.parts.append(np.array(encoding.ids, np.uint16))
        self.versions += [versions if place % step == 0 else 0 for place in range(len(noisy))]
        return np.arange(first, len(self.parts), step, dtype=np.int32)


def build_corpus(folder: Path, authored: list[Path], tokenizer: Tokenizer, hold_out: set[str], every: int, taught: int, cache: Path) -> Corpus:
    """`every`: of the plain text each so-many-th line; `taught`: parallel rows with a teacher's vector; with 0 the
    teacher is not asked about the authored questions either."""
    industries = data.read_industries(authored, hold_out)
    entries = [entry for industry in industries for entry in industry.entries]
    lines = [line for line in data.read_text(folder, every) if SHORTEST_LINE <= len(line)]
    writer = Writer(tokenizer, Noise(frequent_characters(entries), seed=0))
    with_teacher, without = split_parallel(data.read_parallel(folder), taught)
    own = [(entry.phrasings[0], entry.translations[0]) for entry in entries if entry.translations and taught]
    rows = [*with_teacher, *[pair if english(pair[1]) else pair[::-1] for pair in own]]
    vectors = teacher_vectors([english_side for _, english_side in rows], cache)
    questions = data.read_question_answers(folder)
    return Corpus(
        text=writer.add([line[:LONGEST_LINE] for line in lines]),
        parallel=add_pairs(writer, without),
        taught=add_pairs(writer, rows),
        teacher=np.round(vectors.astype(np.float32) * 127).astype(np.int8),
        answers=add_pairs(writer, [(question, answer[:LONGEST_LINE]) for question, answer in questions]),
        phrasings=Ragged.of([writer.add(entry.phrasings, VERSIONS) for entry in entries], np.int32),
        translations=Ragged.of([writer.add(entry.translations, VERSIONS) for entry in entries], np.int32),
        replies=Ragged.of([writer.add(entry.answers) for entry in entries], np.int32),
        unlike=Ragged.of([writer.add(entry.unlike, VERSIONS) for entry in entries], np.int32),
        out_of_scope=Ragged.of([writer.add(industry.out_of_scope) for industry in industries], np.int32),
        industries=np.array([len(industry.entries) for industry in industries], np.int32),
        names=np.array([industry.name for industry in industries], np.str_),
        spelling=Ragged.of(characters_of_words(tokenizer), np.uint16),
        tokens=Ragged.of(writer.parts, np.uint16),
        versions=np.array(writer.versions, np.int8),
    )


def split_parallel(pairs: list[tuple[str, str]], taught: int) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Short pairs in a random order, as many as the teacher is asked about; then all others."""
    chosen = data.short_pairs(pairs)[:taught]
    known = set(chosen)
    return chosen, [pair for pair in pairs if pair not in known and len(pair[0]) <= LONGEST_LINE and len(pair[1]) <= 400]


def add_pairs(writer: Writer, pairs: list[tuple[str, str]]) -> np.ndarray:
    return np.stack([writer.add([left for left, _ in pairs]), writer.add([right for _, right in pairs])], axis=1)


def english(text: str) -> bool:
    return sum("a" <= character <= "z" for character in text.lower()) * 2 > len(text)


def frequent_characters(entries: list[data.Entry]) -> list[str]:
    counts: dict[str, int] = {}
    for entry in entries:
        for character in "".join(entry.phrasings):
            if "\u4e00" <= character <= "\u9fff":
                counts[character] = counts.get(character, 0) + 1
    return sorted(counts, key=lambda character: (-counts[character], character))[:FREQUENT_CHARACTERS]
