"""The story behind the verb `kernel`: a single kernel on chips, beside its references, and on this computer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from chipsmith.chip import Chip
from chipsmith.compiler.network import compile_network
from chipsmith.errors import BadInput, ChipsmithError
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.kernels.build import SingleKernel, draw_values
from chipsmith.profile.measure import describe_chip, quick_profile
from chipsmith.profile.roofline import place_under_roof
from chipsmith.program.program import Program
from chipsmith.runtimes.processor import describe_processor
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute
from chipsmith.studies.kernel_results import KernelOnChip, KernelResult, KernelTiming, NotTimed
from chipsmith.targets import HostedGraph, Precision, Target, TargetOptions, TimedNetwork, load_target
from chipsmith.targets.npu import NpuGraph
from chipsmith.tosa.graph import Array, Graph, Tensor
from chipsmith.witness.bit_exactness import ExpectedOutputs, ask_interpreter, ask_witness
from chipsmith.witness.check.check import check_network
from chipsmith.witness.check.verdict import FLOOR_DB, SourceCheck

_TYPICAL, _RANDOM = 2, 2
"""Inferences whose bits are compared: of values as the calibration's, and of any that the integers hold."""
_INPUT_SEED = 2
_RUNTIMES = "cpu"
"""The target that reads ONNX files."""


@dataclass(frozen=True, kw_only=True)
class ComputerAsk:
    """How a kernel is run on this computer: `inferences` that each way of running it is timed over, on `threads`."""

    inferences: int = 200
    threads: int = 1

    def __post_init__(self) -> None:
        """Raise BadInput for numbers below 1."""
        for name in ("inferences", "threads"):
            if getattr(self, name) < 1:
                raise BadInput(f"{name} is 1 or more; {getattr(self, name)} is given")

    def ways(self) -> Iterator[tuple[str, TargetOptions]]:
        """The targets that run it, each with its options."""
        for runtime in ("onnxruntime", "openvino"):
            for precision in (Precision.FLOAT32, Precision.INT8):
                yield _RUNTIMES, TargetOptions(runtime=runtime, precision=precision, threads=self.threads)
        yield "torch", TargetOptions(threads=self.threads)
        yield "c", TargetOptions()


def study_kernel(kernel: SingleKernel, chips: Sequence[Chip], *, computer: ComputerAsk | None) -> KernelResult:
    """A kernel on each chip, its bits beside the references', and on this computer unless `computer` is None.

    Its numbers are checked against PyTorch's where the computer is asked for and has it, else against Chipsmith's own
    float interpreter. Raises OperatorRefused for a chip that cannot hold it.
    """
    network = kernel.network if computer is None or not _has_torch() else kernel.as_pytorch()
    programs = [compile_network(network.graph, chip, operator_names=network.operator_names) for chip in chips]
    inputs = draw_integers(kernel)
    expected = _ask_references(network.graph, inputs)
    timings, left_out = ([], []) if computer is None else _time_ways(kernel, chips[0], computer)
    return KernelResult(
        kernel=kernel,
        chips=tuple(_run_on_chip(program, network.graph, inputs, expected) for program in programs),
        check=_check(network, programs[0]),
        processor=None if computer is None else describe_processor(),
        timings=tuple(timings),
        left_out=tuple(left_out),
    )


# --- on chips ---------------------------------------------------------------------------------------------------------


def _run_on_chip(
    program: Program, graph: Graph, inputs: Mapping[str, Array], expected: Sequence[ExpectedOutputs]
) -> KernelOnChip:
    cold, warm = simulate(program), simulate(program, warm=True)
    outputs = execute(program, inputs)
    return KernelOnChip(
        chip=describe_chip(program.chip),
        inference=quick_profile(program, cold=cold, warm=warm),
        cold=place_under_roof(program, cold),
        warm=place_under_roof(program, warm, warm=True),
        bits=tuple(reference.compare(graph, outputs) for reference in expected),
    )


def _check(network: QuantizedNetwork, program: Program) -> SourceCheck | None:
    chip = HostedGraph(host=network, graph=NpuGraph(program=program))
    return check_network(network, chip, model=network.graph.name, floor=FLOOR_DB)


def draw_integers(kernel: SingleKernel) -> dict[str, Array]:
    """The graph's inputs by name: first of typical values, then of any that the integers hold."""
    network, ports = kernel.network, kernel.inputs
    values = [draw_values(port, _TYPICAL, seed=kernel.seed + _INPUT_SEED) for port in ports]
    typical, random = network.quantize_inputs(*values), np.random.default_rng(kernel.seed)
    tensors = network.graph.tensors
    return {name: np.concatenate([array, _draw_any(random, tensors[name])]) for name, array in typical.items()}


def _draw_any(random: np.random.Generator, tensor: Tensor) -> Array:
    limits = np.iinfo(tensor.dtype.numpy.name)
    shape = (_RANDOM * tensor.shape[0], *tensor.shape[1:])
    return random.integers(limits.min, limits.max, shape, dtype=limits.dtype, endpoint=True)


def _ask_references(graph: Graph, inputs: Mapping[str, Array]) -> tuple[ExpectedOutputs, ...]:
    return ask_interpreter(graph, inputs), ask_witness(graph, inputs, count=_TYPICAL + _RANDOM)


# --- on this computer -------------------------------------------------------------------------------------------------


def _time_ways(kernel: SingleKernel, chip: Chip, computer: ComputerAsk) -> tuple[list[KernelTiming], list[NotTimed]]:
    """Each way of running the kernel that works here, and why the others do not."""
    timings, left_out = [], []
    for target, options in computer.ways():
        try:
            timings.append(_time_way(kernel, load_target(target, chip, options), options, computer.inferences))
        except ChipsmithError as error:
            name = " ".join(filter(None, (target, options.runtime, options.precision)))
            left_out.append(NotTimed(name=name, reason=str(error)))
    return timings, left_out


def _time_way(kernel: SingleKernel, target: Target, options: TargetOptions, inferences: int) -> KernelTiming:
    """Raises BadInput where something is missing here, or as Target.prepare."""
    missing = target.missing()
    if missing:
        raise BadInput("; ".join(f"{part.name} is missing: {part.mend}" for part in missing))
    prepared = target.prepare(_give_source(kernel, target.name))
    assert isinstance(prepared, TimedNetwork), target.name
    inputs = [draw_values(port, 1, seed=kernel.seed + _INPUT_SEED) for port in kernel.inputs]
    latency = prepared.time(*inputs, inferences=inferences)
    return KernelTiming(target=target.name, options=options, obtained=target.obtained, latency=latency)


def _give_source(kernel: SingleKernel, target: str) -> QuantizedNetwork:
    """The network with what the target runs in float32: PyTorch's module, or the file that PyTorch writes of it."""
    if not _has_torch():
        return kernel.network
    return kernel.as_onnx() if target == _RUNTIMES else kernel.as_pytorch()


def _has_torch() -> bool:
    return find_spec("torch") is not None
