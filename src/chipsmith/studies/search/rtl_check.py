"""Designs of the front on the RTL of their chips: no figure is shown of a design whose RTL computes otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from chipsmith.cache import content_key
from chipsmith.errors import BadInput, CheckFailed
from chipsmith.files import make_folder, write_whole
from chipsmith.processors import total_processor_seconds
from chipsmith.program.port_values import draw_inputs
from chipsmith.program.program import Program
from chipsmith.schema import Json
from chipsmith.shown import Shown
from chipsmith.studies.oracle import Temperature
from chipsmith.studies.search.parameters import pair_key
from chipsmith.studies.search.study_file import VerifiedDesigns
from chipsmith.studies.search.trials import DesignTrial, Goal, find_front
from chipsmith.witness.cosimulate import CosimResult, compare, identify_run, require_rtl

_SEED = 0
"""Of the input of the cold inference."""


@dataclass(frozen=True, kw_only=True)
class RtlNetwork(Shown):
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
class RtlCheck(Shown):
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
        begin = total_processor_seconds()
        networks = tuple(self._run(*each) for each in self.programs)
        return RtlCheck(networks=networks, cpu_s=total_processor_seconds() - begin)

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


class RtlBook:
    """What is known of designs on their RTL: each is co-simulated once, at most `workers` at a time.

    With a `folder` each outcome is kept there, a file each, and counts in a later call as long as Program and RTL are
    the same. `on_stage` is told what begins, `run` does a job.
    """

    def __init__(
        self,
        *,
        workers: int,
        folder: Path | None,
        on_stage: Callable[[str], None],
        run: Callable[[RtlJob], RtlCheck] = RtlJob.run,
    ) -> None:
        self._workers, self._folder = workers, folder
        self._on_stage, self._run = on_stage, run
        self._known: dict[str, RtlCheck] = {}
        self._restored_s = 0.0
        self.checks: dict[str, RtlCheck] = {}
        """The last outcome of each design, by its key."""

    @property
    def restored_s(self) -> float:
        """The processor's seconds of outcomes that stood in the folder."""
        return self._restored_s

    def check_all(self, jobs: Mapping[str, RtlJob]) -> None:
        """Co-simulate designs, by their keys. Raises CheckFailed for the first whose RTL differs."""
        identities = {key: job.identity for key, job in jobs.items()}
        missing = {identities[key]: key for key in jobs if not self._recall(identities[key])}
        if missing:
            self._on_stage(f"RTL of {len(missing)} designs that are new on the front")
        with ThreadPoolExecutor(self._workers) as pool:  # threads serve: a build of RTL is processes of its own
            futures = {pool.submit(self._run, jobs[key]): identity for identity, key in missing.items()}
            for future in as_completed(futures):
                identity = futures[future]
                self._known[identity] = future.result()
                self._keep(identity, missing[identity])
        for key, identity in identities.items():
            self.checks[key] = self._known[identity]
            failure = self.checks[key].failure
            if failure:
                raise CheckFailed(f"the design {_describe(key)} is not what the search has: {failure}")

    def _place(self, identity: str) -> Path | None:
        return None if self._folder is None else self._folder / f"{identity[:40]}.json"

    def _keep(self, identity: str, key: str) -> None:
        place = self._place(identity)
        if place is not None:
            make_folder(place.parent)
            fields = {"design": key, "identity": identity, **asdict(self._known[identity])}
            write_whole(place, (json.dumps(fields, indent=1) + "\n").encode())

    def _recall(self, identity: str) -> bool:
        """Whether an outcome is known, or stands in the folder."""
        if identity in self._known:
            return True
        place = self._place(identity)
        with suppress(OSError, ValueError, TypeError, KeyError):
            fields = json.loads(place.read_bytes()) if place is not None else {}
            if fields["identity"] == identity:
                networks = tuple(RtlNetwork(**network) for network in fields["networks"])
                self._known[identity] = RtlCheck(networks=networks, cpu_s=fields["cpu_s"])
                self._restored_s += self._known[identity].cpu_s
                return True
        return False


class FrontWatch:
    """Looks after every seed at what came to the front, and at the end at the winner, as a study says.

    `prepare` gives the job of a design as the search has it.
    """

    def __init__(
        self, book: RtlBook, prepare: Callable[[DesignTrial], RtlJob], goal: Goal, verify: VerifiedDesigns
    ) -> None:
        self._book, self._prepare, self._goal, self._verify = book, prepare, goal, verify
        self._seen: list[DesignTrial] = []

    def see(self, trials: Sequence[DesignTrial]) -> None:
        """Co-simulate what is new on the front of these and of all trials before. Raises as RtlBook.check_all."""
        self._seen += trials
        if self._verify is VerifiedDesigns.FRONT:
            front = {pair_key(design.values): design for design in find_front(self._seen, self._goal)}
            new = {key: self._prepare(design) for key, design in front.items() if key not in self._book.checks}
            self._book.check_all(new)

    def see_winner(self, winner: DesignTrial | None, prepare: Callable[[DesignTrial], RtlJob]) -> None:
        """Co-simulate the winner with the networks that are handed over, which `prepare` takes."""
        if winner is not None and self._verify is not VerifiedDesigns.NONE:
            self._book.check_all({pair_key(winner.values): prepare(winner)})


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
