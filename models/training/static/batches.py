"""Draws what a training step sees: sentence numbers, and which of them belong together."""
from dataclasses import dataclass

import numpy as np

from data import Industry
from static.sentences import Sentences

# Of the authored pairs, the share whose right side is the answer, and the share that crosses the languages.
ANSWER_SHARE = 0.1
ENGLISH_SHARE = 0.1
# One side is the standard question more often than chance would have it, as in the index.
STANDARD_SHARE = 0.3


# For all entries but its own a look-alike is no negative: another entry may answer it.
NEVER = np.float32(-1e4)


@dataclass
class AuthoredBatch:
    left: np.ndarray  # sentence numbers
    right: np.ndarray  # the same length as left, then questions that no entry answers, then look-alikes of one entry
    bias: np.ndarray  # [left, right] for losses.contrast


class Authored:
    """Batches of whole industries: an entry's neighbours in its own industry are the negatives that matter."""

    def __init__(self, sentences: Sentences, industries: list[Industry], foreign_bias: float) -> None:
        self.foreign_bias = foreign_bias
        entries = [entry for industry in industries for entry in industry.entries]
        sizes = [len(industry.entries) for industry in industries]
        self.members = np.split(np.arange(len(entries)), np.cumsum(sizes)[:-1])
        self.phrasings = Ragged([sentences.add(entry.phrasings) for entry in entries])
        self.translations = Ragged([sentences.add(entry.translations) for entry in entries])
        self.answers = Ragged([sentences.add(entry.answers) for entry in entries])
        self.unlike = Ragged([sentences.add(entry.unlike) for entry in entries])
        self.out_of_scope = [sentences.add(industry.out_of_scope) for industry in industries]

    def draw(self, industries: int, rng: np.random.Generator) -> AuthoredBatch:
        """Two phrasings of each entry of some industries. Look-alikes of another industry are weak negatives only."""
        chosen = rng.choice(len(self.members), min(industries, len(self.members)), replace=False)
        entries = np.concatenate([self.members[number] for number in chosen])
        left, right = self.draw_pairs(entries, rng)
        extra = np.concatenate([self.out_of_scope[number] for number in chosen])
        owner = np.repeat(chosen, [len(self.members[number]) for number in chosen])
        owner_extra = np.repeat(chosen, [len(self.out_of_scope[number]) for number in chosen])
        foreign = owner[:, None] != np.concatenate([owner, owner_extra])[None]
        bias = np.where(foreign, np.float32(self.foreign_bias), np.float32(0))
        unlike, row = self.draw_unlike(entries, rng)
        only_own = np.where(np.arange(len(left))[:, None] == row[None], np.float32(0), NEVER)
        return AuthoredBatch(left, np.concatenate([right, extra, unlike]), np.concatenate([bias, only_own], axis=1))

    def draw_unlike(self, entries: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """One look-alike of each entry that has any, and the entry's place in the batch."""
        row = np.flatnonzero(self.unlike.sizes[entries] > 0)
        return self.unlike.draw(entries[row], rng), row

    def draw_pairs(self, entries: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        left, right = self.phrasings.draw_two(entries, STANDARD_SHARE, rng)
        kind = rng.random(len(entries))
        right = np.where(kind < ANSWER_SHARE, self.answers.draw(entries, rng), right)
        english = (kind >= ANSWER_SHARE) & (kind < ANSWER_SHARE + ENGLISH_SHARE) & (self.translations.sizes[entries] > 0)
        right = np.where(english, self.translations.draw(entries, rng), right)
        both = english & (kind < ANSWER_SHARE + ENGLISH_SHARE / 3)
        return np.where(both, self.translations.draw(entries, rng), left), right


class Ragged:
    """Lists of sentence numbers of different lengths, drawn from for many entries at once."""

    def __init__(self, lists: list[np.ndarray]) -> None:
        self.sizes = np.array([len(numbers) for numbers in lists])
        self.table = np.zeros((len(lists), max(self.sizes)), np.int64)
        for row, numbers in enumerate(lists):
            self.table[row, : len(numbers)] = numbers

    def draw(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return self.table[rows, (rng.random(len(rows)) * self.sizes[rows]).astype(int)]

    def draw_two(self, rows: np.ndarray, first_share: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Two different members of each list; in `first_share` of the cases the second is the first of the list."""
        sizes = self.sizes[rows]
        one = (rng.random(len(rows)) * sizes).astype(int)
        other = (one + 1 + (rng.random(len(rows)) * (sizes - 1)).astype(int)) % sizes
        other = np.where((rng.random(len(rows)) < first_share) & (one > 0), 0, other)
        return self.table[rows, one], self.table[rows, other]


class Pairs:
    """Pairs of sentences; the other pairs of the batch are the negatives."""

    def __init__(self, sentences: Sentences, pairs: list[tuple[str, str]]) -> None:
        self.left = sentences.add([left for left, _ in pairs])
        self.right = sentences.add([right for _, right in pairs])

    def draw(self, size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        chosen = rng.choice(len(self.left), size, replace=False)
        return self.left[chosen], self.right[chosen]
