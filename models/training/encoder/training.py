"""The loop that all stages share: draw a batch for each task, descend, measure, save; goes on after an interruption."""
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from encoder.network import Encoder
from encoder.settings import Stage

REPORT_EVERY = 50
DECAYS = (0.9, 0.98)
WEIGHT_DECAY = 0.01
LONGEST_GRADIENT = 1.0


class Training:
    """One stage. `tasks` by name have a `loss(encoder, size, rng)`; `measure(encoder)` gives named figures."""

    def __init__(self, encoder: Encoder, tasks: nn.ModuleDict, stage: Stage, seed: int, device: torch.device) -> None:
        self.encoder, self.tasks, self.stage, self.seed, self.device = encoder, tasks, stage, seed, device
        table = encoder.embeddings["word_embeddings"].weight
        rest = [p for p in [*encoder.parameters(), *tasks.parameters()] if p is not table]
        groups = [{"params": [table], "share": stage.table_rate, "weight_decay": 0.0}, {"params": rest, "share": 1.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=stage.rate, betas=DECAYS, weight_decay=WEIGHT_DECAY, fused=True)
        self.step = 0

    def run(self, checkpoint: Path, history: Path, measure, measure_every: int, save_seconds: int) -> None:
        if checkpoint.exists():
            self.restore(torch.load(checkpoint, map_location=self.device, weights_only=True))
        losses: dict[str, list[float]] = {name: [] for name in self.stage.tasks}
        began, first, saved = time.time(), self.step, time.time()
        while self.step < self.stage.steps:
            for name, value in self.descend().items():
                losses[name].append(value)
            self.step += 1
            if self.step % REPORT_EVERY == 0:
                seconds = (time.time() - began) / (self.step - first)
                means = {name: round(sum(values) / len(values), 4) for name, values in losses.items()}
                record = {"step": self.step, "seconds": round(seconds, 3)} | means
                if self.step % measure_every == 0 or self.step == self.stage.steps:
                    record |= measure(self.encoder)
                report(history, record)
                losses = {name: [] for name in losses}
            if time.time() - saved > save_seconds or self.step == self.stage.steps:
                self.save(checkpoint)
                saved = time.time()

    def descend(self) -> dict[str, float]:
        """One step. The draw depends on the seed and the step alone: a resumed run sees the same batches."""
        stage = self.stage
        rng = np.random.default_rng([self.seed, stage.steps, self.step])
        torch.manual_seed(int(rng.integers(2**31)))
        rate = stage.rate * min(1, (self.step + 1) / stage.warm_up) * (0.02 + 0.98 * (1 + math.cos(math.pi * self.step / stage.steps)) / 2)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["share"]
        self.encoder.train()
        values = {}
        for name, (weight, size) in stage.tasks.items():
            with torch.autocast(self.device.type, torch.bfloat16):
                loss = self.tasks[name].loss(self.encoder, size, rng)
            (weight * loss).backward()
            values[name] = float(loss.detach())
        nn.utils.clip_grad_norm_([p for group in self.optimizer.param_groups for p in group["params"]], LONGEST_GRADIENT)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return values

    def save(self, path: Path) -> None:
        state = {name: part.state_dict() for name, part in (("encoder", self.encoder), ("tasks", self.tasks), ("optimizer", self.optimizer))}
        unfinished = path.with_suffix(".part")
        torch.save(state | {"step": self.step}, unfinished)
        unfinished.rename(path)

    def restore(self, state: dict) -> None:
        self.encoder.load_state_dict(state["encoder"])
        self.tasks.load_state_dict(state["tasks"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]


def report(history: Path, record: dict) -> None:
    print("  ".join(f"{name} {value}" for name, value in record.items()), flush=True)
    with history.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
