"""The starting table: which tokens stand near each other in plain text (positive pointwise mutual information, reduced
by a randomised singular value decomposition; Levy, Goldberg and Dagan 2015). It gives words that the labelled data
hardly uses a place beside their synonyms.
"""
import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from tokenizers import Tokenizer

from static.model import token_ids

WINDOW = 5
CONTEXT_POWER = 0.75
SINGULAR_POWER = 0.5
EXTRA_DIRECTIONS = 32
ITERATIONS = 3
LONGEST = 1.5


def starting_table(tokenizer: Tokenizer, texts: list[str], dimension: int, seed: int) -> np.ndarray:
    """[tokens, dimension]; the mean length is about 1, no vector is longer than 1.5; a token never seen has zeros."""
    associations = mutual_information(count_neighbours(tokenizer, texts))
    table = reduce(associations, dimension, seed)
    lengths = np.linalg.norm(table, axis=1, keepdims=True)
    scale = lengths[lengths > 0].mean()
    table, lengths = table / scale, np.maximum(lengths / scale, 1e-9)
    return (table * np.minimum(1, LONGEST / lengths)).astype(np.float32)


def count_neighbours(tokenizer: Tokenizer, texts: list[str]) -> csr_matrix:
    tokens = tokenizer.get_vocab_size()
    counts = csr_matrix((tokens, tokens), dtype=np.float32)
    # [UNK] is token 0: it separates the sentences, and nothing is its neighbour.
    gap = np.zeros(WINDOW, np.int32)
    flat = np.concatenate([part for ids in token_ids(tokenizer, texts) for part in (ids, gap)])
    for distance in range(1, WINDOW + 1):
        left, right = flat[:-distance], flat[distance:]
        known = (left > 0) & (right > 0)
        weight = np.full(known.sum(), distance**-0.5, np.float32)
        counts = counts + coo_matrix((weight, (left[known], right[known])), shape=counts.shape).tocsr()
    return counts + counts.T


def mutual_information(counts: csr_matrix) -> csr_matrix:
    total = np.asarray(counts.sum(1)).ravel()
    context = total**CONTEXT_POWER
    context /= context.sum()
    counts = counts.tocoo()
    values = np.log(counts.data / (total[counts.row] * context[counts.col]))
    positive = values > 0
    data = values[positive].astype(np.float32)
    return csr_matrix((data, (counts.row[positive], counts.col[positive])), shape=counts.shape)


def reduce(matrix: csr_matrix, dimension: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    basis = rng.standard_normal((matrix.shape[0], dimension + EXTRA_DIRECTIONS), dtype=np.float32)
    for _ in range(ITERATIONS):
        basis, _ = np.linalg.qr(matrix @ (matrix.T @ basis))
    projected = matrix.T @ basis
    rotation, squares, _ = np.linalg.svd(projected.T @ projected)
    return basis @ rotation[:, :dimension] * squares[:dimension] ** (SINGULAR_POWER / 2)
