"""Keeps all sentences as token numbers, and makes the sparse matrix of a batch from them."""
import numpy as np
from scipy.sparse import csr_matrix
from tokenizers import Tokenizer

from static.model import token_ids


class Sentences:
    """Each sentence is kept twice: as the tokenizer cuts it, and with its Chinese words cut into characters."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self.tokens = tokenizer.get_vocab_size()
        self.spelling = characters_of_words(tokenizer)
        self.parts: list[np.ndarray] = []
        self.count = 0

    def add(self, texts: list[str]) -> np.ndarray:
        """The numbers of the added sentences."""
        for ids in token_ids(self.tokenizer, texts):
            self.parts.append(ids)
            self.parts.append(np.concatenate([self.spelling[token] for token in ids]) if len(ids) else ids)
        self.count += len(texts)
        return np.arange(self.count - len(texts), self.count)

    def close(self) -> None:
        """To be called once, after the last `add`."""
        self.lengths = np.array([len(part) for part in self.parts])
        self.starts = np.concatenate([[0], np.cumsum(self.lengths)[:-1]])
        self.flat = np.concatenate(self.parts)
        self.parts = []

    def bags(self, numbers: np.ndarray, characters: float, dropout: float, rng: np.random.Generator) -> csr_matrix:
        """[sentences, tokens]; a share of `characters` of the sentences is spelled, a share of `dropout` of the tokens lost."""
        rows = 2 * numbers + (rng.random(len(numbers)) < characters)
        lengths, ends = self.lengths[rows], np.cumsum(self.lengths[rows])
        places = np.arange(ends[-1]) + np.repeat(self.starts[rows] - (ends - lengths), lengths)
        kept = (rng.random(len(places)) >= dropout).astype(np.float32)
        values = kept / np.repeat(np.maximum(lengths, 1), lengths).astype(np.float32)
        return csr_matrix((values, self.flat[places], np.concatenate([[0], ends])), shape=(len(rows), self.tokens))


def characters_of_words(tokenizer: Tokenizer) -> list[np.ndarray]:
    """For each token the tokens of its characters; a token that is not a Chinese word stays itself."""
    numbers = tokenizer.get_vocab()
    spelling = [np.array([number], np.int32) for number in range(len(numbers))]
    for token, number in numbers.items():
        if is_chinese(token) and len(token) > 1:
            known = [numbers[character] for character in token if character in numbers]
            spelling[number] = np.array(known or [number], np.int32)
    return spelling


def is_chinese(token: str) -> bool:
    return "\u4e00" <= token[0] <= "\u9fff"
