"""Measures a model alone (cosine of the vectors, no lexical score): hit@1, hit@3, hit@5 and AUC.

    python evaluate.py MODEL_FOLDER PATH... [--index standard|half]

PATH is an authored industry (.jsonl), a folder with knowledge.jsonl and questions.jsonl, a table of pairs (.tsv), or the
training folder, whose held-back translations are then searched: the English side of each Chinese sentence.
"""
import argparse
import json
from pathlib import Path
from typing import Protocol

import numpy as np
from scipy.stats import rankdata

from data import read_industry, read_json_lines, read_parallel
from static.model import StaticModel

RANKS = (1, 3, 5)


def main() -> None:
    arguments = parse_arguments()
    model = load_model(arguments.model)
    scores = {}
    for path in arguments.paths:
        scores[path.stem] = evaluate(model, path, arguments.index)
        print(f"{path.stem:24}" + "  ".join(f"{name} {value:.3f}" for name, value in scores[path.stem].items()))
    hits = [score for score in scores.values() if "hit@1" in score]
    if len(hits) > 1:
        print(f"{'mean':24}" + "  ".join(f"{name} {np.mean([h[name] for h in hits]):.3f}" for name in hits[0]))


class Model(Protocol):
    def encode(self, texts: list[str]) -> np.ndarray:
        """[texts, dimension], unit length."""


def load_model(folder: Path) -> Model:
    first = json.loads((folder / "modules.json").read_text(encoding="utf-8"))[0]["type"]
    if first.endswith("StaticEmbedding"):
        return StaticModel.load(folder)
    from encoder.publish import Vectors  # needs torch, which the static model does without

    return Vectors.load(folder)


def evaluate(model: Model, path: Path, index: str) -> dict[str, float]:
    if path.suffix == ".tsv":
        return {"auc": pairs_auc(model, path)}
    if (path / "parallel").is_dir():
        pairs = read_parallel(path, held_back=True)
        return hit_rates(model, [(english, english) for _, english in pairs], [(english, chinese) for chinese, english in pairs])
    indexed, questions = read_authored(path, index) if path.suffix == ".jsonl" else read_folder(path, index)
    return hit_rates(model, indexed, questions)


def read_authored(path: Path, index: str) -> tuple[list, list]:
    """Lists of (entry, text): the indexed phrasings, and the other ones as questions. "half" of 11 is 5."""
    indexed, questions = [], []
    for entry in read_industry(path).entries:
        count = 1 if index == "standard" else 1 + (len(entry.phrasings) - 1) // 2
        indexed += [(entry.id, text) for text in entry.phrasings[:count]]
        questions += [(entry.id, text) for text in entry.phrasings[count:]]
    return indexed, questions


def read_folder(path: Path, index: str) -> tuple[list, list]:
    indexed = []
    for record in read_json_lines(path / "knowledge.jsonl"):
        texts = [record["question"]] + (record.get("similar") or [] if index == "half" else [])
        indexed += [(record["id"], text) for text in texts]
    questions = read_json_lines(path / "questions.jsonl")
    return indexed, [(q["expected"], q["text"]) for q in questions if q["expected"] is not None]


# How much the closest phrasing and the centroid count: `FusionWeights::DENSE` in `answer/src/fusion.rs`.
CLOSEST, CENTROID = 0.3, 0.7


def hit_rates(model: Model, indexed: list, questions: list) -> dict[str, float]:
    """The share of questions whose entry is among the best 1, 3, 5 entries. An entry counts with its closest phrasing and with
    the centroid of its phrasings, as in `yingda eval run --retrieval dense`."""
    names = list(dict.fromkeys(entry for entry, _ in indexed))
    number = {name: position for position, name in enumerate(names)}
    owners = np.array([number[entry] for entry, _ in indexed])
    asked, vectors = model.encode([text for _, text in questions]), model.encode([text for _, text in indexed])
    cosines = asked @ vectors.T
    closest = np.full((len(questions), len(names)), -np.inf, np.float32)
    for column, owner in enumerate(owners):
        np.maximum(closest[:, owner], cosines[:, column], out=closest[:, owner])
    centroids = np.zeros((len(names), vectors.shape[1]), np.float32)
    np.add.at(centroids, owners, vectors)
    centroids /= np.maximum(np.linalg.norm(centroids, axis=1, keepdims=True), 1e-12)
    scores = CLOSEST * closest + CENTROID * (asked @ centroids.T)
    expected = np.array([number[entry] for entry, _ in questions])
    own = scores[np.arange(len(expected)), expected]
    # Equal scores count against the model: a question without known words hits nothing.
    rank = (scores >= own[:, None]).sum(1)
    return {f"hit@{limit}": float((rank <= limit).mean()) for limit in RANKS}


def pairs_auc(model: Model, path: Path) -> float:
    """The chance that a pair of equal meaning scores higher than a pair of different meaning."""
    with path.open(encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    left, right = model.encode([row[0] for row in rows]), model.encode([row[1] for row in rows])
    equal = np.array([row[2] == "1" for row in rows])
    ranks = rankdata((left * right).sum(1))
    positives, negatives = equal.sum(), (~equal).sum()
    return float((ranks[equal].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("paths", type=Path, nargs="+")
    parser.add_argument("--index", choices=("standard", "half"), default="standard")
    return parser.parse_args()


if __name__ == "__main__":
    main()
