"""A network of one's own on two chips: a small classifier of 8 x 8 images, from PyTorch to cycles and joules.

    python examples/own_network.py

The same from the command line, in this folder, with x.npy as `calibration` below:

    chipsmith estimate own_network:build --calibration x.npy --chip nano-64,edge-256
"""

import tempfile
from pathlib import Path

import numpy as np
import torch

import chipsmith


def build() -> torch.nn.Module:
    """The module that is quantised: here with fresh weights, in earnest with trained ones."""
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 16, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(16 * 4 * 4, 10),
    )


def main() -> None:
    """Estimate the module on two chips, and print where its operators run."""
    calibration = np.random.default_rng(0).random((64, 1, 8, 8), np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.npy"
        np.save(path, calibration)
        estimates = chipsmith.estimate("own_network:build", chips=["nano-64", "edge-256"], calibration=path)
    for estimate in estimates:
        latency = estimate.inference.latency
        print(f"{estimate.chip.name}: {latency.cold_cycles} cycles, {estimate.inference.energy_uj:.2f} uJ")
    for row in estimates[0].inference.operators:
        print(f"  {row.name}: {row.placed}, {row.reason}")


if __name__ == "__main__":
    main()
