"""Asks a running server under load and compares it with the same work inside one process, in turns.

    python load.py --server YINGDA --in-process IN_PROCESS [--model FOLDER] [--language zh] [--seconds 10] [--rounds 3]
        [--connections 64]

`make load` builds what is named here. Needs Linux and wrk. A demo shop is served with the default model, or another one, and
without a cache. wrk shares the machine's cores with the server: what it takes of them is measured and said, because in production it
runs elsewhere.

Each route is asked with all connections at once and then at half of that rate, each connection waiting for a while between a
reply and its next request. Exit code 1 when a request failed.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
ADDRESS = "127.0.0.1:18080"
ENVIRONMENT = {"YINGDA_LOG__LEVEL": "warn", "YINGDA_MODEL__CACHE_CAPACITY": "0"}
EMBED = '{"model":"MODEL","input":"QUESTION","encoding_format":"%s"}'
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Route:
    name: str
    path: str
    body: str
    """A question goes where it says QUESTION, and the model's name where it says MODEL."""
    in_process: str
    """What `in_process` calls the same work."""


ROUTES = (
    Route("/v1/ask", "/v1/ask", '{"text":"QUESTION"}', "ask"),
    Route("/v1/embeddings, floats", "/v1/embeddings", EMBED % "float", "embeddings"),
    Route("/v1/embeddings, base64", "/v1/embeddings", EMBED % "base64", "embeddings"),
)


@dataclass(frozen=True)
class InProcess:
    calls_per_second: float
    processor_us: float


@dataclass(frozen=True)
class Load:
    """One run of wrk; times in microseconds of a processor for each request, delays in milliseconds."""

    requests_per_second: float
    server_us: float
    wrk_us: float
    idle: float
    """Share of the machine's processor time that nobody used, 0 to 1."""
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Round:
    in_process: InProcess
    full: Load
    half: Load


def main() -> None:
    arguments = parse_arguments()
    measured: dict[Route, list[Round]] = {route: [] for route in ROUTES}
    for _ in range(arguments.rounds):
        for route in ROUTES:
            measured[route].append(measure(route, arguments))
    print(report(measured, arguments))


def measure(route: Route, arguments: argparse.Namespace) -> Round:
    """The server is not running while the work is measured in process, nor the other way round."""
    in_process = run_in_process(route, arguments)
    with Server(arguments) as server:
        run_wrk(server, route, arguments, 1)
        full = run_wrk(server, route, arguments, arguments.seconds)
        think_ms = 2e3 * arguments.connections / full.requests_per_second
        half = run_wrk(server, route, arguments, arguments.seconds, think_ms)
    return Round(in_process, full, half)


def run_in_process(route: Route, arguments: argparse.Namespace) -> InProcess:
    command = [arguments.in_process, route.in_process, arguments.model, shop(arguments)]
    command += [str(arguments.seconds), str(arguments.connections)]
    return InProcess(**json.loads(subprocess.run(command, check=True, capture_output=True).stdout))


def shop(arguments: argparse.Namespace) -> Path:
    return PROJECT / "datasets" / f"shop-{arguments.language}"


class Server:
    def __init__(self, arguments: argparse.Namespace) -> None:
        self._command = [arguments.server, "demo", "--language", arguments.language, "--address", ADDRESS]
        self._environment = {**os.environ, **ENVIRONMENT, "YINGDA_MODEL__NAME": str(arguments.model)}

    def __enter__(self) -> "Server":
        self._process = subprocess.Popen(self._command, env=self._environment, stdout=subprocess.DEVNULL)
        while not self._answers():
            if self._process.poll() is not None:
                sys.exit("the server ended before it was ready")
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{ADDRESS}/readyz", timeout=1) as reply:
                return reply.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def processor_seconds(self) -> float:
        """User and system time of all threads so far, those that ended included: see proc(5)."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def run_wrk(
    server: Server, route: Route, arguments: argparse.Namespace, seconds: int, think_ms: float | None = None
) -> Load:
    options = ["--threads", "1", "--connections", str(arguments.connections), "--duration", f"{seconds}s", "--latency"]
    command = ["wrk", *options, "--script", HERE / "questions.lua", f"http://{ADDRESS}{route.path}", "--"]
    body = route.body.replace("MODEL", model_name(arguments))
    command += [shop(arguments) / "questions.jsonl", body] + ([] if think_ms is None else [f"{think_ms:.1f}"])
    server_before, machine_before, wrk_before = server.processor_seconds(), machine_ticks(), children_seconds()
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    wrk, machine = children_seconds() - wrk_before, machine_ticks()
    processor = server.processor_seconds() - server_before
    failed = re.search(r"Non-2xx.*|Socket errors.*", output)
    if failed:
        sys.exit(f"{route.name}: {failed.group()}")
    requests = int(find(r"(\d+) requests in", output))
    idle, total = (after - before for after, before in zip(machine, machine_before))
    return Load(
        requests_per_second=float(find(r"Requests/sec:\s+([\d.]+)", output)),
        server_us=1e6 * processor / requests,
        wrk_us=1e6 * wrk / requests,
        idle=idle / total,
        p50_ms=milliseconds(find(r"^\s+50%\s+(\S+)", output)),
        p99_ms=milliseconds(find(r"^\s+99%\s+(\S+)", output)),
    )


def model_name(arguments: argparse.Namespace) -> str:
    return json.loads((arguments.model / "manifest.json").read_text(encoding="utf-8"))["name"]


def machine_ticks() -> tuple[int, int]:
    """Idle and all time of all processors so far: see proc(5)."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return fields[3] + fields[4], sum(fields)


