"""Operators beyond one instruction, and operands beyond the usual, equal to the reference model on small chips."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_canonical, compile_graph
from chipsmith.compiler.lower.column_stripes import cut_columns
from chipsmith.compiler.lower.resize import runs
from chipsmith.compiler.lower.view import View
from chipsmith.profile.memory import memory_peak_bytes
from chipsmith.program.instructions import Store, TensorInstruction, VectorInstruction
from chipsmith.program.verify import verify_program
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute
from chipsmith.tosa.graph import DType, Graph, Operator, Tensor
from chipsmith.tosa.verify import verify

_DTYPES = {dtype.numpy: dtype for dtype in (DType.BOOL, DType.INT8, DType.INT16, DType.INT32)}
TINY = load_chip("nano-64", {"memory.groups": "4", "memory.group_bytes": "2048"})
"""8 KiB of memory: what the tests hold does not fit whole."""


@dataclass
class Draft:
    """A graph that grows operator by operator."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    operators: list[Operator] = field(default_factory=list)
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    inputs: dict[str, np.ndarray] = field(default_factory=dict)

    def input(self, name: str, data: np.ndarray) -> str:
        self.tensors[name] = Tensor(name=name, shape=data.shape, dtype=_DTYPES[data.dtype])
        self.inputs[name] = data
        return name

    def constant(self, data: object, dtype: DType) -> str:
        name = f"constant{len(self.tensors)}"
        array = np.array(data, dtype.numpy)
        self.tensors[name] = Tensor(name=name, shape=array.shape, dtype=dtype)
        self.constants[name] = array
        return name

    def add(self, kind: str, inputs: list[str], shape: tuple[int, ...], dtype: DType, **attributes: object) -> str:
        name = f"{kind.lower()}{len(self.operators)}"
        self.tensors[name] = Tensor(name=name, shape=shape, dtype=dtype)
        self.operators.append(
            Operator(kind=kind, name=name, inputs=tuple(inputs), outputs=(name,), attributes=attributes)
        )
        return name

    def zero(self, dtype: DType = DType.INT8) -> str:
        return self.constant([0], dtype)

    def graph(self, *outputs: str) -> Graph:
        return Graph(
            name="draft",
            tensors=self.tensors,
            operators=tuple(self.operators),
            constants=self.constants,
            inputs=tuple(self.inputs),
            outputs=outputs,
        )


def numbers(shape: tuple[int, ...], dtype: str = "int8", seed: int = 3) -> np.ndarray:
    limits = np.iinfo(dtype)
    return np.random.default_rng(seed).integers(limits.min, limits.max, shape, dtype, endpoint=True)


def assert_exact(draft: Draft, output: str, reference_model, chip=None, lower=compile_canonical):
    """The program of a draft on a chip, after its output was found equal to the witness's."""
    graph = draft.graph(output)
    verify(graph)
    program = lower(graph, chip or load_chip("edge-256"))
    verify_program(program)
    (result,) = execute(program, draft.inputs).values()
    np.testing.assert_array_equal(result, reference_model(graph, draft.inputs)[output])
    return program


def convolution(draft: Draft, kind: str, weights: str, bias: str, shape, **attributes):
    zeros = [draft.constant([3], DType.INT8), draft.constant([-2], DType.INT8)]
    attributes = {"local_bound": False, "acc_type": "INT32", **attributes}
    return draft.add(kind, ["image", weights, bias, *zeros], shape, DType.INT32, **attributes)


def rescaled(draft: Draft, tensor: str, shape: tuple[int, ...], multipliers: list[int]) -> str:
    operands = [
        draft.constant(multipliers, DType.INT32),
        draft.constant([40] * len(multipliers), DType.INT8),
        draft.zero(DType.INT32),
        draft.constant([5], DType.INT8),
    ]
    flags = {"scale32": True, "input_unsigned": False, "output_unsigned": False}
    per_channel = len(multipliers) > 1
    return draft.add(
        "RESCALE",
        [tensor, *operands],
        shape,
        DType.INT8,
        rounding_mode="SINGLE_ROUND",
        per_channel=per_channel,
        **flags,
    )


