"""Writes the vectors that sentence-transformers computes in f32 for some sentences, as one JSON file."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"

import base64
import json
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer


def write_reference(output: Path, folder: Path, sentences: list[str], facts: dict) -> None:
    """`facts` stand first in the file. Stops when a padded batch gives other vectors than each sentence alone."""
    torch.set_num_threads(1)
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True, model_kwargs={"dtype": torch.float32})
    alone = np.concatenate([model.encode([sentence]) for sentence in sentences])
    together = model.encode(sentences, batch_size=16)
    worst = float(np.abs(alone - together).max())
    if worst > 1e-5 or not np.allclose(np.linalg.norm(alone, axis=1), 1.0, atol=1e-5):
        raise SystemExit(f"single and batched vectors differ by {worst}, or a vector is not of unit length")
    reference = facts | {
        "max_tokens": model.max_seq_length,
        "dimension": alone.shape[1],
        "sentences": sentences,
        "vectors_base64_f32le": base64.b64encode(alone.astype("<f4").tobytes()).decode(),
    }
    output.write_text(json.dumps(reference, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{output.name}: {output.stat().st_size / 1000:.0f} kB, {len(sentences)} sentences")
