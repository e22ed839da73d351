"""Draws sentences of the corpus as packed tokens, with the noise of a training step."""
import numpy as np
import torch

from encoder.corpus import Corpus, Ragged
from encoder.network import Packed

LONGEST = 64


class Sentences:
    """`noisy`: the share of authored sentences replaced by a disturbed version; `spelled`: of the words cut into their
    characters; `lost`: of the tokens left out."""

    def __init__(self, corpus: Corpus, classifier: int, separator: int, noisy: float, spelled: float, lost: float) -> None:
        self.tokens, self.starts, self.versions = corpus.tokens, corpus.tokens.starts(), corpus.versions
        self.spelling, self.spelling_starts = corpus.spelling, corpus.spelling.starts()
        self.marks = np.array([classifier]), np.array([separator])
        self.noisy, self.spelled, self.lost = noisy, spelled, lost

    def draw(self, numbers: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
        """The token numbers of each sentence, as this step sees them, without [CLS] and [SEP]; never empty."""
        versions = (rng.random(len(numbers)) * self.versions[numbers]).astype(np.int64) + 1
        disturbed = (rng.random(len(numbers)) < self.noisy) & (self.versions[numbers] > 0)
        return [self.spell(self.plain(number), rng) for number in numbers + versions * disturbed]

    def plain(self, number: int) -> np.ndarray:
        start = self.starts[number]
        return self.tokens.flat[start : start + self.tokens.sizes[number]]

    def spell(self, ids: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        # A whole sentence at times, as an unknown spelling would be cut; single words otherwise.
        share = 1.0 if rng.random() < self.spelled / 2 else self.spelled / 2
        spelled = rng.random(len(ids)) < share
        kept = rng.random(len(ids)) >= self.lost
        parts = [self.characters(token) if cut else token[None] for token, cut, keep in zip(ids, spelled, kept) if keep]
        return np.concatenate(parts)[: LONGEST - 2] if parts else ids[: LONGEST - 2]

    def characters(self, token: int) -> np.ndarray:
        start = self.spelling_starts[token]
        return self.spelling.flat[start : start + self.spelling.sizes[token]]

    def pack(self, sentences: list[np.ndarray]) -> tuple[Packed, torch.Tensor]:
        """The packed batch, and for each sentence its row in it."""
        order = sorted(range(len(sentences)), key=lambda row: len(sentences[row]))
        flat = np.concatenate([part for row in order for part in (self.marks[0], sentences[row], self.marks[1])])
        lengths = np.array([len(sentences[row]) + 2 for row in order])
        rows = np.empty(len(order), np.int64)
        rows[order] = np.arange(len(order))
        return Packed(torch.from_numpy(flat.astype(np.int64)), torch.from_numpy(lengths)), torch.from_numpy(rows)


def draw_from(lists: Ragged, starts: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One member of each of the lists named by `rows`, none of which may be empty."""
    return lists.flat[starts[rows] + (rng.random(len(rows)) * lists.sizes[rows]).astype(np.int64)]
