"""Golden vectors of networks for a chip's exported RTL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chipsmith.chip.description import Chip
from chipsmith.codegen.ctext import unique_identifiers
from chipsmith.compiler.network import compile_network
from chipsmith.deployment.predict import quantize_raw, read_deployment
from chipsmith.errors import BadInput
from chipsmith.flow.arrays import read_inputs
from chipsmith.frontends.quantized_io import IoBinding, OutputBinding
from chipsmith.frontends.registry import load_model
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


def compile_vectors(models: Sequence[str], chip: Chip, *, inputs: Sequence[str] = ()) -> list[GoldenVector]:
    """A golden vector for each network: a `.program` of this chip, or a file that is compiled for it.

    The input is that of the same place in `inputs`: a file with the integers of one inference (`.npy`, `.npz`), or raw
    data for a Program that a recipe's run made. It is random where there is none. Outputs and latencies are the
    simulators'. Raises BadInput and OperatorRefused.
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


def _compile(model: str, chip: Chip) -> _Compiled:
    if Path(model).suffix == ".program":
        return _read_compiled(Path(model), chip)
    network = load_model(model, None)
    scales = port_scales((*network.inputs, *network.outputs))
    return _Compiled(source=model, program=compile_network(network.graph, chip), scales=scales)


def _read_compiled(path: Path, chip: Chip) -> _Compiled:
    program = read_program(path)
    if program.chip != chip:
        raise BadInput(f"{path} was compiled for {program.chip.name}, which is not this {chip.name}: name its chip")
    if program.manifest.deployment is None:
        return _Compiled(source=str(path), program=program, scales={})
    deployment = read_deployment(program, name=str(path))
    scales = port_scales((*deployment.inputs, *deployment.outputs))
    return _Compiled(source=str(path), program=program, scales=scales)


def _inputs_of(compiled: _Compiled, given: Sequence[str]) -> Mapping[str, Array]:
    """The inputs that a file holds; random ones where there is none."""
    program = compiled.program
    if not given:
        return draw_inputs(program, seed=0)
    if Path(given[0]).suffix in _INTEGERS:
        return read_inputs(Path(given[0]), program.manifest.inputs)
    return quantize_raw(program, given[0], name=compiled.source)
