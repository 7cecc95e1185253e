"""Faults that are put into the RTL: each must make the property that it breaks fail, or that property says nothing."""

from __future__ import annotations

from dataclasses import dataclass

from chipsmith.errors import BadInput
from chipsmith.hardware.formal.properties import read_properties
from chipsmith.hardware.formal.solver import build_circuit, decide
from chipsmith.hardware.formal.tasks import ProofTask, find_task, task_sources
from chipsmith.hardware.sources import shipped_source

DEPTH = 60
"""Cycles from power-up within which a fault shows."""


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A change of a module's text, and the property of the proof `task` that it breaks."""

    task: str
    module: str
    kills: str
    before: str
    after: str


def survives(mutant: Mutant, *, limit_s: int = 120) -> bool:
    """Whether the property still holds in the first DEPTH cycles of the changed module.

    BadInput where the module no longer has the text that is changed.
    """
    task = find_task(mutant.task)
    source = shipped_source(f"{mutant.module}.sv")
    if source.count(mutant.before) != 1:
        raise BadInput(f"{mutant.module}.sv has no single {mutant.before!r} to change: renew the mutant")
    changed = {mutant.module: source.replace(mutant.before, mutant.after)}
    circuit = build_circuit(task_sources(task, changed), task.top)
    return mutant.kills not in decide(circuit.only(mutant.kills), depth=DEPTH, limit_s=limit_s).fails


def unbroken(task: ProofTask, mutants: tuple[Mutant, ...]) -> set[str]:
    """The assertions of the module of a proof that no mutant breaks, in it or in another proof of that module."""
    source = task_sources(task)[f"{task.top}.sv"]
    asserted = {known.name for known in read_properties(task.top, source) if known.is_assertion}
    return asserted - {mutant.kills for mutant in mutants if find_task(mutant.task).top == task.top}
