"""The official cases of TOSA's integer profile, run on a target and compared with tosa_reference_model."""

from __future__ import annotations

import enum
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol, TypeVar

from chipsmith.cache import own_folder
from chipsmith.chip import Chip, load_chip
from chipsmith.errors import BadInput, CheckFailed, ChipsmithError
from chipsmith.processors import processors
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.shown import Shown
from chipsmith.targets import GraphTarget, graph_targets
from chipsmith.tosa.operators import OPERATORS
from chipsmith.units import percent
from chipsmith.witness.conformance.cases import complete, illegal, load_case, operator_of
from chipsmith.witness.conformance.targets import MOST_CYCLES, Bench, TooLong, bench_of

CONSTANT = "const"
"""The generator's name of cases that are one constant."""
Returned = TypeVar("Returned")


class CaseResult(enum.Enum):
    """What became of a case."""

    PASSED = "passed"
    FAILED = "failed"
    """Some output differs from tosa_reference_model's; in RTL also some cycle from the cycle simulator's."""
    REFUSED = "refused"
    """The target says that it does not hold the case."""
    FOLDED = "folded"
    """The case has no operator that could run: it is a constant."""
    TOO_LONG = "too_long"
    """The case takes more cycles than the limit of the RTL; it was not run."""
    REFUSED_ILLEGAL = "refused_illegal"
    """The case is illegal and is refused, as it must be."""
    ACCEPTED_ILLEGAL = "accepted_illegal"
    """The case is illegal and is not refused."""


_BARRED = (CaseResult.PASSED, CaseResult.FAILED, CaseResult.REFUSED)
_MISSED = (CaseResult.FAILED, CaseResult.REFUSED, CaseResult.ACCEPTED_ILLEGAL)


