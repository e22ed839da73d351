"""The figures as Markdown."""
import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from figures import Figures, Throughput, linear_flop_per_token
from measure import BATCH, PASSAGE_BATCH, Measured, Texts

# Above this share of the machine, other programs are mentioned as a disturbance.
BUSY = 0.05
COLUMNS = (
    "stack",
    "threads",
    "single p50 / p99, ms",
    f"batch of {BATCH}, sentences/s",
    "128 tokens, passages/s",
    "batches, of the limit",
    "passages, of the limit",
    "RSS, MB",
    "start, ms",
    "cosine, least / mean",
    "times the peer's speed",
)
EXPLANATION = """From text to unit vector, tokenizing included, no cache; all stacks in one run, round by round on the same sentences. Rates
are the median round's, in brackets by processor time instead of the clock's, which other programs disturb far less (with two threads, waiting in a loop for the
other thread counts as use). Single: one caller, one question after another, computed on its thread. Batches are taken as they come, so a stack that pads pays for it. Two threads
are two independent workers for ours and two threads inside each product for the others. The limit is what the processor reaches in
multiply-adds that never leave its registers, for the linear layers of real tokens. RSS after load and warm-up; start from the process's
start to its first vector. Cosines are to candle's graph in single precision. The last column compares with the stack of the same class,
named there: single p50, batches, passages."""


@dataclass(frozen=True)
class Setting:
    """What a reader must know of the run besides its figures."""

    model: Path
    texts: Texts
    source: str
    quick: bool


def report(measured: Measured, rows: list[Figures], setting: Setting) -> str:
    parts = [f"# Embedding beside other stacks\n\n{machine()} {texts_measured(measured, setting)} {disturbance(measured)}"]
    parts += [table(rows), EXPLANATION, "\n".join(f"- {line}" for line in (*limits(measured, setting), *queued(rows), *scaling(rows)))]
    return "\n\n".join(parts) + "\n"


def table(rows: list[Figures]) -> str:
    lines = [COLUMNS, ("---", *("---:" for _ in COLUMNS[1:]))]
    lines += [cells(row, peer_of(row, rows)) for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def peer_of(row: Figures, rows: list[Figures]) -> Figures | None:
    return next((other for other in rows if (other.name, other.threads) == (row.peer, row.threads)), None)


def cells(row: Figures, peer: Figures | None) -> tuple[str, ...]:
    return (
        row.name,
        str(row.threads),
        f"{row.p50_milliseconds:.2f} / {row.p99_milliseconds:.2f}",
        rates(row.questions, 0),
        rates(row.passages, 1),
        shares(row.questions),
        shares(row.passages),
        f"{row.megabytes:.0f}",
        f"{row.start_milliseconds:,.0f}",
        f"{row.least_cosine:.5f} / {row.mean_cosine:.5f}",
        "" if peer is None else ratios(row, peer),
    )


def rates(measured: Throughput, digits: int) -> str:
    return f"{measured.per_second:,.{digits}f} ({measured.per_processor_second:,.{digits}f})"


def shares(measured: Throughput) -> str:
    return "–" if measured.share is None else f"{measured.share:.0%} ({measured.processor_share:.0%})"


def ratios(row: Figures, peer: Figures) -> str:
    single = peer.p50_milliseconds / row.p50_milliseconds
    batches = [
        f"{ours.per_second / other.per_second:.2f} ({ours.per_processor_second / other.per_processor_second:.2f})"
        for ours, other in ((row.questions, peer.questions), (row.passages, peer.passages))
    ]
    return " / ".join((f"{single:.2f}", *batches)) + f" × {peer.name}"


def machine() -> str:
    """Processor, cores, and the commit that was measured."""
    names = [line.split(":", 1)[1].strip() for line in processor_description() if line.startswith("model name")]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    return f"{names[0] if names else platform.processor() or platform.machine()}, {os.cpu_count()} cores, commit {commit or 'unknown'}."


def processor_description() -> list[str]:
    """Empty where the system is not Linux."""
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def texts_measured(measured: Measured, setting: Setting) -> str:
    tokens = [setting.texts.tokens[text] for text in setting.texts.questions]
    quick = " Quick run: figures are rough." if setting.quick else ""
    return (
        f"{len(measured.records[0].singles):,} single questions for each stack from {setting.source} "
        f"({sum(tokens) / len(tokens):.1f} tokens on average), passages in batches of {PASSAGE_BATCH}.{quick}"
    )


def disturbance(measured: Measured) -> str:
    if measured.taken_by_others < BUSY:
        return "The machine did nothing else."
    return f"**The machine was busy: other programs took {measured.taken_by_others:.0%} of its cores**, so times on the clock are worse than they would be, and uneven."


def limits(measured: Measured, setting: Setting) -> list[str]:
    flop = linear_flop_per_token(setting.model)
    lines = [f"Linear layers: {flop / 1e6:.1f} million operations a token."]
    lines += [
        f"Limit of {record.stack.arithmetic} on {threads_in_words(record.threads)}: {max(record.peaks) / 1e9:.0f} GFLOP/s, "
        f"{max(record.peaks) / flop:,.0f} tokens/s."
        for record in measured.records
        if record.peaks
    ]
    microseconds = [1e6 * seconds for record in measured.records for seconds in record.tokenizing]
    return [*lines, f"Tokenizing takes ours {median(microseconds):.0f} µs a question."]


def queued(rows: list[Figures]) -> list[str]:
    """What a single question takes with the way to a worker's thread and back."""
    return [
        f"{row.name}, {threads_in_words(row.threads)}: a single question takes {row.queued_milliseconds:.2f} ms (p50) through the embedder's queue."
        for row in rows
        if row.queued_milliseconds is not None
    ]


def scaling(rows: list[Figures]) -> list[str]:
    """How much more of the same stack's batches pass with more threads."""
    single = {row.name: row for row in rows if row.threads == 1}
    return [
        f"{row.name}, {row.threads} threads: {row.questions.per_second / single[row.name].questions.per_second:.2f} times "
        "the sentences/s of one."
        for row in rows
        if row.threads > 1
    ]


def threads_in_words(threads: int) -> str:
    return "one core" if threads == 1 else f"{threads} cores"
