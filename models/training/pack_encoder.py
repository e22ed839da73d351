"""Writes everything the encoder is trained on into one folder: corpus.npz, tokenizer.json, start.npy, development.json.

    python pack_encoder.py [--data FOLDER] [--budget processor] [--output work/packed]

The folder is all that `train_encoder.py` needs, so it can be carried to another machine.
"""
import argparse
import json
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

import data
from encoder.corpus import build_corpus
from encoder.settings import BUDGETS
from encoder.start import encoder_tokenizer
from static.model import StaticModel

HERE = Path(__file__).resolve().parent


def main() -> None:
    arguments = parse_arguments()
    budget = BUDGETS[arguments.budget]
    authored = data.authored_folders(arguments.data)
    output = arguments.output
    output.mkdir(parents=True, exist_ok=True)
    if arguments.trained:
        tokenizer = Tokenizer.from_file(str(arguments.trained / "tokenizer.json"))
    else:
        static = StaticModel.load(arguments.static)
        tokenizer = encoder_tokenizer(static.tokenizer)
        np.save(output / "start.npy", static.table.astype(np.float16))
    corpus = build_corpus(arguments.data, authored, tokenizer, set(data.DEVELOPMENT), budget.every, budget.taught, arguments.work)
    corpus.save(output / "corpus.npz")
    tokenizer.save(str(output / "tokenizer.json"), pretty=False)
    development = [industry for industry in data.read_industries(authored, set()) if industry.name in data.DEVELOPMENT]
    questions = {industry.name: [entry.phrasings for entry in industry.entries] for industry in development}
    (output / "development.json").write_text(json.dumps(questions, ensure_ascii=False), encoding="utf-8")
    size = sum(path.stat().st_size for path in output.iterdir()) / 1e6
    print(f"{output}: {len(corpus.industries)} industries, {len(corpus.tokens.sizes)} sentences, {size:.1f} MB")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/training"))
    parser.add_argument("--static", type=Path, default=HERE.parent / "yingda-static", help="the static model to start from")
    parser.add_argument("--trained", type=Path, help="an encoder to go on from instead: its tokenizer is taken, and no start written")
    parser.add_argument("--budget", choices=BUDGETS, default="processor")
    parser.add_argument("--output", type=Path, default=HERE / "work" / "packed")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="the teacher's vectors")
    return parser.parse_args()


if __name__ == "__main__":
    main()
