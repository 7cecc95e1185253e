"""Golden vectors of networks for a chip's exported RTL."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chipsmith.chip.description import Chip
from chipsmith.codegen.ctext import unique_identifiers
from chipsmith.compiler.network import compile_network
from chipsmith.deployment.predict import quantize_raw, read_deployment
from chipsmith.errors import BadInput
from chipsmith.flow.arrays import name_inputs, read_inputs
from chipsmith.frontends.front_end import AnyPath
from chipsmith.frontends.quantized_io import IoBinding, OutputBinding
from chipsmith.frontends.registry import load_model, name_model
from chipsmith.hardware.golden import GoldenVector, PortScale
from chipsmith.program.file import read_program
from chipsmith.program.port_values import draw_inputs
from chipsmith.program.program import Program
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute
from chipsmith.tosa.graph import Array

_INTEGERS = (".npy", ".npz")


@dataclass(frozen=True, kw_only=True)
class _Compiled:
    """A network for the chip: its Program, and what the elements of its ports stand for."""

    source: str
    program: Program
    scales: Mapping[str, PortScale]


def compile_vectors(
    models: Sequence[object], chip: Chip, *, inputs: Sequence[AnyPath | Array | Mapping[str, Array]] = ()
) -> list[GoldenVector]:
    """A golden vector for each network: a Program of this chip or its file, or a network that is compiled for it.

    The input is that of the same place in `inputs`: the integers of one inference, as arrays or their file (`.npy`,
    `.npz`), or raw data for a Program that a recipe's run made. It is random where there is none. Outputs and latencies
    are the simulators'. Raises BadInput and OperatorRefused.
    """
    if len(inputs) > len(models):
        raise BadInput(f"{len(inputs)} inputs for {len(models)} golden vectors: name a network for each")
    compiled = [_compile(model, chip) for model in models]
    names = unique_identifiers(each.program.manifest.network for each in compiled)
    arrays = [_inputs_of(each, inputs[place : place + 1]) for place, each in enumerate(compiled)]
    return [
        golden_vector(each.program, given, name=name, scales=each.scales)
        for each, given, name in zip(compiled, arrays, names, strict=True)
    ]


def golden_vector(
    program: Program, inputs: Mapping[str, Array], *, name: str, scales: Mapping[str, PortScale]
) -> GoldenVector:
    """What the machine must show for one inference, by the simulators; `name` and `scales` as in GoldenVector."""
    return GoldenVector(
        name=name,
        program=program,
        inputs=inputs,
        outputs=execute(program, inputs),
        latency_cycles=simulate(program).latency_cycles,
        warm_latency_cycles=simulate(program, warm=True).latency_cycles,
        scales=scales,
    )


def port_scales(bindings: Iterable[OutputBinding]) -> dict[str, PortScale]:
    """What the elements of ports stand for, by the names of the ports, where it is known."""
    return {
        binding.tensor: PortScale(scale=binding.scale, zero_point=binding.zero_point)
        for binding in bindings
        if isinstance(binding, IoBinding) and binding.scale is not None
    }


def _compile(model: object, chip: Chip) -> _Compiled:
    if isinstance(model, Program):
        return _take_compiled(model, chip, name=model.manifest.network)
    if isinstance(model, str | os.PathLike) and Path(model).suffix == ".program":
        return _take_compiled(read_program(Path(model)), chip, name=str(model))
    network = load_model(model, None)
    scales = port_scales((*network.inputs, *network.outputs))
    return _Compiled(source=name_model(model), program=compile_network(network.graph, chip), scales=scales)


def _take_compiled(program: Program, chip: Chip, *, name: str) -> _Compiled:
    if program.chip != chip:
        raise BadInput(f"{name} was compiled for {program.chip.name}, which is not this {chip.name}: name its chip")
    if program.manifest.deployment is None:
        return _Compiled(source=name, program=program, scales={})
    deployment = read_deployment(program, name=name)
    scales = port_scales((*deployment.inputs, *deployment.outputs))
    return _Compiled(source=name, program=program, scales=scales)


def _inputs_of(compiled: _Compiled, given: Sequence[AnyPath | Array | Mapping[str, Array]]) -> Mapping[str, Array]:
    """The inputs that are given, or that a file holds; random ones where there is none."""
    program = compiled.program
    match [*given]:
        case []:
            return draw_inputs(program, seed=0)
        case [Mapping() as arrays]:
            return arrays
        case [str() | os.PathLike() as path] if Path(path).suffix in _INTEGERS:
            return read_inputs(Path(path), program.manifest.inputs)
        case [str() | os.PathLike() as path]:
            return quantize_raw(program, os.fspath(path), name=compiled.source)
    return name_inputs(np.asarray(given[0]), program.manifest.inputs, origin="one array is given")
