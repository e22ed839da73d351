"""Trains the encoder from the packed folder, stage after stage, and writes the model folder.

    python train_encoder.py [--packed work/packed] [--budget processor] [--size middle] [--start MODEL] [--stage tune] [--output FOLDER]

Checkpoints and the figures by step (`STAGE.jsonl`) lie in the run's folder; the same command goes on where it stopped.
"""
import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn

from encoder.corpus import Corpus
from encoder.network import Encoder
from encoder.publish import Vectors, publish
from encoder.sentences import Sentences
from encoder.settings import BUDGETS, Budget, prefixes, shape
from encoder.start import starting_encoder
from encoder.tasks import Authored, Bench, Distilled, Masked, Paired
from encoder.training import Training
from evaluate import hit_rates

HERE = Path(__file__).resolve().parent
NAME = "yingda-encoder"


class Run:
    """One training from a packed folder. `folder` takes its checkpoints and figures."""

    def __init__(self, packed: Path, folder: Path, budget: Budget, encoder: Encoder, corpus: Corpus) -> None:
        self.budget, self.folder = budget, folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.tokenizer = Tokenizer.from_file(str(packed / "tokenizer.json"))
        self.development = json.loads((packed / "development.json").read_text(encoding="utf-8"))
        self.encoder = encoder.to(self.device)
        self.bench = self.make_bench(corpus, encoder.shape.width)

    def make_bench(self, corpus: Corpus, width: int) -> Bench:
        number = self.tokenizer.token_to_id
        budget = self.budget
        sentences = Sentences(corpus, number("[CLS]"), number("[SEP]"), budget.noisy, budget.spelled, budget.lost)
        return Bench(corpus, sentences, self.device, prefixes(width), number("[MASK]"))

    def task(self, name: str) -> nn.Module:
        corpus = self.bench.corpus
        makers = {
            "masked": lambda: Masked(self.bench, self.encoder.shape.width),
            "distilled": lambda: Distilled(self.bench),
            "parallel": lambda: Paired(self.bench, corpus.parallel),
            "answers": lambda: Paired(self.bench, corpus.answers),
            "authored": lambda: Authored(self.bench),
        }
        return makers[name]().to(self.device)

    def train(self, name: str) -> None:
        stage = self.budget.stages[name]
        tasks = nn.ModuleDict({task: self.task(task) for task in stage.tasks})
        training = Training(self.encoder, tasks, stage, self.budget.seed, self.device)
        history = self.folder / f"{name}.jsonl"
        print(f"stage {name}: {sum(p.numel() for p in self.encoder.parameters()) / 1e6:.1f} million numbers on {self.device}", flush=True)
        training.run(self.folder / f"{name}.pt", history, self.measure, self.budget.measure_every, self.budget.save_seconds)

    def measure(self, encoder: Encoder) -> dict[str, float]:
        """Mean hit@1 over the development industries, the standard question indexed."""
        vectors = Vectors(encoder, self.tokenizer, self.device)
        hits = []
        for entries in self.development.values():
            indexed = [(str(number), entry[0]) for number, entry in enumerate(entries)]
            questions = [(str(number), text) for number, entry in enumerate(entries) for text in entry[1:]]
            hits.append(hit_rates(vectors, indexed, questions)["hit@1"])
        return {"development": round(float(np.mean(hits)), 4)} if hits else {}


def static_start(packed: Path, size: str, seed: int) -> Encoder:
    """An encoder that computes what the packed static table computes."""
    tokens = Tokenizer.from_file(str(packed / "tokenizer.json")).get_vocab_size()
    table = np.load(packed / "start.npy").astype(np.float32)
    return starting_encoder(shape(size, tokens), table, seed)


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    budget, packed = replace(BUDGETS[arguments.budget], seed=arguments.seed), arguments.packed
    encoder = Vectors.load(arguments.start).encoder if arguments.start else static_start(packed, arguments.size, budget.seed)
    run = Run(packed, arguments.work / folder_name(arguments), budget, encoder, Corpus.load(packed / "corpus.npz"))
    for name in run.budget.stages if arguments.stage != "start" else ():
        run.train(name)
        if name == arguments.stage:
            break
    publish(run.encoder, run.tokenizer, arguments.output, NAME)
    print(f"saved {arguments.output}  {run.measure(run.encoder)}")


def folder_name(arguments: argparse.Namespace) -> str:
    seed = f"-{arguments.seed}" if arguments.seed else ""
    return f"{arguments.size}-{arguments.budget}{seed}"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packed", type=Path, default=HERE / "work" / "packed")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="checkpoints")
    parser.add_argument("--budget", choices=BUDGETS, default="processor")
    parser.add_argument("--size", choices=("tiny", "small", "middle", "large"), default="middle")
    parser.add_argument("--start", type=Path, help="a trained model folder to go on from, of the packed folder's tokenizer")
    parser.add_argument("--stage", choices=("start", "pretrain", "tune"), default="tune", help="the last stage to run; start trains nothing")
    parser.add_argument("--output", type=Path, default=HERE.parent / NAME)
    parser.add_argument("--seed", type=int, default=0, help="runs of different seeds can be averaged")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
