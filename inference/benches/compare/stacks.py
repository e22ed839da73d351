"""What is compared, and how each is started: every stack is a process that answers the same requests."""
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import psutil

HERE = Path(__file__).resolve().parent
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Precision:
    """One of ours. `peer` is the stack of the same class that it is measured against."""

    name: str
    peer: str
    # The smallest cosine to ONNX Runtime fp32 that any sentence may have.
    least_cosine: float


REFERENCE = "candle, plain"
EXACT_PEER, COARSE_PEER = "ONNX Runtime fp32", "ONNX Runtime int8"

PRECISIONS = (
    Precision("f32", peer=EXACT_PEER, least_cosine=0.9999),
    Precision("bf16", peer=EXACT_PEER, least_cosine=0.9995),
    Precision("int8", peer=COARSE_PEER, least_cosine=0.98),
)


@dataclass(frozen=True)
class Stack:
    """`command` is given the number of threads; `arithmetic` names the limit that products can reach at most."""

    name: str
    command: Callable[[int], list[str]]
    arithmetic: str
    # As many workers as threads, each with batches of its own, instead of threads that share a product.
    independent_workers: bool = False
    peer: str | None = None
    least_cosine: float | None = None
    device: str = "cpu"


@dataclass(frozen=True)
class Places:
    """Where the stacks' files are."""

    server: Path
    model: Path
    onnx: Path


def processor_stacks(places: Places) -> list[Stack]:
    return [
        *(our_stack(places, precision) for precision in PRECISIONS),
        reference_stack(places, REFERENCE, "cpu", EXACT_PEER),
        Stack(EXACT_PEER, onnxruntime_command(places, "fp32"), "f32"),
        Stack(COARSE_PEER, onnxruntime_command(places, "int8"), "int8"),
        Stack("sentence-transformers", sentence_transformers_command(places, "cpu", "float32"), "f32"),
    ]


def accelerator_stacks(places: Places) -> list[Stack]:
    """No stacks unless the server was built for CUDA and torch finds a card."""
    devices = json.loads(subprocess.run([places.server, "devices"], check=True, capture_output=True, text=True).stdout)
    if "cuda" not in devices or not card_is_there():
        return []
    halves, singles = "sentence-transformers fp16, CUDA", "sentence-transformers fp32, CUDA"
    return [
        reference_stack(places, "candle f32, CUDA", "cuda", peer=halves),
        Stack(halves, sentence_transformers_command(places, "cuda", "float16"), "f16", device="cuda"),
        Stack(singles, sentence_transformers_command(places, "cuda", "float32"), "f32", device="cuda"),
    ]


def card_is_there() -> bool:
    import torch  # takes seconds to load

    return torch.cuda.is_available()


def our_stack(places: Places, precision: Precision) -> Stack:
    return Stack(
        f"ours, {precision.name}",
        lambda threads: our_command(places, precision.name, "cpu", workers=threads),
        arithmetic=precision.name,
        independent_workers=True,
        peer=precision.peer,
        least_cosine=precision.least_cosine,
    )


def reference_stack(places: Places, name: str, device: str, peer: str) -> Stack:
    """candle's own graph; its products share the threads."""
    command = our_command(places, "candle", device, workers=1)
    return Stack(name, lambda _: command, "f32", peer=peer, least_cosine=0.9999, device=device)


def our_command(places: Places, precision: str, device: str, workers: int) -> list[str]:
    return [str(places.server), "serve", str(places.model), precision, device, str(workers)]


def onnxruntime_command(places: Places, graph: str) -> Callable[[int], list[str]]:
    return lambda threads: python("onnxruntime", places.onnx / f"{graph}.onnx", places.model, threads)


def sentence_transformers_command(places: Places, device: str, precision: str) -> Callable[[int], list[str]]:
    return lambda threads: python("sentence-transformers", places.model, device, precision, threads)


def python(*arguments: object) -> list[str]:
    return [sys.executable, str(HERE / "python_server.py"), *map(str, arguments)]


class Running:
    """A stack's process. `start_seconds` is from its start to its first vector."""

    def __init__(self, stack: Stack, threads: int) -> None:
        inner = str(1 if stack.independent_workers else threads)
        environment = {
            **os.environ,
            "HF_HUB_OFFLINE": "1",
            "TQDM_DISABLE": "1",
            "OMP_NUM_THREADS": inner,
            "MKL_NUM_THREADS": inner,
            "RAYON_NUM_THREADS": inner,
            "TOKENIZERS_PARALLELISM": str(threads > 1).lower(),
        }
        started = perf_counter()
        self.process = subprocess.Popen(
            stack.command(threads), env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.stack = stack
        if self.receive() != "ready":
            raise RuntimeError(f"{stack.name} did not start")
        self.start_seconds = perf_counter() - started
        self.usage = psutil.Process(self.process.pid)

    def ask(self, measure: str, **request: object) -> dict:
        self.process.stdin.write(json.dumps({"measure": measure, **request}) + "\n")
        self.process.stdin.flush()
        return self.receive()

    def receive(self) -> object:
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.stack.name} ended with exit code {self.process.wait()}")
        return json.loads(line)

    def megabytes(self) -> float:
        """Resident memory now."""
        return self.usage.memory_info().rss / MEGABYTE

    def processor_seconds(self) -> float:
        times = self.usage.cpu_times()
        return times.user + times.system

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait()
