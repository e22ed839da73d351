"""The tasks of training. Each draws a batch of its own and gives its loss."""
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from encoder.corpus import Corpus, Ragged
from encoder.losses import contrast, contrast_centroids, imitate, nested
from encoder.network import EPSILON, NEVER, Encoder, Packed
from encoder.sentences import LONGEST, Sentences, draw_from

TEMPERATURE = 0.05
# The teacher's vectors tell sentences apart more softly than the contrast does.
TEACHER_TEMPERATURE = 0.05
MASKED, MASK_SHARE, RANDOM_SHARE = 0.2, 0.8, 0.1
# Phrasings drawn of each entry. Four found more than two in equal time, and their centroid more than their pairs.
VIEWS = 4
# Of these, the share that becomes the answer or the other language instead.
REPLY_SHARE, TRANSLATION_SHARE = 0.05, 0.1
# The standard question is among them at least this often: knowledge bases without further phrasings have it alone.
STANDARD_SHARE = 0.6
# Common questions recur in other industries: those are weak negatives.
FOREIGN_WEIGHT = 0.3


@dataclass
class Bench:
    """What all tasks work with."""

    corpus: Corpus
    sentences: Sentences
    device: torch.device
    prefixes: dict[int, float]
    mask_token: int

    def encode(self, encoder: Encoder, numbers: np.ndarray, rng: np.random.Generator) -> Tensor:
        """[sentences, width], not scaled."""
        batch, rows = self.sentences.pack(self.sentences.draw(numbers, rng))
        batch = Packed(batch.ids.to(self.device), batch.lengths.to(self.device))
        return encoder.sentences(batch)[rows.to(self.device)]


class Masked(nn.Module):
    """Guess masked tokens from their neighbours (Devlin and others 2019); the guess shares the token table."""

    def __init__(self, bench: Bench, width: int) -> None:
        super().__init__()
        self.bench = bench
        self.dense, self.norm = nn.Linear(width, width), nn.LayerNorm(width, eps=EPSILON)
        self.bias = nn.Parameter(torch.zeros(len(bench.corpus.spelling.sizes)))

    def loss(self, encoder: Encoder, size: int, rng: np.random.Generator) -> Tensor:
        corpus, bench = self.bench.corpus, self.bench
        pool = corpus.text if rng.random() < 0.6 else corpus.parallel[:, int(rng.random() < 0.3)]
        numbers = rng.choice(pool, size, replace=False)
        batch, _ = bench.sentences.pack([bench.sentences.plain(number)[: LONGEST - 2] for number in numbers])
        ids = batch.ids.numpy()
        chosen = (rng.random(len(ids)) < MASKED) & (ids < len(self.bias) - 4)
        kind = rng.random(len(ids))
        seen = np.where(chosen & (kind < MASK_SHARE), bench.mask_token, ids)
        by_chance = rng.integers(0, len(self.bias) - 4, len(ids))
        seen = np.where(chosen & (kind >= 1 - RANDOM_SHARE), by_chance, seen)
        places = torch.from_numpy(np.flatnonzero(chosen)).to(bench.device)
        target = torch.from_numpy(ids[chosen]).to(bench.device)
        hidden = encoder(Packed(torch.from_numpy(seen).to(bench.device), batch.lengths.to(bench.device)))[places]
        guess = self.norm(functional.gelu(self.dense(hidden)))
        return functional.cross_entropy((guess @ encoder.embeddings["word_embeddings"].weight.T + self.bias).float(), target)


