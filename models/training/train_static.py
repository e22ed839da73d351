"""Trains the static model: tokenizer, starting table, contrastive training of several seeds, mean of their tables.

    python train_static.py [--data FOLDER] [--output FOLDER] [--hold-out NAME,NAME…]

Every stage leaves its result in the work folder, so that an interrupted run goes on from there.
"""
import argparse
import hashlib
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

import data
from static.batches import Authored, Pairs
from static.cooccurrence import starting_table
from static.losses import contrast, imitate, through_unit, to_unit
from static.model import StaticModel
from static.sentences import Sentences
from static.table import Table
from static.tokenizer import UNKNOWN, build_tokenizer
from teacher import teacher_vectors

NAME = "yingda-static"
REPORT_EVERY = 100
CHECKPOINT_EVERY = 300
VOCABULARY_FACTS = ("dimension", "words", "characters", "english", "pieces", "hold_out")


@dataclass
class Settings:
    dimension: int = 384
    words: int = 6000
    characters: int = 2800
    english: int = 3000
    pieces: int = 400
    start_length: float = 3.0
    character_weight: float = 0.5
    steps: int = 900
    warm_up: int = 50
    rate: float = 0.005
    industries: int = 12
    foreign_weight: float = 0.3
    pairs: int = 512
    answers: int = 128
    taught: int = 384
    teacher_sentences: int = 60000
    pair_weight: float = 1.0
    answer_weight: float = 0.5
    teacher_weight: float = 0.3
    temperature: float = 0.05
    dropout: float = 0.1
    spelled: float = 0.1
    seeds: int = 3


@dataclass
class Corpus:
    industries: list[data.Industry]
    parallel: list[tuple[str, str]]
    answers: list[tuple[str, str]]
    text: list[str]


class Training:
    """One seed: draws batches, sums the gradients of all losses, descends."""

    def __init__(self, corpus: Corpus, tokenizer: Tokenizer, settings: Settings, cache: Path) -> None:
        self.settings = settings
        self.sentences = Sentences(tokenizer)
        self.authored = Authored(self.sentences, corpus.industries, float(np.log(settings.foreign_weight)))
        self.parallel = Pairs(self.sentences, [pair for pair in corpus.parallel if len(pair[0]) <= 80])
        self.answers = Pairs(self.sentences, corpus.answers)
        taught = choose_taught(corpus, settings.teacher_sentences)
        self.taught = self.sentences.add(taught)
        self.teacher = teacher_vectors(taught, cache)
        self.sentences.close()

    def step(self, table: Table, rate: float, rng: np.random.Generator) -> np.ndarray:
        """Returns the losses: authored, parallel, question-answer, teacher."""
        settings, temperature = self.settings, self.settings.temperature
        authored = self.authored.draw(settings.industries, rng)
        taught = rng.choice(len(self.taught), settings.taught, replace=False)
        numbers = [authored.left, authored.right, *self.parallel.draw(settings.pairs, rng)]
        numbers += [*self.answers.draw(settings.answers, rng), self.taught[taught]]
        bags = self.sentences.bags(np.concatenate(numbers), settings.spelled, settings.dropout, rng)
        units, lengths = to_unit(bags @ table.vectors())
        parts = np.split(units, np.cumsum([len(part) for part in numbers])[:-1])
        results = [
            (1.0, contrast(parts[0], parts[1], authored.bias, temperature)),
            (settings.pair_weight, contrast(parts[2], parts[3], 0.0, temperature)),
            (settings.answer_weight, contrast(parts[4], parts[5], 0.0, temperature)),
            (settings.teacher_weight, imitate(parts[6], self.teacher[taught].astype(np.float32), temperature)),
        ]
        gradient = np.concatenate([weight * part for weight, (_, *gradients) in results for part in gradients])
        table.descend(bags.T @ through_unit(units, lengths, gradient.astype(np.float32)), rate)
        return np.array([loss for _, (loss, *_) in results])

    def run(self, table: Table, seed: int, checkpoint: Path) -> np.ndarray:
        """The trained vectors. Goes on from the checkpoint where there is one."""
        settings = self.settings
        if checkpoint.exists():
            table.restore(dict(np.load(checkpoint)))
        losses, began, first = np.zeros(4), time.time(), table.steps
        for step in range(table.steps, settings.steps):
            rate = settings.rate * min(1, (step + 1) / settings.warm_up) * (1 - step / settings.steps)
            # The draw depends on the seed and the step alone: a resumed run sees the same batches.
            losses += self.step(table, rate, np.random.default_rng([seed, step]))
            if (step + 1) % REPORT_EVERY == 0:
                seconds = (time.time() - began) / (step + 1 - first)
                values = "  ".join(f"{value / REPORT_EVERY:.3f}" for value in losses)
                print(f"seed {seed}  step {step + 1}/{settings.steps}  losses {values}  {seconds:.2f} s a step", flush=True)
                losses[:] = 0
            if (step + 1) % CHECKPOINT_EVERY == 0 or step + 1 == settings.steps:
                save_atomically(checkpoint, table.state())
        return table.vectors()


