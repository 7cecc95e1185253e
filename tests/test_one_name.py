"""A layer has one name: in placement, page, trace, diff, simulate, the saved network, and in messages.

Of a module, an ONNX file and a TFLite file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

import chipsmith
from chipsmith.chip import load_chip
from chipsmith.compiler.errors import DoesNotFit
from chipsmith.compiler.network import compile_network
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.frontends.registry import load_model
from chipsmith.profile.measure import describe_chip, full_profile
from chipsmith.program.layer_names import STAGES, name_layer, shorten_layer
from chipsmith.program.program import Placed, Program
from chipsmith.reports.author_names import PAGE_LETTERS
from chipsmith.reports.comparison.layers import compare_layers
from chipsmith.reports.fitted_names import shorten_middle
from chipsmith.reports.html import draw_body
from chipsmith.reports.layer_times import compare_layers as compare_times
from chipsmith.reports.record import RunRecord
from chipsmith.reports.terminal import open_console, placement_table
from chipsmith.reports.trace import trace_events
from chipsmith.tosa.file import write_tosa
from chipsmith.witness.cosimulate import _tell
from chipsmith.witness.diff.sqnr import layer_errors

torch = pytest.importorskip("torch")


class Residual(torch.nn.Module):
    """A block that is called twice, with an operator of its own beside its modules."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(32, 32, 3, padding=1)
        self.act = torch.nn.ReLU()

    def forward(self, x):
        return self.act(self.conv(x)) + x


class Nested(torch.nn.Module):
    """Modules in modules, a Sequential, a depthwise convolution, and a block that is called twice."""

    def __init__(self):
        super().__init__()
        self.stem = torch.nn.Sequential(torch.nn.Conv2d(3, 32, 3, padding=1), torch.nn.ReLU())
        self.block = Residual()
        self.mix = torch.nn.Conv2d(32, 32, 3, groups=32)
        self.head = torch.nn.Linear(32, 4)

    def forward(self, x):
        x = self.block(self.block(self.stem(x)))
        return self.head(self.mix(x).mean((2, 3)))


@dataclass(frozen=True, kw_only=True)
class Door:
    """A network through one front door: the argument of the verbs, its calibration, and some of its layers."""

    model: object
    calibration: np.ndarray | None
    layers: tuple[str, ...]


def images(*shape):
    return np.random.default_rng(0).normal(size=(8, *shape)).astype(np.float32)


def nested_door() -> Door:
    torch.manual_seed(0)
    layers = ("stem.0", "block.conv.conv2d_1", "block.conv.conv2d_2", "mix", "head")
    return Door(model=Nested().eval(), calibration=images(3, 8, 8), layers=layers)


def onnx_door(folder: Path) -> Door:
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 32, 3), torch.nn.ReLU(), torch.nn.Conv2d(32, 32, 3))
    path = folder / "small.onnx"
    torch.onnx.export(module, (torch.zeros(1, 3, 8, 8),), str(path), dynamo=False)
    return Door(model=str(path), calibration=images(3, 8, 8), layers=("/0/Conv", "/2/Conv"))


def tflite_door(data: Path) -> Door:
    layers = ("model/conv2d/Conv2D1", "model/conv2d_4/Conv2D")
    return Door(model=str(data / "mlperf_tiny" / "ic_resnet8_int8.tflite"), calibration=None, layers=layers)


@pytest.fixture(scope="module", params=["module", "onnx", "tflite"])
def door(request, tmp_path_factory):
    if request.param == "module":
        return nested_door()
    if request.param == "onnx":
        pytest.importorskip("onnx")
        return onnx_door(tmp_path_factory.mktemp("one_name"))
    return tflite_door(request.getfixturevalue("shared_data"))


@pytest.fixture(scope="module")
def network(door):
    return load_model(door.model, door.calibration)


@pytest.fixture(scope="module")
def program(network):
    return compiled(network)


@pytest.fixture(scope="module")
def record(program):
    return record_of(program)


def compiled(network: QuantizedNetwork) -> Program:
    return compile_network(network.graph, load_chip("edge-256"), operator_names=network.operator_names)


def record_of(program: Program) -> RunRecord:
    return RunRecord(network="net", chip=describe_chip(program.chip), inference=full_profile(program))


def labels_of(record: RunRecord) -> dict[str, str]:
    """The label of the kernel of each layer that is a kernel's main one, by what tables call the layer."""
    return {
        shorten_layer(row.layer): f"{shorten_layer(row.layer)} ({row.name.partition(':')[0]})" for row in rows(record)
    }


def rows(record: RunRecord):
    return [row for row in record.inference.kernels if row.layer]


