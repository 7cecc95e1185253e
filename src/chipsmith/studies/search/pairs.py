"""Scores of pairs: each asked of the oracle once, by workers, and written down as soon as it is known."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from chipsmith.cache import content_key
from chipsmith.chip import Chip
from chipsmith.chip.sourced import Status
from chipsmith.schema import Json
from chipsmith.shown import Shown
from chipsmith.studies.journal import SearchJournal
from chipsmith.studies.oracle import Misfit, Oracle, PairScore, Temperature
from chipsmith.studies.search.figures import Figures, sum_figures
from chipsmith.studies.search.parameters import Values, pair_key
from chipsmith.studies.search.workers import WorkerPool, open_pool
from chipsmith.tosa.file import read_tosa, serialize_tosa
from chipsmith.tosa.graph import Graph

GRAPH = "network.tosa"
"""The graph in a folder of a network that was trained."""
_MOST_ORACLES = 16
"""That a process keeps: each holds a network and what was found out about it."""


@dataclass(frozen=True, kw_only=True)
class StudiedNetwork(Shown):
    """A network of a study: its name, its integer graph, and the weight of its figures in the sums.

    A network that a recipe trains has no graph of its own: a design says which folder has it.
    """

    name: str
    graph: Graph | None
    weight: float = 1.0

    @property
    def identity(self) -> str:
        """A hash of its graph."""
        assert self.graph is not None
        return content_key([serialize_tosa(self.graph)])


@dataclass(frozen=True, kw_only=True)
class NetworkChoice:
    """The networks of a design: for each of the study the folder that has its graph, "" for one that is given.

    `accuracy` is theirs; None where networks are given. `reason` says why such a network cannot be made.
    """

    folders: tuple[str, ...] = ()
    accuracy: float | None = None
    reason: str = ""


GIVEN = NetworkChoice()
"""Of a study whose networks are all given."""


class NetworkMaker(Protocol):
    """Makes the networks of a combination, in this process, before chips are scored for them."""

    def choose(self, values: Values) -> NetworkChoice:
        """The networks of a combination, whose graphs stand in their folders now."""


@dataclass(frozen=True, kw_only=True)
class DesignPoint:
    """What the oracles are asked for: small, for it goes to other processes."""

    chip: Chip
    networks: NetworkChoice = GIVEN


class ChipMaker(Protocol):
    """A space whose combinations are designs."""

    def chip(self, values: Values) -> Chip:
        """The chip of a legal combination."""


@dataclass(frozen=True, kw_only=True)
class PairOutcome(Shown):
    """What the oracle said of a chip: the scores of the networks in their order, or why one of them does not fit.

    `accuracy` is that of the networks, where recipes train them. `cpu_s` are the processor's seconds that it took.
    """

    scores: tuple[PairScore, ...]
    reason: str = ""
    accuracy: float | None = None
    cpu_s: float = 0.0

    def figures(self, networks: Sequence[StudiedNetwork]) -> Figures | None:
        """The figures of the pair; None where a network does not fit."""
        if not self.scores:
            return None
        return sum_figures(self.scores, [network.weight for network in networks], accuracy=self.accuracy)


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """Asks the oracles of all networks of a study; `folder` is that of the study, which has those that are trained."""

    networks: tuple[StudiedNetwork, ...]
    temperature: Temperature
    folder: Path | None = None
    _oracles: OrderedDict[tuple[int, str], Oracle] = field(default_factory=OrderedDict)

    def score(self, design: DesignPoint) -> PairOutcome:
        """The scores of all networks on a chip; the first that does not fit ends it."""
        begin = time.process_time()
        folders = design.networks.folders or ("",) * len(self.networks)
        scores: list[PairScore] = []
        for index, (network, folder) in enumerate(zip(self.networks, folders, strict=True)):
            score = self._oracle(index, folder).score(design.chip)
            if isinstance(score, Misfit):
                reason = f"{network.name}: {score.reason}"
                return PairOutcome(scores=(), reason=reason, cpu_s=time.process_time() - begin)
            scores.append(score)
        accuracy = design.networks.accuracy
        return PairOutcome(scores=tuple(scores), accuracy=accuracy, cpu_s=time.process_time() - begin)

    def _oracle(self, index: int, folder: str) -> Oracle:
        """The oracle of a network of the study; the one that was not asked for longest makes room."""
        key = (index, folder)
        if key not in self._oracles:
            self._oracles[key] = Oracle(self._graph(self.networks[index], folder), temperature=self.temperature)
            while len(self._oracles) > max(_MOST_ORACLES, len(self.networks)):
                self._oracles.popitem(last=False)
        self._oracles.move_to_end(key)
        return self._oracles[key]

    def _graph(self, network: StudiedNetwork, folder: str) -> Graph:
        if not folder:
            assert network.graph is not None
            return network.graph
        assert self.folder is not None
        return read_tosa(self.folder / folder / GRAPH)


class PairBook:
    """What is known of the pairs of a space: combinations are scored once, whoever asks for them.

    With a `journal` each score is appended as soon as it is known, and those that stand there are not asked for again.
    `maker` makes the networks of a combination, where not all are given.
    """

    def __init__(
        self,
        space: ChipMaker,
        scorer: Scorer,
        *,
        workers: int,
        journal: SearchJournal | None,
        maker: NetworkMaker | None = None,
        scheduler: str = "",
    ) -> None:
        self._space, self._scorer, self._journal = space, scorer, journal
        self._workers, self._scheduler, self._maker = workers, scheduler, maker
        self._outcomes: dict[str, PairOutcome] = {} if journal is None else dict(journal.read(_read_line))
        self._pool: WorkerPool[DesignPoint, PairOutcome] | None = None
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
        missing = dict(self._designs({key: wanted[key] for key in wanted if key not in self._outcomes}))
        if self._pool is None or len(missing) < 2:
            for key, design in missing.items():
                self._keep(key, self._scorer.score(design))
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

    def _designs(self, missing: Mapping[str, Values]) -> Iterator[tuple[str, DesignPoint]]:
        """What is to be scored; a combination whose network cannot be made is known at once."""
        for key, values in missing.items():
            networks = GIVEN if self._maker is None else self._maker.choose(values)
            if networks.reason:
                self._keep(key, PairOutcome(scores=(), reason=networks.reason))
            else:
                yield key, DesignPoint(chip=self._space.chip(values), networks=networks)

    def _score_in_pool(self, missing: Mapping[str, DesignPoint], pool: WorkerPool[DesignPoint, PairOutcome]) -> None:
        for key, outcome in pool.run(missing):
            self._keep(key, outcome)
            self._elsewhere_s += 0.0 if pool.counted else outcome.cpu_s

    def _keep(self, key: str, outcome: PairOutcome) -> None:
        self._outcomes[key] = outcome
        if self._journal is not None:
            fields: Json = {"pair": key, "scores": [score_to_plain(score) for score in outcome.scores]}
            fields |= {"reason": outcome.reason, "accuracy": outcome.accuracy, "cpu_s": outcome.cpu_s}
            self._journal.append(fields)


def _read_line(fields: Mapping[str, Any]) -> tuple[str, PairOutcome]:
    scores = tuple(_score_from_plain(score) for score in fields["scores"])
    known = {name: fields[name] for name in ("reason", "accuracy", "cpu_s")}
    return fields["pair"], PairOutcome(scores=scores, **known)


def score_to_plain(score: PairScore) -> dict[str, float | str]:
    """A score as JSON has it."""
    return {name: value.value if isinstance(value, Status) else value for name, value in vars(score).items()}


def _score_from_plain(fields: Mapping[str, Any]) -> PairScore:
    values: dict[str, Any] = {
        name: Status(value) if isinstance(value, str) else value for name, value in fields.items()
    }
    return PairScore(**values)
