"""What the vectors of a batch should be like."""
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional


def contrast(left: Tensor, right: Tensor, temperature: float) -> Tensor:
    """Multiple negatives ranking in both directions: row i of `left` belongs to row i of `right` (unit vectors)."""
    scores = left @ right.T / temperature
    target = torch.arange(len(left), device=left.device)
    return (functional.cross_entropy(scores, target) + functional.cross_entropy(scores.T, target)) / 2


def contrast_centroids(views: Tensor, others: Tensor, bias: Tensor, temperature: float) -> Tensor:
    """Each view of a row belongs to the centroid of that row's other views, in both directions (prototypes of one class, as in
    Snell and others 2017; an entry scores mostly by the centroid of its phrasings in the product, too).

    `views` [views, rows, width], at least two; `others` [others, width] are negatives only; unit vectors. `bias`
    [rows, rows + others] is added to the scaled cosines, so that a negative number makes a pair a weaker negative.
    """
    count, rows = views.shape[:2]
    sums = views.sum(0)
    columns = torch.cat([functional.normalize(sums, dim=-1), others])
    target = torch.arange(rows, device=views.device)
    total = views.new_zeros(())
    for view in views:
        # A view's own centroid is that of the other views: it must not find itself.
        own = functional.normalize(sums - view, dim=-1)
        scores = (view @ columns.T).float().index_put((target, target), (view * own).sum(-1)) / temperature + bias
        back = own @ view.T / temperature + bias[:, :rows]
        total = total + functional.cross_entropy(scores, target) + functional.cross_entropy(back, target)
    return total / (2 * count)


def nested(loss: Callable[..., Tensor], prefixes: dict[int, float], *vectors: Tensor) -> Tensor:
    """The weighted mean of a loss over the first so-many numbers of each vector, made unit vectors (Matryoshka; Kusupati and others
    2022)."""
    parts = [weight * loss(*(functional.normalize(part[..., :size], dim=-1) for part in vectors)) for size, weight in prefixes.items()]
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
