"""Writes every parity checkpoint, with the vectors Python computes from it, below inference/tests/parity.

Usage: python make_checkpoints.py [NAME…]     (all checkpoints when no name is given)
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import shutil
import sys
from pathlib import Path

import torch
from transformers.utils import logging

import cross_encoders
import static_tables
import transformer_folders

ROOT = Path(__file__).resolve().parents[2] / "inference" / "tests" / "parity"
CHECKPOINTS = transformer_folders.CHECKPOINTS | static_tables.CHECKPOINTS | cross_encoders.CHECKPOINTS


def main(names):
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    unknown = [name for name in names if name not in CHECKPOINTS]
    if unknown:
        sys.exit(f"unknown checkpoint: {', '.join(unknown)}; known: {', '.join(CHECKPOINTS)}")
    for name in names or CHECKPOINTS:
        folder = ROOT / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        CHECKPOINTS[name](folder)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        print(f"{name}: {size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
