"""The starting point: a transformer that computes what the static table computes.

Layer normalisation would make all tokens equally long, and a table's lengths say how much a token matters. So every
token gets, beside its static vector, the same long vector in a direction of its own (the carrier): the norm is then
nearly the same for all, and normalisation only scales. The static vectors stand at right angles to the carrier and to
the mean, which normalisation takes away. The last matrices of attention and feed-forward are zero, so each layer passes
its input on, and the last bias takes the carrier off again. What is left is the mean of the static vectors.
"""
import numpy as np
import torch
from tokenizers import Tokenizer, processors
from torch import Tensor

from encoder.network import Encoder, Shape

SPECIAL = ("[PAD]", "[CLS]", "[SEP]", "[MASK]")
# The carrier's length, in lengths of the 95th percentile of the static vectors.
CARRIER = 2.0


def encoder_tokenizer(static: Tokenizer) -> Tokenizer:
    """The static model's tokenizer with BERT's special tokens after its own, and [CLS] … [SEP] around a sentence."""
    tokenizer = Tokenizer.from_str(static.to_str())
    tokenizer.add_special_tokens(list(SPECIAL))
    number = {token: tokenizer.token_to_id(token) for token in SPECIAL}
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, number[token]) for token in ("[CLS]", "[SEP]")],
    )
    return tokenizer


def starting_encoder(shape: Shape, table: np.ndarray, seed: int) -> Encoder:
    """`table` [static tokens, dimension]; the tokens after them, the special ones, begin as the carrier alone."""
    torch.manual_seed(seed)
    encoder = Encoder(shape)
    for name, parameter in encoder.named_parameters():
        if name.endswith("bias") or "position" in name or "token_type" in name:
            torch.nn.init.zeros_(parameter)
        elif "LayerNorm" not in name:
            torch.nn.init.normal_(parameter, std=shape.width**-0.5)
    reduced = principal_directions(table, shape.width - 2)
    carrier = CARRIER * float(np.quantile(np.linalg.norm(reduced, axis=1), 0.95))
    directions = spread_directions(shape.width)
    words = np.zeros((shape.tokens, shape.width), np.float32)
    words[: len(table)] = reduced @ directions[2:]
    words += carrier * directions[1]
    with torch.no_grad():
        encoder.embeddings["word_embeddings"].weight.copy_(torch.from_numpy(words))
        for layer in encoder.encoder["layer"]:
            layer.attention.output.dense.weight.zero_()
            layer.output.dense.weight.zero_()
        encoder.encoder["layer"][-1].output.LayerNorm.bias.copy_(-carrier_after_normalisation(words, directions[1]))
    return encoder


def principal_directions(table: np.ndarray, dimension: int) -> np.ndarray:
    """[tokens, dimension], most important first: the dot products stay as near as that many numbers allow."""
    _, rotation = np.linalg.eigh(table.T.astype(np.float64) @ table)
    rotation = rotation[:, ::-1][:, :dimension]
    reduced = np.zeros((len(table), dimension), np.float32)
    reduced[:, : rotation.shape[1]] = table @ rotation
    return reduced


def spread_directions(width: int) -> np.ndarray:
    """An orthonormal basis [width, width]: the mean's direction, the carrier's (+1, -1, …), then almost the unit vectors."""
    first = np.ones(width) / np.sqrt(width)
    second = np.where(np.arange(width) % 2 == 0, 1.0, -1.0) / np.sqrt(width)
    basis, _ = np.linalg.qr(np.stack([first, second, *np.eye(width)[: width - 2]], axis=1))
    basis *= np.sign((basis * np.stack([first, second, *np.eye(width)[: width - 2]], axis=1)).sum(0))
    return basis.T.astype(np.float32)


def carrier_after_normalisation(words: np.ndarray, direction: np.ndarray) -> Tensor:
    deviation = np.sqrt((words * words).mean(1, keepdims=True))
    return torch.from_numpy((words / deviation @ direction).mean() * direction)
