"""Golden vectors of networks for a chip's exported RTL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from chipsmith.chip.description import Chip
from chipsmith.codegen.ctext import unique_identifiers
from chipsmith.compiler.network import compile_network
from chipsmith.errors import BadInput
from chipsmith.flow.arrays import read_inputs
from chipsmith.frontends.quantized_io import IoBinding
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.hardware.golden import GoldenVector, PortScale
from chipsmith.program.port_values import draw_inputs
from chipsmith.program.program import Program
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute
from chipsmith.tosa.graph import Array


def compile_vectors(
    networks: Sequence[QuantizedNetwork], chip: Chip, *, inputs: Sequence[Path] = ()
) -> list[GoldenVector]:
    """A golden vector for each network, on the integers in the file of `inputs` of that place, or on random ones.

    The outputs and latencies are the simulators'. Raises BadInput and OperatorRefused.
    """
    if len(inputs) > len(networks):
        raise BadInput(f"{len(inputs)} files of inputs for {len(networks)} golden vectors: name a network for each")
    programs = [compile_network(network.graph, chip) for network in networks]
    names = unique_identifiers(program.manifest.network for program in programs)
    arrays = [_inputs_of(program, inputs[place : place + 1]) for place, program in enumerate(programs)]
    return [
        golden_vector(program, given, name=name, scales=port_scales(network))
        for network, program, given, name in zip(networks, programs, arrays, names, strict=True)
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


def port_scales(network: QuantizedNetwork) -> dict[str, PortScale]:
    """What the elements of a network's inputs and outputs stand for, by the names of its ports, where it is known."""
    bindings = (binding for binding in (*network.inputs, *network.outputs) if isinstance(binding, IoBinding))
    return {
        binding.tensor: PortScale(scale=binding.scale, zero_point=binding.zero_point)
        for binding in bindings
        if binding.scale is not None
    }


def _inputs_of(program: Program, file: Sequence[Path]) -> Mapping[str, Array]:
    """The inputs in a file; random ones where there is none."""
    return read_inputs(file[0], program.manifest.inputs) if file else draw_inputs(program, seed=0)
