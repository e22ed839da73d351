"""Draws hit@1 on the development industries against the number of industries trained on.

    python plot_curve.py RESULTS.jsonl... OUTPUT.svg

Each file is one line of the picture, named by the file: lines of JSON with `industries` and `development`.
"""
import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

from data import read_json_lines  # noqa: E402


def main() -> None:
    *results, output = map(Path, sys.argv[1:])
    figure, axis = pyplot.subplots(figsize=(6, 4), layout="constrained")
    for path in results:
        points = sorted((record["industries"], record["development"]) for record in read_json_lines(path))
        axis.plot(*zip(*points), marker="o", label=path.stem.replace("_", " "))
    axis.set_xlabel("industries trained on")
    axis.set_ylabel("hit@1, development industries")
    axis.legend()
    axis.grid(alpha=0.3)
    matplotlib.rcParams["svg.hashsalt"] = "yingda"
    figure.savefig(output, metadata={"Date": None})


if __name__ == "__main__":
    main()
