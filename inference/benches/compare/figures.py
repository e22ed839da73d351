"""From what was measured to the figures of the table."""
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from measure import Batches, Measured, Record


@dataclass(frozen=True)
class Throughput:
    """Of batches. What other programs take slows the clock's figures; those by processor time it disturbs only where a
    stack's threads wait for each other in a loop.

    Shares are of the limit that the processor allows, 0 to 1: by the clock, and by the processor time used. They count
    real tokens, so padding lowers them.
    """

    per_second: float
    per_processor_second: float
    share: float | None
    processor_share: float | None


@dataclass(frozen=True)
class Figures:
    """Of one stack with one number of threads."""

    name: str
    threads: int
    device: str
    peer: str | None
    p50_milliseconds: float
    p99_milliseconds: float
    # Through the product's queue; the others have none.
    queued_milliseconds: float | None
    questions: Throughput
    passages: Throughput
    megabytes: float
    start_milliseconds: float
    least_cosine: float
    mean_cosine: float
    # Processor time over time on the clock, while asked.
    cores: float


def figures(measured: Measured, reference: Record, flop_per_token: float) -> list[Figures]:
    """Cosines are to the vectors of `reference`."""
    limits = {
        (record.stack.arithmetic, record.threads): max(record.peaks) / flop_per_token for record in measured.records if record.peaks
    }
    return [
        figures_of(record, reference, limits.get((record.stack.arithmetic, record.threads))) for record in measured.records
    ]


def figures_of(record: Record, reference: Record, limit: float | None) -> Figures:
    """`limit` is in tokens a second."""
    cosines = cosines_between(record, reference)
    return Figures(
        name=record.stack.name,
        threads=record.threads,
        device=record.stack.device,
        peer=record.stack.peer,
        p50_milliseconds=1e3 * float(np.quantile(record.singles, 0.5)),
        p99_milliseconds=1e3 * float(np.quantile(record.singles, 0.99)),
        queued_milliseconds=1e3 * float(np.quantile(record.queued, 0.5)) if record.queued else None,
        questions=throughput(record.batches, record.threads, limit),
        passages=throughput(record.passages, record.threads, limit),
        megabytes=record.megabytes,
        start_milliseconds=1e3 * float(np.median(record.starts)),
        least_cosine=float(cosines.min()),
        mean_cosine=float(cosines.mean()),
        cores=record.processor_seconds / record.seconds,
    )


def throughput(rounds: list[Batches], threads: int, limit: float | None) -> Throughput:
    """Of the middle one of the rounds."""
    tokens = middle([batches.tokens / batches.seconds for batches in rounds])
    processor_tokens = middle([batches.tokens / batches.processor_seconds for batches in rounds])
    return Throughput(
        per_second=middle([batches.sentences / batches.seconds for batches in rounds]),
        per_processor_second=middle([batches.sentences / batches.processor_seconds for batches in rounds]),
        share=None if limit is None else tokens / limit,
        processor_share=None if limit is None else processor_tokens * threads / limit,
    )


def middle(values: list[float]) -> float:
    return float(np.median(values))


def cosines_between(record: Record, other: Record) -> np.ndarray:
    """Of the two vectors of every text that both embedded."""
    common = [text for text in record.vectors if text in other.vectors]
    left, right = (np.array([each.vectors[text] for text in common]) for each in (record, other))
    return (left * right).sum(1) / (np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1))


def linear_flop_per_token(model: Path) -> float:
    """Query, key, value and output projections and the two feed-forward layers: 2 × layers × (4h² + 2hf)."""
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    layers, hidden, inner = (config[name] for name in ("num_hidden_layers", "hidden_size", "intermediate_size"))
    return 2.0 * layers * (4 * hidden * hidden + 2 * hidden * inner)
