"""The check: a network of three operators beside sources that agree with it, or lie in one way each."""

from __future__ import annotations

import dataclasses
import itertools
import json

import numpy as np
import pytest

from chipsmith.chip import load_chip
from chipsmith.errors import BadInput, CheckFailed
from chipsmith.frontends.quantized_io import AuthorTensor, ConstantOutput, IoBinding, PassedInput
from chipsmith.frontends.quantized_network import Arithmetic, Layer, QuantizedNetwork
from chipsmith.targets import load_target
from chipsmith.tosa.graph import DType, Graph, Operator, Tensor
from chipsmith.witness.check.check import check_network
from chipsmith.witness.check.text import describe_check, explain_failure
from chipsmith.witness.check.verdict import parse_check

SCALE = 0.5
NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CHIPSMITH_CACHE", str(tmp_path))


def operator(kind, name, source):
    return Operator(kind=kind, name=name, inputs=(source,), outputs=(name,))


GRAPH = Graph(
    name="not",
    tensors={name: Tensor(name=name, shape=(1, 4), dtype=DType.INT8) for name in ("x", "a", "y")},
    operators=(operator("BITWISE_NOT", "a", "x"), operator("BITWISE_NOT", "y", "a")),
    constants={},
    inputs=("x",),
    outputs=("a", "y"),
)


def real(integers):
    return np.asarray(integers, np.float32) * np.float32(SCALE)


def inverted(values):
    """What BITWISE_NOT is of int8 with the scale SCALE."""
    return real(-np.rint(values / SCALE) - 1)


class Source:
    """A framework that computes the network, and then lies as `change` says; `runs` counts."""

    framework = "Numpy 1.0"

    def __init__(self, change=lambda a, y: (a, y), off=None):
        self.change, self.off, self.runs = change, off, 0
        self.fingerprint = f"{next(NUMBERS)}".encode()

    def run(self, *inputs):
        self.runs += 1
        (x,) = inputs
        return tuple(self.change(inverted(x), inverted(inverted(x))))

    def tensors(self, names, *inputs):
        (x,) = inputs
        known = {"inner": inverted(x), "last": inverted(inverted(x))}
        return {name: (known[name] + (name == self.off) * 9)[:, None] for name in names if name in known}


def bind(tensor, position):
    return IoBinding(tensor=tensor, position=position, scale=SCALE, zero_point=0, axes=(0, 1))


def layer(name, tensor, source):
    return Layer(name=name, operator="Not", tensor=tensor, axes=(0, 1), scale=SCALE, zero_point=0, real=source)


def author(name):
    return AuthorTensor(name=name, dtype=np.dtype("float32"), shape=(1, 4))


def network_of(source, **changes):
    network = QuantizedNetwork(
        graph=GRAPH,
        inputs=(bind("x", 0),),
        outputs=(bind("a", 0), bind("y", 1)),
        author_inputs=(author("x"),),
        author_outputs=(author("first"), author("second")),
        layers=(layer("one", "a", "inner"), layer("two", "y", "last")),
        examples=(real(np.random.default_rng(0).integers(-60, 60, (8, 4))),),
        source=source,
    )
    return dataclasses.replace(network, **changes)


def check(source, *, floor=20.0, target="npu", **changes):
    network = network_of(source, **changes)
    prepared = load_target(target, load_chip("nano-64")).prepare(network)
    return check_network(network, prepared, model="net.x", floor=floor)


def test_a_right_network_is_right_to_the_bit():
    result = check(Source())
    assert (result.right, result.verdict, result.inputs, result.inputs_kind) == (True, "right", 8, "calibration")
    assert describe_check(result) == (
        "check: exact (first, the worst of 2 outputs) against Numpy 1.0 on net.x, 8 inputs (calibration): right"
    )
    assert explain_failure(result) == ""


LIES = {
    "one output is clipped": lambda a, y: (np.maximum(a, 0), y),
    "outputs are exchanged": lambda a, y: (y, a),
    "a sign": lambda a, y: (a, -y),
    "another layout": lambda a, y: (a, y.reshape(-1, 2, 2)),
    "another type": lambda a, y: (a, y.astype(np.float64)),
    "no number": lambda a, y: (a, np.where(y == y.max(), np.nan, y)),
    "shifted by a place": lambda a, y: (a, np.roll(y, 1, axis=1)),
    "an output less": lambda *outputs: outputs[:1],
    "an output more": lambda a, y: (a, y, y),
}


@pytest.mark.parametrize("name", LIES)
def test_every_lie_is_wrong(name):
    result = check(Source(LIES[name]))
    assert (result.right, result.verdict) == (False, "wrong")
    assert explain_failure(result).startswith("the program does not give what Numpy 1.0 on net.x gives: ")


def test_the_first_layer_that_is_off_is_named():
    result = check(Source(LIES["a sign"], off="last"))
    assert (result.first_layer_off.name, result.first_layer_off.operator) == ("two", "Not")
    assert "(second, the worst of 2 outputs); the first layer off is Not 'two' (" in explain_failure(result)
    sooner, nowhere = check(Source(LIES["a sign"], off="inner")), check(Source(LIES["a sign"]))
    assert sooner.first_layer_off.name == "one"
    assert "no layer that is known by name is off" in explain_failure(nowhere)


