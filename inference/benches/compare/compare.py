"""Measures embedding: ours beside plain candle, ONNX Runtime and sentence-transformers, in one interleaved run.

    python compare.py --server BENCH_EMBED --model MODEL_FOLDER --onnx FOLDER [--questions FILE] [--quick] --report FILE

`make bench-embed` builds what is named here. Exit code 1 when our vectors are not those of ONNX Runtime in single
precision, or when a stack used more cores than its row says.
"""
import argparse
import sys
from pathlib import Path

from checks import threads_are_as_stated, vectors_agree
from figures import figures, linear_flop_per_token
from measure import FULL, QUICK, Texts, measure
from report import Setting, report
from sentences import read_passages, read_questions, read_tokenizer
from stacks import EXACT_PEER, REFERENCE, Places, Stack, accelerator_stacks, processor_stacks

AUTHORED = Path(__file__).resolve().parents[3] / "models" / "training" / "authored"
THREADS = (1, 2)


def main() -> None:
    arguments = parse_arguments()
    places = Places(arguments.server.resolve(), arguments.model.resolve(), arguments.onnx.resolve())
    texts = read_texts(places.model, arguments.questions)
    measured = measure(stacks(places), texts, QUICK if arguments.quick else FULL)
    rows = figures(measured, measured.record(REFERENCE), linear_flop_per_token(places.model))
    source = arguments.questions.parent.name if arguments.questions else "the project's own English phrasings"
    text = report(measured, rows, Setting(places.model, texts, source, arguments.quick))
    arguments.report.parent.mkdir(parents=True, exist_ok=True)
    arguments.report.write_text(text, encoding="utf-8")
    print(text)
    failures = vectors_agree(measured, measured.record(EXACT_PEER)) + threads_are_as_stated(rows)
    if failures:
        sys.exit("\n".join(failures))


def read_texts(model: Path, questions_file: Path | None) -> Texts:
    tokenizer = read_tokenizer(model)
    questions, passages = read_questions(tokenizer, questions_file, AUTHORED), read_passages(tokenizer, AUTHORED)
    tokens = {text: len(tokenizer.encode(text).ids) for text in (*questions, *passages)}
    return Texts(questions, passages, tokens)


def stacks(places: Places) -> list[tuple[Stack, int]]:
    """With the threads that each may use."""
    processor = [(stack, threads) for threads in THREADS for stack in processor_stacks(places)]
    return processor + [(stack, 1) for stack in accelerator_stacks(places)]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", type=Path, required=True, help="the example bench_embed of the crate inference")
    parser.add_argument("--model", type=Path, required=True, help="a folder as sentence-transformers saves BERT")
    parser.add_argument("--onnx", type=Path, required=True, help="what onnx_models.py made of the model")
    parser.add_argument("--questions", type=Path, help="a labelled set; without it the project's own phrasings")
    parser.add_argument("--quick", action="store_true", help="under a minute, rough figures")
    parser.add_argument("--report", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
