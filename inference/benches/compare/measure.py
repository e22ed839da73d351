"""Asks all stacks the same, in rounds, so that whatever else the machine does meets all of them alike."""
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter

import psutil

from stacks import Running, Stack

BATCH = 32
# As many passages as the product puts into one batch: 1,024 tokens.
PASSAGE_BATCH = 8
# Threads that a library leaves waiting after a product stop turning within some milliseconds.
PAUSE = 0.05
# No second start for a stack that takes longer than this, in seconds.
SLOW_START = 2.0


@dataclass(frozen=True)
class Effort:
    """Texts of each kind a round. After `seconds` from the first start on, no further round begins."""

    rounds: int
    singles: int
    batched: int
    passages: int
    starts: int
    seconds: float


QUICK = Effort(rounds=2, singles=16, batched=64, passages=16, starts=1, seconds=45)
FULL = Effort(rounds=10, singles=200, batched=192, passages=16, starts=3, seconds=400)


@dataclass(frozen=True)
class Texts:
    questions: list[str]
    passages: list[str]
    # Of each text, special ones included.
    tokens: dict[str, int]


@dataclass(frozen=True)
class Batches:
    """What one round's texts took together, on the clock and of all processor cores."""

    seconds: float
    processor_seconds: float
    sentences: int
    tokens: int


@dataclass
class Record:
    """Everything measured of one stack with one number of threads."""

    stack: Stack
    threads: int
    starts: list[float] = field(default_factory=list)
    megabytes: float = 0.0
    singles: list[float] = field(default_factory=list)
    batches: list[Batches] = field(default_factory=list)
    passages: list[Batches] = field(default_factory=list)
    tokenizing: list[float] = field(default_factory=list)
    # Singles again, through the queue and a worker's thread.
    queued: list[float] = field(default_factory=list)
    # Operations a second; empty where our server has no loop for the stack's arithmetic.
    peaks: list[float] = field(default_factory=list)
    vectors: dict[str, list[float]] = field(default_factory=dict)
    processor_seconds: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True)
class Measured:
    """One run."""

    records: list[Record]
    # Share of the machine that other programs took meanwhile, 0 to 1.
    taken_by_others: float

    def record(self, name: str) -> Record:
        """The first one of the stack."""
        return next(record for record in self.records if record.stack.name == name)


def measure(stacks: list[tuple[Stack, int]], texts: Texts, effort: Effort) -> Measured:
    """Stacks and their threads. All processes live at the same time, and one works at a time."""
    records = [Record(stack, threads) for stack, threads in stacks]
    running: list[Running] = []
    before = busy_seconds()
    began = perf_counter()
    try:
        for record in records:
            running.append(start(record, effort.starts))
        for pair in zip(running, records, strict=True):
            warm_up(*pair, texts, effort)
        run_rounds(list(zip(running, records, strict=True)), texts, effort, began + effort.seconds)
    finally:
        for process in running:
            process.stop()
    total, own = (after - earlier for after, earlier in zip(busy_seconds(), before, strict=True))
    capacity = (perf_counter() - began) * (os.cpu_count() or 1)
    return Measured(records, max(0.0, total - own) / capacity)


def start(record: Record, starts: int) -> Running:
    """The last of the processes; the others only show how long a start takes."""
    while True:
        process = Running(record.stack, record.threads)
        record.starts.append(process.start_seconds)
        if len(record.starts) >= starts or process.start_seconds > SLOW_START:
            return process
        process.stop()


def warm_up(process: Running, record: Record, texts: Texts, effort: Effort) -> None:
    process.ask("single", texts=texts.questions[:BATCH])
    process.ask("batch", texts=texts.questions[: effort.batched], size=BATCH)
    process.ask("batch", texts=texts.passages[: effort.passages], size=PASSAGE_BATCH)
    record.megabytes = process.megabytes()


def run_rounds(pairs: list[tuple[Running, Record]], texts: Texts, effort: Effort, deadline: float) -> None:
    """One round at least."""
    for number in range(effort.rounds):
        if number > 0 and perf_counter() > deadline:
            break
        first = number % len(pairs)
        for process, record in pairs[first:] + pairs[:first]:
            time.sleep(PAUSE)
            with counted(process, record):
                measure_round(process, record, texts, effort, number)
            if record.stack.independent_workers:
                measure_own(process, record, texts.questions[: effort.singles])


def measure_round(process: Running, record: Record, texts: Texts, effort: Effort, number: int) -> None:
    singles = portion(texts.questions, effort.singles, number)
    record.singles += process.ask("single", texts=singles)["seconds"]
    for kind, count, size in (("questions", effort.batched, BATCH), ("passages", effort.passages, PASSAGE_BATCH)):
        asked = portion(getattr(texts, kind), count, number)
        reply = process.ask("batch", texts=asked, size=size)
        results = record.batches if kind == "questions" else record.passages
        tokens = sum(texts.tokens[text] for text in asked)
        results.append(Batches(reply["seconds"], reply["processor_seconds"], len(asked), tokens))
        record.vectors.update(zip(asked, reply["vectors"], strict=True))


def measure_own(process: Running, record: Record, questions: list[str]) -> None:
    """What only our server tells."""
    record.queued += process.ask("queued", texts=questions)["seconds"]
    record.tokenizing.append(process.ask("tokenize", texts=questions)["seconds"] / len(questions))
    peak = process.ask("peak")["operations_per_second"]
    record.peaks += [] if peak is None else [peak]


def portion(texts: list[str], count: int, number: int) -> list[str]:
    """The next `count` texts in each round, from the front again after the last."""
    return [texts[position % len(texts)] for position in range(number * count, (number + 1) * count)]


@contextmanager
def counted(process: Running, record: Record) -> Iterator[None]:
    """Adds what passes within, on the clock and on the processor."""
    began, before = perf_counter(), process.processor_seconds()
    yield
    record.processor_seconds += process.processor_seconds() - before
    record.seconds += perf_counter() - began


def busy_seconds() -> tuple[float, float]:
    """Processor time so far: of everything on the machine, and of this process with the children that have ended."""
    machine, own = psutil.cpu_times(), os.times()
    idle = machine.idle + getattr(machine, "iowait", 0.0)
    counted_twice = getattr(machine, "guest", 0.0) + getattr(machine, "guest_nice", 0.0)
    return sum(machine) - idle - counted_twice, sum(own[:4])
