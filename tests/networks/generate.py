"""Makes the .tosa files of this folder and README.md: python tests/networks/generate.py; about two minutes.

Random weights from a fixed seed, quantised by PT2E on normally distributed inputs.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import torch
from torch import nn

from chipsmith.frontends.pytorch.network import lower_module
from chipsmith.tosa.file import read_tosa, write_tosa
from chipsmith.tosa.graph import Graph, Operator

CALIBRATION_ROWS = 32


class DigitsCnn(nn.Module):
    """Two convolutions, two poolings and two dense layers on an image of 28 x 28."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        )  # fmt: skip
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(16 * 7 * 7, 32), nn.ReLU(), nn.Linear(32, 10))

    def forward(self, image):
        return self.classifier(self.features(image))


class EncoderLayer(nn.Module):
    """Self-attention with 2 heads and a feed-forward part of 64, both with residuals and LayerNorm."""

    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(32, 2, 64, dropout=0.0, batch_first=True, activation="gelu")

    def forward(self, tokens):
        return self.layer(tokens)


class Recurrent(nn.Module):
    """Eight steps of a recurrent cell and a dense layer on its last state."""

    def __init__(self, cell):
        super().__init__()
        self.cell = cell(8, 16, batch_first=True)
        self.head = nn.Linear(16, 4)

    def forward(self, steps):
        return self.head(self.cell(steps)[0][:, -1])


NETWORKS = {
    "digits_cnn": (DigitsCnn, (1, 28, 28)),
    "encoder_layer": (EncoderLayer, (16, 32)),
    "gru": (lambda: Recurrent(nn.GRU), (8, 8)),
    "lstm": (lambda: Recurrent(nn.LSTM), (8, 8)),
}


HERE = Path(__file__).parent
HEAD = """# Networks for tests

Small networks as the first release's PyTorch path lowered them: random weights, int8, batch 1, no border transposes.
`generate.py` makes the files and this page; `families.py` makes the trained networks of `families/`.
"""


def generate(name: str) -> None:
    torch.manual_seed(0)
    build, shape = NETWORKS[name]
    calibration = np.random.default_rng(0).standard_normal((CALIBRATION_ROWS, *shape), dtype=np.float32)
    network = lower_module(build(), (torch.zeros(1, *shape),), (calibration,), name=name)
    write_tosa(network.graph, HERE / f"{name}.tosa")


def section(graph: Graph) -> str:
    """The operators of a network with their element types, counted."""
    rows = Counter(row(graph, op) for op in graph.operators)
    table = "\n".join(f"| {operator} | {count} |" for operator, count in sorted(rows.items()))
    ends = " -> ".join(", ".join(tensor(graph, name) for name in names) for names in (graph.inputs, graph.outputs))
    head = "| operator: inputs that are no constants -> output | count |\n|---|---|"
    return f"## {graph.name}\n\n{ends}\n\n{head}\n{table}\n"


def row(graph: Graph, op: Operator) -> str:
    computed = [name for name in op.inputs if name not in graph.constants] or op.inputs[:1]
    inputs = ", ".join(graph.tensor(name).dtype.name.lower() for name in computed)
    notes = [str(op.attributes[key]) for key in ("rounding_mode",) if key in op.attributes]
    notes += ["per channel"] if op.attributes.get("per_channel") else []
    notes += ["of a constant"] if computed == op.inputs[:1] and computed[0] in graph.constants else []
    return f"{op.kind}: {inputs} -> {graph.tensor(op.outputs[0]).dtype.name.lower()}" + "".join(f", {x}" for x in notes)


def tensor(graph: Graph, name: str) -> str:
    return f"{graph.tensor(name).dtype.name.lower()}{list(graph.tensor(name).shape)}"


if __name__ == "__main__":
    for network_name in NETWORKS:
        generate(network_name)
    graphs = [read_tosa(HERE / f"{network_name}.tosa") for network_name in NETWORKS]
    (HERE / "README.md").write_text("\n".join([HEAD, *map(section, graphs)]))
