"""Transposed convolutions of large strides: exact, and no more instructions where the stride grows."""

from __future__ import annotations

import numpy as np
import pytest
from nets import Net

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_canonical
from chipsmith.program.instructions import TensorInstruction, VectorInstruction
from chipsmith.program.program import Program
from chipsmith.program.verify import verify_program
from chipsmith.sim.functional import execute
from chipsmith.tosa.graph import DType

EDGE = load_chip("edge-256")
TINY = load_chip("nano-64", {"memory.groups": "4", "memory.group_bytes": "4096"})
"""16 KiB of memory."""


def size(inputs: int, stride: int, kernel: int, before: int, after: int) -> int:
    return (inputs - 1) * stride + before + after + kernel


def transposed(kernel, stride, pad, *, image=(2, 3, 4, 5), channels=3, constant=True, rescaled=False, chip=EDGE):
    """The net of a transposed convolution, its output and random inputs."""
    rng = np.random.default_rng(sum(kernel) + sum(stride))
    net = Net(image=image)
    weights = rng.integers(-128, 128, (channels, *kernel, image[-1]), np.int8)
    inputs = {"image": rng.integers(-128, 128, image, np.int8)}
    operands = [net.constant(weights)] if constant else ["weights"]
    bias = rng.integers(-1000, 1000, channels, np.int32)
    operands.append(net.constant(bias, DType.INT32) if constant else "bias")
    if not constant:
        net.inputs += [net.tensor("weights", weights.shape, DType.INT8), net.tensor("bias", (channels,), DType.INT32)]
        inputs |= {"weights": weights, "bias": bias}
    shape = (
        image[0],
        size(image[1], stride[0], kernel[0], *pad[:2]),
        size(image[2], stride[1], kernel[1], *pad[2:]),
        channels,
    )
    operands += [net.constant([3]), net.constant([-2])]
    attributes = {"out_pad": pad, "stride": stride, "local_bound": False, "acc_type": "INT32"}
    output = net.add("TRANSPOSE_CONV2D", ("image", *operands), shape, DType.INT32, **attributes)
    if rescaled:
        output = net.rescale(output, DType.INT8, shift=40, zero_points=(0, 5))
    return net, output, inputs


def assert_exact(net, output, inputs, reference_model, chip=EDGE) -> Program:
    graph = net.graph(output)
    program = compile_canonical(graph, chip)
    verify_program(program)
    np.testing.assert_array_equal(
        execute(program, inputs)[output].reshape(graph.tensor(output).shape), reference_model(graph, inputs)[output]
    )
    return program


def computing(program: Program) -> int:
    return sum(isinstance(instruction, TensorInstruction | VectorInstruction) for instruction in program.instructions)


@pytest.mark.parametrize(
    ("kernel", "stride", "pad"),
    [
        pytest.param((3, 2), (5, 7), (0, 0, 0, 0), id="gaps along both axes"),
        pytest.param((5, 6), (5, 6), (-1, -2, -3, -2), id="kernel as long as the stride, cut off"),
        pytest.param((11, 13), (5, 6), (2, 1, -4, 3), id="kernel longer than the stride"),
        pytest.param((1, 20), (1, 20), (0, 0, -19, -19), id="along x alone"),
        pytest.param((20, 2), (20, 1), (-19, 3, 0, 0), id="along y alone"),
        pytest.param((1, 1), (9, 9), (7, 8, 0, 2), id="a kernel of one tap"),
    ],
)
@pytest.mark.parametrize("constant", [True, False])
def test_large_strides_are_exact(kernel, stride, pad, constant, reference_model):
    assert_exact(*transposed(kernel, stride, pad, constant=constant), reference_model)


def test_the_drain_rescales_each_output(reference_model):
    assert_exact(*transposed((3, 3), (6, 5), (1, 0, 0, 2), rescaled=True), reference_model)


def test_a_small_chip_does_it_in_windows(reference_model):
    case = transposed((7, 9), (8, 9), (0, 0, -1, 0), image=(2, 6, 7, 8), channels=6)
    assert_exact(*case, reference_model, TINY)


@pytest.mark.parametrize("constant", [True, False])
def test_the_number_of_instructions_does_not_grow_with_the_stride(constant, reference_model):
    counts = [
        computing(
            assert_exact(
                *transposed((2, 2), (stride, stride), (0, 0, 0, 0), image=(1, 2, 2, 3), constant=constant),
                reference_model,
            )
        )
        for stride in (10, 20, 40)
    ]
    assert counts[0] == counts[1] == counts[2] < 8
