"""Scores of pairs: each asked of the oracle once, by workers, and written down as soon as it is known."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from chipsmith.cache import content_key
from chipsmith.chip import Chip
from chipsmith.chip.sourced import Status
from chipsmith.errors import BadInput
from chipsmith.studies.journal import SearchJournal
from chipsmith.studies.oracle import Misfit, Oracle, PairScore, Temperature
from chipsmith.studies.search.chip_space import ChipSpace
from chipsmith.studies.search.figures import Figures, sum_figures
from chipsmith.studies.search.parameters import Values
from chipsmith.studies.search.workers import WorkerPool, open_pool
from chipsmith.tosa.file import serialize_tosa
from chipsmith.tosa.graph import Graph


@dataclass(frozen=True, kw_only=True)
class StudiedNetwork:
    """A network of a study: its name, its integer graph, and the weight of its energy and latency in the sums."""

    name: str
    graph: Graph
    weight: float = 1.0

    @property
    def identity(self) -> str:
        """A hash of its graph."""
        return content_key([serialize_tosa(self.graph)])


@dataclass(frozen=True, kw_only=True)
class PairOutcome:
    """What the oracle said of a chip: the scores of the networks in their order, or why one of them does not fit.

    `cpu_s` are the processor's seconds that it took.
    """

    scores: tuple[PairScore, ...]
    reason: str = ""
    cpu_s: float = 0.0

    def figures(self, networks: Sequence[StudiedNetwork]) -> Figures | None:
        """The figures of the pair; None where a network does not fit."""
        return sum_figures(self.scores, [network.weight for network in networks]) if self.scores else None


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """Asks the oracles of all networks of a study."""

    networks: tuple[StudiedNetwork, ...]
    temperature: Temperature
    _oracles: list[Oracle] = field(default_factory=list)

    def score(self, chip: Chip) -> PairOutcome:
        """The scores of all networks on a chip; the first that does not fit ends it."""
        begin = time.process_time()
        if not self._oracles:
            self._oracles.extend(Oracle(network.graph, temperature=self.temperature) for network in self.networks)
        scores: list[PairScore] = []
        for network, oracle in zip(self.networks, self._oracles, strict=True):
            score = oracle.score(chip)
            if isinstance(score, Misfit):
                reason = f"{network.name}: {score.reason}"
                return PairOutcome(scores=(), reason=reason, cpu_s=time.process_time() - begin)
            scores.append(score)
        return PairOutcome(scores=tuple(scores), cpu_s=time.process_time() - begin)


class PairBook:
    """What is known of the pairs of a space: combinations are scored once, whoever asks for them.

    With a `journal` each score is appended as soon as it is known, and those that stand there are not asked for again.
    """

    def __init__(
        self, space: ChipSpace, scorer: Scorer, *, workers: int, journal: SearchJournal | None, scheduler: str = ""
    ) -> None:
        self._space, self._scorer, self._journal = space, scorer, journal
        self._workers, self._scheduler = workers, scheduler
        self._outcomes: dict[str, PairOutcome] = {} if journal is None else dict(_read(journal))
        self._pool: WorkerPool[Chip, PairOutcome] | None = None
        self._elsewhere_s = 0.0

    @property
    def networks(self) -> tuple[StudiedNetwork, ...]:
        """The networks that are scored."""
        return self._scorer.networks

    @property
    def count(self) -> int:
        """How many pairs are known."""
        return len(self._outcomes)

    @property
    def cpu_s(self) -> float:
        """The processor's seconds that all known scores took, those of earlier calls too."""
        return sum(outcome.cpu_s for outcome in self._outcomes.values())

    def score_all(self, combinations: Sequence[Values]) -> tuple[PairOutcome, ...]:
        """The outcomes of legal combinations, in their order."""
        wanted = {pair_key(values): values for values in combinations}
        missing = {key: self._space.chip(values) for key, values in wanted.items() if key not in self._outcomes}
        if self._pool is None or len(missing) < 2:
            for key, chip in missing.items():
                self._keep(key, self._scorer.score(chip))
        else:
            self._score_in_pool(missing, self._pool)
        return tuple(self._outcomes[pair_key(values)] for values in combinations)

    @property
    def elsewhere_s(self) -> float:
        """The processor's seconds of this call's scores that the system counts neither here nor for our processes."""
        return self._elsewhere_s

    @contextmanager
    def working(self) -> Iterator[PairBook]:
        """The book with its workers: `workers` processes, which end with the block, or those of a `scheduler`.

        Outside of the block pairs are scored in this process. Raises BadInput as open_pool.
        """
        with open_pool(self._scorer, workers=self._workers, scheduler=self._scheduler) as self._pool:
            try:
                yield self
            finally:
                self._pool = None

    def _score_in_pool(self, missing: Mapping[str, Chip], pool: WorkerPool[Chip, PairOutcome]) -> None:
        for key, outcome in pool.run(missing):
            self._keep(key, outcome)
            self._elsewhere_s += 0.0 if pool.counted else outcome.cpu_s

    def _keep(self, key: str, outcome: PairOutcome) -> None:
        self._outcomes[key] = outcome
        if self._journal is not None:
            fields = {"pair": key, "scores": [score_to_plain(score) for score in outcome.scores]}
            line = json.dumps({**fields, "reason": outcome.reason, "cpu_s": outcome.cpu_s}, separators=(",", ":"))
            with self._journal.path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")
            self._journal.close_trial()


def pair_key(values: Values) -> str:
    """A combination as text: equal combinations have equal texts."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


def _read(journal: SearchJournal) -> Iterator[tuple[str, PairOutcome]]:
    """The pairs that stand finished in a journal. Raises BadInput where it is damaged."""
    journal.open()
    if not journal.path.exists():
        return
    for line in journal.path.read_text(encoding="utf-8").splitlines():
        try:
            yield _read_line(json.loads(line))
        except (ValueError, TypeError, KeyError) as error:
            raise BadInput(
                f"{journal.path} is not the journal of this search; name another folder with --out"
            ) from error


def _read_line(fields: Mapping[str, Any]) -> tuple[str, PairOutcome]:
    scores = tuple(_score_from_plain(score) for score in fields["scores"])
    return fields["pair"], PairOutcome(scores=scores, reason=fields["reason"], cpu_s=fields["cpu_s"])


def score_to_plain(score: PairScore) -> dict[str, float | str]:
    """A score as JSON has it."""
    return {name: value.value if isinstance(value, Status) else value for name, value in vars(score).items()}


def _score_from_plain(fields: Mapping[str, Any]) -> PairScore:
    values: dict[str, Any] = {
        name: Status(value) if isinstance(value, str) else value for name, value in fields.items()
    }
    return PairScore(**values)
