"""What the RTL holds after an inference, and where two inferences on different inputs differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chipsmith.hardware.build import build_machine
from chipsmith.hardware.package import Error
from chipsmith.hardware.simulate import Machine, MemoryBehaviour, external_memory
from chipsmith.program.program import Port, Program

Inputs = Mapping[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Ending:
    """A machine after END: its storage by name, its external memory but for the outputs, the outputs, the cycles."""

    storage: Mapping[str, bytes]
    external: np.ndarray
    outputs: Mapping[str, np.ndarray]
    latency_cycles: int


def run_to_end(program: Program, inferences: Sequence[Inputs], *, behaviour: MemoryBehaviour | None = None) -> Ending:
    """The inferences one after the other on one machine after reset, all but the first one warm."""
    library = build_machine(program.chip, contents=True)
    memory = external_memory(program, inferences[0])
    with Machine(program.chip, library) as machine:
        for number, inputs in enumerate(inferences):
            _give(memory, program.manifest.inputs, inputs)
            run = machine.infer(program, memory, warm=number > 0, behaviour=behaviour)
            assert (run.error, run.finished) == (Error.NONE, True), f"{run.error} at instruction {run.error_index}"
        storage = machine.contents()
    external = memory.copy()
    for port in program.manifest.outputs:
        external[port.address : port.address + port.size_bytes] = 0
    return Ending(storage=storage, external=external, outputs=run.outputs, latency_cycles=run.latency_cycles)


def _give(memory: np.ndarray, ports: Sequence[Port], inputs: Inputs) -> None:
    for port in ports:
        data = np.ascontiguousarray(inputs[port.name]).view(np.uint8).ravel()
        memory[port.address : port.address + port.size_bytes] = data


def differing(first: Ending, other: Ending) -> list[str]:
    """The names of what is not the same after both, and the external memory where it is not."""
    names = [name for name, data in first.storage.items() if data != other.storage[name]]
    return names if np.array_equal(first.external, other.external) else [*names, "external memory"]


def random_inputs(program: Program, seed: int) -> dict[str, np.ndarray]:
    """Random values of each input's whole type."""
    rng = np.random.default_rng(seed)
    return {port.name: _random(port, rng) for port in program.manifest.inputs}


def _random(port: Port, rng: np.random.Generator) -> np.ndarray:
    size = np.dtype(port.dtype).itemsize
    return rng.integers(0, 256, (*port.shape, size), np.uint8).view(port.dtype).reshape(port.shape)
