"""Designs of the front on the RTL of their chips: no figure is shown of a design whose RTL computes otherwise."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from chipsmith.cache import content_key
from chipsmith.errors import BadInput, CheckFailed
from chipsmith.files import make_folder, write_whole
from chipsmith.program.port_values import draw_inputs
from chipsmith.program.program import Program
from chipsmith.schema import Json
from chipsmith.studies.oracle import Temperature
from chipsmith.studies.search.pairs import pair_key
from chipsmith.studies.search.study_file import VerifiedDesigns
from chipsmith.studies.search.trials import DesignTrial, Goal, find_front
from chipsmith.studies.search.winner import choose_winner
from chipsmith.witness.cosimulate import CosimResult, compare, identify_run, require_rtl

_SEED = 0
"""Of the input of the cold inference."""


@dataclass(frozen=True, kw_only=True)
class RtlNetwork:
    """One network of a design on the RTL, an inference cold and a warm one behind it.

    `cycles`: the RTL's, of the inference that the study scores; `cycles_searched`: those that the search has of it.
    `mismatching_bits`: of both inferences. `difference` tells the first one in words, empty where there is none.
    """

    name: str
    cycles: int
    cycles_searched: int
    mismatching_bits: int
    difference: str

    @property
    def failure(self) -> str:
        """How the RTL differs from what the search has; empty where it does not."""
        if self.cycles != self.cycles_searched:
            return f"{self.name} takes {self.cycles:,} cycles in RTL, {self.cycles_searched:,} in the search"
        if self.difference:
            return f"{self.name}: {self.mismatching_bits:,} bits differ between RTL and simulators; {self.difference}"
        return ""


@dataclass(frozen=True, kw_only=True)
class RtlCheck:
    """A design on the RTL of its chip: all its networks.

    `cpu_s` are the processor's seconds, a build's included; and what other designs took at the same time.
    """

    networks: tuple[RtlNetwork, ...]
    cpu_s: float

    @property
    def failure(self) -> str:
        """The first difference; empty where there is none."""
        return next(filter(None, (network.failure for network in self.networks)), "")

    def to_json(self) -> Json:
        """`rtl` of a design in `chipsmith search --json`: sums over the networks."""
        return {
            "mismatching_bits": sum(network.mismatching_bits for network in self.networks),
            "cycle_difference": sum(abs(network.cycles - network.cycles_searched) for network in self.networks),
            "cycles": sum(network.cycles for network in self.networks),
        }


@dataclass(frozen=True, kw_only=True)
class RtlJob:
    """What is co-simulated of a design: of each network its name, its Program, and the cycles that the search has."""

    programs: tuple[tuple[str, Program, int], ...]
    temperature: Temperature

    @property
    def identity(self) -> str:
        """A hash of all that the outcome depends on."""
        parts = [f"{name} {cycles} {identify_run(program)}" for name, program, cycles in self.programs]
        return content_key(part.encode() for part in (self.temperature.value, *parts))

    def run(self) -> RtlCheck:
        """Co-simulate all networks; the RTL is built once, and kept for every later call."""
        begin = _processor_seconds()
        networks = tuple(self._run(*each) for each in self.programs)
        return RtlCheck(networks=networks, cpu_s=_processor_seconds() - begin)

    def _run(self, name: str, program: Program, cycles: int) -> RtlNetwork:
        result = compare(program, draw_inputs(program, seed=_SEED))
        return describe_run(name, result, self.temperature, cycles)


def describe_run(name: str, result: CosimResult, temperature: Temperature, cycles: int) -> RtlNetwork:
    """A co-simulation beside the cycles that a search has of the network."""
    scored = result.warm if temperature is Temperature.WARM else result.cold
    return RtlNetwork(
        name=name,
        cycles=scored.cycles_rtl,
        cycles_searched=cycles,
        mismatching_bits=result.cold.mismatching_bits + result.warm.mismatching_bits,
        difference=result.difference,
    )


def _processor_seconds() -> float:
    """Of this process and of those that it started and that have ended: the compiler of the RTL."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


