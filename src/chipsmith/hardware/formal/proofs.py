"""Runs the proofs of the RTL's properties; a result is kept by the content of all that it was made from."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chipsmith.hardware.formal.answers import kept_answer
from chipsmith.hardware.formal.properties import Property, PropertyRole, read_properties
from chipsmith.hardware.formal.solver import METHODS, build_circuit, decide, processor_seconds
from chipsmith.hardware.formal.tasks import ProofTask, task_sources

LIMIT_S = 1800
"""Seconds of processor time after which what is not decided stays so."""


class ProofVerdict(enum.Enum):
    """What is known of a property."""

    PROVED = "proved"
    BOUNDED = "bounded"
    FAILS = "fails"
    UNDECIDED = "undecided"


@dataclass(frozen=True, kw_only=True)
class ProofResult:
    """A property, the proof that decides it, its verdict, and the cycles of a counterexample or of the bound."""

    task: str
    subject: Property
    verdict: ProofVerdict
    cycles: int


@dataclass(frozen=True, kw_only=True)
class ProofRun:
    """The results of a task, and the seconds of processor time that they took when they were made."""

    task: str
    results: tuple[ProofResult, ...]
    seconds: float


def run_task(task: ProofTask, *, changed: Mapping[str, str] | None = None, limit_s: int = LIMIT_S) -> ProofRun:
    """Prove the properties of a task, or take the result from the cache.

    `changed`: module to the text that stands in for its own. BadInput where a tool is missing or refuses the sources.
    """
    sources = task_sources(task, changed)
    method = (task.top, task.depth, METHODS, limit_s)
    answer = kept_answer("proofs", sources, method, lambda: _decide(task, sources, limit_s))
    return ProofRun(task=task.name, results=tuple(_results(task, sources, answer)), seconds=answer["seconds"])


def _decide(task: ProofTask, sources: Mapping[str, str], limit_s: int) -> dict[str, Any]:
    before = processor_seconds()
    circuit = build_circuit(sources, task.top)
    verdicts = decide(circuit, depth=task.depth, limit_s=limit_s)
    seconds = processor_seconds() - before
    return {
        "names": circuit.names,
        "proved": sorted(verdicts.proved),
        "fails": dict(verdicts.fails),
        "seconds": seconds,
    }


def _results(task: ProofTask, sources: Mapping[str, str], answer: Mapping[str, Any]) -> Iterator[ProofResult]:
    """A result a property: those of the top module, and what its parts assume."""
    for path in answer["names"]:
        subject = _subject(task, sources, path.split("."))
        if path in answer["fails"]:
            verdict, cycles = ProofVerdict.FAILS, answer["fails"][path]
        elif path not in answer["proved"]:
            verdict, cycles = ProofVerdict.UNDECIDED, 0
        elif task.depth is None:
            verdict, cycles = ProofVerdict.PROVED, 0
        else:
            verdict, cycles = ProofVerdict.BOUNDED, task.depth
        yield ProofResult(task=task.name, subject=subject, verdict=verdict, cycles=cycles)


def _subject(task: ProofTask, sources: Mapping[str, str], path: Sequence[str]) -> Property:
    """The property behind a path of instances that ends in a label."""
    module = task.top if len(path) == 1 else task.instances.get(path[-2], path[-2])
    stub = task.stubs.get(module, module)
    before = sources[f"{stub}.sv"]
    known = {subject.name: subject for subject in read_properties(module, before)}
    subject = known[path[-1]]
    return subject if len(path) == 1 else dataclasses.replace(subject, role=PropertyRole.ASSUMPTION)