@dataclass(frozen=True, kw_only=True)
class Outcome(Shown):
    """A case of an operator, what became of it, and the reason where it did not pass."""

    operator: str
    case: str
    result: CaseResult
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Conformance(Shown):
    """The outcomes of cases on a target; `seed` None stands for the generator's own, `sample` None for all cases."""

    target: str
    chip: Chip | None
    seed: int | None
    sample: int | None
    most_cycles: int | None
    outcomes: tuple[Outcome, ...]

    def _brief(self) -> str:
        name = self.target if self.chip is None else f"{self.target} ({self.chip.name})"
        return f"{name}: {len(self.outcomes):,} cases, {percent(self.share, 2)} passed; {self.failure or 'none missed'}"

    @property
    def counts(self) -> Mapping[str, Counter[CaseResult]]:
        """How many cases of each operator had each result, by operator."""
        counts: dict[str, Counter[CaseResult]] = {}
        for outcome in self.outcomes:
            counts.setdefault(outcome.operator, Counter())[outcome.result] += 1
        return dict(sorted(counts.items()))

    @property
    def total(self) -> Counter[CaseResult]:
        """How many cases had each result."""
        return Counter(outcome.result for outcome in self.outcomes)

    @property
    def share(self) -> float:
        """passed / (passed + failed + refused); 1 where nothing ran."""
        ran = sum(self.total[result] for result in _BARRED)
        return self.total[CaseResult.PASSED] / ran if ran else 1.0

    @property
    def not_passed(self) -> tuple[Outcome, ...]:
        """The legal cases that failed or were refused, and the illegal ones that were accepted."""
        return tuple(outcome for outcome in self.outcomes if outcome.result in _MISSED)

    @property
    def failure(self) -> str:
        """How many cases did not pass; empty where all did."""
        return f"{len(self.not_passed)} of {len(self.outcomes)} cases did not pass" if self.not_passed else ""

    def to_json(self) -> Json:
        """The object of `chipsmith conformance --json`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "target": self.target,
            "chip": None if self.chip is None else self.chip.name,
            "tosa_tools": version("tosa-tools"),
            "seed": self.seed,
            "sample": self.sample,
            "most_cycles": self.most_cycles,
            "share": self.share,
            **_plain(self.total),
            "operators": [{"name": name, **_plain(counts)} for name, counts in self.counts.items()],
            "not_passed": [
                {
                    "operator": outcome.operator,
                    "case": outcome.case,
                    "result": outcome.result.value,
                    "reason": outcome.reason,
                }
                for outcome in self.not_passed
            ],
        }


def _plain(counts: Counter[CaseResult]) -> dict[str, int]:
    return {result.value: counts[result] for result in CaseResult}


def run_official_cases(
    target: str,
    *,
    operators: Sequence[str] = (),
    seed: int | None = None,
    sample: int | None = None,
    most_cycles: int = MOST_CYCLES,
    chip: Chip | None = None,
    cache: Path | None = None,
) -> Conformance:
    """Run the generator's cases of PRO-INT and EXT-DOUBLEROUND, legal and illegal ones, on a target by its name.

    Targets that take bare graphs have them (`chipsmith.targets.graph_targets`). `operators` (any case) are the only
    ones, if given; `sample` takes so many of each, spread evenly; `chip`, for a target that runs on one, defaults to
    edge-256. In RTL, cases that take more than `most_cycles` are not run, and a sample is
    taken from the others. Cases are generated once and kept in `cache`. Raises BadInput for unknown names.
    """
    names = tuple(name.lower() for name in operators)
    _check(names, sample, most_cycles)
    bench = bench_of(_target(target, chip or load_chip("edge-256")), most_cycles=most_cycles)
    bench.build()
    folder = cache or own_folder("conformance")
    legal, others = complete(folder, seed=seed, operators=names), illegal(folder, operators=names)
    with _processes() as run:
        outcomes = _run_legal(legal, bench, sample, run)
        outcomes += run(partial(run_case, bench=bench), _spread(others, sample))
    return Conformance(
        target=target,
        chip=bench.target.chip,
        seed=seed,
        sample=sample,
        most_cycles=bench.most_cycles,
        outcomes=tuple(outcomes),
    )


def run_case(folder: Path, bench: Bench) -> Outcome:
    """What becomes of the case in a folder on a target."""
    if _expects_refusal(folder):
        return _run_illegal(folder, bench)
    case, operator = load_case(folder), operator_of(folder)
    if not case.graph.operators:
        return Outcome(operator=operator, case=case.name, result=CaseResult.FOLDED, reason="a constant")
    try:
        different = bench.differences(case)
    except TooLong as long:
        return Outcome(operator=operator, case=case.name, result=CaseResult.TOO_LONG, reason=str(long))
    except ChipsmithError as error:
        return Outcome(operator=operator, case=case.name, result=CaseResult.REFUSED, reason=str(error))
    result = CaseResult.FAILED if different else CaseResult.PASSED
    return Outcome(operator=operator, case=case.name, result=result, reason="; ".join(different))


def _expects_refusal(folder: Path) -> bool:
    return bool(json.loads((folder / "desc.json").read_text()).get("expected_failure"))


def _run_illegal(folder: Path, bench: Bench) -> Outcome:
    try:
        bench.target.prepare_graph(load_case(folder).graph)
    except ChipsmithError as error:
        result, reason = CaseResult.REFUSED_ILLEGAL, str(error)
    else:
        result, reason = CaseResult.ACCEPTED_ILLEGAL, "an illegal network was accepted"
    return Outcome(operator=operator_of(folder), case=folder.name, result=result, reason=reason)


# --- which cases -----------------------------------------------------------------------------------------------------


def _target(name: str, chip: Chip) -> GraphTarget:
    targets = graph_targets(chip)
    if name not in targets:
        raise BadInput(f"there is no target '{name}' for official cases; there are: {', '.join(targets)}")
    return targets[name]


def _check(operators: Sequence[str], sample: int | None, most_cycles: int) -> None:
    known = {kind.lower() for kind in OPERATORS} | {CONSTANT}
    for name in operators:
        if name not in known:
            raise BadInput(f"there is no operator '{name}'; `chipsmith ops` lists all")
    if sample is not None and sample < 1:
        raise BadInput(f"a sample of {sample} cases: must be at least 1")
    if most_cycles < 1:
        raise BadInput(f"a limit of {most_cycles} cycles: must be at least 1")


def _run_legal(folders: Sequence[Path], bench: Bench, sample: int | None, run: CaseRunner) -> list[Outcome]:
    """The outcomes of a sample of cases; for each that is too long another one of its operator is taken."""
    left, chosen = dict.fromkeys(folders), _spread(folders, sample)
    outcomes: list[Outcome] = []
    while chosen:
        results = run(partial(run_case, bench=bench), chosen)
        outcomes += results
        for folder in chosen:
            del left[folder]
        wanted = Counter(outcome.operator for outcome in results if outcome.result is CaseResult.TOO_LONG)
        groups = _by_operator(left)
        chosen = [folder for name, count in wanted.items() for folder in _evenly(groups.get(name, []), count)]
    return outcomes


def _spread(folders: Iterable[Path], count: int | None) -> list[Path]:
    """So many cases of each operator, spread evenly over its cases; all where `count` is None."""
    return [folder for group in _by_operator(folders).values() for folder in _evenly(group, count)]


def _by_operator(folders: Iterable[Path]) -> dict[str, list[Path]]:
    groups: dict[str, list[Path]] = {}
    for folder in folders:
        groups.setdefault(operator_of(folder), []).append(folder)
    return groups


def _evenly(folders: Sequence[Path], count: int | None) -> list[Path]:
    if count is None or count >= len(folders):
        return list(folders)
    return [folders[index * len(folders) // count] for index in range(count)]


# --- processes -------------------------------------------------------------------------------------------------------


class CaseRunner(Protocol):
    """Calls a function for each folder, in processes."""

    def __call__(self, call: Callable[[Path], Returned], folders: Sequence[Path]) -> tuple[Returned, ...]:
        """The results in the folders' order."""


@contextmanager
def _processes() -> Iterator[CaseRunner]:
    """A process for each core: the reference model is native and talks."""
    context = get_context("spawn")
    with ProcessPoolExecutor(processors(), mp_context=context, initializer=_be_silent) as pool:

        def run(call: Callable[[Path], Returned], folders: Sequence[Path]) -> tuple[Returned, ...]:
            return tuple(pool.map(call, folders))

        try:
            yield run
        except BrokenProcessPool:
            raise CheckFailed("a process that ran conformance cases died; run single operators with --op") from None


def _be_silent() -> None:
    """The reference model writes to the terminal from native code."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