@pytest.mark.parametrize("lower", [compile_canonical, compile_graph])
def test_weights_and_bias_that_are_inputs_with_a_scale_for_each_channel(lower, reference_model):
    draft = Draft()
    draft.input("image", numbers((2, 6, 7, 3)))
    weights = draft.input("weights", numbers((4, 2, 3, 3), seed=4))
    bias = draft.input("bias", numbers((4,), "int16", seed=5).astype(np.int32))
    sums = convolution(draft, "CONV2D", weights, bias, (2, 5, 5, 4), pad=(0, 0, 0, 0), stride=(1, 1), dilation=(1, 1))
    output = rescaled(draft, sums, (2, 5, 5, 4), [1 << 30, 3 << 28, 1 << 29, 1 << 28])
    program = assert_exact(draft, output, reference_model, lower=lower)
    assert any(isinstance(instruction, TensorInstruction) for instruction in program.instructions)


def test_a_transposed_convolution_drains_its_phases_through_one_scale(reference_model):
    draft = Draft()
    draft.input("image", numbers((1, 5, 4, 3)))
    weights = draft.constant(numbers((4, 2, 5, 3), seed=4), DType.INT8)
    bias = draft.constant(numbers((4,), "int16", seed=5), DType.INT32)
    # Stride 3 over a kernel of 2 rows: every third output row meets no tap.
    sums = convolution(draft, "TRANSPOSE_CONV2D", weights, bias, (1, 13, 9, 4), out_pad=(-1, 0, 1, -3), stride=(3, 2))
    output = rescaled(draft, sums, (1, 13, 9, 4), [1 << 30, 3 << 28, 1 << 29, 1 << 28])
    program = assert_exact(draft, output, reference_model)
    assert not any(isinstance(instruction, VectorInstruction) for instruction in program.instructions)


@pytest.mark.parametrize(("kernel", "multiplier"), [((2, 3), 1), ((3, 2), 3), ((1, 20), 2)])
@pytest.mark.parametrize("constant", [True, False])
def test_depthwise_with_any_multiplier_and_window(kernel, multiplier, constant, reference_model):
    draft = Draft()
    draft.input("image", numbers((1, 6, 24, 3)))
    data = numbers((*kernel, 3, multiplier), seed=4)
    weights = draft.constant(data, DType.INT8) if constant else draft.input("weights", data)
    shape = (1, 7 - kernel[0], 25 - kernel[1], 3 * multiplier)
    bias = draft.input("bias", np.array([7], np.int32))
    output = convolution(
        draft, "DEPTHWISE_CONV2D", weights, bias, shape, pad=(0, 0, 0, 0), stride=(1, 1), dilation=(1, 1)
    )
    assert_exact(draft, output, reference_model)


def test_a_clamp_sees_a_narrow_shift_as_it_wraps(reference_model):
    draft = Draft()
    draft.input("image", numbers((3, 50)))
    amounts = draft.constant(np.arange(50).reshape(1, 50) % 8, DType.INT8)
    shifted = draft.add("LOGICAL_LEFT_SHIFT", ["image", amounts], (3, 50), DType.INT8)
    output = draft.add("CLAMP", [shifted], (3, 50), DType.INT8, min_val=-60, max_val=70, nan_mode="PROPAGATE")
    assert_exact(draft, output, reference_model)


def test_a_chain_of_expansions_that_does_not_fit_is_tiled(reference_model):
    draft = Draft()
    draft.input("image", numbers((1, 40, 41, 3)))
    padding = draft.constant([0, 0, 2, 1, 3, 0, 0, 1], DType.SHAPE)
    padded = draft.add("PAD", ["image", padding, draft.constant([9], DType.INT8)], (1, 43, 44, 4), DType.INT8)
    multiples = draft.constant([2, 1, 1, 1], DType.SHAPE)
    tiled = draft.add("TILE", [padded, multiples], (2, 43, 44, 4), DType.INT8)
    turned = draft.add("TRANSPOSE", [tiled], (4, 44, 43, 2), DType.INT8, perms=(3, 2, 1, 0))
    output = draft.add("ARGMAX", [turned], (44, 43, 2), DType.INT32, axis=0, nan_mode="PROPAGATE")
    program = assert_exact(draft, output, reference_model, chip=TINY)
    assert sum(isinstance(instruction, Store) for instruction in program.instructions) > 4
    assert memory_peak_bytes(program, simulate(program)) <= TINY.memory_bytes