def children_seconds() -> float:
    times = os.times()
    return times.children_user + times.children_system


def find(pattern: str, output: str) -> str:
    found = re.search(pattern, output, re.MULTILINE)
    if found is None:
        sys.exit(f"wrk did not print what was expected:\n{output}")
    return found.group(1)


def milliseconds(duration: str) -> float:
    """As wrk writes it: 830.00us, 14.02ms, 1.20s."""
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", duration).groups()
    return float(number) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit]


def report(measured: dict[Route, list[Round]], arguments: argparse.Namespace) -> str:
    lines = [
        f"{model_name(arguments)}: {arguments.connections} connections, {os.cpu_count()} cores shared with wrk; medians of {arguments.rounds} rounds "
        f"of {arguments.seconds} s. Times in µs of processor a request.",
        "",
        "| | requests/s | in process | share | server µs | in process µs | share without wrk | wrk µs | most with wrk "
        "| idle | p50, p99 ms |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [full_row(route, rounds) for route, rounds in measured.items()]
    lines += ["", "| at half load | requests/s | p50 ms | p99 ms | p99 / p50 | idle |", "|---|---:|---:|---:|---:|---:|"]
    lines += [half_row(route, rounds) for route, rounds in measured.items()]
    lines += [
        "",
        "share: of the calls a second in process. share without wrk: processor time of a call in process over that of a "
        "request in the server. most with wrk: the same over server and wrk together, what the cores allow when none idles.",
    ]
    return "\n".join(lines)


def full_row(route: Route, rounds: list[Round]) -> str:
    median = statistics.median
    rate = median(round.full.requests_per_second for round in rounds)
    calls = median(round.in_process.calls_per_second for round in rounds)
    share = median(round.full.requests_per_second / round.in_process.calls_per_second for round in rounds)
    server, wrk = median(round.full.server_us for round in rounds), median(round.full.wrk_us for round in rounds)
    call = median(round.in_process.processor_us for round in rounds)
    idle = median(round.full.idle for round in rounds)
    p50, p99 = median(round.full.p50_ms for round in rounds), median(round.full.p99_ms for round in rounds)
    return (
        f"| {route.name} | {rate:,.0f} | {calls:,.0f} | {share:.0%} | {server:.0f} | {call:.0f} | {call / server:.0%} "
        f"| {wrk:.0f} | {call / (server + wrk):.0%} | {idle:.0%} | {p50:.1f}, {p99:.1f} |"
    )


def half_row(route: Route, rounds: list[Round]) -> str:
    median = statistics.median
    rate = median(round.half.requests_per_second for round in rounds)
    p50, p99 = median(round.half.p50_ms for round in rounds), median(round.half.p99_ms for round in rounds)
    ratio = median(round.half.p99_ms / round.half.p50_ms for round in rounds)
    idle = median(round.half.idle for round in rounds)
    return f"| {route.name} | {rate:,.0f} | {p50:.2f} | {p99:.2f} | {ratio:.1f} | {idle:.0%} |"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", type=Path, required=True, help="the program yingda")
    parser.add_argument("--in-process", type=Path, required=True, help="the example in_process of the crate answer")
    parser.add_argument("--model", type=Path, default=PROJECT / "models" / "yingda-encoder", help="a folder with a manifest")
    parser.add_argument("--language", choices=("zh", "en"), default="zh", help="of the demo shop")
    parser.add_argument("--seconds", type=int, default=10, help="of one run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    arguments = parser.parse_args()
    arguments.model = arguments.model.resolve()
    return arguments


if __name__ == "__main__":
    main()