class RtlBook:
    """What is known of designs on their RTL: each is co-simulated once, at most `workers` at a time.

    `prepare` gives the job of a design, `on_stage` is told what begins, `run` does a job. With a `folder` each outcome
    is kept there, a file each, and counts in a later call as long as Program and RTL are the same.
    """

    def __init__(
        self,
        prepare: Callable[[DesignTrial], RtlJob],
        *,
        workers: int,
        folder: Path | None,
        on_stage: Callable[[str], None],
        run: Callable[[RtlJob], RtlCheck] = RtlJob.run,
    ) -> None:
        self._prepare, self._workers, self._folder = prepare, workers, folder
        self._on_stage, self._run = on_stage, run
        self._checks: dict[str, RtlCheck] = {}
        self._restored_s = 0.0

    @property
    def checks(self) -> Mapping[str, RtlCheck]:
        """The outcomes by the keys of their designs."""
        return dict(self._checks)

    @property
    def restored_s(self) -> float:
        """The processor's seconds of outcomes that stood in the folder."""
        return self._restored_s

    def check_all(self, designs: Sequence[DesignTrial]) -> None:
        """Co-simulate the designs that are not known. Raises CheckFailed for the first whose RTL differs."""
        wanted = {pair_key(design.values): design for design in designs}
        jobs = {key: self._prepare(design) for key, design in wanted.items() if key not in self._checks}
        missing = {key: job for key, job in jobs.items() if not self._recall(key, job)}
        if missing:
            self._on_stage(f"RTL of {len(missing)} designs that are new on the front")
        with ThreadPoolExecutor(self._workers) as pool:  # threads serve: a build of RTL is processes of its own
            futures = {pool.submit(self._run, job): key for key, job in missing.items()}
            for future in as_completed(futures):
                key = futures[future]
                self._checks[key] = future.result()
                self._keep(key, missing[key])
        for key in wanted:
            failure = self._checks[key].failure
            if failure:
                raise CheckFailed(f"the design {_describe(key)} is not what the search has: {failure}")

    def _place(self, key: str) -> Path | None:
        return None if self._folder is None else self._folder / f"{content_key([key.encode()])[:40]}.json"

    def _keep(self, key: str, job: RtlJob) -> None:
        place = self._place(key)
        if place is not None:
            make_folder(place.parent)
            fields = {"design": key, "identity": job.identity, **asdict(self._checks[key])}
            write_whole(place, (json.dumps(fields, indent=1) + "\n").encode())

    def _recall(self, key: str, job: RtlJob) -> bool:
        """Whether the folder has the outcome of a design, of the same Program and RTL."""
        place = self._place(key)
        with suppress(OSError, ValueError, TypeError, KeyError):
            fields = json.loads(place.read_bytes()) if place is not None else {}
            if (fields["design"], fields["identity"]) == (key, job.identity):
                networks = tuple(RtlNetwork(**network) for network in fields["networks"])
                self._checks[key] = RtlCheck(networks=networks, cpu_s=fields["cpu_s"])
                self._restored_s += self._checks[key].cpu_s
                return True
        return False


class FrontWatch:
    """Looks after every seed at what came to the front, and at the end at the front or the winner, as a study says."""

    def __init__(self, book: RtlBook, goal: Goal, verify: VerifiedDesigns) -> None:
        self._book, self._goal, self._verify = book, goal, verify
        self._seen: list[DesignTrial] = []

    def see(self, trials: Sequence[DesignTrial]) -> None:
        """Co-simulate what is new on the front of these and of all trials before. Raises as RtlBook.check_all."""
        self._seen += trials
        if self._verify is VerifiedDesigns.FRONT:
            self._book.check_all(find_front(self._seen, self._goal))

    def see_last(self, climbed: Sequence[DesignTrial]) -> None:
        """The same with the designs beyond the trials; or the winner alone."""
        self.see(climbed)
        winner = choose_winner(self._seen, self._goal)
        if self._verify is VerifiedDesigns.WINNER and winner is not None:
            self._book.check_all([winner])


def require_tools(verify: VerifiedDesigns) -> None:
    """Raise BadInput, before any work, where a study wants what cannot be done here."""
    if verify is VerifiedDesigns.NONE:
        return
    try:
        require_rtl()
    except BadInput as error:
        raise BadInput(f"{error}; or set verify: none in the study, and no RTL confirms its designs") from error


def _describe(key: str) -> str:
    return ", ".join(f"{name}={value}" for name, value in json.loads(key).items())