class Distilled(nn.Module):
    """Both sides of translated pairs lie to each other as the teacher's vectors of the English sides do."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.bench = bench

    def loss(self, encoder: Encoder, size: int, rng: np.random.Generator) -> Tensor:
        corpus = self.bench.corpus
        rows = rng.choice(len(corpus.taught), min(size, len(corpus.taught)), replace=False)
        vectors = self.bench.encode(encoder, corpus.taught[rows].T.ravel(), rng)
        teacher = torch.from_numpy(corpus.teacher[rows].astype(np.float32)).to(self.bench.device)
        teacher = functional.normalize(teacher)
        chinese, english = functional.normalize(vectors).chunk(2)
        pairs = contrast(chinese, english, TEMPERATURE)
        kinds = [(english, english), (chinese, english), (chinese, chinese)]
        return pairs + sum(imitate(left, right, teacher, TEACHER_TEMPERATURE) for left, right in kinds) / len(kinds)


class Paired(nn.Module):
    """The two sides of a pair belong together: translations, or questions and answers."""

    def __init__(self, bench: Bench, pairs: np.ndarray) -> None:
        super().__init__()
        self.bench, self.pairs = bench, pairs

    def loss(self, encoder: Encoder, size: int, rng: np.random.Generator) -> Tensor:
        rows = rng.choice(len(self.pairs), min(size, len(self.pairs)), replace=False)
        left, right = self.bench.encode(encoder, self.pairs[rows].T.ravel(), rng).chunk(2)
        return nested(lambda left, right: contrast(left, right, TEMPERATURE), self.bench.prefixes, left, right)


class Authored(nn.Module):
    """Some phrasings of each entry of some whole industries: an entry's neighbours are the negatives that matter.

    Further negatives are the industry's unanswerable questions for all of its entries, and an entry's look-alikes for
    that entry alone, since another entry may answer them.
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.bench = bench
        corpus = bench.corpus
        self.members = np.split(np.arange(corpus.industries.sum()), np.cumsum(corpus.industries)[:-1])
        self.starts = {name: getattr(corpus, name).starts() for name in ("phrasings", "translations", "replies", "unlike", "out_of_scope")}

    def loss(self, encoder: Encoder, size: int, rng: np.random.Generator) -> Tensor:
        """`size`: industries of the batch."""
        chosen = rng.choice(len(self.members), min(size, len(self.members)), replace=False)
        entries = np.concatenate([self.members[number] for number in chosen])
        owner = np.repeat(chosen, self.bench.corpus.industries[chosen])
        views = self.draw_views(entries, rng)
        extra, extra_owner = self.draw_out_of_scope(chosen, rng)
        unlike, unlike_row = self.draw_unlike(entries, rng)
        bias = np.zeros((len(entries), len(entries) + len(extra) + len(unlike)), np.float32)
        bias[:, : -len(unlike) or None][owner[:, None] != np.concatenate([owner, extra_owner])[None]] = np.log(FOREIGN_WEIGHT)
        if len(unlike):
            bias[:, -len(unlike) :] = np.where(np.arange(len(entries))[:, None] == unlike_row[None], 0, NEVER)
        vectors = self.bench.encode(encoder, np.concatenate([views.ravel(), extra, unlike]), rng)
        weights = torch.from_numpy(bias).to(self.bench.device)
        seen, others = vectors[: views.size].unflatten(0, views.shape), vectors[views.size :]
        return nested(lambda seen, others: contrast_centroids(seen, others, weights, TEMPERATURE), self.bench.prefixes, seen, others)

    def draw_views(self, entries: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """[views, entries]. An entry with fewer phrasings gives some of them twice."""
        corpus = self.bench.corpus
        sizes = corpus.phrasings.sizes[entries]
        order = rng.random((len(entries), max(sizes.max(), VIEWS)))
        order[rng.random(len(entries)) < STANDARD_SHARE, 0] = -1
        order[np.arange(order.shape[1]) >= sizes[:, None]] = 2
        drawn = rng.permuted(np.argsort(order, 1)[:, :VIEWS] % sizes[:, None], axis=1)
        views = [corpus.phrasings.flat[self.starts["phrasings"][entries] + column] for column in drawn.T]
        return np.stack([self.vary(entries, view, rng) for view in views])

    def vary(self, entries: np.ndarray, numbers: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        kind = rng.random(len(entries))
        numbers = self.instead("replies", entries, numbers, kind < REPLY_SHARE, rng)
        crossing = (kind >= REPLY_SHARE) & (kind < REPLY_SHARE + TRANSLATION_SHARE)
        return self.instead("translations", entries, numbers, crossing, rng)

    def instead(self, name: str, entries: np.ndarray, numbers: np.ndarray, where: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        lists: Ragged = getattr(self.bench.corpus, name)
        rows = np.flatnonzero(where & (lists.sizes[entries] > 0))
        numbers = numbers.copy()
        numbers[rows] = draw_from(lists, self.starts[name], entries[rows], rng)
        return numbers

    def draw_out_of_scope(self, chosen: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Half of each industry's, since they cost as much as entries do."""
        lists = self.bench.corpus.out_of_scope
        owner = np.repeat(chosen, lists.sizes[chosen] // 2)
        return draw_from(lists, self.starts["out_of_scope"], owner, rng), owner

    def draw_unlike(self, entries: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        lists = self.bench.corpus.unlike
        rows = np.flatnonzero(lists.sizes[entries] > 0)
        return draw_from(lists, self.starts["unlike"], entries[rows], rng), rows
