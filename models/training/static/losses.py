"""The losses and their gradients with respect to unit vectors, and the way back through the scaling to unit length."""
import numpy as np


def to_unit(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The unit vectors [n, dimension] and the lengths [n, 1]."""
    lengths = np.sqrt((vectors * vectors).sum(1, keepdims=True)) + np.float32(1e-6)
    return vectors / lengths, lengths


def through_unit(units: np.ndarray, lengths: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    return (gradient - units * (gradient * units).sum(1, keepdims=True)) / lengths


def contrast(left: np.ndarray, right: np.ndarray, bias: np.ndarray | float, temperature: float) -> tuple:
    """Multiple negatives ranking in both directions: row i of `left` belongs to row i of `right`.

    `right` may have more rows than `left`: these are negatives only. `bias` is added to the scaled cosines, so that a
    negative number makes a pair a weaker negative. Returns the loss and the gradients of left and right.
    """
    count = len(left)
    diagonal = np.arange(count)
    scores = left @ right.T / temperature + bias
    forward = softmax(scores, 1)
    backward = softmax(scores[:, :count], 0)
    loss = -np.log(forward[diagonal, diagonal] + 1e-9).mean() - np.log(backward[diagonal, diagonal] + 1e-9).mean()
    forward[:, :count] += backward
    forward[diagonal, diagonal] -= 2
    forward /= 2 * count * temperature
    return loss / 2, forward @ right, forward.T @ left


def imitate(units: np.ndarray, teacher: np.ndarray, temperature: float) -> tuple:
    """Cross entropy between the two distributions over the batch's other sentences; free of rotation and dimension."""
    target, student = softmax(without_self(teacher, temperature), 1), softmax(without_self(units, temperature), 1)
    loss = -(target * np.log(student + 1e-9)).sum(1).mean()
    difference = (student - target) / (len(units) * temperature)
    return loss, difference @ units + difference.T @ units


def without_self(vectors: np.ndarray, temperature: float) -> np.ndarray:
    scores = vectors @ vectors.T / temperature
    np.fill_diagonal(scores, -1e4)
    return scores


def softmax(scores: np.ndarray, axis: int) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)
