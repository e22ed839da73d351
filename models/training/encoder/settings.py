"""Sizes of the encoder, and what each stage of training does, for each budget."""
from dataclasses import dataclass, field

from encoder.network import Shape

POSITIONS = 128


def shape(size: str, tokens: int) -> Shape:
    layers, width, heads, inner = {
        "tiny": (1, 64, 2, 128),
        "small": (4, 256, 4, 1024),
        "middle": (4, 384, 6, 1024),
        "large": (6, 384, 12, 1536),
    }[size]
    return Shape(tokens, layers, width, heads, inner, POSITIONS)


def prefixes(width: int) -> dict[int, float]:
    """The first so-many numbers of a vector are a vector of their own, with less weight."""
    return {width: 1.0, width // 2: 0.2, width // 4: 0.2}


@dataclass(frozen=True)
class Stage:
    """`tasks`: for each task its weight and its batch (lines, pairs, or whole industries for `authored`)."""

    steps: int
    rate: float
    tasks: dict[str, tuple[float, int]]
    table_rate: float = 0.2  # the token table learns at this share of `rate`
    warm_up: int = 100


@dataclass(frozen=True)
class Budget:
    """`every`: of the plain text each so-many-th line; `taught`: parallel rows the teacher is asked about."""

    every: int
    taught: int
    stages: dict[str, Stage]
    noisy: float = 0.25
    spelled: float = 0.15
    lost: float = 0.05
    seed: int = 0
    measure_every: int = 200
    save_seconds: int = field(default=180, compare=False)


BUDGETS = {
    "smoke": Budget(
        every=1,
        taught=0,
        measure_every=50,
        stages={
            "tune": Stage(300, 6e-3, {"authored": (1.0, 2)}, table_rate=1.0, warm_up=10),
        },
    ),
    # Two cores read about ten million tokens in an hour: too few to learn a language from, so this budget only tunes.
    "processor": Budget(
        every=4,
        taught=80_000,
        stages={"tune": Stage(2560, 3e-4, {"authored": (1.0, 3), "distilled": (0.3, 40)}, table_rate=0.4)},
    ),
    # Goes on from a trained model when questions have been added: a warm restart.
    "continued": Budget(
        every=4,
        taught=80_000,
        stages={"tune": Stage(2700, 3e-4, {"authored": (1.0, 3), "distilled": (0.3, 40)}, table_rate=0.4)},
    ),
    # Two minutes on one core, enough to compare: `ablation.py` runs it again and again, one thing changed each time.
    "ablation": Budget(
        every=16,
        taught=40_000,
        stages={"tune": Stage(70, 3e-4, {"authored": (1.0, 1), "distilled": (0.3, 24)}, table_rate=0.4, warm_up=10)},
    ),
    # Sized for a quarter of an hour of one large graphics processor; never run.
    "accelerator": Budget(
        every=1,
        taught=60_000,
        measure_every=250,
        stages={
            "pretrain": Stage(2500, 5e-4, {"masked": (1.0, 1024), "distilled": (1.0, 1024), "parallel": (0.5, 512), "answers": (0.3, 128)}, warm_up=200),
            "tune": Stage(1500, 3e-4, {"authored": (1.0, 16), "distilled": (0.3, 512), "answers": (0.1, 128)}),
        },
    ),
}
