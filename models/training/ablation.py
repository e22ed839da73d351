"""Trains the encoder again and again on one short schedule, one thing changed each time, and writes a table.

    python ablation.py --packed work/packed-ablation [--only base,small] [--evaluation FOLDER] [--output work/ablation]

Settings are judged by the development industries; `--evaluation` adds the evaluation sets, for the model card. Runs whose
figures `results.jsonl` already holds are left as they are. `industries-N` trains on so many industries: for an honest curve
its packed folder starts from a static model that knows no more (`train_static.py --industries`).
"""
import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

import data
from encoder.corpus import Corpus
from encoder.publish import Vectors, publish
from encoder.settings import BUDGETS, Budget
from evaluate import evaluate
from train_encoder import HERE, Run, static_start

BUDGET = BUDGETS["ablation"]
TUNE = BUDGET.stages["tune"]


@dataclass(frozen=True)
class Variant:
    budget: Budget = BUDGET
    size: str = "middle"
    corpus: Callable[[Corpus], Corpus] = lambda corpus: corpus


def emptied(*names: str) -> Callable[[Corpus], Corpus]:
    return lambda corpus: replace(corpus, **{name: getattr(corpus, name).emptied() for name in names})


def only(wanted: Callable[[str], bool]) -> Callable[[Corpus], Corpus]:
    return lambda corpus: corpus.keep(np.array([wanted(name) for name in corpus.names]))


def first(count: int) -> Callable[[Corpus], Corpus]:
    return lambda corpus: only(lambda name: name in data.some_of(list(corpus.names), count))(corpus)


def tuned(**tasks: tuple[float, int]) -> Budget:
    return replace(BUDGET, stages={"tune": replace(TUNE, tasks=tasks)})


def beside_this_file(name: str) -> bool:
    return (HERE / "authored" / f"{name}.jsonl").exists()


def pretrained_first(share: float) -> Budget:
    """This share of the steps goes to masked tokens, with distillation beside them as in tuning."""
    steps = round(TUNE.steps * share)
    tasks = {"masked": (1.0, 64), "distilled": TUNE.tasks["distilled"]}
    return replace(BUDGET, stages={"pretrain": replace(TUNE, steps=steps, tasks=tasks), "tune": replace(TUNE, steps=TUNE.steps - steps)})


VARIANTS = {
    "start": Variant(replace(BUDGET, stages={})),
    "base": Variant(),
    "base with another seed": Variant(replace(BUDGET, seed=1)),
    "small": Variant(size="small"),
    "large": Variant(size="large"),
    "without distillation": Variant(tuned(authored=TUNE.tasks["authored"])),
    "without look-alikes": Variant(corpus=emptied("unlike")),
    "without unanswerable questions": Variant(corpus=emptied("out_of_scope")),
    "without disturbances": Variant(replace(BUDGET, noisy=0.0, spelled=0.0, lost=0.0)),
    "without answers and translations": Variant(corpus=emptied("replies", "translations")),
    "shared industries only": Variant(corpus=only(lambda name: not beside_this_file(name))),
    "without English industries": Variant(corpus=only(lambda name: not name.startswith("en_"))),
    "masked tokens first": Variant(pretrained_first(0.4)),
    **{f"industries-{count}": Variant(corpus=first(count)) for count in (20, 60, 120, 190)},
}


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    arguments.output.mkdir(parents=True, exist_ok=True)
    results = arguments.output / "results.jsonl"
    for name in arguments.only.split(","):
        known = read_results(results)
        if name not in known:
            append(results, {"name": name} | train(name, arguments))
        if arguments.evaluation and "finance_faq" not in read_results(results)[name]:
            append(results, {"name": name} | measure(folder_of(name, arguments.output), arguments.evaluation))
    (arguments.output / "results.md").write_text(table(list(read_results(results).values())), encoding="utf-8")


def train(name: str, arguments: argparse.Namespace) -> dict:
    variant, packed = VARIANTS[name], arguments.packed
    corpus = variant.corpus(Corpus.load(packed / "corpus.npz"))
    folder = folder_of(name, arguments.output)
    run = Run(packed, folder, variant.budget, static_start(packed, variant.size, variant.budget.seed), corpus)
    began = time.process_time()
    for stage in variant.budget.stages:
        run.train(stage)
        (folder / f"{stage}.pt").unlink()
    seconds = time.process_time() - began
    publish(run.encoder, run.tokenizer, folder, name)
    facts = {"industries": len(corpus.industries), "parameters": sum(p.numel() for p in run.encoder.parameters())}
    return facts | {"processor seconds": round(seconds)} | run.measure(run.encoder)


def measure(model: Path, sets: Path) -> dict[str, float]:
    """hit@1 of the question sets, and the area under the curve of the pairs."""
    vectors = Vectors.load(model)
    figures = {}
    for index in ("standard", "half"):
        hits = [evaluate(vectors, path, index)["hit@1"] for path in sorted((sets / "authored").glob("*.jsonl"))]
        figures[f"four industries, {index}"] = float(np.mean(hits))
    for name in ("finance_faq", "health_pairs", "banking77", "clinc150"):
        figures[name] = evaluate(vectors, sets / name, "standard")["hit@1"]
    for path in sorted((sets / "pairs").glob("*.tsv")):
        figures[path.stem] = evaluate(vectors, path, "standard")["auc"]
    return {name: round(value, 4) for name, value in figures.items()}


def folder_of(name: str, output: Path) -> Path:
    return output / name.replace(" ", "-")


def append(path: Path, record: dict) -> None:
    print(record, flush=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def read_results(path: Path) -> dict[str, dict]:
    """By name; the lines of one name complete each other."""
    results: dict[str, dict] = {}
    for record in data.read_json_lines(path) if path.exists() else []:
        results.setdefault(record["name"], {}).update(record)
    return results


def table(results: list[dict]) -> str:
    columns = list(dict.fromkeys(column for result in results for column in result))
    rows = [columns, ["---"] * len(columns), *[[str(result.get(column, "–")) for column in columns] for result in results]]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packed", type=Path, default=HERE / "work" / "packed-ablation", help="of the budget ablation")
    parser.add_argument("--only", default=",".join(VARIANTS), help="variants, separated by commas")
    parser.add_argument("--evaluation", type=Path, help="the folder of evaluation sets")
    parser.add_argument("--output", type=Path, default=HERE / "work" / "ablation", help="models, results.jsonl, results.md")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
