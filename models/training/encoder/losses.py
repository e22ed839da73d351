"""What the vectors of a batch should be like."""
import torch
from torch import Tensor
from torch.nn import functional


def contrast(left: Tensor, right: Tensor, bias: Tensor | float, temperature: float) -> Tensor:
    """Multiple negatives ranking in both directions: row i of `left` belongs to row i of `right` (unit vectors).

    `right` may have more rows than `left`: these are negatives only. `bias` is added to the scaled cosines, so that a
    negative number makes a pair a weaker negative.
    """
    count = len(left)
    scores = left @ right.T / temperature + bias
    target = torch.arange(count, device=left.device)
    return (functional.cross_entropy(scores, target) + functional.cross_entropy(scores[:, :count].T, target)) / 2


def nested_contrast(left: Tensor, right: Tensor, bias: Tensor | float, temperature: float, prefixes: dict[int, float]) -> Tensor:
    """The same for the first so-many numbers of each vector, weighted (Matryoshka; Kusupati and others 2022)."""
    parts = [
        weight * contrast(functional.normalize(left[:, :size]), functional.normalize(right[:, :size]), bias, temperature)
        for size, weight in prefixes.items()
    ]
    return sum(parts) / sum(prefixes.values())


def imitate(left: Tensor, right: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Cross entropy between the teacher's and the student's distribution over the batch's other sentences.

    Row i of `left`, `right` and `teacher` is the same sentence, perhaps in another language. Free of rotation and
    dimension; a sentence is never compared with itself.
    """
    itself = torch.eye(len(left), dtype=torch.bool, device=left.device)
    target = torch.softmax((teacher @ teacher.T / temperature).masked_fill(itself, -1e4), 1)
    student = torch.log_softmax((left @ right.T / temperature).masked_fill(itself, -1e4), 1)
    return -(target * student).sum(1).mean()
