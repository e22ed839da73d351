"""Writes the mean of the weights of encoders that descend from one another (Wortsman and others 2022, "Model soups").

    python average.py MODEL MODEL... OUTPUT        OUTPUT may be one of them
"""
import sys
from pathlib import Path

import torch

from encoder.publish import Vectors, publish
from train_encoder import NAME


def main() -> None:
    *folders, output = map(Path, sys.argv[1:])
    models = [Vectors.load(folder) for folder in folders]
    states = [model.encoder.state_dict() for model in models]
    mean = {name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]}
    models[0].encoder.load_state_dict(mean)
    publish(models[0].encoder, models[0].tokenizer, output, NAME)


if __name__ == "__main__":
    main()
