"""Whole modules as float networks: inputs and outputs as the author has them, writes, types, and refusals."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from float_witness import check_module, evaluate, float_network
from torch import nn
from torch.nn import functional as fn

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.frontends.pytorch.exported import ModuleCall, export_module
from chipsmith.frontends.pytorch.float_network import build_float_network
from chipsmith.tosa.graph import DType


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


class Mixed(nn.Module):
    """Outputs of all kinds: twice the same, an input as it is, a constant, a number, nothing."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.dense = nn.Linear(4, 3)

    def forward(self, x, unread):  # noqa: ARG002
        y = self.dense(x).relu()
        return {"first": y, "second": (x, torch.ones(2), None), "third": [y.sum(), 3, y]}


def test_outputs_are_numbered_as_they_are_returned():
    x, unread = normal(2, 4), normal(5)
    network = check_module(Mixed(), x, unread)
    assert [port.name for port in network.inputs] == ["x", "unread"]
    assert network.graph.inputs == ("x", "unread")
    assert [port.name for port in network.outputs] == [f"output_{index}" for index in range(6)]
    tensors = [port.tensor for port in network.outputs]
    assert tensors[0] == tensors[5]
    assert tensors[1] == "x"
    assert tensors[2] is None
    assert tensors[4] is None


class Named(nn.Module):
    def forward(self, x, scale=2.0, other=None, parts=None):
        return x * scale + other - parts["a"] * parts["b"][0]


def test_arguments_by_name_and_in_containers():
    x, other = normal(2, 3), normal(2, 3, seed=1)
    module, parts = Named(), {"a": x + 1, "b": [x * 2]}
    program = export_module(module, ModuleCall(named={"x": x, "other": other, "parts": parts}), "net")
    network = build_float_network(program, name="net")
    assert [port.name for port in network.inputs] == ["x", "other", "parts_a", "parts_b_0"]
    (output,) = evaluate(network, x, other, parts["a"], parts["b"][0])
    np.testing.assert_allclose(output, module(x, other=other, parts=parts), rtol=1e-5)


def test_layers_bear_the_paths_of_their_modules():
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2))
    network = float_network(module, normal(1, 1, 4, 4))
    assert [(layer.name, layer.operator) for layer in network.layers] == [
        ("0", "conv2d"),
        ("1", "relu"),
        ("3", "linear"),
    ]
    assert set(network.origins.values()) == {"0", "1", "2", "3"}


class Attending(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, x):
        return torch.softmax(x * self.scale, 1) + 1


def test_several_layers_of_a_module_bear_their_nodes_too():
    network = float_network(Attending(), normal(2, 3))
    assert [layer.name for layer in network.layers] == ["mul", "softmax", "add"]


def in_place(x):
    y = x * 2
    y.add_(1)
    z = y.relu_()
    w = y + z
    w.mul_(2).sub_(1)
    return w, y, z


def through_a_view(x):
    y = x * 1
    y.view(-1).add_(1)
    return y, y[:, 0]


def through_dropout(x):
    y = x * 1
    fn.dropout(y, 0.5, training=False).relu_()
    return y


def on_the_input(x):
    x.add_(1)
    return x * 2, x


def on_a_part(x):
    y = x * 1
    y[:, 0] = 1
    y[0] += y[1]
    return y


@pytest.mark.parametrize("function", [in_place, through_a_view, through_dropout, on_the_input, on_a_part])
def test_writes_into_operands(function):
    check_module(as_module(function), normal(3, 4))


def as_module(function):
    class Function(nn.Module):
        def forward(self, *tensors):
            return function(*tensors)

    return Function()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_floats_are_computed_in_float32(dtype):
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(4, 3), nn.GELU()).to(dtype)
    tolerance = {torch.float16: 2e-3, torch.bfloat16: 2e-2, torch.float64: 1e-5}[dtype]
    x = normal(2, 4).to(dtype)
    network = float_network(module, x)
    (output,) = evaluate(network, x)
    assert output.dtype == np.float32
    np.testing.assert_allclose(output, module(x).detach().double().numpy(), atol=tolerance)
    name = "float32" if dtype == torch.bfloat16 else str(dtype).removeprefix("torch.")
    assert [str(port.dtype) for port in (*network.inputs, *network.outputs)] == [name, name]


def test_indices_and_masks_keep_their_types_outside():
    def choose(table, i, mask):
        return table[i], i + 1, ~mask

    network = check_module(as_module(choose), normal(5, 2), torch.tensor([3, 1]), torch.tensor([True, False]))
    assert [network.graph.tensor(name).dtype for name in network.graph.inputs] == [DType.FP32, DType.INT32, DType.BOOL]
    assert [str(port.dtype) for port in network.outputs] == ["float32", "int64", "bool"]


