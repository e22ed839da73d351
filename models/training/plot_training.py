"""Draws the losses and the development figure of a run by step, one picture beside the model.

    python plot_training.py RUN_FOLDER OUTPUT.svg
"""
import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

FIGURE = "development"
NOT_LOSSES = {"step", "seconds", FIGURE}


def main() -> None:
    run, output = Path(sys.argv[1]), Path(sys.argv[2])
    histories = [path for name in ("pretrain", "tune") if (path := run / f"{name}.jsonl").exists()]
    figure, axes = pyplot.subplots(2, len(histories), figsize=(6 * len(histories), 6), squeeze=False, layout="constrained")
    for column, history in enumerate(histories):
        lines = [json.loads(line) for line in history.read_text(encoding="utf-8").splitlines()]
        # After an interruption some steps were taken, and reported, again.
        records = list({record["step"]: record for record in lines}.values())
        draw(axes[0, column], records, [name for name in records[0] if name not in NOT_LOSSES], f"{history.stem}: loss")
        draw(axes[1, column], records, [FIGURE], "hit@1, development industries")
        axes[1, column].set_xlabel("step")
    matplotlib.rcParams["svg.hashsalt"] = "yingda"
    figure.savefig(output, metadata={"Date": None})


def draw(axis, records: list[dict], names: list[str], title: str) -> None:
    for name in names:
        points = [(record["step"], record[name]) for record in records if name in record]
        axis.plot(*zip(*points), marker=".", label=name)
    axis.set_title(title)
    axis.legend()
    axis.grid(alpha=0.3)


if __name__ == "__main__":
    main()