def test_one_name_everywhere(door, program, record):
    labels, page = labels_of(record), draw_body(record).html
    events = trace_events(record)["traceEvents"]
    simulated = chipsmith.simulate(program).to_json()
    for layer in door.layers:
        label = labels[layer]
        for section in ("graph", "placement", "latency", "energy", "roofline"):
            (text,) = re.findall(rf'<section id="{section}">.*?</section>', page, re.S)
            assert label in text, (section, label)
        assert any(event["name"] == label for event in events if event["ph"] == "b")
        assert any(event["name"] == label for event in events if event.get("cat") in ("TENSOR", "VECTOR"))
        assert any(shorten_layer(event["args"].get("layer", "")) == layer for event in events if "args" in event)
        assert any(kernel["label"] == label for kernel in simulated["kernels"])
        assert any(shorten_layer(row.source) == layer for row in program.manifest.operators)


def test_the_layers_of_diff_are_those_of_the_placement(door, program):
    diff = chipsmith.diff(door.model, calibration=door.calibration).to_json()
    placed = {row.source for row in program.manifest.operators}
    assert {layer["name"] for layer in diff["layers"]} <= placed


def test_a_result_has_the_layer_that_computes_it_and_not_of_what_is_fused_into_it(door, network, program, record):
    """diff, the quantisation chart and the lines of compile: a Relu that is fused is no layer of its own."""
    mains = {row.layer for row in rows(record)}
    fused = {source for row in rows(record) for source in row.sources} - {
        name_layer(row) for row in program.manifest.operators if row.kind not in STAGES
    }
    named = {layer.name for layer in network.layers}
    assert named.isdisjoint(fused), (named, fused)
    if network.quantisation is not None:
        assert {each.operator for each in network.quantisation.report.sensitivities}.isdisjoint(fused)
        assert len(named & mains) >= 3 or len(mains) < 4
        errors = layer_errors(network, *network.examples, obtained="measured here")
        drawn = draw_body(replace(record, quantisation=errors)).charts["quantisation"]["data"][0]["y"]
        assert set(drawn) <= {shorten_layer(name) for name in named}


def test_compare_and_estimate_have_the_same_names(door, record):
    labels = labels_of(record)
    compared = {row.name for row in compare_layers([record.inference, record.inference])}
    estimated = {row.label for row in compare_times([record.inference])}
    for layer in door.layers:
        assert shorten_layer(layer) in compared
        assert any(label == shorten_middle(labels[layer], PAGE_LETTERS) for label in estimated)


def test_the_placement_on_a_terminal_begins_with_the_layer(door, program):
    console = open_console()
    with console.capture() as capture:
        console.width = 80
        console.print(placement_table(program.manifest.operators))
    begun = {line.split()[0] for line in capture.get().splitlines() if line.strip()}
    for layer in door.layers:
        assert begun & {shorten_middle(layer, letters) for letters in range(16, len(layer) + 16)}, layer


def test_messages_name_the_layer(network):
    """A memory of 1 KiB does not hold the smallest part of a kernel, and the refusal says of which layer it is."""
    tiny = load_chip("nano-64", {"memory.group_bytes": "256", "memory.groups": "4"})
    with pytest.raises(DoesNotFit) as refused:
        compile_network(network.graph, tiny, operator_names=network.operator_names)
    layer = re.match(r"layer (\S+): ", str(refused.value))[1]
    assert layer in {shorten_layer(source) for source in network.operator_names.values()}


def test_what_differs_from_the_rtl_is_named_by_the_layer(door, program, record):
    span = program.manifest.kernels[0]
    assert f"of {labels_of(record)[door.layers[0]]} (" in _tell(program, span.instructions[0])


def test_a_saved_network_keeps_the_names(network, record, tmp_path):
    write_tosa(network.graph, tmp_path / "saved.tosa", operator_names=network.operator_names)
    again = load_model(str(tmp_path / "saved.tosa"))
    assert labels_of(record_of(compiled(again))) == labels_of(record)


def test_a_file_without_names_has_the_graphs_own():
    path = Path(__file__).parent / "networks" / "digits_cnn.tosa"
    program = compiled(load_model(str(path)))
    names = {row.name for row in program.manifest.operators}
    assert {row.layer for row in rows(record_of(program))} <= names


def test_a_depthwise_convolution_is_called_so():
    door = nested_door()
    program = compiled(load_model(door.model, door.calibration))
    (mix,) = (row for row in rows(record_of(program)) if row.layer == "mix")
    assert mix.operation == "DEPTHWISE_CONV2D"
    digits = compiled(load_model(str(Path(__file__).parent / "networks" / "digits_cnn.tosa")))
    (first,) = (row for row in digits.manifest.operators if row.kind == "DEPTHWISE_CONV2D")
    assert first.placed is Placed.TENSOR
    assert first.reason.startswith("as CONV2D: ")
    assert rows(record_of(digits))[0].operation == "DEPTHWISE_CONV2D as CONV2D"


def test_a_dense_layer_behind_views_gives_its_relu_its_name():
    """The linear layer of two axes is a convolution between views, and its Relu reads a view."""
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, 32), torch.nn.ReLU(), torch.nn.Linear(32, 4))
    network = load_model(module.eval(), images(3, 4, 4))
    assert [layer.name for layer in network.layers if layer.name != "0"] == ["1", "3"]