def test_the_floor_is_the_least_ratio():
    noisy = Source(lambda a, y: (a, y + np.float32(3.0)))
    (ratio,) = (output.sqnr_db for output in check(noisy, floor=0).outputs if output.sqnr_db is not None)
    assert check(noisy, floor=ratio - 0.1).right
    assert not check(noisy, floor=ratio + 0.1).right


def test_a_source_that_does_not_run_is_a_fault():
    def fail(a, y):
        raise CheckFailed("out of order")

    assert "the source itself does not run: out of order" in explain_failure(check(Source(fail)))


def test_outputs_that_no_operator_computes_are_compared_too():
    outputs = (PassedInput(position=0, source=0), ConstantOutput(position=1, values=np.ones((1, 4), np.float32)))
    x = network_of(None).examples[0]
    ones = np.ones_like(x)
    sources = [Source(lambda *_, given=given: given) for given in ((x, ones), (x + 1000, ones), (x, 0 * ones))]
    assert [check(source, outputs=outputs).right for source in sources] == [True, False, False]


INTEGERS = tuple(dataclasses.replace(bind(name, index), scale=None) for index, name in enumerate(("a", "y")))


def check_integers(change, *, other_roundings=None):
    """The same network as a file in integers: 16 random inputs."""
    names = [AuthorTensor(name=name, dtype=np.dtype("int8"), shape=(1, 4)) for name in ("x", "first", "second")]

    class Integers(Source):
        def run(self, *inputs):
            return change(~inputs[0], inputs[0].copy())

        def tensors(self, asked, *inputs):
            a, y = self.run(*inputs)
            return {name: {"a": a, "y": y}[name][:, None] for name in asked}

    return check(
        Integers(),
        inputs=(dataclasses.replace(INTEGERS[0], tensor="x"),),
        outputs=INTEGERS,
        author_inputs=tuple(names[:1]),
        author_outputs=tuple(names[1:]),
        layers=(),
        operator_names={"a": "a", "y": "y"},
        examples=(),
        arithmetic=Arithmetic.INTEGER,
        other_roundings=other_roundings or {},
    )


def one_step(a, y):
    """A step more in a few elements of the last operator."""
    return a, np.where(y % 16 == 3, y + 1, y).astype(np.int8)


def test_integers_are_the_same_to_the_bit():
    result = check_integers(lambda a, y: (a, y))
    assert (result.right, result.inputs, result.inputs_kind) == (True, 16, "random")
    assert {output.largest_step for output in result.outputs} == {0}


def test_a_step_is_wrong_without_a_name():
    result = check_integers(one_step)
    assert (result.verdict, result.first_layer_off.name) == ("wrong", "y")
    assert "of 64 values differ, by 1 step at most" in explain_failure(result)


def test_a_named_operator_may_bring_a_step():
    result = check_integers(one_step, other_roundings={"y": "FULLY_CONNECTED"})
    assert result.right
    assert "by 1 step at most (1 FULLY_CONNECTED may bring 1 each: TOSA rounds it otherwise)" in describe_check(result)


def test_a_step_that_another_operator_brings_is_wrong():
    result = check_integers(one_step, other_roundings={"a": "FULLY_CONNECTED"})
    assert (result.right, result.first_layer_off.name) == (False, "y")


def test_two_steps_of_a_named_operator_are_wrong():
    two_steps = np.array([0, 0, 2, 0], np.int8)
    wrong = check_integers(lambda a, y: (a, y // 2 * 2 + two_steps), other_roundings={"y": "X"})
    assert (wrong.right, wrong.first_layer_off.name) == (False, "y")


def test_a_network_without_a_source_is_not_checked():
    assert check(None) is None


def test_a_network_without_inputs_is_a_question():
    network = network_of(Source(), author_inputs=(), inputs=())
    with pytest.raises(BadInput, match="no inputs"):
        check_network(network, None, model="net.x", floor=20.0)


def test_a_check_is_done_once_for_all_chips():
    source = Source()
    first = check(source)
    network = network_of(source)
    prepared = load_target("npu", load_chip("edge-256")).prepare(network)
    assert check_network(network, prepared, model="net.x", floor=20.0) == first
    assert source.runs == 1


@pytest.mark.parametrize("change", ["weights", "calibration", "floor"])
def test_what_went_into_a_check_is_its_name(change):
    source = Source()
    check(source)
    if change == "weights":
        source.fingerprint = b"another"
    examples = network_of(source).examples[0] + (change == "calibration")
    check(source, examples=(examples,), floor=20.0 + (change == "floor"))
    assert source.runs == 2


def test_a_check_goes_to_json_and_back():
    result = check(Source(LIES["a sign"], off="inner"))
    assert parse_check(json.loads(json.dumps(result.to_json()))) == result
    for field, value in (("floor_db", {}), ("outputs", [{"name": "y", "sqnr_db": []}]), ("arithmetic", "none")):
        with pytest.raises(ValueError):
            parse_check({**result.to_json(), field: value})
