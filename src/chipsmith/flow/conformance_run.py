"""The official cases of TOSA's integer profile, run on a target and compared with tosa_reference_model."""

from __future__ import annotations

import enum
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from chipsmith.cache import cache_folder
from chipsmith.chip import Chip, load_chip
from chipsmith.compiler.compile import lower_graph
from chipsmith.errors import BadInput, CheckFailed, ChipsmithError
from chipsmith.flow.conformance_cases import Case, complete, load_case
from chipsmith.program.verify import verify_program
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.sim import functional
from chipsmith.tosa.graph import Array
from chipsmith.tosa.operators import ROWS
from chipsmith.tosa.reference import evaluate
from chipsmith.tosa.verify import verify

TARGETS = ("reference", "npu")
"""The reference interpreter, and the compiled Program on the functional simulator of the chip."""
CONSTANT = "const"
"""The generator's name of cases that are one constant."""


class Result(enum.Enum):
    """What became of a case."""

    PASSED = "passed"
    FAILED = "failed"
    """Some output differs from tosa_reference_model's."""
    REFUSED = "refused"
    """The target says that it does not hold the case."""
    FOLDED = "folded"
    """The case has no operator that could run: it is a constant."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A case of an operator, what became of it, and the reason where it did not pass."""

    operator: str
    case: str
    result: Result
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Conformance:
    """The outcomes of cases on a target; `seed` None stands for the generator's own, `sample` None for all cases."""

    target: str
    chip: Chip | None
    seed: int | None
    sample: int | None
    outcomes: tuple[Outcome, ...]

    @property
    def counts(self) -> Mapping[str, Counter[Result]]:
        """How many cases of each operator had each result, by operator."""
        found: dict[str, Counter[Result]] = {}
        for one in self.outcomes:
            found.setdefault(one.operator, Counter())[one.result] += 1
        return dict(sorted(found.items()))

    @property
    def total(self) -> Counter[Result]:
        """How many cases had each result."""
        return Counter(one.result for one in self.outcomes)

    @property
    def not_passed(self) -> tuple[Outcome, ...]:
        """The cases that failed or were refused."""
        return tuple(one for one in self.outcomes if one.result in (Result.FAILED, Result.REFUSED))

    def to_json(self) -> Json:
        """The object of `chipsmith conformance --json`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "target": self.target,
            "chip": None if self.chip is None else self.chip.name,
            "tosa_tools": version("tosa-tools"),
            "seed": self.seed,
            "sample": self.sample,
            **_plain(self.total),
            "operators": [{"name": name, **_plain(counts)} for name, counts in self.counts.items()],
            "not_passed": [
                {"operator": one.operator, "case": one.case, "result": one.result.value, "reason": one.reason}
                for one in self.not_passed
            ],
        }


def _plain(counts: Counter[Result]) -> dict[str, int]:
    return {result.value: counts[result] for result in Result}


def run_official_cases(
    target: str,
    *,
    operators: Sequence[str] = (),
    seed: int | None = None,
    sample: int | None = None,
    chip: Chip | None = None,
    cache: Path | None = None,
) -> Conformance:
    """Run the generator's legal cases of PRO-INT and EXT-DOUBLEROUND on a target ('reference' or 'npu').

    `operators` (any case) are the only ones, if given; `sample` takes so many of each, spread evenly; `chip` (npu
    alone) defaults to edge-256. Cases are generated once and kept in `cache`. Raises BadInput for unknown names.
    """
    names = tuple(name.lower() for name in operators)
    _check(target, sample)
    folders = _cases(cache or cache_folder() / "conformance", names, seed)
    used = (chip or load_chip("edge-256")) if target == "npu" else None
    return Conformance(
        target=target,
        chip=used,
        seed=seed,
        sample=sample,
        outcomes=run_cases([one for group in folders.values() for one in _spread(group, sample)], target, used),
    )


def run_cases(folders: Sequence[Path], target: str, chip: Chip | None) -> tuple[Outcome, ...]:
    """The outcomes of cases in their order, run in a process a core: the reference model is native and talks."""
    workers = min(
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, len(folders)
    )
    context = get_context("spawn")
    with ProcessPoolExecutor(max(workers, 1), mp_context=context, initializer=_be_silent) as pool:
        try:
            return tuple(pool.map(partial(run_case, target=target, chip=chip), folders))
        except BrokenProcessPool:
            raise CheckFailed("a process that ran conformance cases died; run single operators with --op") from None


def run_case(folder: Path, *, target: str, chip: Chip | None) -> Outcome:
    """What becomes of the case in a folder; `chip` is for the target 'npu'."""
    case, operator = load_case(folder), operator_of(folder)
    if not case.graph.operators:
        return Outcome(operator=operator, case=case.name, result=Result.FOLDED, reason="a constant")
    try:
        outputs = _on_chip(case, chip) if chip is not None and target == "npu" else _in_reference(case)
    except ChipsmithError as error:
        return Outcome(operator=operator, case=case.name, result=Result.REFUSED, reason=str(error))
    different = list(_different(outputs, case.expected()))
    result = Result.FAILED if different else Result.PASSED
    return Outcome(operator=operator, case=case.name, result=result, reason="; ".join(different))


def operator_of(folder: Path) -> str:
    """The operator's name in lower case: a case's folder lies in one of that name, which may end in a kernel size."""
    name = folder.parent.name
    head, _, tail = name.rpartition("_")
    return head if head and tail.replace("x", "").isdigit() else name


def _on_chip(case: Case, chip: Chip) -> Mapping[str, Array]:
    program = lower_graph(case.graph, chip)
    verify_program(program)
    # A tensor of rank 0 is a batch of one number.
    inputs = {name: data.reshape(data.shape or (1,)) for name, data in case.inputs.items()}
    return functional.execute(program, inputs)


def _in_reference(case: Case) -> Mapping[str, Array]:
    verify(case.graph)
    return evaluate(case.graph, case.inputs)


def _different(outputs: Mapping[str, Array], expected: Mapping[str, Array]) -> Iterator[str]:
    for name, wanted in expected.items():
        values = outputs[name].reshape(wanted.shape)
        if not np.array_equal(values, wanted.astype(values.dtype)):
            yield f"{int(np.count_nonzero(values != wanted))} of {wanted.size} elements of {name} differ"


def _check(target: str, sample: int | None) -> None:
    if target not in TARGETS:
        raise BadInput(f"there is no target '{target}'; there are: {', '.join(TARGETS)}")
    if sample is not None and sample < 1:
        raise BadInput(f"a sample of {sample} cases: must be at least 1")


def _cases(cache: Path, operators: Sequence[str], seed: int | None) -> Mapping[str, list[Path]]:
    """The folders of cases by operator."""
    _check_names(operators)
    groups: dict[str, list[Path]] = {}
    for folder in complete(cache, seed=seed, operators=operators):
        groups.setdefault(operator_of(folder), []).append(folder)
    return groups


def _check_names(operators: Sequence[str]) -> None:
    known = {kind.lower() for kind in ROWS} | {CONSTANT}
    for name in operators:
        if name not in known:
            raise BadInput(f"there is no operator '{name}'; `chipsmith ops` lists all")


def _spread(folders: Sequence[Path], count: int | None) -> list[Path]:
    if count is None or count >= len(folders):
        return list(folders)
    return [folders[at * len(folders) // count] for at in range(count)]


def _be_silent() -> None:
    """The reference model writes to the terminal from native code."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
