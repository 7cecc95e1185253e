"""What an inference leaves behind: by the flow of the data, and where two inferences on different inputs differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

import numpy as np

from chipsmith.program.holdings import HOLDINGS, Labels, label_memories
from chipsmith.program.limits import Limits, environment_limits
from chipsmith.program.port_values import draw_inputs
from chipsmith.program.program import Port, Program
from chipsmith.program.residue import trace_residue
from chipsmith.program.streams import Mask
from chipsmith.schema import Json
from chipsmith.shown import Shown
from chipsmith.sim.functional import final_memories
from chipsmith.sim.memory import Array

_SEEDS = (0, 1)
_COPIES = 8
"""Bytes that measuring takes for each byte of a memory: both inferences, labels, flow, difference and what marks."""


@dataclass(frozen=True, kw_only=True)
class ResidueRow(Shown):
    """The bytes of a memory that hold one kind of thing after END.

    `dependent_bytes` may depend on the inputs, by the flow of the data; `differing_bytes` differ between the two
    inferences that were simulated.
    """

    memory: str
    holding: str
    size_bytes: int
    dependent_bytes: int
    differing_bytes: int


@dataclass(frozen=True, kw_only=True)
class LeftBehind(Shown):
    """What is in the memories and registers of a chip after an inference of a Program.

    `registers`: sets of registers that may depend on the inputs; `read_lines`: bank groups whose last line that was
    read may. `compared` says which two inferences were simulated.
    """

    rows: tuple[ResidueRow, ...]
    registers: tuple[str, ...]
    read_lines: int
    compared: str

    def to_json(self) -> Json:
        """The object under `residue` of `chipsmith simulate --json`."""
        return {**asdict(self), "rows": [asdict(row) for row in self.rows], "registers": list(self.registers)}


def measure_residue(program: Program, given: Mapping[str, Array], *, limits: Limits | None = None) -> LeftBehind:
    """What a verified Program leaves behind, simulated with the first two inferences that are given.

    Where fewer are given, two inferences on random inputs are simulated in their stead. BadInput where that takes more
    than `limits` allow, which are the environment's by default.
    """
    allowed = limits or environment_limits()
    measured = _COPIES * (program.chip.memory_bytes + program.manifest.external_bytes)
    allowed.check_memory(measured, f"measuring what an inference of {program.manifest.network} leaves behind")
    pair = _first_two(program, given)
    compared = "the first two inputs" if pair else "two random inputs"
    memories = final_memories(program, pair or _random_pair(program), limits=allowed)
    differing = [(memory[0] != memory[1]) for memory in (memories.local, memories.private)]
    residue, (local, external) = trace_residue(program), label_memories(program)
    constants = np.zeros(len(program.constants), np.bool_)
    return LeftBehind(
        rows=(
            *_rows("on-chip memory", local, residue.local, differing[0]),
            *_rows("external memory", external, residue.external, np.concatenate([constants, differing[1]])),
        ),
        registers=tuple(sorted(residue.registers)),
        read_lines=int(residue.read_lines.sum()),
        compared=compared,
    )


def _rows(memory: str, labels: Labels, dependent: Mask, differing: Mask) -> Iterator[ResidueRow]:
    for number, holding in enumerate(HOLDINGS):
        own = labels == number
        if own.any():
            yield ResidueRow(
                memory=memory,
                holding=holding.value,
                size_bytes=int(own.sum()),
                dependent_bytes=int((own & dependent).sum()),
                differing_bytes=int((own & differing).sum()),
            )


def _first_two(program: Program, given: Mapping[str, Array]) -> dict[str, Array]:
    """The first two inferences; empty where there are fewer."""
    pair = {port.name: given[port.name][: 2 * _first(port)] for port in program.manifest.inputs if port.name in given}
    whole = all(len(pair.get(port.name, ())) == 2 * _first(port) for port in program.manifest.inputs)
    return pair if whole else {}


def _first(port: Port) -> int:
    return port.shape[0] if port.shape else 1


def _random_pair(program: Program) -> dict[str, Array]:
    draws = [draw_inputs(program, seed=seed) for seed in _SEEDS]
    return {
        port.name: np.concatenate([draw[port.name].reshape(_first(port), *port.shape[1:]) for draw in draws])
        for port in program.manifest.inputs
    }
