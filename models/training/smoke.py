"""Trains a tiny encoder for a minute from the questions in this folder alone, and checks that it learnt something.

    python smoke.py            exit code 1 when the development industries are not answered better than at the start,
                               or when a sentence's vector depends on the others of its batch
"""
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from data import DEVELOPMENT
from encoder.settings import BUDGETS
from evaluate import evaluate, load_model
from static.model import StaticModel

HERE = Path(__file__).resolve().parent
LEAST_GAIN = 0.05
SAMPLE = ["怎么退款", "my card was declined abroad", "X3 Pro 防水吗?", "在吗"]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        random_table(work / "static")
        run("pack_encoder.py", "--data", HERE, "--static", work / "static", "--budget", "smoke", "--output", work / "packed", "--work", work)
        run("train_encoder.py", "--packed", work / "packed", "--work", work, "--budget", "smoke", "--size", "tiny", "--stage", "start", "--output", work / "start")
        run("train_encoder.py", "--packed", work / "packed", "--work", work, "--budget", "smoke", "--size", "tiny", "--output", work / "model")
        before, after = hit_rate(work / "start"), hit_rate(work / "model")
        model = load_model(work / "model")
        alone = np.concatenate([model.encode([sentence]) for sentence in SAMPLE])
        difference = np.abs(model.encode(SAMPLE) - alone).max()
    print(f"hit@1 on the development industries: {before:.3f} at the start, {after:.3f} after {steps()} steps")
    print(f"sentences alone and in a batch differ by {difference:.1e}")
    sys.exit(int(after < before + LEAST_GAIN or difference > 1e-4))


def random_table(folder: Path) -> None:
    """A static model that has learnt nothing: the shipped tokenizer with random vectors, which know equal words only."""
    tokenizer = StaticModel.load(HERE.parent / "yingda-static").tokenizer
    table = np.random.default_rng(0).standard_normal((tokenizer.get_vocab_size(), 64), np.float32) / 8
    StaticModel(tokenizer, table).save(folder, "random")


def run(script: str, *arguments: object) -> None:
    subprocess.run([sys.executable, str(HERE / script), *map(str, arguments)], check=True)


def hit_rate(folder: Path) -> float:
    model = load_model(folder)
    return float(np.mean([evaluate(model, HERE / "authored" / f"{name}.jsonl", "standard")["hit@1"] for name in DEVELOPMENT]))


def steps() -> int:
    return sum(stage.steps for stage in BUDGETS["smoke"].stages.values())


if __name__ == "__main__":
    torch.set_num_threads(2)
    main()