def test_a_constant_larger_than_the_memory_comes_in_windows(reference_model):
    draft = Draft()
    draft.input("image", numbers((60, 50), "int16").astype(np.int32))
    addend = draft.constant(numbers((60, 50), "int16", seed=4), DType.INT32)
    output = draft.add("ADD", ["image", addend], (60, 50), DType.INT32)
    assert_exact(draft, output, reference_model, chip=TINY)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_reduction_longer_than_the_memory_is_done_in_parts(axis, reference_model):
    draft = Draft()
    draft.input("image", numbers((90, 70), "int16").astype(np.int32))
    shape = (1, 70) if axis == 0 else (90, 1)
    output = draft.add("REDUCE_SUM", ["image"], shape, DType.INT32, axis=axis)
    assert_exact(draft, output, reference_model, chip=TINY)


@pytest.mark.parametrize("kind", ["AVG_POOL2D", "MAX_POOL2D", "CONV2D"])
def test_windows_over_long_rows_run_in_slabs_of_columns(kind, reference_model):
    draft = Draft()
    draft.input("image", numbers((1, 4, 2002, 2)))
    window = {"kernel": (3, 4), "stride": (1, 3), "pad": (1, 1, 1, 2)}
    if kind == "CONV2D":
        weights = draft.constant(numbers((1, 3, 4, 2), seed=4), DType.INT8)
        bias = draft.zero(DType.INT32)
        geometry = {"pad": (1, 1, 1, 2), "stride": (1, 3), "dilation": (1, 1)}
        output = convolution(draft, kind, weights, bias, (1, 4, 668, 1), **geometry)
    elif kind == "AVG_POOL2D":
        zeros = [draft.constant([3], DType.INT8), draft.constant([-4], DType.INT8)]
        output = draft.add(kind, ["image", *zeros], (1, 4, 668, 2), DType.INT8, acc_type="INT32", **window)
    else:
        output = draft.add(kind, ["image"], (1, 4, 668, 2), DType.INT8, nan_mode="PROPAGATE", **window)
    assert_exact(draft, output, reference_model, chip=TINY)


def test_runs_of_a_resize_by_two_are_one_for_each_phase_and_edge():
    # Positions 0 to 7 of a doubled axis of 4: halves read a pixel and the one beside it, but for the last.
    before = [0, 0, 1, 1, 2, 2, 3, 3]
    behind = [0, 1, 1, 2, 2, 3, 3, 3]
    pieces = list(runs(before, behind, 2))
    assert [(run.first, run.count, run.source_step, run.beside) for run in pieces] == [
        (0, 4, 1, 0),
        (1, 3, 1, 1),
        (7, 1, 0, 0),
    ]


def test_slabs_cover_the_output_and_what_its_windows_read():
    a = View(buffer="a", offset=0, shape=(1, 3, 6000, 1), strides=(18000, 6000, 1, 1), dtype=DType.INT8)
    stripes = cut_columns(a, axis=2, outputs=3001, kernel=3, stride=2, dilation=1, pad=2, reach_bytes=12000, chip=TINY)
    assert len(stripes) > 1
    assert [output for stripe in stripes for output in range(stripe.first, stripe.first + stripe.count)] == list(
        range(3001)
    )
    for stripe in stripes:
        first, last = stripe.first * 2 - 2, (stripe.first + stripe.count - 1) * 2 - 2 + 2
        assert stripe.low <= max(first, 0)
        assert stripe.high > min(last, 5999)
        assert stripe.low - stripe.pad == first
