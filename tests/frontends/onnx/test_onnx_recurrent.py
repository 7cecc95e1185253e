"""Recurrent nodes written out compute what onnxruntime's own recurrent kernels compute."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import numpy_helper
from onnx_networks import assert_same, model, node, proto, random_inputs, weights

from chipsmith.errors import OperatorRefused
from chipsmith.frontends.onnx.load import quantise_file
from chipsmith.frontends.onnx.network import lower_model
from chipsmith.tosa.reference import evaluate

STEPS, BATCH, INPUTS, HIDDEN = 5, 2, 3, 4
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
CELLS = [
    ("LSTM", {}),
    ("GRU", {"linear_before_reset": 1}),
    ("GRU", {"linear_before_reset": 0}),
    ("RNN", {}),
    ("RNN", {"activations": ["Relu"]}),
]


def recurrent(kind, *, direction="forward", states=False, batch=BATCH, lengths=(), **attributes):
    count, rows = (2 if direction == "bidirectional" else 1), GATES[kind] * HIDDEN
    constants = [weights("w", count, rows, INPUTS), weights("r", count, rows, HIDDEN), weights("b", count, 2 * rows)]
    inputs = ["x", "w", "r", "b", ""]
    if states:
        inputs += ["h", "c"] if kind == "LSTM" else ["h"]
        constants += [weights(name, count, batch, HIDDEN) for name in inputs[5:]]
    if lengths:
        inputs[4] = "lengths"
        constants.append(numpy_helper.from_array(np.array(lengths, np.int32), "lengths"))
    if "activations" in attributes:
        attributes["activations"] = attributes["activations"] * count
    outputs = ("y", "last", "cell") if kind == "LSTM" else ("y", "last")
    cell = node(kind, inputs, outputs, name="cell", hidden_size=HIDDEN, direction=direction, **attributes)
    return model(proto([cell], constants, outputs=outputs, x=(STEPS, batch, INPUTS)))


@pytest.mark.parametrize("states", [False, True])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize(("kind", "attributes"), CELLS)
def test_written_out_it_has_the_values_of_onnxruntimes_kernel(kind, attributes, direction, states):
    assert_same(recurrent(kind, direction=direction, states=states, **attributes))


def test_lengths_of_whole_series_change_nothing():
    assert_same(recurrent("GRU", lengths=[STEPS] * BATCH))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"clip": 1.0}, "LSTM 'cell': with the attribute clip; write the cell out over its steps before the export"),
        ({"input_forget": 1}, "LSTM 'cell': with the attribute input_forget"),
        ({"lengths": [STEPS, 2]}, "LSTM 'cell': sequences shorter than the 5 steps of its input; leave sequence_lens"),
    ],
)
def test_unusual_cell_is_refused_by_name(arguments, message):
    with pytest.raises(OperatorRefused, match=message):
        lower_model(recurrent("LSTM", **arguments))


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_quantised_it_stays_near_its_source(kind):
    network = recurrent(kind, direction="bidirectional", batch=1)
    (series,) = random_inputs(network, 40)
    flat = series.reshape(-1, 1, INPUTS)
    quantised = quantise_file(network, [flat])
    ours = quantised.dequantize_outputs(evaluate(quantised.graph, quantised.quantize_inputs(flat[:STEPS])))
    for values, expected in zip(ours, quantised.source.run(flat[:STEPS]), strict=True):
        np.testing.assert_allclose(values, expected, atol=0.04)
