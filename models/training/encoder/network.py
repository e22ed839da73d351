"""The encoder in torch: BERT's layout and parameter names, computed over packed tokens without padding.

All sentences of a batch lie in one matrix [tokens, width]; only attention looks at one sentence at a time.
"""
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

EPSILON = 1e-12
# Sentences are sorted by length and padded within groups of this size for attention alone.
GROUP = 128
# Added to what must not count: after a softmax nothing is left of it.
NEVER = -1e4


@dataclass(frozen=True)
class Shape:
    """`inner` is the width of the feed-forward layer; `positions` the longest sentence in tokens, [CLS] and [SEP] included."""

    tokens: int
    layers: int
    width: int
    heads: int
    inner: int
    positions: int = 128


@dataclass
class Packed:
    """Sentences one after the other: `ids` [tokens], `lengths` [sentences]; the sentences are sorted by length."""

    ids: Tensor
    lengths: Tensor

    def positions(self) -> Tensor:
        starts = torch.cumsum(self.lengths, 0) - self.lengths
        return torch.arange(len(self.ids), device=self.ids.device) - torch.repeat_interleave(starts, self.lengths)

    def owners(self) -> Tensor:
        return torch.repeat_interleave(torch.arange(len(self.lengths), device=self.ids.device), self.lengths)


class Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.self = nn.ModuleDict({name: nn.Linear(shape.width, shape.width) for name in ("query", "key", "value")})
        self.output = Residual(shape.width, shape.width)

    def forward(self, hidden: Tensor, groups: list[tuple[int, Tensor]]) -> Tensor:
        weight = torch.cat([self.self[name].weight for name in ("query", "key", "value")])
        bias = torch.cat([self.self[name].bias for name in ("query", "key", "value")])
        projected = functional.linear(hidden, weight, bias)
        # Split, not sliced: the gradient of a slice is as large as what it was taken from.
        parts = projected.split([size for size, _ in groups])
        mixed = torch.cat([self.mix(part, present) for part, (_, present) in zip(parts, groups)])
        return self.output(mixed, hidden)

    def mix(self, projected: Tensor, present: Tensor) -> Tensor:
        """`present` [sentences, longest] says which places of the padded group are tokens. For sentences as short as these plain
        products are a third faster on a processor, gradient included, than `scaled_dot_product_attention`."""
        padded = projected.new_zeros(*present.shape, projected.shape[1])
        padded[present] = projected
        split = padded.view(*present.shape, 3, self.heads, -1).permute(2, 0, 3, 1, 4).contiguous()
        query, key, value = split.flatten(1, 2)
        absent = query.new_zeros(present.shape).masked_fill_(~present, NEVER).repeat_interleave(self.heads, 0)[:, None]
        scores = torch.baddbmm(absent, query, key.transpose(1, 2), alpha=query.shape[-1] ** -0.5)
        mixed = torch.bmm(torch.softmax(scores, -1), value).view(split.shape[1:])
        return mixed.transpose(1, 2).flatten(2)[present]


class Residual(nn.Module):
    """A linear layer, the sum with what went in before, and layer normalisation."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.dense = nn.Linear(inputs, width)
        self.LayerNorm = nn.LayerNorm(width, eps=EPSILON)

    def forward(self, inner: Tensor, residual: Tensor) -> Tensor:
        return self.LayerNorm(self.dense(inner).float() + residual.float()).to(residual.dtype)


class Layer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attention = Attention(shape)
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(shape.width, shape.inner)})
        self.output = Residual(shape.inner, shape.width)

    def forward(self, hidden: Tensor, groups: list[tuple[int, Tensor]]) -> Tensor:
        hidden = self.attention(hidden, groups)
        return self.output(functional.gelu(self.intermediate["dense"](hidden)), hidden)


class Encoder(nn.Module):
    """`state_dict` has the names of transformers' BertModel without its pooler."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embeddings = nn.ModuleDict(
            {
                "word_embeddings": nn.Embedding(shape.tokens, shape.width),
                "position_embeddings": nn.Embedding(shape.positions, shape.width),
                "token_type_embeddings": nn.Embedding(2, shape.width),
                "LayerNorm": nn.LayerNorm(shape.width, eps=EPSILON),
            }
        )
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(Layer(shape) for _ in range(shape.layers))})

    def forward(self, batch: Packed) -> Tensor:
        """The last hidden vectors [tokens, width]."""
        embeddings = self.embeddings
        hidden = embeddings["word_embeddings"](batch.ids) + embeddings["position_embeddings"](batch.positions())
        hidden = embeddings["LayerNorm"](hidden + embeddings["token_type_embeddings"].weight[0])
        if torch.is_autocast_enabled(hidden.device.type):
            hidden = hidden.to(torch.get_autocast_dtype(hidden.device.type))
        groups = attention_groups(batch.lengths)
        for layer in self.encoder["layer"]:
            hidden = layer(hidden, groups)
        return hidden

    def sentences(self, batch: Packed) -> Tensor:
        """The mean of each sentence's last hidden vectors, not scaled: [sentences, width] in f32."""
        hidden = self(batch).float()
        sums = hidden.new_zeros(len(batch.lengths), hidden.shape[1]).index_add_(0, batch.owners(), hidden)
        return sums / batch.lengths[:, None]


def attention_groups(lengths: Tensor) -> list[tuple[int, Tensor]]:
    """For each group of sentences: how many tokens it has, and which of its places are tokens."""
    groups = []
    for part in torch.split(lengths, GROUP):
        present = torch.arange(int(part.max()), device=lengths.device)[None] < part[:, None]
        groups.append((int(part.sum()), present))
    return groups
