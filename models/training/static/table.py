"""The trained parameters: a vector per token, plus shared vectors for the characters that Chinese words are made of.

Sharing lets a rare word profit from its characters. After training everything is summed into one table, so the shipped
model does not know of it.
"""
import numpy as np
from scipy.sparse import csr_matrix
from tokenizers import Tokenizer

from static.sentences import characters_of_words, is_chinese

FIRST_DECAY, SECOND_DECAY = 0.9, 0.99


class Table:
    def __init__(self, tokenizer: Tokenizer, start: np.ndarray, character_weight: float) -> None:
        self.composition = composition(tokenizer, character_weight)
        self.transposed = self.composition.T.tocsr()
        self.parameters = np.zeros((self.composition.shape[1], start.shape[1]), np.float32)
        self.parameters[: len(start)] = start
        self.first, self.second = np.zeros_like(self.parameters), np.zeros_like(self.parameters)
        self.steps = 0

    def vectors(self) -> np.ndarray:
        """[tokens, dimension]"""
        return self.composition @ self.parameters

    def descend(self, gradient: np.ndarray, rate: float) -> None:
        """One step of Adam (Kingma and Ba 2015); `gradient` is with respect to `vectors()`."""
        gradient = self.transposed @ gradient
        self.steps += 1
        self.first += (1 - FIRST_DECAY) * (gradient - self.first)
        np.multiply(gradient, gradient, out=gradient)
        self.second += (1 - SECOND_DECAY) * (gradient - self.second)
        spread = np.sqrt(self.second, out=gradient)
        spread += 1e-8
        correction = np.sqrt(1 - SECOND_DECAY**self.steps) / (1 - FIRST_DECAY**self.steps)
        self.parameters -= np.float32(rate * correction) * (self.first / spread)

    def state(self) -> dict[str, np.ndarray]:
        return {"parameters": self.parameters, "first": self.first, "second": self.second, "steps": np.array(self.steps)}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        self.parameters, self.first, self.second = state["parameters"], state["first"], state["second"]
        self.steps = int(state["steps"])


def composition(tokenizer: Tokenizer, character_weight: float) -> csr_matrix:
    """[tokens, parameters]: a token is its own vector and the weighted mean of its characters' vectors."""
    spelling = characters_of_words(tokenizer)
    tokens = len(spelling)
    parts = [(number, number, 1.0) for number in range(tokens)]
    for token, number in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1]):
        if is_chinese(token):
            weight = character_weight / len(spelling[number])
            parts += [(number, tokens + character, weight) for character in spelling[number]]
    rows, columns, values = zip(*parts)
    return csr_matrix((np.array(values, np.float32), (rows, columns)), shape=(tokens, 2 * tokens))
