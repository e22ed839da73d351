"""From what was measured to the figures of the table."""
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from measure import Batches, Measured, Record


@dataclass(frozen=True)
class Figures:
    """Of one stack with one number of threads. Shares are of the limit that the processor allows, 0 to 1."""

    name: str
    threads: int
    device: str
    peer: str | None
    p50_milliseconds: float
    p99_milliseconds: float
    sentences_per_second: float
    passages_per_second: float
    batch_share: float | None
    passage_share: float | None
    megabytes: float
    start_milliseconds: float
    least_cosine: float
    mean_cosine: float
    # Processor time over time on the clock, while asked.
    cores: float


def figures(measured: Measured, reference: Record, flop_per_token: float) -> list[Figures]:
    """Cosines are to the vectors of `reference`."""
    peaks = {(record.stack.arithmetic, record.threads): max(record.peaks) for record in measured.records if record.peaks}
    return [
        figures_of(record, reference, flop_per_token, peaks.get((record.stack.arithmetic, record.threads)))
        for record in measured.records
    ]


def figures_of(record: Record, reference: Record, flop_per_token: float, peak: float | None) -> Figures:
    cosines = cosines_between(record, reference)
    return Figures(
        name=record.stack.name,
        threads=record.threads,
        device=record.stack.device,
        peer=record.stack.peer,
        p50_milliseconds=1e3 * float(np.quantile(record.singles, 0.5)),
        p99_milliseconds=1e3 * float(np.quantile(record.singles, 0.99)),
        sentences_per_second=sentence_rate(record.batches),
        passages_per_second=sentence_rate(record.passages),
        batch_share=None if peak is None else token_rate(record.batches) * flop_per_token / peak,
        passage_share=None if peak is None else token_rate(record.passages) * flop_per_token / peak,
        megabytes=record.megabytes,
        start_milliseconds=1e3 * float(np.median(record.starts)),
        least_cosine=float(cosines.min()),
        mean_cosine=float(cosines.mean()),
        cores=record.processor_seconds / record.seconds,
    )


def sentence_rate(rounds: list[Batches]) -> float:
    """A second, in the middle one of the rounds."""
    return float(np.median([batches.sentences / batches.seconds for batches in rounds]))


def token_rate(rounds: list[Batches]) -> float:
    """Real tokens, so that padding counts as time lost."""
    return float(np.median([batches.tokens / batches.seconds for batches in rounds]))


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