def main() -> None:
    arguments = parse_arguments()
    settings = Settings(**{key: getattr(arguments, key) for key in asdict(Settings())})
    hold_out = {*data.DEVELOPMENT, *filter(None, arguments.hold_out.split(","))}
    if arguments.industries:
        names = [path.stem for folder in data.authored_folders(arguments.data) for path in folder.glob("*.jsonl") if path.stem not in hold_out]
        hold_out |= set(names) - set(data.some_of(names, arguments.industries))
    corpus = read_corpus(arguments.data, hold_out)
    facts = asdict(settings) | {"hold_out": sorted(hold_out)}
    vocabulary = stage_folder(arguments.work, {key: facts[key] for key in VOCABULARY_FACTS})
    checkpoints = stage_folder(arguments.work, facts | {"seeds": 0})
    tokenizer = cached_tokenizer(vocabulary / "tokenizer.json", corpus, settings)
    print(f"{tokenizer.get_vocab_size()} tokens in {vocabulary}, checkpoints in {checkpoints}", flush=True)
    start = cached_start(vocabulary / "start.npy", tokenizer, corpus, settings)
    training = Training(corpus, tokenizer, settings, arguments.work)
    tables = []
    for seed in range(settings.seeds):
        table = Table(tokenizer, start, settings.character_weight)
        tables.append(training.run(table, seed, checkpoints / f"seed-{seed}.npz"))
    model = StaticModel(tokenizer, finish(np.mean(tables, axis=0), tokenizer))
    model.save(arguments.output, NAME)
    print(f"saved {arguments.output}")


def finish(vectors: np.ndarray, tokenizer: Tokenizer) -> np.ndarray:
    """Scaled so that half precision holds it well; [UNK] almost zero, so that a sentence of nothing else has a direction."""
    vectors = vectors / np.linalg.norm(vectors, axis=1).mean()
    vectors[tokenizer.token_to_id(UNKNOWN)] = 1e-3 / np.sqrt(vectors.shape[1])
    return vectors


def read_corpus(folder: Path, hold_out: set[str]) -> Corpus:
    industries = data.read_industries(data.authored_folders(folder), hold_out)
    return Corpus(industries, data.read_parallel(folder), data.read_question_answers(folder), data.read_text(folder, every=2))


def cached_tokenizer(path: Path, corpus: Corpus, settings: Settings) -> Tokenizer:
    if not path.exists():
        entries = [entry for industry in corpus.industries for entry in industry.entries]
        asked = [text for entry in entries for text in entry.phrasings + entry.translations + entry.unlike]
        asked += [text for industry in corpus.industries for text in industry.out_of_scope]
        answered = [text for entry in entries for text in entry.answers]
        technical = [text for pair in corpus.answers for text in pair] + corpus.text[::4]
        translated = [text for pair in corpus.parallel for text in pair]
        sources = [(asked, 5.0), (answered, 1.0), (translated, 1.0), (technical, 0.2)]
        sizes = (settings.words, settings.characters, settings.english, settings.pieces)
        build_tokenizer(sources, *sizes).save(str(path), pretty=False)
    return Tokenizer.from_file(str(path))


def cached_start(path: Path, tokenizer: Tokenizer, corpus: Corpus, settings: Settings) -> np.ndarray:
    if not path.exists():
        texts = corpus.text + [text for pair in corpus.parallel + corpus.answers for text in pair]
        texts += [text for industry in corpus.industries for entry in industry.entries for text in entry.answers]
        np.save(path, starting_table(tokenizer, texts, settings.dimension, seed=0))
    return np.load(path) * np.float32(settings.start_length)


def choose_taught(corpus: Corpus, count: int) -> list[str]:
    """English sentences for the teacher: all authored ones, and `count` short ones of the parallel text."""
    entries = [entry for industry in corpus.industries for entry in industry.entries]
    authored = [text for entry in entries for text in entry.translations + entry.answers if text.isascii()]
    return list(dict.fromkeys(authored + [english for _, english in data.short_pairs(corpus.parallel)[:count]]))


def stage_folder(work: Path, facts: dict) -> Path:
    """One folder for each set of facts: a changed setting never goes on from another one's files."""
    name = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]
    (work / name).mkdir(parents=True, exist_ok=True)
    return work / name


def save_atomically(path: Path, arrays: dict[str, np.ndarray]) -> None:
    unfinished = path.with_suffix(".part.npz")
    np.savez(unfinished, **arrays)
    unfinished.rename(path)


def parse_arguments() -> argparse.Namespace:
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/training"))
    parser.add_argument("--output", type=Path, default=here.parent / NAME)
    parser.add_argument("--work", type=Path, default=here / "work", help="checkpoints and the teacher's vectors")
    parser.add_argument("--hold-out", default="", help="further industries left out, beside the development ones; separated by commas")
    parser.add_argument("--industries", type=int, default=0, help="train on so many only; `ablation.py` chooses the same ones")
    for key, value in asdict(Settings()).items():
        parser.add_argument(f"--{key.replace('_', '-')}", type=type(value), default=value)
    return parser.parse_args()


if __name__ == "__main__":
    main()
