"""An int8 LSTM as TensorFlow Lite's converter writes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from tflite_files import FileWriter, Scaled


@dataclass(frozen=True, kw_only=True)
class LstmForm:
    """Sizes and options of a UNIDIRECTIONAL_SEQUENCE_LSTM."""

    batch: int = 1
    steps: int = 7
    inputs: int = 5
    cells: int = 6
    outputs: int | None = None
    coupled: bool = False
    peepholes: bool = False
    time_major: bool = False
    cell_clip: float = 0.0
    normalised: bool = False


def write_lstm(path, form: LstmForm, *, seed: int = 0):
    """A file of the one operator, with random weights."""
    random, write = np.random.default_rng(seed), FileWriter()
    hidden, given = Scaled(1 / 128, 3), form.outputs or form.cells
    kept = Scaled(1 / 100, -5) if form.outputs else hidden
    axes = (form.steps, form.batch) if form.time_major else (form.batch, form.steps)
    x = write.tensor((*axes, form.inputs), "int8", Scaled(0.02, 9))

    def weights(rows: int, columns: int) -> int:
        return write.constant(random.integers(-127, 128, (rows, columns)), "int8", Scaled(0.008))

    inner = [weights(form.cells, form.inputs) for _ in range(4)]
    recurrent = [weights(form.cells, given) for _ in range(4)]
    peepholes = [-1] * 3
    if form.peepholes:
        peepholes = [write.constant(random.integers(-9999, 9999, form.cells), "int16", Scaled(0.0001)) for _ in "ifo"]
    biases = [write.constant(random.integers(-3000, 3000, form.cells), "int32", Scaled(0.00016)) for _ in range(4)]
    if form.coupled:
        inner[0] = recurrent[0] = peepholes[0] = biases[0] = -1
    projection = [-1, -1]
    if form.outputs:
        bias = write.constant(random.integers(-900, 900, given), "int32", Scaled(0.008 / 128))
        projection = [weights(given, form.cells), bias]
    states = [
        write.tensor((form.batch, given), "int8", kept, variable=True),
        write.tensor((form.batch, form.cells), "int16", Scaled(2.0**-11), variable=True),
    ]
    norms = (
        [write.constant(np.full(form.cells, 99), "int16", Scaled(0.001)) for _ in range(4)] if form.normalised else []
    )
    inside = [write.tensor((), "int16", Scaled(0.001)) for _ in range(4)] + [write.tensor((), "int8", hidden)]
    y = write.tensor((*axes, given), "int8", kept)
    write.operator(
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        [x, *inner, *recurrent, *peepholes, *biases, *projection, *states, *(norms or [-1] * 4)],
        [y],
        "UnidirectionalSequenceLSTMOptions",
        {"fusedActivationFunction": 4, "timeMajor": form.time_major, "cellClip": form.cell_clip},
        intermediates=inside,
    )
    return write.write(path / "network.tflite", [x], [y])
