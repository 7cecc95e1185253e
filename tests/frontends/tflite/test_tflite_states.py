"""States: variables and what SVDF keeps go on from one inference to the next, and begin anew with each run."""

from __future__ import annotations

import numpy as np
import pytest
from tflite_agreement import assert_same, run
from tflite_files import FileWriter, Scaled

from chipsmith.chip import load_chip
from chipsmith.errors import OperatorRefused
from chipsmith.frontends.tflite.network import load_tflite
from chipsmith.targets import load_target

SCALED = Scaled(0.03, -4)
STEPS = 9
WINDOW = (1, 4, 2)


def integers(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(-128, 128, (STEPS, *shape), np.int8)


def write_delay(path, *, initial: np.ndarray | None, read_again: bool = False):
    """A window of the four latest rows, shifted by a row an inference; its sum with itself of before is the output."""
    write = FileWriter()
    x = write.tensor((1, 1, 2), "int8", SCALED, name="row")
    handle = write.tensor((), "resource")
    write.operator("CALL_ONCE", [], [], "CallOnceOptions", {"initSubgraphIndex": 1})
    write.operator("VAR_HANDLE", [], [handle], "VarHandleOptions", {"container": "", "sharedName": "window"})
    before = write.operator("READ_VARIABLE", [handle], [write.tensor(WINDOW, "int8", SCALED)])
    bounds = [write.constant(np.array(values), "int32") for values in ((0, 1, 0), WINDOW, (1, 1, 1))]
    rest = write.tensor((1, 3, 2), "int8", SCALED)
    write.operator("STRIDED_SLICE", [before, *bounds], [rest], "StridedSliceOptions")
    after = write.tensor(WINDOW, "int8", SCALED)
    write.operator("CONCATENATION", [rest, x], [after], "ConcatenationOptions", {"axis": 1})
    write.operator("ASSIGN_VARIABLE", [handle, after], [])
    if read_again:
        after = write.operator("READ_VARIABLE", [handle], [write.tensor(WINDOW, "int8", SCALED)])
    y = write.operator("ADD", [before, after], [write.tensor(WINDOW, "int8", Scaled(0.06, 1))], "AddOptions")
    write.open_subgraph()
    handle = write.tensor((), "resource")
    write.operator("VAR_HANDLE", [], [handle], "VarHandleOptions", {"container": "", "sharedName": "window"})
    if initial is not None:
        write.operator("ASSIGN_VARIABLE", [handle, write.constant(initial, "int8", SCALED)], [])
    return write.write(path / "network.tflite", [x], [y, after])


@pytest.mark.parametrize("read_again", [False, True])
def test_variable_goes_on_from_step_to_step(read_again, tmp_path):
    path = write_delay(tmp_path, initial=np.arange(8).reshape(WINDOW), read_again=read_again)
    network = assert_same(path, integers(1, 1, 2))
    (state,) = network.states
    np.testing.assert_array_equal(state.initial, np.arange(8).reshape(WINDOW))
    assert state.after in network.graph.outputs
    assert [step.name for step in network.host_steps] == [f"keep {state.before}"]


def test_each_run_begins_anew_on_every_target(tmp_path):
    network = load_tflite(write_delay(tmp_path, initial=np.full(WINDOW, -9)))
    rows = integers(1, 1, 2).reshape(-1, 1, 2)
    on_chip = load_target("npu", load_chip("nano-64")).prepare(network)
    first, again = on_chip.run(rows), on_chip.run(rows)
    for results in (again, run(network, rows), network.source.run(rows), network.source.run(rows)):
        for result, right in zip(results, first, strict=True):
            np.testing.assert_array_equal(result, right)


def test_variable_without_a_first_value_is_refused(tmp_path):
    path = write_delay(tmp_path, initial=None)
    with pytest.raises(OperatorRefused, match=r"operator 2, READ_VARIABLE .* variable 'window' no constant"):
        load_tflite(path)


@pytest.mark.parametrize(
    ("batch", "inputs", "units", "rank", "memory"), [(1, 5, 4, 1, 6), (2, 3, 2, 3, 1), (1, 8, 3, 2, 4)]
)
def test_svdf_has_the_bits_of_litert(batch, inputs, units, rank, memory, tmp_path):
    random, write = np.random.default_rng(memory), FileWriter()
    filters = units * rank
    x = write.tensor((batch, inputs), "int8", Scaled(0.05, 11))
    features = write.constant(random.integers(-127, 128, (filters, inputs)), "int8", Scaled(0.01))
    times = write.constant(random.integers(-32767, 32768, (filters, memory)), "int16", Scaled(0.00003))
    bias = write.constant(random.integers(-2000, 2000, units), "int32", Scaled(1.5e-8))
    state = write.tensor((batch, filters * memory), "int16", Scaled(0.0005), variable=True)
    y = write.tensor((batch, units), "int8", Scaled(0.02, -30))
    fields = {"rank": rank, "fusedActivationFunction": 1}
    write.operator("SVDF", [x, features, times, bias, state], [y], "SVDFOptions", fields)
    network = assert_same(write.write(tmp_path / "network.tflite", [x], [y]), integers(batch, inputs))
    assert not network.states[0].initial.any()