def test_contexts_and_known_branches():
    def compute(x):
        with torch.no_grad():
            y = x * 2
        with torch.autocast("cpu", enabled=False):
            y = y.float() + 1
        return y if x.shape[0] == 2 else -y

    check_module(as_module(compute), normal(2, 3))


class Inner(nn.Module):
    def forward(self, x):
        return torch.sort(x)[0]


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = Inner()

    def forward(self, x):
        return self.part(x * 2)


def test_refusals_name_the_module_and_the_line():
    place = (
        r"sort \(in part, a Inner, at test_float_network\.py:\d+: return torch\.sort\(x\)\[0\]\): it has no counterpart"
    )
    with pytest.raises(OperatorRefused, match=place):
        float_network(Outer(), normal(2, 3))


def test_branches_on_values_name_the_line():
    def branch(x):
        return x if x.sum() > 0 else -x

    with pytest.raises(
        BadInput, match=r"PyTorch cannot export 'net'.* at test_float_network\.py:\d+: return x if"
    ) as told:
        float_network(as_module(branch), normal(2, 3))
    assert "\n" not in str(told.value)


class Box:
    """A class that PyTorch does not know."""


def test_results_that_hold_no_tensors_are_named():
    with pytest.raises(BadInput, match=r"cannot export .net..*: it returns a Box; return tensors, or tuples"):
        float_network(as_module(lambda x: (x, Box())), normal(3))


class Counting(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("total", torch.zeros(3))

    def forward(self, x):
        self.total += x
        return x + self.total


def test_state_and_chance_are_refused():
    with pytest.raises(OperatorRefused, match="changes its buffer 'total'"):
        float_network(Counting(), normal(3))
    for function in (lambda x: x + torch.rand_like(x), lambda x: x + torch.rand(3), lambda x: fn.dropout(x, 0.5)):
        with pytest.raises(OperatorRefused, match="random numbers are drawn anew"):
            float_network(as_module(function), normal(3))


def test_complex_numbers_are_refused():
    with pytest.raises(BadInput, match="complex64 has no counterpart"):
        float_network(as_module(lambda x: x.to(torch.complex64).real), normal(8))


class Scaled(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(x.mean((2, 3), keepdim=True))


def draw_step(draw, channels):
    """One of many operators that turn images into images, and how many channels these have."""
    wider = int(draw.integers(1, 5))
    steps = (
        (nn.Conv2d(channels, wider, 3, padding=1, bias=bool(draw.integers(2))), wider),
        (nn.Conv2d(channels, channels * 2, 3, padding="same", groups=channels), channels * 2),
        (nn.ConvTranspose2d(channels, wider, 2, stride=2), wider),
        (nn.BatchNorm2d(channels), channels),
        (nn.GroupNorm(1, channels), channels),
        (nn.Hardswish(inplace=True), channels),
        (nn.MaxPool2d(2, 1, 1), channels),
        (nn.AvgPool2d(3, 2, 1), channels),
        (nn.Upsample(scale_factor=2, mode="bilinear"), channels),
        (nn.ReflectionPad2d((1, 0, 2, 1)), channels),
        (nn.PReLU(channels), channels),
        (as_module(lambda x: torch.cat([x, x.flip(3)], 1)), channels * 2),
        (as_module(lambda x: torch.where(x > 0.1, x, 0.5 * x)), channels),
        (as_module(lambda x: x.transpose(2, 3).softmax(-1).relu_()), channels),
        (as_module(lambda x: x.flatten(2).mul(2).add_(1).view_as(x)), channels),
        (as_module(lambda x: x.permute(0, 2, 3, 1).contiguous()[:, ::2].permute(0, 3, 1, 2)), channels),
        (Scaled(), channels),
    )
    return steps[int(draw.integers(len(steps)))]


class Drawn(nn.Module):
    """A random network: each step reads one of the values before it, and several values are returned."""

    def __init__(self, seed):
        super().__init__()
        draw = np.random.default_rng(seed)
        torch.manual_seed(seed)
        self.steps, self.sources, channels = nn.ModuleList(), [], [3]
        for count in range(1, 7):
            source = count - 1 if draw.random() < 0.7 else int(draw.integers(count))
            step, width = draw_step(draw, channels[source])
            self.steps.append(step)
            self.sources.append(source)
            channels.append(width)
        self.returned = [int(draw.integers(1, 7)) for _ in range(int(draw.integers(1, 4)))] + [6]

    def forward(self, x):
        values = [x]
        for step, source in zip(self.steps, self.sources, strict=True):
            values.append(step(values[source]))
        return tuple(values[index] for index in self.returned)


@pytest.mark.parametrize("seed", range(40))
def test_random_networks(seed):
    check_module(Drawn(seed), normal(2, 3, 6, 5, seed=seed))
